"""Nothing that was lost counts as success: full disks, closed streams, readers and terminals that have left."""

import json
import os
import pty
import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from tests.runtime.sinks.made_answers import DEADLINE_S, wait_until

from har_runtime.cli.stream import main

HAR_STREAM = f"{sys.executable} -m har_runtime"
SOURCE = "simulated:?seconds=6&speed=max"
WINDOWS = 11

full_disk = pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")


def shell(command: str) -> subprocess.CompletedProcess[str]:
    """What har-stream does in a shell, with `{day}` and the like filled in by the test."""
    return subprocess.run(
        ["bash", "-c", command.replace("har-stream", HAR_STREAM)],
        capture_output=True, text=True, timeout=DEADLINE_S * 4, check=False,
    )  # fmt: skip


@full_disk
def test_a_full_disk_is_a_failure_with_the_count_of_what_is_missing(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--source", SOURCE, "--sink", "jsonl:/dev/full"]) == 1
    *_, last = capsys.readouterr().err.splitlines()
    assert last == (
        f"har-stream: jsonl:/dev/full: {WINDOWS} answers were not written (cannot be written (No space left on device))"
    )


@full_disk
def test_lines_that_stand_for_many_answers_are_not_counted_as_answers(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--source", SOURCE, "--sink", "jsonl:/dev/full?every=change"]) == 1
    *_, last = capsys.readouterr().err.splitlines()
    assert re.search(r"/dev/full: \d+ lines, each of up to a minute, were not written \(cannot be", last)


def test_a_sink_that_missed_nothing_is_a_success_beside_one_that_did(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    day = tmp_path / "day.jsonl"
    gone = tmp_path / "gone"
    gone.mkdir()
    sinks = ["--sink", f"jsonl:{day}", "--sink", f"jsonl:{gone}/day.jsonl"]
    assert main(["--source", SOURCE, *sinks]) == 0
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (day.stat().st_size + 4000, before[1]))
    try:
        assert main(["--source", SOURCE, *sinks]) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    lines = [line for line in capsys.readouterr().err.splitlines() if line.startswith("har-stream: ")]
    missing = 2 * WINDOWS - len(day.read_text().splitlines())
    assert 0 < missing < WINDOWS
    assert lines == [
        f"har-stream: jsonl:{path}: {missing} answers were not written (cannot be written (File too large))"
        for path in (day, gone / "day.jsonl")
    ]


@full_disk
def test_an_empty_run_may_be_allowed_and_lost_answers_may_not() -> None:
    assert main(["--source", "simulated:?seconds=1&speed=max", "--allow-empty"]) == 0
    assert main(["--source", SOURCE, "--sink", "csv:/dev/full", "--allow-empty"]) == 1


@full_disk
def test_an_output_that_cannot_be_written_is_one_line_and_exit_code_1(tmp_path: Path) -> None:
    assert main(["--source", SOURCE, "--sink", f"jsonl:{tmp_path}/day.jsonl"]) == 0
    for arguments in (f"--source '{SOURCE}' --sink jsonl:/dev/null --json", f"report {tmp_path}/day.jsonl", "--help"):
        result = shell(f"har-stream {arguments} > /dev/full")
        assert result.returncode == 1
        assert result.stderr.splitlines()[-1].endswith(": the output cannot be written (No space left on device)")
        assert "Traceback" not in result.stderr


def test_a_closed_output_is_a_failure_and_no_file_takes_its_place(tmp_path: Path) -> None:
    result = shell(f"har-stream --source '{SOURCE}' --sink jsonl:{tmp_path}/day.jsonl --json >&-")
    assert result.returncode == 1
    assert result.stderr == "har-stream: the output cannot be written (Bad file descriptor)\n"
    rows = [json.loads(line) for line in (tmp_path / "day.jsonl").read_text().splitlines()]
    assert len(rows) == WINDOWS


@pytest.mark.parametrize("redirection", ["2>&-", "<&- 2>&-", pytest.param("2>/dev/full", marks=full_disk)])
def test_messages_that_nobody_can_see_end_nothing_and_reach_no_file(redirection: str, tmp_path: Path) -> None:
    result = shell(f"har-stream --source '{SOURCE}' --sink jsonl:{tmp_path}/day.jsonl --sink jsonl:- {redirection}")
    assert result.returncode == 0
    for text in (result.stdout, (tmp_path / "day.jsonl").read_text()):
        assert len([json.loads(line) for line in text.splitlines()]) == WINDOWS


def test_a_reader_that_leaves_is_a_failure_with_the_count() -> None:
    command = [*HAR_STREAM.split(), "--source", "simulated:?speed=max", "--sink", "jsonl:-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.wait(DEADLINE_S) == 1
        *_, last = process.stderr.read().splitlines()
    assert last.startswith("har-stream: jsonl:-: ")
    assert last.endswith(" answers were not written (its reader has left)")
    assert int(last.split()[2]) > 0


@full_disk
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 1), (signal.SIGINT, 130)])
def test_a_stopped_program_that_lost_answers_says_so(number: int, code: int, ctrl_c: None) -> None:
    command = [*HAR_STREAM.split(), "--source", "simulated:?speed=20", "--sink", "jsonl:/dev/full"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        assert "cannot be written" in process.stderr.readline()
        process.send_signal(number)
        assert process.wait(DEADLINE_S) == code
        assert "answers were not written" in process.stderr.read()


def test_a_terminal_that_closes_ends_the_program_in_order(tmp_path: Path) -> None:
    main_end, its_end = pty.openpty()
    day = tmp_path / "day.jsonl"
    command = [*HAR_STREAM.split(), "--source", "simulated:?speed=20", "--sink", f"jsonl:{day}", "--sink", "terminal:"]
    with subprocess.Popen(command, stdin=its_end, stdout=its_end, stderr=its_end, start_new_session=True) as process:
        os.close(its_end)
        wait_until(lambda: day.exists() and day.stat().st_size, "there are answers")
        os.close(main_end)
        process.send_signal(signal.SIGHUP)  # As the kernel does to what runs in the terminal.
        assert process.wait(DEADLINE_S) == 0
    assert day.read_text().endswith("\n")


def test_after_sighup_there_is_a_summary_and_everything_is_flushed(tmp_path: Path) -> None:
    day = tmp_path / "day.jsonl"
    command = [*HAR_STREAM.split(), "--source", "simulated:?speed=20", "--sink", f"jsonl:{day}"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        wait_until(lambda: day.exists() and day.stat().st_size, "there are answers")
        process.send_signal(signal.SIGHUP)
        assert process.wait(DEADLINE_S) == 0
        assert process.stderr is not None
        text = process.stderr.read()
    assert f"{len(day.read_text().splitlines())} windows of simulated wearer" in text
    assert text.endswith("har-stream: stopped\n")


def test_a_service_continues_after_sighup(tmp_path: Path) -> None:
    day, environment = tmp_path / "day.jsonl", {**os.environ, "NOTIFY_SOCKET": str(tmp_path / "none")}
    arguments = ["--source", "simulated:?speed=20", "--sink", f"jsonl:{day}", "--log-level", "info"]
    with subprocess.Popen(
        [*HAR_STREAM.split(), *arguments], stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stderr is not None
        wait_until(lambda: day.exists() and day.stat().st_size, "there are answers")
        day.rename(tmp_path / "old.jsonl")
        process.send_signal(signal.SIGHUP)
        while "SIGHUP: nothing to do" not in process.stderr.readline():
            assert process.poll() is None
        wait_until(lambda: day.exists() and day.stat().st_size, "there are answers in the new file")
        process.terminate()
        assert process.wait(DEADLINE_S) == 0


def test_nohup_keeps_it_running(tmp_path: Path) -> None:
    day = tmp_path / "day.jsonl"
    command = ["nohup", *HAR_STREAM.split(), "--source", "simulated:?speed=20", "--sink", f"jsonl:{day}"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL) as process:
        wait_until(lambda: day.exists() and day.stat().st_size, "there are answers")
        process.send_signal(signal.SIGHUP)
        size = day.stat().st_size
        wait_until(lambda: day.stat().st_size > size + 5000, "it continues")
        process.terminate()
        assert process.wait(DEADLINE_S) == 0
