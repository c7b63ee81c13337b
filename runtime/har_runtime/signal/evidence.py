"""What samples show about their own units: figures of two seconds at a time, in bounded memory.

The figures hold in any unit. Gravity is the yardstick: the length of the mean acceleration, and the direction in which
it turns. For a rigid body gravity turns against the angular rate, dg/dt = -w x g, so that the gyroscope's unit and the
handedness of its axes show as soon as the device is turned.

What they cannot show is a reversal of all three axes of acceleration (Apple's sign): the equations of motion are the
same for a mirror image, so every such recording is also that of the wearer's mirror image, with the device the other
way round.
"""

import math
from collections import deque
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import SAMPLE_RATE_HZ
from har_runtime.median import median

BLOCK_S: Final = 2
BLOCK: Final = BLOCK_S * SAMPLE_RATE_HZ
"""Samples in a block, on a grid of 50 Hz."""
BLOCK_NS: Final = BLOCK_S * 1_000_000_000
TURN_BLOCKS: Final = 4
"""Blocks (8 s) in which the turn of gravity is compared with the angular rate, and the mean acceleration is taken."""
MIN_ROWS: Final = 15
"""Samples of a sensor in a block; fewer are too few to interpolate."""
MAX_STEP_NS: Final = 300_000_000
"""A longer time between two samples of a block spoils it."""
MAX_READING: Final = 1e7
"""A larger number is garbled, whatever its unit: sensors of 24 bits count to 8.4 million."""
GLITCH: Final = 20.0
"""A reading so many times as large as the median of its block is garbled, if there are few of them: a fall is 10 g."""
GLITCH_SHARE: Final = 0.06
MAX_ROWS: Final = 20_000
"""Samples of each sensor that are held: ten seconds at 2000 Hz."""
PATIENCE_NS: Final = 40_000_000_000
"""So much acceleration without an angular rate is looked at alone: recordings in two files are read in turns."""
TRIMMED: Final = 0.02
"""Share of a block's largest angular rates that is passed over, for garbled readings are large."""
_SMOOTH: Final = SAMPLE_RATE_HZ
"""Both sides of the comparison are means over a second, which takes most of a step out of them."""
_SPAN: Final = SAMPLE_RATE_HZ
"""The turn is that from one second to the next."""


@dataclass(frozen=True)
class Turn:
    """The turn of gravity over some seconds, compared with what the angular rate says, by least squares."""

    slope: float
    """The turn of gravity over that of the gyroscope: 1 if it measures rad/s, 0.017 for deg/s."""
    correlation: float
    """-1 to 1; negative if the gyroscope turns the other way."""
    size: float
    """Mean turn of gravity from one second to the next, radians."""


@dataclass(frozen=True)
class Block:
    """Two seconds of samples, in the units of the sensor."""

    magnitude: float
    """Median magnitude of acceleration."""
    mean: tuple[float, float, float]
    """Mean acceleration."""
    power: float
    """Mean square of the magnitude of acceleration."""
    spread: float
    """Standard deviation of all axes of acceleration together."""
    gyro_rms: float | None = None
    """Root mean square of the angular rate, without the largest; None without a gyroscope."""
    gyro_top: float = 0.0
    """The largest angular rate of those that are looked at."""

    @property
    def gravity(self) -> float:
        """Length of the mean acceleration."""
        return math.hypot(*self.mean)

    @property
    def is_quiet(self) -> bool:
        """Whether the device was nearly at rest, so that its acceleration is gravity."""
        return self.spread < QUIET * self.gravity

    @property
    def is_moving(self) -> bool:
        """Whether the device was carried about."""
        return self.spread > MOVING * self.gravity


QUIET: Final = 0.03
"""Spread of acceleration at rest, over gravity."""
MOVING: Final = 0.1
"""Spread of acceleration in motion, over gravity."""


