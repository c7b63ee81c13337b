"""Units of acceleration and angular rate, and how gravity shows which one a sensor delivers."""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.median import median

ACCELERATION: Final = {"g": STANDARD_GRAVITY, "m/s2": 1.0, "mg": STANDARD_GRAVITY / 1000}
"""m/s^2 in one of each; the names are those of the option `unit`, which also takes a number: counts a g."""
ANGULAR_RATE: Final = {"deg/s": math.pi / 180, "rad/s": 1.0}
"""rad/s in one of each; the names are those of the option `gyro`, which also takes a number: counts a deg/s."""
COUNTS_A_G: Final = (16384.0, 8192.0, 4096.0, 2048.0)
"""Counts of 16 bits for one g in the ranges 2, 4, 8 and 16 g (MPU-6000/6050 product specification, section 6.2; the
LSM6DS3 has 16393 in its range of 2 g)."""
COUNTS_A_DEGREE: Final = (131.0, 65.5, 32.8, 16.4)
"""Counts of 16 bits for one deg/s in the ranges 250, 500, 1000 and 2000 deg/s (MPU-6000/6050 product specification,
section 6.1)."""
COUNTS: Final = (1e-6, 1e6)
"""Numbers that one g or one deg/s may read."""
SIGNS: Final = {"android": 1.0, "apple": -1.0}
"""The names of the option `sign`, and what acceleration is multiplied by. Apple's Core Motion gives the acceleration of
gravity, so that a phone face up at rest reads -1 g on z; Android and bare sensors give what holds the phone up."""
REST_BAND: Final = (0.6, 1.65)
"""How far the median magnitude of a worn, moving sensor may be from gravity. Units are a factor of 9.8 or more apart,
so the bands never overlap."""
SCALE_TOLERANCE: Final = 0.05
"""A larger error of gravity's magnitude at rest needs a calibration. HAPT's own phones read 3 % too much."""


@dataclass(frozen=True)
class Unit:
    """A unit of acceleration or angular rate."""

    name: str
    """As the options `unit` and `gyro` take it: "g", "deg/s", "16384"."""
    size: float
    """m/s^2 or rad/s in one of it."""
    text: str
    """In a sentence: "g", "counts of 16384 a g"."""


def acceleration_unit(text: str) -> Unit:
    """The unit that the option `unit` names: a key of `ACCELERATION`, or the counts of a g.

    >>> acceleration_unit("mg").size, acceleration_unit("16384").text
    (0.00980665, 'counts of 16384 a g')

    Raises:
        ValueError: neither.
    """
    if text in ACCELERATION:
        return Unit(text, ACCELERATION[text], text)
    counts = _counts(text, "g, mg, m/s2 or the counts of a g, such as 16384")
    return Unit(f"{counts:g}", STANDARD_GRAVITY / counts, f"counts of {counts:g} a g")


def angular_rate_unit(text: str) -> Unit:
    """The unit that the option `gyro` names: a key of `ANGULAR_RATE`, or the counts of a deg/s.

    >>> angular_rate_unit("rad/s").size, angular_rate_unit("65.5").text
    (1.0, 'counts of 65.5 a deg/s')

    Raises:
        ValueError: neither.
    """
    if text in ANGULAR_RATE:
        return Unit(text, ANGULAR_RATE[text], text)
    counts = _counts(text, "deg/s, rad/s or the counts of a deg/s, such as 131")
    return Unit(f"{counts:g}", math.pi / 180 / counts, f"counts of {counts:g} a deg/s")


def _counts(text: str, known: str) -> float:
    try:
        counts = float(text)
    except ValueError:
        counts = math.nan
    if not COUNTS[0] <= counts <= COUNTS[1]:  # False for NaN.
        raise ValueError(f"it can be {known}")
    return counts


def figure(value: float, digits: int = 3) -> str:
    """A reading as people write it: so many digits, and all of those before the point.

    >>> figure(1.0377, 4), figure(0.0102), figure(16975.2), figure(3e-7)
    ('1.038', '0.0102', '16,975', '3e-07')
    """
    return f"{value:,.0f}" if 10**digits <= abs(value) < 1e9 else f"{value:.{digits}g}"


def rest_magnitude(acc: NDArray[np.float64]) -> float | None:
    """Median magnitude of acceleration in any unit, shape (n, 3); None if no row is finite.

    >>> rest_magnitude(np.array([[0, 0, 1.0], [0.6, 0, 0.8], [np.nan, 0, 0]]))
    1.0
    """
    with np.errstate(over="ignore"):  # A garbled line can hold a number whose square is infinite.
        magnitude = np.linalg.norm(acc, axis=1)
    magnitude = magnitude[np.isfinite(magnitude)]
    return median(magnitude) if len(magnitude) else None


def unit_at_rest(magnitude: float) -> str | None:
    """The unit in which gravity has this magnitude; None if it is none of `ACCELERATION`.

    >>> unit_at_rest(0.99), unit_at_rest(9.7), unit_at_rest(1012.0), unit_at_rest(16384.0)
    ('g', 'm/s2', 'mg', None)
    """
    low, high = REST_BAND
    ratios = {unit: magnitude * size / STANDARD_GRAVITY for unit, size in ACCELERATION.items()}
    return next((unit for unit, ratio in ratios.items() if low <= ratio <= high), None)


def unit_problem(magnitude: float) -> str | None:
    """What is wrong with acceleration of this magnitude at rest; None if it is in m/s^2 with gravity.

    >>> unit_problem(1.02)
    'acceleration is about 1.02 at rest, so it is in g; convert it to m/s^2 (1 g = 9.8066 m/s^2)'
    """
    unit = unit_at_rest(magnitude)
    if unit == "m/s2":
        return None
    if unit is not None:
        return (
            f"acceleration is about {magnitude:.4g} at rest, so it is in {unit}; convert it to m/s^2 "
            f"(1 {unit} = {ACCELERATION[unit]:.5g} m/s^2)"
        )
    return (
        f"acceleration is about {magnitude:.4g} at rest, not 9.81, and no unit fits that: gravity may be missing "
        "(linear acceleration), or the range set in the sensor is not the one assumed"
    )


def unit_question(magnitude: float) -> str:
    """The question to the user about a magnitude that fits no unit.

    >>> unit_question(0.02)
    'acceleration is about 0.02 at rest, which is neither 1 (g), 9.81 (m/s2) nor 1000 (mg): which unit is it in?'
    """
    return (
        f"acceleration is about {magnitude:.4g} at rest, which is neither 1 (g), 9.81 (m/s2) nor 1000 (mg): "
        "which unit is it in?"
    )


def scale_error(magnitude: float) -> float:
    """How much too large gravity reads, as a fraction; magnitude in m/s^2."""
    return magnitude / STANDARD_GRAVITY - 1
