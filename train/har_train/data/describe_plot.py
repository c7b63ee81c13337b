"""A picture of a data set: a few typical seconds of each activity."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.files import atomic_path
from har_runtime.recording import Recording
from har_train.data.describe import stretches

SECONDS = 5.0


def plot_activities(title: str, recordings: Sequence[Recording], activities: Sequence[str], path: Path) -> None:
    """Draw a few typical seconds of each activity into one PNG: the stretch whose movement is the median.

    Raises:
        DataError: the recordings have none of the activities.
        HarError: the file cannot be written.
    """
    from matplotlib.figure import Figure

    shown = [(label, stretch) for label in activities if (stretch := _typical(label, recordings))]
    if not shown:
        raise DataError(f"{title}: no labelled activity to draw")
    figure = Figure(figsize=(12, 1.5 * len(shown) + 0.8), layout="constrained")
    axes = figure.subplots(len(shown), 2, squeeze=False, sharex="row")
    for row, (label, (recording, part)) in zip(axes, shown, strict=True):
        start_ns = recording.times_ns[part][0]
        acc = (recording.times_ns[part], recording.acc[part])
        for axis, (times_ns, values), smallest_span in ((row[0], acc, 6.0), (row[1], _rates(recording, part), 1.0)):
            if not len(times_ns):
                axis.text(0.5, 0.5, "no gyroscope", ha="center", va="center", transform=axis.transAxes, fontsize=8)
            axis.plot((times_ns - start_ns) / 1e9, values, linewidth=0.9)
            low, high = axis.get_ylim()
            middle, span = (low + high) / 2, max(high - low, smallest_span)
            axis.set_ylim(middle - span / 2, middle + span / 2)  # Enlarged, stillness would look like movement.
            axis.grid(alpha=0.3)
            axis.margins(x=0)
            axis.tick_params(labelsize=8)
        row[0].set_ylabel(label, rotation=0, ha="right", va="center")
        row[1].set_title(recording.name, fontsize=7, loc="right", pad=2, color="0.4")
    axes[0][0].set_title("acceleration (m/s²)", fontsize=10, loc="left")
    axes[0][1].set_title("angular rate (rad/s)", fontsize=10, loc="left")
    figure.legend(axes[0][0].lines, "xyz", ncols=3, fontsize=9, loc="outside upper right")
    for axis in axes[-1]:
        axis.set_xlabel("s")
    figure.suptitle(title, fontsize=11)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=110)


def _rates(recording: Recording, part: slice) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Times and angular rates while the accelerometer's samples `part` were taken; empty without a gyroscope."""
    if recording.gyro is None:
        return np.empty(0, np.int64), np.empty((0, 3))
    times = recording.times_ns[part]
    if recording.gyro_times_ns is None:
        return times, recording.gyro[part]
    inside = (recording.gyro_times_ns >= times.min()) & (recording.gyro_times_ns <= times.max())
    return recording.gyro_times_ns[inside], recording.gyro[inside]


def _typical(label: str, recordings: Sequence[Recording]) -> tuple[Recording, slice] | None:
    """The middle of a stretch of this label, up to `SECONDS` long.

    Among the stretches of at least the usual length, it is the one with the median variation of the acceleration.
    """
    found: list[tuple[Recording, int, int, float]] = []
    for recording in recordings:
        if recording.labels is None:
            continue
        for begin, end in zip(*stretches(recording.labels), strict=True):
            if recording.labels[begin] == label:
                seconds = (recording.times_ns[end - 1] - recording.times_ns[begin]) / 1e9
                found.append((recording, int(begin), int(end), float(seconds)))
    if not found:
        return None
    usual = min(SECONDS, float(np.median([seconds for *_, seconds in found])))
    candidates: list[tuple[float, Recording, slice]] = []
    for recording, begin, end, seconds in found:
        part = _middle(recording, begin, end)
        acc = recording.acc[part]
        acc = acc[np.isfinite(acc).all(axis=1)]
        if seconds >= usual and len(acc):
            candidates.append((float(np.std(np.linalg.norm(acc, axis=1))), recording, part))
    if not candidates:
        return None
    candidates.sort(key=lambda candidate: candidate[0])
    _, recording, part = candidates[(len(candidates) - 1) // 2]
    return recording, part


def _middle(recording: Recording, begin: int, end: int) -> slice:
    """The samples at most half of `SECONDS` from the middle of those from `begin` to `end`."""
    times = np.maximum.accumulate(recording.times_ns[begin:end])  # In order, even if the file is not.
    middle, half = (int(times[0]) + int(times[-1])) // 2, int(SECONDS / 2 * 1e9)
    first, last = np.searchsorted(times, [middle - half, middle + half + 1])
    return slice(begin + int(first), begin + int(last))
