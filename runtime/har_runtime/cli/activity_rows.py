"""The rows of `jsonl:` files, of every version, as far as a report and the day's totals need them."""

import json
import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Any, BinaryIO, Final, NamedTuple, TypeGuard, get_args

from har_runtime.answers.answer import UNKNOWN, Reason
from har_runtime.answers.palette import NOT_WORN
from har_runtime.contract import HOP_S

MAX_LINE_BYTES: Final = 65_536
"""A row of 50 activities has 3,000."""
MAX_NAME: Final = 100
"""Characters of the name of an activity or place."""
MIN_UNIX_S: Final = -2_208_988_800
"""Seconds since 1970: the year 1900. A computer without a battery clock may start before 1970."""
MAX_TIME_S: Final = 1e11
"""Seconds since 1970: the year 5138."""
SINCE_BYTES: Final = 60
"""At the end of a line, in which it says for how many answers it stands."""
MAX_STEPS: Final = 1000
"""In a window."""
MAX_WINDOWS: Final = 1000
"""Of a row that stands for several."""
_REASONS: Final = get_args(Reason)
_QUICK: Final = re.compile(
    rb'\{"unix_s": (\d{1,10}\.\d{1,9}), "version": 2, "start_s": [^,]{1,30}+, "end_s": (-?\d{1,10}\.\d{1,9}), '
    rb'"segment": \d{1,20}+, "activity": "(\w{1,100}+)", "confidence": [\d.e-]{1,30}+, (?:"steps": (\d{1,3}), )?'
    rb'(?:"cadence": (\d{1,3}\.\d{1,3}), "intensity": "[a-z]{1,20}", )?(?:"reason": "(unsure|unlike|not worn)", )?'
    rb'(?:"place": (null|"\w{1,100}+"), )?"prob'
)
"""The beginning of a row as this version writes it. A day has 172,800 of them."""


class Row(NamedTuple):
    """The part of a row that is needed."""

    unix_s: float
    """The end of its window by the clock of the computer that wrote it, seconds since 1970."""
    end_s: float
    """The end of its window by the sensor's clock, seconds."""
    activity: str
    """A label, a family, `UNKNOWN` or `NOT_WORN`."""
    reason: str | None
    """Why the activity is unknown; None if it is known."""
    place: str | None = None
    """Where the sensor is worn, `UNKNOWN` while that is not known; None if the model does not tell it."""
    steps: int | None = None
    """Steps that ended with this window; None if they were not counted."""
    cadence: float | None = None
    """Steps a minute; None while there are none."""


def read_rows(file: BinaryIO) -> Iterator[tuple[int, Row | None]]:
    """The lines of a file that are not blank: their numbers from 1, and their rows; None for a line without a row.

    A row that stands for several answers (`every=change`) comes as often, at their times.
    """
    number = 0
    while line := file.readline(MAX_LINE_BYTES):
        number += 1
        if len(line) == MAX_LINE_BYTES and not line.endswith(b"\n"):
            while (more := file.readline(MAX_LINE_BYTES)) and not more.endswith(b"\n"):
                pass  # Skip the rest of the line.
            yield number, None
        elif row := read_row(line):
            if b'"windows": ' in line[-SINCE_BYTES:]:
                yield from ((number, each) for each in _each(row, line))
            else:
                yield number, row
        elif line.strip():
            yield number, None


def read_row(line: bytes) -> Row | None:
    """The row of a line; None if it is none.

    Of a line whose beginning and end are as this version writes them, the probabilities between them are not looked at:
    that takes a fifth of the time.

    >>> read_row(b'{"unix_s": 1.5, "end_s": 0.98, "activity": "unknown", "reason": "unsure"}')
    Row(unix_s=1.5, end_s=0.98, activity='unknown', reason='unsure', place=None, steps=None, cadence=None)
    >>> read_row(b'{"unix_s": 1.5, "end_s": 0.9')
    """
    match = _QUICK.match(line)
    if match is None or not line.endswith(b"}\n"):
        return parse_row(line)
    unix_s, end_s, activity, steps, cadence, reason, place = match.groups()
    return Row(
        float(unix_s),
        float(end_s),
        *_names(activity, reason, place),
        None if steps is None else int(steps),
        None if cadence is None else float(cadence),
    )


@lru_cache(maxsize=256)  # Files repeat a few: looking them up is faster than decoding them.
def _names(activity: bytes, reason: bytes | None, place: bytes | None) -> tuple[str, str | None, str | None]:
    """Activity, reason and place of a row."""
    why = None if reason is None else reason.decode()
    worn_at = None if place is None else UNKNOWN if place == b"null" else place.decode().strip('"')
    return NOT_WORN if why == NOT_WORN else activity.decode(), why, worn_at


def _each(row: Row, line: bytes) -> Iterator[Row | None]:
    """The answers for which a row stands; their steps are the last one's."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):
        entry = {}
    windows: Any = entry.get("windows")
    since_unix_s = _time(entry.get("since_unix_s"))
    is_count = isinstance(windows, int) and not isinstance(windows, bool) and 1 <= windows <= MAX_WINDOWS
    if not is_count or since_unix_s is None or since_unix_s > row.unix_s:
        yield None
        return
    for before in range(windows - 1, 0, -1):
        unix_s = row.unix_s - (row.unix_s - since_unix_s) * before / (windows - 1)
        yield row._replace(unix_s=unix_s, end_s=row.end_s - before * HOP_S, steps=row.steps and 0)
    yield row


def parse_row(line: bytes) -> Row | None:
    """The row of a line of any version, all of which must be JSON; None if it is none."""
    try:
        entry = json.loads(line)
    except (ValueError, RecursionError):  # A UnicodeDecodeError is a ValueError too.
        return None
    if not isinstance(entry, dict):
        return None
    unix_s, end_s = _time(entry.get("unix_s")), _time(entry.get("end_s"))
    activity, reason = entry.get("activity"), entry.get("reason")
    if unix_s is None or unix_s < MIN_UNIX_S or end_s is None or reason not in (None, *_REASONS):
        return None
    if not _is_name(activity):
        return None
    place = UNKNOWN if "place" in entry and entry["place"] is None else entry.get("place")
    if place is not None and not _is_name(place):
        return None
    steps, cadence = entry.get("steps"), entry.get("cadence")
    if not _is_count(steps) or not (cadence is None or _time(cadence) is not None):
        return None
    return Row(unix_s, end_s, NOT_WORN if reason == NOT_WORN else activity, reason, place, steps, cadence)


def _is_count(value: Any) -> bool:
    """Whether a JSON value can be a number of steps, or is missing."""
    return value is None or (isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_STEPS)


def _is_name(value: object) -> TypeGuard[str]:
    """Whether a JSON value can be the name of an activity or place."""
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME


def _time(value: object) -> float | None:
    """A JSON value as seconds; None if it is not a time."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < MAX_TIME_S:
        return None
    return float(value)
