"""The first moments of a program, in which it imports what it needs: Ctrl-C ends it at once and without a traceback.

Nothing that takes long may be imported here.
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from types import ModuleType

INTERRUPTED = 130
"""The exit code after Ctrl-C."""


def start(module: str, arguments: list[str] | None = None) -> int:
    """Import a module and run its `main`; returns the exit code.

    Args:
        arguments: those of the process if None.
    """
    try:
        return imported(module).main(arguments)
    except KeyboardInterrupt:  # Between the two.
        return INTERRUPTED


def imported(module: str) -> ModuleType:
    """A module, imported while Ctrl-C ends the process at once."""
    with _no_traceback():
        return import_module(module)


@contextmanager
def _no_traceback() -> Iterator[None]:
    """A context in which Ctrl-C ends the process: there is nothing yet to flush or close.

    A KeyboardInterrupt will not do: in the middle of an import of C code it becomes whatever that makes of it.
    """
    is_ours = threading.current_thread() is threading.main_thread() and (
        signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )
    if is_ours:
        signal.signal(signal.SIGINT, lambda number, frame: os._exit(INTERRUPTED))
    try:
        yield
    finally:
        if is_ours:
            signal.signal(signal.SIGINT, signal.default_int_handler)
