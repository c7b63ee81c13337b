"""One sensor's stream: what cannot be used is dropped and counted, the rest is cut into runs.

A sample belongs to the clock it follows: later than the newest sample by 0.1 s at most. One that does not is kept
aside, with what follows it, until the sensor has gone on from there for half a second; then that is its clock, as
after a gap, or as after a restart of the sensor where the time is an earlier one. If instead the stream returns to
where it was, what was kept aside is dropped: a wild time costs the samples that bear it, and no others.

All of this depends on the sequence of samples alone, never on how it was cut into chunks.
"""

import itertools
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from har_runtime.contract import MAX_GAP_NS, to_ns
from har_runtime.errors import DataError
from har_runtime.signal.repeats import Streaks
from har_runtime.signal.stretch import RATE_SPAN_NS, Run

MAX_LEAD_NS = 60_000_000_000
"""How much of one stream may wait for the other before its oldest samples are dropped: bounds the buffers."""
MAX_WAITING = 60_000
"""The same in samples, for clocks that run far too slowly: a minute at 1000 Hz."""
MAX_TIME_NS = 9_200_000_000_000_000_000
"""Times beyond it, 292 years, are none; within it a grid has room to end."""
_NEVER = -MAX_TIME_NS
BELIEF_NS = RATE_SPAN_NS
"""A clock that does not follow the old one is believed once it has gone on for so long. Its rate, without which
nothing is given out, takes as long."""
BELIEF_SAMPLES = 1000
STUCK_NS = 1_000_000_000
"""All axes at one reading for so long. Real recordings repeat one for 0.26 s at most (HAPT; MotionSense 0.08 s,
sp-sw-har 0.03 s). Counted and not dropped: a sensor of 8 bits that lies still may do so too."""
FULL_SCALE_NS = 50_000_000
FULL_SCALE_SAMPLES = 4
"""An axis at one reading for so long and so many samples is at the end of its range, where the reading is larger than
any posture gives. Two of HAPT's 61 recordings do it, at 10.0 rad/s and 2 g, and none of the other two sets'."""


@dataclass
class SensorReport:
    """What became of one sensor's samples."""

    received: int = 0
    not_finite: int = 0
    """Dropped: NaN or infinite in the time or in an axis."""
    duplicate: int = 0
    """Dropped: the time of the newest sample again."""
    out_of_order: int = 0
    """Dropped: older than the newest sample."""
    stray: int = 0
    """Dropped: of a time ahead of the rest, from which the stream returned within half a second."""
    unpaired: int = 0
    """Dropped: more than a minute ahead of the other sensor, on a clock that the other has left, or in a run too short
    or too slow to use."""
    gaps: int = 0
    """Times without samples for more than 0.1 s."""
    clock_jumps: int = 0
    """Times the sensor's clock was set back."""
    stuck: int = 0
    """Samples, not dropped, of which all axes stayed the same for a second or more."""
    full_scale: int = 0
    """Readings of one axis, not dropped, that stayed the same at the end of its range."""
    rate_hz: float | None = None
    """Rate of the newest run, measured over its first half second."""

    @property
    def dropped(self) -> int:
        return self.not_finite + self.duplicate + self.out_of_order + self.stray + self.unpaired


