"""Finds the clock of a recording: the unit of its times, by their steps and size, and whether they are dates."""

import time
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import MIN_RATE_HZ
from har_runtime.errors import DataError
from har_runtime.median import median
from har_runtime.sources.replay.cells import CLOCK, DATE, DAY_NS, NO_TIME, date_alone, read_times
from har_runtime.sources.replay.clock import HOUR_NS, RecordingClock
from har_runtime.sources.replay.fields import Fields, TimeField
from har_runtime.sources.replay.options import SAMPLES, SPREAD, TIME_UNITS, ReadOptions
from har_runtime.sources.replay.raw import RawRows
from har_runtime.sources.replay.split_times import times_of
from har_runtime.sources.replay.spread import Spread, bunched
from har_runtime.text import clean

UNIT_NS: Final = {"s": 1e9, "ms": 1e6, "us": 1e3, "ns": 1.0}
SINCE_1970_S: Final = (9e8, 4.2e9)
"""Seconds since 1970 of the years 1998 to 2103: smaller or larger times count from elsewhere."""
SENSIBLE_HZ: Final = (0.2, 20_000.0)
"""Rates beyond these are no recording's; the wrong unit is a factor of 1000 away."""
USUAL_HZ: Final = (5.0, 1000.0)
"""The rates that show the unit if nothing names it. Beyond them it may be either of two units."""
MIN_BACK: Final = 4
BACK_SHARE: Final = 0.01
"""So many steps back, and such a share of all, are more than a restart or a sample out of its order."""
MOSTLY_BACK: Final = 0.9
"""Share of steps back that shows rows in reverse."""
DAYS_1970: Final = {"days since 1900": 25_569, "days since the year 0": 719_529}
"""The first of January 1970 as spreadsheets and MATLAB's datenum count days."""
STEPS_SHOWN: Final = 3


@np.errstate(all="ignore")  # Cells may hold numbers next to infinity, which are no times.
def find_clock(
    first: RawRows, fields: Fields, options: ReadOptions, dated_ns: int | None, spread: Spread | None = None
) -> RecordingClock:
    """The clock of a recording, by its first rows.

    Args:
        dated_ns: a time of the first row since 1970 that another column tells.
        spread: for `time=spread`, what a first pass has found.

    Raises:
        DataError: its unit cannot be found, or its times do not tell when samples were measured.
    """
    rate_hz = options.rate_hz or fields.rate_hz
    if fields.time is None or first.times is None or options.time == SAMPLES or not _finite(first.times).any():
        if rate_hz is None:
            what = "sample numbers instead of times" if fields.counter is not None else "no times"
            if fields.unread_time:
                raise DataError(
                    f"its times, such as '{clean(fields.unread_time, 40)}', are written in no way that is known: write "
                    "numbers, or dates such as 2026-10-02 07:48:51.830, or add rate=N, the samples a second"
                )
            raise DataError(f"it has {what}: add rate=N, the samples a second")
        counted = "sample numbers" if fields.counter is not None or options.time == SAMPLES else "none in the file"
        if options.rate_hz is None and fields.start_ns is None:
            counted += ", the rate is that of its first lines"
        if fields.start_ns is not None:
            return RecordingClock(
                "from the start in the file", rate_hz, period_ns=1e9 / rate_hz, unix_offset_ns=fields.start_ns
            )
        return RecordingClock(counted, rate_hz, period_ns=1e9 / rate_hz, unix_offset_ns=None)
    times = first.times[_finite(first.times)]
    clock = _named_clock(times, fields.time, options, fields.own_header)
    if clock is None:  # Sample numbers.
        if rate_hz is None:
            raise DataError(
                f"its times are {_shown(times)}, which count samples: add rate=N, the samples a second (or time=ms if "
                "they are milliseconds)"
            )
        return RecordingClock("sample numbers", rate_hz, period_ns=1e9 / rate_hz)
    stamped = (
        clock.stamp(RawRows(times, np.empty((len(times), 3)), None, None)) if len(times) else np.empty(0, np.int64)
    )
    clock = RecordingClock(clock.unit, None, clock.factor, clock.origin, clock.unix_offset_ns, clock.turns_back_ns)
    stamped = stamped[stamped != NO_TIME]
    if len(stamped) and clock.unix_offset_ns is None and dated_ns is not None:
        clock.unix_offset_ns = dated_ns - int(stamped[0])
        clock.unit += ", with a date"
    if len(stamped) and clock.unix_offset_ns == 0 and fields.time.form.kind == DATE and not fields.time.form.zoned:
        clock.unix_offset_ns = -local_offset_ns(int(stamped[0]))
    if options.time == SPREAD:
        if rate_hz is not None:
            spread = Spread(np.zeros(1, np.int64), np.array([float(stamped[0])]), np.array([1e9 / rate_hz]))
        if spread is None:
            raise DataError("its times can be spread only if the file can be read twice; a pipe cannot")
        clock.spread, clock.unit = spread, f"{clock.unit}, spread evenly"
        clock.rate_hz = 1e9 / float(spread.periods_ns[0])
        return clock
    if problem := _going_back(stamped):
        raise DataError(problem)
    if problem := bunched(stamped):
        raise DataError(f"{problem}: add time=spread to spread them evenly, or rate=N and time=spread if N is known")
    clock.rate_hz = _rate(stamped)
    if options.rate_hz and clock.rate_hz and not 0.9 < clock.rate_hz / options.rate_hz < 1.1:
        raise DataError(
            f"its times show {clock.rate_hz:.1f} samples a second, not rate={options.rate_hz:g}: leave rate out, or "
            "add time=samples if the times are none"
        )
    return clock


