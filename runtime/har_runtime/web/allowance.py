"""How much a client may send each second."""

import time
from collections.abc import Callable


class Allowance:
    """A budget that refills steadily: as much as a second gives may be used at once (a token bucket).

    >>> seconds = iter([0.0, 0.0, 0.0, 0.5])
    >>> allowance = Allowance(2, lambda: next(seconds))
    >>> allowance.use(), allowance.use(2), allowance.use()
    (True, False, True)

    Args:
        per_s: what comes back each second.
        clock: seconds.
    """

    def __init__(self, per_s: float, clock: Callable[[], float] = time.monotonic):
        self._per_s, self._clock = per_s, clock
        self._left, self._at = self._most, clock()

    def use(self, amount: float = 1.0) -> bool:
        """Use so much of it; False, and nothing is used, if less is left."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_s)
        self._at = now
        if self._left < amount:
            return False
        self._left -= amount
        return True

    @property
    def _most(self) -> float:
        return max(1.0, self._per_s)
