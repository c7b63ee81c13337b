"""One recording of the app Sensor Logger: orders its messages, adds gravity, and reverses Apple's sign."""

from collections import Counter, deque
from collections.abc import Iterator
from typing import Final

import numpy as np

from har_runtime.contract import MAX_GAP_NS, STANDARD_GRAVITY
from har_runtime.median import median
from har_runtime.samples import SampleChunk
from har_runtime.signal.units import unit_at_rest
from har_runtime.sources.base import SourceReport
from har_runtime.sources.sensorlogger.message import Message, Readings

HOLD_NS: Final = 2_000_000_000
"""How long a message waits for an earlier one, and a reading for gravity at its time."""
MAX_HELD: Final = 16
"""Messages that may wait for an earlier one."""
MAX_ROWS: Final = 8192
"""Readings of one sensor that may wait; 2 s at 500 Hz are 1000."""
MAX_REMEMBERED: Final = 256
"""Numbers of messages that are remembered, to distinguish a repeated message from a late one."""
MAX_LATE_IN_A_ROW: Final = 3
"""After so many late messages in a row, the phone's numbers have restarted."""
UNIT_READINGS: Final = 10
"""Readings that show the unit of the uncalibrated accelerometer."""
ASSUMED_AFTER_NS: Final = 1_000_000_000
PHONE: Final = ("totalacceleration", "accelerometer")
"""The sensors of acceleration of a phone itself."""
ANGULAR_RATE: Final = ", angular rate in rad/s"
"""The end of the report's units if there is a gyroscope."""


class MessageOrder:
    """Orders messages by number: the next one passes at once, a later one waits until the missing ones arrive or are
    given up."""

    def __init__(self, lost: Counter[str]):
        self._lost = lost
        self._next = 0
        self._held: dict[int, tuple[int, Message]] = {}
        self._passed: deque[int] = deque(maxlen=MAX_REMEMBERED)
        self._late_in_a_row = 0

    @property
    def due_ns(self) -> int | None:
        """When the next message has waited long enough, on the clock of the arrivals; None if none waits."""
        if not self._held:
            return None
        return min(arrival for arrival, _ in self._held.values()) + HOLD_NS

    def push(self, message: Message, now_ns: int) -> list[Message] | None:
        """Add a message that arrives now; returns the messages that are ready, or None if it is too late."""
        number = message.number
        if number is None:
            return [message]
        if number in self._held or number in self._passed:
            self._lost["repeated message"] += 1
            return []
        if number < self._next:
            self._late_in_a_row += 1
            if self._late_in_a_row < MAX_LATE_IN_A_ROW:
                return None
            self._next = number
        self._late_in_a_row = 0
        self._held[number] = now_ns, message
        return self.overdue(now_ns)

    def overdue(self, now_ns: int) -> list[Message]:
        """The messages that are ready or have waited long enough."""
        ready = self._in_turn()
        while (due_ns := self.due_ns) is not None and (due_ns <= now_ns or len(self._held) > MAX_HELD):
            ready += self._give_up_waiting()
        return ready

    def flush(self) -> list[Message]:
        """All messages that still wait."""
        ready: list[Message] = []
        while self._held:
            ready += self._give_up_waiting()
        return ready

    def _give_up_waiting(self) -> list[Message]:
        first = min(self._held)
        missing = first - self._next
        if self._passed:  # Before the first message nothing is missing: the recording may have begun earlier.
            self._lost["missing message"] += (
                missing if missing <= MAX_REMEMBERED else 1
            )  # Otherwise the number is invalid.
        self._next = first
        return self._in_turn()

    def _in_turn(self) -> list[Message]:
        ready: list[Message] = []
        while self._next in self._held:
            ready.append(self._held.pop(self._next)[1])
            self._passed.append(self._next)
            self._next += 1
        return ready


