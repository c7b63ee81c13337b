"""A person's profile: what was learnt of each activity, as a small JSON. It holds no signals, only means.

Without the profile, the shipped model answers as before.
"""

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.rejection import Group
from har_runtime.errors import DataError
from har_runtime.files import may_be_replaced, write_bytes
from har_runtime.model.card import ModelCard
from har_runtime.tables import TableError, from_table, read_json
from har_runtime.text import MAX_NAME, clean, is_name

FORMAT = "haredge-profile-1"
MAX_LEARNT = 100
"""Activities, each at a place, of a profile."""
LONGEST = 100_000
"""Windows of one of them: more is no number of windows that somebody recorded."""


@dataclass(frozen=True)
class Learnt:
    """One activity as the person does it, with the sensor at one place."""

    label: str
    place: str | None
    """One of the card's places; None if the model does not tell them."""
    windows: int
    mean: tuple[float, ...]
    """Of their whitened features."""
    source: str
    """Where the samples came from, for people."""
    unix_s: float
    """When it was learnt, seconds since 1970."""
    group: Group | None = None
    """Statistics of the windows, if the shipped model would find them unlike everything it knows."""


@dataclass(frozen=True)
class StillReference:
    """Which way was up while the person stood still."""

    up: tuple[float, float, float]
    """Unit vector of acceleration."""
    axes: str
    """Those of `--axes` at the time."""


@dataclass(frozen=True)
class Profile:
    """What a model has learnt of one person."""

    format: str
    model: str
    """Name of the model that it belongs to."""
    sha256: str | None
    """Of that model's file; None if its card does not say."""
    learnt: tuple[Learnt, ...]
    still: StillReference | None = None

    def with_learnt(self, newer: Iterable[Learnt], still: StillReference | None = None) -> "Profile":
        """The same with newer entries, which replace those of the same activity and place."""
        entries = {(one.label, one.place): one for one in (*self.learnt, *newer)}
        return replace(self, learnt=tuple(entries.values()), still=still or self.still)

    def without(self, label: str) -> "Profile":
        """The same without an activity, which is then answered as before.

        Raises:
            DataError: it is not in the profile.
        """
        left = tuple(one for one in self.learnt if one.label != label)
        if len(left) == len(self.learnt):
            known = ", ".join(dict.fromkeys(one.label for one in self.learnt))
            raise DataError(f"the profile has no '{clean(label)}'; it has {known}")
        return replace(self, learnt=left)


def empty_profile(card: ModelCard) -> Profile:
    """The profile of somebody of whom nothing is known.

    Raises:
        DataError: the model cannot be made personal.
    """
    if card.prototypes is None:
        raise DataError(
            f"the model {card.name} cannot be made personal: its file does not give its features; "
            "use --model anywhere, or export it again with har-export"
        )
    return Profile(FORMAT, card.name, card.sha256, ())


def read_profile(path: Path) -> Profile:
    """Read a profile.

    Raises:
        DataError: it cannot be read, is damaged, or is none.
    """
    try:
        return profile_from_table(read_json(path))
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror or error})") from error
    except TableError as error:
        raise DataError(
            f"{path}: no profile, or damaged: {error}; make it again with har-stream personalise"
        ) from error


def why_kept(path: Path) -> str | None:
    """Why a profile cannot be written to this path without losing something else, one line; None if it can.

    A profile that is damaged, and a file that a power cut left empty, may be replaced.
    """
    try:
        may = may_be_replaced(path, b"haredge-profile")
    except OSError:
        return None  # Writing will say what is wrong.
    return None if may else "is there already, and no profile"


def profile_from_table(table: Any) -> Profile:
    """A profile from the value of its JSON.

    Raises:
        TableError: it is damaged, or none.
    """
    if isinstance(table, dict) and table.get("format") != FORMAT:
        raise TableError(f"its format is not {FORMAT}")
    profile = from_table(Profile, table)
    _check(profile)
    return profile


def write_profile(path: Path, profile: Profile) -> None:
    """Write a profile atomically, for its owner alone.

    Raises:
        HarError: it cannot be written; an older one stays as it was.
    """
    write_bytes(path, f"{json.dumps(asdict(profile), indent=1, allow_nan=False)}\n".encode(), private=True)


def _check(profile: Profile) -> None:
    """Raises TableError for what `write_profile` never writes."""
    if len(profile.learnt) > MAX_LEARNT:
        raise TableError(f"it has {len(profile.learnt)} activities, at most {MAX_LEARNT} are possible")
    pairs = [(one.label, one.place) for one in profile.learnt]
    for pair in pairs:
        if pairs.count(pair) > 1:
            raise TableError(f"it has '{clean(pair[0])}' twice")
    for one in profile.learnt:
        if not is_name(one.label):
            raise TableError(f"a label must be text of 1 to {MAX_NAME} characters")
        if not 0 < one.windows <= LONGEST or not one.mean or max(map(abs, one.mean)) > 1e6:
            raise TableError(f"its numbers for '{one.label}' are no means of windows")
    if profile.still is not None and abs(sum(value * value for value in profile.still.up) - 1) > 1e-3:
        raise TableError("its direction of up is not of length 1")


def why_unusable(profile: Profile, card: ModelCard) -> str | None:
    """Why a profile cannot be used with a model, one line; None if it can."""
    prototypes = card.prototypes
    if prototypes is None:
        return f"the model {card.name} cannot be made personal"
    if profile.model != card.name or (profile.sha256 and card.sha256 and profile.sha256 != card.sha256):
        other = clean(profile.model) if profile.model != card.name else f"another version of {card.name}"
        return f"it was made for {other}, and the model is {card.name}: make it again with har-stream personalise"
    for one in profile.learnt:
        if len(one.mean) != prototypes.width or one.place not in (card.places or (None,)):
            return f"its '{one.label}' does not fit the model {card.name}: make it again with har-stream personalise"
        if one.group is not None and not one.group.fits(card.frame):
            return f"its statistics of '{one.label}' do not fit the model {card.name}"
        if problem := why_no_label(one.label, card):
            return problem
    return None


def why_no_label(label: str, card: ModelCard) -> str | None:
    """Why an activity cannot be learnt, one line; None if it can."""
    if not is_name(label):
        return f"'{clean(label)}' is no name: give text of 1 to {MAX_NAME} characters"
    if label == UNKNOWN or label in card.families:
        return f"'{label}' is an answer of its own, not an activity: give another name"
    return None
