"""Sample times that never go back: from the sensor's clock, whatever it does, or from the times of arrival.

Both clocks leave a gap if time was lost (a jump, a reconnection, silence), so that the segment ends there and nothing
is interpolated across it.
"""

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import MAX_GAP_NS
from har_runtime.sources.overflows import across_overflows

GAP_NS: Final = MAX_GAP_NS + 1
"""The shortest step that ends a segment."""
MAX_STEP_NS: Final = 10_000_000_000
"""A sensor's clock that steps further ahead, or back, has jumped: the elapsed time is taken from the arrivals."""
MAX_REPEATS: Final = 20
"""After so many samples with the same time a sensor's clock is useless: it stands still, or counts whole seconds."""
MIN_PERIOD_NS: Final = 500_000
MAX_PERIOD_NS: Final = 100_000_000
PHASE_GAIN: Final = 0.1
PERIOD_GAIN: Final = PHASE_GAIN**2 / 4
"""A second-order phase-locked loop with damping 1: averages the jitter of about ten arrivals."""

TIME_UNITS_NS: Final = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}
_MAX_TIME_NS: Final = 4e18
"""127 years either way, so that the difference of two times fits int64."""


class SampleClock(Protocol):
    """Gives samples their times."""

    last_ns: int | None
    """The newest time returned."""

    def stamp(self, raw: NDArray[np.float64], arrival_ns: int) -> NDArray[np.int64]:
        """Times of consecutive samples.

        Args:
            raw: the sensor's own times, shape (n,); NaN if missing.
            arrival_ns: when the last of them arrived, on the computer's clock.
        """
        ...

    def restart(self) -> None:
        """Call after a lost connection: the next sample follows after a gap."""
        ...


class SensorClock:
    """The sensor's own times, continued across jumps, restarts and counter overflows.

    >>> clock = SensorClock("ms")
    >>> clock.stamp(np.array([4294967286.0, 4294967291.0, 0.0, 5.0]), 0).tolist()  # millis() overflows.
    [4294967286000000, 4294967291000000, 4294967296000000, 4294967301000000]
    >>> (clock.stamp(np.array([5.0, 10.0]), 1) - clock.last_ns).tolist()  # Repeated, then forward again.
    [-5000000, 0]
    """

    def __init__(self, unit: str, wrap_ns: int | None = None):
        """A clock.

        Args:
            unit: of the sensor's times, a key of `TIME_UNITS_NS`.
            wrap_ns: where its counter overflows; None for the usual counter of this unit.
        """
        self._unit_ns, self._wrap_ns = TIME_UNITS_NS[unit], wrap_ns
        self.last_ns: int | None = None
        self._raw_ns = 0
        self._arrival_ns = 0
        self._restarted = False
        self._repeats = 0

    @property
    def stands_still(self) -> bool:
        """Whether the sensor's clock is useless."""
        return self._repeats >= MAX_REPEATS

    def usable(self, raw: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which of the sensor's times are valid."""
        return np.abs(raw * self._unit_ns) <= _MAX_TIME_NS  # False for NaN.

    def stamp(self, raw: NDArray[np.float64], arrival_ns: int) -> NDArray[np.int64]:
        if not len(raw):
            return np.empty(0, np.int64)
        raw_ns = np.rint(raw * self._unit_ns).astype(np.int64)
        if self.last_ns is None:
            self.last_ns = self._raw_ns = int(raw_ns[0])
        steps = np.diff(raw_ns, prepend=self._raw_ns)
        steps = across_overflows(steps, raw_ns, self._unit_ns, self._wrap_ns)
        jumped = (steps < 0) | (steps > MAX_STEP_NS)
        jumped[0] |= self._restarted
        if jumped.any():
            steps[jumped] = GAP_NS
            steps[np.argmax(jumped)] = max(GAP_NS, arrival_ns - self._arrival_ns)
        moved = np.flatnonzero(steps)
        self._repeats = len(steps) - 1 - int(moved[-1]) if len(moved) else self._repeats + len(steps)
        times = self.last_ns + np.cumsum(steps)
        self.last_ns, self._raw_ns = int(times[-1]), int(raw_ns[-1])
        self._arrival_ns, self._restarted = arrival_ns, False
        return times

    def restart(self) -> None:
        self._restarted = True


class EvenClock:
    """Evenly spaced times for a sensor without a clock: a phase-locked loop follows the arrivals.

    >>> clock = EvenClock(period_ns=20_000_000)
    >>> clock.stamp(np.full(3, np.nan), 100_000_000).tolist()
    [60000000, 80000000, 100000000]
    >>> clock.stamp(np.full(2, np.nan), 160_000_000).tolist()  # 20 ms late: a tenth of it is corrected.
    [121000000, 142000000]
    >>> clock.stamp(np.full(1, np.nan), 900_000_000).tolist()  # Silence.
    [900000000]
    """

    def __init__(self, period_ns: float, after_ns: int | None = None):
        """A clock.

        Args:
            period_ns: between two samples, measured or nominal.
            after_ns: the newest time of the clock that this one replaces, if any.
        """
        self._period_ns = min(max(period_ns, MIN_PERIOD_NS), MAX_PERIOD_NS)
        self.last_ns = after_ns
        self._offset_ns = 0
        self._restarted = after_ns is not None

    def stamp(self, raw: NDArray[np.float64], arrival_ns: int) -> NDArray[np.int64]:
        count = len(raw)
        if not count:
            return np.empty(0, np.int64)
        span_ns = count * self._period_ns
        if self.last_ns is None:
            self.last_ns = round(arrival_ns - span_ns)
        elif self._restarted:
            # The offset from the computer's clock to the times returned so far, which may be a sensor's.
            first_ns = arrival_ns + self._offset_ns - span_ns + self._period_ns
            self._offset_ns += max(0, round(self.last_ns + GAP_NS - first_ns))
        error_ns = arrival_ns + self._offset_ns - self.last_ns - span_ns
        if error_ns > MAX_GAP_NS or self._restarted:
            self.last_ns += round(error_ns)
            step_ns = self._period_ns
        else:
            step_ns = max(self._period_ns + PHASE_GAIN * error_ns / count, MIN_PERIOD_NS)
            period_ns = self._period_ns + PERIOD_GAIN * error_ns / count
            self._period_ns = min(max(period_ns, MIN_PERIOD_NS), MAX_PERIOD_NS)
        times = self.last_ns + np.rint(np.arange(1, count + 1) * step_ns).astype(np.int64)
        self.last_ns, self._restarted = int(times[-1]), False
        return times

    def restart(self) -> None:
        self._restarted = True
