"""Learns from recordings what the runtime needs to turn predictions into answers: the transitions of an HMM, and the
thresholds from which a window is unlike the training data or an answer is unsure.

Transitions and window statistics come from the training users, settings and thresholds from the validation users. Test
users decide nothing.
"""

import itertools
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.rejection import Rejector, group_of, window_statistics
from har_runtime.answers.smoothing import HmmFilter
from har_runtime.contract import HOP
from har_runtime.errors import DataError
from har_runtime.model.card import PlaceFilter, Rejection, Smoothing
from har_runtime.recording import Recording
from har_train.data.continuous import Track, score_tracks, track_of, true_changes, truth_of
from har_train.data.splits import UserSplit
from har_train.data.windows import WindowSet
from har_train.fit.calibration import Predict

EVIDENCE = (0.2, 0.35, 0.5, 0.7, 1.0)
"""Exponents tried: 1 treats windows as independent, 0.5 allows for neighbours that share half of their samples."""
SCRIPT_WEIGHTS = (1.0, 10.0, 100.0, 1000.0)
"""Numbers of imagined changes tried, spread evenly over the other activities and added to those counted: the order of
activities in a data set follows its script, daily life does not."""
MAX_DELAY_S = 1.5
"""Largest median delay after a change of activity that smoothing may cause."""
ALIKE = 0.99
"""Share of the validation users' windows that must count as like the training data."""
SURE = 0.995
"""Share of their answers that must count as sure."""

Rows = tuple[tuple[float, ...], ...]
"""Numbers as a card holds them."""


@dataclass(frozen=True)
class Answers:
    """The parts of a model card that turn predictions into answers."""

    smoothing: Smoothing | None
    rejection: Rejection
    place_filter: PlaceFilter | None = None
    """Of a model that tells places."""


def fit_answers(recordings: Sequence[Recording], windows: WindowSet, split: UserSplit, predict: Predict) -> Answers:
    """Smoothing and rejection for a model.

    Args:
        recordings: whole recordings of at least the training and validation users.
        windows: their labelled windows.
        split: the users that trained and validated the model.
        predict: the model.

    Raises:
        DataError: no labelled recording of a validation user.
    """
    training = windows.of_users(split.train)
    tracks = [track for recording in recordings_of(split.validation, recordings) if (track := track_of(recording))]
    probabilities = [predict(track.windows) for track in tracks]
    means, whitening = fit_statistics(training)
    rejector = Rejector(Rejection(0.0, 0.0, np.inf, means, whitening))
    distances = [rejector.distances(track.windows) for track in tracks]
    if not tracks:
        raise DataError(f"no labelled recording of the validation users ({', '.join(split.validation)})")
    known = [np.isin(np.array([label or "" for label in track.labels]), windows.labels) for track in tracks]
    distance = float(np.quantile(_where(distances, known), ALIKE))
    alike = [values <= distance for values in distances]
    smoothing = _choose_smoothing(recordings_of(split.train, recordings), training, tracks, probabilities, alike)
    raw = [table.max(axis=1) for table in probabilities]
    sure = [filtered(smoothing, track, table).max(axis=1) for track, table in zip(tracks, probabilities, strict=True)]
    rejection = Rejection(
        confidence=round(float(np.quantile(_where(sure, known), 1 - SURE)), 4),
        raw_confidence=round(float(np.quantile(_where(raw, known), 1 - SURE)), 4),
        distance=round(distance, 3),
        means=means,
        whitening=whitening,
    )
    return Answers(smoothing, rejection)


