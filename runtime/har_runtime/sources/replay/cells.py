"""The cells of a text table: how a line is cut into them, and what times they hold."""

import csv
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.sources.replay.alike import midnights, numbers_alike, time_of_day
from har_runtime.sources.replay.date_words import in_figures

DELIMITERS: Final = ("\t", ";", ",", "|", None)
"""In the order in which they are tried; None is spaces."""
NO_TIME: Final = int(np.iinfo(np.int64).min)
"""A time that is missing, as `contract.to_ns` has it; also numpy's NaT."""
MISSING: Final = frozenset(
    (
        *("", "null", "(null)", "none", "na", "n/a", "n.a.", "<na>", "nan", "nat", "-", "--", "?", "nil", "undefined"),
        *("n/d", "#n/d", "#nv", "#wert!", "#valeur!", "#valor!", "nodata", "no data"),
        *("missing", "#n/a", "#na", "#num!", "#value!", "#ref!", "#div/0!", "#name?", "#null!"),
        *("1.#qnan", "-1.#qnan", "1.#ind", "-1.#ind", "1.#inf", "-1.#inf", "nan(ind)", "-nan(ind)", "-nan(snan)"),
    )
)
"""Cells that hold nothing, in lower case: people, spreadsheets and Windows' C library write them so."""
MINUS: Final = "\u2212"
"""The sign of minus as it is printed in books."""
_BYTE_ORDER_MARK: Final = "\ufeff"
"""Where files were joined."""
_SWISS: Final = re.compile(r"[+-]?[1-9]\d{0,2}(?:['\u2019]\d{3})+(?:\.\d+)?")
_IN_QUOTES: Final = re.compile(r"""=?(["'])([-+.\d][-+.\deE]*)\1?""")
"""A number that a spreadsheet is not to change: ="9.81", '9.81' or '9.81."""
_FORTRAN: Final = re.compile(r"([-+]?\d*\.\d*)[dD]([-+]\d{2,3})")
THOUSANDS: Final = re.compile(r"[+-]?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?")
"""A number whose thousands are marked by commas, which a decimal comma is not if others have a point."""
NUMBER, INTEGER, DATE, CLOCK = "number", "integer", "date", "clock"
"""What a column of times holds: numbers, whole numbers too long for floating point, dates with a time, times of day."""
DAY_NS: Final = 86_400_000_000_000

FEW: Final = 8
"""Cells that are read one by one."""
MAX_LENGTHS: Final = 12
"""Of cells that are still read at once."""
MAX_COUNT: Final = 9_200_000_000_000_000_000
"""A whole number that is larger is no time."""
_LONG: Final = 16
"""Digits of a whole number that floating point may not hold exactly."""
_TIME_OF_DAY = r"(\d{1,2})[:.\-](\d{2})[:.\-](\d{2})(?:[.,:_](\d{1,9}))?"
_ZONE = r"\s*(Z|UTC|[+-]\d{2}:?\d{2})?(?: \[[\w/+-]{1,40}\])?"
"""The zone may be named as well: actipy's "+0100 [Europe/London]"."""
_HALF = r"\s*([AaPp][Mm])?"
_YEAR_FIRST = re.compile(rf"(\d{{4}})[-/.](\d{{1,2}})[-/.](\d{{1,2}})[T_, ]+{_TIME_OF_DAY}{_HALF}{_ZONE}")
_COMPACT = re.compile(rf"(\d{{4}})(\d\d)(\d\d)[T_ -](\d\d)(\d\d)(\d\d)(?:[.,_](\d{{1,9}}))?(){_ZONE}")
"""ISO's dates without marks."""
_YEAR_LAST = re.compile(rf"(\d{{1,2}})[-/.](\d{{1,2}})[-/.](\d{{4}})[T_, ]+{_TIME_OF_DAY}{_HALF}{_ZONE}")
_MONTH_FIRST = re.compile(
    rf"(?:[A-Za-z]{{3}},? )?([A-Za-z]{{3}}) (\d{{1,2}}),? (\d{{4}}),? {_TIME_OF_DAY}{_HALF}{_ZONE}"
)
_NAMED_MONTH = re.compile(rf"(\d{{1,2}})[- ]([A-Za-z]{{3}})[- ](\d{{4}})[T_, ]+{_TIME_OF_DAY}{_HALF}{_ZONE}")
_MINUTES = re.compile(r"(\d{1,3}):([0-5]\d)\.(\d{1,9})")
"""As spreadsheets write times of day to CSV: minutes, seconds and their fraction."""
_DAY_TIME = re.compile(rf"{_TIME_OF_DAY}{_HALF}")
_DATE_ALONE = re.compile(r"(\d{4})[-/.](\d{1,2})[-/.](\d{1,2})")
_DATE_ALONE_YEAR_LAST = re.compile(r"(\d{1,2})([-/.])(\d{1,2})\2(\d{4})")
_PART = re.compile(r"\d{1,2}[:.\-]\d{2}[:.\-]\d{2}[.,:_](\d{1,9})(?!\d)")
"""The part of a second."""
_YEARS = ("1900", "2200")
"""Others may not fit nanoseconds since 1970."""
_MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]


