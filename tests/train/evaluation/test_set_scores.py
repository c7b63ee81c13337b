"""A model is scored on another set as far as both know the same activities, and as a user would get the answers."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.train.toy_sets import toy_recordings

from har_runtime.errors import DataError
from har_runtime.model.card import ModelCard, PlaceFilter, Rejection, Training
from har_runtime.model.outputs import Outputs
from har_train.data.continuous import Track, tracks_of
from har_train.evaluation.set_scores import (
    LAST,
    Truth,
    answer_kinds,
    mean_of_last,
    score_placement,
    without_gyroscope,
)
from har_train.fit.card import families_of
from har_train.fit.place_answers import uniform_smoothing
from har_train.recipe import DataConfig, Recipe

PLACES = ("torso", "thigh", "wrist")
ANYTHING = Rejection(0.6, 0.6, 1e9, ((0.0,) * 7,), (tuple(np.eye(7)[np.tril_indices(7)].tolist()),))
"""Thresholds by which no window is unlike the training data."""


@pytest.fixture(scope="module")
def config(toy: Recipe) -> DataConfig:
    return toy.data


@pytest.fixture(scope="module")
def pocket(config: DataConfig) -> list[Track]:
    return tracks_of(toy_recordings("toy-pocket"), config)


@pytest.fixture(scope="module")
def wrist(config: DataConfig) -> list[Track]:
    return tracks_of(toy_recordings("toy-wrist"), config)


def said(tracks: list[Track]) -> list[str]:
    return [label or "" for track in tracks for label in track.labels]


def right(tracks: list[Track], config: DataConfig, sure: float = 0.9) -> NDArray[np.float32]:
    """Probabilities of a model that knows the label; of a choice it is for the first; without one it takes the last."""
    labels = config.activities
    table = np.full((len(said(tracks)), len(labels)), (1 - sure) / (len(labels) - 1), np.float32)
    for row, label in enumerate(said(tracks)):
        name = config.renames.get(label, label)
        table[row, labels.index(config.choices[name][0] if name in config.choices else name or labels[-1])] = sure
    return table


def outputs_of(tracks: list[Track], table: NDArray[np.float32], place: int = 1) -> list[Outputs]:
    """What a model returns that is sure of a place, where it judges by the table, and elsewhere knows nothing."""
    by_place = np.full((len(table), 3, table.shape[1]), 1 / table.shape[1], np.float32)
    by_place[:, place] = table
    at = np.full((len(table), 3), 0.01, np.float32)
    at[:, place] = 0.98
    ends = np.cumsum([len(track.windows) for track in tracks])[:-1]
    return [Outputs(*parts) for parts in zip(*(np.split(part, ends) for part in (table, at, by_place)), strict=True)]


def card_for(config: DataConfig) -> ModelCard:
    return ModelCard(
        name="toy",
        version="1",
        labels=config.activities,
        placement=None,
        temperature=1.0,
        training=Training("toy", "toy", "none", "nobody", 0, ("a",), ("b",), ("c",), "1"),
        scores={},
        frame="upright",
        places=PLACES,
        place_filter=PlaceFilter(1e-4, 0.2),
        families=families_of(config.activities),
        smoothing=uniform_smoothing(len(config.activities), 4.0, 1.0),
    )


def test_a_choice_of_the_set_counts_as_one_activity_and_unknown_is_none(config, pocket, wrist) -> None:
    truth = Truth.of(config, pocket)
    assert truth.names == ("standing", "sitting", "lying", "walking", "stairs")
    assert [truth.names[y] if y >= 0 else "" for y in truth.y] == [
        label if label in truth.names else "" for label in said(pocket)
    ]
    merged = {label: [name for name, is_it in zip(truth.names, row, strict=True) if is_it]
              for label, row in zip(config.activities, truth.merged, strict=True)}  # fmt: skip
    assert merged["stairs_up"] == merged["stairs_down"] == ["stairs"]
    assert merged["unknown"] == []
    other = Truth.of(config, wrist)
    assert other.names == ("standing", "sitting", "walking", "stairs_up", "stairs_down")
    assert not other.scored[np.array(said(wrist)) == "typing"].any()
    assert set(other.user.tolist()) == {f"toy-wrist-{number}" for number in range(5)}


def test_a_set_without_an_activity_of_the_model_cannot_be_scored(config: DataConfig, wrist) -> None:
    other = replace(config, activities=("cycling", "lying"), choices={}, renames={})
    with pytest.raises(DataError, match="toy-wrist-0-walk: its set has none of cycling, lying"):
        Truth.of(other, wrist)


@pytest.mark.parametrize("member", [0, 1])
def test_either_member_of_a_choice_is_right(config: DataConfig, pocket, member: int) -> None:
    table = right(pocket, config)
    up, down = (config.activities.index(label) for label in config.choices["stairs"])
    if member:
        table[:, [up, down]] = table[:, [down, up]]
    scores = Truth.of(config, pocket).scores(table)
    assert scores["macro_f1"] == scores["macro_f1_among_shared"] == 1
    assert scores["f1"] == dict.fromkeys(Truth.of(config, pocket).names, 1.0)
    low, high = scores["interval_among_shared"]
    assert low == high == 1


def test_an_activity_that_the_set_does_not_have_is_a_miss_except_among_the_shared_ones(config, wrist) -> None:
    """The wrist has no lying: where the model takes sitting for it, the next likely answer is the right one."""
    table = right(wrist, config, sure=0.5)
    truth = Truth.of(config, wrist)
    sits = np.array(said(wrist)) == "sitting"
    table[sits, config.activities.index("lying")] = 0.6
    scores = truth.scores(table / table.sum(axis=1, keepdims=True))
    assert scores["f1"] == {name: 0.0 if name == "sitting" else 1.0 for name in truth.names}
    assert scores["macro_f1"] == pytest.approx(0.8)
    assert scores["macro_f1_among_shared"] == 1


def test_windows_of_what_the_model_does_not_know_are_not_scored(config: DataConfig, wrist) -> None:
    table = right(wrist, config)
    typing = np.isin(said(wrist), ["typing", ""])
    table[typing] = np.roll(table[typing], 1, axis=1)
    row = score_placement(config, "wrist", wrist, outputs_of(wrist, table, 2))
    assert row["windows"]["macro_f1"] == 1
    assert row["windows_scored"] == (~typing).sum()
    assert row["users"] == 5


def test_without_a_filter_the_mean_of_the_last_logarithms_smooths() -> None:
    probabilities = np.random.default_rng(0).dirichlet([1, 1, 1], 20).astype(np.float32)
    found = mean_of_last(probabilities)
    for row in range(20):
        mean = np.exp(np.log(probabilities[max(0, row - LAST + 1) : row + 1]).mean(axis=0))
        np.testing.assert_allclose(found[row], mean / mean.sum(), rtol=1e-5)


def test_a_row_without_a_card_has_no_places_and_no_answers(config: DataConfig, pocket) -> None:
    row = score_placement(config, "pocket", pocket, [Outputs(part.probabilities) for part in _outputs(config, pocket)])
    assert set(row) == {"placement", "activities", "windows_scored", "users", "windows", "smoothed"}
    assert 0.8 < row["smoothed"]["macro_f1"] <= row["windows"]["macro_f1"] == 1


def _outputs(config: DataConfig, tracks: list[Track], place: int = 1) -> list[Outputs]:
    return outputs_of(tracks, right(tracks, config), place)


def test_with_a_card_the_filter_finds_the_place_or_is_told(config: DataConfig, pocket) -> None:
    card = card_for(config)
    row = score_placement(config, "pocket", pocket, _outputs(config, pocket), card)
    assert row["place_found"] > 0.95
    assert row["smoothed"]["macro_f1"] > 0.8
    elsewhere = score_placement(config, "pocket", pocket, _outputs(config, pocket, place=2), card)
    assert elsewhere["place_found"] < 0.05
    assert elsewhere["smoothed"]["macro_f1"] > 0.8, "the model is right about the place that it takes it for"
    assert elsewhere["smoothed_given_place"]["macro_f1"] < 0.3, "and knows nothing of the true one"


@pytest.mark.parametrize("placement", [None, "ankle", "waist"])
def test_a_placement_that_the_model_does_not_know_is_not_given(config: DataConfig, pocket, placement) -> None:
    card = replace(card_for(config), places=PLACES[1:])
    outputs = [
        Outputs(part.probabilities, part.places[:, 1:], part.by_place[:, 1:])  # type: ignore[index]
        for part in _outputs(config, pocket)
    ]
    row = score_placement(config, placement, pocket, outputs, card)
    assert "smoothed_given_place" not in row
    assert row["place_found"] == 0


def test_answers_are_counted_as_a_user_gets_them(config: DataConfig, wrist) -> None:
    card = replace(card_for(config), rejection=ANYTHING)
    table = right(wrist, config)
    sits = np.array(said(wrist)) == "sitting"
    table[np.ix_(sits, [config.activities.index(label) for label in ("sitting", "lying")])] = 0.45
    table /= table.sum(axis=1, keepdims=True)
    outputs = outputs_of(wrist, table, 2)
    row = score_placement(config, "wrist", wrist, outputs, card)
    assert set(row["answers"]) == set(said(wrist)) - {""}
    for shares in row["answers"].values():
        assert sum(shares.values()) == pytest.approx(1)
    assert row["answers"]["typing"]["unknown, unlike"] > 0.8
    assert row["answers"]["walking"]["activity"] > 0.9
    assert row["answers"]["sitting"]["family"] > 0.8
    kinds = answer_kinds(card, wrist, outputs)
    known = Truth.of(config, wrist).scored
    assert row["unknown"] == np.char.startswith(kinds[known], "unknown").mean() < 0.1


def test_answers_run_on_through_a_mounting_and_start_again_with_the_next(config: DataConfig, wrist) -> None:
    card = card_for(config)
    outputs = _outputs(config, wrist, 2)
    whole = answer_kinds(card, wrist, outputs)
    first = sum(len(track.windows) for track in wrist[:2])
    assert np.array_equal(whole[first:], answer_kinds(card, wrist[2:], outputs[2:]))


def test_a_track_without_a_gyroscope_is_the_same_but_for_its_angular_rates(pocket: list[Track]) -> None:
    heard = without_gyroscope(pocket[0])
    assert not heard.windows[:, :, 3:].any()
    assert np.array_equal(heard.windows[:, :, :3], pocket[0].windows[:, :, :3])
    assert pocket[0].windows[:, :, 3:].any()
    assert heard.labels == pocket[0].labels
