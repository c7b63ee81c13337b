"""Hides what C++ libraries print to stderr."""

import os
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager


@contextmanager
def quiet_stderr() -> Iterator[Callable[[], str]]:
    """Redirect the stderr of the process, C++ code included, to a temporary file; yields a function that reads it."""
    sys.stderr.flush()
    try:
        saved = os.dup(2)
    except OSError:  # No stderr at all, as under some services.
        yield lambda: ""
        return
    with tempfile.TemporaryFile() as captured:

        def read() -> str:
            captured.seek(0)
            return captured.read().decode(errors="replace").strip()

        os.dup2(captured.fileno(), 2)
        try:
            yield read
        finally:
            os.dup2(saved, 2)
            os.close(saved)
