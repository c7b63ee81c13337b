"""Learns from the training users where the features of each activity lie, so that the runtime can learn how one person
does it (`har_runtime.personal`).

How much the population, the distances and the network count is chosen on the validation users: each is made personal
with some seconds of each activity, from the first half of it, and the second half is scored. The best macro-F1 wins, of
the settings whose probabilities are no worse than the network's own by their mean logarithm.
"""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import HOP_S, PLACES, SAMPLE_RATE_HZ, WINDOW
from har_runtime.errors import DataError
from har_runtime.model.card import MAX_FEATURES, ModelCard, Prototype, Prototypes
from har_runtime.model.outputs import Outputs
from har_runtime.personal.head import PrototypeHead, Whitener, posterior
from har_runtime.personal.profile import Learnt
from har_train.data.windows import WindowSet
from har_train.fit.card import card_of
from har_train.fit.checkpoint import Checkpoint

SECONDS = (3, 10, 30)
"""Of each activity, with which people are made personal."""
PRIOR_WEIGHTS = (3.0, 10.0, 30.0)
SHARPNESS = (0.05, 0.1, 0.2, 0.4)
NETWORK_SHARES = (0.0, 0.3, 0.5, 0.7)
MIN_WINDOWS = 50
"""From which an activity at a place has a prototype."""
MIN_PERSON_WINDOWS = 24
"""From which an activity of a person can be divided into what is learnt and what is scored."""
RIDGE = 1e-3
"""Added to the covariance, in its mean variance: a feature may always be 0."""
LEAST = 1e-6
"""Of a probability whose logarithm is a score."""
BEGINNINGS = (0.0, 0.5, 1.0)
"""Where the seconds are taken from what may be learnt: its beginning, middle and end."""


@dataclass(frozen=True)
class Wearer:
    """The windows of one person with the sensor at one place, by activity."""

    user: str
    place: str
    """One of `contract.PLACES`."""
    learn: Mapping[int, NDArray[np.int64]]
    """Rows of the windows of each activity (index into the labels) that may be learnt, in the order of time."""
    scored: NDArray[np.int64]
    """Rows of the windows that are scored; none shares a sample with those to be learnt."""


def fit_prototypes(windows: WindowSet, checkpoint: Checkpoint) -> Prototypes:
    """The prototypes of a network that tells places.

    Args:
        windows: at least those of the training and validation users.

    Raises:
        DataError: the network has too many features for a card, no activity of the training users has windows enough,
            or no validation user has two activities with enough of them.
    """
    record = checkpoint.record
    train = windows.of_users(record.split.train).single
    features = checkpoint.last_features(train.x)
    if features.shape[1] > MAX_FEATURES:
        raise DataError(f"the network has {features.shape[1]} features, and a card has room for {MAX_FEATURES}")
    prototypes = population(features, train, record.recipe.model.places)
    validation = windows.of_users(record.split.validation).single
    found = checkpoint.outputs(validation.x)
    outputs = replace(found, features=checkpoint.last_features(validation.x))
    people = [wearer for wearer in wearers(validation) if wearer.place in record.recipe.model.places]
    if not people:
        raise DataError(f"no validation user has two activities of {MIN_PERSON_WINDOWS} windows: no profile to try")
    card = card_of(record, record.recipe.name)

    def merit(candidate: Prototypes) -> tuple[bool, float]:
        personal = replace(card, prototypes=candidate)
        scores = [
            _scores(personal_outputs(personal, outputs, wearer, rows), validation.y[wearer.scored])
            for wearer in people
            for rows in _trials(wearer)
        ]
        macro_f1, logarithm = np.mean(scores, axis=0).tolist()
        return logarithm >= shipped, macro_f1

    shipped = float(np.mean([_scores(own_outputs(card, outputs, one), validation.y[one.scored])[1] for one in people]))
    candidates = [
        replace(prototypes, prior_weight=weight, sharpness=sharpness, network_share=share)
        for weight, sharpness, share in itertools.product(PRIOR_WEIGHTS, SHARPNESS, NETWORK_SHARES)
    ]
    return max(candidates, key=merit)


def population(features: NDArray[np.float32], windows: WindowSet, places: tuple[str, ...]) -> Prototypes:
    """Prototypes and shared covariance of some users' windows, with the first of each setting.

    A prototype is the mean over the users of their means, so that everybody counts alike. The covariance is that of
    windows around the mean of their user and activity: what it does not contain is how people differ, which is what a
    profile learns.

    Args:
        places: those that the network tells.

    Raises:
        DataError: no activity has windows enough.
    """
    z = features.astype(np.float64)
    width = z.shape[1]
    scatter, count = np.zeros((width, width)), 0
    means: dict[tuple[str, str], tuple[NDArray[np.float64], int]] = {}
    for place, label in itertools.product(places, range(len(windows.labels))):
        chosen = (windows.place == PLACES.index(place)) & (windows.y == label)
        if chosen.sum() < MIN_WINDOWS:
            continue
        own: list[NDArray[np.float64]] = []
        for user in np.unique(windows.user[chosen]).tolist():
            part = z[chosen & (windows.user == user)]
            own.append(part.mean(axis=0))
            scatter += (part - own[-1]).T @ (part - own[-1])
            count += len(part)
        means[place, windows.labels[label]] = np.mean(own, axis=0), int(chosen.sum())
    if not means:
        raise DataError(f"no activity of the training users has {MIN_WINDOWS} windows at a known place")
    covariance = scatter / count
    covariance += RIDGE * np.trace(covariance) / width * np.eye(width)
    whitening = np.linalg.inv(np.linalg.cholesky(covariance))[np.tril_indices(width)]
    prototypes = Prototypes(
        whitening=tuple(float(f"{value:.3g}") for value in whitening),
        prior_weight=PRIOR_WEIGHTS[0],
        sharpness=SHARPNESS[0],
        network_share=NETWORK_SHARES[0],
        known=(),
    )
    whiten = Whitener(prototypes)
    known = tuple(
        Prototype(label, place, tuple(whiten(mean).round(2).tolist()), number)
        for (place, label), (mean, number) in means.items()
    )
    return replace(prototypes, known=known)


