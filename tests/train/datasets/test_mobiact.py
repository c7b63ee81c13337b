"""MobiAct v2: annotated CSV files in the official layout."""

from pathlib import Path

import numpy as np
import pytest
from tests.train.datasets.layouts import MOBIACT_HEADER, mobiact_csv, mobiact_files, signal, write_folder, write_zip

from har_runtime.errors import DataError
from har_runtime.recording import cut_recording
from har_train.data.windows import cut_windows
from har_train.datasets import find, load
from har_train.recipe import DataConfig

FILES = mobiact_files()
STANDING = "Annotated Data/STD/STD_2_1_annotated.csv"


def test_the_eleven_activities_are_labelled_and_nothing_else(tmp_path: Path) -> None:
    recordings = {one.name: one for one in load("mobiact", write_folder(tmp_path / "MobiAct_Dataset_v2.0", FILES))}
    assert len(recordings) == 13
    labels = {name: one.labels.tolist() for name, one in recordings.items() if one.labels is not None}
    assert set().union(*labels.values()) == {*find("mobiact").activities, ""}
    assert labels["mobiact-FOL-02-1"] == ["standing"] * 100 + [""] * 100
    assert labels["mobiact-SLH-10-1"] == ["standing"] * 100 + ["walking"] * 200 + ["stairs_down"] * 100
    assert {one.user for one in recordings.values()} == {"mobiact-02", "mobiact-10"}
    assert {(one.placement, one.source_rate_hz) for one in recordings.values()} == {("pocket", 200.0)}


def test_values_and_times_are_those_of_the_file(tmp_path: Path) -> None:
    recordings = load("mobiact", write_zip(tmp_path / "mobiact.zip", FILES, "MobiAct_Dataset_v2.0/"))
    standing = next(one for one in recordings if one.name == "mobiact-STD-02-1")
    wanted = signal(200, seed=0)
    assert np.array_equal(standing.acc, wanted[:, :3] * 9.81)
    assert np.array_equal(standing.gyro, wanted[:, 3:])
    assert np.array_equal(standing.times_ns, 24_985_109_000 + 5_000_000 * np.arange(200))
    assert cut_recording(standing).report.accelerometer.rate_hz == pytest.approx(200)


def test_a_nan_stays_one_and_training_refuses_the_recording(tmp_path: Path) -> None:
    lines = mobiact_csv(["STD"] * 400).decode().splitlines()
    cells = lines[8].split(",")
    lines[8] = ",".join([*cells[:3], "NaN", *cells[4:]])
    recordings = load("mobiact", write_folder(tmp_path, FILES | {STANDING: "\n".join(lines).encode()}))
    standing = next(one for one in recordings if one.name == "mobiact-STD-02-1")
    assert np.argwhere(np.isnan(standing.acc)).tolist() == [[7, 1]]
    assert cut_recording(standing).report.accelerometer.invalid == 1
    with pytest.raises(DataError, match="mobiact-STD-02-1: holds NaN"):
        cut_windows(recordings, DataConfig("mobiact", ("standing", "walking")))


def test_rows_that_go_back_in_time_are_left_for_the_resampler_to_drop_and_count(tmp_path: Path) -> None:
    header, *rows = mobiact_csv(["STD"] * 200).decode().splitlines()
    rows[50], rows[51] = rows[51], rows[50]
    files = FILES | {STANDING: "\r\n".join([header, *rows]).encode()}
    recordings = load("mobiact", write_folder(tmp_path, files))
    standing = next(one for one in recordings if one.name == "mobiact-STD-02-1")
    assert len(standing.times_ns) == 200
    assert cut_recording(standing).report.accelerometer.out_of_order == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "nothing in Annotated Data/STD; the archive is not complete"),
        (b"", r"STD_2_1_annotated\.csv: no column timestamp, acc_x"),
        (MOBIACT_HEADER.replace("gyro_y", "g_y").encode() + b"\n1,2\n", "no column gyro_y in its first line"),
        (MOBIACT_HEADER.encode() + b"\n", "no row of data"),
        (MOBIACT_HEADER.encode() + b"\n1,0,1,2,3,4,5,6,7,8\n", "STD_2_1_annotated"),
        (mobiact_csv(["STD"] * 3)[:-60], "STD_2_1_annotated"),
        (MOBIACT_HEADER.encode() + b"\n1,0,1,2,x,4,5,6,7,8,9,STD\n", "could not convert string 'x'"),
        (MOBIACT_HEADER.encode() + b"\nnan,0,1,2,3,4,5,6,7,8,9,STD\n", "a row without a time"),
        (b"\xff\xfe\x00binary", "not a text file"),
    ],
)
def test_a_file_with_something_wrong_in_it_is_named(tmp_path: Path, content: bytes | None, message: str) -> None:
    files = {name: value for name, value in FILES.items() if name != STANDING}
    if content is not None:
        files[STANDING] = content
    with pytest.raises(DataError, match=message) as caught:
        load("mobiact", write_zip(tmp_path / "mobiact.zip", files))
    assert str(tmp_path / "mobiact.zip") in str(caught.value)
    assert "\n" not in str(caught.value)
