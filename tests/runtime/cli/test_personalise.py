"""`har-stream personalise` makes a profile from a recording, from prompts or from keys, and nothing half."""

import io
import json
import os
import pty
import signal
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from har_runtime.cli.stream import main
from har_runtime.contract import PERIOD_NS
from har_runtime.personal.profile import read_profile
from har_runtime.recording import Recording
from har_runtime.sources.simulated.wearer import Wearer

COLUMNS = "time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,label"


@pytest.fixture(scope="module")
def wearer() -> Recording:
    """A simulated wearer with the sensor at the waist, who stands, walks, climbs stairs, sits and lies."""
    parts = []
    for chunk in Wearer(3):
        parts.append(chunk)
        if sum(len(part.times_ns) for part in parts) > 7500:
            break
    times, acc, gyro, labels = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("times_ns", "acc", "gyro", "labels")
    )
    return Recording("wearer", times, acc, gyro, labels)


def write(path: Path, recording: Recording, labels: bool = True, rows: slice = slice(None)) -> Path:
    """The recording as a table."""
    assert recording.gyro is not None and recording.labels is not None
    table = np.concatenate([recording.acc, recording.gyro], axis=1)[rows]
    lines = [COLUMNS if labels else COLUMNS.removesuffix(",label")]
    for number, (row, label) in enumerate(zip(table, recording.labels[rows], strict=True)):
        cells = [f"{number * PERIOD_NS / 1e9:.2f}", *(f"{value:.5f}" for value in row)]
        lines.append(",".join([*cells, str(label)] if labels else cells))
    path.write_text("\n".join(lines) + "\n")
    return path


