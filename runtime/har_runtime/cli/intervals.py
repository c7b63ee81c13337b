"""The day in intervals of the same length, such as minutes: time of each activity, steps and cadence."""

import argparse
import re
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from har_runtime.cli.activity_rows import Row
from har_runtime.contract import HOP_S

UNITS_S: Final = {"s": 1, "min": 60, "h": 3600}
MAX_S: Final = 24 * 3600


@dataclass(slots=True)
class Interval:
    """What the rows of an interval say."""

    start_unix_s: float
    seconds: dict[str, float] = field(default_factory=dict)
    """In each activity that occurred."""
    steps: int | None = None
    """None if no row says anything of steps."""
    summed_cadence: float = 0.0
    stepping_s: float = 0.0
    """Seconds with steps."""

    @property
    def activity(self) -> str:
        """What took longest."""
        return max(self.seconds.items(), key=lambda item: item[1])[0]

    @property
    def cadence(self) -> float | None:
        """Mean steps a minute, while there were steps; None without any."""
        return self.summed_cadence * HOP_S / self.stepping_s if self.stepping_s else None

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return {
            "start": datetime.fromtimestamp(self.start_unix_s).astimezone().isoformat(timespec="seconds"),
            "start_unix_s": round(self.start_unix_s, 3),
            "seconds": dict(sorted(self.seconds.items(), key=lambda item: -item[1])),
            "steps": self.steps,
            "stepping_seconds": self.stepping_s,
            "cadence": self.cadence and round(self.cadence, 1),
        }


class Intervals:
    """Adds intervals to a list, from rows in their order; they begin at local midnight.

    Args:
        every_s: their length, seconds.
        intervals: the list.
    """

    def __init__(self, every_s: int, intervals: list[Interval]) -> None:
        self._every_s, self._intervals = every_s, intervals

    def step(self, row: Row, midnight_s: float) -> None:
        """Add the next row.

        Args:
            midnight_s: when its local day began, seconds since 1970.
        """
        into_s = max(0.0, row.unix_s - HOP_S - midnight_s)
        start_s = midnight_s + into_s // self._every_s * self._every_s
        if not self._intervals or self._intervals[-1].start_unix_s != start_s:
            self._intervals.append(Interval(start_s))
        interval = self._intervals[-1]
        interval.seconds[row.activity] = interval.seconds.get(row.activity, 0.0) + HOP_S
        if row.steps is not None:
            interval.steps = (interval.steps or 0) + row.steps
        if row.cadence:
            interval.summed_cadence += row.cadence
            interval.stepping_s += HOP_S


def interval_s(text: str) -> int:
    """A type for `add_argument`: a length of time, in whole seconds.

    >>> interval_s("1min"), interval_s("30s"), interval_s("2h")
    (60, 30, 7200)
    """
    match = re.fullmatch(r"([1-9]\d{0,5})(s|min|h)", text)
    seconds = int(match[1]) * UNITS_S[match[2]] if match else 0
    if not 0 < seconds <= MAX_S:
        raise argparse.ArgumentTypeError(f"'{text}' is not a time of 1s to 24h, such as 30s, 1min or 1h")
    return seconds
