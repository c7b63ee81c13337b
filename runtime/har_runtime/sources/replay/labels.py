"""The words of recordings for activities, and ours for the same."""

import re
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from har_runtime.text import clean

MAX_LABEL = 80
"""Characters of a label that are kept."""
MAX_LABELS = 1000
"""Different labels that are remembered; a column with more is no column of activities."""
AS_WRITTEN = "as-written"
"""The value of the option `labels` that leaves every label as it is."""

_SYNONYMS = {
    "walking": "walk walking walks wlk wal walkingnormal normalwalking levelwalking walkinglevel walkforward "
    "walkingforward",
    "running": "run running runs jog jogging joging",
    "standing": "stand standing std standingstill standstill",
    "sitting": "sit sitting seated",
    "lying": "lie lying lyi lay laying lyingdown layingdown",
    "stairs_up": "stairsup stairup upstairs walkingupstairs walkupstairs goingupstairs ups stu ascending "
    "ascendingstairs stairsascending climbingstairs climbingupstairs climbupstairs climbstairs "
    "ascendstairs upstair stairascent",
    "stairs_down": "stairsdown stairdown downstairs walkingdownstairs walkdownstairs goingdownstairs dws stn "
    "descending descendingstairs stairsdescending climbingdownstairs descendstairs downstair stairdescent",
    "stairs": "stairs stair walkingstairs walkingonstairs stairclimbing climbingstairsupdown",
    "": "unknown none null nan na unlabelled unlabeled nolabel undefined",
}  # fmt: skip
WORDS: Mapping[str, str] = {word: ours for ours, words in _SYNONYMS.items() for word in words.split()}
"""Our word for each of theirs, in lower case letters and digits alone: those of UCI HAR, HAPT, WISDM, MotionSense,
MobiAct, PAMAP2, mHealth, Opportunity and HHAR, and of people. `stairs` is up or down; "" is no label. Words of a
passage from one activity to another, such as "sit down", are none of them."""


STOPS = ("stop", "stopp", "end", "ende", "pause", "off", "0")
"""Annotations that end the activity before, as one without a text does."""


def annotated(text: str) -> str:
    """What a person wrote as an annotation, fit to be a label in a table; "" if it ends the activity before.

    >>> annotated(" rowing, hard\x1b[2J"), annotated("Stop"), annotated("")
    ('rowing hard?[2J', '', '')
    """
    label = " ".join(clean(text, MAX_LABEL).replace('"', " ").replace(",", " ").split())[:MAX_LABEL]
    return "" if label.lower() in STOPS else label


def parse_labels(text: str) -> dict[str, str] | None:
    """The option `labels`: `1:walking,2:stairs_up`, or `as-written`, which is None.

    >>> parse_labels("1:walking,2:stairs_up")
    {'1': 'walking', '2': 'stairs_up'}

    Raises:
        ValueError: not such a list.
    """
    if text == AS_WRITTEN:
        return None
    pairs = [part.partition(":") for part in text.split(",")]
    if not all(theirs.strip() and colon for theirs, colon, _ in pairs):
        raise ValueError(f"write it as 1:walking,2:stairs_up, or {AS_WRITTEN}")
    return {theirs.strip(): ours.strip()[:MAX_LABEL] for theirs, _, ours in pairs}


class Labels:
    """Gives the labels of a recording our words.

    >>> labels = Labels()
    >>> labels.ours(["WALKING_UPSTAIRS", "Jogging", "juggling", ""]).tolist()
    ['stairs_up', 'running', 'juggling', '']
    >>> labels.used
    {'WALKING_UPSTAIRS': 'stairs_up', 'Jogging': 'running'}

    Args:
        given: our words for theirs, which come before `WORDS`; None for `WORDS` alone.
        as_written: leave every label as it is.
    """

    def __init__(self, given: Mapping[str, str] | None = None, as_written: bool = False):
        self._given, self._as_written = given or {}, as_written
        self._known: dict[str, str] = {}
        self.used: dict[str, str] = {}
        """The labels that were given another word, and that word."""

    def ours(self, labels: "list[str] | NDArray[np.str_]") -> NDArray[np.str_]:
        """Our words for these labels, shape (n,)."""
        theirs = labels if isinstance(labels, list) else labels.tolist()
        known = self._known
        try:
            if theirs and theirs.count(theirs[0]) == len(theirs):  # As almost always.
                return np.full(len(theirs), known[theirs[0]])
            return np.array(list(map(known.__getitem__, theirs)), np.str_)
        except KeyError:
            for label in dict.fromkeys(theirs):
                if label not in known:
                    self._learn(label)
            return np.array([known.get(label, label[:MAX_LABEL]) for label in theirs], np.str_)

    def _learn(self, label: str) -> None:
        if len(self._known) >= MAX_LABELS:
            return
        theirs = label.strip()[:MAX_LABEL]
        ours = theirs
        if theirs in self._given:
            ours = self._given[theirs]
        elif not self._as_written:
            ours = WORDS.get(re.sub(r"[^a-z0-9]", "", theirs.lower()), theirs)
        self._known[label] = ours
        if ours and ours != theirs:
            self.used[theirs] = ours
