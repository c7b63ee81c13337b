"""Judgements by `Evidence`: which units samples are in, and what shows that they are not in those stated.

Each limit lies beyond the most extreme of 79,000 blocks of two seconds in the recordings of HAPT, MotionSense, WISDM,
DiFronzo and sp-sw-har (waist, pocket and wrist). Nothing is said that the evidence does not show; while it shows
nothing, there is no problem and no unit.
"""

import math
import statistics
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.errors import DataError
from har_runtime.signal.evidence import BLOCK_S, TURN_BLOCKS, Evidence, Turn
from har_runtime.signal.units import (
    ACCELERATION,
    COUNTS_A_DEGREE,
    COUNTS_A_G,
    REST_BAND,
    Unit,
    acceleration_unit,
    angular_rate_unit,
)

MOVING_BAND: Final = (0.5, 2.5)
"""Median magnitude of acceleration over gravity in any two seconds: 0.55 to 2.4 in the recordings (running)."""
COUNTS_BAND: Final = (0.8, 1.25)
"""The same at rest for mg and counts, which are only a factor of two apart; 0.93 to 1.06 in the recordings."""
NO_GRAVITY: Final = 0.1
"""Mean acceleration over eight seconds over its root mean square; 0.23 or more in the recordings, 0.03 or less without
gravity."""
LEAST_GRAVITY: Final = 0.3
"""A smaller magnitude of acceleration is not gravity in any unit: the largest unit is g."""
MAX_RATE: Final = 16.0
"""Angular rate over two seconds, rad/s; at most 15.5 in the recordings, of a wrist that claps."""
MAX_REST_RATE: Final = 1.5
"""The same while acceleration is at rest; at most 1.25 in the recordings."""
MIN_MOVING_RATE: Final = 0.08
"""The same while the device is carried about; at least 0.089 rad/s in the recordings."""
MAX_GYRO: Final = 70.0
"""rad/s: 4000 deg/s, the largest full scale of a gyroscope."""
SURE: Final = 0.8
"""Correlation between the turn of gravity and the angular rate that decides."""
SLOPES: Final = (0.25, 3.0)
"""The turn of gravity over that of the gyroscope, in rad/s, if the correlation decides: 0.27 to 2.7."""
MIRRORED: Final = (-2.0, -0.5)
"""The same if the handedness of one sensor's axes is wrong."""
VOTES: Final = 2
"""Observations that must agree before anything is called wrong."""
DEGREE: Final = math.pi / 180


@dataclass(frozen=True)
class Found:
    """A unit, and how it is known."""

    unit: Unit
    why: str
    """E.g. "by its magnitude at rest, 0.99"."""


def gravity_of(evidence: Evidence) -> tuple[float, bool] | None:
    """Magnitude of gravity in the sensor's unit, and whether it was at rest; None without a whole block."""
    quiet = [block.magnitude for block in evidence.blocks if block.is_quiet]
    if quiet:
        return statistics.median(quiet), True
    if evidence.blocks:
        return statistics.median(block.magnitude for block in evidence.blocks), False
    return None


def gravity_problem(evidence: Evidence) -> str | None:
    """What shows that gravity is missing in the acceleration, in whatever unit; None if nothing does."""
    found = gravity_of(evidence)
    if found is None:
        return None
    level, _ = found
    advice = "record acceleration with gravity, not linear or user acceleration"
    if evidence.means and min(evidence.means) < NO_GRAVITY:
        share, seconds = min(evidence.means), BLOCK_S * TURN_BLOCKS
        return (
            f"gravity is missing in the acceleration, which is {level:.3g} in size but only {share * level:.2g} in its "
            f"mean over {seconds} s: {advice}"
        )
    if level < LEAST_GRAVITY:
        return (
            f"gravity is missing in the acceleration, which is about {level:.2g} where gravity is 9.81 (m/s2) or 1 "
            f"(g): {advice}"
        )
    return None


