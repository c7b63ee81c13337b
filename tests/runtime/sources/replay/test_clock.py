"""The clock of a recording: units found by steps and size, bursts, sample numbers, and the date of its answers."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import (
    FIRST_UNIX_MS,
    FIRST_UNIX_NS,
    ROWS,
    SECONDS,
    cells,
    is_the_wearer,
    own,
    read,
    table,
)

from har_runtime.cli.stream import main
from har_runtime.errors import DataError
from har_runtime.sources.replay.cells import read_times, time_format

NAMES = "time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z"


def with_times(folder: Path, times: Sequence[object], header: str = NAMES) -> Path:
    path = folder / "walk.csv"
    path.write_text(table(header, lambda i, _, acc, gyro: cells(times[i], *acc, *gyro)))
    return path


NUMBERS = np.arange(ROWS)
CLOCKS = {
    "s": (SECONDS.round(3).tolist(), None),
    "ms": ((6000 + 20 * NUMBERS).tolist(), None),
    "us": ((6_000_000 + 20_000 * NUMBERS).tolist(), None),
    "ns": ((49_105_962_326_000 + 20_000_000 * NUMBERS).tolist(), None),
    "s since 1970": ([f"{1_719_820_806 + number / 50:.2f}" for number in range(ROWS)], 1_719_820_806),
    "ms since 1970": ((FIRST_UNIX_MS + 20 * NUMBERS).tolist(), 1_719_820_806),
    "us since 1970": ((FIRST_UNIX_MS * 1000 + 20_000 * NUMBERS).tolist(), 1_719_820_806),
    "ns since 1970": ((FIRST_UNIX_NS + 20_000_000 * NUMBERS).tolist(), 1_767_620_473),
    "dates, with its zone": (
        [f"2026-10-02T07:48:{20 + n // 50:02d}.{n % 50 * 20:03d}+01:00" for n in range(ROWS)],
        1_790_923_700,
    ),
}


@pytest.mark.parametrize("clock", CLOCKS)
def test_the_clock_is_found_and_stated(tmp_path: Path, clock: str) -> None:
    times, unix_s = CLOCKS[clock]
    found = read(with_times(tmp_path, times))
    is_the_wearer(found)
    assert f"(time: {clock}, 50.0 Hz" in found.replay.description
    offset_ns = found.replay.report.unix_offset_ns
    assert (offset_ns is None) == (unix_s is None)
    if offset_ns is not None:
        assert (int(found.times_ns[0]) + offset_ns) // 10**9 == unix_s


def test_whole_nanoseconds_since_1970_keep_every_digit(tmp_path: Path) -> None:
    times = (FIRST_UNIX_NS + 20_000_001 * NUMBERS).tolist()
    assert read(with_times(tmp_path, times)).times_ns.tolist() == times


@pytest.mark.parametrize("kind", ["whole seconds", "bursts of one time", "bursts"])
def test_times_that_come_in_bursts_are_spread_if_asked(tmp_path: Path, kind: str) -> None:
    times = {
        "whole seconds": (1_719_820_806 + NUMBERS // 50).tolist(),
        "bursts of one time": (6000 + NUMBERS // 10 * 200).tolist(),
        "bursts": (6000 + NUMBERS // 10 * 200 + NUMBERS % 10).tolist(),
    }[kind]
    path = with_times(tmp_path, times)
    with pytest.raises(DataError, match=r"its times (repeat|come in bursts) .*: add time=spread"):
        read(path)
    is_the_wearer(read(path, "&time=spread"))
    is_the_wearer(read(path, "&time=spread&rate=50"))


def test_a_line_that_both_passes_of_a_spread_lose_is_counted_once(tmp_path: Path) -> None:
    header = "t_ms,ax,ay,az,gyro_x (rad/s),gyro_y,gyro_z"
    path = with_times(tmp_path, (6000 + NUMBERS // 10 * 200).tolist(), header)
    lines = path.read_text().splitlines()
    path.write_text("\n".join([*lines[:100], "what", *lines[100:]]) + "\n")
    found = read(path, "&time=spread")
    is_the_wearer(found)
    assert found.replay.report.lost == {"line that is no sample": 1}


def test_a_pause_between_bursts_stays_one(tmp_path: Path) -> None:
    times = (6000 + NUMBERS // 10 * 200 + 60_000 * (NUMBERS >= 300)).tolist()
    steps = np.diff(read(with_times(tmp_path, times), "&time=spread").times_ns)
    assert np.flatnonzero(steps > 10**9).tolist() == [299]
    assert steps[299] == pytest.approx(60.02e9, abs=0.2e9)
    assert np.delete(steps, 299) == pytest.approx(20e6, abs=1e3)


def test_sample_numbers_need_a_rate(tmp_path: Path) -> None:
    path = with_times(tmp_path, NUMBERS.tolist())
    with pytest.raises(DataError, match=r"its times are 0, 1, 2, \.\.\., which count samples: add rate=N"):
        read(path)
    is_the_wearer(read(path, "&rate=50"))
    lost = with_times(tmp_path, (NUMBERS + 10 * (NUMBERS >= 300)).tolist())
    assert int(np.diff(read(lost, "&rate=50").times_ns).max()) == 220_000_000


def test_a_table_without_times_needs_a_rate(tmp_path: Path) -> None:
    path = tmp_path / "walk.csv"
    path.write_text(table(NAMES.removeprefix("time,"), lambda _, __, acc, gyro: cells(*acc, *gyro)))
    with pytest.raises(DataError, match="it has no times: add rate=N"):
        read(path)
    is_the_wearer(read(path, "&rate=50"))


@pytest.mark.parametrize(
    ("times", "header", "options", "message"),
    [
        ((6000 + 20 * NUMBERS).tolist(), NAMES.replace("time", "time (s)"), "", "0.05 samples a second in s,.*time=ms"),
        (SECONDS.tolist(), NAMES, "&rate=100", "its times show 50.0 samples a second, not rate=100: leave rate out"),
        ((0.3 * NUMBERS).tolist(), NAMES.replace("acc", "accel"), "", "are 3.33 samples a second in s,.*add time=s"),
        (["6"] * ROWS, NAMES, "&time=spread", "all samples have the same time: add rate=N"),
        ([*SECONDS[:550].tolist(), *["2026-10-02T07:48"] * 50], NAMES, "", "line 552, column time: .* not a number"),
        ((1e300 * NUMBERS).tolist(), NAMES, "&time=s", "out of range"),
    ],
)  # fmt: skip
def test_times_that_tell_nothing_are_refused_with_the_option_to_add(tmp_path, times, header, options, message) -> None:
    with pytest.raises(DataError, match=message):
        read(with_times(tmp_path, times, header), options)


@pytest.mark.parametrize(
    "times", [["1e308", "-1e308"] * 300, [f"{number}e305" for number in range(-300, 300)], ["9" * 5000] * 600]
)
@pytest.mark.filterwarnings("error")
def test_numbers_next_to_infinity_are_refused_without_a_word_of_numpy(tmp_path: Path, times: list[str]) -> None:
    with pytest.raises(DataError, match=r"which fit no unit|it has no times"):
        read(with_times(tmp_path, times))


def test_a_time_of_another_unit_can_be_named(tmp_path: Path) -> None:
    path = with_times(tmp_path, (6000 + 20 * NUMBERS).tolist(), NAMES.replace("time", "time (s)"))
    is_the_wearer(read(path, "&time=ms"))


def test_answers_to_a_dated_recording_have_its_date(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = with_times(tmp_path, (FIRST_UNIX_MS + 20 * NUMBERS).tolist())
    for _ in range(2):
        assert main(["--source", f"replay:{path}?speed=max", "--sink", f"jsonl:{tmp_path / 'day.jsonl'}"]) == 0
    rows = [json.loads(line) for line in (tmp_path / "day.jsonl").read_text().splitlines()]
    assert len(rows) == 46
    assert all(row["unix_s"] == pytest.approx(row["end_s"], abs=0.001) for row in rows)
    assert rows[0]["unix_s"] == pytest.approx(FIRST_UNIX_MS / 1000 + 0.98, abs=0.01)
    capsys.readouterr()
    assert main(["report", str(tmp_path / "day.jsonl")]) == 0
    assert "2024-07-01" in capsys.readouterr().out


def test_parts_of_a_second_may_lack_their_zeros() -> None:
    times = [f"10:37:{50 + index // 50}.{index % 50 * 20}" for index in range(200)]
    form = time_format(times)
    assert form is not None
    assert form.digits == 3
    assert set(np.diff(read_times(times, form)).tolist()) == {20_000_000}


def test_fractions_without_zeros_at_their_end_stay_fractions() -> None:
    times = [f"2026-10-02T10:37:50.{(f'{index:02d}'.rstrip('0') or '0')}" for index in range(100)]
    form = time_format(times)
    assert form is not None
    assert form.digits is None
    assert set(np.diff(read_times(times, form)).tolist()) == {10_000_000}


@pytest.mark.parametrize(
    ("cell", "seconds"), [("20261002T103750.250Z", 1_790_937_470.25), ("37:50.25", 2270.25), ("137:50.5", 8270.5)]
)
def test_dates_without_marks_and_minutes_of_spreadsheets_are_times(cell: str, seconds: float) -> None:
    form = time_format([cell] * 3)
    assert form is not None
    assert read_times([cell], form)[0] == seconds * 1e9


def test_rows_that_begin_with_the_newest_are_said_to(tmp_path: Path) -> None:
    header, *lines = own().splitlines()
    path = tmp_path / "walk.csv"
    path.write_text("\n".join([header, *lines[::-1]]) + "\n")
    with pytest.raises(DataError, match="its rows begin with the newest"):
        read(path)
