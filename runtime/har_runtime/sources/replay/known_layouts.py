"""Data sets whose tables have no header and hold sensors at several places: which columns are whose.

Such a file is known by the number of its columns and by gravity where an accelerometer must be. It is not read by
itself, since nobody but the user knows which place is meant: the message names the options of each.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.errors import DataError
from har_runtime.median import median
from har_runtime.signal.units import rest_magnitude
from har_runtime.sources.column_names import AXES
from har_runtime.sources.replay.fields import MAX_OPTION
from har_runtime.sources.replay.first_rows import values_of

NEAR: Final = 0.25
"""How far a resting accelerometer may be off gravity, as a share."""
MIN_ROWS: Final = 10


@dataclass(frozen=True)
class KnownLayout:
    """The columns of a data set."""

    name: str
    source: str
    """Where they are documented."""
    width: int
    """Cells of a row."""
    gravity: float
    """What gravity reads."""
    places: Mapping[str, tuple[int, int | None]]
    """The columns of acceleration x and, if there is a gyroscope that can be read, angular rate x, from 1 on, of each
    place."""
    times: tuple[float, float] | None = None
    """The step from row to row of the first column, at least and at most; None without times."""
    label: int | None = None
    """The column of the activity, from 1 on."""
    more: Mapping[str, str] = field(default_factory=dict)
    """Further options that it needs."""


LAYOUTS: Final[tuple[KnownLayout, ...]] = (
    KnownLayout(
        "MHEALTH",
        "https://archive.ics.uci.edu/dataset/319, README: 50 Hz, m/s^2; its gyroscopes turn less than their wearers do",
        24,
        STANDARD_GRAVITY,
        {"chest": (1, None), "ankle": (6, None), "arm": (15, None)},
        label=24,
        more={"rate": "50"},
    ),
    KnownLayout(
        "PAMAP2",
        "https://archive.ics.uci.edu/dataset/231, DataCollectionProtocol: s, m/s^2 (the sensor of 16 g), rad/s",
        54,
        STANDARD_GRAVITY,
        {"hand": (5, 11), "chest": (22, 28), "ankle": (39, 45)},
        times=(0.005, 0.05),
        label=2,
        more={"gyro": "rad/s"},
    ),
    KnownLayout(
        "Daphnet",
        "https://archive.ics.uci.edu/dataset/245, README: ms, mg",
        11,
        1000.0,
        {"ankle": (2, None), "thigh": (5, None), "trunk": (8, None)},
        times=(10, 25),
        label=11,
    ),
    KnownLayout(
        "OPPORTUNITY",
        "https://archive.ics.uci.edu/dataset/226, column_names.txt: ms, mg; the unit of its gyroscopes is not known",
        250,
        1000.0,
        {"hip": (5, None), "back": (38, None), "right arm": (64, None)},
        times=(10, 50),
        label=244,
    ),
)  # fmt: skip


def check_layout(rows: Sequence[Sequence[str]]) -> None:
    """Refuse the rows of a data set that is known, with the options of each place.

    Raises:
        DataError: they are such rows.
    """
    if len(rows) < MIN_ROWS:
        return
    found = next((one for one in LAYOUTS if one.width == len(rows[0]) and _fits(one, rows)), None)
    if found is None:
        return
    more = "".join(f"&{name}={value}" for name, value in found.more.items())
    first, *others = (f"columns={','.join(_names(found, place))}{more} for {place!r}" for place in found.places)
    raise DataError(
        f"its {found.width} columns are those of {found.name}, with sensors at several places: name the columns of "
        f"one, {first}{''.join(f' or {other}' for other in others)}"
    )


def _fits(layout: KnownLayout, rows: Sequence[Sequence[str]]) -> bool:
    if layout.times is not None:
        steps = np.diff(values_of(rows, [0])[:, 0])
        if not (layout.times[0] <= median(steps) <= layout.times[1] and bool((steps > 0).all())):
            return False
    sizes = [rest_magnitude(values_of(rows, range(acc - 1, acc + 2))) for acc, _ in layout.places.values()]
    measured = [size for size in sizes if size]  # A sensor may be missing at the beginning.
    return bool(measured) and all(abs(size / layout.gravity - 1) < NEAR for size in measured)


def _names(layout: KnownLayout, place: str) -> list[str]:
    """The names of the columns of one place."""
    names = ["-"] * layout.width
    acc, gyro = layout.places[place]
    if layout.times is not None:
        names[0] = "time"
    for sensor, begin in (("a", acc), ("g", gyro)):
        if begin is not None:
            names[begin - 1 : begin + 2] = [f"{sensor}{axis}" for axis in AXES]
    if layout.label is not None and layout.label <= MAX_OPTION:
        names[layout.label - 1] = "label"
    while names[-1] == "-":
        names.pop()
    return names
