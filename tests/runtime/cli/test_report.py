"""har-stream report as people run it: text, JSON, pictures one can read, and what it says of a mistake."""

import json
import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from datetime import datetime
from pathlib import Path

import pytest

from har_runtime.cli.activity_log import Diary, Span, read_diary
from har_runtime.cli.report_plot import MOST_BARS, _chart
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


def test_the_text_tells_the_day(day: Path, capsys) -> None:
    assert main(["report", str(day)]) == 0
    text = capsys.readouterr().out
    assert "Monday, 2026-03-02" in text
    assert re.search(r"sitting +1:00:00 +84 % +1 +1:00:00", text)
    assert re.search(r"stairs up +0:00:30 +1 % +1 +0:00:30", text)
    assert "unknown because: unsure 0:01:00" in text
    assert "changes: 2; sitting to walking 1, walking to stairs up 1" in text
    assert "8580 answers from 2026-03-02 09:30:00 to 2026-03-02 10:41:30" in text
    assert "lines that are no rows, left out: 1" in text
    assert "told twice" not in text and "without any answer" not in text


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
    groups = ElementTree.parse(tmp_path / "day.svg").iter(f"{SVG}g")
    legend = [group.findtext(f"{SVG}text") for group in groups if "role-legend-label" in group.get("class", "")]
    assert legend == ["sitting", "stairs up", "walking", "unknown"]


def test_the_svg_follows_dark_mode_and_asks_nobody_for_anything(day: Path, tmp_path: Path) -> None:
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


def test_a_day_of_very_many_changes_is_drawn_by_its_longest_spans() -> None:
    spans = [Span("ab"[n % 2], MORNING + n / 2, MORNING + n / 2 + 0.5, 0.5) for n in range(MOST_BARS + 10)]
    spans[5] = Span("ab"[1], MORNING, MORNING + 900, 900)
    diary = Diary(spans=spans)
    timeline = _chart(diary).to_dict()["vconcat"][0]
    values = timeline["data"]["values"]
    assert len(values) == MOST_BARS
    assert max(bar["end"] - bar["start"] for bar in values) == 900_000


def test_the_report_of_what_har_stream_writes(tmp_path: Path, capsys) -> None:
    log = tmp_path / "day.jsonl"
    assert main(["--source", "simulated:?seed=0&seconds=120&speed=max", "--sink", f"jsonl:{log}"]) == 0
    assert main(["report", str(log), "--out", str(tmp_path / "day.svg"), "--json"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["rows"] == 239
    assert {"walking", "standing", "sitting"} <= set(result["days"][0]["seconds"])
    assert read_diary([log]).rows == 239


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent.jsonl"], "absent.jsonl: cannot be read (No such file or directory)"),
        (["day.jsonl", "--out", "day.pdf"], "day.pdf: a picture is .svg or .png"),
        (["day.jsonl", "--out", "day.jsonl/day.svg"], "day.jsonl/day.svg: cannot be written"),
    ],
)
def test_what_the_user_got_wrong_is_one_line_and_exit_code_2(
    day: Path, monkeypatch, capsys, arguments, message
) -> None:
    monkeypatch.chdir(day.parent)
    assert main(["report", *arguments]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith(f"har-stream report: {message}")
    assert err.count("\n") == 1


def test_without_the_extra_a_picture_names_it_and_the_text_needs_nothing(day: Path, tmp_path: Path) -> None:
    script = (
        "import sys; sys.modules['vl_convert'] = None; from har_runtime.cli.stream import main; "
        f"print(main(['report', {str(day)!r}])); print(main(['report', {str(day)!r}, '--out', 'x.svg']))"
    )
    result = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True, cwd=tmp_path
    )
    assert "sitting" in result.stdout
    assert result.stdout.splitlines()[-1] == "2"
    assert result.stderr == (
        "har-stream report: x.svg: pictures need altair and vl-convert; pip install 'haredge[report]'\n"
    )
    assert not (tmp_path / "x.svg").exists()


def test_the_text_brings_in_no_library_for_pictures(day: Path) -> None:
    script = f"import sys; from har_runtime.cli.stream import main; main(['report', {str(day)!r}]); print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert not {"altair", "vl_convert", "ai_edge_litert", "pandas"} & set(loaded.stdout.split())
