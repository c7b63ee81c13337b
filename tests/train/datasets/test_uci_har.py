"""UCI HAR: the official windows become recordings again, and the runtime cuts them anew."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from tests.train.datasets.layouts import Stretch, uci_har_files, write_folder, write_zip, zip_in_zip

from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.errors import DataError
from har_runtime.recording import cut_recording
from har_train.datasets import load

PARTS = {
    "train": [Stretch(1, (5, 5, 5)), Stretch(1, (1, 1, 1, 2, 2)), Stretch(3, (6,))],
    "test": [Stretch(2, (4, 4))],
}
FILES = uci_har_files(PARTS)


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The inner zip of the official download."""
    return write_zip(tmp_path_factory.mktemp("uci") / "UCI HAR Dataset.zip", FILES, "UCI HAR Dataset/")


def test_windows_that_overlap_become_one_recording_again(archive: Path) -> None:
    recordings = load("uci-har", archive)
    assert [recording.name for recording in recordings] == [
        "uci-har-01-001",
        "uci-har-01-002",
        "uci-har-03-001",
        "uci-har-02-001",
    ]
    assert [recording.user for recording in recordings] == ["uci-har-01", "uci-har-01", "uci-har-03", "uci-har-02"]
    for recording, stretch in zip(recordings, itertools.chain(*PARTS.values()), strict=True):
        assert np.allclose(recording.acc, stretch.samples[:, :3] * STANDARD_GRAVITY, rtol=1e-6, atol=1e-6)
        assert np.allclose(recording.gyro, stretch.samples[:, 3:], rtol=1e-6, atol=1e-6)
        assert np.array_equal(recording.times_ns, np.arange(len(stretch.samples)) * 20_000_000)


def test_samples_that_two_windows_label_differently_have_no_label(archive: Path) -> None:
    labels = load("uci-har", archive)[1].labels
    assert labels is not None
    halves = labels.reshape(-1, 64)
    assert all(len(set(half.tolist())) == 1 for half in halves)
    assert halves[:, 0].tolist() == ["walking", "walking", "walking", "", "stairs_up", "stairs_up"]


def test_the_runtime_cuts_the_joined_recording_as_any_other(archive: Path) -> None:
    first = load("uci-har", archive)[0]
    cut = cut_recording(first)
    assert len(cut.windows) == (4 * 64 - 50) // 25 + 1
    assert set(cut.labels) == {"standing"}
    assert cut.report.accelerometer.gaps == 0


def test_windows_of_another_user_are_never_joined(tmp_path: Path) -> None:
    """Even where the numbers would fit: user 2 begins with the very samples that user 1 ends with."""
    files = uci_har_files({"train": [Stretch(1, (5, 5, 5, 5))], "test": [Stretch(2, (4,))]})
    files["train/subject_train.txt"] = b"1\n1\n2\n2\n"
    recordings = load("uci-har", write_folder(tmp_path, files))
    assert [(recording.user, len(recording.times_ns)) for recording in recordings[:2]] == [
        ("uci-har-01", 192),
        ("uci-har-02", 192),
    ]


def test_the_download_is_read_as_it_comes_a_zip_in_a_zip(archive: Path, tmp_path: Path) -> None:
    outer = zip_in_zip(tmp_path / "uci-har.zip", "UCI HAR Dataset.zip", archive)
    plain = load("uci-har", archive)
    for place in (outer, tmp_path):
        assert [recording.name for recording in load("uci-har", place)] == [recording.name for recording in plain]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"test/y_test.txt": None}, r"test/y_test\.txt is missing"),
        ({"train/Inertial Signals/body_gyro_z_train.txt": None}, r"body_gyro_z_train\.txt is missing"),
        ({"train/y_train.txt": b"5\n5\n"}, r"total_acc_x_train\.txt has 9 windows, y_train\.txt 2"),
        ({"train/subject_train.txt": b"1\n1\n"}, r"subject_train\.txt has 2 rows, y_train\.txt 9"),
        ({"test/y_test.txt": b"4\n7\n"}, r"test/y_test\.txt: row 2 is not one of the activities 1 to 6"),
        ({"test/y_test.txt": b"4\n4.5\n"}, r"test/y_test\.txt: row 2 is not one of the activities"),
        ({"test/subject_test.txt": b"31\n2\n"}, "row 1 is not one of the subjects 1 to 30"),
        ({"train/Inertial Signals/body_gyro_z_train.txt": b"1.0e+00 2.0e+00\n"}, "not a table of 128 columns"),
        ({"test/y_test.txt": b"4\nfour\n"}, "could not convert"),
    ],
)
def test_an_archive_with_something_wrong_in_it_is_named(tmp_path: Path, change, message: str) -> None:
    files = {name: content for name, content in (FILES | change).items() if content is not None}
    broken = write_zip(tmp_path / "uci-har.zip", files, "UCI HAR Dataset/")
    with pytest.raises(DataError, match=message) as caught:
        load("uci-har", broken)
    assert str(broken) in str(caught.value)


def test_a_damaged_inner_zip_is_refused(archive: Path, tmp_path: Path) -> None:
    (tmp_path / "cut.zip").write_bytes(archive.read_bytes()[:-200])
    outer = zip_in_zip(tmp_path / "uci-har.zip", "UCI HAR Dataset.zip", tmp_path / "cut.zip")
    with pytest.raises(DataError, match=r"uci-har\.zip: not a readable zip"):
        load("uci-har", outer)