@pytest.fixture(scope="module")
def labelled(wearer: Recording, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(tmp_path_factory.mktemp("recording") / "anna.csv", wearer)


@pytest.fixture(scope="module")
def standing(wearer: Recording, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half a minute of standing still, again and again, without labels."""
    assert wearer.labels is not None and wearer.gyro is not None
    rows = np.resize(np.flatnonzero(wearer.labels == "standing")[:400], 5000)
    still = Recording("still", wearer.times_ns[:5000], wearer.acc[rows], wearer.gyro[rows], wearer.labels[rows])
    return write(tmp_path_factory.mktemp("standing") / "still.csv", still, labels=False)


def run(*arguments: object) -> int:
    return main(["personalise", *map(str, arguments)])


def test_a_recording_with_labels_becomes_a_profile_that_a_stream_uses(
    labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "anna.json"
    assert run("--from", labelled, "--out", out, "--place", "waist") == 0
    said = capsys.readouterr().out
    assert said.startswith(f"{out}: ") and "at the torso; learnt in" in said
    profile = read_profile(out)
    assert {one.label for one in profile.learnt} >= {"standing", "walking", "sitting"}
    assert {one.place for one in profile.learnt} == {"torso"}
    assert profile.model == "anywhere" and profile.sha256
    assert profile.still is not None
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    source = f"replay:{labelled}?speed=max"
    sinks = ["--sink", f"jsonl:{tmp_path / 'day.jsonl'}", "--json", "--place", "waist"]
    assert main(["run", "--source", source, "--profile", str(out), *sinks]) == 0
    personal = json.loads(capsys.readouterr().out)
    assert main(["run", "--source", source, *sinks[2:], "--sink", f"jsonl:{tmp_path / 'other.jsonl'}"]) == 0
    shipped = json.loads(capsys.readouterr().out)
    assert personal["scores"]["macro_f1"] > shipped["scores"]["macro_f1"]


def test_what_has_drifted_is_reported(labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = [
        "--source",
        f"replay:{labelled}?speed=max",
        "--place",
        "waist",
        "--sink",
        f"jsonl:{tmp_path / 'day.jsonl'}",
    ]
    assert main(["run", *source, "--adapt"]) == 0
    assert "adapted, in standard deviations of a feature: " in capsys.readouterr().err
    assert main(["run", *source, "--adapt", "--json"]) == 0
    drifted = json.loads(capsys.readouterr().out)["drifted"]
    assert drifted and all(0 < one["moved"] < 1 and one["place"] == "torso" for one in drifted)


def test_a_profile_that_cannot_be_used_is_one_warning(
    labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    broken = tmp_path / "anna.json"
    broken.write_text("{")
    sink = f"jsonl:{tmp_path / 'day.jsonl'}"
    assert main(["run", "--source", f"replay:{labelled}?speed=max", "--profile", str(broken), "--sink", sink]) == 0
    lines = [line for line in capsys.readouterr().err.splitlines() if "profile" in line]
    assert len(lines) == 1 and "no profile, or damaged" in lines[0] and "answers as it is shipped" in lines[0]


def test_a_new_activity_is_named_and_answered(
    wearer: Recording, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert wearer.labels is not None
    rowing = np.where(wearer.labels == "stairs_up", "rowing", wearer.labels)
    table = write(tmp_path / "anna.csv", Recording("rowing", wearer.times_ns, wearer.acc, wearer.gyro, rowing))
    out = tmp_path / "anna.json"
    assert run("--from", table, "--out", out, "--place", "waist") == 0
    said = capsys.readouterr()
    assert "rowing (" in said.err and "name them in --activities to add them" in said.err
    assert "new activities" not in said.out
    names = "standing,walking,sitting,lying,rowing"
    assert run("--from", f"{table}?labels=0:rowing", "--out", out, "--place", "waist", "--activities", names) == 0
    assert "new activities: rowing" in capsys.readouterr().out
    arguments = ["run", "--source", f"replay:{table}?speed=max", "--profile", str(out), "--place", "waist", "--json"]
    assert main([*arguments, "--sink", f"jsonl:{tmp_path / 'day.jsonl'}"]) == 0
    result = json.loads(capsys.readouterr().out)
    assert result["seconds"]["rowing"] > 3
    assert "rowing" not in result["other_truths"]


def test_what_was_learnt_can_be_added_to_and_removed(
    labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "anna.json"
    common = ["--from", labelled, "--out", out, "--place", "waist"]
    assert run(*common, "--activities", "walking") == 0
    assert run(*common, "--activities", "standing", "--add") == 0
    assert [one.label for one in read_profile(out).learnt] == ["walking", "standing"]
    assert run("--out", out, "--remove", "walking") == 0
    assert [one.label for one in read_profile(out).learnt] == ["standing"]
    before = out.read_bytes()
    capsys.readouterr()
    assert run("--out", out, "--remove", "walking") == 2
    assert capsys.readouterr().err == "har-stream personalise: the profile has no 'walking'; it has standing\n"
    assert out.read_bytes() == before


def test_prompts_learn_what_is_done_and_say_what_is_not(
    standing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The person stands still all the time, also while walking is asked for."""
    out = tmp_path / "anna.json"
    options = ["--source", f"replay:{standing}?speed=max", "--activities", "standing,walking", "--place", "waist"]
    assert run(*options, "--out", out, "--seconds", "8", "--pause", "1") == 0
    said = capsys.readouterr().err
    assert "standing now, 8 s" in said and "standing: thank you" in said
    assert said.count("walking: that looked like") == 3
    assert "walking: once more" in said and "walking: skipped after 3 attempts" in said
    profile = read_profile(out)
    assert [one.label for one in profile.learnt] == ["standing"]
    assert profile.still is not None and profile.learnt[0].windows >= 13


def test_on_a_terminal_seconds_are_counted_in_one_line(
    standing: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    options = ["--source", f"replay:{standing}?speed=max", "--activities", "standing", "--place", "waist"]
    assert run(*options, "--out", tmp_path / "anna.json", "--seconds", "8", "--pause", "1") == 0
    lines = terminal.getvalue().split("\n")
    (counting,) = [line for line in lines if "standing now" in line]
    drawn = ["standing in 1 s", *(f"standing now, {left} s" for left in range(8, 0, -1))]
    assert counting.split("\r\x1b[K") == ["", *drawn, "standing: thank you"]
    assert any(line.startswith("standing: get ready") for line in lines)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ([], "nothing to learn from: give either --source URI or --from FILE"),
        (["--from", "x.csv", "--source", "simulated:"], "--source and --from: give one of them"),
        (["--from", "x.csv", "--activities", "walking,walking"], "--activities: 'walking' is there twice"),
        (["--from", "x.csv", "--activities", "still"], "--activities: 'still' is an answer of its own"),
        (["--from", "x.csv", "--model", "waist"], "the model waist cannot be made personal"),
        (["--from", "x.csv", "--page", "live:"], "--page: a recording has its labels already"),
        (["--from", "x.csv", "--keys"], "--keys: a recording has its labels already"),
        (["--from", "x.csv", "--pause", "5"], "--pause: a recording has its labels already"),
        (["--remove", "walking", "--from", "x.csv"], "--remove: removes one activity and learns nothing"),
        (["--from", "x.csv", "--add"], "there is no such profile to add to"),
        (["--from", "x.csv", "--seconds", "0"], "'0' is not a number from 1 to 600"),
        (["--source", "simulated:?seed=1&speed=max", "--keys"], "--keys: there are no keys"),
    ],
)
def test_what_cannot_be_is_one_line_and_writes_nothing(
    options: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    try:
        code = run("--out", tmp_path / "anna.json", *options)
    except SystemExit as exit:
        code = exit.code
    assert code == 2
    (line,) = capsys.readouterr().err.splitlines()[-1:]
    assert line.startswith("har-stream personalise: ") and message in line
    assert list(tmp_path.iterdir()) == []


def test_where_nothing_can_be_written_is_said_before_anybody_walks_for_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["personalise", "--source", "serial:/dev/absent", "--out", str(tmp_path)]
    assert main(arguments) == 2
    assert "cannot be written (it is a folder)" in capsys.readouterr().err


def test_a_file_that_is_no_profile_is_never_replaced(labelled: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = labelled.read_bytes()
    assert run("--from", labelled, "--out", labelled) == 2
    assert capsys.readouterr().err.endswith(f"--out {labelled}: is there already, and no profile; give another name\n")
    assert labelled.read_bytes() == before


def test_a_profile_that_is_cut_off_or_empty_is_made_again(labelled: Path, tmp_path: Path) -> None:
    out = tmp_path / "anna.json"
    assert run("--from", labelled, "--out", out) == 0
    whole = out.read_bytes()
    for damaged in (whole[:200], b"", bytes(500)):
        out.write_bytes(damaged)
        assert run("--from", labelled, "--out", out) == 0
        assert [one.label for one in read_profile(out).learnt]


def test_seconds_limit_what_is_learnt_of_a_recording(labelled: Path, tmp_path: Path) -> None:
    out = tmp_path / "anna.json"
    assert run("--from", labelled, "--out", out, "--activities", "standing,walking", "--seconds", "4") == 0
    assert [one.windows for one in read_profile(out).learnt] == [7, 7]


def test_activities_may_be_written_with_capitals_and_a_recording_as_a_source(labelled: Path, tmp_path: Path) -> None:
    out = tmp_path / "anna.json"
    assert run("--from", f"replay:{labelled}", "--out", out, "--activities", "Walking, Stairs up") == 0
    assert {one.label for one in read_profile(out).learnt} <= {"walking", "stairs_up"}


def test_an_activity_that_the_recording_lacks_is_named(
    labelled: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--from", labelled, "--out", tmp_path / "anna.json", "--activities", "typing") == 1
    why, end = capsys.readouterr().err.splitlines()
    assert why.startswith("not learnt: typing: the recording has the labels ") and "walking" in why
    assert end == f"har-stream personalise: nothing was learnt; {tmp_path / 'anna.json'} is not written"


def test_a_recording_without_labels_is_refused(
    standing: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("--from", standing, "--out", tmp_path / "anna.json") == 2
    assert "the recording has no labels" in capsys.readouterr().err


def start(*arguments: object, stdin: int | None = None) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "har_runtime", "personalise", *map(str, arguments)]
    return subprocess.Popen(command, stdin=stdin, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def until(process: subprocess.Popen[str], text: str) -> list[str]:
    """Lines of stderr until one has this text."""
    assert process.stderr is not None
    lines: list[str] = []
    for line in process.stderr:
        lines.append(line)
        if text in line:
            return lines
    raise AssertionError(f"'{text}' never came: {lines}")


@pytest.mark.slow
@pytest.mark.usefixtures("ctrl_c")
def test_ctrl_c_leaves_an_older_profile_as_it_was(tmp_path: Path) -> None:
    out = tmp_path / "anna.json"
    out.write_text('{"format": "haredge-profile-1"}')
    process = start("--source", "simulated:?seed=1", "--out", out, stdin=subprocess.DEVNULL)
    until(process, "standing in")
    process.send_signal(signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130 and "stopped" in said
    assert out.read_text() == '{"format": "haredge-profile-1"}' and list(tmp_path.iterdir()) == [out]


@pytest.mark.slow
def test_keys_of_a_real_terminal_say_what_begins(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    out = tmp_path / "anna.json"
    options = ["--source", "simulated:?seed=1&speed=4", "--keys", "--activities", "rowing,juggling", "--place", "waist"]
    process = start(*options, "--out", out, stdin=theirs)
    os.close(theirs)
    assert "1: rowing, 2: juggling" in until(process, "q ends it all")[0]
    os.write(ours, b"1")
    until(process, "rowing: from now")
    until(process, "rowing: 5 s")
    os.write(ours, b" q")
    until(process, "rowing: until here")
    said, errors = process.communicate(timeout=60)
    os.close(ours)
    assert process.returncode == 0, errors
    assert "new activities: rowing" in said
    (one,) = read_profile(out).learnt
    assert one.label == "rowing" and one.windows >= 4
