"""har-stream report as people run it: text, JSON, pictures, and the message for a mistake."""

import json
import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from tests.runtime import fake_model

from har_runtime.answers.palette import COLOURS
from har_runtime.answers.row import row_of
from har_runtime.cli import report_plot
from har_runtime.cli.activity_log import ActivityLog, Day, read_log
from har_runtime.cli.report_plot import draw, make_figure
from har_runtime.cli.spans import Span, Spans
from har_runtime.cli.stream import main

SVG = "{http://www.w3.org/2000/svg}"
MORNING = datetime(2026, 3, 2, 9, 30).timestamp()
PARTS = [("sitting", 3600, None), ("walking", 600, None), ("unknown", 60, "unsure"), ("stairs_up", 30, None)]


def write(path: Path, start_unix_s: float = MORNING) -> Path:
    lines, at = [], 0.0
    for activity, seconds, reason in PARTS:
        for _ in range(2 * seconds):
            at += 0.5
            row = {"unix_s": start_unix_s + at, "end_s": at, "activity": activity}
            lines.append(json.dumps(row | ({"reason": reason} if reason else {})))
    path.write_text("\n".join(lines) + "\n" + lines[-1][:20])
    return path


@pytest.fixture
def day(tmp_path: Path) -> Path:
    return write(tmp_path / "day.jsonl")


def test_the_text_has_times_bouts_and_changes(day: Path, capsys) -> None:
    assert main(["report", str(day)]) == 0
    text = capsys.readouterr().out
    assert "Monday, 2026-03-02" in text
    assert re.search(r"sitting +1:00:00 +84 % +1 +1:00:00", text)
    assert re.search(r"stairs up +0:00:30 +1 % +1 +0:00:30", text)
    assert "unknown because: unsure 0:01:00" in text
    assert "changes: 2; sitting to walking 1, walking to stairs up 1" in text
    assert "8580 answers from 2026-03-02 09:30:00 to 2026-03-02 10:41:30" in text
    assert re.search(r"invalid lines, skipped: 1; the first is line \d+ of ", text)
    assert "go back" not in text and "without answers" not in text


