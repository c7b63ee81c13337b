"""Prototypes come from the training users, their settings from the validation users, and test users decide nothing."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from har_runtime.contract import PLACES
from har_runtime.errors import DataError
from har_runtime.model.card import PlaceFilter, card_from_json
from har_runtime.personal.head import Whitener
from har_train.data.windows import WindowSet
from har_train.fit import prototypes
from har_train.fit.card import card_of
from har_train.fit.checkpoint import Checkpoint, load_checkpoint
from har_train.fit.place_answers import PLACE_CHANGE, PLACE_EVIDENCE
from har_train.fit.prototypes import fit_prototypes, population, stretches, wearers


@pytest.fixture(scope="module")
def checkpoint(toy_run: Path) -> Checkpoint:
    return load_checkpoint(toy_run)


@pytest.fixture
def of_people(of_toys: WindowSet, monkeypatch: pytest.MonkeyPatch) -> WindowSet:
    """The toy sets are small: what is enough is less."""
    monkeypatch.setattr(prototypes, "MIN_WINDOWS", 10)
    monkeypatch.setattr(prototypes, "MIN_PERSON_WINDOWS", 6)
    return of_toys


def test_a_card_takes_what_is_fitted(checkpoint: Checkpoint, of_people: WindowSet) -> None:
    fitted = fit_prototypes(of_people, checkpoint)
    card = replace(card_of(checkpoint.record, "toy"), place_filter=PlaceFilter(PLACE_CHANGE, PLACE_EVIDENCE))
    card = replace(card, prototypes=fitted)
    assert card_from_json(card.to_json(), "toy.json") == card
    assert fitted.width == checkpoint.network.classifier[-1].in_features
    assert fitted.prior_weight in prototypes.PRIOR_WEIGHTS and fitted.network_share in prototypes.NETWORK_SHARES


def test_test_users_decide_nothing(checkpoint: Checkpoint, of_people: WindowSet) -> None:
    split = checkpoint.record.split
    known = of_people.of_users([*split.train, *split.validation])
    assert fit_prototypes(known, checkpoint) == fit_prototypes(of_people, checkpoint)


def test_everybody_counts_alike_and_features_become_uncorrelated(checkpoint: Checkpoint, of_people: WindowSet) -> None:
    windows = of_people.of_users(checkpoint.record.split.train).single
    features = checkpoint.last_features(windows.x)
    found = population(features, windows, PLACES)
    z = Whitener(found)(features)
    one = found.known[0]
    own = (windows.y == windows.labels.index(one.label)) & (windows.place == PLACES.index(one.place or ""))
    means = [z[own & (windows.user == user)].mean(axis=0) for user in np.unique(windows.user[own])]
    np.testing.assert_allclose(one.mean, np.mean(means, axis=0), atol=0.02 * np.abs(means).max() + 0.02)
    assert one.windows == own.sum()


def test_what_is_scored_was_not_learnt(of_people: WindowSet) -> None:
    windows = of_people.single
    people = list(wearers(windows))
    assert people
    for wearer in people:
        assert set(windows.user[wearer.scored]) == {wearer.user}
        for rows in (stretches(wearer, 3), stretches(wearer, 10, lambda spare: spare), stretches(wearer, None)):
            for label, learnt in rows.items():
                assert set(windows.y[learnt]) == {label}
                assert not set(learnt.tolist()) & set(wearer.scored.tolist())
        assert all(len(rows) <= 5 for rows in stretches(wearer, 3).values())


def test_too_little_is_said(checkpoint: Checkpoint, of_toys: WindowSet, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(prototypes, "MIN_WINDOWS", 10**6)
    with pytest.raises(DataError, match="no activity of the training users has 1000000 windows at a known place"):
        fit_prototypes(of_toys, checkpoint)
    monkeypatch.setattr(prototypes, "MIN_WINDOWS", 10)
    monkeypatch.setattr(prototypes, "MIN_PERSON_WINDOWS", 10**6)
    with pytest.raises(DataError, match="no validation user has two activities of 1000000 windows"):
        fit_prototypes(of_toys, checkpoint)
