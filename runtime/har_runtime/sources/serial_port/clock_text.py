"""Dates and times of day as boards and programs print them."""

import math
import re
from datetime import UTC, datetime

_DATE = r"\d{4}[-/]\d{1,2}[-/]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4}"
_TIME = r"\d{1,3}:\d\d:\d\d(?:[.,:]\d{1,9})?"
CLOCK = rf"(?:(?:{_DATE})(?:[T ]\s*(?:{_TIME})(?:Z|[+-]\d\d:?\d\d)?)?|(?:{_TIME}))(?!\w)"
"""A date, a time of day, or both."""
_PARTS = re.compile(rf"({_DATE})?(?:(?:[T ]\s*|^)(\d+):(\d+):(\d+)(?:[.,:](\d+))?(Z|[+-]\d\d:?\d\d)?)?")


def clock_seconds(text: str) -> float:
    """Seconds since 1970 for a date that begins with its year and a time, seconds of the day for any other time.

    Without an offset a date counts as UTC. A date without a time is NaN, since it tells nothing about a sample.

    >>> clock_seconds("1970-01-02T00:00:00.5Z"), clock_seconds("09:14:37.41"), clock_seconds("11/20/2026 00:00:01")
    (86400.5, 33277.41, 1.0)

    Raises:
        ValueError: it is no date and no time.
    """
    match = _PARTS.fullmatch(text.strip())
    if not match or not (match[1] or match[2]):
        raise ValueError(f"'{text}' is no date and no time")
    date, hours, minutes, seconds, fraction, offset = match.groups()
    if hours is None:
        return math.nan
    of_day = 3600 * int(hours) + 60 * int(minutes) + int(seconds) + float(f"0.{fraction or 0}")
    if date is None or not date[:4].isdigit():
        return of_day
    year, month, day = map(int, re.split("[-/]", date))
    return datetime(year, month, day, tzinfo=UTC).timestamp() + of_day - _offset_seconds(offset)


def _offset_seconds(text: str | None) -> int:
    if text in (None, "Z"):
        return 0
    assert text is not None
    size = 3600 * int(text[1:3]) + 60 * int(text[-2:])
    return -size if text[0] == "-" else size
