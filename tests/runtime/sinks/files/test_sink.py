"""Files of answers have whole lines only, whatever happens: a kill, a power cut, a full disk, another program."""

import csv
import io
import json
import os
import random
import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.runtime.sinks.made_answers import CARD, DEADLINE_S, make_answer, stream_info, wait_until

from har_runtime.cli.stream import main
from har_runtime.errors import SourceError
from har_runtime.sinks import open_sink
from har_runtime.sinks.base import SinkReport
from har_runtime.sinks.fan_out import FanOut
from har_runtime.sinks.sink_thread import SinkThread

HAR_STREAM = [sys.executable, "-m", "har_runtime"]
KINDS = ("jsonl", "csv")


def rows_of(path: Path) -> list[dict]:
    """Every row of a file; fails if a line is not whole."""
    text = path.read_text()
    assert text.endswith("\n")
    if path.suffix == ".jsonl":
        return [json.loads(line) for line in text.splitlines()]
    rows = list(csv.DictReader(io.StringIO(text)))
    assert all(None not in row and None not in row.values() for row in rows)
    return rows


def numbers_of(path: Path) -> list[int]:
    return [round(2 * float(row["start_s"])) for row in rows_of(path)]


def write_some(uri: str, numbers: range, **changes: object) -> None:
    """Write answers to a sink as a run does, without the run."""
    info = stream_info(can_wait=True)
    sinks = FanOut(info)
    sinks.open(uri)
    for number in numbers:
        sinks.write(make_answer(number, **changes))
    sinks.close()
    assert all(not report.dropped and report.written == len(numbers) for report in info.sinks)


