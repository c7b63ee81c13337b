"""When activities start and end."""

from har_runtime.answer import Event

PATIENCE_NS = 5_000_000_000
"""A doubt or a gap up to this long (5 s) interrupts nothing: what goes on after it had gone on."""


class Happenings:
    """Makes events of the activities of consecutive windows; they alternate, started and ended."""

    def __init__(self) -> None:
        self._going: str | None = None
        self._seen_ns = 0
        self._seen_unix_s = 0.0

    def step(self, activity: str | None, end_ns: int, unix_s: float, worn: bool = True) -> tuple[Event, ...]:
        """Take in the next window; returns what ended and started with it, in order of time.

        Args:
            activity: None where it is unknown.
            end_ns: sensor time of its last sample.
            unix_s: the same by this computer's clock.
            worn: a sensor that nobody wears ends what was going on at once.
        """
        events: list[Event] = []
        doubt_ns = end_ns - self._seen_ns
        over = activity != self._going if activity is not None else not worn
        if self._going is not None and (over or not 0 <= doubt_ns <= PATIENCE_NS):
            events.append(Event("ended", self._going, self._seen_ns / 1e9, self._seen_unix_s))
            self._going = None
        if activity is not None:
            if self._going is None:
                events.append(Event("started", activity, end_ns / 1e9, unix_s))
            self._going = activity
            self._seen_ns, self._seen_unix_s = end_ns, unix_s
        return tuple(events)
