"""What the page on the phone sends: rows of seven numbers in, samples of the contract and counted losses out.

A message is binary: rows of seven little-endian float64, in the order of the browser's events:

| number | meaning |
|---|---|
| 1 | when the sensor was read, milliseconds since 1970 by the phone's clock |
| 2 to 4 | acceleration with gravity, m/s^2: x, y, z of `DeviceMotionEvent.accelerationIncludingGravity` |
| 5 to 7 | angular rate, deg/s: alpha, beta, gamma of `rotationRate`; NaN without a gyroscope |

Browsers on iOS give acceleration with the opposite sign of the others, and angular rate with the same one. The page
sends both as the browser gives them and says which it is.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.samples import SampleChunk

COLUMNS: Final = 7
ROW_BYTES: Final = 8 * COLUMNS
MAX_MESSAGE_BYTES: Final = 1024 * ROW_BYTES
"""Five seconds of the fastest phones; the page sends ten messages a second."""
MAX_VALUE: Final = 1e6
"""Far beyond any axis of a phone's sensor, in any unit."""
MAX_TIME_MS: Final = 4e12
"""The year 2096."""


@dataclass(frozen=True)
class Rows:
    """A message of the page."""

    error: str | None = None
    """Why it is not one; None if it is."""
    times_ns: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    """By the phone's clock, in order, shape (n,)."""
    acc: NDArray[np.float64] = field(default_factory=lambda: np.empty((0, 3)))
    """m/s^2 as the browser gives it, shape (n, 3)."""
    gyro: NDArray[np.float64] | None = None
    """rad/s, shape (n, 3); NaN in rows without; None if no row has it."""
    lost: Counter[str] = field(default_factory=Counter)
    """Unusable rows, by reason."""

    def chunks(self, sign: float) -> list[SampleChunk]:
        """The samples of each sensor.

        Args:
            sign: of acceleration: -1 for iOS, otherwise 1.
        """
        parts = [SampleChunk(self.times_ns, sign * self.acc, None)] if len(self.times_ns) else []
        if self.gyro is not None:
            there = np.isfinite(self.gyro[:, 0])
            parts.insert(0, SampleChunk(self.times_ns[there], None, self.gyro[there]))
        return parts


def parse_rows(message: bytes) -> Rows:
    """Read one message; never raises.

    >>> rows = parse_rows(np.array([[1e12, 0, 0, 9.81, 0, 180, 0]]).astype("<f8").tobytes())
    >>> rows.times_ns.tolist(), rows.acc.tolist(), rows.gyro.round(3).tolist()
    ([1000000000000000000], [[0.0, 0.0, 9.81]], [[0.0, 3.142, 0.0]])
    >>> parse_rows(b"abc").error
    'message that is not whole rows'
    """
    if not message or len(message) % ROW_BYTES or len(message) > MAX_MESSAGE_BYTES:
        return Rows("message that is not whole rows")
    rows = np.frombuffer(message, "<f8").reshape(-1, COLUMNS)
    times, acc, gyro = rows[:, 0], rows[:, 1:4], rows[:, 4:]
    is_alone = np.isnan(gyro).all(axis=1)
    has_time = (times > 0) & (times <= MAX_TIME_MS)  # False for NaN.
    has_acc = (np.abs(acc) < MAX_VALUE).all(axis=1)
    is_good = has_time & has_acc & ((np.abs(gyro) < MAX_VALUE).all(axis=1) | is_alone)
    lost = Counter(
        {
            "reading without a time": int(np.count_nonzero(~has_time)),
            "reading without acceleration": int(np.count_nonzero(has_time & ~has_acc)),
            "reading with an axis out of range": int(np.count_nonzero(has_time & has_acc & ~is_good)),
        }
    )
    rows = rows[is_good]
    rows = rows[np.argsort(rows[:, 0], kind="stable")].astype(np.float64)
    return Rows(
        None,
        np.rint(1e6 * rows[:, 0]).astype(np.int64),
        rows[:, 1:4],
        None if np.isnan(rows[:, 4]).all() else np.radians(rows[:, 4:]),
        +lost,
    )
