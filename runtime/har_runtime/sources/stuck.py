"""Sensors that have died and go on sending: one reading for ever, or an axis that no longer changes.

A sensor on a wearer never repeats its reading to the last digit for seconds, and one at rest has noise. Only a coarse
one at rest may repeat itself, so a reading that stays the same is called stuck only if something else shows it: the
other sensor stays the same too, or has moved; it is zero, which gravity never is; or it came in steps below its noise.
"""

import logging
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import SourceReport

STUCK_NS: Final = 3_000_000_000
"""One reading for so long. Real recordings repeat one for 0.26 s at most (`signal.sensor_stream`)."""
FINE: Final = 0.0005 * STANDARD_GRAVITY
"""m/s^2. An accelerometer that reads in steps as small as this sees its own noise, 3 mm/s^2 in the best."""
FINE_ROWS: Final = 2000
"""Samples in which the smallest step is looked for."""
MOVED_ACC, MOVED_GYRO = 2.0, 0.5
"""m/s^2 and rad/s: so far from where it was, the device moves."""
MOVED_ROWS: Final = 25
"""So many samples show that, for one may be garbled."""
PART: Final = 64
"""Samples that are judged together."""
REASON: Final = "stuck reading"
"""As counted in `SourceReport.lost`."""

_LOG = logging.getLogger(__name__)


class StuckFilter:
    """Takes chunks in order. The samples of an accelerometer that is stuck are dropped and counted, so that no answer
    comes of them, with those of a gyroscope that stays the same too; what else is stuck is said once.

    Args:
        name: of the source, for the log.
        report: of the source; it counts what is dropped, and tells views what is wrong.
    """

    def __init__(self, name: str, report: SourceReport):
        self._name, self._report = name, report
        self._acc, self._gyro = _Sensor("accelerometer", MOVED_ACC), _Sensor("gyroscope", MOVED_GYRO)
        self._said: set[str] = set()
        self._drops = False

    def push(self, chunk: SampleChunk) -> Sequence[SampleChunk]:
        """What is left of a chunk, which is usually all of it as it is."""
        given = [(one, x) for one, x in ((self._acc, chunk.acc), (self._gyro, chunk.gyro)) if x is not None]
        count = len(chunk.times_ns)
        if not count or not given:
            return (chunk,)
        if not any(one.may_be_same(x) for one, x in given):
            time_ns = int(chunk.times_ns[-1])
            for one, x in given:
                one.has_changed(time_ns, x)
            self._ends(chunk)
            return (chunk,)
        parts = [chunk.part(begin, min(begin + PART, count)) for begin in range(0, count, PART)]
        left = [self._judged(part) for part in parts]
        if all(one is part for one, part in zip(left, parts, strict=True)):
            return (chunk,)
        return [one for one in left if one is not None]

    def _judged(self, part: SampleChunk) -> SampleChunk | None:
        """A part of a chunk without what is stuck."""
        acc, gyro = self._acc, self._gyro
        if part.acc is not None:
            acc.add(part.times_ns, part.acc)
            gyro.compare(part.acc, MOVED_ACC)
        if part.gyro is not None:
            gyro.add(part.times_ns, part.gyro)
            acc.compare(part.gyro, MOVED_GYRO)
        both = acc.is_same and gyro.is_same
        if not (both or (acc.is_same and acc.is_dead)):
            self._say_gyroscope()
            self._ends(part)
            return part
        if not self._drops:
            self._drops = True
            names = "accelerometer and the gyroscope stay" if both else "accelerometer stays"
            self._report.say(
                f"{self._name}: the {names} at one reading, to the last digit, for {STUCK_NS // 10**9} s, so it is not "
                "used: check the sensor and its wires"
            )
        dropped = (part.acc is not None) + (part.gyro is not None and both)
        if dropped:
            self._report.lost[REASON] += dropped * len(part.times_ns)
        return None if both or part.gyro is None else SampleChunk(part.times_ns, None, part.gyro, part.labels)

    def _ends(self, chunk: SampleChunk) -> None:
        if self._drops and chunk.acc is not None:
            self._drops = False
            self._report.say(None)

    def _say_gyroscope(self) -> None:
        if self._gyro.is_same and self._gyro.moved >= MOVED_ROWS:
            self._say("gyroscope", "the gyroscope stays at one reading while the acceleration changes")
        for sensor in (self._acc, self._gyro):
            for axis in sensor.stuck_axes():
                name = f"the {axis} axis of the {sensor.name}"
                self._say(name, f"{name} stays at one reading while the others change")

    def _say(self, what: str, text: str) -> None:
        if what not in self._said:
            self._said.add(what)
            _LOG.warning("%s: %s, so it is stuck, and answers may be wrong: check the sensor", self._name, text)


