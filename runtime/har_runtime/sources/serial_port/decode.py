"""Turns the rows of a serial sensor's parser into samples in SI units; the first rows show the units and the clock."""

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import MIN_RATE_HZ
from har_runtime.errors import SourceError
from har_runtime.median import median
from har_runtime.samples import ImuChunk, SampleChunk
from har_runtime.sources.base import SourceReport
from har_runtime.sources.columns import Columns
from har_runtime.sources.serial_port.sample_clock import TIME_UNITS_NS, EvenClock, SampleClock, SensorClock
from har_runtime.sources.serial_port.text_lines import TextLines
from har_runtime.sources.serial_port.text_units import (
    UNSTEADY,
    TextUnits,
    find_units,
    given_units,
    is_gyroscope_first,
    is_plausible,
    unsteadiness,
)
from har_runtime.sources.serial_port.witmotion import FULL_SCALE, MS_OF_DAY, WitmotionParser

CLOCK_ROWS = 10
"""Rows that show whether a sensor sends its time, and in which unit."""
RATE_ROWS = 100
"""Rows that the acceleration at rest, and the rate of a sensor without a clock, are measured from."""
MAX_ROWS = 1000
"""After so many rows units that cannot be found are asked for; until then more may show them."""
UNITS_SPAN_NS = 12_000_000_000
"""The same as a time: the turn of gravity shows the unit of a gyroscope after eight seconds of motion."""
SHOWN_SPAN_NS = 1_100_000_000
"""A shorter time of readings shows nothing about their units."""
LOOK_ROWS = 50
"""Rows from one look at what they show to the next."""
FALLBACK_PERIOD_NS = 20_000_000
RATE_SPAN_NS = 3_000_000_000
"""Time from the first rows over which it is checked once that there are enough of them a second."""
TOO_SLOW_HZ = 0.9 * MIN_RATE_HZ
"""Well below the slowest rate that the resampler takes."""


class Parser(Protocol):
    """Turns bytes into rows for a `Decoder`."""

    def push(self, data: bytes) -> NDArray[np.float64]:
        """Rows of the sensor's time, acceleration and angular rate, shape (n, 7); NaN for what it does not have."""
        ...

    def reset(self) -> None:
        """Call after a lost connection."""
        ...


