"""A pipe in place of a small file is read if it ends in time, and nobody waits for one that nothing writes to."""

import os
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from har_runtime import files
from har_runtime.cli.stream import main
from har_runtime.errors import HarError
from har_runtime.files import may_be_replaced, read_at_most
from har_runtime.model.load import load_model
from har_runtime.personal.profile import read_profile
from har_runtime.secret import secret_of_file
from har_runtime.tables import read_toml


@pytest.fixture
def pipe(tmp_path: Path) -> Path:
    path = tmp_path / "pipe"
    os.mkfifo(path)
    return path


@pytest.mark.parametrize(
    "read", [read_toml, read_profile, load_model, lambda path: secret_of_file(str(path), "live: token-file")]
)
def test_nobody_waits_for_a_pipe_that_nothing_writes_to(read: Callable[[Path], object], pipe: Path, monkeypatch):
    monkeypatch.setattr(files, "PIPE_S", 0.0)
    with pytest.raises((HarError, OSError), match="it is not a file, and has not ended after 0 s"):
        read(pipe)


@pytest.mark.parametrize("option", ["--config", "--model", "--state"])
def test_an_option_that_is_such_a_pipe_is_one_line(option: str, pipe: Path, monkeypatch, capsys) -> None:
    monkeypatch.setattr(files, "PIPE_S", 0.0)
    assert main(["--source", "simulated:", option, str(pipe)]) == 2
    error = capsys.readouterr().err
    assert str(pipe) in error and error.count("\n") == 1


def test_what_comes_through_a_pipe_is_read_up_to_its_end(pipe: Path) -> None:
    writer = threading.Thread(target=pipe.write_bytes, args=(b"a" * 200_000,))
    writer.start()
    content, _ = read_at_most(pipe, 1_000_000)
    writer.join()
    assert content == b"a" * 200_000


def test_only_so_much_of_a_file_is_read(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"abc")
    assert [read_at_most(file, most)[0] for most in (0, 2, 3, 4)] == [b"", b"ab", b"abc", b"abc"]


@pytest.mark.parametrize(
    ("content", "may"), [(None, True), (b"", True), (b"\0" * 5000, True), (b'{"mark', True), (b"other", False)]
)
def test_only_a_file_of_the_same_kind_may_be_replaced(content: bytes | None, may: bool, tmp_path: Path) -> None:
    file = tmp_path / "file"
    if content is not None:
        file.write_bytes(content)
    assert may_be_replaced(file, b"mark") is may
