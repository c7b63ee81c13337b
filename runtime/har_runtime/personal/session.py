"""Which part of a live recording is which activity: prompted one after another, or said by keys.

Times are those of the samples, so that a recording gives the same as a sensor.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

SECOND_NS = 1_000_000_000
EVERY = 5
"""Seconds after which keys are told how long an activity has lasted."""
ATTEMPTS = 3
"""Times that an activity is asked for, if something else was done."""


@dataclass(frozen=True)
class Span:
    """A stretch of samples of one activity."""

    label: str
    begin_ns: int
    end_ns: int


@dataclass(frozen=True)
class Now:
    """What is asked for, or said, at the moment."""

    label: str
    """"" if it is nothing."""
    is_doing: bool
    """Whether it is being done; False while it is counted down to."""
    left_s: int | None = None
    """Seconds until it begins or ends, if that is known."""


class Session(Protocol):
    """Takes the time and the keys as samples come, and says what to do."""

    is_over: bool
    now: Now

    def step(self, now_ns: int, keys: str = "") -> list[str]:
        """Samples up to this time are here, and these keys were pressed; returns lines for the person."""
        ...

    def ended(self) -> Span | None:
        """A stretch that has ended, once."""
        ...

    def again(self, label: str) -> list[str]:
        """The last stretch was not of its activity; returns lines for the person."""
        ...

    def accepted(self) -> None:
        """The last stretch was of its activity."""
        ...


class Prompts:
    """Asks for one activity after another: a countdown, then some seconds of it.

    Keys: s skips the activity that is asked for, q ends the session with what there is.

    Args:
        activities: in the order in which they are asked for.
        seconds: of each.
        pause_s: of the countdown.
    """

    def __init__(self, activities: Sequence[str], seconds: float, pause_s: float = 5):
        self._queue = deque(activities)
        self._seconds_ns, self._pause_ns = round(seconds * SECOND_NS), round(pause_s * SECOND_NS)
        self._begin_ns: int | None = None
        """When the activity that is asked for begins."""
        self._shown = -1
        self._done: Span | None = None
        self._attempts = 1
        self.is_over = not self._queue
        self.now = Now("", False)

    def step(self, now_ns: int, keys: str = "") -> list[str]:
        if self.is_over:
            return []
        if "q" in keys:
            self.is_over = True
            return ["ended early"]
        label = self._queue[0]
        lines: list[str] = []
        if "s" in keys:
            self._next()
            self._attempts = 1
            return [f"{label}: skipped"]
        if self._begin_ns is None:
            self._begin_ns, self._shown = now_ns + self._pause_ns, -1
            lines.append(f"{label}: get ready (s skips it, q ends)")
        left = -(-(self._begin_ns - now_ns) // SECOND_NS)
        if left > 0:
            self.now = Now(label, False, left)
            return [*lines, *self._count(f"{label} in", left)]
        if now_ns < self._begin_ns + self._seconds_ns:
            left = -(-(self._begin_ns + self._seconds_ns - now_ns) // SECOND_NS)
            self.now = Now(label, True, left)
            return [*lines, *self._count(f"{label} now,", left)]
        self._done = Span(label, self._begin_ns, self._begin_ns + self._seconds_ns)
        self._next()
        return [*lines, f"{label}: thank you"]

    def ended(self) -> Span | None:
        done, self._done = self._done, None
        return done

    def again(self, label: str) -> list[str]:
        if self._attempts >= ATTEMPTS:
            self._attempts = 1
            return [f"{label}: skipped after {ATTEMPTS} attempts"]
        self._attempts += 1
        self._queue.appendleft(label)
        self._begin_ns, self.is_over = None, False
        return [f"{label}: once more"]

    def accepted(self) -> None:
        self._attempts = 1

    def _count(self, what: str, left: int) -> list[str]:
        """The seconds left, each once."""
        if left == self._shown:
            return []
        self._shown = left
        return [f"{what} {left} s"]

    def _next(self) -> None:
        self._queue.popleft()
        self._begin_ns = None
        self.is_over = not self._queue


class Keys:
    """Digits say which activity begins now; any other key ends it, and q the session.

    Args:
        activities: that of the key 1 first, up to nine.
    """

    def __init__(self, activities: Sequence[str]):
        self._activities = activities
        self._begun: tuple[str, int] | None = None
        self._said = 0
        """Seconds of the activity, as last said."""
        self._done: deque[Span] = deque()
        self.is_over = False
        self.now = Now("", True)

    def step(self, now_ns: int, keys: str = "") -> list[str]:
        lines: list[str] = []
        for key in keys:
            if self._begun is not None:
                self._done.append(Span(*self._begun, now_ns))
                lines.append(f"{self._begun[0]}: until here")
                self._begun = None
            if key == "q":
                self.is_over = True
                return [*lines, "ended"]
            if key.isdecimal() and 0 < int(key) <= len(self._activities):
                self._begun, self._said = (self._activities[int(key) - 1], now_ns), 0
                lines.append(f"{self._begun[0]}: from now")
        self.now = Now(self._begun[0] if self._begun else "", True)
        if self._begun is not None and (now_ns - self._begun[1]) // (EVERY * SECOND_NS) * EVERY > self._said:
            self._said += EVERY
            lines.append(f"{self._begun[0]}: {self._said} s")
        return lines

    def ended(self) -> Span | None:
        return self._done.popleft() if self._done else None

    def again(self, label: str) -> list[str]:
        return [f"{label}: not learnt; do it again if you like"]

    def accepted(self) -> None:
        """Nothing follows from it: keys ask for nothing."""
