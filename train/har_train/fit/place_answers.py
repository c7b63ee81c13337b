"""Learns what the runtime needs to turn the predictions of a model that tells places into answers.

As `answer_parameters`, but for data sets of which many hold one activity in each recording: they say nothing of how
long activities last or what follows what, so all changes are equally likely, and how often they come is chosen on the
validation users.
"""

import itertools
from collections.abc import Callable, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.families import STILL
from har_runtime.answers.rejection import Rejector, window_statistics
from har_runtime.answers.smoothing import Smoothed, place_smoother
from har_runtime.contract import HOP_S
from har_runtime.errors import DataError
from har_runtime.model.card import ModelCard, PlaceFilter, Rejection, Smoothing
from har_runtime.model.outputs import Outputs
from har_runtime.recording import Recording
from har_train.data.continuous import Track, mounted_anew, score_tracks, tracks_of
from har_train.data.windows import WindowSet
from har_train.fit.answer_parameters import ALIKE, EVIDENCE, MAX_DELAY_S, SURE, Answers, fit_groups, recordings_of
from har_train.fit.card import card_of
from har_train.fit.checkpoint import TrainingRecord

PLACE_CHANGE = 1e-4
"""Probability that the place changes in a hop: once in an hour and a half."""
PLACE_EVIDENCE = 0.2
"""Exponent of a place's likelihood: windows of one walk show the same habits again and again."""
BOUT_S = (4.0, 10.0, 30.0)
"""Mean lengths of an activity that are tried."""
MIN_CONFIDENCE = 0.6
"""Smallest probability of a label that is an answer: with less, two activities nearly share the belief, and their
family is the honest answer."""
STRANGERS = 2.0
"""Distance that still counts as like the training data, in units of the validation users' `ALIKE` quantile. Devices and
people of another data set are further away than they: with 1, 30 % of WISDM's windows of known activities would be
unlike what the other sets teach, with 2 4 % (measured on the sets left out, so that their figures are no proof)."""
MIN_GROUP = 100
"""Windows from which an activity at a place has statistics of its own."""

OutputsOf = Callable[[NDArray[np.float32]], Outputs]
"""Windows in SI units, shape (n, 50, 6), to a model's outputs."""


def fit_place_answers(
    recordings: Sequence[Recording], windows: WindowSet, record: TrainingRecord, outputs_of: OutputsOf
) -> Answers:
    """Smoothing, places and thresholds for a model that tells places.

    Args:
        recordings: at least those of the validation users.
        windows: labelled windows of the training users at least.
        record: of the model's training.
        outputs_of: the model.

    Raises:
        DataError: no labelled recording of a validation user.
    """
    tracks = tracks_of(recordings_of(record.split.validation, recordings), record.recipe.data)
    if not tracks:
        raise DataError(f"no labelled recording of the validation users ({', '.join(record.split.validation)})")
    means, whitening = fit_groups(_groups(windows.of_users(record.split.train)))
    rejector = Rejector(Rejection(0.0, 0.0, np.inf, means, whitening), "upright")
    places = PlaceFilter(PLACE_CHANGE, PLACE_EVIDENCE)
    outputs = [outputs_of(track.windows) for track in tracks]
    smoothing, smoothed = _choose_smoothing(tracks, outputs, record, places)
    known = np.isin([label or "" for track in tracks for label in track.labels], windows.labels)
    distances = np.concatenate([rejector.distances(track.windows) for track in tracks])
    sure = np.array([step.probabilities.max() for steps in smoothed for step in steps])
    raw = np.concatenate([output.probabilities.max(axis=1) for output in outputs])
    return Answers(
        smoothing,
        Rejection(
            confidence=_threshold(sure[known]),
            raw_confidence=_threshold(raw[known]),
            distance=round(STRANGERS * float(np.quantile(distances[known], ALIKE)), 3),
            means=means,
            whitening=whitening,
        ),
        places,
    )


def smoothed_tracks(
    card: ModelCard, tracks: Sequence[Track], outputs: Sequence[Outputs], place: str | None = None
) -> list[list[Smoothed]]:
    """What the runtime's filter makes of each window; it runs on from a recording to the next of the same mounting.

    Args:
        card: with smoothing and places.
        outputs: of the model, for each track.
        place: where the sensor was worn, if that is told to the model.
    """
    together = [card.labels.index(label) for label in card.families.get(STILL, ())]
    results: list[list[Smoothed]] = []
    smoother = place_smoother(card, "hmm", place)
    for track, output, anew in zip(tracks, outputs, mounted_anew(tracks), strict=True):
        assert output.places is not None
        assert output.by_place is not None
        if anew:
            smoother.reset()
        steps: list[Smoothed] = []
        for row, (end_ns, up) in enumerate(zip(track.end_ns.tolist(), track.ups, strict=True)):
            hidden = up is not None and not up.shows_posture
            tables = output.probabilities[row], output.places[row], output.by_place[row]
            steps.append(smoother.step(*tables, end_ns, together if hidden else ()))
        results.append(steps)
    return results


def _choose_smoothing(
    tracks: Sequence[Track], outputs: Sequence[Outputs], record: TrainingRecord, places: PlaceFilter
) -> tuple[Smoothing, list[list[Smoothed]]]:
    """Among settings that are quick enough, the one with the best macro-F1 over the samples of known activities; if
    none is, the quickest."""
    card = card_of(record, record.recipe.name)
    best: tuple[bool, float, Smoothing, list[list[Smoothed]]] | None = None
    for evidence, bout_s in itertools.product(EVIDENCE, BOUT_S):
        smoothing = uniform_smoothing(len(record.labels), bout_s, evidence)
        smoothed = smoothed_tracks(replace(card, smoothing=smoothing, place_filter=places), tracks, outputs)
        answers = [np.array([step.index for step in steps]) for steps in smoothed]
        found = score_tracks(tracks, answers, record.labels)
        quick = found.median_delay_s is not None and found.median_delay_s <= MAX_DELAY_S
        merit = found.known_macro_f1 if quick else -(found.median_delay_s or 0.0)
        if best is None or (quick, merit) > best[:2]:
            best = quick, merit, smoothing, smoothed
    assert best is not None
    return best[2:]


def uniform_smoothing(classes: int, bout_s: float, evidence: float) -> Smoothing:
    """Activities that last `bout_s` on average, each followed by any other alike."""
    leaves = HOP_S / bout_s
    matrix = np.full((classes, classes), leaves / (classes - 1)).round(6)
    np.fill_diagonal(matrix, 1 - (classes - 1) * matrix[0, 1])
    rows = tuple(tuple(row) for row in matrix.round(6).tolist())
    return Smoothing(rows, (round(1 / classes, 6),) * classes, evidence)


def _groups(windows: WindowSet) -> list[NDArray[np.float64]]:
    """Statistics of the windows of each activity or choice at each place that has enough of them."""
    keys = windows.y * (windows.place.max() + 2) + windows.place + 1
    groups = [windows.x[keys == key] for key in np.unique(keys).tolist()]
    large = [group for group in groups if len(group) >= MIN_GROUP] or groups
    return [window_statistics(group, "upright") for group in large]


def _threshold(confidences: NDArray[np.floating]) -> float:
    return round(max(MIN_CONFIDENCE, float(np.quantile(confidences, 1 - SURE))), 4)
