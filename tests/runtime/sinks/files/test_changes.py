"""`every=change`: a hundredth of the lines, and the same report."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.runtime.sinks.made_answers import make_answer, stream_info

from har_runtime.answers.answer import Answer, Event
from har_runtime.cli.activity_log import read_log
from har_runtime.sinks.fan_out import FanOut

STARTED = Event("started", "walking", 0.5, 1_700_000_000.5)


def answers() -> Iterator[Answer]:
    """Ten minutes with changes, doubts, a gap, and a clock that is set."""
    for number in range(1200):
        minute, changes = number // 120, {}
        if minute in (3, 4, 5, 8):
            changes = {"activity": "walking"}
        if number == 500:
            changes = {"activity": "unknown", "reason": "unsure"}
        if minute == 7:
            continue
        if minute == 9:
            changes |= {"unix_s": 1_700_003_600.0 + number / 2, "place": "thigh"}
        if number == 361:
            changes |= {"events": (STARTED,)}
        yield make_answer(number, **changes)


@pytest.fixture
def files(tmp_path: Path) -> tuple[Path, Path]:
    """The same answers by each and by change."""
    every, change = tmp_path / "every.jsonl", tmp_path / "change.jsonl"
    sinks = FanOut(stream_info(can_wait=True))
    sinks.open(f"jsonl:{every}")
    sinks.open(f"jsonl:{change}?every=change")
    for answer in answers():
        sinks.write(answer)
    sinks.close()
    return every, change


def test_the_report_of_a_file_by_change_is_that_of_every_answer(files: tuple[Path, Path]) -> None:
    every, change = files
    assert read_log([change]).to_dict() == read_log([every]).to_dict()
    assert read_log([change]).rows == 1080
    assert len(change.read_bytes().splitlines()) < 1080 / 8


def test_a_line_stands_for_a_minute_at_most_and_has_the_events_of_all(files: tuple[Path, Path]) -> None:
    lines = [json.loads(line) for line in files[1].read_bytes().splitlines()]
    assert sum(line["windows"] for line in lines) == 1080
    assert max(line["windows"] for line in lines) == 120
    assert all(line["unix_s"] - line["since_unix_s"] == (line["windows"] - 1) / 2 for line in lines)
    (with_events,) = (line for line in lines if "events" in line)
    assert with_events["events"][0]["activity"] == "walking"
    assert with_events["windows"] == 120


@pytest.mark.parametrize("windows", ["0", "true", "100000", '"2"', "null"])
def test_a_line_for_an_impossible_number_of_answers_is_no_row(files: tuple[Path, Path], windows: str) -> None:
    change = files[1]
    first, *rest = change.read_text().splitlines(keepends=True)
    count = json.loads(first)["windows"]
    change.write_text(first.replace(f'"windows": {count}', f'"windows": {windows}') + "".join(rest))
    log = read_log([change])
    assert (log.rows, log.broken_lines) == (1080 - count, 1)


def test_a_line_has_the_steps_of_all_its_answers_and_ends_with_the_walk(tmp_path: Path) -> None:
    path = tmp_path / "walk.jsonl"
    sinks = FanOut(stream_info(can_wait=True))
    sinks.open(f"jsonl:{path}?every=change")
    for number in range(10):
        sinks.write(make_answer(number, **({"steps": 1, "cadence": 112.0} if number < 6 else {})))
    sinks.close()
    rows = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(row["windows"], row["steps"], row.get("cadence")) for row in rows] == [(6, 6, 112.0), (4, 0, None)]
    (day,) = read_log([path]).days.values()
    assert (day.steps, day.effort) == (6, {"moderate": 3.0})