class _Same:
    """Since when some columns stay the same, and whether others have moved since then."""

    def __init__(self) -> None:
        self.since_ns: int | None = None
        self.is_same = False
        self.moved = 0
        """Samples of the others that were far from their first."""
        self._others: NDArray[np.float64] | None = None

    def changed(self, time_ns: int) -> None:
        self.since_ns, self.is_same, self.moved, self._others = time_ns, False, 0, None

    def stays(self, time_ns: int) -> None:
        if self.since_ns is None or time_ns < self.since_ns:  # The clock was set back.
            self.since_ns = time_ns
        self.is_same = time_ns - self.since_ns >= STUCK_NS

    def compare(self, others: NDArray[np.float64], far: float) -> None:
        first = others[0].copy() if self._others is None else self._others
        self._others = first
        self.moved += int(np.count_nonzero((np.abs(others - first) > far).any(axis=1)))


class _Sensor:
    """The readings of one sensor.

    Args:
        name: for messages.
        far: how far a reading moves if the device does.
    """

    def __init__(self, name: str, far: float):
        self.name, self._far = name, far
        self._whole = _Same()
        self._axes = [_Same() for _ in "xyz"]
        self._last: list[float] | None = None
        self._changed_ns: int | None = None
        """When every axis changed, if that is not noted yet: it costs little while all is well."""
        self._has_stayed = False
        """Whether something was looked at since then."""
        self._step, self._rows = float("inf"), 0
        """The smallest step between two readings of an axis, of so many."""

    @property
    def is_same(self) -> bool:
        """Whether all axes have stayed the same for `STUCK_NS`."""
        return self._whole.is_same

    @property
    def moved(self) -> int:
        """Samples in which the other sensor moved, while this one stayed the same."""
        return self._whole.moved

    @property
    def is_dead(self) -> bool:
        """Whether no accelerometer that is alive stays at this reading."""
        return self.moved >= MOVED_ROWS or self._last == [0.0, 0.0, 0.0] or self._step <= FINE

    def stuck_axes(self) -> list[str]:
        """The names of the axes that have stayed the same while the others moved."""
        return [name for name, axis in zip("xyz", self._axes, strict=True) if axis.is_same and axis.moved >= MOVED_ROWS]

    def may_be_same(self, x: NDArray[np.float64]) -> bool:
        """Whether an axis may have stayed the same since before some samples; False costs little."""
        if len(x) > PART:
            before = np.concatenate([[self._last or x[0].tolist()], x[PART - 1 : -1 : PART]])
            first, last = x[::PART], x[[*range(PART - 1, len(x) - 1, PART), len(x) - 1]]
            return bool(((first == before) & (last == before)).any())
        if self._last is None:
            return False
        before, last = self._last, x[-1].tolist()
        if before[0] != last[0] and before[1] != last[1] and before[2] != last[2]:
            return False  # As nearly always.
        return any(a == b == c for a, b, c in zip(before, x[0].tolist(), last, strict=True))

    def has_changed(self, time_ns: int, x: NDArray[np.float64]) -> None:
        """Note samples up to a time in which every axis has changed."""
        self._note(x)
        self._changed_ns = time_ns
        if self._has_stayed:
            self._begin_again()

    def add(self, times_ns: NDArray[np.int64], x: NDArray[np.float64]) -> None:
        """Note samples, `PART` at most; an axis that changes in them has changed."""
        self._begin_again()
        self._has_stayed = True
        before = x[0] if self._last is None else np.array(self._last)
        stays = (x == before).all(axis=0)
        self._note(x)
        time_ns = int(times_ns[-1])
        for index, axis in enumerate(self._axes):
            if stays[index]:
                axis.stays(time_ns)
                axis.compare(np.delete(x, index, axis=1), self._far)
            else:
                axis.changed(time_ns)
        if stays.all():
            self._whole.stays(time_ns)
        else:
            self._whole.changed(time_ns)

    def compare(self, others: NDArray[np.float64], far: float) -> None:
        """Note samples of the other sensor."""
        self._begin_again()
        self._has_stayed = True
        self._whole.compare(others, far)

    def _begin_again(self) -> None:
        """Have everything changed when it last did."""
        if self._changed_ns is not None:
            for one in (self._whole, *self._axes):
                one.changed(self._changed_ns)
            self._changed_ns, self._has_stayed = None, False

    def _note(self, x: NDArray[np.float64]) -> None:
        self._last = x[-1].tolist()
        if self._rows < FINE_ROWS and len(x) > 1 and self._step > FINE:
            self._rows += len(x)
            steps = np.abs(x[1:] - x[:-1])
            steps = steps[steps > 1e-9]  # Equal readings may differ by how they were computed.
            self._step = min(self._step, float(steps.min())) if len(steps) else self._step
