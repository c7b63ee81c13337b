"""The units of acceleration and angular rate, found by what samples show.

Each limit lies beyond the most extreme of 79,000 blocks of two seconds in the recordings of HAPT, MotionSense, WISDM,
DiFronzo and sp-sw-har (waist, pocket and wrist). While the evidence shows nothing, no unit is found.
"""

import math
import statistics
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.signal.evidence import TURN_BLOCKS, Evidence, Turn
from har_runtime.signal.units import (
    ACCELERATION,
    COUNTS_A_DEGREE,
    COUNTS_A_G,
    REST_BAND,
    Unit,
    acceleration_unit,
    angular_rate_unit,
    figure,
)

MOVING_BAND: Final = (0.5, 2.5)
"""Median magnitude of acceleration over gravity in any two seconds: 0.55 to 2.4 in the recordings (running)."""
COUNTS_BAND: Final = (0.8, 1.25)
"""The same at rest for mg and counts, which are only a factor of two apart; 0.93 to 1.06 in the recordings."""
NO_GRAVITY: Final = 0.2
"""Mean acceleration over eight seconds over its root mean square, if gravity is missing; 0.226 or more in the
recordings, less than 0.2 in two of five stretches of linear acceleration that a phone computes."""
NO_GRAVITY_AT_ONCE: Final = 0.1
"""The same if it need not be seen again."""
SOME_GRAVITY: Final = 0.4
"""The same if there is no doubt that gravity is in it; less in one of a hundred stretches of the recordings."""
LEAST_GRAVITY: Final = 0.3
"""A smaller magnitude of acceleration is not gravity in any unit: the largest unit is g."""
MAX_RATE: Final = 16.0
"""Angular rate over two seconds, rad/s; at most 15.5 in the recordings, of a wrist that claps."""
MIN_MOVING_RATE: Final = 0.08
"""The same while the device is carried about; at least 0.089 rad/s in the recordings."""
SURE: Final = 0.8
"""Correlation between the turn of gravity and the angular rate that decides."""
SLOPES: Final = (0.25, 3.0)
"""The turn of gravity over that of the gyroscope, in rad/s, if the correlation decides: 0.27 to 2.7."""
COUNT_SLOPES: Final = (0.7, 1.4)
"""The same for counts, which are a factor of two apart."""
VOTES: Final = 2
"""Observations that must agree."""


@dataclass(frozen=True)
class Found:
    """A unit, and how it is known."""

    unit: Unit
    why: str
    """E.g. "by its magnitude at rest, 0.99"."""
    by_size: bool = False
    """Whether only the size of the readings shows it."""


def stated_unit(unit_of: Callable[[str], Unit], given: str | None, named: str | None, why: str) -> Found | None:
    """The unit that an option gives or, if it does not, the header or the app names; None if neither does.

    Args:
        unit_of: `units.acceleration_unit` or `units.angular_rate_unit`.
        given: the option.
        named: by the header.
        why: how `named` is known.

    Raises:
        ValueError: not the name of a unit.
    """
    if given is not None:
        return Found(unit_of(given), "as given")
    return None if named is None else Found(unit_of(named), why)


@dataclass(frozen=True)
class Gravity:
    """The magnitude of gravity in the sensor's unit."""

    level: float
    at_rest: bool
    """Whether it was measured at rest; otherwise it is the magnitude of acceleration in motion."""

    @property
    def where(self) -> str:
        return "at rest" if self.at_rest else "in motion"


def gravity_of(evidence: Evidence) -> Gravity | None:
    """The magnitude of gravity; None without a whole block."""
    quiet = [block.magnitude for block in evidence.blocks if block.is_quiet]
    if quiet:
        return Gravity(statistics.median(quiet), True)
    if evidence.blocks:
        return Gravity(statistics.median(block.magnitude for block in evidence.blocks), False)
    return None


def gravity_is_missing(evidence: Evidence) -> bool:
    """Whether the acceleration is without gravity, in whatever unit."""
    found = gravity_of(evidence)
    if found is None:
        return False
    few = sum(mean < NO_GRAVITY for mean in evidence.means)
    is_small = found.level < LEAST_GRAVITY and not found.at_rest  # At rest it is gravity in an odd unit.
    return is_small or min(evidence.means, default=1.0) < NO_GRAVITY_AT_ONCE or few >= VOTES