class Decoder(ABC):
    """Turns a parser's rows into samples, once the first rows have shown their units and clock."""

    content = ""
    """What the parser expects, in the plural."""

    def __init__(self, parser: Parser, report: SourceReport):
        self._parser = parser
        self._report = report
        self._held = np.empty((0, 7))
        self._first_arrival_ns: int | None = None
        self._newest_arrival_ns = 0
        self._measured_rows = 0
        self._rate_checked = False
        self._period_ns = 1e9 / report.rate_hz if report.rate_hz else None
        self.clock: SampleClock | None = None
        self.acc_scale, self.gyro_scale = 1.0, 1.0
        self.rows, self.samples = 0, 0
        """Rows from the parser so far, and samples returned."""

    def push(self, data: bytes, arrival_ns: int) -> SampleChunk | None:
        """The samples completed by these bytes, which have just arrived.

        Raises:
            SourceError: the units cannot be found, or the sensor is too slow.
        """
        rows = self._parser.push(data)
        if not len(rows):
            return None
        self.rows += len(rows)
        self._measure(len(rows), arrival_ns)
        if self.clock is None:
            rows = np.concatenate([self._held, rows])
            self.clock = self._choose_clock(rows)
            if self.clock is None:
                self._held = rows[-MAX_ROWS:]
                self._lose("sample before its unit was known", len(rows) - len(self._held))
                return None
            self._held = rows[:0]
        elif isinstance(self.clock, SensorClock) and self.clock.stands_still:
            self.clock = EvenClock(self._period_ns or FALLBACK_PERIOD_NS, self.clock.last_ns)
        if isinstance(self.clock, SensorClock):
            timed = self.clock.usable(rows[:, 0])
            self._lose("sample without its time", np.count_nonzero(~timed))
            rows = rows[timed]
        times = self.clock.stamp(rows[:, 0], arrival_ns)
        self.samples += len(rows)
        if not len(rows):
            return None
        acc = rows[:, 1:4] * self.acc_scale
        if not self._report.gyroscope:
            return SampleChunk(times, acc, None)
        return ImuChunk(times, acc, rows[:, 4:7] * self.gyro_scale)

    def restart(self) -> None:
        """Call after a lost connection: the next sample follows after a gap."""
        self._parser.reset()
        self._lose("sample before its unit was known", len(self._held))
        self._held = self._held[:0]
        self._first_arrival_ns, self._measured_rows = None, 0
        if self.clock is not None:
            self.clock.restart()

    def problem(self) -> str | None:
        """Why the bytes give no samples, if known."""
        return None

    @abstractmethod
    def _choose_clock(self, rows: NDArray[np.float64]) -> SampleClock | None:
        """Set the scales and choose the clock from the rows so far; None if more rows are needed."""

    def _measure(self, count: int, arrival_ns: int) -> None:
        self._newest_arrival_ns = arrival_ns
        if self._first_arrival_ns is None:
            self._first_arrival_ns = arrival_ns
        else:
            self._measured_rows += count
            self._check_rate(arrival_ns - self._first_arrival_ns)
            if self._report.rate_hz is None and arrival_ns > self._first_arrival_ns:
                self._period_ns = (arrival_ns - self._first_arrival_ns) / self._measured_rows

    def _check_rate(self, span_ns: int) -> None:
        if self._rate_checked or span_ns < RATE_SPAN_NS:
            return
        self._rate_checked = True
        rate_hz = 1e9 * self._measured_rows / span_ns
        if rate_hz < TOO_SLOW_HZ:
            raise SourceError(f"it sends {rate_hz:.3g} Hz; {MIN_RATE_HZ} are needed: {self._faster()}")

    def _faster(self) -> str:
        """How the user can make the sensor send more often."""
        return "let its program print at least 50 lines a second, with a shorter delay and a higher baud rate"

    def _lose(self, why: str, count: int | np.integer) -> None:
        if count:
            self._report.lost[why] += int(count)

    def _even_clock(self) -> EvenClock:
        return EvenClock(self._period_ns or FALLBACK_PERIOD_NS)


class WitmotionDecoder(Decoder):
    """WitMotion frames: fixed units; the time may be missing."""

    content = "WitMotion frames"

    def __init__(self, report: SourceReport):
        self._frames = WitmotionParser(report.lost)
        super().__init__(self._frames, report)
        report.units, report.range = "acceleration in g, angular rate in deg/s (WitMotion frames)", FULL_SCALE

    def problem(self) -> str | None:
        if self._frames.frames < CLOCK_ROWS or self.rows:
            return None
        return (
            "it sends WitMotion frames, but not acceleration and angular rate together; turn both on with WitMotion's "
            "program, or connect its RX wire so that it can be set from here"
        )

    def _faster(self) -> str:
        if self._report.rate_hz:  # It answers, and was told to.
            return "it does not keep to the rate that was set; a loose cable, or another program that sets it?"
        return "connect its RX wire, so that it can be set from here, or set it to 50 Hz with WitMotion's program"

    def _choose_clock(self, rows: NDArray[np.float64]) -> SampleClock | None:
        if len(rows) < CLOCK_ROWS:
            return None
        if np.count_nonzero(np.isfinite(rows[:, 0])) > len(rows) // 2:
            return SensorClock("ms", MS_OF_DAY * 1_000_000)
        return self._even_clock() if len(rows) >= RATE_ROWS or self._report.rate_hz else None


