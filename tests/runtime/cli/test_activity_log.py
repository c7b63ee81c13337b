"""From rows to the activity log: spans, totals, changes, gaps, midnights, and damaged files."""

import json
import os
import threading
import time
import tracemalloc
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from har_runtime.answers.answering import Answering
from har_runtime.answers.palette import NOT_WORN
from har_runtime.classify import classify_recording
from har_runtime.cli import activity_log
from har_runtime.cli.activity_log import read_log
from har_runtime.cli.activity_rows import parse_row, read_row
from har_runtime.cli.stream import main
from har_runtime.errors import DataError
from har_runtime.model.load import load_model
from har_runtime.recording import Recording

NOON = 1_772_452_800.0  # 2026-03-02 12:00 UTC
DAY_S = 86_400


@pytest.fixture(autouse=True)
def utc(monkeypatch) -> Iterator[None]:
    """A time zone that is the same wherever the tests run."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def rows(activity: str, windows: int, start_unix_s: float, start_s: float = 0.0, **more: Any) -> list[str]:
    """Lines of a sink, the first window ending half a second after the times given."""
    return [
        json.dumps({"unix_s": start_unix_s + 0.5 * n, "end_s": start_s + 0.5 * n, "activity": activity, **more})
        for n in range(1, windows + 1)
    ]


def write(path: Path, *parts: list[str]) -> Path:
    path.write_text("".join(f"{line}\n" for part in parts for line in part))
    return path


def test_consecutive_rows_become_spans_totals_and_changes(tmp_path: Path) -> None:
    day = write(
        tmp_path / "day.jsonl",
        rows("sitting", 20, NOON),
        rows("walking", 10, NOON + 10, 10),
        rows("sitting", 6, NOON + 15, 15),
    )
    log = read_log([day])
    assert [(span.activity, span.start_unix_s - NOON, span.end_unix_s - NOON) for span in log.spans] == [
        ("sitting", 0, 10),
        ("walking", 10, 15),
        ("sitting", 15, 18),
    ]
    (totals,) = log.days.values()
    assert totals.seconds == log.seconds == {"sitting": 13.0, "walking": 5.0}
    assert (totals.bouts, totals.longest) == ({"sitting": 2, "walking": 1}, {"sitting": 10.0, "walking": 5.0})
    assert log.transitions == {("sitting", "walking"): 1, ("walking", "sitting"): 1}
    assert (totals.transitions, totals.missing_s, log.rows, log.broken_lines) == (2, 0, 36, 0)


def test_rows_of_both_versions_are_read_as_one_day(tmp_path: Path) -> None:
    old = {"label": "walking", "raw_confidence": 0.6, "probabilities": {"walking": 0.6}, "smoothed": {"walking": 0.9}}
    new = {"version": 2, "probabilities": {"walking": 0.9}, "window_label": "sitting", "window_confidence": 0.5}
    day = write(
        tmp_path / "day.jsonl",
        rows("walking", 4, NOON, **old),
        rows("walking", 4, NOON + 2, 2, **new),
        rows("unknown", 2, NOON + 4, 4, reason="unlike", **new),
        rows("sitting", 4, NOON + 5, 5, **old),
    )
    log = read_log([day])
    assert (log.rows, log.broken_lines) == (14, 0)
    assert log.seconds == {"walking": 4.0, "sitting": 2.0, "unknown": 1.0}
    assert log.transitions == {("walking", "sitting"): 1}


def test_unknown_time_has_its_reasons_and_is_no_change_of_activity(tmp_path: Path) -> None:
    day = write(
        tmp_path / "day.jsonl",
        rows("sitting", 4, NOON),
        rows("unknown", 3, NOON + 2, 2, reason="unsure"),
        rows("unknown", 1, NOON + 3.5, 3.5, reason="unlike"),
        rows("sitting", 4, NOON + 4, 4),
        rows("unknown", 2, NOON + 6, 6, reason="not worn"),
        rows("walking", 2, NOON + 7, 7),
    )
    log = read_log([day])
    (totals,) = log.days.values()
    assert totals.seconds == {"sitting": 4.0, "unknown": 2.0, NOT_WORN: 1.0, "walking": 1.0}
    assert totals.reasons == {"unsure": 1.5, "unlike": 0.5}
    assert [span.activity for span in log.spans] == ["sitting", "unknown", "sitting", NOT_WORN, "walking"]
    assert log.transitions == {("sitting", "walking"): 1}


def test_one_window_alone_is_no_change_of_activity(tmp_path: Path) -> None:
    day = write(
        tmp_path / "day.jsonl",
        rows("sitting", 4, NOON),
        rows("lying", 1, NOON + 2, 2),
        rows("sitting", 4, NOON + 2.5, 2.5),
        rows("lying", 2, NOON + 4.5, 4.5),
    )
    log = read_log([day])
    assert log.transitions == {("sitting", "lying"): 1}
    assert log.seconds == {"sitting": 4.0, "lying": 1.5}


def test_a_family_continues_the_bout_of_its_activity_and_counts_for_itself(tmp_path: Path) -> None:
    day = write(
        tmp_path / "day.jsonl",
        rows("walking", 20, NOON),
        rows("on_foot", 4, NOON + 10, 10),
        rows("walking", 6, NOON + 12, 12),
        rows("on_foot", 1, NOON + 15, 15),
        rows("sitting", 4, NOON + 15.5, 15.5),
        rows("still", 4, NOON + 17.5, 17.5),
    )
    log = read_log([day])
    (totals,) = log.days.values()
    assert totals.seconds == {"walking": 13.0, "on_foot": 2.5, "sitting": 2.0, "still": 2.0}
    assert (totals.bouts, totals.longest) == ({"walking": 1, "sitting": 1}, {"walking": 15.5, "sitting": 4.0})
    assert log.transitions == {("walking", "sitting"): 1}
    assert [span.activity for span in log.spans] == ["walking", "on_foot", "walking", "on_foot", "sitting", "still"]


def test_an_activity_after_its_family_is_a_bout_of_its_own_and_no_change(tmp_path: Path) -> None:
    day = write(
        tmp_path / "day.jsonl",
        rows("still", 10, NOON),
        rows("sitting", 10, NOON + 5, 5),
        rows("on_foot", 1, NOON + 10, 10),
        rows("walking", 1, NOON + 10.5, 10.5),
        rows("on_foot", 1, NOON + 11, 11),
    )
    log = read_log([day])
    (totals,) = log.days.values()
    assert totals.bouts == {"still": 1, "sitting": 1, "on_foot": 1, "walking": 1}
    assert log.transitions == {("sitting", "walking"): 1}


def test_one_window_of_an_activity_beside_a_family_of_another_is_no_change(tmp_path: Path) -> None:
    moves = ["walking", "walking", "on_foot", "stairs_up", "walking", "walking", "stairs_up", "on_foot", "walking"]
    day = write(tmp_path / "day.jsonl", *(rows(move, 1, NOON + n / 2, n / 2) for n, move in enumerate(moves)))
    log = read_log([day])
    assert not log.transitions and not next(iter(log.days.values())).transitions


def test_a_gap_or_midnight_ends_a_bout_that_a_family_could_continue(tmp_path: Path) -> None:
    later = write(tmp_path / "day.jsonl", rows("walking", 20, NOON), rows("on_foot", 20, NOON + 60, 60))
    (totals,) = read_log([later]).days.values()
    assert totals.bouts == {"walking": 1, "on_foot": 1}
    midnight = NOON + 12 * 3600
    night = write(tmp_path / "night.jsonl", rows("lying", 9, midnight - 5), rows("resting", 9, midnight - 0.5, 4.5))
    assert [totals.bouts for totals in read_log([night]).days.values()] == [{"lying": 1}, {"resting": 1}]


def test_the_time_at_each_place_is_counted_while_the_sensor_is_worn(tmp_path: Path) -> None:
    day = write(
        tmp_path / "day.jsonl",
        rows("sitting", 4, NOON, place=None),
        rows("walking", 10, NOON + 2, 2, place="thigh"),
        rows("walking", 6, NOON + 7, 7, place="wrist"),
        rows("unknown", 6, NOON + 10, 10, place="wrist", reason="not worn"),
    )
    log = read_log([day])
    (totals,) = log.days.values()
    assert totals.places == log.places == {"thigh": 5.0, "wrist": 3.0, "unknown": 2.0}
    assert totals.to_dict()["place_seconds"] == log.places
    plain = read_log([write(tmp_path / "plain.jsonl", rows("sitting", 4, NOON))])
    assert plain.places == {}
    assert "place_seconds" not in plain.to_dict()["days"][0]


def test_time_without_rows_is_a_gap_and_counts_for_nothing(tmp_path: Path) -> None:
    day = write(tmp_path / "day.jsonl", rows("sitting", 20, NOON), rows("sitting", 20, NOON + 3610, 3610))
    log = read_log([day])
    (totals,) = log.days.values()
    assert [span.end_unix_s - span.start_unix_s for span in log.spans] == [10.0, 10.0]
    assert totals.seconds == {"sitting": 20.0}
    assert totals.missing_s == 3600.0


def test_samples_that_came_in_batches_leave_no_gap(tmp_path: Path) -> None:
    lines = []
    for n in range(1, 61):  # Answered every 10 s, twenty windows at once.
        arrived = NOON + 10 * ((n + 19) // 20)
        lines.append(json.dumps({"unix_s": arrived, "end_s": 0.5 * n, "activity": "sitting"}))
    log = read_log([write(tmp_path / "day.jsonl", lines)])
    (span,) = log.spans
    assert (span.seconds, span.end_unix_s) == (30.0, NOON + 30)
    assert log.days[datetime(2026, 3, 2).date()].missing_s == 0


def test_midnight_divides_a_span_between_two_days(tmp_path: Path) -> None:
    midnight = NOON + 12 * 3600
    log = read_log([write(tmp_path / "day.jsonl", rows("lying", 40, midnight - 5))])
    assert {day.isoformat(): totals.seconds["lying"] for day, totals in log.days.items()} == {
        "2026-03-02": 4.5,  # The window that ends at midnight is the next day's.
        "2026-03-03": 15.5,
    }
    assert [(span.start_unix_s, span.end_unix_s) for span in log.spans] == [
        (midnight - 5, midnight - 0.5),
        (midnight, midnight + 15),
    ]


def test_days_are_those_of_the_local_time_zone(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TZ", "Pacific/Auckland")  # 13 hours ahead.
    time.tzset()
    log = read_log([write(tmp_path / "day.jsonl", rows("lying", 4, NOON))])
    assert [day.isoformat() for day in log.days] == ["2026-03-03"]
    assert log.to_dict()["spans"][0]["start"] == "2026-03-03T01:00:00.000+13:00"


def test_a_day_on_which_the_clocks_change_has_its_25_hours(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    begin = datetime(2026, 10, 25).timestamp()
    lines = [json.dumps({"unix_s": begin + 60 * n, "end_s": 60.0 * n, "activity": "lying"}) for n in range(25 * 60)]
    log = read_log([write(tmp_path / "day.jsonl", lines)])
    assert [day.isoformat() for day in log.days] == ["2026-10-25"]


def test_several_files_are_read_in_the_order_of_their_times_and_each_once(tmp_path: Path) -> None:
    first = write(tmp_path / "z.jsonl", rows("sitting", 20, NOON))
    second = write(tmp_path / "a.jsonl", rows("walking", 20, NOON + 10, 10))
    log = read_log([second, first, second])
    assert [span.activity for span in log.spans] == ["sitting", "walking"]
    assert log.clock_set_back_s == 0
    assert log.transitions == {("sitting", "walking"): 1}


def test_rows_of_both_versions_are_read_together(tmp_path: Path) -> None:
    before = rows("sitting", 10, NOON, label="sitting", raw_confidence=0.5, probabilities={"sitting": 0.5}, smoothed={})
    after = rows("sitting", 10, NOON + 5, 5, version=2, window_label="sitting", window_probabilities={"sitting": 0.5})
    (span,) = read_log([write(tmp_path / "day.jsonl", before, after)]).spans
    assert span.seconds == 10


def test_a_row_that_ends_one_file_and_begins_the_next_counts_once(tmp_path: Path) -> None:
    day = rows("walking", 10, NOON, steps=1)
    files = [write(tmp_path / "day.jsonl.1", day[:6]), write(tmp_path / "day.jsonl", day[5:])]
    log, whole = read_log(files), read_log([write(tmp_path / "whole.jsonl", day)])
    assert (log.rows, log.days, list(log.spans)) == (whole.rows, whole.days, list(whole.spans))


def test_a_clock_that_was_set_back_is_reported(tmp_path: Path) -> None:
    day = write(tmp_path / "day.jsonl", rows("sitting", 20, NOON), rows("sitting", 20, NOON - 90, 10))
    log = read_log([day])
    assert log.clock_set_back_s == pytest.approx(99.5)
    assert log.seconds == {"sitting": 20.0}
    assert len(log.spans) == 2


def test_a_replay_at_any_speed_has_the_minutes_of_the_recording(tmp_path: Path) -> None:
    lines = [json.dumps({"unix_s": NOON + n / 1000, "end_s": 0.5 * n, "activity": "sitting"}) for n in range(1, 121)]
    log = read_log([write(tmp_path / "day.jsonl", lines)])
    assert log.seconds == {"sitting": 60.0}


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[1]",
        b'{"unix_s": 1.5}',
        b'{"unix_s": true, "end_s": 1, "activity": "walking"}',
        b'{"unix_s": NaN, "end_s": 1, "activity": "walking"}',
        b'{"unix_s": 1e400, "end_s": 1, "activity": "walking"}',
        b'{"unix_s": -9e10, "end_s": 1, "activity": "walking"}',
        b'{"unix_s": "1", "end_s": 1, "activity": "walking"}',
        b'{"unix_s": 1, "end_s": 1, "activity": 3}',
        b'{"unix_s": 1, "end_s": 1, "activity": ""}',
        b'{"unix_s": 1, "end_s": 1, "activity": "walking", "reason": ["x"]}',
        b'{"unix_s": 1, "end_s": 1, "activity": "walk\xff"}',
        b'{"unix_s": 1, "end_s": 1, "activity": "walking", "place": ["x"]}',
        b'{"unix_s": 1, "end_s": 1, "activity": "walking", "place": ""}',
        b"[" * 50_000,
        b'{"unix_s": ' + b"9" * 5000,
        b'{"unix_s": 1, "end_s": 1, "activity": "' + b"w" * 200 + b'"}',
    ],
)
def test_an_invalid_row_is_none(line: bytes) -> None:
    assert parse_row(line) is None


def test_broken_lines_are_counted_and_skipped(tmp_path: Path) -> None:
    day = write(
        tmp_path / "day.jsonl", rows("sitting", 4, NOON), ["x" * 200_000, "{}", ""], rows("sitting", 4, NOON + 2, 2)
    )
    with day.open("ab") as file:
        file.write(b'{"unix_s": 17724528')  # The power was cut here.
    log = read_log([day])
    assert (log.rows, log.broken_lines) == (8, 3)
    assert log.first_broken == (day, 5)
    assert len(log.spans) == 1


def test_the_first_broken_line_is_that_of_the_file_that_is_read_first(tmp_path: Path) -> None:
    later = write(tmp_path / "a.jsonl", ["broken"], rows("sitting", 4, NOON + 60))
    day = write(tmp_path / "b.jsonl", rows("sitting", 4, NOON), ["", "broken", "broken"])
    log = read_log([later, day])
    assert (log.broken_lines, log.first_broken) == (3, (day, 6))
    assert log.to_dict()["first_broken_line"] == {"file": str(day), "line": 6}


def test_a_file_without_rows_does_not_keep_the_others_from_being_reported(tmp_path: Path) -> None:
    day = write(tmp_path / "day.jsonl", rows("sitting", 4, NOON))
    broken, empty = write(tmp_path / "broken.jsonl", ["time,acc_x"]), write(tmp_path / "empty.jsonl")
    log = read_log([empty, broken, day])
    assert (log.rows, log.broken_lines, log.first_broken) == (4, 1, (broken, 1))


def test_a_clock_before_1970_is_a_day_like_others(tmp_path: Path) -> None:
    day = write(tmp_path / "day.jsonl", rows("walking", 4, -3600.0), rows("sitting", 4, NOON, 2.0))
    log = read_log([day])
    assert [str(day) for day in log.days] == ["1969-12-31", "2026-03-02"]
    assert log.broken_lines == 0
    assert log.to_dict()["spans"][0]["start"].startswith("1969-12-31T23:00:00")


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"", "no rows of har-stream's jsonl"), (b"time,acc_x\n1,2\n", "no rows"), (None, "cannot be read")],
)
def test_files_without_a_row_are_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    other = tmp_path / "other.jsonl"
    if content is not None:
        other.write_bytes(content)
    with pytest.raises(DataError, match=f"other.jsonl: .*{message}"):
        read_log([other])


def test_more_changes_than_can_be_kept_are_refused(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(activity_log, "MAX_SPANS", 10)
    parts = [rows("ab"[n % 2], 1, NOON + n, n) for n in range(11)]
    with pytest.raises(DataError, match="more than 10 changes of activity: give fewer files"):
        read_log([write(tmp_path / "day.jsonl", *parts)])


def test_memory_grows_with_changes_and_not_with_rows(tmp_path: Path) -> None:
    day = write(tmp_path / "day.jsonl", rows("sitting", 20_000, NOON, probabilities={"sitting": 1.0}))
    line = write(tmp_path / "line.jsonl", rows("sitting", 4, NOON), ["x" * 5_000_000])
    for path in (day, line):
        tracemalloc.start()
        read_log([path])
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 400_000


@pytest.mark.parametrize("model", ["anywhere", "waist"])
def test_the_log_has_the_totals_that_the_stream_itself_counts(tmp_path: Path, capsys, model: str) -> None:
    day = tmp_path / "day.jsonl"
    arguments = [
        "--model",
        model,
        "--source",
        "simulated:?seed=3&seconds=300&speed=max",
        "--sink",
        f"jsonl:{day}",
        "--json",
    ]
    assert main(arguments) == 0
    counted = json.loads(capsys.readouterr().out)
    log = read_log([day])
    assert log.rows == counted["windows"]
    assert {name: seconds for name, seconds in log.seconds.items() if name != NOT_WORN} == counted["seconds"]
    assert log.transitions.total() == counted["transitions"] > 10


def test_a_sensor_on_a_table_is_in_the_log_as_not_worn(tmp_path: Path) -> None:
    from har_runtime.answers.row import row_of

    model = load_model("waist")
    now_s = NOON
    answering = Answering(model.card, clock=lambda: now_s)
    noise = np.random.default_rng(0).standard_normal((45_000, 6))
    lines = []
    times = np.arange(45_000) * 20_000_000
    table = Recording("table", times, [0, 0, 9.81] + 0.02 * noise[:, :3], 0.002 * noise[:, 3:])
    for prediction in classify_recording(model, table):
        now_s = NOON + prediction.end_s
        lines.append(json.dumps(row_of(answering.step(prediction), model.card.labels)))
    log = read_log([write(tmp_path / "day.jsonl", lines)])
    assert log.seconds[NOT_WORN] == pytest.approx(300, abs=5)
    assert log.spans[-1].activity == NOT_WORN


ANSWERS = [
    *rows("sitting", 30, NOON, version=2),
    *rows("walking", 1, NOON + 15, 15, version=2),
    *rows("on_foot", 25, NOON + 15.5, 15.5, version=2),
    *rows("unknown", 7, NOON + 28, 28, version=2, reason="unsure"),
    *rows("walking", 40, NOON + 60, 60, version=2),
    *rows("unknown", 40, NOON + 80, 80, version=2, reason="not worn"),
    *rows("walking", 90, NOON + DAY_S / 2 - 20, 400, version=2),
]
"""With short and long doubts, a gap, and a midnight."""


def test_rows_counted_together_give_what_they_give_one_by_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    day = write(tmp_path / "day.jsonl", ANSWERS)
    together = read_log([day])
    monkeypatch.setattr(activity_log, "MAX_HELD", 0)
    assert together.to_dict() == read_log([day]).to_dict()
    assert together.rows == len(ANSWERS)


def quick_line(activity: str, more: str = "") -> bytes:
    return (
        '{"unix_s": 1772452800.5, "version": 2, "start_s": 0.0, "end_s": 0.98, "segment": 0, '
        f'"activity": "{activity}", "confidence": 0.98, {more}"probabilities": {{"walking": 0.98}}, '
        '"window_label": "walking"}\n'
    ).encode()


@pytest.mark.parametrize(
    "line",
    [
        quick_line("walking"),
        quick_line("walking", '"place": "thigh", '),
        quick_line("walking", '"place": null, '),
        quick_line("unknown", '"reason": "unsure", "place": null, '),
        quick_line("unknown", '"reason": "not worn", '),
        quick_line("walking", '"steps": 1, '),
        quick_line("walking", '"steps": 2, "cadence": 112.5, "intensity": "moderate", "place": "wrist", '),
        quick_line("climbing a tree"),
        quick_line("w\\u00e4scht"),
        quick_line("wäscht"),
        quick_line("walking")[:-1],
    ],
)
def test_the_quick_way_to_read_a_row_finds_what_the_careful_one_finds(line: bytes) -> None:
    assert read_row(line) == parse_row(line) is not None


def test_a_line_that_was_cut_is_no_row_however_it_begins() -> None:
    assert all(read_row(quick_line("walking")[:end]) is None for end in range(len(quick_line("walking")) - 1))


def test_a_pipe_is_read_whole_and_once(tmp_path: Path) -> None:
    pipes = [tmp_path / "one", tmp_path / "two"]
    threads = []
    for number, pipe in enumerate(pipes):
        os.mkfifo(pipe)
        content = "\n".join(rows("sitting", 200, NOON + 100 * (1 - number), 100.0 * (1 - number))) + "\n"
        threads.append(threading.Thread(target=pipe.write_text, args=(content,)))
        threads[-1].start()
    log = read_log(pipes)
    for thread in threads:
        thread.join()
    assert (log.rows, log.broken_lines, log.clock_set_back_s) == (400, 0, 0)


def test_a_file_with_a_new_name_in_each_row_is_refused(tmp_path: Path) -> None:
    lines = [line for number in range(1001) for line in rows(f"activity{number}", 1, NOON + number)]
    with pytest.raises(DataError, match="more than 1,000 names of activities and places: no model gives these answers"):
        read_log([write(tmp_path / "day.jsonl", lines)])
