"""All data sets together, HAPT as published, and damaged archives."""

import itertools
import shutil
import zipfile
from pathlib import Path

import numpy as np
import pytest
from tests.conftest import SAMPLES, USERS, simulated_recording
from tests.train.datasets.layouts import write_folder, write_zip

from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_train.data.windows import cut_windows
from har_train.datasets import DATASETS, find, load
from har_train.datasets.archive import Archive
from har_train.recipe import DataConfig

ACTIVITIES = ("walking", "stairs_up", "stairs_down", "sitting", "standing", "lying")


def rewritten(source: Path, target: Path, change: dict[str, bytes | None]) -> Path:
    """A copy of a zip with some files replaced, or removed if None."""
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w") as new:
        for name in old.namelist():
            content = change.get(name.rpartition("/")[2], old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


def test_hapt_is_61_recordings_of_30_people_with_gravity_on_the_upward_axis(hapt_recordings: list[Recording]) -> None:
    assert len(hapt_recordings) == 61
    assert len({recording.user for recording in hapt_recordings}) == 30
    assert sum(len(recording.times_ns) for recording in hapt_recordings) == 1_122_772
    standing = np.concatenate([r.acc[r.labels == "standing"] for r in hapt_recordings])
    assert np.median(np.linalg.norm(standing, axis=1)) == pytest.approx(9.81, abs=0.4)  # The phones read 3 % high.
    assert np.median(standing[:, 0]) > 9
    assert {(recording.placement, recording.source_rate_hz) for recording in hapt_recordings} == {("waist", 50.0)}


def test_hapt_labels_follow_its_table(hapt_recordings: list[Recording]) -> None:
    """The first rows of labels.txt: `1 1 5 250 1232`, `1 1 7 1233 1392`, 1-based and inclusive."""
    labels = hapt_recordings[0].labels
    assert labels is not None
    assert set(labels[:249].tolist()) == {""}
    assert set(labels[249:1232].tolist()) == {"standing"}
    assert set(labels[1232:1392].tolist()) == {"stand_to_sit"}


def test_hapt_gives_the_windows_of_six_activities(hapt_recordings: list[Recording]) -> None:
    windows = cut_windows(hapt_recordings, DataConfig("hapt", ACTIVITIES))
    assert windows.x.shape == (28_250, 50, 6)
    assert np.bincount(windows.y).min() > 3900


def test_the_official_test_users_are_those_of_the_archive(data: Path) -> None:
    with Archive(data / "hapt.zip", "Test/subject_id_test.txt") as archive:
        users = {int(number) for number in archive.read("Test/subject_id_test.txt").split()}
    assert {f"hapt-{user:02d}" for user in users} == set(find("hapt").official_test)
    assert {f"uci-har-{user:02d}" for user in users} == set(find("uci-har").official_test)


def test_the_official_layout_reads_back_from_zip_folder_and_parent_folder(small_hapt: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(small_hapt) as archive:
        archive.extractall(tmp_path)
    for place in (small_hapt, small_hapt.parent, tmp_path, tmp_path / "HAPT Data Set"):
        recordings = load("hapt", place)
        assert [recording.user for recording in recordings] == [f"hapt-{n:02d}" for n in range(1, USERS + 1)]
    wanted = simulated_recording(1, SAMPLES)
    assert np.allclose(recordings[0].acc, wanted.acc)
    assert np.array_equal(recordings[0].gyro, wanted.gyro)
    assert np.array_equal(recordings[0].labels, wanted.labels)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels.txt": None}, "no RawData/labels.txt in it"),
        ({"gyro_exp02_user02.txt": None}, r"gyro_exp02_user02\.txt is missing"),
        ({"gyro_exp02_user02.txt": b"1 2 3\n"}, r"gyro_exp02_user02\.txt has 1 rows"),
        ({"acc_exp01_user01.txt": b"1 2 three\n"}, r"acc_exp01_user01\.txt: could not convert"),
        ({"acc_exp01_user01.txt": b"1 2\n"}, "not a table of 3 columns"),
        ({"labels.txt": b"1 1 5 250 999999\n"}, "experiment 1, rows 250 to 999999: does not fit"),
        ({"labels.txt": b"1 1 13 250 260\n"}, "does not fit user 1, the activities 1 to 12"),
    ],
)
def test_an_archive_with_an_error_in_it_is_named(small_hapt, tmp_path, change, message) -> None:
    broken = rewritten(small_hapt, tmp_path / "hapt.zip", change)
    with pytest.raises(DataError, match=message) as caught:
        load("hapt", broken)
    assert str(broken) in str(caught.value)


