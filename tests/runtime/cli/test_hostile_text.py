"""Texts from outside never steer the terminal, and never end the program as markup."""

from pathlib import Path

import pytest

from har_runtime.cli.stream import main
from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.text import MAX_LINE, MAX_SHOWN, clean

HOSTILE = "[/x] \x1b[31mred\x07\x9b2J :smile: [bold]"
STEERING = ("\x1b", "\x07", "\x9b")
HEADER = "time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,label\n"


def recording(path: Path, label: str = "standing") -> Path:
    rows = [f"{i / 50},{STANDARD_GRAVITY},0.01,0.1,0,0,0,{label}" for i in range(400)]
    path.write_text(HEADER + "\n".join(rows) + "\n")
    return path


def said(capsys: pytest.CaptureFixture[str]) -> str:
    captured = capsys.readouterr()
    text = captured.out + captured.err
    assert not any(mark in text for mark in STEERING)
    return text


def test_a_file_s_name_is_shown_as_it_is_without_what_steers_a_terminal(tmp_path: Path, capsys) -> None:
    path = recording(tmp_path / HOSTILE.replace("/", "|"))
    assert main(["--source", f"replay:{path}?speed=max", "--sink", "terminal:"]) == 0
    text = said(capsys)
    assert "[|x] ?[31mred??2J :smile: [bold]" in " ".join(text.split())


def test_labels_are_cleaned_and_shortened(tmp_path: Path, capsys) -> None:
    path = recording(tmp_path / "walk.csv", "[/x] \x9b2J [bold]" * 200)
    assert main(["--source", f"replay:{path}?speed=max"]) == 0
    assert max(map(len, said(capsys).splitlines())) < 600


@pytest.mark.parametrize(
    "arguments",
    [
        ["--source", f"replay:{HOSTILE}.csv"],
        ["--source", f"serial:/dev/{HOSTILE}"],
        ["--source", f"{HOSTILE}:x"],
        ["--model", HOSTILE, "--source", "simulated:?seconds=2&speed=max"],
        ["--source", "simulated:?seconds=2&speed=max", "--sink", f"jsonl:/{HOSTILE}/x"],
        ["report", HOSTILE],
    ],
    ids=["file", "port", "kind", "model", "sink", "report"],
)
def test_refusals_are_one_clean_line(arguments: list[str], capsys) -> None:
    assert main(arguments) == 2
    (line,) = said(capsys).splitlines()
    assert len(line) < MAX_LINE


def test_a_sink_that_missed_answers_is_named_without_what_steers_a_terminal(tmp_path: Path, capsys) -> None:
    sink = tmp_path / HOSTILE.replace("/", "|")
    sink.symlink_to("/dev/full")
    assert main(["--source", "simulated:?seconds=5&speed=max", "--sink", f"jsonl:{sink}"]) == 1
    assert said(capsys).count("[|x] ?[31mred??2J :smile: [bold]") == 3  # In the log, the summary and the last line.


def test_a_recording_is_named_without_what_steers_a_terminal(tmp_path: Path, capsys) -> None:
    folder = tmp_path / HOSTILE.replace("/", "|")
    assert main(["record", str(folder), "--source", "simulated:?seconds=5&speed=max", "--name", "a"]) == 0
    assert said(capsys).count("?[31mred??2J") >= 2


def test_a_text_is_cleaned_and_shortened() -> None:
    assert clean("walking up") == "walking up"
    assert clean("a\nb\x00") == "a?b?"
    assert clean("x" * 10**6) == "x" * MAX_SHOWN + "..."


LONG = "x" * 300


@pytest.mark.parametrize(
    "arguments",
    [
        ["--model", LONG, "--source", "simulated:?seconds=2&speed=max"],
        ["--source", f"replay:{LONG}"],
        ["--source", "simulated:?seconds=2&speed=max", "--state", LONG],
        ["--source", "simulated:?seconds=2&speed=max", "--sink", f"jsonl:{LONG}"],
        ["--config", LONG],
        ["report", LONG],
    ],
)
def test_a_name_that_no_file_system_takes_is_one_line(arguments: list[str], capsys) -> None:
    assert main(arguments) == 2
    (line,) = said(capsys).splitlines()
    assert "File name too long" in line
