"""When activities start and end."""

from har_runtime.answers.answer import Event

MAX_BREAK_NS = 5_000_000_000
"""A doubt, a gap or another activity that lasts no longer than this (5 s) does not interrupt an activity."""


class EventDetector:
    """Makes events of the activities of consecutive windows; "started" and "ended" alternate.

    An activity starts once two windows in a row have it, at the first of the two: half a second of something else, as
    at the edge of a change, neither starts nor ends anything.
    """

    def __init__(self) -> None:
        self._current: str | None = None
        self._end = Event("ended", "", 0.0, 0.0)
        """The end of the current activity, if it were to end now."""
        self._end_ns = 0
        self._start: Event | None = None
        """The start of the next activity, if the next window has it too."""

    def step(self, activity: str | None, end_ns: int, unix_s: float, worn: bool = True) -> tuple[Event, ...]:
        """Add the next window; returns what ended and started with it, in order of time.

        Args:
            activity: None if it is unknown.
            end_ns: sensor time of the window's last sample.
            unix_s: the same by this computer's clock.
            worn: a sensor that is not worn ends the current activity at once.
        """
        events: list[Event] = []
        start, self._start = self._start, None
        if self._current is not None and not (worn and 0 <= end_ns - self._end_ns <= MAX_BREAK_NS):
            events.append(self._end)
            self._current = None
        if activity is not None and activity != self._current:
            if start is None or start.activity != activity:
                self._start = Event("started", activity, end_ns / 1e9, unix_s)
                return tuple(events)
            events += [self._end] if self._current is not None else []
            events.append(start)
            self._current = activity
        if activity is not None:
            self._end, self._end_ns = Event("ended", activity, end_ns / 1e9, unix_s), end_ns
        return tuple(events)
