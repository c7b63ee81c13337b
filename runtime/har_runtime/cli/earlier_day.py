"""The day so far, from the file of a `jsonl:` sink: after a restart its totals go on instead of beginning again."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from pathlib import Path
from typing import BinaryIO, Final

from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.events import Changes, EventDetector
from har_runtime.answers.families import Families
from har_runtime.answers.palette import NOT_WORN
from har_runtime.answers.totals import EarlierToday, RunningTotals
from har_runtime.cli.activity_rows import MAX_LINE_BYTES, read_rows
from har_runtime.errors import HarError
from har_runtime.model.card import ModelCard
from har_runtime.sinks.files.rotation import rotation_from
from har_runtime.uri import parse_sink

BLOCK: Final = 1 << 16
"""Bytes in which the day's first row is looked for line by line."""


def earlier_today(uris: Iterable[str], card: ModelCard, unix_s: float) -> EarlierToday | None:
    """What the first of these sinks that is a `jsonl:` file has of today; None if there is nothing.

    Args:
        uris: of the sinks, before they are opened.
        card: of the model, whose families count as no change.
        unix_s: now, seconds since 1970.
    """
    for uri in map(parse_sink, uris):
        if uri.kind != "jsonl" or uri.target in ("", "-"):
            continue
        try:
            files = rotation_from(uri).files_since(unix_s)
            return _sum(files, card, unix_s)
        except (HarError, OSError):  # The sink says what is wrong with it when it is opened.
            return None
    return None


def _sum(files: list[Path], card: ModelCard, unix_s: float) -> EarlierToday | None:
    begin_s, end_s = _day_of(unix_s)
    families = Families(card.families)
    events, changes = EventDetector(families), Changes(families)
    totals: RunningTotals | None = None
    for path in files:
        with path.open("rb") as file:
            _skip_until(file, begin_s)
            for _, row in read_rows(file):
                if row is None or not begin_s <= row.unix_s < end_s:
                    continue
                totals = totals or RunningTotals(row.unix_s)
                worn = row.activity != NOT_WORN
                known = row.activity if worn and row.activity != UNKNOWN else None
                found = changes.step(events.step(known, round(row.end_s * 1e9), row.unix_s, worn))
                totals.step(
                    row.activity, None if worn else "not worn", bool(found), row.steps or 0, row.cadence or None
                )
    return totals and EarlierToday(totals.snapshot(), changes.last)


def _day_of(unix_s: float) -> tuple[float, float]:
    """Begin and end of the local day, seconds since 1970."""
    today = datetime.fromtimestamp(unix_s).date()
    begin_s, end_s = (datetime.combine(day, time.min).timestamp() for day in (today, today + timedelta(days=1)))
    return begin_s, end_s


def _skip_until(file: BinaryIO, unix_s: float) -> None:
    """Go to about where the rows from `unix_s` on begin, if they are in order: a file may have months of them."""
    low, high = 0, file.seek(0, 2)
    while high - low > BLOCK:
        middle = (low + high) // 2
        file.seek(middle)
        file.readline(MAX_LINE_BYTES)
        row = next((row for _, row in read_rows(file) if row is not None), None)
        if row is None or row.unix_s >= unix_s:
            high = middle
        else:
            low = middle
    file.seek(low)
    if low:
        file.readline(MAX_LINE_BYTES)
