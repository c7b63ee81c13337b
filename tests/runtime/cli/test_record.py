"""har-stream record: keys of a real terminal become labels of a table that trains, whole at every moment."""

import csv
import json
import os
import pty
import re
import signal
import subprocess
import sys
import termios
from collections import deque
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.sensorlogger.sensor_logger_app import START_NS, android
from tests.runtime.sources.sensorlogger.test_source import post

from har_runtime.cli.keys import open_keys
from har_runtime.cli.labelled_table import MAX_LABELS, LabelledTable
from har_runtime.cli.record import Recorder
from har_runtime.cli.stream import main
from har_runtime.errors import HarError
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import Mark
from har_train.datasets import load

NAMES = ("walking", "sitting", "vacuuming")


def chunk(second: float, samples: int = 50) -> SampleChunk:
    """A second of both sensors at 50 Hz."""
    times = np.arange(samples, dtype=np.int64) * 20_000_000 + round(second * 1e9)
    acc = np.tile([0.1, 0.2, 9.8], (samples, 1))
    return SampleChunk(times, acc, np.zeros((samples, 3)), np.full(samples, "truth"))


@pytest.fixture
def terminal() -> Iterator[tuple[int, int]]:
    """Both ends of a terminal: that of the person, and that of the program."""
    person, program = pty.openpty()
    yield person, program
    os.close(person)
    os.close(program)


def record(path: Path, terminal: tuple[int, int], keys: list[str], **options: object) -> Recorder:
    """Record a second for each item of `keys`, which are pressed before it."""
    person, program = terminal

    def chunks() -> Iterator[SampleChunk]:
        for second, pressed in enumerate(keys):
            os.write(person, pressed.encode())
            yield chunk(float(second))

    with open_keys(program) as opened:
        assert opened is not None
        recorder = Recorder(path, NAMES, lambda: True, opened, **options)  # type: ignore[arg-type]
        try:
            recorder.record(chunks())
        finally:
            recorder.close()
    return recorder


def labels_of(path: Path) -> list[str]:
    """The label of each second of a table."""
    with path.open(newline="") as file:
        rows = list(csv.DictReader(file))
    by_second = [{row["label"].strip() for row in rows[begin : begin + 50]} for begin in range(0, len(rows), 50)]
    assert all(len(labels) == 1 for labels in by_second)
    return [labels.pop() for labels in by_second]


def test_keys_set_the_labels_of_what_comes_after_them(tmp_path: Path, terminal: tuple[int, int]) -> None:
    recorder = record(tmp_path / "a.csv", terminal, ["", "1", "", "2", "0", "3", "3"])
    assert labels_of(tmp_path / "a.csv") == ["", "walking", "walking", "sitting", "", "vacuuming", ""]
    assert recorder.seconds == pytest.approx({"walking": 2.0, "sitting": 1.0, "vacuuming": 1.0})


def test_undo_takes_the_last_label_back_and_leaves_the_samples(tmp_path: Path, terminal: tuple[int, int]) -> None:
    recorder = record(tmp_path / "a.csv", terminal, ["1", "2", "", "u", "3", "0", "u", "u"])
    assert labels_of(tmp_path / "a.csv") == ["walking", *[""] * 7]
    assert recorder.samples == 400
    assert recorder.seconds == pytest.approx({"walking": 0.98})


def test_q_ends_and_other_keys_do_nothing(tmp_path: Path, terminal: tuple[int, int]) -> None:
    record(tmp_path / "a.csv", terminal, ["x9é\x1b[A", "1", "q", ""])
    assert labels_of(tmp_path / "a.csv") == ["", "walking"]