def find_acceleration_unit(evidence: Evidence) -> Found | None:
    """The unit of acceleration by the magnitude of gravity; None if it fits none, or not yet."""
    found = gravity_of(evidence)
    if found is None or gravity_problem(evidence):
        return None
    level, at_rest = found
    low, high = REST_BAND if at_rest else MOVING_BAND
    where = f"by its magnitude {_where(at_rest)}, {level:.4g}"
    for name in ("g", "m/s2"):
        if low <= level * ACCELERATION[name] / STANDARD_GRAVITY <= high:
            return Found(acceleration_unit(name), where)
    if not at_rest:  # The others are a factor of two apart, so they need what is nearer to gravity than the magnitude.
        level = statistics.median(block.gravity for block in evidence.blocks)
    names = {1000.0: "mg", **{counts: f"{counts:g}" for counts in COUNTS_A_G}}
    nearest = min(names, key=lambda gravity: abs(math.log(level / gravity)))
    if COUNTS_BAND[0] <= level / nearest <= COUNTS_BAND[1]:
        return Found(acceleration_unit(names[nearest]), where)
    return None


def acceleration_problem(evidence: Evidence, unit: Unit) -> str | None:
    """What shows that acceleration is not in this unit, or without gravity; one line with the advice, or None."""
    if problem := gravity_problem(evidence):
        return problem
    found = gravity_of(evidence)
    if found is None:
        return None
    level, at_rest = found
    ratio = level * unit.size / STANDARD_GRAVITY
    low, high = REST_BAND if at_rest else MOVING_BAND
    if low <= ratio <= high:
        return None
    seen = f"acceleration is about {level:.5g} {_where(at_rest)}, so gravity would be {ratio:.3g} g in {unit.text}"
    if other := find_acceleration_unit(evidence):
        return f"{seen}; it fits {other.unit.text}: add unit={other.unit.name}"
    return f"{seen}, and it fits no usual unit: add unit=N, the number that one g reads"


def find_angular_rate_unit(evidence: Evidence) -> Found | None:
    """The unit of angular rate by the turn of gravity, or by its size while the device is carried about; None if that
    shows nothing yet."""
    if turns := _sure_turns(evidence.turns, 1):
        slope = statistics.median(turn.slope for turn in turns)
        for unit in _rate_units():
            low, high = SLOPES if unit.size >= DEGREE else (1 / math.sqrt(2), math.sqrt(2))
            if low <= slope / unit.size <= high:
                return Found(unit, f"by the turn of gravity, {slope:.2g} times its own")
        return None
    moving = [block.gyro_rms for block in evidence.blocks if block.is_moving and block.gyro_rms is not None]
    if len(moving) < VOTES:
        return None
    rms = statistics.median(moving)
    fits = [
        angular_rate_unit(name)
        for name, size in (("rad/s", 1.0), ("deg/s", DEGREE))
        if MIN_MOVING_RATE <= rms * size <= MAX_RATE
    ]
    # More than 900 deg/s for seconds, or counts: the size alone does not say which.
    if len(fits) == 1 and rms * fits[0].size <= MAX_RATE and (fits[0].name == "rad/s" or rms <= MAX_RATE / DEGREE):
        return Found(fits[0], f"by its size in motion, {rms:.3g}")
    return None


def angular_rate_problem(evidence: Evidence, unit: Unit) -> str | None:
    """What shows that the angular rate is not in this unit, or that its axes are mirrored; one line, or None."""
    rates = [(block, block.gyro_rms * unit.size) for block in evidence.blocks if block.gyro_rms is not None]
    turns = [Turn(turn.slope / unit.size, turn.correlation, turn.size) for turn in evidence.turns]
    if problem := _turn_problem(turns, unit):
        return problem
    if _sure_turns(turns, 1):
        return None
    fast = [block.gyro_rms for block, rate in rates if rate > MAX_RATE and block.gyro_rms is not None]
    if len(fast) >= VOTES:
        return (
            f"angular rates are about {statistics.median(fast):.3g} for seconds, faster than anybody turns if they are "
            f"in {unit.text}: {_rate_advice(statistics.median(fast), unit)}"
        )
    rest = [block.gyro_rms for block, _ in rates if block.is_quiet and block.gyro_rms is not None]
    wild = [rate for rate in rest if rate * unit.size > MAX_REST_RATE]
    if len(wild) >= VOTES and 2 * len(wild) > len(rest):
        return (
            f"angular rates are about {statistics.median(wild):.3g} while acceleration is at rest, more than a sensor "
            f"at rest reads in {unit.text}: {_rate_advice(statistics.median(wild), unit)}"
        )
    return None


@dataclass(frozen=True)
class Units:
    """The units of a source's columns."""

    acc: Unit
    gyro: Unit | None
    """None without a gyroscope."""
    text: str
    """For `SourceReport.units`, e.g. "acceleration in g (by its magnitude at rest, 0.99), angular rate in deg/s (as
    given)"."""