class GravityAdder:
    """Adds gravity to acceleration without it; gravity is interpolated between two readings at most 0.1 s apart."""

    def __init__(self, lost: Counter[str]):
        self._lost = lost
        self._clear()

    def push(self, acceleration: Readings | None, gravity: Readings | None) -> None:
        """Add readings of either sensor."""
        for readings, is_gravity in ((acceleration, False), (gravity, True)):
            if readings is None:
                continue
            if int(readings.times_ns[0]) < self._newest_ns - HOLD_NS:  # The clock was set back.
                self._lose(len(self._times))
                self._clear()
            self._newest_ns = max(self._newest_ns, int(readings.times_ns[-1]))
            if is_gravity:
                times = np.concatenate([self._gravity_times, readings.times_ns])
                self._gravity_times, first = np.unique(times, return_index=True)
                self._gravity = np.concatenate([self._gravity, readings.values])[first]
            else:
                times = np.concatenate([self._times, readings.times_ns])
                order = np.argsort(times, kind="stable")
                self._times = times[order]
                self._values = np.concatenate([self._values, readings.values])[order]
        self._lose(len(self._times) - MAX_ROWS)
        self._times, self._values = self._times[-MAX_ROWS:], self._values[-MAX_ROWS:]
        keep_from = max(
            int(np.searchsorted(self._gravity_times, self._newest_ns - HOLD_NS - MAX_GAP_NS)),
            len(self._gravity_times) - MAX_ROWS,
        )
        self._gravity_times, self._gravity = self._gravity_times[keep_from:], self._gravity[keep_from:]

    def ready(self) -> Readings | None:
        """The readings whose gravity is known; None if there are none."""
        known_until = int(self._gravity_times[-1]) if len(self._gravity_times) else -1
        known = self._times <= known_until
        late = ~known & (self._times < self._newest_ns - HOLD_NS)
        times, values = self._times[known], self._values[known]
        waits = ~known & ~late
        self._times, self._values = self._times[waits], self._values[waits]
        right = np.searchsorted(self._gravity_times, times)
        left = np.maximum(right - 1, 0)
        width = self._gravity_times[right] - self._gravity_times[left]
        exact = self._gravity_times[right] == times
        beside = exact | ((right > 0) & (width <= MAX_GAP_NS))
        self._lose(int(np.count_nonzero(late)) + int(np.count_nonzero(~beside)))
        weight = np.where(exact, 1.0, (times - self._gravity_times[left]) / np.maximum(width, 1))[:, None]
        gravity = (1 - weight) * self._gravity[left] + weight * self._gravity[right]
        return Readings(times[beside], (values + gravity)[beside]) if beside.any() else None

    def _clear(self) -> None:
        self._newest_ns = 0
        self._times, self._gravity_times = np.empty(0, np.int64), np.empty(0, np.int64)
        self._values, self._gravity = np.empty((0, 3)), np.empty((0, 3))

    def _lose(self, count: int) -> None:
        if count > 0:
            self._lost["acceleration without gravity at its time"] += count