@dataclass(frozen=True)
class TimeFormat:
    """What a column of times holds."""

    kind: str
    """`NUMBER`, `INTEGER`, `DATE` or `CLOCK`."""
    zoned: bool = False
    """Whether dates name their time zone."""
    order: str | None = "ymd"
    """Of a date's numbers: "ymd", "dmy", "mdy", or None if it may be either of the last two."""
    digits: int | None = None
    """Of a part of a second that is written without the zeros before it (".5" is 5 ms of three digits); None if it is
    a fraction."""
    words: bool = False
    """Whether they are to be written in figures first."""


def split_line(line: str, delimiter: str | None) -> list[str]:
    """The cells of a line, without the spaces around them.

    >>> split_line('a; "b;c" ;d', ";"), split_line(" 1  2 ", None)
    (['a', 'b;c', 'd'], ['1', '2'])
    """
    if delimiter is None:
        return line.split()
    return [cell.strip() for row in csv.reader([line], delimiter=delimiter, skipinitialspace=True) for cell in row]


def lines_to_rows(lines: Iterable[str], delimiter: str | None, decimal_comma: bool) -> Iterator[list[str]]:
    """The cells of each line. A quote that its line does not close would take the lines after it: it is dropped."""
    if decimal_comma and delimiter != ",":
        lines = (line.replace(",", ".") for line in lines)
    if delimiter is None:
        return map(str.split, lines)
    return csv.reader(map(_without_open_quotes, lines), delimiter=delimiter, skipinitialspace=True)


def _without_open_quotes(line: str) -> str:
    if '"' not in line:
        return line
    try:
        list(csv.reader([line], strict=True))
    except csv.Error:
        return line.replace('"', "")
    return line


def as_number(cell: str) -> float | None:
    """A cell as a number, NaN if it holds nothing, None if it is something else.

    >>> as_number("9.81"), as_number("null"), as_number("nine"), as_number("1_000"), as_number("1,005.2")
    (9.81, nan, None, None, 1005.2)
    """
    try:
        return float(cell) if "_" not in cell else None
    except ValueError:
        if THOUSANDS.fullmatch(cell.strip()):
            return float(cell.replace(",", ""))
        if cell.startswith(MINUS):
            return as_number(f"-{cell[1:]}")
        plain = cell.strip()
        if plain.startswith(_BYTE_ORDER_MARK):
            return as_number(plain[1:])
        if _SWISS.fullmatch(plain):
            return float(plain.replace("'", "").replace("\u2019", ""))
        if match := _IN_QUOTES.fullmatch(plain):
            return as_number(match[2])
        if match := _FORTRAN.fullmatch(plain):
            return as_number(f"{match[1]}e{match[2]}")
        return float("nan") if cell.strip().lower() in MISSING else None


def time_format(cells: Sequence[str]) -> TimeFormat | None:
    """What a column of times holds, by some of its cells; None if most of them are no times."""
    found = _format_of(cells)
    held = next((cell for cell in cells if cell.strip().lower() not in MISSING), "")
    if (found is not None and found.kind != INTEGER) or in_figures(held) == held:
        return found
    written = _format_of([in_figures(cell) for cell in cells])
    return found if written is None or written.kind not in (DATE, CLOCK) else replace(written, words=True)


def _format_of(cells: Sequence[str]) -> TimeFormat | None:
    held = [cell.strip() for cell in cells if cell.strip().lower() not in MISSING]
    if not held or 2 * len(held) < len(cells):
        return None
    numbers = [cell for cell in held if as_number(cell) is not None]
    if 10 * len(numbers) >= 9 * len(held):
        whole = all(re.fullmatch(r"[+-]?\d{1,19}", cell) for cell in numbers)
        return TimeFormat(INTEGER if whole and max(map(len, numbers)) >= _LONG else NUMBER)
    dates = [match for cell in held if (match := _date(cell))]
    if 10 * len(dates) >= 9 * len(held):
        zoned = all(match[match.re.groups] for match in dates)
        if dates[0].re is not _YEAR_LAST:
            return _with_digits(TimeFormat(DATE, zoned), held)
        days = [(int(match[1]), int(match[2])) for match in dates]
        order = "dmy" if any(a > 12 for a, _ in days) else "mdy" if any(b > 12 for _, b in days) else None
        return _with_digits(TimeFormat(DATE, zoned, order), held)
    clocks = [cell for cell in held if _DAY_TIME.fullmatch(cell) or _MINUTES.fullmatch(cell)]
    return _with_digits(TimeFormat(CLOCK), held) if 10 * len(clocks) >= 9 * len(held) else None


