"""An answer that counts as written is in the file of that name, whatever a log rotator or a person does to files."""

import gzip
import os
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.runtime.sinks.files.test_sink import KINDS, numbers_of, write_some
from tests.runtime.sinks.made_answers import make_answer, stream_info

from har_runtime.sinks import open_sink
from har_runtime.sinks.base import RecordSink
from har_runtime.sinks.files.line_file import LineFile


@pytest.fixture(params=KINDS)
def path(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return tmp_path / f"day.{request.param}"


@pytest.fixture
def sink(path: Path) -> Iterator[RecordSink]:
    sink = open_sink(f"{path.suffix[1:]}:{path}?sync=3600", stream_info())
    assert isinstance(sink, RecordSink)
    yield sink
    sink.close()


def append(sink: RecordSink, *numbers: int) -> None:
    for number in numbers:
        sink.append(sink.encode(make_answer(number)))


def test_after_a_rename_the_next_line_is_in_a_new_file(sink: RecordSink, path: Path) -> None:
    append(sink, 0, 1)
    old = path.rename(path.with_name(f"old{path.suffix}"))
    append(sink, 2, 3)
    assert numbers_of(old) == [0, 1]
    assert numbers_of(path) == [2, 3]


def test_after_a_rotator_has_moved_compressed_and_made_a_new_file_nothing_is_missing(
    sink: RecordSink, path: Path
) -> None:
    append(sink, 0, 1)
    old, packed = path.rename(path.with_name("old.1")), path.with_name("old.1.gz")
    path.touch()
    with old.open("rb") as source, gzip.open(packed, "wb") as target:
        shutil.copyfileobj(source, target)
    old.unlink()
    append(sink, 2, 3)
    unpacked = path.with_name(f"unpacked{path.suffix}")
    unpacked.write_bytes(gzip.decompress(packed.read_bytes()))
    assert numbers_of(unpacked) == [0, 1]
    assert numbers_of(path) == [2, 3]


def test_after_a_deletion_the_next_line_is_in_a_new_file(sink: RecordSink, path: Path) -> None:
    append(sink, 0, 1)
    path.unlink()
    append(sink, 2, 3)
    assert numbers_of(path) == [2, 3]


def test_a_file_that_is_deleted_while_a_line_is_written_costs_no_line(
    sink: RecordSink, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(sink, 0)
    write = LineFile.append

    def delete_first(file: LineFile, line: bytes) -> None:
        monkeypatch.undo()
        path.unlink()
        write(file, line)

    monkeypatch.setattr(LineFile, "append", delete_first)
    append(sink, 1, 2)
    assert numbers_of(path) == [1, 2]


def test_a_line_that_is_written_while_a_rotator_packs_the_file_is_not_lost(
    sink: RecordSink, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(sink, 0)
    write = LineFile.append
    old = path.with_name("old")
    packed: list[bytes] = []

    def pack_first(file: LineFile, line: bytes) -> None:
        monkeypatch.undo()
        path.rename(old)
        packed.append(old.read_bytes())
        write(file, line)

    monkeypatch.setattr(LineFile, "append", pack_first)
    append(sink, 1, 2)
    assert numbers_of(path) == [1, 2]
    assert old.read_bytes() == packed[0]  # Whether it is packed before the line or after it, the line is there once.


def test_a_file_that_somebody_adds_to_after_its_name_is_gone_stays_as_it_is(
    sink: RecordSink, path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    append(sink, 0)
    write = LineFile.append
    old = path.with_name("old")

    def add_after(file: LineFile, line: bytes) -> None:
        monkeypatch.undo()
        write(file, line)
        with path.open("ab") as other:
            other.write(b"closed\n")
        path.rename(old)

    monkeypatch.setattr(LineFile, "append", add_after)
    append(sink, 1, 2)
    assert numbers_of(path) == [1, 2]
    assert old.read_bytes().endswith(b"closed\n")


def test_a_file_that_was_emptied_has_its_header_again_and_the_next_start_continues_it(
    sink: RecordSink, path: Path
) -> None:
    append(sink, 0, 1)
    os.truncate(path, 0)  # As copytruncate of logrotate does.
    append(sink, 2, 3)
    assert numbers_of(path) == [2, 3]
    sink.close()
    write_some(f"{path.suffix[1:]}:{path}", range(4, 6))
    assert numbers_of(path) == [2, 3, 4, 5]


def test_a_file_that_was_cut_within_a_line_has_whole_lines_again(sink: RecordSink, path: Path) -> None:
    append(sink, 0, 1)
    os.truncate(path, path.stat().st_size - 7)
    append(sink, 2)
    assert numbers_of(path) == [0, 2]


def test_a_file_that_was_emptied_starts_at_nothing_towards_its_size(tmp_path: Path) -> None:
    sink = open_sink(f"jsonl:{tmp_path}/day.jsonl?rotate=10kB", stream_info())
    assert isinstance(sink, RecordSink)
    append(sink, *range(10))
    os.truncate(tmp_path / "day-0001.jsonl", 0)
    append(sink, *range(10, 20))
    sink.close()
    assert numbers_of(tmp_path / "day-0001.jsonl") == list(range(10, 20))
    assert not (tmp_path / "day-0002.jsonl").exists()


@pytest.mark.parametrize("mask", [0o000, 0o022, 0o077])
def test_only_the_owner_can_read_what_is_written(path: Path, mask: int) -> None:
    before = os.umask(mask)
    try:
        write_some(f"{path.suffix[1:]}:{path}", range(2))
    finally:
        os.umask(before)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_mode_that_a_file_has_already_stays(path: Path) -> None:
    path.touch()
    path.chmod(0o640)
    write_some(f"{path.suffix[1:]}:{path}", range(2))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640