def choose_units(
    evidence: Evidence, acc: Found | None = None, gyro: Found | None = None, *, gyroscope: bool = True
) -> Units:
    """The units of columns, found by their values unless they are named, and checked in either case.

    Args:
        evidence: of the first samples as they were read, in the units of the columns: some seconds of them, after
            `Evidence.finish`.
        acc: the unit of acceleration if an option, a header or a profile names it, with `why`, such as "as given" or
            "by the header"; None to find it.
        gyro: likewise of the angular rate.
        gyroscope: whether there is one.

    Raises:
        DataError: a unit cannot be found, or the values do not fit the unit that is named. The message is one line
            with the option to add, and without the file.
    """
    if problem := (acceleration_problem(evidence, acc.unit) if acc else gravity_problem(evidence)):
        raise DataError(problem)
    acc = acc or find_acceleration_unit(evidence)
    if acc is None:
        found = gravity_of(evidence)
        seen = f"about {found[0]:.4g} {_where(found[1])}, which fits no usual unit" if found else "in an unknown unit"
        raise DataError(
            f"acceleration is {seen}: add unit=g, unit=m/s2, unit=mg or unit=N, the number that one g reads"
        )
    text = f"acceleration in {acc.unit.text} ({acc.why})"
    if not gyroscope:
        return Units(acc.unit, None, text)
    if gyro and (problem := angular_rate_problem(evidence, gyro.unit)):
        raise DataError(problem)
    gyro = gyro or find_angular_rate_unit(evidence)
    if gyro is None:
        raise DataError(
            "the unit of the angular rate is not known, and these samples do not show it: add gyro=deg/s, gyro=rad/s "
            "or gyro=N, the counts of a deg/s (131 in a range of 250 deg/s of 16 bits)"
        )
    return Units(acc.unit, gyro.unit, f"{text}, angular rate in {gyro.unit.text} ({gyro.why})")


def _where(at_rest: bool) -> str:
    return "at rest" if at_rest else "in motion"


def _turn_problem(turns: list[Turn], unit: Unit) -> str | None:
    if any(turn.correlation > SURE and SLOPES[0] <= turn.slope <= SLOPES[1] for turn in turns):
        return None
    wrong = [turn for turn in _sure_turns(turns, 1) if not SLOPES[0] <= turn.slope <= SLOPES[1]]
    if len(wrong) >= VOTES:
        slope = statistics.median(turn.slope for turn in wrong)
        if unit.name == "rad/s" and SLOPES[0] <= slope * DEGREE <= SLOPES[1]:
            return (
                f"gravity turns {slope:.2g} times as far as the angular rate says, as if rad/s had been taken for "
                "deg/s: add gyro=rad/s"
            )
        seen = f"gravity turns {slope:.2g} times as far as the angular rate says if that is in {unit.text}"
        for other in _rate_units():
            if SLOPES[0] <= slope * unit.size / other.size <= SLOPES[1] and other.name != unit.name:
                return f"{seen}; it fits {other.text}: add gyro={other.name}"
        return f"{seen}, and it fits no usual unit: add gyro=N, the counts of a deg/s"
    mirrored = [turn for turn in _sure_turns(turns, -1) if MIRRORED[0] <= turn.slope <= MIRRORED[1]]
    if len(mirrored) >= VOTES:
        return (
            f"gravity turns against the angular rate ({statistics.median(turn.slope for turn in mirrored):.2f} times): "
            "the axes of one of the two sensors are a mirror image, which no mounting makes; correct their order or "
            "signs where they are recorded"
        )
    return None


def _rate_advice(reading: float, unit: Unit) -> str:
    """The option that fits readings of this size."""
    if unit.name != "deg/s" and MIN_MOVING_RATE <= reading * DEGREE <= MAX_RATE:
        return "add gyro=deg/s"
    return "add gyro=N, the counts of a deg/s, such as 131 in the range of 250 deg/s"


def _sure_turns(turns: Iterable[Turn], sign: int) -> list[Turn]:
    return [turn for turn in turns if turn.correlation * sign > SURE]


def _rate_units() -> list[Unit]:
    return [angular_rate_unit(name) for name in ("rad/s", "deg/s", *(f"{count:g}" for count in COUNTS_A_DEGREE))]
