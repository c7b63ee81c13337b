"""An archive can fill neither memory nor another folder, whatever its directory says."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat

from har_runtime.errors import DataError
from har_train.datasets import archive, load, usc_had
from har_train.datasets.archive import Archive, Limits


def zipped(files: dict[str, bytes]) -> bytes:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in files.items():
            packed.writestr(name, data)
    return content.getvalue()


def opened(path: Path, files: dict[str, bytes], limits: Limits = Limits()) -> Archive:  # noqa: B008
    path.write_bytes(zipped(files))
    return Archive(path, "a.txt", limits)


def refusal(path: Path, files: dict[str, bytes], limits: Limits = Limits()) -> str:  # noqa: B008
    with pytest.raises(DataError) as caught, opened(path, files, limits) as content:
        for name in sorted(content.names):
            content.read(name)
    assert len(str(caught.value)) < 300 and str(caught.value).isprintable()
    return str(caught.value)


def test_a_file_larger_than_the_layout_s_is_not_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "x.zip"
    assert "a.txt is larger than a file of the official archive" in refusal(path, {"a.txt": bytes(20_000_001)})
    assert path.stat().st_size < 30_000
    with opened(path, {"a.txt": bytes(100)}, Limits(100)) as content:
        assert content.read("a.txt") == bytes(100)
    (tmp_path / "folder").mkdir()
    (tmp_path / "folder" / "a.txt").write_bytes(bytes(101))
    with pytest.raises(DataError, match="larger than a file"), Archive(tmp_path / "folder", "a.txt", Limits(100)) as it:
        it.read("a.txt")


def test_all_files_together_are_bounded_too(tmp_path: Path) -> None:
    files = {name: bytes(60) for name in ("a.txt", "b.txt")}
    assert "b.txt makes it larger than the official archive" in refusal(tmp_path / "x.zip", files, Limits(100, 100))


def test_a_zip_inside_that_is_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_INNER_BYTES", 1000)
    assert "b.zip is larger than a zip" in refusal(tmp_path / "x.zip", {"b.zip": bytes(10_000)})
    with opened(tmp_path / "x.zip", {"b.zip": zipped({"a.txt": b"1"})}) as content:
        assert content.read("a.txt") == b"1"


@pytest.mark.parametrize("name", ["../a.txt", "x/../../a.txt", "/etc/a.txt", "x\\..\\a.txt", "\x1b[2J/../a.txt"])
def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path, name: str) -> None:
    assert "leads out of its folder" in refusal(tmp_path / "x.zip", {"a.txt": b"1", name: b"1"})
    assert "leads out of its folder" in refusal(tmp_path / "x.zip", {"b.zip": zipped({"a.txt": b"1", name: b"1"})})


def test_an_archive_of_too_many_files_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MAX_NAMES", 10)
    files = {f"{number}.txt": b"" for number in range(10)} | {"a.txt": b"1"}
    assert "11 files in it" in refusal(tmp_path / "x.zip", files)


def test_a_variable_of_a_mat_file_that_is_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    content = io.BytesIO()
    savemat(content, {"sensor_readings": np.zeros((usc_had.MAX_VARIABLE // 48 + 1, 6))}, do_compression=True)
    assert len(content.getvalue()) < 100_000
    (tmp_path / "usc-had.zip").write_bytes(zipped({"Subject1/a1t1.mat": content.getvalue()}))
    with pytest.raises(DataError, match=r"a1t1\.mat: larger unpacked than a file of the official archive"):
        load("usc-had", tmp_path)
