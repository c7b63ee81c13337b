"""What a phone does not send, though answers need it: said while it is missing, here and on the phone.

The app shows the text of an answer with the status 499 (`SHOWN`).
"""

from typing import Final

from har_runtime.sources.base import SourceReport
from har_runtime.sources.sensorlogger.message import WRIST, Message

SHOWN: Final = 499
"""The status of an answer whose text the app shows."""
SAY_AFTER_NS: Final = 2_000_000_000
"""A sensor that has sent nothing for this long, by the phone's clock, is missing. The app sends all sensors in each
message, and a message each second or more often."""
HINT_UNTIL_NS: Final = 6_000_000_000
"""Up to here the phone is told that it sends no gyroscope, which some models do without."""
WATCHED: Final = frozenset(
    {"accelerometer", "gravity", "totalacceleration", "accelerometeruncalibrated", "gyroscope", *WRIST}
)
WITHOUT_GRAVITY: Final = (
    "Sensor Logger sends Accelerometer, which is without gravity, and no Gravity: switch on Gravity, or on Android "
    "Total Acceleration"
)
WITHOUT_ACCELEROMETER: Final = "Sensor Logger sends Gravity, but no acceleration: switch on Accelerometer too"
UNCALIBRATED: Final = (
    "Sensor Logger sends only uncalibrated sensors: switch on Accelerometer, Gravity and Gyroscope (on Android Total "
    "Acceleration and Gyroscope)"
)
NO_ACCELERATION: Final = (
    "Sensor Logger sends no acceleration: switch on Accelerometer and Gravity, or on Android Total Acceleration"
)
NO_GYROSCOPE: Final = (
    "this recording is without the gyroscope, which the first one had, so there are no answers: switch it on in Sensor "
    "Logger, or restart har-stream"
)
HINT: Final = (
    "Sensor Logger sends no Gyroscope, so answers are by acceleration alone: switch it on, if the phone has one"
)


class MissingSensors:
    """Watches the messages of a phone.

    Args:
        report: of the source; its `gyroscope` says whether there must be one.
    """

    def __init__(self, report: SourceReport):
        self.trouble: str | None = None
        """What is missing, one line; None if nothing is."""
        self._report = report
        self._has_had_gyroscope = False
        self._recording = ("", "")
        self._begin()

    def push(self, message: Message) -> str | None:
        """Add a message, in the order of arrival; returns what to tell the phone: `trouble`, or a hint."""
        if (message.device, message.session) != self._recording:
            self._recording = message.device, message.session
            self._begin()
        if message.newest_ns is None:
            return self.trouble
        if message.newest_ns < self._newest_ns - SAY_AFTER_NS:  # The clock was set back, or it comes late.
            self._begin()
        self._first_ns = message.newest_ns if self._first_ns is None else min(self._first_ns, message.newest_ns)
        self._newest_ns = max(self._newest_ns, message.newest_ns)
        for name in message.names & WATCHED:
            self._seen_ns[name] = max(self._seen_ns.get(name, 0), message.newest_ns)
        lasted_ns = self._newest_ns - self._first_ns
        self._has_had_gyroscope |= any(name in message.names for name in ("gyroscope", *WRIST))
        self.trouble = self._missing(lasted_ns)
        is_alone = not self._has_had_gyroscope and SAY_AFTER_NS <= lasted_ns < HINT_UNTIL_NS
        return self.trouble or (HINT if is_alone else None)

    def _missing(self, lasted_ns: int) -> str | None:
        if lasted_ns < SAY_AFTER_NS:
            return None
        has = {name for name, seen_ns in self._seen_ns.items() if self._newest_ns - seen_ns < SAY_AFTER_NS}
        if has.intersection(WRIST):
            return None
        if "totalacceleration" not in has and not {"accelerometer", "gravity"} <= has:
            if "accelerometer" in has:
                return WITHOUT_GRAVITY
            if "gravity" in has:
                return WITHOUT_ACCELEROMETER
            return UNCALIBRATED if "accelerometeruncalibrated" in has else NO_ACCELERATION
        if self._report.gyroscope and self._has_had_gyroscope and "gyroscope" not in has:
            return NO_GYROSCOPE
        return None

    def _begin(self) -> None:
        self.trouble = None
        self._first_ns: int | None = None
        self._newest_ns = 0
        self._seen_ns: dict[str, int] = {}
