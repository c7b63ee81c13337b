"""What the program tells while it runs: log lines on stderr, and in the form the journal wants under systemd."""

import argparse
import logging
import os
import sys
from typing import Final

FORMAT: Final = "%(asctime)s %(levelname)s: %(message)s"
LEVELS: Final = ("debug", "info", "warning", "error")
SYSLOG: Final = {logging.DEBUG: 7, logging.INFO: 6, logging.WARNING: 4, logging.ERROR: 3}
"""Priorities of syslog(3); journald takes one from the `<N>` that a line begins with (sd-daemon(3))."""


def add_log_level(parser: argparse.ArgumentParser) -> None:
    """The option `--log-level`."""
    parser.add_argument(
        "--log-level", choices=LEVELS, default="warning", help="least grave events to tell on stderr (default: warning)"
    )


def set_up_log(level: str) -> None:
    """Log what the runtime tells, of this level of `LEVELS` and graver, on stderr."""
    logger = logging.getLogger("har_runtime")
    logger.setLevel(level.upper())
    handler = _Stderr()
    handler.setFormatter(_Journal() if under_journald() else logging.Formatter(FORMAT, "%H:%M:%S"))
    logger.handlers = [handler]
    logger.propagate = False


class _Stderr(logging.Handler):
    """Writes to whatever `sys.stderr` is at the time: a live view on the terminal puts its own in place."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            print(self.format(record), file=sys.stderr, flush=True)
        except (OSError, ValueError):  # Nobody listens any more.
            return


class _Journal(logging.Formatter):
    """The journal adds the time, and shows the priority instead of printing it."""

    def format(self, record: logging.LogRecord) -> str:
        return f"<{SYSLOG.get(record.levelno, 6)}>{super().format(record)}"


def under_journald() -> bool:
    """Whether stderr goes to the journal: systemd names its device and inode in $JOURNAL_STREAM (systemd.exec(5))."""
    try:
        there = os.fstat(sys.stderr.fileno())
    except (OSError, ValueError, AttributeError):  # No stderr, or one that is no file.
        return False
    return os.environ.get("JOURNAL_STREAM") == f"{there.st_dev}:{there.st_ino}"