def wearers(windows: WindowSet) -> Iterator[Wearer]:
    """Each person at each place with two activities or more that can be divided.

    Args:
        windows: with single labels, those of a recording in the order of time.
    """
    for user in np.unique(windows.user).tolist():
        for place in PLACES:
            own = np.flatnonzero((windows.user == user) & (windows.place == PLACES.index(place)))
            learn: dict[int, NDArray[np.int64]] = {}
            scored: list[NDArray[np.int64]] = []
            for label in np.unique(windows.y[own]).tolist():
                rows = own[windows.y[own] == label]
                if len(rows) >= MIN_PERSON_WINDOWS:
                    learn[label] = rows[: len(rows) // 2]
                    scored.append(rows[len(rows) // 2 + 1 :])  # One between them overlaps with both.
            if len(learn) > 1:
                yield Wearer(user, place, learn, np.concatenate(scored))


def stretches(
    wearer: Wearer, seconds: float | None, begin: Callable[[int], int] = lambda spare: 0
) -> dict[int, NDArray[np.int64]]:
    """Rows of consecutive windows of each activity that fill some seconds, or what there is.

    Args:
        seconds: of each activity; None for all that may be learnt.
        begin: from the number of windows to spare to that of the first one.
    """
    if seconds is None:
        return dict(wearer.learn)
    count = 1 + int((seconds - WINDOW / SAMPLE_RATE_HZ) / HOP_S)
    found: dict[int, NDArray[np.int64]] = {}
    for label, rows in wearer.learn.items():
        first = begin(max(0, len(rows) - count))
        found[label] = rows[first : first + count]
    return found


def learnt_of(
    card: ModelCard, features: NDArray[np.float32], place: str, rows: Mapping[int, NDArray[np.int64]]
) -> list[Learnt]:
    """What a profile would hold of these windows of each activity."""
    assert card.prototypes is not None
    whiten = Whitener(card.prototypes)
    return [
        Learnt(card.labels[label], place, len(own), tuple(whiten(features[own]).mean(axis=0).tolist()), "", 0.0)
        for label, own in rows.items()
    ]


def personal_outputs(
    card: ModelCard, outputs: Outputs, wearer: Wearer, rows: Mapping[int, NDArray[np.int64]]
) -> NDArray[np.float32]:
    """Probabilities of the labels of the wearer's scored windows at their place, after these windows of each activity
    were learnt; shape (n, classes).

    Args:
        outputs: of all windows.
    """
    assert card.prototypes is not None and outputs.features is not None
    means, places = posterior(card.prototypes, learnt_of(card, outputs.features, wearer.place, rows))
    head = PrototypeHead(card, card.labels, means, places)
    chosen = [part[wearer.scored] for part in vars(outputs).values() if part is not None]
    return head.outputs(chosen)[2][:, card.places.index(wearer.place)]


def own_outputs(card: ModelCard, outputs: Outputs, wearer: Wearer) -> NDArray[np.float32]:
    """Probabilities that the network itself gives the wearer's scored windows at their place, shape (n, classes)."""
    assert outputs.by_place is not None
    return outputs.by_place[wearer.scored, card.places.index(wearer.place)]


def macro_f1(table: NDArray[np.floating], truth: NDArray[np.int64]) -> float:
    """Over the activities that occur, of the likeliest of all labels.

    Args:
        table: probabilities, shape (n, classes).
        truth: shape (n,).
    """
    guess = table.argmax(axis=1)
    right = [2 * ((guess == label) & (truth == label)).sum() for label in np.unique(truth)]
    shown = [(guess == label).sum() + (truth == label).sum() for label in np.unique(truth)]
    return float(np.mean(np.array(right) / np.array(shown)))


def _trials(wearer: Wearer) -> Iterator[dict[int, NDArray[np.int64]]]:
    for seconds, share in itertools.product(SECONDS, BEGINNINGS):
        yield stretches(wearer, seconds, lambda spare, share=share: round(share * spare))


def _scores(table: NDArray[np.floating], truth: NDArray[np.int64]) -> tuple[float, float]:
    """Macro-F1, and the mean logarithm of the probability of the truth, all activities alike."""
    logarithms = np.log(np.maximum(table[np.arange(len(truth)), truth], LEAST))
    means = [logarithms[truth == label].mean() for label in np.unique(truth)]
    return macro_f1(table, truth), float(np.mean(means))
