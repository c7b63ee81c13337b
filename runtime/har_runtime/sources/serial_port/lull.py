"""What to say while a serial port gives no samples: silence, bytes that make none, or units that are not known yet."""

from collections.abc import Callable
from typing import Final

SAY_AFTER_S: Final = 2.0
"""A sensor that has given no sample for this long is in trouble."""
ASK_EVERY_S: Final = 1.0
"""How often the decoder is asked for its problem."""


class Lull:
    """Watches the reads of a port.

    Args:
        path: of the port.
        now_s: when the first read begins, by any clock.
    """

    def __init__(self, path: str, now_s: float):
        self._path = path
        self._since_s = now_s
        self._asked_s = float("-inf")
        self._bytes = 0
        self._has_had_samples = False
        self._trouble: str | None = None

    def step(self, now_s: float, count: int, has_samples: bool, problem: Callable[[], str | None]) -> str | None:
        """What keeps samples from coming after this read, one line; None if nothing is known to.

        Args:
            count: bytes read.
            has_samples: whether they completed a sample.
            problem: returns what the decoder knows of its bytes, if anything.
        """
        if has_samples:
            self._since_s, self._bytes, self._has_had_samples, self._trouble = now_s, 0, True, None
            return None
        self._bytes += count
        if now_s - self._since_s >= SAY_AFTER_S and now_s - self._asked_s >= ASK_EVERY_S:
            self._asked_s = now_s
            self._trouble = self._explain(problem)
        return self._trouble

    def _explain(self, problem: Callable[[], str | None]) -> str | None:
        if not self._bytes:
            return f"{self._path}: nothing arrives any more: is the sensor on?" if self._has_had_samples else None
        if self._has_had_samples:
            return f"{self._path}: bytes arrive, but no sample is among them any more"
        known = problem()
        return known and f"{self._path}: {known}"
