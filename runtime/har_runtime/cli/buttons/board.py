"""What the page with buttons shows and what was pressed on it, in bounded memory and without any web library.

The command shows and takes presses in its own thread; the server reads and adds them in its own.
"""

import secrets
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from har_runtime.text import MAX_NAME, clean

MAX_PRESSED: Final = 16
"""Presses that wait for the next samples."""
LINES: Final = 8
"""Of what was said that are shown."""
LINE: Final = 200
"""Characters of one of them."""


@dataclass(frozen=True)
class Button:
    """Something to press, and the key of the terminal that does the same."""

    key: str
    text: str
    kind: str = "control"
    """"label" for an activity, "end" for what is asked for twice, otherwise "control"."""


def label_buttons(names: Sequence[str]) -> list[Button]:
    """Buttons for the activities of the keys 1 to 9."""
    return [Button(str(number), name, "label") for number, name in enumerate(names[:9], 1)]


class Board:
    """The page's content and its presses. Any thread may call any method.

    Args:
        title: what is done, for a person.
        buttons: each with a key of its own.
        trouble: what keeps samples from coming, or None.
        clock: seconds.
    """

    def __init__(
        self,
        title: str,
        buttons: Sequence[Button],
        trouble: Callable[[], str | None] = lambda: None,
        clock: Callable[[], float] = time.monotonic,
    ):
        self.run = secrets.token_hex(8)
        """Another one after a restart."""
        self.title, self.buttons = clean(title, LINE), tuple(buttons)
        self._keys = frozenset(button.key for button in buttons)
        self._trouble, self._clock = trouble, clock
        self._lock = threading.Lock()
        self._pressed: deque[str] = deque()
        self._lines: deque[str] = deque(maxlen=LINES)
        self._shown: dict[str, Any] = {"label": "", "phase": "waiting", "left_s": None, "samples": 0, "seconds": {}}
        self._shown_s: float | None = None
        self._asked_s: float | None = None
        self._is_over = False
        self._seen_over = threading.Event()

    def setup(self) -> dict[str, Any]:
        """What stays the same, as JSON-able values."""
        return {"run": self.run, "title": self.title, "buttons": [vars(button) for button in self.buttons]}

    def state(self) -> dict[str, Any]:
        """What is so now, as JSON-able values."""
        with self._lock:
            now = self._asked_s = self._clock()
            if self._is_over:
                self._seen_over.set()
            return {
                **self._shown,
                "run": self.run,
                "age_s": None if self._shown_s is None else round(now - self._shown_s, 2),
                "waiting": len(self._pressed),
                "lines": list(self._lines),
                "trouble": clean(trouble, LINE) if (trouble := self._trouble()) else None,
                "is_over": self._is_over,
            }

    def press(self, key: object) -> str | None:
        """Somebody presses a button; returns why that is refused, or None."""
        if not isinstance(key, str) or key not in self._keys:
            return "press of what is no button"
        with self._lock:
            if self._is_over:
                return "press after the end"
            if len(self._pressed) >= MAX_PRESSED:
                return "press while too many wait"
            self._pressed.append(key)
        return None

    def pressed(self) -> str:
        """The keys of what was pressed since the last call, in their order; it never waits."""
        with self._lock:
            keys = "".join(self._pressed)
            self._pressed.clear()
        return keys

    def show(
        self,
        label: str,
        phase: str,
        left_s: int | None = None,
        samples: int = 0,
        seconds: Mapping[str, float] | None = None,
    ) -> None:
        """Show what is going on.

        Args:
            label: the activity; "" for none.
            phase: "now" while it counts, "ready" before it begins.
            left_s: seconds until it begins or ends, if that is known.
            samples: so far.
            seconds: of each activity so far.
        """
        spent = {clean(name, MAX_NAME): round(value, 1) for name, value in (seconds or {}).items()}
        with self._lock:
            self._shown_s = self._clock()
            shown = {"label": clean(label, MAX_NAME), "phase": phase, "left_s": left_s}
            self._shown = {**shown, "samples": samples, "seconds": spent}

    def say(self, *lines: str) -> None:
        """Add lines for the person."""
        with self._lock:
            self._lines.extend(clean(line.strip(), LINE) for line in lines if line.strip())

    def end(self, *lines: str, patience_s: float = 0.0) -> None:
        """Nothing more follows. Waits so long for a viewer, who was there a moment ago, to see it."""
        self.say(*lines)
        with self._lock:
            self._is_over = True
            self._pressed.clear()
            is_seen = self._asked_s is not None and self._clock() - self._asked_s < 2.0
        if is_seen:
            self._seen_over.wait(patience_s)
