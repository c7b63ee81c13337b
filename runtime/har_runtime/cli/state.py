"""`--state FILE`: keeps which way is up and where the sensor is worn, so that the wearer need not walk again.

The file is a small JSON of this program. It is written when the direction is found, or has changed noticeably, when
another place is believed, and at the end. A file that is damaged is reported and left alone until there is a direction
to keep; one of something else is refused.
"""

import json
import logging
import math
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Literal

from har_runtime.answers.answer import Answer
from har_runtime.answers.place import MIN_BELIEF
from har_runtime.contract import PLACES
from har_runtime.errors import HarError, SourceError
from har_runtime.files import may_be_replaced, write_bytes
from har_runtime.model.card import ModelCard
from har_runtime.signal.axes import Axes, degrees_between
from har_runtime.signal.window import Up
from har_runtime.tables import TableError, from_table, read_json
from har_runtime.text import is_name

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
"""Of a state."""


@dataclass(frozen=True)
class PlaceBelief:
    """Where a model believes the sensor is worn."""

    model: str
    """Its name. Another model's places may be others, or its belief less certain."""
    places: tuple[str, ...]
    """Those of its card."""
    belief: tuple[float, ...]
    """In each of them; the sum is 1."""

    def __post_init__(self) -> None:
        """Raises TableError for what no model believes."""
        fits = bool(self.places) and len(set(self.places)) == len(self.places) == len(self.belief)
        if not is_name(self.model) or not fits or not set(self.places) <= set(PLACES):
            raise TableError("its places are of no model")
        if min(self.belief) < 0 or not abs(sum(self.belief) - 1) < UNIT_TOLERANCE:
            raise TableError("its belief in places does not add up to 1")

    @property
    def place(self) -> str | None:
        """The place that answers name, if there is one."""
        highest = max(self.belief)
        return self.places[self.belief.index(highest)] if highest >= MIN_BELIEF else None


@dataclass(frozen=True)
class StoredState:
    """The content of the file."""

    format: str
    up: tuple[float, float, float]
    found: Literal["window", "gait", "given"]
    """As in `Up`, but never the window's own."""
    axes: str
    place: PlaceBelief | None = None

    def __post_init__(self) -> None:
        """Raises TableError for what `KeptState` never writes."""
        if self.format not in FORMATS or self.found == "window":
            raise TableError(f"its format is none of {', '.join(FORMATS)}")
        if not abs(math.hypot(*self.up) - 1) < UNIT_TOLERANCE:
            raise TableError("its direction is not of length 1")


def open_state(path: str | None, card: ModelCard, axes: Axes, place: str | None = None) -> "KeptState | None":
    """The state that `--state` names; None without the option, and for a model that needs none.

    Args:
        place: that of `--place`; it is no belief of the model, and therefore not kept.

    Raises:
        SourceError: the path cannot be that of a file, or is that of something else.
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
        SourceError: the path is a folder, its folder is missing, or a state would be smaller than what is there.
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
        if path.exists() and not path.is_file():
            raise SourceError(f"--state {path}: is a device or pipe; give a file")
        if not path.parent.is_dir():
            raise SourceError(f"--state {path}: there is no folder {path.parent}; make it first")
        if not _is_free(path):
            raise SourceError(f"--state {path}: is there already, and no state of har-stream; give another file")
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
        x, y, z = map(float, up.direction)
        state = StoredState(FORMAT, (x, y, z), up.found, str(self._axes), self._places)
        self._next_s = self._clock() + MIN_INTERVAL_S
        try:
            if not _is_free(self._path):  # Since the start: answers, perhaps.
                raise HarError(f"{self._path}: holds something else now, and is left as it is")
            text = json.dumps(asdict(state), allow_nan=False)
            write_bytes(self._path, f"{text}\n".encode(), private=True)
        except HarError as error:
            if not self._troubled:  # The stream is worth more than its state.
                _LOG.warning("--state %s", error)
            self._troubled = True
        else:
            self._kept, self._troubled = (up, self._places), False

    def _read(self) -> None:
        try:
            state = from_table(StoredState, read_json(self._path, MAX_BYTES), strict=False)
        except FileNotFoundError:
            return
        except (OSError, TableError) as error:
            why = error.strerror if isinstance(error, OSError) else "it is damaged, or not a state of har-stream"
            _LOG.warning("--state %s: not used: %s; which way is up is found anew", self._path, why)
            return
        if state.axes != str(self._axes):
            _LOG.warning("--state %s: not used: --axes was another; which way is up is found anew", self._path)
            return
        _LOG.info("--state %s: up is (%+.2f, %+.2f, %+.2f)", self._path, *state.up)
        self.up, self._places = Up(state.up, state.found), state.place
        if state.place is not None and state.place.place is not None and self.place_belief is not None:
            _LOG.info("--state %s: worn at: %s", self._path, state.place.place)


def _is_free(path: Path) -> bool:
    """Whether a state can be written without losing something else."""
    try:
        return may_be_replaced(path, b"haredge-state")
    except OSError:
        return True  # Reading and writing say what is wrong.
