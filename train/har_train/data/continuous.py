"""Scores answers over whole recordings, including changes of activity: by sample, and how late a change is noticed.

An answer counts for the half second up to its window's end, as in the runtime's totals. The truth of samples with a
label that the model does not have, such as posture changes, is unknown. Samples without a label are ignored.
"""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.answer import UNKNOWN
from har_runtime.contract import HOP, PERIOD_NS, SAMPLE_RATE_HZ
from har_runtime.errors import DataError
from har_runtime.recording import CutRecording, Recording, cut_recording
from har_runtime.scores import score
from har_runtime.signal.window import Up
from har_train.data.windows import in_frame_of
from har_train.recipe import DataConfig


@dataclass(frozen=True)
class Track:
    """A recording's windows, in order, and the truth of its samples."""

    recording: Recording
    windows: NDArray[np.float32]
    """SI units, shape (n, 50, 6)."""
    end_ns: NDArray[np.int64]
    """Sensor time of each window's last sample, shape (n,)."""
    labels: tuple[str | None, ...]
    """Label of each window, None if its samples do not all have the same one; shape (n,)."""
    ups: tuple[Up | None, ...] = ()
    """What was turned to +z in each window, shape (n,); None in the frame "device"."""


@dataclass(frozen=True)
class Continuous:
    """How good a sequence of answers is."""

    known_macro_f1: float
    """Over the samples of the model's activities; an unknown answer is a miss, not a class."""
    macro_f1: float
    """Also over the samples of other labels, whose truth is unknown: unknown is a class like the others."""
    answered: float
    """Fraction of the samples of the model's activities that got an answer other than unknown."""
    median_delay_s: float | None
    """From the first sample of a new activity to the end of the first window with this answer; None if no change was
    noticed."""
    noticed: int
    """Changes that were noticed before the activity ended."""
    changes: int
    """True changes from one of the model's activities to another."""
    answer_changes_per_hour: float
    """Answers that differ from the previous one."""


def track_of(recording: Recording) -> Track | None:
    """Cut a recording as the runtime does; None if it has no labels or is shorter than a window."""
    return _track(recording, cut_recording(recording))


def tracks_of(recordings: Sequence[Recording], config: DataConfig) -> list[Track]:
    """Cut recordings in the frame of a recipe, without those that have no labels or are shorter than a window."""
    return [track for recording, cut in in_frame_of(recordings, config) if (track := _track(recording, cut))]


def mounted_anew(tracks: Sequence[Track]) -> list[bool]:
    """Whether each recording is of another mounting than the one before: what filters an earlier one then starts
    again."""
    mountings = [track.recording.mounting for track in tracks]
    return [own is None or own != before for before, own in zip([None, *mountings], mountings, strict=False)]


def _track(recording: Recording, cut: CutRecording) -> Track | None:
    if recording.labels is None or not cut.windows:
        return None
    return Track(
        recording,
        np.stack([window.imu for window in cut.windows]),
        np.array([window.end_ns for window in cut.windows], np.int64),
        tuple(cut.labels),
        tuple(window.up for window in cut.windows),
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
    """Index into `labels` of each sample, len(labels) for another label, -1 for none; shape (samples,).

    Raises:
        DataError: a recording without labels.
    """
    if recording.labels is None:
        raise DataError(f"recording {recording.name}: it has no labels to compare answers with")
    truth = np.where(recording.labels == "", -1, len(labels))
    for index, label in enumerate(labels):
        truth[recording.labels == label] = index
    return truth


def by_sample(track: Track, answer: NDArray[np.int64]) -> NDArray[np.int64]:
    """The answer for each sample of the recording, -1 if there is none; shape (samples,)."""
    times = track.recording.times_ns
    after = np.searchsorted(track.end_ns, times)
    window = np.minimum(after, len(track.end_ns) - 1)
    covered = (after < len(track.end_ns)) & (track.end_ns[window] - times < HOP * PERIOD_NS)
    return np.where(covered, answer[window], -1)


@dataclass(frozen=True)
class Bout:
    """Consecutive samples of one of the model's activities."""

    activity: int
    first: int
    """Index of its first sample."""
    last: int
    """Index of its last sample."""


def true_changes(truth: NDArray[np.int64], classes: int) -> list[tuple[Bout, Bout]]:
    """Successive bouts of different activities; samples between them that are not of the model's are ignored."""
    edges = np.flatnonzero(truth[1:] != truth[:-1]) + 1
    bouts = [
        Bout(int(truth[begin]), int(begin), int(end) - 1)
        for begin, end in zip([0, *edges], [*edges, len(truth)], strict=True)
        if 0 <= truth[begin] < classes
    ]
    return [(before, after) for before, after in itertools.pairwise(bouts) if before.activity != after.activity]


def change_delay(track: Track, answer: NDArray[np.int64], bout: Bout) -> float | None:
    """Seconds from a bout's first sample to the end of its first window with the right answer; None without one."""
    begin, end = track.recording.times_ns[[bout.first, bout.last]]
    right = (answer == bout.activity) & (track.end_ns >= begin) & (track.end_ns <= end)
    return float(track.end_ns[right][0] - begin) / 1e9 if right.any() else None
