"""Runs the converters quietly and turns their long errors into one line."""

import io
import logging
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout

from har_runtime.errors import ModelError
from har_runtime.model.native_stderr import quiet_stderr
from har_train.quiet import quiet_tensorflow


@contextmanager
def quiet_converter() -> Iterator[None]:
    """Hide the converters' banners and warnings, which are for their developers."""
    quiet_tensorflow()
    level = logging.root.manager.disable
    logging.disable(logging.WARNING)
    try:
        with warnings.catch_warnings(), redirect_stdout(io.StringIO()), quiet_stderr():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(level)


@contextmanager
def conversion(format: str) -> Iterator[None]:
    """Run a converter quietly.

    Raises:
        ModelError: it failed; the message gives its reason in one line.
    """
    try:
        with quiet_converter():
            yield
    except ImportError:
        raise
    except Exception as error:  # The converters raise errors of any type.
        raise ModelError(
            f"{format} cannot express this network ({type(error).__name__}: {_reason(error)}): nothing written; choose "
            "other --formats, or build the network from operators that this format has"
        ) from error


def _reason(error: BaseException | None) -> str:
    """The line that names an operator, from an error and its causes; otherwise the first line."""
    lines: list[str] = []
    while error is not None:
        lines += [line.strip() for line in str(error).splitlines() if line.strip()]
        error = error.__cause__ or error.__context__
    named = (line for line in lines if re.search(r"\b(aten|prims)\.\w", line))
    return next(named, lines[0] if lines else "no reason given")[:200]
