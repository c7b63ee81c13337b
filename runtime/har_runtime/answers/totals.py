"""The day in numbers: seconds of each activity, changes, time not worn, steps and effort."""

import time
from dataclasses import dataclass

from har_runtime.answers.answer import Reason, Totals
from har_runtime.answers.effort import intensity_of
from har_runtime.contract import HOP_S


@dataclass(frozen=True)
class EarlierToday:
    """What was answered today before the program began, by another run of it."""

    totals: Totals
    last: str | None
    """The newest activity that started; None if none did."""


class RunningTotals:
    """Adds up windows from `since_unix_s` on, or on top of earlier ones."""

    def __init__(self, since_unix_s: float, earlier: Totals | None = None):
        earlier = earlier or Totals(since_unix_s)
        self._since_unix_s = earlier.since_unix_s
        self._seconds: dict[str, float] = dict(earlier.seconds)
        self._not_worn_s = earlier.not_worn_s
        self._transitions = earlier.transitions
        self._steps = earlier.steps
        self._effort: dict[str, float] = dict(earlier.effort)

    def step(
        self,
        activity: str,
        reason: Reason | None,
        transition: bool,
        steps: int = 0,
        cadence: float | None = None,
    ) -> None:
        """Add a window.

        Args:
            activity: a label, or `UNKNOWN` for the reason given.
            transition: whether another activity than the last one begins with it.
            steps: taken with it.
            cadence: steps/min; None if there are none.
        """
        if reason == "not worn":
            self._not_worn_s += HOP_S
        else:
            self._seconds[activity] = self._seconds.get(activity, 0.0) + HOP_S
        self._transitions += transition
        self._steps += steps
        if cadence is not None:
            intensity = intensity_of(cadence)
            self._effort[intensity] = self._effort.get(intensity, 0.0) + HOP_S

    def snapshot(self) -> Totals:
        return Totals(self._since_unix_s, self._seconds, self._not_worn_s, self._transitions, self._steps, self._effort)


class DayTotals:
    """Adds up the windows of a day, and starts again at local midnight.

    Args:
        unix_s: now, seconds since 1970.
        earlier: of the same day, if it is that of `unix_s`.
    """

    def __init__(self, unix_s: float, earlier: Totals | None = None):
        same_day = earlier is not None and _local_date(earlier.since_unix_s) == _local_date(unix_s)
        self._start(unix_s, earlier if same_day else None)

    def step(
        self,
        activity: str,
        reason: Reason | None,
        transition: bool,
        unix_s: float,
        steps: int = 0,
        cadence: float | None = None,
    ) -> Totals:
        """Add a window that ended at `unix_s`; returns the day so far."""
        if _local_date(unix_s) != self._date:
            self._start(unix_s)
        self._totals.step(activity, reason, transition, steps, cadence)
        return self._totals.snapshot()

    def _start(self, unix_s: float, earlier: Totals | None = None) -> None:
        self._totals, self._date = RunningTotals(unix_s, earlier), _local_date(unix_s)


def _local_date(unix_s: float) -> tuple[int, int]:
    local = time.localtime(unix_s)
    return local.tm_year, local.tm_yday


def duration_text(seconds: float) -> str:
    """Hours, minutes and seconds, as people read them.

    >>> duration_text(3725.5), duration_text(59.5)
    ('1:02:05', '0:00:59')
    """
    whole = int(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"
