"""Judgements by `Evidence`: what shows that samples are not in the units stated, without gravity, or mirrored.

Nothing is called wrong that the evidence does not show, and no cause is named that it does not establish. The limits
are beyond what was ever recorded of a wearer: see `unit_search`.
"""

import math
import statistics
from dataclasses import dataclass
from typing import Final

from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.errors import DataError
from har_runtime.signal.evidence import BLOCK_S, TURN_BLOCKS, Evidence, Turn
from har_runtime.signal.unit_search import (
    LEAST_GRAVITY,
    MAX_RATE,
    MIN_MOVING_RATE,
    MOVING_BAND,
    NO_GRAVITY,
    SLOPES,
    VOTES,
    Found,
    find_acceleration_unit,
    find_angular_rate_unit,
    gravity_is_missing,
    gravity_of,
    mean_of,
    sure_turns,
    unit_of_slope,
)
from har_runtime.signal.units import ACCELERATION, REST_BAND, Unit, figure

MAX_REST_RATE: Final = 1.5
"""Angular rate over two seconds while acceleration is at rest, rad/s; at most 1.25 in the recordings."""
MIN_CARRIED_RATE: Final = 0.05
"""rad/s. Whoever carries a device turns it by more: 0.089 at least in any two seconds of the recordings. Readings in
rad/s that are taken for deg/s are below."""
MIRRORED: Final = (-2.0, -0.5)
"""The turn of gravity over that of the gyroscope, in rad/s, if the handedness of one sensor's axes is wrong."""
DEGREE: Final = math.pi / 180
WITH_GRAVITY: Final = "record acceleration with gravity, not linear or user acceleration"
ANY_COUNTS: Final = "add unit=N, the number that one g reads"
IF_WITH_GRAVITY: Final = (
    f"{WITH_GRAVITY}; or if gravity is in it, add unit=g, unit=m/s2, or unit=N, the number that one g reads"
)
ANY_RATE: Final = "add gyro=N, the counts of a deg/s, such as 131 in a range of 250 deg/s"


@dataclass(frozen=True)
class Problem:
    """Something wrong with samples. As text it is one line."""

    seen: str
    """The evidence."""
    advice: str
    """What to do, such as the option to add."""

    def __str__(self) -> str:
        return f"{self.seen}: {self.advice}"


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
        raise DataError(str(problem))
    acc = acc or find_acceleration_unit(evidence)
    if acc is None:
        raise DataError(str(_no_unit(evidence)))
    text = f"acceleration in {acc.unit.text} ({acc.why})"
    if not gyroscope:
        return Units(acc.unit, None, text)
    if gyro and (problem := angular_rate_problem(evidence, gyro.unit)):
        raise DataError(str(problem))
    gyro = gyro or find_angular_rate_unit(evidence)
    if gyro is not None and is_doubtful(gyro, acc.unit):
        gyro = None
    if gyro is None:
        raise DataError(
            "the unit of the angular rate is not known, and these samples do not show it: add gyro=deg/s, gyro=rad/s "
            "or gyro=N, the counts of a deg/s (131 in a range of 250 deg/s of 16 bits)"
        )
    return Units(acc.unit, gyro.unit, f"{text}, angular rate in {gyro.unit.text} ({gyro.why})")


def is_doubtful(gyro: Found, acc: Unit) -> bool:
    """Whether an angular rate that was found by its size alone may be in counts, because acceleration is."""
    return gyro.by_size and acc.name not in ACCELERATION


def gravity_problem(evidence: Evidence) -> Problem | None:
    """What shows that gravity is missing in the acceleration, in whatever unit; None if nothing does."""
    if evidence.blocks and all(block.power == 0 for block in evidence.blocks):
        return Problem("all acceleration is 0, which no sensor reads", "check the sensor, and which columns are read")
    found = gravity_of(evidence)
    if found is None or not gravity_is_missing(evidence):
        return None
    if evidence.means and (mean := min(evidence.means)) < NO_GRAVITY:
        return Problem(
            f"gravity is missing in the acceleration, which is {figure(found.level)} in size but only "
            f"{figure(mean * found.level, 2)} in its mean over {BLOCK_S * TURN_BLOCKS} s",
            WITH_GRAVITY,
        )
    return Problem(
        f"gravity is missing in the acceleration, which is about {figure(found.level, 2)} where gravity is 9.81 (m/s2) "
        "or 1 (g)",
        WITH_GRAVITY,
    )


def acceleration_problem(evidence: Evidence, unit: Unit) -> Problem | None:
    """What shows that acceleration is not in this unit, or without gravity; None if nothing does."""
    if problem := gravity_problem(evidence):
        return problem
    found = gravity_of(evidence)
    if found is None:
        return None
    ratio = found.level * unit.size / STANDARD_GRAVITY
    low, high = REST_BAND if found.at_rest else MOVING_BAND
    if low <= ratio <= high:
        return None
    other = find_acceleration_unit(evidence)
    if other is None:
        is_open = not (found.at_rest or evidence.means or evidence.is_finished)
        return None if is_open else _no_unit(evidence)
    return Problem(
        f"acceleration is about {figure(found.level, 4)} {found.where}, so gravity would be {figure(ratio)} g in "
        f"{unit.text}; it fits {other.unit.text}",
        f"add unit={other.unit.name}",
    )


