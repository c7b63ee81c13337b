"""har-stream simulate: a port that any program can open, for people without the hardware."""

import itertools
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import serial
from tests.conftest import simulated_recording

from har_runtime.cli.stream import main
from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.sources.serial_port.text_lines import TextLines
from har_runtime.sources.serial_port.virtual_sensor import CSV_HEADER, Pty, make_virtual_sensor, serve
from har_runtime.sources.serial_port.witmotion import WitmotionParser

SIMULATE = [sys.executable, "-m", "har_runtime", "simulate"]


@contextmanager
def simulated(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The command running, and the path it printed."""
    command = [*SIMULATE, "--pty", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process, process.stdout.readline().strip()
        finally:
            process.kill()


@pytest.mark.parametrize("rate_hz", [50, 100])
def test_any_program_reads_frames_of_the_wearer_at_the_rate_asked_for(rate_hz: int) -> None:
    arguments = ("--format", "witmotion", "--rate", str(rate_hz), "--seed", "3")
    with simulated(*arguments) as (_, path), serial.Serial(path, 115200, timeout=30) as port:
        rows = WitmotionParser().push(port.read(3 * 11 * 60))
    truth = simulated_recording(3, 6000)
    assert len(rows) >= 58
    assert set(np.diff(rows[:, 0])) == {1000 / rate_hz}
    on_grid = rows[rows[:, 0] % 20 == 0]
    index = (on_grid[:, 0] / 20).astype(int)
    assert np.abs(on_grid[:, 1:4] - truth.acc[index]).max() < 0.005
    assert np.abs(on_grid[:, 4:] - truth.gyro[index]).max() < 0.005


def test_a_program_that_opens_the_port_of_a_board_sees_its_header_first_each_time() -> None:
    pty = Pty()
    steps = serve(pty, make_virtual_sensor("csv"), (index / 50 for index in itertools.count()))
    for _ in range(2):
        port = serial.Serial(pty.path, 115200, timeout=30)
        connected = list(itertools.islice(steps, 30))
        text = port.read(len(CSV_HEADER) + 500)
        port.close()
        assert all(connected)
        assert not next(steps)
        assert text.startswith(CSV_HEADER.encode())
        assert len(TextLines().push(text)) > 5
    pty.close()


def test_a_board_without_a_gyroscope_prints_acceleration_alone() -> None:
    arguments = ("--format", "csv", "--no-gyroscope", "--seed", "3")
    with simulated(*arguments) as (_, path), serial.Serial(path, 115200, timeout=30) as port:
        lines = [port.readline() for _ in range(60)]
    assert lines[0] == b"time_ms,ax_g,ay_g,az_g\r\n"
    rows = np.array([line.decode().split(",") for line in lines[1:]], np.float64)
    truth = simulated_recording(3, 6000)
    assert np.abs(rows[:, 1:] * STANDARD_GRAVITY - truth.acc[(rows[:, 0] / 20).astype(int)]).max() < 0.001


def test_there_is_no_witmotion_without_a_gyroscope(capsys) -> None:
    assert main(["simulate", "--pty", "--no-gyroscope"]) == 2
    assert capsys.readouterr().err == (
        "har-stream simulate: a WitMotion sensor always has a gyroscope; add --format csv for one without\n"
    )


def test_it_says_that_it_is_simulated_and_how_to_read_it(tmp_path: Path) -> None:
    with simulated("--link", str(tmp_path / "imu")) as (process, path):
        assert process.stderr is not None
        assert path == str(tmp_path / "imu")
        assert process.stderr.readline() == (
            f"A SIMULATED sensor; Ctrl-C ends it. Read it with: har-stream --source serial:{path}\n"
        )


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
@pytest.mark.usefixtures("ctrl_c")
def test_after_a_signal_its_link_is_removed(tmp_path: Path, stop: signal.Signals, code: int) -> None:
    link = tmp_path / "imu"
    with simulated("--link", str(link)) as (process, _):
        assert link.is_symlink()
        process.send_signal(stop)
        assert process.wait() == code
        assert not link.is_symlink()


@pytest.mark.usefixtures("ctrl_c")
@pytest.mark.slow
def test_har_stream_names_the_activities_of_the_virtual_sensor(tmp_path: Path) -> None:
    link = tmp_path / "imu"
    with simulated("--link", str(link)) as _:
        command = [sys.executable, "-m", "har_runtime", "--source", f"serial:{link}", "--sink", "jsonl:-"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as stream:
            assert stream.stdout is not None
            assert '"window_label": "standing"' in stream.stdout.readline()
            stream.send_signal(signal.SIGINT)
            stream.stdout.read()
            assert stream.wait() == 130


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "the following arguments are required: --pty"),
        (["--pty", "--format", "nmea"], "invalid choice: 'nmea'"),
        (["--pty", "--rate", "75"], "invalid choice: 75"),
    ],
)
def test_a_wrong_argument_is_reported_in_one_line(arguments: list[str], message: str, capsys) -> None:
    with pytest.raises(SystemExit):
        main(["simulate", *arguments])
    (line,) = capsys.readouterr().err.splitlines()
    assert message in line


def test_an_existing_file_is_not_replaced_by_the_link(tmp_path: Path, capsys) -> None:
    (tmp_path / "imu").write_text("precious")
    assert main(["simulate", "--pty", "--link", str(tmp_path / "imu")]) == 2
    assert "cannot make the link" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["imu"]
