"""A recording in the contract's units and frame, and the true labels of its windows."""

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike, NDArray

from har_runtime.contract import HOP, WINDOW, to_ns
from har_runtime.signal.report import ResampleReport
from har_runtime.signal.resample import Resampler, UniformChunk
from har_runtime.signal.window import Window, Windower

CHUNK = 8192
"""Samples pushed to the resampler at a time. Any number gives the same windows; this one keeps memory small."""
TURN = 256
"""Samples of one sensor pushed before it is the other's turn, if they have times of their own: 13 s at 20 Hz, far below
the minute that one may be ahead of the other."""


@dataclass(frozen=True)
class Recording:
    """One wearer's accelerometer and, if the device has one, gyroscope over some time."""

    name: str
    times_ns: NDArray[np.int64]
    """Sensor times of the accelerometer, shape (n,)."""
    acc: NDArray[np.float64]
    """m/s^2 with gravity, contract frame, shape (n, 3)."""
    gyro: NDArray[np.float64] | None
    """rad/s, contract frame, shape (n, 3), or (m, 3) with times of its own; None if the device has no gyroscope."""
    labels: NDArray[np.str_] | None = None
    """Activity at each sample of the accelerometer, shape (n,); an empty string if it is unlabelled."""
    user: str | None = None
    placement: str | None = None
    source_rate_hz: float | None = None
    """Nominal rate of the source, Hz; `times_ns` give the true one."""
    gyro_times_ns: NDArray[np.int64] | None = None
    """Sensor times of the gyroscope, shape (m,), on the accelerometer's clock; None if it shares `times_ns`."""
    mounting: str | None = None
    """Recordings with the same mounting were made with the device in the same place, the same way up; None if this
    recording stands alone."""


class LabelTrack:
    """Labels over time, kept as the times at which they change.

    The label at a time is that of the nearest sample. A window has a label if all of it has the same one: a window
    across a change of activity has none, in training and in scoring.

    >>> track = LabelTrack()
    >>> track.push([0.0, 1.0, 2.0, 3.0], ["sitting", "sitting", "walking", "walking"])
    >>> [track.between(0, 10**9), track.between(10**9, 2 * 10**9), track.between(2 * 10**9, 3 * 10**9)]
    ['sitting', None, 'walking']
    """

    def __init__(self) -> None:
        self._starts: list[int] = []
        self._labels: list[str] = []
        self._newest_ns: int | None = None

    def push(self, times: ArrayLike, labels: ArrayLike) -> None:
        """Add the labels (shape (n,), "" for none) of samples at `times`; times that go back are ignored."""
        t, names = to_ns(times), np.asarray(labels, np.str_)
        changes = np.flatnonzero(np.concatenate([[True], names[1:] != names[:-1]]))
        for index in changes:
            at, label = int(t[index]), str(names[index])
            before = int(t[index - 1]) if index else self._newest_ns
            if self._labels and (label == self._labels[-1] or (before is not None and at <= before)):
                continue
            self._starts.append(at if before is None else (before + at + 1) // 2)
            self._labels.append(label)
        if len(t):
            self._newest_ns = max(int(t.max()), self._newest_ns if self._newest_ns is not None else int(t.max()))

    def between(self, first_ns: int, last_ns: int) -> str | None:
        """The label from `first_ns` to `last_ns`; None if it changes or is missing."""
        index = bisect_right(self._starts, first_ns) - 1
        if index < 0 or bisect_right(self._starts, last_ns) - 1 != index:
            return None
        return self._labels[index] or None

    def longest(self, first_ns: int, last_ns: int) -> str | None:
        """The label that lasts longest from `first_ns` to `last_ns`, or the earlier of two equally long; None if all is
        unlabelled."""
        index = max(0, bisect_right(self._starts, first_ns) - 1)
        held: dict[str, int] = {}
        while index < len(self._starts) and self._starts[index] <= last_ns:
            end = self._starts[index + 1] if index + 1 < len(self._starts) else last_ns + 1
            label = self._labels[index]
            if label and (length := min(end, last_ns + 1) - max(self._starts[index], first_ns)) > 0:
                held[label] = held.get(label, 0) + length
            index += 1
        return max(held, key=lambda label: held[label]) if held else None

    def forget_before(self, time_ns: int) -> None:
        """Drop the changes that no window after `time_ns` needs."""
        passed = bisect_right(self._starts, time_ns) - 1
        if passed > 0:
            del self._starts[:passed], self._labels[:passed]

    def of(self, window: Window) -> str | None:
        """The label of a window, or None."""
        return self.between(window.start_ns, window.end_ns)


@dataclass(frozen=True)
class CutRecording:
    """The windows of a recording with their labels."""

    windows: list[Window]
    labels: list[str | None]
    """Of each window; None if it has no label by the rule chosen."""
    report: ResampleReport = field(default_factory=ResampleReport)


def cut_recording(
    recording: Recording, window: int = WINDOW, hop: int = HOP, label_rule: str = "whole"
) -> CutRecording:
    """Resample and window a whole recording, with the code that streams use.

    Without a gyroscope the angular rates of the windows are 0. Labels go by the accelerometer's times.

    Args:
        window: samples at 50 Hz.
        hop: samples between the starts of two windows.
        label_rule: "whole" labels the windows whose samples all have one label; "majority" labels every window that has
            a label, with the one that lasts longest.

    >>> n = 200
    >>> still = Recording("still", np.arange(n) * 20_000_000, np.zeros((n, 3)), np.zeros((n, 3)), np.full(n, "lying"))
    >>> cut = cut_recording(still)
    >>> len(cut.windows), cut.labels[0], cut.windows[0].imu.shape
    (7, 'lying', (50, 6))
    """
    resampler, windower = Resampler(gyroscope=recording.gyro is not None), Windower(window, hop)
    windows: list[Window] = []
    for chunks in _resampled(recording, resampler):
        windows += windower.push(chunks)
    track = LabelTrack()
    if recording.labels is not None:
        track.push(recording.times_ns, recording.labels)
    rule = track.longest if label_rule == "majority" else track.between
    return CutRecording(windows, [rule(cut.start_ns, cut.end_ns) for cut in windows], resampler.report)


def _resampled(recording: Recording, resampler: Resampler) -> Iterator[list[UniformChunk]]:
    """What the resampler returns as the recording is pushed in pieces."""
    times, acc, gyro = recording.times_ns, recording.acc, recording.gyro
    if gyro is not None and recording.gyro_times_ns is not None:
        yield from _resampled_in_turns(recording.times_ns, acc, recording.gyro_times_ns, gyro, resampler)
    else:
        for begin in range(0, len(times), CHUNK):
            part = slice(begin, begin + CHUNK)
            yield resampler.push(times[part], acc[part], None if gyro is None else gyro[part])
    yield resampler.finish()


def _resampled_in_turns(
    acc_times: NDArray[np.int64],
    acc: NDArray[np.float64],
    gyro_times: NDArray[np.int64],
    gyro: NDArray[np.float64],
    resampler: Resampler,
) -> Iterator[list[UniformChunk]]:
    acc_at = gyro_at = 0
    while acc_at < len(acc) or gyro_at < len(gyro):
        if gyro_at >= len(gyro) or (acc_at < len(acc) and resampler.behind == "acc"):
            part = slice(acc_at, acc_at + TURN)
            yield resampler.push(acc_times[part], acc=acc[part])
            acc_at += TURN
        else:
            part = slice(gyro_at, gyro_at + TURN)
            yield resampler.push(gyro_times[part], gyro=gyro[part])
            gyro_at += TURN
