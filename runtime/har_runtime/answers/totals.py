"""The day's story in numbers: seconds of each activity, changes, time not worn."""

import time

from har_runtime.answers.answer import Reason, Totals
from har_runtime.contract import HOP_S


def count(totals: Totals, activity: str, reason: Reason | None, transition: bool) -> None:
    """Add a window to `totals`.

    Args:
        activity: a label, or `UNKNOWN` for the reason given.
        transition: whether with it another activity begins than the last one.
    """
    if reason == "not worn":
        totals.not_worn_s += HOP_S
    else:
        totals.seconds[activity] = totals.seconds.get(activity, 0.0) + HOP_S
    totals.transitions += transition


class DayTotals:
    """Counts answers, from local midnight on anew."""

    def __init__(self, unix_s: float):
        self._totals, self._date = Totals(unix_s), _local_date(unix_s)

    def add(self, activity: str, reason: Reason | None, transition: bool, unix_s: float) -> Totals:
        """Count a window that ended at `unix_s`; returns the day so far, which goes on counting until midnight."""
        date = _local_date(unix_s)
        if date != self._date:
            self._totals, self._date = Totals(unix_s), date
        count(self._totals, activity, reason, transition)
        return self._totals


def _local_date(unix_s: float) -> tuple[int, int]:
    local = time.localtime(unix_s)
    return local.tm_year, local.tm_yday