def _going_back(times_ns: NDArray[np.int64]) -> str | None:
    """What is wrong with times that go back again and again; None if they do not."""
    back = np.count_nonzero(np.diff(times_ns) < 0)
    if back < MIN_BACK or back < BACK_SHARE * len(times_ns):
        return None
    if back > MOSTLY_BACK * len(times_ns):
        return "its rows begin with the newest, as its times go back in nearly every row: sort them by time"
    return (
        f"its times go back {back} times in the first {len(times_ns)} rows, so they do not say when each was measured: "
        "name the columns in their order with columns=time,ax,ay,az,gx,gy,gz (- for one to skip), or add time=samples "
        "and rate=N, the samples a second"
    )


def date_of_cells(row: Sequence[str], fields: Fields) -> int | None:
    """The time of a row since 1970, by a column of times other than the one that is read."""
    if fields.time is not None and fields.date is not None and fields.time.form.kind == CLOCK:
        midnight = date_alone(row[fields.date]) if fields.date < len(row) else None
        clock = times_of([row], fields.time)[0]
        if midnight is not None and clock != NO_TIME:
            wall = midnight + int(clock)
            return wall - local_offset_ns(wall)
        return None
    for other in fields.other_times:
        try:
            value = read_times([row[other.cell]], other.form)
        except (ValueError, IndexError):
            continue
        if not _finite(value).all():
            continue
        if other.form.kind == DATE and other.form.order is not None:
            return int(value[0]) - (0 if other.form.zoned else local_offset_ns(int(value[0])))
        if other.form.kind not in (DATE, CLOCK) and (unit := _since_1970(float(value[0]), other.unit)):
            return round(float(value[0]) * UNIT_NS[unit]) if UNIT_NS[unit] > 1 else int(value[0])
    return None


def local_offset_ns(wall_ns: int) -> int:
    """How far this computer's zone is ahead of UTC at a time of the wall clock, in nanoseconds."""
    seconds = wall_ns / 1e9
    try:
        # The offset of a zone changes rarely: that a few hours away is the same, or an hour's error once a year.
        return round(time.localtime(seconds - (time.localtime(seconds).tm_gmtoff or 0)).tm_gmtoff * 1e9)
    except (OverflowError, OSError, ValueError):
        return 0


