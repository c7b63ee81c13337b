"""`--state FILE`: keeps which way is up, so that the wearer need not walk again after a restart.

The file is a small JSON of this program. It is written when the direction is found, or has changed noticeably, and at
the end. A file that is damaged, or of something else, is reported and left alone until there is a direction to keep.
"""

import json
import logging
import math
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from har_runtime.answers.answer import Answer
from har_runtime.errors import HarError, SourceError
from har_runtime.files import write_bytes
from har_runtime.model.card import ModelCard
from har_runtime.signal.axes import Axes, degrees_between
from har_runtime.signal.window import Up

_LOG = logging.getLogger(__name__)
FORMAT = "haredge-state-1"
NOTICEABLE_DEGREES = 5.0
"""A smaller change is only written at the end: it makes no difference to the answers."""
MIN_INTERVAL_S = 10.0
"""Between two times that the file is written, which wears out memory cards."""
UNIT_TOLERANCE = 1e-6
"""Of the direction's length. What was written is read back exactly; what differs was written by something else."""
MAX_BYTES = 10_000


def open_state(path: str | None, card: ModelCard, axes: Axes) -> "KeptState | None":
    """The state that `--state` names; None without the option, and for a model that needs none.

    Raises:
        SourceError: the path cannot be that of a file.
    """
    if path is None:
        return None
    if card.frame != "upright":
        _LOG.warning("--state %s: nothing to keep: the model %s does not look for which way is up", path, card.name)
        return None
    return KeptState(Path(path), axes)


class KeptState:
    """The state kept in one file; also a sink, since each answer's window has the direction.

    Raises:
        SourceError: the path is a folder, or its folder is missing.
    """

    def __init__(self, path: Path, axes: Axes, clock: Callable[[], float] = time.monotonic):
        """The state in `path`, if there is any.

        Args:
            axes: of `--axes`; a direction kept under other ones is of no use.
            clock: seconds, for the interval between two times that the file is written.
        """
        if path.is_dir():
            raise SourceError(f"--state {path}: is a folder; give a file, such as {path / 'state.json'}")
        if not path.parent.is_dir():
            raise SourceError(f"--state {path}: there is no folder {path.parent}; make it first")
        self._path, self._axes, self._clock = path, axes, clock
        self._next_s = -math.inf
        self._troubled = False
        self.up: Up | None = self._read()
        """The newest direction; None until there is one."""
        self._kept = self.up
        """What the file holds."""

    def write(self, answer: Answer) -> None:
        """Keep the direction of the answer's window, if it is one that shows posture."""
        up = answer.prediction.window.up
        if up is None or not up.shows_posture:
            return
        self.up = up
        is_new = self._kept is None or degrees_between(up.direction, self._kept.direction) > NOTICEABLE_DEGREES
        if is_new and self._clock() >= self._next_s:
            self._save(up)

    def close(self) -> None:
        """Write what has changed since the last time."""
        if self.up is not None and self.up != self._kept:
            self._save(self.up)

    def _save(self, up: Up) -> None:
        table = {"format": FORMAT, "up": list(map(float, up.direction)), "found": up.found, "axes": str(self._axes)}
        self._next_s = self._clock() + MIN_INTERVAL_S
        try:
            write_bytes(self._path, f"{json.dumps(table)}\n".encode())
        except HarError as error:
            if not self._troubled:  # The stream is worth more than its state.
                _LOG.warning("--state %s", error)
            self._troubled = True
        else:
            self._kept, self._troubled = up, False

    def _read(self) -> Up | None:
        try:
            with self._path.open("rb") as file:
                text = file.read(MAX_BYTES)
            table = json.loads(text)
            up = _up_of(table)
        except FileNotFoundError:
            return None
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is damaged, or not a state of har-stream"
            _LOG.warning("--state %s: not used: %s; which way is up is found anew", self._path, why)
            return None
        if table.get("axes") != str(self._axes):
            _LOG.warning("--state %s: not used: --axes was another; which way is up is found anew", self._path)
            return None
        _LOG.info("--state %s: up is (%+.2f, %+.2f, %+.2f)", self._path, *up.direction)
        return up


def _up_of(table: Any) -> Up:
    """The direction in a file's content.

    Raises:
        ValueError, KeyError, TypeError: it is not what `KeptState` writes.
    """
    if table["format"] != FORMAT or table["found"] not in ("gait", "given"):
        raise ValueError
    x, y, z = (float(value) for value in table["up"])
    if not abs(math.hypot(x, y, z) - 1) < UNIT_TOLERANCE:  # False for NaN.
        raise ValueError
    return Up((x, y, z), table["found"])
