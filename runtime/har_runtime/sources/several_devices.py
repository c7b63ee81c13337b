"""Readings of several devices in turn: what shows that a word or number beside them tells devices apart."""

import itertools
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

MAX_DEVICES: Final = 16
MIN_JUMPS: Final = 8
"""Changes over which the readings are compared."""
APART: Final = 1.5
"""How many times further a reading is from the other device's last one than from its own device's."""
IN_TURN: Final = 0.9
"""Share of rows of the same device as so many rows before as there are devices."""


def turns_of(names: Sequence[str]) -> list[tuple[int, int]]:
    """The rows at which another device comes, each with the row of its own before it.

    >>> turns_of(["A", "B", "A", "A", "B"])
    [(2, 0), (4, 1)]
    """
    last: dict[str, int] = {}
    turns: list[tuple[int, int]] = []
    for at, (before, name) in enumerate(itertools.pairwise(["", *names])):
        if name != before and name in last:
            turns.append((at, last[name]))
        last[name] = at
    return turns


def take_turns(names: Sequence[str]) -> bool:
    """Whether devices come in the same order again and again."""
    count = len(set(names))
    return float(np.mean([one == other for one, other in zip(names, names[count:], strict=False)])) >= IN_TURN


def readings_jump(names: Sequence[str], readings: NDArray[np.float64]) -> bool:
    """Whether readings, shape (rows, columns), go on from those of their own device, and not from the row before."""
    turns = [(at, own) for at, own in turns_of(names) if np.isfinite(readings[[at, at - 1, own]]).all()]
    if len(turns) < MIN_JUMPS:
        return False
    at, own = np.array(turns).T
    from_other = np.linalg.norm(readings[at] - readings[at - 1], axis=1).sum()
    return bool(from_other > APART * np.linalg.norm(readings[at] - readings[own], axis=1).sum())
