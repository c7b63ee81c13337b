"""Whether a phone that should send to this computer sends nothing at all, and what to say about it."""

from collections import Counter
from typing import Final

SILENCE_NS: Final = 10_000_000_000
"""After so long without a message the phone is silent, and another phone is accepted."""
FIRST_NS: Final = 2_000_000_000
"""The same before the first message."""


class Silence:
    """Watches when messages arrive.

    Args:
        url: where the phone should send to.
        first: what to do if no message has arrived yet.
        later: what may be wrong if none arrives any more.
        now_ns: when the waiting begins.
    """

    def __init__(self, url: str, first: str, later: str, now_ns: int):
        self._url, self._first, self._later = url, first, later
        self._since_ns = now_ns
        self._is_first = True
        self._refused: set[str] = set()

    def heard(self, at_ns: int | None) -> None:
        """The latest message arrived at this time; None if none has yet."""
        if at_ns is not None and at_ns > self._since_ns:
            self._since_ns, self._is_first = at_ns, False
            self._refused.clear()

    def refused(self, refusals: Counter[str]) -> None:
        """These requests were refused, by reason."""
        self._refused.update(refusals)

    def trouble(self, now_ns: int) -> str | None:
        """What to say about it, one line; None while messages arrive."""
        if now_ns - self._since_ns < (FIRST_NS if self._is_first else SILENCE_NS):
            return None
        if self._refused:
            # Without the counts: a line that changes is logged again.
            return f"requests arrive at {self._url}, but none can be used: {', '.join(sorted(self._refused))}"
        if self._is_first:
            return f"no message has arrived at {self._url} yet: {self._first}"
        return f"no message for {SILENCE_NS // 1_000_000_000} s: {self._later}"