class Evidence:
    """Takes samples as they come and keeps the figures of the last blocks, and counts.

    >>> evidence = Evidence()
    >>> times_ns = np.arange(250) * 20_000_000
    >>> evidence.push(times_ns, np.tile([0.0, 0.6, 0.8], (250, 1)), np.zeros((250, 3)))
    True
    >>> [block.magnitude for block in evidence.blocks]
    [1.0, 1.0]

    Args:
        keep: blocks that are kept.
        gyroscope: whether an angular rate is to be waited for.
        may_die: whether acceleration that stays the same, after it has changed, shows nothing: the sensor may be dead.
    """

    def __init__(self, keep: int = 30, gyroscope: bool = True, may_die: bool = False):
        self._waits, self._may_die = gyroscope, may_die
        self.blocks: deque[Block] = deque(maxlen=keep)
        """The newest blocks, the oldest first."""
        self.turns: deque[Turn] = deque(maxlen=keep)
        """Comparisons of both sensors, one for each four seconds without a gap."""
        self.means: deque[float] = deque(maxlen=keep)
        """Length of the mean acceleration over eight seconds without a gap, over its root mean square; one for each
        four seconds. It is near 0 if gravity is missing."""
        self.count = 0
        """Blocks so far."""
        self.is_finished = False
        """Whether no more samples will come."""
        self._acc, self._gyro = _Held(), _Held()
        self._start_ns: int | None = None
        self._recent: deque[tuple[NDArray[np.float64], NDArray[np.float64] | None]] = deque(maxlen=TURN_BLOCKS)
        self._since_turn = 0
        self._has_varied = False
        """Whether acceleration changed in some block."""

    def push(
        self,
        times_ns: NDArray[np.int64] | None,
        acc: NDArray[np.float64] | None = None,
        gyro: NDArray[np.float64] | None = None,
    ) -> bool:
        """Add samples of one sensor, or of both if they share their times; True if there is a new block.

        Args:
            times_ns: shape (n,); None if they are unknown, then 50 Hz are assumed.
            acc: shape (n, 3), in any unit; a row with a number that no sensor reads is passed over.
            gyro: shape (n, 3), in any unit; likewise.
        """
        if times_ns is None:
            count = len(acc if acc is not None else gyro if gyro is not None else ())
            times_ns = self._next_ns + np.arange(count, dtype=np.int64) * (1_000_000_000 // SAMPLE_RATE_HZ)
        if not len(times_ns):
            return False
        if self._start_ns is not None and int(times_ns[-1]) < self._start_ns - BLOCK_NS:
            self._restart()  # The clock was set back.
        before = self.count
        for held, values in ((self._acc, acc), (self._gyro, gyro)):
            if values is not None:
                held.push(times_ns, values)
        with np.errstate(all="ignore"):  # A garbled reading can be a number whose square is infinite.
            while self._complete(PATIENCE_NS if self._waits else 0):
                pass
        return self.count > before

    def finish(self) -> None:
        """No more samples will come: make a block of the rest, if it is a second or longer."""
        with np.errstate(all="ignore"):
            while self._complete(0):
                pass
            if self._start_ns is not None and self._acc.newest_ns - self._start_ns >= BLOCK_NS // 2:
                self._make_block(self._start_ns, self._acc.newest_ns)
            if not self.means and len(self._recent) > 1:
                self.means.append(_share_of_mean(np.concatenate([acc for acc, _ in self._recent])))
        self.is_finished = True
        self._restart()

    @property
    def _next_ns(self) -> int:
        newest = max(self._acc.newest_ns, self._gyro.newest_ns)
        return newest + 1_000_000_000 // SAMPLE_RATE_HZ if newest >= 0 else 0

    def _complete(self, patience_ns: int) -> bool:
        """Make the next block, if its samples are complete or acceleration is ahead by so much; False if it is not."""
        if not len(self._acc):
            return False
        if self._start_ns is None:
            first_ns = self._acc.first_ns
            if patience_ns and not len(self._gyro) and self._acc.newest_ns < first_ns + patience_ns:
                return False
            self._start_ns = max(first_ns, self._gyro.first_ns) if len(self._gyro) else first_ns
        end_ns = self._start_ns + BLOCK_NS
        acc_ns = self._acc.newest_ns
        if acc_ns < end_ns or (self._gyro.newest_ns < end_ns and acc_ns < end_ns + patience_ns):
            return False
        self._make_block(self._start_ns, end_ns)
        for held in (self._acc, self._gyro):
            held.drop_before(end_ns - MAX_STEP_NS)
        next_ns = self._acc.first_from(end_ns)
        if next_ns is None or next_ns - end_ns > MAX_STEP_NS:
            self._recent.clear()
            self._start_ns = next_ns
        else:
            self._start_ns = end_ns
        return self._start_ns is not None

    def _make_block(self, start_ns: int, end_ns: int) -> None:
        grid = start_ns + np.arange((end_ns - start_ns) * SAMPLE_RATE_HZ // 1_000_000_000) * (10**9 // SAMPLE_RATE_HZ)
        acc, gyro = self._acc.at(grid), self._gyro.at(grid)
        if acc is None:
            self._recent.clear()
            return
        acc = _without_glitches(acc)
        if (acc == acc[0]).all():
            if self._may_die and self._has_varied:  # Stuck, or coarse and at rest: either way there is better evidence.
                self._recent.clear()
                return
        else:
            self._has_varied = True
        self.count += 1
        self.blocks.append(_block(acc, gyro))
        self._recent.append((acc, gyro))
        self._since_turn += 1
        if len(self._recent) == TURN_BLOCKS and self._since_turn >= TURN_BLOCKS // 2:
            self._since_turn = 0
            whole = np.concatenate([acc for acc, _ in self._recent])
            self.means.append(_share_of_mean(whole))
            rates = [gyro for _, gyro in self._recent if gyro is not None]
            if len(rates) == TURN_BLOCKS and (turn := turn_of(whole, np.concatenate(rates))):
                self.turns.append(turn)

    def _restart(self) -> None:
        self._acc, self._gyro = _Held(), _Held()
        self._start_ns = None
        self._recent.clear()


class _Held:
    """The samples of one sensor that wait for the end of their block."""

    def __init__(self) -> None:
        self._times = np.empty(0, np.int64)
        self._values = np.empty((0, 3))
        self.newest_ns = -1

    def __len__(self) -> int:
        return len(self._times)

    @property
    def first_ns(self) -> int:
        return int(self._times[0])

    def push(self, times_ns: NDArray[np.int64], values: NDArray[np.float64]) -> None:
        usable = (np.abs(values) <= MAX_READING).all(axis=1)  # Not with NaN.
        if not usable.any():
            return
        times = np.concatenate([self._times, times_ns[usable]])
        order = np.argsort(times, kind="stable")[-MAX_ROWS:]
        self._times = times[order]
        self._values = np.concatenate([self._values, values[usable]])[order]
        self.newest_ns = int(self._times[-1])

    def drop_before(self, time_ns: int) -> None:
        begin = int(np.searchsorted(self._times, time_ns))
        self._times, self._values = self._times[begin:], self._values[begin:]

    def first_from(self, time_ns: int) -> int | None:
        begin = int(np.searchsorted(self._times, time_ns))
        return int(self._times[begin]) if begin < len(self._times) else None

    def at(self, grid: NDArray[np.int64]) -> NDArray[np.float64] | None:
        """Interpolated at these times, shape (n, 3); None if the samples are too few or have a gap there."""
        begin, end = np.searchsorted(self._times, [grid[0], grid[-1] + 1])
        begin, end = max(0, int(begin) - 1), min(len(self._times), int(end) + 1)
        times, values = self._times[begin:end], self._values[begin:end]
        if len(times) < MIN_ROWS or int(np.diff(times).max()) > MAX_STEP_NS:
            return None
        if times[0] > grid[0] + MAX_STEP_NS or times[-1] < grid[-1] - MAX_STEP_NS:
            return None
        seconds, known = (grid - grid[0]) / 1e9, (times - grid[0]) / 1e9
        return np.stack([np.interp(seconds, known, values[:, axis]) for axis in range(3)], axis=1)


def _without_glitches(acc: NDArray[np.float64]) -> NDArray[np.float64]:
    """The samples, the few that are out of all proportion replaced by the median: a garbled reading says nothing."""
    size = np.linalg.norm(acc, axis=1)
    garbled = size > GLITCH * median(size)
    if not 0 < np.count_nonzero(garbled) <= GLITCH_SHARE * len(acc):
        return acc
    return np.where(garbled[:, None], [median(axis) for axis in acc.T], acc)


def _share_of_mean(acc: NDArray[np.float64]) -> float:
    """Length of the mean acceleration over its root mean square."""
    power = float((acc * acc).sum(axis=1).mean())
    return float(np.linalg.norm(acc.mean(axis=0))) / math.sqrt(power) if power > 0 else 0.0


def _block(acc: NDArray[np.float64], gyro: NDArray[np.float64] | None) -> Block:
    square = (acc * acc).sum(axis=1)
    x, y, z = acc.mean(axis=0).tolist()
    rms, top = None, 0.0
    if gyro is not None:
        rates = np.sort((gyro * gyro).sum(axis=1))[: math.ceil(len(gyro) * (1 - TRIMMED))]
        rms, top = math.sqrt(float(rates.mean())), math.sqrt(float(rates[-1]))
    return Block(
        magnitude=median(np.sqrt(square)),
        mean=(x, y, z),
        power=float(square.mean()),
        spread=math.sqrt(float(acc.var(axis=0).sum())),
        gyro_rms=rms,
        gyro_top=top,
    )


def turn_of(acc: NDArray[np.float64], gyro: NDArray[np.float64]) -> Turn | None:
    """Compare the turn of gravity with the angular rate; None if nothing turns.

    Args:
        acc: at 50 Hz, shape (n, 3), n at least 101, in any unit.
        gyro: at the same times, in any unit, shape (n, 3).
    """
    gravity = float(np.linalg.norm(acc.mean(axis=0)))
    if not 0 < gravity < math.inf:
        return None
    acc = acc / gravity
    smooth = _means(acc)
    turned = smooth[_SPAN:] - smooth[:-_SPAN]
    rate = np.cumsum(_means(-np.cross(gyro, acc)), axis=0) / SAMPLE_RATE_HZ
    expected = rate[_SPAN:] - rate[:-_SPAN]
    power, own, both = _product(expected, expected), _product(turned, turned), _product(expected, turned)
    if not (0 < power < math.inf and 0 < own < math.inf):
        return None
    return Turn(both / power, both / math.sqrt(power * own), math.sqrt(own / len(turned)))


def _product(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float((one * other).sum())


def _means(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means over a second, one for each sample at which it ends."""
    total = np.cumsum(np.concatenate([np.zeros((1, 3)), values]), axis=0)
    return (total[_SMOOTH:] - total[:-_SMOOTH]) / _SMOOTH
