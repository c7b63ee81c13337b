"""One sensor's stream: unusable samples are dropped and counted, the rest is cut into stretches without a gap.

A sample continues the stream if it is later than the newest one by 0.1 s at most. One that does not is set aside,
together with those that follow it, until the sensor has continued from there for half a second. Then the stream goes
on from there: after a gap, or, if the time is an earlier one, after the sensor's clock was set back. If the stream
returns to where it was before that, the samples set aside are dropped: a wild time costs only the samples that have it.

All of this depends only on the sequence of samples, never on how it was cut into chunks.
"""

import itertools
from collections import deque

import numpy as np
from numpy.typing import ArrayLike, NDArray

from har_runtime.contract import MAX_GAP_NS, to_ns
from har_runtime.errors import DataError
from har_runtime.signal.repeats import Repeats
from har_runtime.signal.report import SensorCounts
from har_runtime.signal.stretch import RATE_SPAN_NS, Stretch

MAX_LEAD_NS = 60_000_000_000
"""How much of one stream may wait for the other before its oldest samples are dropped. This bounds the buffers."""
MAX_WAITING = 60_000
"""The same limit in samples, for clocks that run far too slowly: a minute at 1000 Hz."""
MAX_TIME_NS = 9_200_000_000_000_000_000
"""Times beyond this, 292 years, are invalid. It leaves room for the end of the 50 Hz grid in an int64."""
_NEVER = -MAX_TIME_NS
CONFIRM_NS = RATE_SPAN_NS
"""A time that does not continue the stream is accepted once the sensor has continued from it for this long. Measuring
the rate, which comes before any output, takes as long."""
CONFIRM_SAMPLES = 1000
STUCK_NS = 1_000_000_000
"""All axes at one reading for this long. Real recordings repeat a reading for 0.26 s at most (HAPT; MotionSense 0.08 s,
sp-sw-har 0.03 s). Counted but not dropped: an 8-bit sensor at rest may do this too."""
FULL_SCALE_NS = 50_000_000
FULL_SCALE_SAMPLES = 4
"""An axis at one reading for this long and this many samples is at the end of its range, if the reading is larger than
any posture gives. Two of HAPT's 61 recordings do this, at 10.0 rad/s and 2 g, and none of the other two data sets."""