def has_gravity(evidence: Evidence) -> bool:
    """Whether there is no doubt that gravity is in the acceleration, whatever it is called.

    It is about as large as gravity in a usual unit, and hardly changes its direction from second to second.
    """
    found = gravity_of(evidence)
    if found is None or find_acceleration_unit(evidence) is None:
        return False
    return found.at_rest or share_of_gravity(evidence) > SURE


def mean_of(evidence: Evidence) -> float:
    """Length of the mean acceleration of the newest blocks, of eight seconds at most."""
    blocks = list(evidence.blocks)[-TURN_BLOCKS:]
    return math.hypot(*(statistics.fmean(axis) for axis in zip(*(block.mean for block in blocks), strict=True)))


def share_of_gravity(evidence: Evidence) -> float:
    """`mean_of` over the root mean square: near 1 at rest, near 0 if gravity is missing."""
    power = statistics.fmean(block.power for block in list(evidence.blocks)[-TURN_BLOCKS:])
    return mean_of(evidence) / math.sqrt(power) if power > 0 else 0.0


def find_acceleration_unit(evidence: Evidence) -> Found | None:
    """The unit of acceleration by the magnitude of gravity; None if it fits none, or not yet."""
    found = gravity_of(evidence)
    if found is None or gravity_is_missing(evidence):
        return None
    if not found.at_rest and share_of_gravity(evidence) < SOME_GRAVITY:
        return None
    is_short = evidence.count < TURN_BLOCKS
    low, high = REST_BAND if found.at_rest or is_short else MOVING_BAND
    why = f"by its magnitude {found.where}, {figure(found.level, 4)}"
    for name in ("g", "m/s2"):
        if low <= found.level * ACCELERATION[name] / STANDARD_GRAVITY <= high:
            return Found(acceleration_unit(name), why)
    level = found.level
    if not found.at_rest:  # The others are a factor of two apart: they need what is nearer to gravity.
        level = statistics.median(block.gravity for block in evidence.blocks)
    names = {1000.0: "mg", **{counts: f"{counts:g}" for counts in COUNTS_A_G}}
    nearest = min(names, key=lambda gravity: abs(math.log(level / gravity)))
    if COUNTS_BAND[0] <= level / nearest <= COUNTS_BAND[1]:
        return Found(acceleration_unit(names[nearest]), why)
    return None


def find_angular_rate_unit(evidence: Evidence) -> Found | None:
    """The unit of angular rate by the turn of gravity, or else by its size in motion; None if they do not show it."""
    if turns := sure_turns(evidence.turns, 1):
        slope = statistics.median(turn.slope for turn in turns)
        unit = unit_of_slope(slope)
        return unit and Found(unit, f"by how gravity turns, {slope:.2g} times what it reads")
    moving = [block.gyro_rms for block in evidence.blocks if block.is_moving and block.gyro_rms is not None]
    if len(moving) < VOTES:
        return None
    rms = statistics.median(moving)
    # Counts may read the same as fast turns in deg/s.
    fits = [unit for unit in rate_units()[:2] if MIN_MOVING_RATE <= rms * unit.size <= MAX_RATE]
    return Found(fits[0], f"by its size in motion, {figure(rms)}", by_size=True) if len(fits) == 1 else None


def unit_of_slope(slope: float) -> Unit | None:
    """The unit of angular rate in which gravity turns `slope` times as far as the gyroscope says.

    >>> unit_of_slope(0.015).text, unit_of_slope(0.00014).text, unit_of_slope(57.0)
    ('deg/s', 'counts of 131 a deg/s', None)
    """
    nearest = min(rate_units(), key=lambda unit: abs(math.log(slope / unit.size)))
    low, high = SLOPES if nearest.name in ("rad/s", "deg/s") else COUNT_SLOPES
    return nearest if low <= slope / nearest.size <= high else None


def sure_turns(turns: Iterable[Turn], sign: int) -> list[Turn]:
    """Those whose correlation decides, with this sign."""
    return [turn for turn in turns if turn.correlation * sign > SURE]


def rate_units() -> list[Unit]:
    """The usual units of angular rate: rad/s, deg/s and counts."""
    return [angular_rate_unit(name) for name in ("rad/s", "deg/s", *(f"{count:g}" for count in COUNTS_A_DEGREE))]
