"""Bouts of walking or running, by their steps: when, how long, how many steps, how fast."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from har_runtime.answers.effort import intensity_of, mets_of
from har_runtime.cli.activity_rows import Row
from har_runtime.contract import HOP_S

MAX_PAUSE_S: Final = 5.0
"""A longer time without steps ends a bout, as it does an activity."""


@dataclass(slots=True)
class StepBout:
    """Steps without a pause of more than `MAX_PAUSE_S`."""

    start_unix_s: float
    end_unix_s: float
    steps: int = 0
    activities: Counter[str] = field(default_factory=Counter)
    """Rows with steps of each activity."""
    summed_cadence: float = 0.0

    @property
    def seconds(self) -> float:
        return self.end_unix_s - self.start_unix_s

    @property
    def cadence(self) -> float:
        """Mean steps a minute, while there were steps."""
        return self.summed_cadence / self.activities.total()

    @property
    def activity(self) -> str:
        """What most of its rows say."""
        return self.activities.most_common(1)[0][0]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return {
            "start": datetime.fromtimestamp(self.start_unix_s).astimezone().isoformat(timespec="milliseconds"),
            "start_unix_s": round(self.start_unix_s, 3),
            "end_unix_s": round(self.end_unix_s, 3),
            "seconds": round(self.seconds, 3),
            "activity": self.activity,
            "steps": self.steps,
            "cadence": round(self.cadence, 1),
            "intensity": intensity_of(self.cadence),
            "mets_at_least": mets_of(self.cadence),
        }


class StepBouts:
    """Adds bouts to a list, from rows in their order."""

    def __init__(self, bouts: list[StepBout]) -> None:
        self._bouts = bouts

    def step(self, row: Row) -> None:
        """Add the next row."""
        if not row.cadence or row.steps is None:
            return
        last = self._bouts[-1] if self._bouts else None
        if last is None or not 0 <= row.unix_s - last.end_unix_s <= MAX_PAUSE_S + HOP_S:
            # Its first steps come together: they took longer than a row.
            taken_s = max(HOP_S, 60 * row.steps / row.cadence)
            last = StepBout(row.unix_s - taken_s, row.unix_s)
            self._bouts.append(last)
        last.end_unix_s = row.unix_s
        last.steps += row.steps
        last.activities[row.activity] += 1
        last.summed_cadence += row.cadence