def _no_unit(evidence: Evidence) -> Problem:
    """The magnitude of acceleration fits no usual unit."""
    found = gravity_of(evidence)
    if found is None:
        return Problem("the unit of acceleration is not known", "add unit=g, unit=m/s2, unit=mg or unit=N")
    seen = f"acceleration is about {figure(found.level, 4)} {found.where}"
    if found.at_rest:
        advice = IF_WITH_GRAVITY if found.level < LEAST_GRAVITY else ANY_COUNTS
        return Problem(f"{seen}, which is gravity in no usual unit", advice)
    mean = figure(mean_of(evidence), 2)
    return Problem(f"{seen} and {mean} in its mean, which is gravity in no usual unit", IF_WITH_GRAVITY)


def angular_rate_problem(evidence: Evidence, unit: Unit) -> Problem | None:
    """What shows that the angular rate is not in this unit; None if nothing does."""
    if turns_fit(evidence, unit):
        return None
    turns = _turns_in(evidence, unit)
    if sure := sure_turns(turns, 1):
        return _turn_problem(sure, unit)
    blocks = [(block, block.gyro_rms) for block in evidence.blocks if block.gyro_rms is not None]
    fast = [rate for _, rate in blocks if rate * unit.size > MAX_RATE]
    if len(fast) >= VOTES:
        rate = statistics.median(fast)
        return Problem(
            f"angular rates are about {figure(rate)} for seconds, faster than anybody turns if they are in {unit.text}",
            _rate_advice(rate, unit),
        )
    moving = [rate for block, rate in blocks if block.is_moving]
    other = find_angular_rate_unit(evidence)
    if other and unit.name != "rad/s" and _is_weak(moving, unit):
        return Problem(
            f"angular rates are about {figure(statistics.median(moving))} while the device is carried about, less than "
            f"anybody turns it by if they are in {unit.text}; it fits {other.unit.text}",
            f"add gyro={other.unit.name}",
        )
    rest = [rate for block, rate in blocks if block.is_quiet]
    wild = [rate for rate in rest if rate * unit.size > MAX_REST_RATE]
    if len(wild) >= VOTES and 2 * len(wild) > len(rest):
        rate = statistics.median(wild)
        return Problem(
            f"angular rates are about {figure(rate)} while acceleration is at rest, more than a sensor at rest reads "
            f"in {unit.text}",
            _rate_advice(rate, unit),
        )
    return None


def mirror_problem(evidence: Evidence, unit: Unit) -> Problem | None:
    """What shows that the axes of acceleration and angular rate, in this unit, are mirror images of each other."""
    mirrored = [turn for turn in sure_turns(_turns_in(evidence, unit), -1) if MIRRORED[0] <= turn.slope <= MIRRORED[1]]
    if len(mirrored) < VOTES or turns_fit(evidence, unit):
        return None
    return Problem(
        f"gravity turns against the angular rate ({statistics.median(turn.slope for turn in mirrored):.2f} times), so "
        "the axes of one of the two sensors are a mirror image, which no mounting makes",
        "correct their order or signs where they are recorded",
    )


def weak_rate_problem(evidence: Evidence, unit: Unit) -> Problem | None:
    """What shows that the gyroscope reads far too little, for whatever reason."""
    moving = [block.gyro_rms for block in evidence.blocks if block.is_moving and block.gyro_rms is not None]
    if not _is_weak(moving, unit):
        return None
    return Problem(
        f"angular rates are about {figure(statistics.median(moving))} {unit.name} while the device is carried about, "
        "less than anybody turns it by",
        "check the gyroscope and its unit",
    )


def _is_weak(moving: list[float], unit: Unit) -> bool:
    """Whether angular rates while the device is carried about are smaller than anybody's."""
    return len(moving) > VOTES and statistics.median(moving) * unit.size < MIN_CARRIED_RATE


def turns_fit(evidence: Evidence, unit: Unit) -> bool:
    """Whether gravity was seen to turn as the angular rate in this unit says."""
    return any(SLOPES[0] <= turn.slope <= SLOPES[1] for turn in sure_turns(_turns_in(evidence, unit), 1))


def _turns_in(evidence: Evidence, unit: Unit) -> list[Turn]:
    return [Turn(turn.slope / unit.size, turn.correlation, turn.size) for turn in evidence.turns]


def _turn_problem(turns: list[Turn], unit: Unit) -> Problem | None:
    if len(turns) < VOTES:
        return None
    slope = statistics.median(turn.slope for turn in turns)
    seen = f"gravity turns {slope:.2g} times as far as the angular rate says"
    if unit.name == "rad/s" and SLOPES[0] <= slope * DEGREE <= SLOPES[1]:
        return Problem(f"{seen}, as if rad/s had been taken for deg/s", "add gyro=rad/s")
    other = unit_of_slope(slope * unit.size)
    if other is None or other.name == unit.name:
        return Problem(f"{seen} if that is in {unit.text}, and it fits no usual unit", ANY_RATE)
    return Problem(f"{seen} if that is in {unit.text}; it fits {other.text}", f"add gyro={other.name}")


def _rate_advice(rate: float, unit: Unit) -> str:
    """The option that fits readings of this size."""
    is_degrees = unit.name != "deg/s" and MIN_MOVING_RATE <= rate * DEGREE <= MAX_RATE
    return "add gyro=deg/s" if is_degrees else ANY_RATE