def _with_digits(form: TimeFormat, cells: Sequence[str]) -> TimeFormat:
    """The format, with the digits of a part of a second that lacks the zeros before it: as a fraction it would go back
    where it goes on."""
    parts = [match[1] for cell in cells if (match := _PART.search(cell))]
    lengths = set(map(len, parts))
    digits = max(lengths, default=0)
    if len(lengths) < 2 or digits not in (3, 6, 9) or 10 * len(parts) < 9 * len(cells):
        return form
    padded = replace(form, digits=digits)
    try:
        back = [np.count_nonzero(np.diff(read_times(cells, one)) < 0) for one in (form, padded)]
    except ValueError:
        return form
    return padded if back[1] < back[0] else form


def read_times(cells: Sequence[str], form: TimeFormat) -> NDArray[np.int64] | NDArray[np.float64]:
    """The times of a column: float64 numbers, with NaN for none; or int64, with `NO_TIME` for none, in the column's
    unit or, of dates and times of day, in nanoseconds since 1970 or midnight.

    Raises:
        ValueError: a cell holds something else.
    """
    if form.words:
        cells = [in_figures(cell) for cell in cells]
    if form.kind == NUMBER:
        return np.array([_number(cell) for cell in cells], np.float64)
    if form.kind == INTEGER:
        return _integers(cells)
    return _dates_or_clocks(cells, form)


def date_alone(cell: str) -> int | None:
    """Midnight of a date without a time of day, in nanoseconds since 1970; None if it is none.

    >>> date_alone("1970/1/2") == date_alone("02.01.1970") == DAY_NS, date_alone("12"), date_alone("1/2/1970")
    (True, None, None)
    """
    if match := _DATE_ALONE.fullmatch(cell.strip()):
        year, month, day = match.groups()
    elif match := _DATE_ALONE_YEAR_LAST.fullmatch(cell.strip()):
        first, mark, second, year = match.groups()
        if mark == "." or int(first) > 12:
            day, month = first, second
        elif int(second) > 12:
            day, month = second, first
        else:
            return None  # It may be either.
    else:
        return None
    try:
        return int(np.datetime64(f"{year}-{int(month):02d}-{int(day):02d}", "ns").astype(np.int64))
    except ValueError:
        return None


def first_bad(cells: Sequence[str], form: TimeFormat) -> int | None:
    """The position of the first cell that is no time."""
    for index, cell in enumerate(cells):
        try:
            read_times([cell], form)
        except ValueError:
            return index
    return None


def _number(cell: str) -> float:
    value = as_number(cell)
    if value is None:
        raise ValueError(cell)
    return value


def _integers(cells: Sequence[str]) -> NDArray[np.int64]:
    try:
        values = np.fromiter(map(int, cells), np.int64, len(cells))
    except (ValueError, OverflowError):
        return np.array([_integer(cell) for cell in cells], np.int64)
    return np.where((values > MAX_COUNT) | (values < -MAX_COUNT), NO_TIME, values)


def _integer(cell: str) -> int:
    try:
        value = int(cell)
    except ValueError:
        number = _number(cell)
        return NO_TIME if not abs(number) < 9e18 else round(number)
    return NO_TIME if abs(value) > MAX_COUNT else value


def _date(cell: str) -> re.Match[str] | None:
    forms = (_YEAR_FIRST, _COMPACT, _YEAR_LAST, _NAMED_MONTH, _MONTH_FIRST)
    return next((match for form in forms if (match := form.fullmatch(cell))), None)


def _dates_or_clocks(cells: Sequence[str], form: TimeFormat) -> NDArray[np.int64]:
    """Dates as nanoseconds since 1970, by UTC if they name their zone and by the wearer's clock if not; or times of
    day, as nanoseconds since midnight."""
    read_one = _one_date if form.kind == DATE else _one_clock
    plain = [cell.strip() for cell in cells]
    lengths = set(map(len, plain))
    if len(plain) < FEW or len(lengths) > MAX_LENGTHS:
        return np.array([read_one(cell, form) for cell in plain], np.int64)
    if len(lengths) == 1 and (times := _alike(plain, form)) is not None:
        return times
    times = np.empty(len(plain), np.int64)
    for length in lengths:  # Parts of a second without the zeros at their end.
        places = [place for place, cell in enumerate(plain) if len(cell) == length]
        own = [plain[place] for place in places]
        found = _alike(own, form)
        times[places] = [read_one(cell, form) for cell in own] if found is None else found
    return times


