"""Waits for what another thread, process or browser does."""

import time
from collections.abc import Callable
from typing import Final, TypeVar

PATIENCE_S: Final = 60
"""How long a test waits before it fails."""
Found = TypeVar("Found")


def wait_for(found: Callable[[], Found]) -> Found:
    """What `found` returns, once that is true."""
    deadline = time.monotonic() + PATIENCE_S
    while not (value := found()):
        assert time.monotonic() < deadline, "nothing within the deadline"
        time.sleep(0.05)
    return value
