"""`--state FILE`: keeps which way is up and where the sensor is worn, so that the wearer need not walk again.

The file is a small JSON of this program. It is written when the direction is found, or has changed noticeably, when
another place is believed, and at the end. A file that is damaged, or of something else, is reported and left alone
until there is a direction to keep.
"""

import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from har_runtime.answers.answer import Answer
from har_runtime.answers.place import MIN_BELIEF
from har_runtime.contract import PLACES
from har_runtime.errors import HarError, SourceError
from har_runtime.files import write_bytes
from har_runtime.model.card import ModelCard
from har_runtime.signal.axes import Axes, degrees_between
from har_runtime.signal.window import Up

_LOG = logging.getLogger(__name__)
FORMAT = "haredge-state-2"
FORMATS = ("haredge-state-1", FORMAT)
"""Version 1 had no place."""
NOTICEABLE_DEGREES = 5.0
"""A smaller change is only written at the end: it makes no difference to the answers."""
MIN_INTERVAL_S = 10.0
"""Between two times that the file is written, which wears out memory cards."""
UNIT_TOLERANCE = 1e-6
"""Of the direction's length. What was written is read back exactly; what differs was written by something else."""
MAX_BYTES = 10_000
MAX_NAME = 100
"""Characters of a model's name."""


@dataclass(frozen=True)
class PlaceBelief:
    """Where a model believes the sensor is worn."""

    model: str
    """Its name. Another model's places may be others, or its belief less certain."""
    places: tuple[str, ...]
    """Those of its card."""
    belief: tuple[float, ...]
    """In each of them; the sum is 1."""

    @property
    def place(self) -> str | None:
        """The place that answers name, if there is one."""
        highest = max(self.belief)
        return self.places[self.belief.index(highest)] if highest >= MIN_BELIEF else None


def open_state(path: str | None, card: ModelCard, axes: Axes, place: str | None = None) -> "KeptState | None":
    """The state that `--state` names; None without the option, and for a model that needs none.

    Args:
        place: that of `--place`; it is no belief of the model, and therefore not kept.

    Raises:
        SourceError: the path cannot be that of a file.
    """
    if path is None:
        return None
    if card.frame != "upright":
        _LOG.warning("--state %s: nothing to keep: the model %s does not look for which way is up", path, card.name)
        return None
    return KeptState(Path(path), axes, card=card if card.places and place is None else None)


class KeptState:
    """The state kept in one file; also a sink, since each answer has the direction and the belief in the places.

    Raises:
        SourceError: the path is a folder, or its folder is missing.
    """

    def __init__(
        self, path: Path, axes: Axes, clock: Callable[[], float] = time.monotonic, card: ModelCard | None = None
    ):
        """The state in `path`, if there is any.

        Args:
            axes: of `--axes`; a direction kept under other ones is of no use.
            clock: seconds, for the interval between two times that the file is written.
            card: of the model whose belief in places is kept; None if none is.
        """
        if path.is_dir():
            raise SourceError(f"--state {path}: is a folder; give a file, such as {path / 'state.json'}")
        if not path.parent.is_dir():
            raise SourceError(f"--state {path}: there is no folder {path.parent}; make it first")
        self._path, self._axes, self._clock, self._card = path, axes, clock, card
        self._next_s = -math.inf
        self._troubled = False
        self.up: Up | None = None
        """The newest direction; None until there is one."""
        self._places: PlaceBelief | None = None
        """The newest belief in places, or that of another model which the file holds."""
        self._read()
        self._kept = self.up, self._places
        """What the file holds."""

    @property
    def place_belief(self) -> tuple[float, ...] | None:
        """The newest belief of the model in each of its places; None until there is one."""
        known = self._places
        if known is None or self._card is None or (known.model, known.places) != (self._card.name, self._card.places):
            return None
        return known.belief

    def write(self, answer: Answer) -> None:
        """Keep the direction of the answer's window, if it is one that shows posture, and the belief in the places."""
        up = answer.prediction.window.up
        if up is None or not up.shows_posture:
            return
        self.up = up
        if self._card is not None and answer.place_probabilities is not None:
            belief = tuple(answer.place_probabilities.tolist())
            self._places = PlaceBelief(self._card.name, self._card.places, belief)
        if self._is_noticeable(up) and self._clock() >= self._next_s:
            self._save(up)

    def _is_noticeable(self, up: Up) -> bool:
        """Whether what the file holds is another direction, or another place than is believed now."""
        kept, places = self._kept
        if kept is None or degrees_between(up.direction, kept.direction) > NOTICEABLE_DEGREES:
            return True
        place = self._places and self._places.place
        return place is not None and (places is None or places.place != place)

    def close(self) -> None:
        """Write what has changed since the last time."""
        if self.up is not None and (self.up, self._places) != self._kept:
            self._save(self.up)

    def _save(self, up: Up) -> None:
        table = {
            "format": FORMAT,
            "up": list(map(float, up.direction)),
            "found": up.found,
            "axes": str(self._axes),
            "place": self._places and asdict(self._places),
        }
        self._next_s = self._clock() + MIN_INTERVAL_S
        try:
            write_bytes(self._path, f"{json.dumps(table)}\n".encode(), private=True)
        except HarError as error:
            if not self._troubled:  # The stream is worth more than its state.
                _LOG.warning("--state %s", error)
            self._troubled = True
        else:
            self._kept, self._troubled = (up, self._places), False

    def _read(self) -> None:
        try:
            with self._path.open("rb") as file:
                text = file.read(MAX_BYTES)
            table = json.loads(text)
            up, places = _up_of(table), _places_of(table)
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is damaged, or not a state of har-stream"
            _LOG.warning("--state %s: not used: %s; which way is up is found anew", self._path, why)
            return
        if table.get("axes") != str(self._axes):
            _LOG.warning("--state %s: not used: --axes was another; which way is up is found anew", self._path)
            return
        _LOG.info("--state %s: up is (%+.2f, %+.2f, %+.2f)", self._path, *up.direction)
        self.up, self._places = up, places
        if places is not None and places.place is not None and self.place_belief is not None:
            _LOG.info("--state %s: worn at: %s", self._path, places.place)


def _up_of(table: Any) -> Up:
    """The direction in a file's content.

    Raises:
        ValueError, KeyError, TypeError: it is not what `KeptState` writes.
    """
    if table["format"] not in FORMATS or table["found"] not in ("gait", "given"):
        raise ValueError
    x, y, z = (float(value) for value in table["up"])
    if not abs(math.hypot(x, y, z) - 1) < UNIT_TOLERANCE:  # False for NaN.
        raise ValueError
    return Up((x, y, z), table["found"])


def _places_of(table: Any) -> PlaceBelief | None:
    """The belief in places in a file's content; None if it has none.

    Raises:
        ValueError, KeyError, TypeError: it is not what `KeptState` writes.
    """
    entry = table.get("place")
    if entry is None:
        return None
    model, places = entry["model"], tuple(entry["places"])
    belief = tuple(float(value) for value in entry["belief"])
    if not isinstance(model, str) or len(model) > MAX_NAME:
        raise ValueError
    if not places or len(set(places)) != len(places) or not set(places) <= set(PLACES) or len(belief) != len(places):
        raise ValueError
    if not all(value >= 0 for value in belief) or not abs(sum(belief) - 1) < UNIT_TOLERANCE:  # False for NaN.
        raise ValueError
    return PlaceBelief(model, places, belief)
