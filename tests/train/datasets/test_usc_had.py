"""USC-HAD: 840 MAT files in the official layout."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from scipy.io import savemat
from tests.train.datasets.layouts import signal, usc_had_files, write_zip

from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.errors import DataError
from har_runtime.recording import Recording
from har_train.data.windows import cut_windows
from har_train.datasets import find, load
from har_train.recipe import DataConfig


@pytest.fixture(scope="module")
def files() -> dict[str, bytes]:
    return usc_had_files()


@pytest.fixture(scope="module")
def recordings(files: dict[str, bytes], tmp_path_factory: pytest.TempPathFactory) -> list[Recording]:
    return load("usc-had", write_zip(tmp_path_factory.mktemp("usc") / "USC-HAD.zip", files, "USC-HAD/"))


def mat(**fields: object) -> bytes:
    content = io.BytesIO()
    savemat(content, fields)
    return content.getvalue()


def test_it_is_840_trials_of_14_people_each_with_one_of_twelve_labels(recordings: list[Recording]) -> None:
    assert len(recordings) == 840
    assert sorted({str(recording.user) for recording in recordings}) == [f"usc-had-{n:02d}" for n in range(1, 15)]
    labels = [set(recording.labels.tolist()) for recording in recordings if recording.labels is not None]
    assert all(len(of_one) == 1 for of_one in labels)
    assert set().union(*labels) == set(find("usc-had").activities)
    assert {(recording.placement, recording.source_rate_hz) for recording in recordings} == {("hip", 100.0)}


def test_g_and_degrees_become_si_units_at_100_hz(recordings: list[Recording]) -> None:
    recording = next(one for one in recordings if one.name == "usc-had-03-a10t2")
    wanted = signal(30, seed=31_002)
    assert np.allclose(recording.acc, wanted[:, :3] * STANDARD_GRAVITY)
    assert np.allclose(recording.gyro, wanted[:, 3:])
    assert np.array_equal(recording.times_ns, np.arange(30) * 10_000_000)
    assert recording.labels is not None
    assert set(recording.labels.tolist()) == {"lying"}


def test_a_nan_stays_one_and_training_refuses_the_recording(files: dict[str, bytes], tmp_path: Path) -> None:
    readings = signal(300, seed=1)
    readings[7, 2] = np.nan
    archive = write_zip(tmp_path / "usc-had.zip", files | {"Subject1/a1t2.mat": mat(sensor_readings=readings)})
    recordings = load("usc-had", tmp_path)
    assert np.flatnonzero(np.isnan(recordings[1].acc)).tolist() == [7 * 3 + 2]
    with pytest.raises(DataError, match="usc-had-01-a1t2: holds NaN"):
        cut_windows(load("usc-had", archive), DataConfig("usc-had", ("walking", "running")))


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, r"Subject14/a12t5\.mat is missing"),
        (b"", "not a readable MAT file"),
        (b"MATLAB 5.0 MAT-file".ljust(400, b" "), "not a readable MAT file"),
        (mat(sensor_readings=np.zeros((9, 6)))[:-90], "not a readable MAT file"),
        (mat(other=np.zeros((9, 6))), "no numbers named sensor_readings"),
        (mat(sensor_readings="text"), "no numbers named sensor_readings"),
        (mat(sensor_readings=np.array([[1, "a"]], object)), "no numbers named sensor_readings"),
        (mat(sensor_readings=np.zeros((9, 5))), r"sensor_readings is \(9, 5\), not \(samples, 6\)"),
        (mat(sensor_readings=np.zeros((0, 6))), r"sensor_readings is \(0, 6\)"),
    ],
)
def test_a_file_with_something_wrong_in_it_is_named(files, tmp_path, content: bytes | None, message: str) -> None:
    changed = {name: value for name, value in files.items() if name != "Subject14/a12t5.mat"}
    if content is not None:
        changed["Subject14/a12t5.mat"] = content
    with pytest.raises(DataError, match=message) as caught:
        load("usc-had", write_zip(tmp_path / "usc-had.zip", changed))
    assert "a12t5.mat" in str(caught.value)


def test_an_unpacked_archive_is_read_as_well(files: dict[str, bytes], tmp_path: Path) -> None:
    with zipfile.ZipFile(write_zip(tmp_path / "it.zip", files, "USC-HAD/")) as archive:
        archive.extractall(tmp_path)
    assert len(load("usc-had", tmp_path)) == 840