def test_the_json_has_the_day_its_spans_and_changes(day: Path, capsys) -> None:
    assert main(["report", str(day), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["rows"], result["broken_lines"]) == (8580, 1)
    (totals,) = result["days"]
    assert totals["date"] == "2026-03-02"
    assert totals["seconds"] == {"sitting": 3600, "walking": 600, "unknown": 60, "stairs_up": 30}
    assert totals["bouts"]["sitting"] == {"count": 1, "longest_s": 3600}
    assert result["transitions"][0] == {"from": "sitting", "to": "walking", "count": 1}
    assert [span["activity"] for span in result["spans"]] == [activity for activity, _, _ in PARTS]
    assert datetime.fromisoformat(result["spans"][0]["start"]).timestamp() == MORNING


def write_walks(path: Path, begin_s: float = MORNING) -> Path:
    """A minute at 120 and one at 96 steps/min, 3 s apart, a run of 20 s a minute later, and rows with faults."""
    lines: list[str] = []
    at = 0.0
    for activity, seconds, steps, cadence in [
        ("sitting", 60, 0, None), ("walking", 60, 1, 120.0), ("standing", 3, 0, None), ("walking", 60, 1, 96.0),
        ("sitting", 60, 0, None), ("running", 20, 1, 150.0),
    ]:  # fmt: skip
        for _ in range(2 * seconds):
            at += 0.5
            row = {"unix_s": begin_s + at, "end_s": at, "activity": activity, "steps": steps}
            lines.append(json.dumps(row | ({"cadence": cadence} if cadence else {})))
    for broken in ({"steps": -1}, {"steps": True, "cadence": 100}, {"steps": 1, "cadence": "fast"}, {"steps": 10**9}):
        at += 0.5
        lines.append(json.dumps({"unix_s": begin_s + at, "end_s": at, "activity": "sitting", **broken}))
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_text_has_steps_bouts_and_intervals(tmp_path: Path, capsys) -> None:
    assert main(["report", str(write_walks(tmp_path / "walks.jsonl")), "--every", "1min"]) == 0
    text = capsys.readouterr().out
    assert "steps: 280; light 0:01:00, moderate 0:01:00, vigorous 0:00:20" in text
    assert "invalid lines, skipped: 4" in text
    assert re.search(r"2026-03-02 09:31:00 +walking +0:02:03 +240 +108 +moderate +3\+", text)
    assert re.search(r"2026-03-02 09:34:03 +running +0:00:20 +40 +150 +vigorous +6\+", text)
    assert re.search(r"2026-03-02 09:30:00 +sitting +0:01:00 +0 *\n", text)
    assert re.search(r"2026-03-02 09:31:00 +walking +0:01:00 +120 +120 *\n", text)


def test_several_days_have_a_table_of_bouts_each(tmp_path: Path, capsys) -> None:
    today, tomorrow = write_walks(tmp_path / "a.jsonl"), write_walks(tmp_path / "b.jsonl", MORNING + 86_400)
    assert main(["report", str(today), str(tomorrow)]) == 0
    text = capsys.readouterr().out
    assert re.findall(r"(\S+), bouts of 20 steps", text) == ["2026-03-02", "2026-03-03"]
    assert re.findall(r"(2026-\S+) \S+ +running", text) == ["2026-03-02", "2026-03-03"]


def test_the_json_has_bouts_and_intervals(tmp_path: Path, capsys) -> None:
    assert main(["report", str(write_walks(tmp_path / "walks.jsonl")), "--every", "30s", "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["days"][0]["steps"] == 280
    first, second = result["step_bouts"]
    assert (first["steps"], first["cadence"], first["seconds"], first["mets_at_least"]) == (240, 108.0, 123.0, 3)
    assert (second["activity"], second["intensity"]) == ("running", "vigorous")
    steps = [interval["steps"] for interval in result["intervals"]]
    assert sum(steps) == 280 and steps[:4] == [0, 0, 60, 60]


def test_a_log_without_steps_is_reported_without_them(day: Path, capsys) -> None:
    assert main(["report", str(day), "--every", "1h"]) == 0
    text = capsys.readouterr().out
    assert "steps:" not in text and "bouts of" not in text
    assert main(["report", str(day), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["step_bouts"] == [] and "steps" not in result["days"][0] and "intervals" not in result


@pytest.mark.parametrize("length", ["", "0min", "1", "-1min", "1d", "25h", "1.5h", "9999999s"])
def test_a_length_of_intervals_that_cannot_be_is_refused(day: Path, length: str, capsys) -> None:
    with pytest.raises(SystemExit) as stopped:
        main(["report", str(day), f"--every={length}"])
    assert stopped.value.code == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and "is not a time of 1s to 24h, such as 30s, 1min or 1h" in error


def texts(picture: Path) -> list[str]:
    return ["".join(element.itertext()) for element in ElementTree.parse(picture).iter(f"{SVG}text")]


def test_the_svg_names_activities_hours_minutes_and_changes(day: Path, tmp_path: Path, capsys) -> None:
    assert main(["report", str(day), "--out", str(tmp_path / "day.svg")]) == 0
    shown = texts(tmp_path / "day.svg")
    assert "Monday, 2 March 2026" in shown
    assert {"sitting", "walking", "stairs up", "unknown", "09:00", "10:00", "11:00", "60.0", "10.0", "0.5"} <= set(
        shown
    )
    assert "not worn" not in shown
    (legend,) = ElementTree.parse(tmp_path / "day.svg").iterfind(f".//{SVG}g[@id='legend']")
    assert [text.text for text in legend.iter(f"{SVG}text")] == ["sitting", "stairs up", "walking", "unknown"]


def test_the_svg_follows_dark_mode_and_loads_nothing(day: Path, tmp_path: Path) -> None:
    assert main(["report", str(day), "--out", str(tmp_path / "day.svg")]) == 0
    text = (tmp_path / "day.svg").read_text()
    assert "prefers-color-scheme: dark" in text
    assert "<script" not in text
    assert set(re.findall(r"https?://[^\"]*", text)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_a_png_is_a_png(day: Path, tmp_path: Path) -> None:
    assert main(["report", str(day), "--out", str(tmp_path / "day.PNG")]) == 0
    data = (tmp_path / "day.PNG").read_bytes()
    assert data.startswith(b"\x89PNG")
    assert int.from_bytes(data[16:20]) > 1400  # Pixels across.


def test_the_same_rows_give_the_same_svg(day: Path, tmp_path: Path) -> None:
    for name in ("a.svg", "b.svg"):
        draw(read_log([day]), tmp_path / name)
    assert (tmp_path / "a.svg").read_bytes() == (tmp_path / "b.svg").read_bytes()


@pytest.fixture
def day_of_places(tmp_path: Path) -> Path:
    """A day of a model that tells places and families."""
    parts = [("walking", "thigh", 20), ("gait", "thigh", 4), ("walking", "thigh", 20), ("posture", "thigh", 40)]
    answers = fake_model.answered(*parts, smoothing="none", begin_s=MORNING)
    lines = [json.dumps(row_of(answer, fake_model.LABELS)) for answer in answers]
    path = tmp_path / "places.jsonl"
    path.write_text("\n".join(lines) + "\n")
    return path


def test_the_text_has_families_in_words_and_places(day_of_places: Path, capsys) -> None:
    assert main(["report", str(day_of_places)]) == 0
    text = capsys.readouterr().out
    assert re.search(r"still +0:00:20 +48 % +1 +0:00:20", text)
    assert re.search(r"walking +0:00:20 +48 % +1 +0:00:22", text)
    assert re.search(r"on foot +0:00:02 +5 % +0 +0:00:00", text)
    assert re.search(r"worn at: thigh 0:00:\d+, not known 0:00:\d+\n", text)
    assert "changes: 1; walking to still 1" in text


def test_the_picture_has_families_in_their_colours_and_places(day_of_places: Path, tmp_path: Path) -> None:
    draw(read_log([day_of_places]), tmp_path / "day.svg")
    shown = texts(tmp_path / "day.svg")
    assert {"on foot", "still", "walking"} <= set(shown)
    assert any(re.search(r"84 answers; worn at: thigh \d+ %, not known \d+ %; times in", text) for text in shown)
    drawn = (tmp_path / "day.svg").read_text().lower()
    assert all(COLOURS[name].lower() in drawn for name in ("on_foot", "still", "walking"))


def test_any_name_of_an_activity_can_be_printed_and_drawn(tmp_path: Path, capsys) -> None:
    log, picture = tmp_path / "day.jsonl", tmp_path / "day.svg"
    names = ["[/red]", "a$^$b", "<b>&", "tab\tbell\a", "\ud800", "漢字", "x" * 100]
    rows = [{"unix_s": MORNING + n / 2, "end_s": n / 2, "activity": names[n // 4]} for n in range(4 * len(names))]
    log.write_text("".join(json.dumps(row) + "\n" for row in rows))
    assert main(["report", str(log), "--out", str(picture)]) == 0
    out, err = capsys.readouterr()
    assert "[/red]" in out and "a$^$b" in out
    assert err == ""
    shown = texts(picture)
    assert {"[/red]", "a$^$b", "<b>&", "tab?bell?", "?", "漢字", "x" * 23 + "…"} <= set(shown)


def test_nothing_is_printed_while_it_is_drawn_without_a_display(day: Path, tmp_path: Path) -> None:
    command = [sys.executable, "-m", "har_runtime", "report", str(day), "--json", "--out", str(tmp_path / "day.png")]
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": os.environ.get("PYTHONPATH", ""), "HOME": "/nonexistent"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120, check=True)
    assert done.stderr == ""
    assert json.loads(done.stdout)["rows"] == 8580


def test_several_days_have_a_band_each_in_their_order(tmp_path: Path) -> None:
    week = [write(tmp_path / f"{n}.jsonl", MORNING + 86400 * n) for n in (9, 0, 1)]
    assert main(["report", *map(str, week), "--out", str(tmp_path / "week.svg")]) == 0
    shown = texts(tmp_path / "week.svg")
    assert "2 March 2026 to 11 March 2026" in shown
    bands = [text for text in shown if text.endswith(" Mar")]
    assert bands == ["Mon 02 Mar", "Tue 03 Mar", "Wed 11 Mar"]


def test_a_recording_of_seconds_without_a_change_can_be_drawn(tmp_path: Path) -> None:
    log, picture = tmp_path / "day.jsonl", tmp_path / "day.svg"
    log.write_text(json.dumps({"unix_s": MORNING, "end_s": 1.0, "activity": "sitting"}) + "\n")
    assert main(["report", str(log), "--out", str(picture)]) == 0
    assert "sitting" in texts(picture)
    assert "changes from" not in texts(picture)


def test_a_day_of_very_many_changes_is_drawn_by_its_longest_spans(monkeypatch) -> None:
    monkeypatch.setattr(report_plot, "MAX_BARS", 50)
    spans = [Span("ab"[n % 2], MORNING + n / 2, MORNING + n / 2 + 0.5, 0.5) for n in range(60)]
    spans[5] = Span("ab"[1], MORNING, MORNING + 900, 900)
    day = datetime.fromtimestamp(MORNING).date()
    timeline = make_figure(ActivityLog({day: Day({"a": 1.0, "b": 1.0})}, Spans(spans))).axes[0]
    widths = [np.ptp(bar[:-1, 0]) for bars in timeline.patches for bar in bars.get_path().vertices.reshape(-1, 5, 2)]
    assert len(widths) == 50
    assert max(widths) == 900


def test_the_report_of_what_har_stream_writes(tmp_path: Path, capsys) -> None:
    log = tmp_path / "day.jsonl"
    assert main(["--source", "simulated:?seed=0&seconds=120&speed=max", "--sink", f"jsonl:{log}"]) == 0
    assert main(["report", str(log), "--out", str(tmp_path / "day.svg"), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["rows"] == 239
    assert {"walking", "standing", "sitting"} <= set(result["days"][0]["seconds"])
    assert read_log([log]).rows == 239


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.jsonl"], "absent.jsonl: cannot be read (No such file or directory)"),
        (["day.jsonl", "--out", "day.pdf"], "day.pdf: a picture is .svg or .png"),
        (["day.jsonl", "--out", "day.jsonl/day.svg"], "day.jsonl/day.svg: cannot be written"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(day: Path, monkeypatch, capsys, arguments, message) -> None:
    monkeypatch.chdir(day.parent)
    assert main(["report", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"har-stream report: {message}")
    assert err.count("\n") == 1


def test_without_the_extra_the_text_works_and_a_picture_says_what_to_install(day: Path, tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['matplotlib'] = None; from har_runtime.cli.stream import main; "
        f"print(main(['report', {str(day)!r}])); print(main(['report', {str(day)!r}, '--out', 'x.svg']))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path
    )
    assert "sitting" in result.stdout
    assert result.stdout.splitlines()[-1] == "2"
    assert result.stderr == "har-stream report: matplotlib is not installed: pip install 'haredge[report]'\n"
    assert not (tmp_path / "x.svg").exists()


def test_the_text_imports_no_library_for_pictures(day: Path) -> None:
    script = f"import sys; from har_runtime.cli.stream import main; main(['report', {str(day)!r}]); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert not {"matplotlib", "ai_edge_litert", "pandas"} & set(loaded.stdout.split())


def test_a_row_with_half_a_character_or_a_date_before_1970_is_reported_with_the_rest(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    odd = [
        {"unix_s": -3600.0, "end_s": 1.0, "activity": "walking"},
        {"unix_s": 1_772_452_800.0, "end_s": 1.5, "activity": "\ud800\x1b[31m", "place": "\udfff"},
        {"unix_s": 1_772_452_800.5, "end_s": 2.0, "activity": "sitting"},
    ]
    day = tmp_path / "day.jsonl"
    day.write_text("".join(f"{json.dumps(row)}\n" for row in odd))
    assert main(["report", str(day)]) == 0
    text = capsys.readouterr().out
    assert "3 answers from 19" in text
    assert "sitting" in text and "\x1b" not in text and "\ud800" not in text
    assert main(["report", str(day), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["rows"] == 3
