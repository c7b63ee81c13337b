"""Dates and times of day as people's computers write them in words, and clocks on the wall that go back."""

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import cells, is_the_wearer, read, table

from har_runtime.sources.replay.cells import DAY_NS, read_times, time_format
from har_runtime.sources.replay.date_words import in_figures

HOUR_NS = DAY_NS // 24
MORNING_NS = int(np.datetime64("2026-10-02T07:48:51.020", "ns").astype(np.int64))


@pytest.mark.parametrize(
    ("cell", "later_ns"),
    [
        ("2/10/2026 7:48:51.020 a. m.", None),
        ("10/02/2026 7:48:51.020 p.m.", None),
        ("2026/10/2 上午7:48:51.020", 0),
        ("2026/10/2 下午 07:48:51.020", DAY_NS // 2),
        ("2026-10-02 오전 7:48:51.020", 0),
        ("2026年10月02日 07:48:51.020", 0),
        ("2. Okt. 2026 07:48:51.020", 0),
        ("2 October 2026 07:48:51.020", 0),
        ("October 2, 2026 7:48:51.020 AM", 0),
        ("Oct 2, 2026 @ 07:48:51.020", 0),
        ("ven. 2 oct. 2026 07:48:51.020", 0),
        ("2 de outubro de 2026 07:48:51.020", 0),
        ("Fri Oct 02 07:48:51.020 GMT+02:00 2026", -2 * HOUR_NS),
        ("Fri Oct 02 2026 07:48:51.020 GMT+0200 (Central European Summer Time)", -2 * HOUR_NS),
        ("Fri, 02 Oct 2026 07:48:51.020 GMT", 0),
        ("02/Oct/2026:07:48:51.020 +0200", -2 * HOUR_NS),
        ("2026-10-02 07:48:51.020+02", -2 * HOUR_NS),
        ("2026-10-02t07:48:51.020z", 0),
        ("2026-10-02 07:48:51.020 CEST", -2 * HOUR_NS),
        ("2026-10-02 07:48:51.020 PDT", 7 * HOUR_NS),
        ("20261002074851020", 0),
    ],
)
def test_a_date_in_words_is_that_date(cell: str, later_ns: int | None) -> None:
    form = time_format([cell] * 3)
    assert form is not None

    if later_ns is None:  # Which is the month?
        assert form.order is None
    else:
        assert read_times([cell], form).tolist() == [MORNING_NS + later_ns]


@pytest.mark.parametrize(
    ("cell", "seconds"),
    [
        ("午後7:48:51.5", 71331.5),
        ("7:48:51.5 p. m.", 71331.5),
        ("07h48m51.5s", 28131.5),
        ("0 days 07:48:51.5", 28131.5),
    ],
)
def test_a_time_of_day_in_words_is_that_time(cell: str, seconds: float) -> None:
    form = time_format([cell] * 3)

    assert form is not None
    assert read_times([cell], form).tolist() == [int(seconds * 1e9)]


@pytest.mark.parametrize("cell", ["02.10.26 07:48:51.020", "10/2/26 7:48:51.020 AM"])
def test_a_year_of_two_digits_is_one_of_this_century(cell: str) -> None:
    form = time_format([cell, cell.replace("02", "22").replace("/2/", "/22/")])

    assert form is not None
    assert read_times([cell], form).tolist() == [MORNING_NS]


@pytest.mark.parametrize(
    "cell",
    [
        "walking",
        "26-10-02 07:48:51",
        "file 12 of 2026 at 07:48:51 or 2",
        "7:48",
        "1790937470020",
        "IMU 2",
        "x" * 200 + "1",
    ],
)
def test_what_may_be_something_else_stays_as_it_is(cell: str) -> None:
    assert in_figures(cell) == cell


def _clock(number: int, before: str, after: str) -> str:
    """Six seconds up to the end of a minute, and six after it."""
    hour, second = (before, 54 + number // 50) if number < 300 else (after, number // 50 - 6)
    return f"{hour}:{second:02d}.{number % 50 * 20:03d}"


@pytest.mark.parametrize(
    ("before", "after"),
    [
        pytest.param("12:59", "01:00", id="twelve hours without a half of the day"),
        pytest.param("23:59", "00:00", id="midnight"),
        pytest.param("59", "00", id="minutes of a spreadsheet at a full hour"),
        pytest.param("2026-10-25 02:59", "2026-10-25 02:00", id="the end of summer time"),
        pytest.param("0", "0", id="seconds of a minute"),
    ],
)
def test_time_goes_on_where_a_clock_on_the_wall_goes_back(tmp_path: Path, before: str, after: str) -> None:
    path = tmp_path / "walk.csv"

    def time(number: int) -> str:
        text = _clock(number, before, after)
        return text[2:] if before == "0" else text

    path.write_text(table("time,ax,ay,az", lambda number, _, acc, __: cells(time(number), *acc)))

    is_the_wearer(read(path), gyroscope=False)


def test_a_pause_in_the_first_rows_is_no_burst(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(
        table("time,ax,ay,az", lambda number, _, acc, __: cells(number / 50 + 3600 * (number >= 300), *acc))
    )

    steps = np.diff(read(path).times_ns)

    assert np.count_nonzero(np.abs(steps - 20_000_000) < 1000) == len(steps) - 1
    assert steps.max() == 3_600_020_000_000