class TextDecoder(Decoder):
    """Lines of numbers: units come from the options, the header or the acceleration at rest."""

    content = "lines of numbers"

    def __init__(
        self,
        report: SourceReport,
        unit: str | None = None,
        gyro: str | None = None,
        columns: Sequence[str] | None = None,
        device: str | None = None,
    ):
        """A decoder.

        Args:
            report: updated as samples arrive.
            unit: of acceleration, as for `units.acceleration_unit`; None to find it.
            gyro: of angular rate, as for `units.angular_rate_unit`; None to read it from the header or find it.
            columns: names of the columns, for lines without a header.
            device: the one to read of several, as `TextLines` takes it.
        """
        self._lines = TextLines(report.lost, columns, device)
        super().__init__(self._lines, report)
        self._unit, self._gyro = unit, gyro
        self._look_rows = 0
        self._units_problem: str | None = None
        self._few_problem: str | None = None

    def problem(self) -> str | None:
        if not len(self._held):
            return self._lines.problem
        if self._few_problem is None:  # Later both would be the same with other numbers.
            self._few_problem = f'its readings are too few so far to know their unit; one line is "{self._lines.quote}"'
        span_ns = len(self._held) * (self._period_ns or FALLBACK_PERIOD_NS)
        if self._units_problem is None and span_ns >= SHOWN_SPAN_NS:
            try:
                self._find_units(self._held, last=True)
            except SourceError as error:
                self._units_problem = str(error)
        return self._units_problem or self._few_problem

    def _choose_clock(self, rows: NDArray[np.float64]) -> SampleClock | None:
        columns = self._lines.columns
        assert columns is not None
        acc, gyro = given_units(self._unit, self._gyro, columns)
        known = self._unit is not None and acc is not None and (gyro is not None or not columns.gyroscope)
        if known and columns.time is not None and len(rows) >= CLOCK_ROWS and acc and is_plausible(rows, acc):
            self._use(TextUnits(acc, gyro), columns)
        else:
            span_ns = self._newest_arrival_ns - (self._first_arrival_ns or 0)
            last = len(rows) >= MAX_ROWS or span_ns >= UNITS_SPAN_NS
            if len(rows) < RATE_ROWS or (len(rows) < self._look_rows and not last):
                return None
            self._look_rows = len(rows) + LOOK_ROWS
            if columns.gyroscope and self._lines.are_columns_guessed and is_gyroscope_first(rows):
                columns = self._lines.swap_sensors()
                rows[:, 1:] = rows[:, [4, 5, 6, 1, 2, 3]]
            if self._lines.are_columns_guessed and not columns.gyroscope and unsteadiness(rows[:, 1:4]) > UNSTEADY:
                if last:
                    raise SourceError(
                        f'its lines, such as "{self._lines.quote}", have three numbers that are no acceleration with '
                        "gravity; name the columns with columns=ax,ay,az if they are"
                    )
                return None
            units = self._find_units(rows, last)
            if units is None:
                return None
            self._use(units, columns)
        if columns.time is None:
            return self._even_clock()
        return SensorClock(columns.time_unit or time_unit(rows[:, 0]))

    def _find_units(self, rows: NDArray[np.float64], last: bool) -> TextUnits | None:
        columns = self._lines.columns
        assert columns is not None
        acc, gyro = given_units(self._unit, self._gyro, columns)
        try:
            return find_units(rows, self._period_ns or FALLBACK_PERIOD_NS, acc, gyro, columns.gyroscope, last)
        except SourceError as error:
            order = "angular rate stands before acceleration (by gravity); " * self._lines.are_sensors_swapped
            raise SourceError(f'{order}{error}; one line is "{self._lines.quote}"') from error

    def _use(self, units: TextUnits, columns: Columns) -> None:
        self.acc_scale = units.acc.unit.size
        self.gyro_scale = units.gyro.unit.size if units.gyro else 1.0
        swapped = ", angular rate before acceleration (by gravity)" * self._lines.are_sensors_swapped
        choice = f"; {self._lines.choice}" if self._lines.choice else ""
        self._report.units, self._report.gyroscope = units.text + swapped + choice, columns.gyroscope


def time_unit(times: NDArray[np.float64]) -> str:
    """The unit of a sensor's times, by the step from one to the next: 1 to 1000 samples a second, in s, ms, us or ns.

    >>> time_unit(np.arange(5) * 0.02), time_unit(np.arange(5) * 20.0), time_unit(np.arange(5) * 20_000.0)
    ('s', 'ms', 'us')
    """
    steps = np.diff(times)
    steps = steps[steps > 0]
    step = median(steps) if len(steps) else 0.0
    return next((unit for unit, limit in zip(TIME_UNITS_NS, (1.0, 1e3, 1e6), strict=False) if step < limit), "ns")