def test_what_is_written_on_the_phone_begins_a_label_where_it_was_written(tmp_path: Path, capsys) -> None:
    """The gyroscope, which is ahead of the accelerometer, takes no mark away."""
    marks = deque([Mark(500_000_000, "Walking"), Mark(2_000_000_000, "Vacuuming"), Mark(2_500_000_000, "x\x1b[2Jy,z")])
    recorder = Recorder(tmp_path / "a.csv", NAMES, lambda: True, None, marks=marks)

    def chunks() -> Iterator[SampleChunk]:
        for second in range(4):
            both = chunk(float(second))
            yield SampleChunk(both.times_ns, None, both.gyro)
            yield SampleChunk(both.times_ns, both.acc, None)
        marks.append(Mark(0, "stop"))
        yield chunk(4.0)

    recorder.record(chunks())
    recorder.close()
    with (tmp_path / "a.csv").open(newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["acc_x"]]
    labels = [row["label"] for row in rows]
    assert labels == [*[""] * 25, *["walking"] * 75, *["vacuuming"] * 25, *["x?[2Jy z"] * 75, *[""] * 50]
    assert not marks
    said = capsys.readouterr().err
    assert said == "'x?[2Jy z', written on the phone, is none of --labels; it is recorded as it is\n"


def test_a_key_takes_back_what_was_written_on_the_phone(tmp_path: Path, terminal: tuple[int, int]) -> None:
    marks = deque([Mark(1_000_000_000, "walking")])
    record(tmp_path / "a.csv", terminal, ["2", "", "u", "3"], marks=marks)
    assert labels_of(tmp_path / "a.csv") == ["sitting", "", "", "vacuuming"]


def test_the_terminal_is_as_before_even_after_an_error(terminal: tuple[int, int]) -> None:
    before = termios.tcgetattr(terminal[1])
    with pytest.raises(RuntimeError), open_keys(terminal[1]):
        assert not termios.tcgetattr(terminal[1])[3] & (termios.ICANON | termios.ECHO)
        raise RuntimeError
    assert termios.tcgetattr(terminal[1]) == before


def test_at_every_moment_the_file_is_whole(tmp_path: Path) -> None:
    table = LabelledTable(tmp_path / "a.csv", gyroscope=True)
    for second, label in enumerate(["", "walking", "sitting"]):
        table.write(chunk(second), label)
        assert (tmp_path / "a.csv").read_bytes().endswith(f",{label}\n".encode())  # Nothing waits in a buffer.
    assert labels_of(tmp_path / "a.csv") == ["", "walking", "sitting"]
    table.close()


def test_what_is_left_after_a_power_cut_trains(tmp_path: Path, terminal: tuple[int, int]) -> None:
    path = tmp_path / "data" / "anna" / "a.csv"
    record(path, terminal, ["1", "", "", "2", "", "u", "2", "", ""])
    content = path.read_bytes()
    path.write_bytes(content[: content.rindex(b",")])
    (recording,) = load("csv-folder", tmp_path / "data")
    assert (recording.user, recording.name) == ("anna", "anna/a")
    assert recording.labels is not None and recording.gyro is not None
    counts = {label: int((recording.labels == label).sum()) for label in ("walking", "sitting", "")}
    assert counts["walking"] == 150 and counts["sitting"] in (149, 150) and counts[""] == 150


def test_sensors_with_times_of_their_own_have_rows_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "data" / "anna" / "a.csv"
    table = LabelledTable(path, gyroscope=True)
    for second in range(3):
        both = chunk(second)
        table.write(SampleChunk(both.times_ns, both.acc, None), "walking")
        table.write(SampleChunk(both.times_ns + 7_000_000, None, both.gyro), "walking")
    table.close()
    (recording,) = load("csv-folder", tmp_path / "data")
    assert recording.gyro_times_ns is not None and len(recording.acc) == len(recording.gyro_times_ns) == 150


def test_without_a_gyroscope_there_are_no_columns_for_one(tmp_path: Path) -> None:
    table = LabelledTable(tmp_path / "a.csv", gyroscope=False)
    table.write(chunk(0.0).without_gyroscope(), "")
    table.close()
    assert (tmp_path / "a.csv").read_text().splitlines()[0] == "time,acc_x,acc_y,acc_z,label"


