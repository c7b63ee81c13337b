"""Finds the units of text rows: by option, by header or labels, or by what the first seconds of samples show."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError, SourceError
from har_runtime.signal.checks import acceleration_problem, angular_rate_problem, choose_units, gravity_problem
from har_runtime.signal.evidence import Evidence
from har_runtime.signal.unit_search import (
    Found,
    find_acceleration_unit,
    find_angular_rate_unit,
    stated_unit,
    sure_turns,
)
from har_runtime.signal.units import acceleration_unit, angular_rate_unit, rest_magnitude
from har_runtime.sources.columns import Columns

PLAUSIBLE = (0.2, 5.0)
"""Magnitude of acceleration over gravity in a unit that was given; outside, the samples are looked at for longer."""
UNSTEADY, STEADY = 1.0, 0.5
"""Spread of three columns over the length of their mean: of an angular rate, and of acceleration with gravity."""
GYRO_ADVICE = "add gyro=deg/s, gyro=rad/s, or gyro=N, the counts of a deg/s"
COUNTS_ADVICE = "add gyro=N, the counts of a deg/s: 131 is what an MPU-6050 starts with"


@dataclass(frozen=True)
class TextUnits:
    """The units of rows, and how they are known."""

    acc: Found
    gyro: Found | None
    """None without a gyroscope."""

    @property
    def text(self) -> str:
        """For `SourceReport.units`."""
        text = f"acceleration in {self.acc.unit.text} ({self.acc.why})"
        return text if self.gyro is None else f"{text}, angular rate in {self.gyro.unit.text} ({self.gyro.why})"


def given_units(unit: str | None, gyro: str | None, columns: Columns) -> tuple[Found | None, Found | None]:
    """The units of acceleration and angular rate that options give or, if they do not, the header names.

    Raises:
        ValueError: an option that is no unit.
    """
    acc = stated_unit(acceleration_unit, unit, columns.acc_unit, "by the header")
    rate = stated_unit(angular_rate_unit, gyro, columns.gyro_unit, "by the header")
    return acc, rate if columns.gyroscope else None


def is_plausible(rows: NDArray[np.float64], acc: Found) -> bool:
    """Whether acceleration in this unit has about the size of gravity; also if no row tells."""
    magnitude = rest_magnitude(rows[:, 1:4])
    low, high = PLAUSIBLE
    return magnitude is None or low <= magnitude * acc.unit.size / acceleration_unit("g").size <= high


def find_units(
    rows: NDArray[np.float64], period_ns: float, acc: Found | None, gyro: Found | None, gyroscope: bool, last: bool
) -> TextUnits | None:
    """The units of the rows so far; None if they show too little yet.

    Args:
        rows: time, acceleration and angular rate, shape (n, 7), as printed.
        period_ns: between two rows.
        acc: as given or named; None to find it.
        gyro: likewise of the angular rate.
        gyroscope: whether there is one.
        last: whether there will be no more rows to look at; ignored if no row is finite.

    Raises:
        SourceError: no more rows, and the units are not known or do not fit.
    """
    evidence = evidence_of(rows, period_ns, gyroscope)
    wrong = acceleration_problem(evidence, acc.unit) if acc else gravity_problem(evidence)
    problem = str(wrong) if wrong else ""
    if problem and acc and acc.why == "by the header":
        problem = f"the header says that acceleration is in {acc.unit.text}, but {problem}"
    found = acc or find_acceleration_unit(evidence)
    if problem or found is None:
        if last and rest_magnitude(rows[:, 1:4]) is not None:  # A sensor that reads nothing may come back.
            raise SourceError(problem or _unknown_acceleration(evidence))
        return None
    if not gyroscope:
        return TextUnits(found, None)
    gyro = gyro or _angular_rate_unit(evidence, _is_whole(rows[:, 4:7]))
    if gyro is not None:
        return TextUnits(found, gyro)
    if not last:
        return None
    advice = COUNTS_ADVICE if _is_whole(rows[:, 4:7]) else GYRO_ADVICE
    raise SourceError(
        f"acceleration x, y, z is understood (in {found.unit.text}, {found.why}), but the unit of angular rate x, y, z "
        f"is not named, and these readings do not show it; move the sensor, or {advice}"
    )


def is_gyroscope_first(rows: NDArray[np.float64]) -> bool:
    """Whether what was taken for angular rate is acceleration, and the other way round.

    Gravity stays about the same while a device is worn; an angular rate has a mean of about zero.
    """
    first, second = unsteadiness(rows[:, 1:4]), unsteadiness(rows[:, 4:7])
    if not (first > UNSTEADY and second < STEADY):  # False for NaN.
        return False
    return find_acceleration_unit(evidence_of(rows[:, [0, 4, 5, 6, 1, 2, 3]], 20_000_000, gyroscope=False)) is not None


def unsteadiness(values: NDArray[np.float64]) -> float:
    """Spread of three columns over the length of their mean; NaN if a row is not finite."""
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        return float(np.sqrt(values.var(axis=0).sum()) / np.linalg.norm(values.mean(axis=0)))


def evidence_of(rows: NDArray[np.float64], period_ns: float, gyroscope: bool) -> Evidence:
    """What rows show about their units."""
    evidence = Evidence()
    times = np.rint(np.arange(len(rows)) * period_ns).astype(np.int64)
    evidence.push(times, rows[:, 1:4], rows[:, 4:7] if gyroscope else None)
    evidence.finish()
    return evidence


def _angular_rate_unit(evidence: Evidence, is_whole: bool) -> Found | None:
    """The unit that the evidence shows; of whole numbers, which may be counts, only the turn of gravity shows it."""
    if is_whole and not sure_turns(evidence.turns, 1):
        return None
    if found := find_angular_rate_unit(evidence):
        return found
    degrees, radians = angular_rate_unit("deg/s"), angular_rate_unit("rad/s")
    if is_whole or angular_rate_problem(evidence, degrees) or not angular_rate_problem(evidence, radians):
        return None
    return Found(degrees, "too large at rest for rad/s")


def _is_whole(values: NDArray[np.float64]) -> bool:
    """Whether all are whole numbers, like counts."""
    values = values[np.isfinite(values)]
    return bool((values == np.rint(values)).all())


def _unknown_acceleration(evidence: Evidence) -> str:
    """What acceleration whose unit is unknown looks like, and what to do."""
    try:
        choose_units(evidence, gyroscope=False)
    except DataError as error:
        return str(error)
    return "the unit of acceleration is unknown: add unit=g, unit=m/s2, unit=mg or unit=N, the number that one g reads"
