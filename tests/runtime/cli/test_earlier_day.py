"""After a restart the day's totals go on from the day's own file, as if the program had never stopped."""

import json
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest
from tests.runtime import fake_model

from har_runtime.answers.answer import Answer, Totals
from har_runtime.answers.totals import EarlierToday
from har_runtime.cli import earlier_day
from har_runtime.cli.earlier_day import earlier_today
from har_runtime.cli.stream import main
from har_runtime.sinks import terminal
from har_runtime.sinks.files.jsonl import jsonl_format

NOON_S = datetime(2026, 11, 29, 12).timestamp()
DAY_S = 86_400
MORNING = ("walking", "thigh", 20), ("posture", "thigh", 30), ("walking", "thigh", 20)
AFTERNOON = ("posture", "thigh", 30), ("walking", "thigh", 20)


def answered(
    *parts: tuple[str, str, int], begin_s: float = NOON_S, earlier: EarlierToday | None = None
) -> list[Answer]:
    return fake_model.answered(*parts, smoothing="none", begin_s=begin_s, earlier=earlier)


def write(path: Path, answers: Sequence[Answer]) -> None:
    lines = jsonl_format(fake_model.CARD.labels)
    with path.open("ab") as file:
        file.writelines(lines.line(answer) for answer in answers)


def earlier(path: Path, options: str = "", unix_s: float = NOON_S + 100) -> EarlierToday | None:
    return earlier_today(["terminal:", f"jsonl:{path}{options}"], fake_model.CARD, unix_s)


def assert_same(found: Totals, expected: Totals) -> None:
    assert found.seconds == expected.seconds
    assert (found.not_worn_s, found.transitions) == (expected.not_worn_s, expected.transitions)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "day.jsonl"


def test_the_totals_of_the_file_are_those_that_the_stream_had(path: Path) -> None:
    answers = answered(*MORNING, *AFTERNOON)
    write(path, answers)
    found = earlier(path)
    assert found is not None
    assert answers[-1].totals.transitions >= 3
    assert_same(found.totals, answers[-1].totals)
    assert found.totals.since_unix_s == pytest.approx(answers[0].unix_s)


def test_two_runs_have_the_totals_of_one(path: Path) -> None:
    write(path, answered(*MORNING))
    second = answered(*AFTERNOON, begin_s=NOON_S + 60, earlier=earlier(path))
    assert_same(second[-1].totals, answered(*MORNING, *AFTERNOON)[-1].totals)


def test_a_run_that_goes_on_with_the_same_activity_counts_no_change(path: Path) -> None:
    write(path, answered(("walking", "thigh", 20)))
    assert answered(("walking", "thigh", 20), begin_s=NOON_S + 60, earlier=earlier(path))[-1].totals.transitions == 0


def test_only_rows_of_today_count_however_long_the_file_is(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(earlier_day, "BLOCK", 1000)
    for day in range(-5, 1):
        write(path, answered(*MORNING, begin_s=NOON_S + day * DAY_S))
    found = earlier(path)
    assert found is not None
    assert_same(found.totals, answered(*MORNING)[-1].totals)


def test_earlier_totals_of_another_day_are_left_alone(path: Path) -> None:
    write(path, answered(*MORNING))
    tomorrow = answered(*AFTERNOON, begin_s=NOON_S + DAY_S, earlier=earlier(path))[-1]
    assert tomorrow.totals.seconds == answered(*AFTERNOON)[-1].totals.seconds


@pytest.mark.parametrize("options", ["?rotate=day&keep=3", "?rotate=10kB"])
def test_the_files_of_a_rotation_are_found(options: str, path: Path) -> None:
    now_s = datetime.now().timestamp()  # By size, the time at which a file was written says whether it may have rows.
    today = datetime.fromtimestamp(now_s).date()
    names = [f"day-{today}.jsonl"] if "day" in options else ["day-0001.jsonl", "day-0002.jsonl"]
    midnight_s = datetime.combine(today, datetime.min.time()).timestamp()
    answers = answered(*MORNING, begin_s=midnight_s)
    for index, name in enumerate(names):
        part = len(answers) // len(names)
        write(path.with_name(name), answers[index * part : (index + 1) * part])
    found = earlier(path, options, now_s)
    assert found is not None
    assert_same(found.totals, answers[-1].totals)


def test_broken_lines_and_rows_of_other_versions_cost_only_themselves(path: Path) -> None:
    answers = answered(*MORNING)
    write(path, answers[:30])
    with path.open("ab") as file:
        file.write(b'\xff\n{"unix_s": 1}\n\n{"unix_s": "' + b"x" * 100_000 + b'"}\n')
    write(path, answers[30:])
    found = earlier(path)
    assert found is not None
    assert_same(found.totals, answers[-1].totals)


def test_where_there_is_nothing_of_today_the_day_begins_anew(path: Path) -> None:
    assert earlier(path) is None
    path.touch()
    assert earlier(path) is None
    assert earlier_today(["jsonl:-", "csv:day.csv", "terminal:"], fake_model.CARD, NOON_S) is None
    write(path, answered(*MORNING, begin_s=NOON_S - DAY_S))
    assert earlier(path) is None


def test_the_steps_of_the_rows_count_on(path: Path) -> None:
    walking = replace(answered(*MORNING)[0], steps=2, cadence=131.26)
    write(path, [walking, replace(walking, activity="unknown", reason="unsure", steps=0, cadence=None)])
    before = earlier(path)
    assert before is not None
    assert (before.totals.steps, before.totals.effort) == (2, {"vigorous": 0.5})


def test_har_stream_shows_the_day_of_both_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Answer] = []
    monkeypatch.setattr(terminal.PlainLines, "write", lambda self, answer: shown.append(answer))
    arguments = ["--source", "simulated:?seconds=20&speed=max", "--sink", "terminal:"]
    arguments += ["--sink", f"jsonl:{tmp_path}/day.jsonl?rotate=day"]
    for _ in range(2):
        assert main(arguments) == 0
    (day,) = tmp_path.iterdir()
    rows = [json.loads(line) for line in day.read_text().splitlines()]
    assert len(rows) == len(shown) == 2 * 39
    assert sum(shown[-1].totals.seconds.values()) == len(rows) / 2
    assert shown[-1].totals.since_unix_s == pytest.approx(rows[0]["unix_s"], abs=1)