class SensorStream:
    """Takes in one sensor's samples and cuts them into runs.

    Args:
        name: for errors.
        large: a reading that no posture gives, in the sensor's unit: only above it can an axis be at full scale.
    """

    def __init__(self, name: str, large: float):
        self.name = name
        self.report = SensorReport()
        self.runs: deque[Run] = deque()
        self.clock = 0
        """How often it was set back."""
        self.left_ns: int | None = None
        """The time it showed when it was last set back."""
        self.latest_ns: int | None = None
        """Time of the last sample taken in, judged or not."""
        self.urgent = False
        """Whether what was taken in must be judged before more is: the time is not simply going on, or much waits."""
        self._taken: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        self._taken_samples = 0
        self._newest_ns = _NEVER
        self._aside: list[tuple[int, NDArray[np.float64]]] = []
        self._returns = 0
        self._large = large
        self._last_row: NDArray[np.float64] | None = None
        self._stuck = Streaks(STUCK_NS, 2)
        self._full_scale = [Streaks(FULL_SCALE_NS, FULL_SCALE_SAMPLES) for _ in range(3)]

    def take(self, times: ArrayLike, values: ArrayLike) -> None:
        """Take in samples, to be judged by `judge`; shape (n,) and (n, 3).

        Raises:
            DataError: shapes that do not fit, or a time out of range.
        """
        t = to_ns(times)
        x = np.array(values, np.float64)  # A copy: the caller may fill its array anew.
        if x.ndim == 1:
            x = x[None]
        if x.shape != (len(t), 3):
            raise DataError(f"{self.name}: {len(t)} times need values of shape ({len(t)}, 3), not {x.shape}")
        if not len(t):
            return
        self._taken.append((t.copy(), x))
        self._taken_samples += len(t)
        latest = int(t[-1])
        back = self.latest_ns is not None and latest <= self.latest_ns
        self.urgent |= back or self._taken_samples >= BELIEF_SAMPLES
        self.latest_ns = latest

    def judge(self) -> None:
        """Sort what was taken in into runs, and what cannot be used into the report."""
        if not self._taken:
            return
        t = np.concatenate([t for t, _ in self._taken])
        x = np.concatenate([x for _, x in self._taken])
        self._taken.clear()
        self._taken_samples = 0
        self.report.received += len(t)
        finite = np.isfinite(x).all(axis=1) & (t > -MAX_TIME_NS) & (t < MAX_TIME_NS)
        if not finite.all():
            self.report.not_finite += int(np.count_nonzero(~finite))
            t, x = t[finite], x[finite]
        # Unsigned, because a wild time may be more than 63 bits ahead.
        odd = np.flatnonzero((t[1:] <= t[:-1]) | (np.diff(t).view(np.uint64) > MAX_GAP_NS)) + 1
        begin = 0
        while begin < len(t):
            if 0 < int(t[begin]) - self._newest_ns <= MAX_GAP_NS:
                later = odd[np.searchsorted(odd, begin, side="right") :]
                end = int(later[0]) if len(later) else len(t)
                self._follow(t[begin:end], x[begin:end])
                begin = end
            else:
                self._doubt(int(t[begin]), x[begin])
                begin += 1
        self.urgent = bool(self._aside)

    def close(self) -> None:
        """The input has ended, at least for now."""
        self.judge()
        if self._aside and self._ahead:
            self._believe()
        else:
            self._forsake()
        self._close_run()

    @property
    def _ahead(self) -> bool:
        """Whether what was kept aside is later than the newest sample."""
        return self._aside[0][0] > self._newest_ns

    def _follow(self, t: NDArray[np.int64], x: NDArray[np.float64]) -> None:
        """Samples that go on from the newest one, without a gap among them."""
        self._forsake()
        if self._returns and self.runs and not self.runs[-1].closed:
            # The samples that could not be used may have taken longer than a gap, though the clock does not show it.
            rate_hz = self.runs[-1].rate_so_far_hz
            if rate_hz and self._returns * 1e9 / rate_hz > MAX_GAP_NS:
                self.report.gaps += 1
                self._close_run()
        self._returns = 0
        self._append(t, x)

    def _doubt(self, t: int, row: NDArray[np.float64]) -> None:
        """A sample that does not go on from the newest one."""
        if self._aside:
            first, last = self._aside[0][0], self._aside[-1][0]
            if first <= t <= last:
                self._drop(t, last)
                return
            if not (t > last and (self._ahead or t <= self._newest_ns)):
                self._forsake()
            elif self._ahead and t - last > MAX_GAP_NS:  # Later once more: after a gap came another.
                self._believe()
        self._aside.append((t, row))
        if t - self._aside[0][0] >= BELIEF_NS or len(self._aside) >= BELIEF_SAMPLES:
            self._believe()

    def _forsake(self) -> None:
        """Drop what was kept aside."""
        for t, _ in self._aside:
            self._drop(t, self._newest_ns)
        self._aside.clear()

    def _drop(self, t: int, newest_ns: int) -> None:
        if t == newest_ns:
            self.report.duplicate += 1
            return
        self._returns += 1
        if t < newest_ns:
            self.report.out_of_order += 1
        else:
            self.report.stray += 1

    def _believe(self) -> None:
        """Go on from what was kept aside, in a new run."""
        if self._ahead:
            self.report.gaps += self._newest_ns != _NEVER
        else:
            self.report.clock_jumps += 1
            self.clock += 1
            self.left_ns = self._newest_ns
        self._close_run()
        self._returns = 0
        t = np.array([t for t, _ in self._aside], np.int64)
        x = np.stack([row for _, row in self._aside])
        self._aside.clear()
        for begin, end in _stretches(t):
            if begin:
                self.report.gaps += 1
                self._close_run()
            self._append(t[begin:end], x[begin:end])

    def _append(self, t: NDArray[np.int64], x: NDArray[np.float64]) -> None:
        """Add samples without a gap to the open run, or to a new one."""
        if not self.runs or self.runs[-1].closed:
            self.runs.append(Run(int(t[0]), self.clock))
            self._last_row = None
        run = self.runs[-1]
        run.append(t, x)
        self._newest_ns = int(t[-1])
        self.report.rate_hz = run.rate_hz or self.report.rate_hz
        self._watch(t, x)

    def _watch(self, t: NDArray[np.int64], x: NDArray[np.float64]) -> None:
        """Count readings that stick, or stay at the end of the range."""
        same = np.zeros(x.shape, np.bool_)
        same[1:] = x[1:] == x[:-1]
        if self._last_row is not None:
            same[0] = x[0] == self._last_row
        self._last_row = x[-1].copy()
        self.report.stuck += self._stuck.add(t, np.all(same, axis=1))
        clipped = same & (np.abs(x) >= self._large)
        for axis, streaks in enumerate(self._full_scale):
            self.report.full_scale += streaks.add(t, clipped[:, axis])

    def _close_run(self) -> None:
        if self.runs and not self.runs[-1].closed:
            self.runs[-1].close()
            self.report.rate_hz = self.runs[-1].rate_hz or self.report.rate_hz

    def front(self) -> Run | None:
        """The oldest run that can be used, once its rate is known."""
        while self.runs and self.runs[0].rate_hz is not None:
            run = self.runs[0]
            if run.usable and not run.too_short:
                return run
            if run.closed:
                self.drop_front()
            else:  # Too slow, and still coming in: keep the run as the place to drop it to.
                self.report.unpaired += len(run.t) - 1
                run.t, run.x = run.t[-1:], run.x[-1:]
                return None
        return None

    def drop_front(self) -> None:
        """Drop the oldest run, as nothing can be made of it."""
        self.report.unpaired += self.runs.popleft().unused

    def clear(self) -> None:
        """Drop all runs."""
        for run in self.runs:
            if run.unused == len(run.t):  # Else the other sensor has just ended a little earlier.
                self.report.unpaired += run.unused
        self.runs.clear()

    def set_clock(self, clock: int) -> None:
        """Make the sensor's newest clock the one of that number, and drop the runs on older ones."""
        while self.runs[0].clock < self.clock:
            self.drop_front()
        self.clock = clock
        for run in self.runs:
            run.clock = clock

    def drop_before(self, run: Run) -> None:
        """Drop every run that is older than `run`."""
        while self.runs[0] is not run:
            self.drop_front()

    def bound(self) -> None:
        """Drop the oldest of what waits for the other sensor where it is more than MAX_LEAD_NS or MAX_WAITING."""
        left_ns, left = MAX_LEAD_NS, MAX_WAITING
        newer: Run | None = None
        for run in reversed(self.runs):
            if newer is not None and (left_ns <= 0 or left <= 0):
                self.drop_before(newer)
                return
            late = max(int(np.searchsorted(run.t, run.t[-1] - left_ns)), len(run.t) - left)
            if late > 0:
                self.drop_before(run)
                self.report.unpaired += run.cut(late)
                return
            left_ns -= int(run.t[-1] - run.t[0]) + MAX_GAP_NS
            left -= len(run.t)
            newer = run


def _stretches(t: NDArray[np.int64]) -> list[tuple[int, int]]:
    """Where times (increasing, at least one) are free of gaps: first index and the one after the last."""
    edges = [0, *(np.flatnonzero(np.diff(t) > MAX_GAP_NS) + 1).tolist(), len(t)]
    return list(itertools.pairwise(edges))