def _named_clock(
    times: NDArray[np.int64] | NDArray[np.float64], column: TimeField, options: ReadOptions, own_header: bool
) -> RecordingClock | None:
    """The clock by the column's kind, the option, the header, the size and the steps of its times; None for sample
    numbers.

    Raises:
        DataError: the times fit no unit.
    """
    if column.form.kind == DATE:
        zone = "with its zone" if column.form.zoned else "local time"
        known = column.form.order is not None
        turns = () if column.form.zoned else (HOUR_NS,)
        return RecordingClock(f"dates, {zone}", None, unix_offset_ns=0 if known else None, turns_back_ns=turns)
    if column.form.kind == CLOCK:
        return RecordingClock("time of day", None, turns_back_ns=(HOUR_NS, DAY_NS // 2, DAY_NS))
    given = options.time if options.time in TIME_UNITS else None
    values = times.astype(np.float64)
    steps = np.diff(values)
    ahead = steps[steps > 0]
    mean = float((values[-1] - values[0]) / (len(values) - 1)) if len(values) > 1 else 0.0
    step = median(ahead) if len(ahead) and 2 * len(ahead) > len(steps) else abs(mean)
    middle = median(values) if len(values) else 0.0
    counted = len(ahead) >= 4 and float(np.mean(steps == 1)) > 0.9 and mean < 2
    if given is None and column.unit is None and counted and not _since_1970(middle, None):
        return None
    if given is None and column.unit is None and (days := _days(middle, step)):
        return days
    unit = given or column.unit or _since_1970(middle, None, step)
    if unit is None and own_header and step < 1:
        unit = "s"
    unit = unit or _unit_by_step(step)
    if unit is None or (
        given is None and step and not SENSIBLE_HZ[0] <= 1e9 / (step * UNIT_NS[unit]) <= SENSIBLE_HZ[1]
    ):
        other = _unit_by_step(step)
        slow = [name for name, size in UNIT_NS.items() if step and SENSIBLE_HZ[0] <= 1e9 / (step * size) <= USUAL_HZ[0]]
        if given is None and column.unit is None and slow:
            raise DataError(
                f"its times are {_shown(times)}, which are {1e9 / (step * UNIT_NS[slow[0]]):.3g} samples a second in "
                f"{slow[0]}, and {MIN_RATE_HZ} are needed: record it faster, or add time=s, ms, us or ns if they are "
                "in another unit"
            )
        if column.unit is None or other is None:
            raise DataError(
                f"its times are {_shown(times)}, which fit no unit: add time=s, ms, us or ns, or time=samples and "
                "rate=N to count the samples"
            )
        raise DataError(
            f"its times are {_shown(times)}, which would be {1e9 / (step * UNIT_NS[column.unit]):.3g} samples a second "
            f"in {column.unit}, as its header says: add time={other} if that is their unit"
        )
    dated = _since_1970(middle, unit) is not None
    return RecordingClock(
        f"{unit} since 1970" if dated else unit, None, UNIT_NS[unit], unix_offset_ns=0 if dated else None
    )


def _days(middle: float, step: float) -> RecordingClock | None:
    """The clock of times that spreadsheets and MATLAB count in days, with fractions; None if they are not such."""
    rate_hz = 1e9 / (step * DAY_NS) if step else 0.0
    for name, first in DAYS_1970.items():
        if USUAL_HZ[0] <= rate_hz <= USUAL_HZ[1] and _since_1970((middle - first) * DAY_NS, "ns"):
            day = int(middle)
            midnight = (day - first) * DAY_NS
            return RecordingClock(name, None, float(DAY_NS), day, unix_offset_ns=midnight - local_offset_ns(midnight))
    return None


def _since_1970(value: float, unit: str | None, step: float | None = None) -> str | None:
    """The unit (this one, if given) in which a time is one since 1970; None if it is none."""
    for name, size in UNIT_NS.items():
        if unit in (None, name) and SINCE_1970_S[0] <= value * size / 1e9 <= SINCE_1970_S[1]:
            sensible = not step or SENSIBLE_HZ[0] <= 1e9 / (step * size) <= SENSIBLE_HZ[1]
            return name if sensible else None
    return None


def _unit_by_step(step: float) -> str | None:
    """The unit in which this step is that of a usual rate."""
    if not step > 0:
        return "s"
    fits = [unit for unit, size in UNIT_NS.items() if USUAL_HZ[0] <= 1e9 / (step * size) <= USUAL_HZ[1]]
    return fits[0] if len(fits) == 1 else None


def _finite(times: NDArray[np.int64] | NDArray[np.float64]) -> NDArray[np.bool_]:
    return times != NO_TIME if times.dtype == np.int64 else np.isfinite(times)


def _rate(times_ns: NDArray[np.int64]) -> float | None:
    steps = np.diff(times_ns)
    steps = steps[(steps > 0) & (steps <= 2 * median(steps[steps > 0]))] if (steps > 0).any() else steps[:0]
    return float(1e9 / steps.mean()) if len(steps) else None


def _shown(times: NDArray[np.int64] | NDArray[np.float64]) -> str:
    """The first few times, for a message."""
    shown = ", ".join(
        f"{value:.15g}" if isinstance(value, float) else str(value) for value in times[:STEPS_SHOWN].tolist()
    )
    return f"{shown}, ..." if len(times) > STEPS_SHOWN else shown