@pytest.mark.parametrize("keep", [0.0, 0.3, 0.999])
def test_a_zip_that_was_cut_off_is_refused(small_hapt: Path, tmp_path: Path, keep: float) -> None:
    content = small_hapt.read_bytes()
    (tmp_path / "hapt.zip").write_bytes(content[: int(keep * len(content))])
    with pytest.raises(DataError, match=r"hapt\.zip: not a readable zip .* download the archive again"):
        load("hapt", tmp_path / "hapt.zip")


def test_a_zip_with_flipped_bytes_is_refused(small_hapt: Path, tmp_path: Path) -> None:
    content = bytearray(small_hapt.read_bytes())
    for at in range(3000, 3400):
        content[at] ^= 0xFF
    (tmp_path / "hapt.zip").write_bytes(content)
    with pytest.raises(DataError, match="is damaged"):
        load("hapt", tmp_path / "hapt.zip")


@pytest.mark.parametrize("name", [name for name in DATASETS if name != "csv-folder"])
def test_missing_data_is_reported(name: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no such file or folder"):
        load(name, tmp_path / "absent")
    with pytest.raises(DataError, match=r"no .* in it; give the official archive"):
        load(name, tmp_path)
    with pytest.raises(DataError, match=r"no .* in it; give the official archive"):
        load(name, write_zip(tmp_path / "other.zip", {"README.txt": b"something else"}))


def test_an_unknown_name_is_refused_with_a_list_of_known_ones() -> None:
    with pytest.raises(DataError, match="unknown data set 'hpat': choose one of hapt, uci-har, usc-had, mobiact"):
        find("hpat")


def test_a_nan_in_a_recording_is_refused() -> None:
    recording = simulated_recording(0, 500)
    recording.acc[7, 1] = np.nan
    with pytest.raises(DataError, match="simulated-0: holds NaN"):
        cut_windows([recording], DataConfig("hapt", ACTIVITIES))


def test_a_recording_without_any_of_the_activities_is_refused() -> None:
    with pytest.raises(DataError, match="labelled with any of flying, diving"):
        cut_windows([simulated_recording(0, 500)], DataConfig("hapt", ("flying", "diving")))


def test_unpacked_archives_are_found_by_their_official_name(small_hapt: Path, tmp_path: Path) -> None:
    shutil.copy(small_hapt, tmp_path / "HAPT Data Set.zip")
    assert len(load("hapt", tmp_path)) == USERS


def test_recordings_can_be_chosen_by_placement(small_hapt: Path) -> None:
    assert len(load("hapt", small_hapt, placement="waist")) == USERS
    with pytest.raises(DataError, match="hapt: no recording was worn at 'wrist'; there are: waist"):
        load("hapt", small_hapt, placement="wrist")


def test_every_data_set_names_its_source_and_its_terms() -> None:
    for name, dataset in DATASETS.items():
        assert dataset.name == name
        assert dataset.licence
        assert dataset.citation
        assert dataset.page
        assert all(download.file in dataset.files for download in dataset.downloads)
        assert all(download.url.startswith("https://") for download in dataset.downloads)
        assert len(set(dataset.activities)) == len(dataset.activities)
        assert all(label == label.lower() and " " not in label for label in dataset.activities)
    files = list(itertools.chain.from_iterable(dataset.files for dataset in DATASETS.values()))
    assert len(files) == len(set(files))


def test_each_recording_of_hapt_has_a_mounting_of_its_own(small_hapt: Path) -> None:
    assert [one.mounting for one in load("hapt", small_hapt)] == [f"hapt-{user:02d}" for user in range(1, USERS + 1)]


def test_a_star_in_an_anchor_matches_within_one_name(tmp_path: Path) -> None:
    write_folder(tmp_path, {"deep/A/x_1.csv": b"1", "deep/A/B/x_2.csv": b"2", "deep/A/._x_1.csv": b"3"})
    with Archive(tmp_path, "A/x_*.csv") as archive:
        assert set(archive.names) == {"A/x_1.csv", "A/B/x_2.csv", "A/._x_1.csv"}
    with pytest.raises(DataError, match=r"no B/A/\*\.csv in it"):
        Archive(tmp_path, "B/A/*.csv")
