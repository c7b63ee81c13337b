"""When activities start and end."""

from har_runtime.answers.answer import Event

PATIENCE_NS = 5_000_000_000
"""A doubt, a gap or something else up to this long (5 s) interrupts nothing: what goes on after it had gone on."""


class Happenings:
    """Makes events of the activities of consecutive windows; they alternate, started and ended.

    An activity starts with two windows of it in a row, and is told to have started with the first: half a second of
    something else, as at the edge of a change, starts nothing and ends nothing.
    """

    def __init__(self) -> None:
        self._going: str | None = None
        self._seen = Event("ended", "", 0.0, 0.0)
        """The end of what is going on, if it were to end here."""
        self._seen_ns = 0
        self._begun: Event | None = None
        """The start of what may be going on from now on, if the next window is of it too."""

    def step(self, activity: str | None, end_ns: int, unix_s: float, worn: bool = True) -> tuple[Event, ...]:
        """Take in the next window; returns what ended and started with it, in order of time.

        Args:
            activity: None where it is unknown.
            end_ns: sensor time of its last sample.
            unix_s: the same by this computer's clock.
            worn: a sensor that nobody wears ends what was going on at once.
        """
        events: list[Event] = []
        before, self._begun = self._begun, None
        if self._going is not None and not (worn and 0 <= end_ns - self._seen_ns <= PATIENCE_NS):
            events.append(self._seen)
            self._going = None
        if activity is not None and activity != self._going:
            if before is None or before.activity != activity:
                self._begun = Event("started", activity, end_ns / 1e9, unix_s)
                return tuple(events)
            events += [self._seen] if self._going is not None else []
            events.append(before)
            self._going = activity
        if activity is not None:
            self._seen, self._seen_ns = Event("ended", activity, end_ns / 1e9, unix_s), end_ns
        return tuple(events)
