"""Counters of time that overflow: Arduino's millis() and micros() after 2^32, 16 bits sooner, and the time of day."""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.median import median

MAX_STEP_NS: Final = 1_000_000_000
"""A longer step is no overflow but a clock that was set back."""
MAX_SHORT_STEP_NS: Final = 100_000_000
"""The same of a counter of 16 bits, whose range is not much longer than that."""
MIN_STEPS: Final = 8
"""Steps ahead that show how long one usually is."""
TIMES_USUAL: Final = 2.5
"""A counter of 65 ms overflows several times a second: only a step of nearly the usual length is one over its end."""
LESS_THAN_RANGE: Final = 0.8
"""Of the longest step of a counter to its range, so that a sample out of its order is no overflow."""
_SHORT: Final = {1e6: (2**16 * 1_000_000,), 1e3: (2**16 * 1000,), 1e9: (60_000_000_000, 3_600_000_000_000)}
"""Of 16 bits, and the seconds of a minute or of an hour."""
_LONG: Final = {1e9: 86_400_000_000_000, 1e6: 2**32 * 1_000_000, 1e3: 2**32 * 1000}
_DAYS: Final = {1e6: 86_400_000_000_000, 1e3: 86_400_000_000_000}


def across_overflows(
    steps_ns: NDArray[np.int64], times_ns: NDArray[np.int64], unit_ns: float, range_ns: int | None = None
) -> NDArray[np.int64]:
    """The steps of a counter with those over its end made right.

    Args:
        steps_ns: from one time to the next, shape (n,).
        times_ns: after each step, shape (n,).
        unit_ns: of the counter: 1e9, 1e6 or 1e3; any other has no range that is known.
        range_ns: where it overflows, if that is known.

    >>> times = np.array([4294967286, 4294967291, 0, 5]) * 1_000_000
    >>> across_overflows(np.diff(times), times[1:], 1e6).tolist()
    [5000000, 5000000, 5000000]
    """
    back = steps_ns < 0
    if not back.any():
        return steps_ns
    before = times_ns - steps_ns
    ahead = steps_ns[steps_ns > 0]
    usual = median(ahead) if len(ahead) >= MIN_STEPS else None
    ranges = {range_ns or _LONG.get(unit_ns): MAX_STEP_NS, _DAYS.get(unit_ns): MAX_STEP_NS}
    for short in _SHORT.get(unit_ns, ()):
        most = MAX_SHORT_STEP_NS if usual is None else min(MAX_SHORT_STEP_NS, round(TIMES_USUAL * usual))
        if most < LESS_THAN_RANGE * short:
            ranges[short] = most
    out = steps_ns
    for size, most in ranges.items():
        if size is not None:
            over = steps_ns + size
            out = np.where(back & (over > 0) & (over <= most) & (before < size), over, out)
    return out
