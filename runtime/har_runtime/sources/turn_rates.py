"""Angular rates that are named after the turns of vehicles: rates of roll, pitch and yaw, or p, q, r.

x points ahead, so that roll is the turn about x, pitch that about y, and yaw that about z. Only all three together are
a gyroscope's: a car's log has a yaw rate alone, and `p` may be a pressure.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Final

from har_runtime.sources.column_names import AXES, GYRO_UNITS, split_name

_AXES: Final = {
    "roll": "x",
    "pitch": "y",
    "yaw": "z",
    "p": "x",
    "q": "y",
    "r": "z",
}
_UNITS: Final = "|".join(sorted(GYRO_UNITS, key=len, reverse=True))
_RATE: Final = re.compile(
    rf"(?:(?:body)?(roll|pitch|yaw)(?:rates?|speed|vel|velocity|gyro|angularvelocity|angularrate)"
    rf"|(?:body)?(?:gyro|gyroscope|angularvelocity|angularrate|angularspeed|vel|rate)(roll|pitch|yaw)(?:rate)?"
    rf"|(p|q|r))({_UNITS}|)"
)
_ANGLE: Final = re.compile("(roll|pitch|yaw)")
"""A turn that is one a second by its unit alone."""


def turn_rate_of(words: Sequence[str], unit: str) -> tuple[str, str | None] | None:
    """Axis and unit of a rate of roll, pitch or yaw, or of p, q, r; None for any other name.

    Args:
        words: of a name, and its unit, as `column_names.split_name` gives them.

    >>> turn_rate_of(["Yaw", "Rate"], "dps"), turn_rate_of(["yaw"], ""), turn_rate_of(["q"], "")
    (('z', 'deg/s'), None, ('y', None))
    """
    compact = "".join(words).lower()
    is_rate = unit in GYRO_UNITS and unit not in ("deg", "rad", "radians")
    if is_rate and (match := _ANGLE.fullmatch(compact)):
        return _AXES[match[1]], GYRO_UNITS[unit]
    match = _RATE.fullmatch(compact)
    if match is None or (unit and unit not in GYRO_UNITS):
        return None
    return _AXES[match[1] or match[2] or match[3]], GYRO_UNITS.get(unit or match[4])


def turn_rates(names: Sequence[str], letters: bool) -> Mapping[str, tuple[int, str | None]]:
    """The columns and units of angular rate x, y, z among names; empty unless there is one of each.

    Args:
        names: of all columns.
        letters: whether p, q, r are such.

    >>> turn_rates(["time", "p", "q", "r"], letters=True)
    {'x': (1, None), 'y': (2, None), 'z': (3, None)}
    >>> turn_rates(["time", "yaw_rate", "p"], letters=True)
    {}
    """
    found: dict[str, tuple[int, str | None]] = {}
    single: dict[str, tuple[int, str | None]] = {}
    for index, name in enumerate(names):
        words, unit = split_name(name)
        if (turn := turn_rate_of(words, unit)) is not None:
            of_kind = single if len("".join(words)) == 1 else found
            of_kind.setdefault(turn[0], (index, turn[1]))
    kinds = (found, single) if letters else (found,)
    return next(({axis: one[axis] for axis in AXES} for one in kinds if len(one) == len(AXES)), {})
