"""The command `har-stream report`: the days in the files of a `jsonl:` sink, as text, JSON or a picture."""

import argparse
import itertools
import json
from collections.abc import Iterable, Iterator
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.effort import INTENSITIES, intensity_of, mets_of
from har_runtime.answers.palette import NOT_WORN
from har_runtime.answers.totals import duration_text
from har_runtime.cli.activity_log import (
    ActivityLog,
    Day,
    display_name,
    local,
    longest_first,
    place_name,
    read_log,
)
from har_runtime.cli.common import add_json
from har_runtime.cli.intervals import Interval, interval_s
from har_runtime.cli.step_bouts import StepBout
from har_runtime.text import clean

if TYPE_CHECKING:
    from rich.table import Table

_Timed = TypeVar("_Timed", StepBout, Interval)
MIN_BOUT_STEPS = 20
"""Shorter bouts are in the JSON alone."""
MAX_CHANGES = 6
"""Kinds of changes that the text lists."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `har-stream report`."""
    parser.add_argument("files", nargs="+", type=Path, metavar="FILE.jsonl", help="of one day or several, in any order")
    parser.add_argument(
        "--out", type=Path, metavar="PICTURE", help="draw it too: .svg or .png (pip install 'haredge[report]')"
    )
    parser.add_argument(
        "--every", type=interval_s, metavar="1min", help="a table of intervals of this length: 30s, 1min, 15min, 1h"
    )
    add_json(parser)


def run(options: argparse.Namespace) -> int:
    """Print the report, and draw it if asked to; returns the exit code.

    Raises:
        HarError: a file cannot be read or written, or has no rows, or a library for pictures is missing.
    """
    if options.out is not None:
        from har_runtime.cli.report_plot import check_format, draw

        check_format(options.out)  # Before the work.
        log = read_log(options.files, options.every)
        draw(log, options.out)
    else:
        log = read_log(options.files, options.every)
    if options.json:
        print(json.dumps(log.to_dict(), indent=1, allow_nan=False))
    else:
        _print(log)
    return 0


def _print(log: ActivityLog) -> None:
    from rich.console import Console

    console = Console(highlight=False, markup=False, emoji=False)  # Names are shown as they are.
    for today, day in log.days.items():
        console.print(_table(f"{today:%A}, {today}", day))
        if day.reasons:
            reasons = ", ".join(f"{reason} {duration_text(seconds)}" for reason, seconds in day.reasons.items())
            console.print(f"  unknown because: {reasons}")
        if day.places:
            places = ", ".join(
                f"{place_name(name)} {duration_text(seconds)}" for name, seconds in longest_first(day.places).items()
            )
            console.print(f"  worn at: {places}")
        if day.steps is not None:
            effort = ", ".join(
                f"{name} {duration_text(day.effort[name])}" for name in INTENSITIES if name in day.effort
            )
            console.print(f"  steps: {day.steps:,}" + (f"; {effort}" if effort else ""))
        if day.missing_s >= 1:
            console.print(f"  without answers between the first and the last: {duration_text(day.missing_s)}")
    for day, bouts in _by_day(bout for bout in log.step_bouts if bout.steps >= MIN_BOUT_STEPS):
        console.print(_bouts(day, bouts))
    for day, intervals in _by_day(log.intervals):
        console.print(_intervals(day, intervals))
    if log.transitions:
        kinds = [
            f"{display_name(before)} to {display_name(after)} {count}"
            for (before, after), count in log.transitions.most_common()
        ]
        more = ", ..." if len(kinds) > MAX_CHANGES else ""
        console.print(f"changes: {log.transitions.total()}; {', '.join(kinds[:MAX_CHANGES])}{more}")
    first, last = log.spans[0], log.spans[-1]
    console.print(f"{log.rows} answers from {_moment(first.start_unix_s)} to {_moment(last.end_unix_s)}")
    if log.broken_lines:
        where = ""
        if log.first_broken is not None:
            path, line = log.first_broken
            where = f"; the first is line {line} of {clean(str(path))}"
        console.print(f"invalid lines, skipped: {log.broken_lines}{where}")
    if log.clock_set_back_s:
        console.print(f"times go back by {duration_text(log.clock_set_back_s)}: a clock was set back, or files overlap")


def _table(title: str, day: Day) -> "Table":
    table = _plain_table(title, "activity")
    for name in ("time", "share", "bouts", "longest"):
        table.add_column(name, justify="right")
    total = sum(day.seconds.values())
    last = (UNKNOWN, NOT_WORN)
    for name in [*(name for name in longest_first(day.seconds) if name not in last), *last]:
        if name in day.seconds:
            seconds = day.seconds[name]
            table.add_row(
                display_name(name),
                duration_text(seconds),
                f"{100 * seconds / total:.0f} %",
                str(day.bouts[name]),
                duration_text(day.longest.get(name, 0.0)),
            )
    return table


def _by_day(timed: Iterable[_Timed]) -> Iterator[tuple[date, Iterator[_Timed]]]:
    """Bouts or intervals by the day on which they start: a table of many days would take much memory."""
    return itertools.groupby(timed, lambda one: local(one.start_unix_s).date())


def _bouts(day: date, bouts: Iterable[StepBout]) -> "Table":
    table = _plain_table(f"{day}, bouts of {MIN_BOUT_STEPS} steps or more", "start", "activity")
    for name in ("length", "steps", "steps/min", "effort", "METs"):
        table.add_column(name, justify="right")
    for bout in bouts:
        mets = mets_of(bout.cadence)
        table.add_row(
            _moment(bout.start_unix_s),
            display_name(bout.activity),
            duration_text(bout.seconds),
            f"{bout.steps:,}",
            f"{bout.cadence:.0f}",
            intensity_of(bout.cadence),
            "< 3" if mets is None else f"{mets}+",
        )
    return table


def _intervals(day: date, intervals: Iterable[Interval]) -> "Table":
    table = _plain_table(f"{day}, intervals", "start", "activity")
    for name in ("time in it", "steps", "steps/min"):
        table.add_column(name, justify="right")
    for interval in intervals:
        table.add_row(
            _moment(interval.start_unix_s),
            display_name(interval.activity),
            duration_text(interval.seconds[interval.activity]),
            "" if interval.steps is None else f"{interval.steps:,}",
            "" if interval.cadence is None else f"{interval.cadence:.0f}",
        )
    return table


def _plain_table(title: str, *columns: str) -> "Table":
    from rich import box
    from rich.table import Table

    padding = (0, 1, 0, 0)  # So that the widest fits into 80 columns.
    table = Table(
        title=title, box=box.SIMPLE, title_justify="left", title_style="bold", pad_edge=False, padding=padding
    )
    for column in columns:
        table.add_column(column, no_wrap=column == "start")
    return table


def _moment(unix_s: float) -> str:
    return f"{local(unix_s):%Y-%m-%d %H:%M:%S}"