@contextmanager
def streaming(*arguments: str, max_bytes: int | None = None) -> Iterator["subprocess.Popen[str]"]:
    """A running har-stream; with `max_bytes` none of its files can become larger."""

    def limit() -> None:
        if max_bytes is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (max_bytes, resource.RLIM_INFINITY))

    with subprocess.Popen(
        [*HAR_STREAM, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=limit,  # noqa: PLW1509 - it only sets a limit.
    ) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_a_killed_program_leaves_whole_lines_and_the_next_continues(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"day.{kind}"
    rng = random.Random(7)
    size = 0
    for _ in range(4):
        enough = size + rng.randrange(1, 200_000)
        with streaming("--source", "simulated:?speed=max", "--sink", f"{kind}:{path}") as process:
            wait_until(lambda enough=enough: path.exists() and path.stat().st_size > enough, "the file grows")
            before = path.read_bytes()
            process.kill()
            process.wait(DEADLINE_S)
        assert path.read_bytes().startswith(before)
        size = len(before)
    kept = before[: before.rfind(b"\n") + 1]
    assert main(["--source", "simulated:?seconds=6&speed=max", "--sink", f"{kind}:{path}"]) == 0
    assert path.read_bytes().startswith(kept)
    assert numbers_of(path)[-11:] == list(range(11))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("rest", "what"),
    [
        (lambda line: line[:1], "a first byte"),
        (lambda line: line[:-1], "all but the end of the line"),
        (lambda line: b"\0" * 700, "zeros"),
        (lambda line: line[:9] + b"\0" * 4000 + line[9:] + line, "zeros followed by lines"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_incomplete_line_is_removed_and_reported(kind, rest, what, tmp_path: Path, caplog) -> None:
    path = tmp_path / f"day.{kind}"
    write_some(f"{kind}:{path}", range(3))
    whole = path.read_bytes()
    broken = rest(whole.splitlines(keepends=True)[-1])
    path.write_bytes(whole + broken)
    write_some(f"{kind}:{path}", range(3, 5))
    assert path.read_bytes().startswith(whole)
    assert numbers_of(path) == list(range(5))
    assert f"{path}: removed {len(broken)} bytes of an incomplete line at the end" in caplog.text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("length", [0, 1, 20])
def test_a_file_that_was_cut_in_its_first_line_starts_again(kind: str, length: int, tmp_path: Path) -> None:
    path = tmp_path / f"day.{kind}"
    write_some(f"{kind}:{path}", range(1))
    path.write_bytes(path.read_bytes()[:length])
    write_some(f"{kind}:{path}", range(2))
    assert numbers_of(path) == [0, 1]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", [b"Dear diary,\n", b"no line at all", b"x" * 200_000, b"unix_s,label\n1,walking\n"])
def test_a_file_of_something_else_is_refused_and_unchanged(kind: str, content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "diary.txt"
    path.write_bytes(content)
    with pytest.raises(SourceError, match=r"holds something else, .*; give another file"):
        open_sink(f"{kind}:{path}", stream_info())
    assert path.read_bytes() == content


def test_a_file_that_another_har_stream_writes_to_is_refused(tmp_path: Path) -> None:
    day = f"jsonl:{tmp_path / 'day.jsonl'}"
    sink = open_sink(day, stream_info())
    with pytest.raises(SourceError, match="this or another har-stream writes to it already"):
        open_sink(day, stream_info())
    sink.close()
    open_sink(day, stream_info()).close()


@pytest.mark.parametrize("read", [False, True])
def test_answers_in_a_pipe_that_nobody_has_open_were_not_written(read: bool, tmp_path: Path, caplog) -> None:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    sink = open_sink(f"jsonl:{path}", stream_info())
    reader = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    for number in range(5):
        sink.append(sink.encode(make_answer(number)))
    first = os.read(reader, 100)
    assert first
    if not read:
        os.close(reader)
    assert sink.close() == (0 if read else 5)
    if read:
        assert (first + os.read(reader, 100_000)).count(b"\n") == 5
        os.close(reader)
    else:
        assert "nobody has read the last 5 lines from the pipe" in caplog.text


def test_two_sinks_do_not_mix_their_lines_on_standard_output(capfd) -> None:
    arguments = ["--source", "simulated:?seconds=3&speed=max", "--sink", "jsonl:-", "--sink", "csv:-"]
    assert main(arguments) == 2
    out, err = capfd.readouterr()
    assert not out
    assert "csv:-: another sink writes to standard output; give one of the two a file" in err


@pytest.mark.parametrize("kind", KINDS)
def test_a_full_disk_leaves_no_half_line_and_loses_nothing_that_can_wait(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"day.{kind}"
    arguments = ["--source", "simulated:?speed=200", "--sink", f"{kind}:{path}", "--sink", "jsonl:-"]
    with streaming(*arguments, max_bytes=5000) as process:
        assert process.stdout is not None and process.stderr is not None
        message = process.stderr.readline()
        assert f"{kind}:{path}: cannot be written (" in message
        assert "trying again, 7200 answers may wait" in message
        for _ in range(200):  # The other sink continues.
            last = json.loads(process.stdout.readline())
        size = path.stat().st_size
        assert size <= 5000
        before = numbers_of(path)
        assert before == list(range(len(before)))
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        wait_until(lambda: path.stat().st_size > 10 * size, "the file grows again")
        process.terminate()
        process.stdout.read()
        messages = process.stderr.read()
        process.wait(DEADLINE_S)
    assert "works again, 0 answers dropped so far" in messages
    numbers = numbers_of(path)
    assert numbers == list(range(len(numbers)))
    assert len(numbers) > round(2 * last["start_s"])


def test_on_a_disk_that_stays_full_the_oldest_are_dropped_and_counted() -> None:
    sink = open_sink("jsonl:/dev/full", stream_info())
    sink.capacity = 3
    thread = SinkThread("jsonl:/dev/full", sink)
    for number in range(10):
        thread.write(make_answer(number), wait=False)
    wait_until(lambda: thread.report.trouble, "the disk is full")
    trouble = "cannot be written (No space left on device)"
    assert thread.report == SinkReport("jsonl:/dev/full", 0, waiting=3, dropped=7, trouble=trouble, wants_all=True)
    thread.end()
    thread.join(0, 0)
    assert (thread.report.written, thread.report.waiting, thread.report.dropped) == (0, 0, 10)


@pytest.mark.parametrize(("sync", "syncs"), [("?sync=0", 10), ("?sync=3600", 1), ("", 1)])
def test_lines_are_forced_to_the_disk_as_often_as_configured(sync, syncs, tmp_path: Path, monkeypatch) -> None:
    path = tmp_path / "day.jsonl"
    synced: list[int] = []
    monkeypatch.setattr(os, "fdatasync", lambda handle: synced.append(os.fstat(handle).st_size))
    sink = open_sink(f"jsonl:{path}{sync}", stream_info())
    for number in range(9):
        sink.append(sink.encode(make_answer(number)))
    sink.close()
    assert len(synced) == syncs
    assert synced[-1] == path.stat().st_size


def test_an_unread_pipe_does_not_keep_the_program_from_ending(tmp_path: Path) -> None:
    day = tmp_path / "day.jsonl"
    with streaming("--source", "simulated:?speed=400", "--sink", "jsonl:-", "--sink", f"jsonl:{day}") as process:
        wait_until(lambda: day.exists() and day.stat().st_size > 200_000, "the file grows past what the pipe holds")
        process.terminate()
        assert process.wait(DEADLINE_S) >= 0  # It exited, and was not killed by a signal such as Python's abort.
        assert process.stderr is not None
        assert "jsonl:-: " in process.stderr.read()
    assert numbers_of(day) == list(range(len(numbers_of(day))))


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("jsonl:", "jsonl: needs a file, such as jsonl:day.jsonl"),
        ("csv:", "csv: needs a file, such as csv:day.csv"),
        ("jsonl:absent/day.jsonl", "jsonl:absent/day.jsonl: cannot be written (No such file or directory)"),
        ("csv:.", "csv:.: cannot be written (Is a directory)"),
        ("jsonl:day.jsonl?rotate=hour", "option rotate=hour is not valid (write day, or a size such as 10MB)"),
        ("jsonl:day.jsonl?rotate=1kB", "option rotate=1kB is not valid (at least 10kB)"),
        ("jsonl:day.jsonl?keep=3", "keep=3 is for files that rotate; give rotate=day or rotate=10MB as well"),
        ("jsonl:day.jsonl?rotate=day&keep=0", "option keep=0 is not valid (must be above 0)"),
        ("csv:day.csv?sync=-1", "option sync=-1 is not valid (must be 0 or more seconds)"),
        ("csv:day.csv?sync=inf", "option sync=inf is not valid (must be 0 or more seconds)"),
        ("csv:day.csv?compress=gz", "unknown option 'compress'; known: rotate, keep, sync"),
        ("csv:-?rotate=day", "unknown option 'rotate'; known: none"),
    ],
)
def test_a_mistake_of_the_user_is_one_line_and_creates_no_file(uri, message, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SourceError) as caught:
        open_sink(uri, stream_info())
    assert message in str(caught.value)
    assert not list(tmp_path.iterdir())


def test_a_folder_without_permission_is_one_line() -> None:
    with pytest.raises(SourceError, match=r"cannot be written \((Permission denied|Read-only file system)\)"):
        open_sink("jsonl:/sys/day.jsonl", stream_info())  # Even root cannot create a file there.


def test_a_row_of_json_has_the_labels_of_the_card(tmp_path: Path) -> None:
    write_some(f"jsonl:{tmp_path / 'day.jsonl'}", range(1))
    (row,) = rows_of(tmp_path / "day.jsonl")
    assert tuple(row["probabilities"]) == tuple(row["window_probabilities"]) == CARD.labels


def test_json_lines_continue_a_file_of_version_1(tmp_path: Path) -> None:
    path = tmp_path / "day.jsonl"
    first = '{"unix_s": 1700000000.0, "start_s": 0.0, "label": "walking"}\n'
    path.write_text(first)
    write_some(f"jsonl:{path}", range(1, 3))
    assert path.read_text().startswith(first)
    assert numbers_of(path) == [0, 1, 2]
