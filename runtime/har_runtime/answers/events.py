"""When activities start and end, and which of them are a change."""

from collections.abc import Iterable
from dataclasses import replace

from har_runtime.answers.answer import Event
from har_runtime.answers.families import Families

MAX_BREAK_NS = 5_000_000_000
"""A doubt, a gap or another activity that lasts no longer than this (5 s) does not interrupt an activity."""


class EventDetector:
    """Makes events of the activities of consecutive windows; "started" and "ended" alternate.

    An activity starts once two windows in a row have it, at the first of the two: half a second of something else, as
    at the edge of a change, neither starts nor ends anything. A family that contains an activity says nothing against
    it: it continues the current activity, and is the second of two windows that start one.

    Args:
        families: which answers contain which.
    """

    def __init__(self, families: Families | None = None) -> None:
        self._families = families or Families()
        self._current: str | None = None
        self._end = Event("ended", "", 0.0, 0.0)
        """The end of the current activity, if it were to end now."""
        self._end_ns = 0
        self._start: Event | None = None
        """The start of the next activity, if the next window has it too."""
        self._end_before = self._end
        """The end of the current activity, if the next one starts there."""

    def step(self, activity: str | None, end_ns: int, unix_s: float, worn: bool = True) -> tuple[Event, ...]:
        """Add the next window; returns what ended and started with it, in order of time.

        Args:
            activity: a label or a family; None if it is unknown.
            end_ns: sensor time of the window's last sample.
            unix_s: the same by this computer's clock.
            worn: a sensor that is not worn ends the current activity at once.
        """
        events: list[Event] = []
        start, self._start = self._start, None
        if self._current is not None and not (worn and 0 <= end_ns - self._end_ns <= MAX_BREAK_NS):
            events.append(self._end)
            self._current = None
        if activity is None:
            return tuple(events)
        current = self._current
        if current is None or not self._families.covers(activity, current):
            started = start and self._families.narrower(start.activity, activity)
            if start is None or started is None:
                self._start, self._end_before = Event("started", activity, end_ns / 1e9, unix_s), self._end
                if current is None or not self._families.covers(current, activity):
                    return tuple(events)
            else:
                events += [self._end_before] if current is not None else []
                events.append(replace(start, activity=started))
                current = self._current = started
        self._end, self._end_ns = Event("ended", current, end_ns / 1e9, unix_s), end_ns
        return tuple(events)


class Changes:
    """Which activities that start are others than the one before, whatever was between the two.

    An activity and a family that contains it are no two.

    Args:
        families: which answers contain which.
        last: the activity before, if there was one.
    """

    def __init__(self, families: Families, last: str | None = None) -> None:
        self._families = families
        self.last = last
        """The narrowest of what the last activity was said to be."""

    def step(self, events: Iterable[Event]) -> list[tuple[str, str]]:
        """Add the events of the next window; returns the changes with them, each as the two activities."""
        changes = []
        for event in events:
            before = self.last
            if event.kind == "started" and (before is None or not self._families.covers(event.activity, before)):
                if before is not None and not self._families.covers(before, event.activity):
                    changes.append((before, event.activity))
                self.last = event.activity
        return changes