def fit_transitions(
    recordings: Iterable[Recording], windows: WindowSet, evidence: float, weight: float
) -> Smoothing | None:
    """Transition matrix for each hop, and prior.

    The length of an activity is counted in labelled samples. The activity that follows is the next one of the model's,
    across posture changes and unlabelled samples between them: counted from sample to sample, nobody would ever sit
    down.

    Args:
        recordings: recordings of training users.
        windows: labelled windows of training users: their shares are the prior that the model has learnt.
        evidence: see `Smoothing`.
        weight: see `SCRIPT_WEIGHTS`.

    Returns:
        None if no recording has a change of activity.
    """
    labels = windows.labels
    counts, hops = np.zeros((len(labels), len(labels))), np.zeros(len(labels))
    for recording in recordings:
        if recording.labels is None:
            continue
        truth = truth_of(recording, labels)
        hops += np.bincount(truth[(truth >= 0) & (truth < len(labels))], minlength=len(labels)) / HOP
        for before, after in true_changes(truth, len(labels)):
            counts[before.activity, after.activity] += 1
    if not counts.any():
        return None
    leaves = counts.sum(axis=1)
    others = 1 - np.eye(len(labels))
    matrix = (counts + weight * others / others.sum(axis=1)) / (leaves + weight)[:, None]
    matrix = (matrix * ((leaves + 1) / (hops + 2))[:, None]).round(6)
    np.fill_diagonal(matrix, 1 - matrix.sum(axis=1))
    prior = np.bincount(windows.y, minlength=len(labels)) / len(windows.y)
    return Smoothing(_rows(matrix.round(6)), tuple(prior.round(6).tolist()), evidence)


def fit_statistics(windows: WindowSet) -> tuple[Rows, Rows]:
    """Means and whitening matrices of each activity's window statistics: see `Rejection`."""
    return fit_groups(window_statistics(windows.x[windows.y == index]) for index in range(len(windows.labels)))


def fit_groups(groups: Iterable[NDArray[np.float64]]) -> tuple[Rows, Rows]:
    """Mean and whitening matrix of each group of window statistics, of shape (n, statistics) each: see `Rejection`."""
    fitted = [group_of(statistics) for statistics in groups]
    return tuple(group.mean for group in fitted), tuple(group.whitening for group in fitted)


def filtered(smoothing: Smoothing | None, track: Track, probabilities: NDArray[np.floating]) -> NDArray[np.float64]:
    """Probabilities of a recording's windows after the HMM filter, if there is one; shape (n, classes)."""
    if smoothing is None:
        return probabilities.astype(np.float64)
    hmm = HmmFilter(smoothing)
    rows = zip(probabilities, track.end_ns.tolist(), strict=True)
    return np.array([hmm.step(row, end_ns).probabilities for row, end_ns in rows])


def _choose_smoothing(
    recordings: Sequence[Recording],
    windows: WindowSet,
    tracks: Sequence[Track],
    probabilities: Sequence[NDArray[np.floating]],
    alike: Sequence[NDArray[np.bool_]],
) -> Smoothing | None:
    """Among settings that are quick enough, those with the best macro-F1 over samples, with unknown as a class."""
    best: tuple[float, Smoothing] | None = None
    for evidence, weight in itertools.product(EVIDENCE, SCRIPT_WEIGHTS):
        smoothing = fit_transitions(recordings, windows, evidence, weight)
        if smoothing is None:
            return None
        answers = [
            np.where(own, filtered(smoothing, track, table).argmax(axis=1), len(windows.labels))
            for track, table, own in zip(tracks, probabilities, alike, strict=True)
        ]
        found = score_tracks(tracks, answers, windows.labels)
        quick = found.median_delay_s is not None and found.median_delay_s <= MAX_DELAY_S
        if quick and (best is None or found.macro_f1 > best[0]):
            best = found.macro_f1, smoothing
    return best and best[1]


def recordings_of(users: Iterable[str], recordings: Iterable[Recording]) -> list[Recording]:
    """The recordings of these users, in their order."""
    chosen = set(users)
    return [recording for recording in recordings if (recording.user or recording.name) in chosen]


def _where(values: Sequence[NDArray[np.float64]], keep: Sequence[NDArray[np.bool_]]) -> NDArray[np.float64]:
    return np.concatenate(values)[np.concatenate(keep)]


def _rows(table: NDArray[np.floating]) -> Rows:
    return tuple(tuple(row) for row in table.tolist())