def _alike(cells: Sequence[str], form: TimeFormat) -> NDArray[np.int64] | None:
    """The times of cells of one length, if they are written alike and none is missing or invalid; else None."""
    match = _MINUTES.fullmatch(cells[0]) or _DAY_TIME.fullmatch(cells[0]) if form.kind == CLOCK else _date(cells[0])
    dated = 3 if form.kind == DATE else 0
    if match is None or (values := numbers_alike(cells, match, 3 if match.re is _MINUTES else dated + 4)) is None:
        return None
    *clock, part = values[dated:]
    if match.re is _MINUTES:
        within = (clock[0] * 60 + clock[1]) * 1_000_000_000 if clock[1].max() < 60 else None
    else:
        within = time_of_day(clock[0], clock[1], clock[2], (match[dated + 5] or "").lower())
    if within is None:
        return None
    written = len(match[3 if match.re is _MINUTES else dated + 4] or "")
    within += part * 10 ** (9 - max(written, form.digits or 0))
    if not dated:
        return within
    first, second, third = values[:3]
    if match.re in (_YEAR_FIRST, _COMPACT):
        year, month, day = first, second, third
    elif match.re is _YEAR_LAST:
        year, (month, day) = third, (first, second) if form.order == "mdy" else (second, first)
        month, day = np.where(month > 12, day, month), np.where(month > 12, month, day)
    else:
        name, day = (match[2], first) if match.re is _NAMED_MONTH else (match[1], second)
        if name.lower() not in _MONTHS:
            return None
        year, month = third, np.full_like(day, _MONTHS.index(name.lower()) + 1)
    begins = midnights(year, month, day)
    return None if begins is None else begins + within - _zone_ns(match[match.re.groups] or "")


def _one_date(cell: str, form: TimeFormat) -> int:
    if cell.lower() in MISSING:
        return NO_TIME
    match = _date(cell)
    if match is None:
        raise ValueError(cell)
    if match.re in (_YEAR_FIRST, _COMPACT):
        year, month, day = match[1], match[2], match[3]
    elif match.re in (_NAMED_MONTH, _MONTH_FIRST):
        day, name = (match[1], match[2]) if match.re is _NAMED_MONTH else (match[2], match[1])
        if name.lower() not in _MONTHS:
            raise ValueError(cell)
        year, month = match[3], str(_MONTHS.index(name.lower()) + 1)
    else:
        year = match[3]
        month, day = (match[1], match[2]) if form.order == "mdy" else (match[2], match[1])
        if int(month) > 12:
            month, day = day, month
    if not _YEARS[0] <= year <= _YEARS[1]:
        raise ValueError(cell)
    date = np.datetime64(f"{year}-{int(month):02d}-{int(day):02d}", "ns").astype(np.int64)
    return int(date) + _time_of_day_ns(match, 4, form.digits) - _zone_ns(match[match.re.groups] or "")


def _one_clock(cell: str, form: TimeFormat) -> int:
    if cell.lower() in MISSING:
        return NO_TIME
    if match := _MINUTES.fullmatch(cell):
        return (int(match[1]) * 60 + int(match[2])) * 1_000_000_000 + _fraction_ns(match[3], form.digits)
    match = _DAY_TIME.fullmatch(cell)
    if match is None:
        raise ValueError(cell)
    return _time_of_day_ns(match, 1, form.digits)


def _time_of_day_ns(match: re.Match[str], first: int, digits: int | None) -> int:
    hours, minutes, seconds = (int(match[first + index]) for index in range(3))
    if hours > 24 or minutes > 59 or seconds > 60:
        raise ValueError(match[0])
    half = (match[first + 4] or "").lower()
    if half:
        hours = hours % 12 + (12 if half == "pm" else 0)
    return ((hours * 60 + minutes) * 60 + seconds) * 1_000_000_000 + _fraction_ns(match[first + 3] or "0", digits)


def _fraction_ns(part: str, digits: int | None) -> int:
    return int((part if digits is None else part.rjust(digits, "0")).ljust(9, "0"))


def _zone_ns(zone: str) -> int:
    if not zone or zone in ("Z", "UTC"):
        return 0
    digits = zone[1:].replace(":", "")
    ahead = (int(digits[:2]) * 60 + int(digits[2:])) * 60_000_000_000
    return -ahead if zone[0] == "-" else ahead


def check_columns(count: int, limit: int) -> None:
    """Refuse a line of too many cells.

    Raises:
        DataError: more than `limit`.
    """
    if count > limit:
        raise DataError(f"not a recording: {count} columns, at most {limit} are read")