def test_samples_that_are_no_numbers_are_left_out(tmp_path: Path) -> None:
    table = LabelledTable(tmp_path / "a.csv", gyroscope=True)
    damaged = chunk(0.0)
    assert damaged.acc is not None
    damaged.acc[7, 1] = np.nan
    table.write(damaged, "")
    table.close()
    assert table.samples == 49


@pytest.mark.parametrize("has", ["dataset.toml", "anna/monday.csv"])
def test_the_folder_of_the_data_set_is_no_wearers(has: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "my-data" / has
    file.parent.mkdir(parents=True)
    file.write_text("")
    assert main(["record", str(tmp_path / "my-data"), "--source", "simulated:?seconds=1&speed=max"]) == 2
    assert "my-data: has the wearers' folders; give one of them, such as" in capsys.readouterr().err
    assert [one for one in (tmp_path / "my-data").rglob("*") if one.is_file()] == [file]


def test_a_recording_with_a_table_for_each_sensor_lies_in_a_wearers_folder(tmp_path: Path, capsys) -> None:
    (tmp_path / "anna" / "monday").mkdir(parents=True)
    (tmp_path / "anna" / "monday" / "TotalAcceleration.csv").write_text("")
    assert main(["record", str(tmp_path / "anna"), "--name", "a", "--source", "simulated:?seconds=1&speed=max"]) == 0
    assert f"-> {tmp_path / 'anna' / 'a.csv'}, of the wearer anna\n" in capsys.readouterr().err


def test_a_clock_that_starts_again_begins_another_file(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.csv", NAMES, lambda: True, None)
    recorder.record([chunk(100.0), chunk(101.0), chunk(0.0)])
    recorder.close()
    assert [path.name for path in sorted(tmp_path.iterdir())] == ["a-2.csv", "a.csv"]
    assert recorder.samples == 150


def test_a_full_disk_leaves_whole_lines(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = LabelledTable(tmp_path / "a.csv", gyroscope=True)
    table.write(chunk(0.0), "")
    whole = (tmp_path / "a.csv").read_bytes()
    write = os.pwrite

    def full(handle: int, content: bytes, at: int) -> int:
        if len(content) < 100:
            raise OSError(28, "No space left on device")
        return write(handle, content[:-50], at)

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(HarError, match="cannot be written \\(No space left on device\\)"):
        table.write(chunk(1.0), "")
    assert (tmp_path / "a.csv").read_bytes() == whole
    table.close()


def test_a_disk_that_is_full_from_the_start_leaves_no_empty_table(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(handle: int, content: bytes, at: int) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch, pytest.raises(HarError, match="No space left on device"):
        patch.setattr(os, "pwrite", full)
        LabelledTable(tmp_path / "a.csv", gyroscope=True)
    assert not list(tmp_path.iterdir())
    LabelledTable(tmp_path / "a.csv", gyroscope=True).close()  # The same name again, once there is space.


def test_a_source_with_a_label_for_each_sample_fills_neither_memory_nor_screen(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "a.csv", (), lambda: True, None, source_labels=True)
    many = chunk(0.0, samples=1000)
    labels = np.array([f"label {number}" for number in range(1000)])
    recorder.record([replace(many, labels=labels)])
    recorder.close()
    assert len(recorder.seconds) == MAX_LABELS
    lines = recorder.summary()
    assert len(lines) == MAX_LABELS + 2 and "further labels" in lines[-1]
    assert (tmp_path / "a.csv").read_text().count("label ") == 1000, "all are in the table"


def test_a_table_that_something_else_has_cut_off_is_said_so(tmp_path: Path) -> None:
    table = LabelledTable(tmp_path / "a.csv", gyroscope=True)
    table.write(chunk(0.0), "walking")
    os.truncate(tmp_path / "a.csv", 0)
    with pytest.raises(HarError, match="something else has changed it"):
        table.undo()
    table.close()


def test_the_program_records_with_the_keys_of_its_terminal(tmp_path: Path, terminal: tuple[int, int]) -> None:
    person, program = terminal
    before = termios.tcgetattr(program)
    os.write(person, b"2")  # Read before the first samples.
    command = [sys.executable, "-m", "har_runtime", "record", str(tmp_path / "data" / "ben"), "--name", "monday"]
    command += ["--source", "simulated:?seconds=20&speed=max", "--labels", "walking,rowing", "--json"]
    done = subprocess.run(command, stdin=program, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "keys: 1 walking  2 rowing  0 stop  u take the last label back  q end" in done.stderr
    result = json.loads(done.stdout)
    assert result["files"] == [str(tmp_path / "data" / "ben" / "monday.csv")]
    assert list(result["seconds"]) == ["rowing"] and result["samples"] == 1000
    assert termios.tcgetattr(program) == before
    assert (tmp_path / "data" / "ben" / "monday.csv").stat().st_mode & 0o777 == 0o600


@pytest.mark.slow
def test_the_program_records_what_is_written_on_a_phone(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "har_runtime", "record", str(tmp_path / "ben"), "--name", "a"]
    command += ["--source", "sensorlogger://127.0.0.1:0"]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        found = re.search(r"http://[0-9.:]+/", process.stderr.readline())
        assert found
        for number in range(3):
            body = android(number)
            if number == 1:
                note = {"name": "annotation", "time": START_NS + 1_500_000_000, "values": {"text": "Sit"}}
                body["payload"].append(note)
            assert post(found.group(), body) == 200
        while not (tmp_path / "ben" / "a.csv").exists() or labels_in(tmp_path / "ben" / "a.csv").count("sitting") < 150:
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        assert "sitting: 0:00:01" in process.stderr.read()
        assert process.wait(60) == 130
    assert set(labels_in(tmp_path / "ben" / "a.csv")) == {"", "sitting"}


def labels_in(path: Path) -> list[str]:
    """Of the whole rows of the accelerometer, in a table that may be written to."""
    rows = [line.split(",") for line in path.read_text().split("\n")[1:-1]]
    return [row[-1] for row in rows if row[1]]


def test_labels_of_the_source_are_recorded_if_asked_for(tmp_path: Path, capsys) -> None:
    arguments = ["record", str(tmp_path / "anna"), "--source", "simulated:?seconds=30&speed=max", "--name", "a"]
    assert main([*arguments, "--source-labels"]) == 0
    assert "no keys, as standard input is no terminal" in capsys.readouterr().err
    with (tmp_path / "anna" / "a.csv").open(newline="") as file:
        assert "standing" in {row["label"] for row in csv.DictReader(file)}


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--labels", "a,b,c,d,e,f,g,h,i,j"], "--labels: give 1 to 9 different activities"),
        (["--labels", "walking,walking"], "--labels: give 1 to 9 different activities"),
        (["--labels", "walking,"], "--labels: '' cannot be a label: give short names without quotes"),
        (["--name", "../a"], "--name: '../a' cannot be the name of a file"),
        (["--name", "there"], "there.csv: exists already; give another --name"),
        (["--source", "nothing:"], "nothing:"),
    ],
)
def test_what_cannot_be_recorded_is_said_in_one_line(tmp_path: Path, capsys, options: list[str], message: str) -> None:
    (tmp_path / "there.csv").write_text("mine")
    arguments = ["record", str(tmp_path), *([] if "--source" in options else ["--source", "simulated:"]), *options]
    assert main(arguments) == 2
    error = capsys.readouterr().err
    assert error.count("\n") == 1 and message in error
    assert [path.name for path in tmp_path.iterdir()] == ["there.csv"]
    assert (tmp_path / "there.csv").read_text() == "mine"
