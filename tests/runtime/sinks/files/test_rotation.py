"""Logs that continue in a new file each day or at a size: names, limits, and which files are deleted."""

import os
import time
from datetime import datetime
from pathlib import Path

import pytest
from tests.runtime.sinks.files.test_sink import numbers_of, write_some
from tests.runtime.sinks.made_answers import make_answer, stream_info

from har_runtime.sinks import open_sink
from har_runtime.sinks.files.rotation import Rotation

NOON_S = datetime(2026, 11, 29, 12).timestamp()  # In the time zone of this computer, as the days are.
DAY_S = 86400


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "day.jsonl"


@pytest.fixture
def in_auckland(monkeypatch):
    monkeypatch.setenv("TZ", "Pacific/Auckland")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_without_rotation_there_is_one_file(log: Path) -> None:
    assert Rotation(log).path(NOON_S, None, 10**12) == log


def test_a_day_begins_at_midnight_of_this_computers_time_zone(in_auckland, log: Path) -> None:
    midnight = 1_795_863_600  # 2026-11-29 00:00 in Auckland, 2026-11-28 11:00 UTC.
    rotation = Rotation(log, daily=True)
    assert rotation.path(midnight - 0.5, None, 0).name == "day-2026-11-28.jsonl"
    assert rotation.path(midnight, log, 0).name == "day-2026-11-29.jsonl"


def test_an_answer_goes_into_the_file_of_its_day_and_the_oldest_files_are_deleted(log: Path) -> None:
    sink = open_sink(f"jsonl:{log}?rotate=day&keep=3", stream_info())
    opened_today = names(log.parent)
    assert opened_today == [f"day-{datetime.now().date().isoformat()}.jsonl"]
    for day in range(5):
        for number in range(2):
            sink.append(sink.encode(make_answer(number, unix_s=NOON_S + day * DAY_S)))
    sink.close()
    written = [f"day-2026-{date}.jsonl" for date in ("12-01", "12-02", "12-03")]
    # Today may be one of these days.
    assert sorted({*names(log.parent), *opened_today}) == sorted({*written, *opened_today})
    assert all(numbers_of(log.with_name(name)) == [0, 1] for name in written)


@pytest.mark.parametrize("kind", ["jsonl", "csv"])
def test_no_file_grows_over_its_size_and_nothing_is_lost(kind: str, tmp_path: Path) -> None:
    for begin in (0, 150):  # A second run continues in the last file of the first.
        write_some(f"{kind}:{tmp_path / 'day'}.{kind}?rotate=12kB", range(begin, begin + 150))
    files = sorted(tmp_path.iterdir())
    assert [path.name for path in files] == [f"day-{number:04d}.{kind}" for number in range(1, len(files) + 1)]
    assert len(files) > 2
    assert all(11_000 < path.stat().st_size <= 12_000 for path in files[:-1])
    assert [number for path in files for number in numbers_of(path)] == list(range(300))


def test_numbers_continue_past_9999_in_order(tmp_path: Path) -> None:
    for number in (9998, 9999, 10000):
        (tmp_path / f"day-{number}.jsonl").touch()
    rotation = Rotation(tmp_path / "day.jsonl", max_bytes=10_000)
    latest = rotation.path(NOON_S, None, 0)
    assert latest.name == "day-10000.jsonl"
    assert rotation.path(NOON_S, latest, 10_001).name == "day-10001.jsonl"


def test_only_files_of_the_same_log_are_ever_deleted(tmp_path: Path) -> None:
    others = [
        "day.jsonl", "day-notes.jsonl", "day-2020-01-01.jsonl.gz", "day-2020-99-99.jsonl", "today-2020-01-01.jsonl",
        "day-2020-01-01.csv", "day-0001.jsonl",
    ]  # fmt: skip
    for name in (*others, "day-2020-01-01.jsonl", "day-2020-01-02.jsonl"):
        (tmp_path / name).touch()
    (tmp_path / "day-2019-01-01.jsonl").mkdir()
    current = tmp_path / "day-2020-01-03.jsonl"
    current.touch()
    Rotation(tmp_path / "day.jsonl", daily=True, keep=1).prune(current)
    assert names(tmp_path) == sorted([*others, "day-2019-01-01.jsonl", "day-2020-01-03.jsonl"])


@pytest.mark.parametrize(
    ("current", "kept"),
    [("1970-01-01", ["1970-01-01", "2026-11-27", "2026-11-28", "2026-11-29", "2036-02-07", "2036-02-08"]),
     ("2026-11-29", ["2026-11-28", "2026-11-29", "2036-02-07", "2036-02-08"])],
)  # fmt: skip
def test_days_that_are_yet_to_come_are_neither_counted_nor_deleted(
    current: str, kept: list[str], tmp_path: Path
) -> None:
    for day in ("1970-01-01", "2026-11-27", "2026-11-28", "2026-11-29", "2036-02-07", "2036-02-08"):
        (tmp_path / f"day-{day}.jsonl").touch()
    Rotation(tmp_path / "day.jsonl", daily=True, keep=2).prune(tmp_path / f"day-{current}.jsonl")
    assert names(tmp_path) == [f"day-{day}.jsonl" for day in kept]


def test_answers_are_written_even_if_an_old_file_cannot_be_deleted(log: Path, monkeypatch, caplog) -> None:
    def refuse(path: Path, missing_ok: bool = False) -> None:
        raise PermissionError(1, os.strerror(1))

    monkeypatch.setattr(Path, "unlink", refuse)
    write_some(f"jsonl:{log}?rotate=10kB&keep=1", range(50))
    assert "an old file cannot be deleted" in caplog.text
    assert sum(len(numbers_of(path)) for path in log.parent.iterdir()) == 50