class SensorStream:
    """Takes one sensor's samples and cuts them into stretches.

    Args:
        name: for error messages.
        large: a reading that no posture gives, in the sensor's unit. Only readings above it can be at full scale.
        largest: samples with a larger reading are dropped: they would overflow in the model, or spoil a second of it.
    """

    def __init__(self, name: str, large: float, largest: float):
        self.name = name
        self.counts = SensorCounts()
        self.stretches: deque[Stretch] = deque()
        self.clock = 0
        """How often the sensor's clock was set back."""
        self.set_back_at_ns: int | None = None
        """The time that the clock showed when it was last set back."""
        self.latest_ns: int | None = None
        """Time of the last sample pushed, processed or not."""
        self.urgent = False
        """Whether the pushed samples must be processed before more arrive: their times jump, or many are waiting."""
        self._pushed: list[tuple[NDArray[np.int64], NDArray[np.float64]]] = []
        self._pushed_samples = 0
        self.newest_ns = _NEVER
        """Time of the last sample that continued the stream."""
        self._aside: list[tuple[int, NDArray[np.float64]]] = []
        self._returns = 0
        self._large, self._largest = large, largest
        self._last_row: NDArray[np.float64] | None = None
        self._stuck = Repeats(STUCK_NS, 2)
        self._full_scale = [Repeats(FULL_SCALE_NS, FULL_SCALE_SAMPLES) for _ in range(3)]

    def push(self, times: ArrayLike, values: ArrayLike) -> None:
        """Add samples, which `process` will sort; shapes (n,) and (n, 3).

        Raises:
            DataError: shapes that do not fit, or a time out of range.
        """
        t = to_ns(times)
        x = np.array(values, np.float64)  # A copy: the caller may reuse its array.
        if x.ndim == 1:
            x = x[None]
        if x.shape != (len(t), 3):
            raise DataError(f"{self.name}: {len(t)} times need values of shape ({len(t)}, 3), not {x.shape}")
        if not len(t):
            return
        self._pushed.append((t.copy(), x))
        self._pushed_samples += len(t)
        latest = int(t[-1])
        back = self.latest_ns is not None and latest <= self.latest_ns
        self.urgent |= back or self._pushed_samples >= CONFIRM_SAMPLES
        self.latest_ns = latest

    def process(self) -> None:
        """Sort the pushed samples into stretches, and count those that cannot be used."""
        if not self._pushed:
            return
        if len(self._pushed) == 1:
            t, x = self._pushed[0]
        else:
            t = np.concatenate([t for t, _ in self._pushed])
            x = np.concatenate([x for _, x in self._pushed])
        self._pushed.clear()
        self._pushed_samples = 0
        self.counts.received += len(t)
        if self._is_regular(t, x):
            self._continue(t, x)
            self.urgent = False
            return
        valid = (np.abs(x) <= self._largest).all(axis=1) & (t > -MAX_TIME_NS) & (t < MAX_TIME_NS)  # Not with NaN.
        if not valid.all():
            self.counts.invalid += int(np.count_nonzero(~valid))
            t, x = t[valid], x[valid]
        # Unsigned, because a wild time may be more than 63 bits ahead.
        odd = np.flatnonzero((t[1:] <= t[:-1]) | (np.diff(t).view(np.uint64) > MAX_GAP_NS)) + 1
        begin = 0
        while begin < len(t):
            if 0 < int(t[begin]) - self.newest_ns <= MAX_GAP_NS:
                later = odd[np.searchsorted(odd, begin, side="right") :]
                end = int(later[0]) if len(later) else len(t)
                self._continue(t[begin:end], x[begin:end])
                begin = end
            else:
                self._set_aside(int(t[begin]), x[begin])
                begin += 1
        self.urgent = bool(self._aside)

    def _is_regular(self, t: NDArray[np.int64], x: NDArray[np.float64]) -> bool:
        """Whether all of these samples are valid and continue the stream, as nearly all do: a quick look."""
        if not (0 < int(t[0]) - self.newest_ns <= MAX_GAP_NS and int(t[-1]) < MAX_TIME_NS):
            return False
        steps = t[1:] - t[:-1]
        if len(steps) and not 0 < int(steps.min()) <= int(steps.max()) <= MAX_GAP_NS:
            return False
        return float(x.max()) <= self._largest and float(x.min()) >= -self._largest  # Not with NaN.

    def close(self) -> None:
        """The input has ended, at least for now."""
        self.process()
        if self._aside and self._aside_is_later:
            self._accept_aside()
        else:
            self._drop_aside()
        self._close_stretch()

    @property
    def _aside_is_later(self) -> bool:
        return self._aside[0][0] > self.newest_ns

    def _continue(self, t: NDArray[np.int64], x: NDArray[np.float64]) -> None:
        """Add samples that follow the newest one, without a gap among them."""
        self._drop_aside()
        if self._returns and self.stretches and not self.stretches[-1].closed:
            # The samples that were dropped may have taken longer than a gap, though the clock does not show it.
            rate_hz = self.stretches[-1].rate_so_far_hz
            if rate_hz and self._returns * 1e9 / rate_hz > MAX_GAP_NS:
                self.counts.gaps += 1
                self._close_stretch()
        self._returns = 0
        self._append(t, x)

    def _set_aside(self, t: int, row: NDArray[np.float64]) -> None:
        """Keep a sample that does not follow the newest one, until it is clear what it belongs to."""
        if self._aside:
            first, last = self._aside[0][0], self._aside[-1][0]
            if first <= t <= last:
                self._drop(t, last)
                return
            if not (t > last and (self._aside_is_later or t <= self.newest_ns)):
                self._drop_aside()
            elif self._aside_is_later and t - last > MAX_GAP_NS:  # A second gap after the first.
                self._accept_aside()
        self._aside.append((t, row))
        if t - self._aside[0][0] >= CONFIRM_NS or len(self._aside) >= CONFIRM_SAMPLES:
            self._accept_aside()

    def _drop_aside(self) -> None:
        for t, _ in self._aside:
            self._drop(t, self.newest_ns)
        self._aside.clear()

    def _drop(self, t: int, newest_ns: int) -> None:
        if t == newest_ns:
            self.counts.duplicate += 1
            return
        self._returns += 1
        if t < newest_ns:
            self.counts.out_of_order += 1
        else:
            self.counts.stray += 1

    def _accept_aside(self) -> None:
        """Continue from the samples that were set aside, in a new stretch."""
        if self._aside_is_later:
            self.counts.gaps += self.newest_ns != _NEVER
        else:
            self.counts.clock_jumps += 1
            self.clock += 1
            self.set_back_at_ns = self.newest_ns
        self._close_stretch()
        self._returns = 0
        t = np.array([t for t, _ in self._aside], np.int64)
        x = np.stack([row for _, row in self._aside])
        self._aside.clear()
        for begin, end in _between_gaps(t):
            if begin:
                self.counts.gaps += 1
                self._close_stretch()
            self._append(t[begin:end], x[begin:end])

    def _append(self, t: NDArray[np.int64], x: NDArray[np.float64]) -> None:
        """Add samples without a gap to the open stretch, or to a new one."""
        if not self.stretches or self.stretches[-1].closed:
            self.stretches.append(Stretch(int(t[0]), self.clock))
            self._last_row = None
        stretch = self.stretches[-1]
        stretch.append(t, x)
        self.newest_ns = int(t[-1])
        self.counts.rate_hz = stretch.rate_hz or self.counts.rate_hz
        self._count_repeats(t, x)

    def _count_repeats(self, t: NDArray[np.int64], x: NDArray[np.float64]) -> None:
        """Count readings that are stuck or stay at the end of the range."""
        same = np.empty(x.shape, np.bool_)
        np.equal(x[1:], x[:-1], out=same[1:])
        same[0] = False if self._last_row is None else x[0] == self._last_row
        self._last_row = x[-1].copy()
        last_ns = int(t[-1])
        if not same.any():
            for repeats in (self._stuck, *self._full_scale):
                repeats.end(last_ns)
            return
        self.counts.stuck += self._stuck.push(t, np.asarray(same.all(axis=1)))
        clipped = same & (np.abs(x) >= self._large)
        if not clipped.any():
            for repeats in self._full_scale:
                repeats.end(last_ns)
            return
        for axis, repeats in enumerate(self._full_scale):
            self.counts.full_scale += repeats.push(t, clipped[:, axis])

    def _close_stretch(self) -> None:
        if self.stretches and not self.stretches[-1].closed:
            self.stretches[-1].close()
            self.counts.rate_hz = self.stretches[-1].rate_hz or self.counts.rate_hz

    def front(self) -> Stretch | None:
        """The oldest stretch that can be used, once its rate is known."""
        while self.stretches and self.stretches[0].rate_hz is not None:
            stretch = self.stretches[0]
            if stretch.usable and not stretch.too_short:
                return stretch
            if stretch.closed:
                self.drop_front()
            else:  # Too slow, and not yet ended: keep the stretch, and drop its samples as they arrive.
                self.counts.unpaired += len(stretch.t) - 1
                stretch.t, stretch.x = stretch.t[-1:], stretch.x[-1:]
                return None
        return None

    def drop_front(self) -> None:
        """Drop the oldest stretch because it cannot be used."""
        self.counts.unpaired += self.stretches.popleft().unused

    def clear(self) -> None:
        """Drop all stretches."""
        for stretch in self.stretches:
            if stretch.unused == len(stretch.t):  # Otherwise the other sensor has only ended a little earlier.
                self.counts.unpaired += stretch.unused
        self.stretches.clear()

    def set_clock(self, clock: int) -> None:
        """Give the sensor's newest clock this number, and drop the stretches on older ones."""
        while self.stretches[0].clock < self.clock:
            self.drop_front()
        self.clock = clock
        for stretch in self.stretches:
            stretch.clock = clock

    def drop_before(self, stretch: Stretch) -> None:
        """Drop every stretch older than `stretch`."""
        while self.stretches[0] is not stretch:
            self.drop_front()

    def limit_waiting(self) -> None:
        """Drop the oldest samples that wait for the other sensor if they exceed MAX_LEAD_NS or MAX_WAITING."""
        if not self.stretches:
            return
        oldest, newest = self.stretches[0], self.stretches[-1]
        if oldest is newest and len(oldest.t) <= MAX_WAITING and int(oldest.t[-1]) - int(oldest.t[0]) <= MAX_LEAD_NS:
            return  # The usual case.
        left_ns, left = MAX_LEAD_NS, MAX_WAITING
        newer: Stretch | None = None
        for stretch in reversed(self.stretches):
            if newer is not None and (left_ns <= 0 or left <= 0):
                self.drop_before(newer)
                return
            late = max(int(np.searchsorted(stretch.t, stretch.t[-1] - left_ns)), len(stretch.t) - left)
            if late > 0:
                self.drop_before(stretch)
                self.counts.unpaired += stretch.cut(late)
                return
            left_ns -= int(stretch.t[-1] - stretch.t[0]) + MAX_GAP_NS
            left -= len(stretch.t)
            newer = stretch


def _between_gaps(t: NDArray[np.int64]) -> list[tuple[int, int]]:
    """The parts of increasing times that have no gap: index of the first sample, and of the one after the last."""
    edges = [0, *(np.flatnonzero(np.diff(t) > MAX_GAP_NS) + 1).tolist(), len(t)]
    return list(itertools.pairwise(edges))