class Session:
    """Turns the ordered messages of one recording into samples.

    The sign: according to COORDINATES.md an iPhone by default gives acceleration and gravity with the opposite sign of
    Android on all three axes, and angular rate with the same sign. With 'Standardise Units & Frames' on it gives
    Android's. The motion itself does not show the sign, so it is taken from, in this order,
    1. the option `platform`;
    2. what only Android sends: `totalacceleration`, or readings with `accuracy`;
    3. `accelerometeruncalibrated`, according to UNITS.md in g with Apple's sign, and in m/s^2 with Android's;
    4. otherwise an iPhone in its default setting is assumed, and the report says so.

    A watch's wrist motion is read if the phone itself sends no acceleration. Its gravity shows the unit: g with Apple's
    sign, or m/s^2 with Android's (UNITS.md).
    """

    def __init__(self, platform: str, report: SourceReport):
        """A session.

        Args:
            platform: "ios", "android" or "auto".
            report: updated as messages arrive.
        """
        self._report = report
        self._adder = GravityAdder(report.lost)
        self._total = False
        self._is_phone = False
        """Whether the phone's own acceleration is read."""
        self._wrist: tuple[float, float] | None = None
        """Sign and size of the unit of a watch's acceleration, once it is read."""
        self._uncalibrated: deque[float] = deque(maxlen=UNIT_READINGS)
        self._began_ns: int | None = None
        self._sign = 0.0  # Not known yet.
        self._is_sure = False
        if platform != "auto":
            self._set_sign(-1.0 if platform == "ios" else 1.0, f"by platform={platform}")

    def samples(self, message: Message) -> Iterator[SampleChunk]:
        """The samples that this message completes."""
        self._report.lost.update(message.lost)
        readings = message.readings
        self._is_phone |= self._wrist is None and any(name in readings for name in PHONE)
        if not self._is_phone and (self._wrist is not None or "wristgravity" in readings):
            yield from self._of_the_wrist(readings)
            return
        if gyroscope := readings.get("gyroscope"):
            yield SampleChunk(gyroscope.times_ns, None, gyroscope.values)
        if not self._is_sure:
            self._look_for_evidence(message)
        if total := readings.get("totalacceleration"):
            self._total = True
            yield self._chunk(total)
        if self._total:
            return
        self._adder.push(readings.get("accelerometer"), readings.get("gravity"))
        if self._sign and (ready := self._adder.ready()):
            yield self._chunk(ready)

    def _of_the_wrist(self, readings: dict[str, Readings]) -> Iterator[SampleChunk]:
        for name in (*PHONE, "gyroscope"):
            if name in readings:
                self._report.lost["reading of the phone beside its watch"] += len(readings[name].times_ns)
        gravity = readings.get("wristgravity")
        if gravity is None:
            return
        if self._wrist is None:
            in_g = unit_at_rest(median(np.linalg.norm(gravity.values, axis=1))) == "g"
            self._wrist = (-1.0, STANDARD_GRAVITY) if in_g else (1.0, 1.0)
            how = "in g with Apple's sign, reversed" if in_g else "in m/s^2 with Android's sign"
            self._set_sign(self._wrist[0], f"a watch's wrist motion, {how}, by the size of its gravity")
        sign, size = self._wrist
        yield SampleChunk(gravity.times_ns, None, readings["wristrotation"].values)
        yield SampleChunk(gravity.times_ns, sign * size * (readings["wristacceleration"].values + gravity.values), None)

    def _chunk(self, acceleration: Readings) -> SampleChunk:
        return SampleChunk(acceleration.times_ns, self._sign * acceleration.values, None)

    def _look_for_evidence(self, message: Message) -> None:
        if "totalacceleration" in message.readings or message.has_accuracy:
            self._set_sign(1.0, "from Android, by what it sends")
            return
        if uncalibrated := message.readings.get("accelerometeruncalibrated"):
            self._uncalibrated.extend(np.linalg.norm(uncalibrated.values, axis=1).tolist())
            if len(self._uncalibrated) == UNIT_READINGS:
                if unit_at_rest(median(self._uncalibrated)) == "g":
                    self._set_sign(-1.0, "with Apple's sign, by its uncalibrated acceleration in g; reversed")
                else:
                    self._set_sign(1.0, "with Android's sign, by its uncalibrated acceleration in m/s^2")
                return
        if acceleration := message.readings.get("accelerometer"):
            self._began_ns = int(acceleration.times_ns[0]) if self._began_ns is None else self._began_ns
            if not self._sign and int(acceleration.times_ns[-1]) - self._began_ns >= ASSUMED_AFTER_NS:
                self._set_sign(
                    -1.0,
                    "assumed to be an iPhone's, sign reversed; if 'Standardise Units & Frames' is on, give "
                    "platform=android",
                )
                self._is_sure = False

    def _set_sign(self, sign: float, why: str) -> None:
        self._sign, self._is_sure = sign, True
        self._report.units = f"acceleration in m/s^2 ({why}){ANGULAR_RATE if self._report.gyroscope else ''}"
