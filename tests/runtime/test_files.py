"""What cannot become a file is said at once, and nothing but a file is replaced by one."""

import os
from pathlib import Path

import pytest

from har_runtime.errors import HarError
from har_runtime.files import check_target, write_bytes


def folder(path: Path) -> None:
    path.mkdir()


def pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize(("make", "kind"), [(folder, "a folder"), (pipe, "a device or pipe")])
def test_what_is_no_file_is_neither_replaced_nor_found_out_late(make, kind: str, tmp_path: Path) -> None:
    target = tmp_path / "anna.json"
    make(target)
    before = target.stat()
    for attempt in (lambda: check_target(target), lambda: write_bytes(target, b"{}")):
        with pytest.raises(HarError, match=f"cannot be written \\(it is {kind}\\); give the name of a file"):
            attempt()
    assert os.path.samestat(before, target.stat())
    assert list(tmp_path.iterdir()) == [target]


def test_a_link_to_a_device_is_not_replaced(tmp_path: Path) -> None:
    link = tmp_path / "anna.json"
    link.symlink_to("/dev/null")
    with pytest.raises(HarError, match="it is a device or pipe"):
        write_bytes(link, b"{}")
    assert link.is_symlink()


@pytest.mark.parametrize("name", ["walk.csv/anna.json", "x" * 300 + ".json"])
def test_a_place_that_cannot_be_is_one_line(name: str, tmp_path: Path) -> None:
    (tmp_path / "walk.csv").write_text("t\n")
    for attempt in (check_target, lambda target: write_bytes(target, b"{}")):
        with pytest.raises(HarError, match=r"cannot be written \((File exists|Not a directory|File name too long)\)"):
            attempt(tmp_path / name)


def test_to_check_leaves_nothing_behind(tmp_path: Path) -> None:
    check_target(tmp_path / "new" / "folder" / "anna.json")
    (tmp_path / "old.json").write_text("{}")
    check_target(tmp_path / "old.json")
    assert [path.name for path in tmp_path.iterdir()] == ["old.json"]
