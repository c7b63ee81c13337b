"""The log of a running program: lines on stderr, in the journal's format under systemd."""

import argparse
import logging
import os
import sys
from typing import Final

from har_runtime.text import MAX_LINE, clean

FORMAT: Final = "%(asctime)s %(levelname)s: %(message)s"
LEVELS: Final = ("debug", "info", "warning", "error")
SYSLOG: Final = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}
"""Priorities of syslog(3); journald reads one from a `<N>` at the beginning of a line (sd-daemon(3))."""


def add_log_level(parser: argparse.ArgumentParser) -> None:
    """The option `--log-level`."""
    parser.add_argument(
        "--log-level",
        choices=LEVELS,
        default="warning",
        help="minimum severity of log lines on stderr (default: warning)",
    )


def set_up_log(level: str) -> None:
    """Write the runtime's log lines of this level (of `LEVELS`) and above to stderr."""
    logger = logging.getLogger("har_runtime")
    logger.setLevel(level.upper())
    handler = _Stderr()
    handler.setFormatter(_Journal() if under_journald() else logging.Formatter(FORMAT, "%H:%M:%S"))
    logger.handlers = [handler]
    logger.propagate = False


class _Stderr(logging.Handler):
    """Writes to the current `sys.stderr`, which the live view on a terminal replaces by its own."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            text = "\n".join(clean(line, MAX_LINE) for line in self.format(record).split("\n"))  # Lines of a traceback.
            print(text, file=sys.stderr, flush=True)
        except (OSError, ValueError):  # Stderr is closed.
            return


class _Journal(logging.Formatter):
    """No time, which the journal adds, and the priority as a number."""

    def format(self, record: logging.LogRecord) -> str:
        return f"<{SYSLOG.get(record.levelno, 6)}>{super().format(record)}"


def under_journald() -> bool:
    """Whether stderr is the journal, whose device and inode are in $JOURNAL_STREAM (systemd.exec(5))."""
    try:
        status = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):  # No stderr, or not a file.
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{status.st_dev}:{status.st_ino}"
