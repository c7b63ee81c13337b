"""Scoring answers over whole recordings, changes of activity included: by sample, and how late a change is noticed.

An answer stands for the half second up to its window's end, as in the runtime's totals. Samples of labels that the
model does not have, such as posture changes, are truly unknown; samples that nobody labelled are left out.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.answer import UNKNOWN
from har_runtime.contract import HOP, PERIOD_NS, SAMPLE_RATE_HZ
from har_runtime.recording import Recording, cut_recording
from har_runtime.scores import score


@dataclass(frozen=True)
class Track:
    """A recording's windows, in order, and the truth of its samples."""

    recording: Recording
    windows: NDArray[np.float32]
    """SI units, shape (n, 50, 6)."""
    end_ns: NDArray[np.int64]
    """Sensor time of each window's last sample, shape (n,)."""
    labels: tuple[str | None, ...]
    """Of each window whose samples have all the same, shape (n,)."""


@dataclass(frozen=True)
class Continuous:
    """How good a sequence of answers is."""

    known_macro_f1: float
    """Over the samples of the model's activities; an unknown answer is a miss, and no class of its own."""
    macro_f1: float
    """Over these and those of other labels, which are truly unknown: unknown is a class like the others."""
    answered: float
    """Share of the samples of the model's activities that had an answer other than unknown."""
    median_delay_s: float | None
    """From the first sample of a new activity to the end of the first window answered so; None without any change."""
    noticed: int
    """Changes that were noticed before the activity was over."""
    changes: int
    """True changes from one of the model's activities to another."""
    answer_changes_per_hour: float
    """Answers that differ from the one before."""


def track_of(recording: Recording) -> Track | None:
    """Cut as the runtime cuts; None for a recording without labels or shorter than a window."""
    cut = cut_recording(recording)
    if recording.labels is None or not cut.windows:
        return None
    return Track(
        recording,
        np.stack([window.imu for window in cut.windows]),
        np.array([window.end_ns for window in cut.windows], np.int64),
        tuple(cut.labels),
    )


def score_tracks(tracks: Sequence[Track], answers: Sequence[NDArray[np.int64]], labels: tuple[str, ...]) -> Continuous:
    """Score the answers of several recordings together.

    Args:
        answers: for each track, index into `labels` of each window's answer, len(labels) for unknown; shape (n,).
    """
    classes = (*labels, UNKNOWN)
    truths: list[NDArray[np.int64]] = []
    given: list[NDArray[np.int64]] = []
    delays: list[float] = []
    changes = answer_changes = 0
    hours = 0.0
    for track, answer in zip(tracks, answers, strict=True):
        truth = truth_of(track.recording, labels)
        at_sample = by_sample(track, answer)
        scored = (truth >= 0) & (at_sample >= 0)
        truths.append(truth[scored])
        given.append(at_sample[scored])
        late = [change_delay(track, answer, bout) for _, bout in true_changes(truth, len(labels))]
        delays += [delay for delay in late if delay is not None]
        changes += len(late)
        answer_changes += int((answer[1:] != answer[:-1]).sum())
        hours += len(truth) / SAMPLE_RATE_HZ / 3600
    truth, answer = np.concatenate(truths), np.concatenate(given)
    known = truth < len(labels)
    activities = score(truth[known], answer[known], classes).classes[: len(labels)]
    return Continuous(
        known_macro_f1=float(np.mean([row.f1 for row in activities if row.support])),
        macro_f1=score(truth, answer, classes).macro_f1,
        answered=float((answer[known] < len(labels)).mean()),
        median_delay_s=float(np.median(delays)) if delays else None,
        noticed=len(delays),
        changes=changes,
        answer_changes_per_hour=answer_changes / hours,
    )


def truth_of(recording: Recording, labels: tuple[str, ...]) -> NDArray[np.int64]:
    """Index into `labels` of each sample, len(labels) for another label, -1 for none; shape (samples,)."""
    assert recording.labels is not None
    truth = np.where(recording.labels == "", -1, len(labels))
    for index, label in enumerate(labels):
        truth[recording.labels == label] = index
    return truth


def by_sample(track: Track, answer: NDArray[np.int64]) -> NDArray[np.int64]:
    """The answer for each sample of the recording, -1 where there is none; shape (samples,)."""
    times = track.recording.times_ns
    after = np.searchsorted(track.end_ns, times)
    window = np.minimum(after, len(track.end_ns) - 1)
    covered = (after < len(track.end_ns)) & (track.end_ns[window] - times < HOP * PERIOD_NS)
    return np.where(covered, answer[window], -1)


@dataclass(frozen=True)
class Bout:
    """A stretch of one of the model's activities."""

    activity: int
    first: int
    """Sample."""
    last: int
    """Sample, the last one that belongs to it."""


def true_changes(truth: NDArray[np.int64], classes: int) -> list[tuple[Bout, Bout]]:
    """Bouts of different activities that follow each other, whatever lay between them that is none of the model's."""
    edges = np.flatnonzero(truth[1:] != truth[:-1]) + 1
    bouts = [
        Bout(int(truth[begin]), int(begin), int(end) - 1)
        for begin, end in zip([0, *edges], [*edges, len(truth)], strict=True)
        if 0 <= truth[begin] < classes
    ]
    return [(before, after) for before, after in itertools.pairwise(bouts) if before.activity != after.activity]


def change_delay(track: Track, answer: NDArray[np.int64], bout: Bout) -> float | None:
    """Seconds from a bout's first sample until the end of the first window that is answered so; None where none is."""
    begin, end = track.recording.times_ns[[bout.first, bout.last]]
    right = (answer == bout.activity) & (track.end_ns >= begin) & (track.end_ns <= end)
    return float(track.end_ns[right][0] - begin) / 1e9 if right.any() else None
