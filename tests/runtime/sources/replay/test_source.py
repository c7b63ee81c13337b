"""Replay files: what is read, and one clear line for a file that cannot be used."""

from pathlib import Path

import numpy as np
import pytest
from tests.conftest import simulated_recording

from har_runtime.errors import DataError, SourceError
from har_runtime.sources import open_source
from har_runtime.sources.replay.source import Replay
from har_train.data.cli import write_replay

HEADER = "time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,label"


def csv_file(folder: Path, *lines: str, header: str = HEADER) -> Path:
    path = folder / "walk.csv"
    path.write_text("\n".join([header, *lines]) + "\n", encoding="utf-8")
    return path


def rows(count: int, acc: float = 9.81, gyro: float = 0.1) -> list[str]:
    return [f"{index / 50},0,0,{acc},0,{gyro},0,sitting" for index in range(count)]


def test_a_recording_reads_back_bit_for_bit(tmp_path: Path) -> None:
    recording = simulated_recording(1, 1500)
    write_replay(recording, tmp_path / "walk.csv")
    chunks = list(Replay(tmp_path / "walk.csv", speed=float("inf")))
    assert np.array_equal(np.concatenate([chunk.times_ns for chunk in chunks]), recording.times_ns)
    assert np.array_equal(np.concatenate([chunk.acc for chunk in chunks]), recording.acc)
    assert np.array_equal(np.concatenate([chunk.gyro for chunk in chunks]), recording.gyro)
    assert np.array_equal(np.concatenate([chunk.labels for chunk in chunks]), recording.labels)


def test_columns_are_found_by_name_in_any_order_and_others_are_skipped(tmp_path: Path) -> None:
    path = csv_file(tmp_path, "1,9.81,0,0,5,0.25,3,2", header="gyro_z,acc_z,acc_y,acc_x,note,time,gyro_x,gyro_y")
    (chunk,) = Replay(path, speed=float("inf"))
    assert chunk.times_ns.tolist() == [250_000_000]
    assert chunk.acc.tolist() == [[0, 0, 9.81]]
    assert chunk.gyro.tolist() == [[3, 2, 1]]
    assert chunk.labels is None


def test_an_empty_cell_is_a_lost_sample(tmp_path: Path) -> None:
    path = csv_file(tmp_path, *rows(3), "0.06,0,,9.81,0,0,0,sitting")
    (chunk,) = Replay(path, speed=float("inf"))
    assert np.isnan(chunk.acc[3, 1])


def test_rows_of_one_sensor_are_not_losses_of_the_other(tmp_path: Path) -> None:
    path = csv_file(
        tmp_path,
        "0,0,0,9.81,,,",
        "0.01,,,,1,2,3",
        "0.02,0,0,9.82,,,",
        "0.03,,,,,,",
        header=HEADER.removesuffix(",label"),
    )
    acc, gyro = Replay(path, speed=float("inf"))
    assert acc.gyro is None
    assert gyro.acc is None
    assert acc.times_ns.tolist() == [0, 20_000_000, 30_000_000]
    assert gyro.times_ns.tolist() == [10_000_000, 30_000_000]
    assert gyro.gyro is not None
    assert gyro.gyro[0].tolist() == [1, 2, 3]


@pytest.mark.parametrize("columns", ["missing", "empty"])
@pytest.mark.parametrize("count", [100, 2000])
def test_a_recording_without_a_gyroscope_is_one_of_a_sensor_without(tmp_path: Path, columns: str, count: int) -> None:
    header = HEADER if columns == "empty" else "time,acc_x,acc_y,acc_z,label"
    cells = ",,," if columns == "empty" else ""
    path = csv_file(tmp_path, *(f"{i / 50},0,0,{9 + i % 2},{cells}sitting" for i in range(count)), header=header)
    replay = Replay(path, speed=float("inf"))
    assert not replay.report.gyroscope
    chunks = list(replay)
    assert all(chunk.gyro is None for chunk in chunks)
    acc = np.concatenate([chunk.acc for chunk in chunks if chunk.acc is not None])
    assert acc[:, 2].tolist() == [9 + i % 2 for i in range(count)]
    assert all(set(chunk.labels.tolist()) == {"sitting"} for chunk in chunks if chunk.labels is not None)


def test_a_gyroscope_whose_first_readings_are_missing_is_one(tmp_path: Path) -> None:
    path = csv_file(tmp_path, *(f"{i / 50},0,0,9.8,,,," for i in range(1500)), *rows(1))
    replay = Replay(path, speed=float("inf"))
    assert replay.report.gyroscope
    assert sum(len(chunk.times_ns) for chunk in replay if chunk.gyro is not None) == 1


def test_an_incomplete_last_line_is_skipped(tmp_path: Path) -> None:
    path = csv_file(tmp_path, *rows(100))
    path.write_text(path.read_text() + "2.0,0,0,9.8")
    assert sum(len(chunk.times_ns) for chunk in Replay(path, speed=float("inf"))) == 100


@pytest.mark.parametrize(
    ("lines", "header", "message"),
    [
        (rows(9), HEADER.replace("gyro_y,", ""), "no column gyro_y in its header"),
        ([], HEADER, "no sample in it"),
        ([*rows(9), "1,0,0,nine,0,0,0,"], HEADER, "line 11, column acc_z: 'nine' is not a number"),
        ([*rows(9), "1,0,0", *rows(9)], HEADER, "line 11 has too few columns"),
        (rows(99, acc=0.2), HEADER, "acceleration is about 0.2"),
        (
            rows(99, gyro=200),
            HEADER,
            "angular rates reach 200, more than any gyroscope measures in rad/s: add gyro=deg/s",
        ),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(tmp_path, lines, header, message) -> None:
    with pytest.raises(DataError, match=message) as caught:
        list(Replay(csv_file(tmp_path, *lines, header=header), speed=float("inf")))
    assert "walk.csv" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_degrees_are_noticed_anywhere_in_the_file(tmp_path: Path) -> None:
    path = csv_file(tmp_path, *rows(4000), *rows(200, gyro=300))
    with pytest.raises(DataError, match="deg/s"):
        list(Replay(path, speed=float("inf")))


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "noise.csv"
    path.write_bytes(np.random.default_rng(0).bytes(4000))
    with pytest.raises(DataError, match=r"noise\.csv"):
        Replay(path)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("replay:", "needs a file"),
        ("replay:absent.csv", r"absent\.csv: cannot be read"),
        ("replay:absent.csv?sped=2", "unknown option 'sped'"),
        ("replay:absent.csv?speed=0", "must be 0.001 to 1000000, or max"),
        ("simulated:?seed=x", "option seed=x is not valid"),
        ("simulated:?seed=-1", r"option seed=-1 is not valid \(must be 0 to 4294967295\)"),
        ("telepathy:me", "unknown source 'telepathy:'"),
        ("walk.csv", "write KIND:TARGET, such as replay:walk.csv"),
        ("replay:absent.csv?speed", "must be name=value"),
    ],
)
def test_a_source_that_cannot_be_opened_says_why(uri: str, message: str) -> None:
    with pytest.raises((SourceError, DataError), match=message):
        open_source(uri)


def test_the_sign_is_said_to_be_assumed_unless_it_is_given(tmp_path: Path) -> None:
    path = csv_file(tmp_path, *rows(500))
    right, reversed_ = (open_source(f"replay:{path}?speed=max&sign={sign}") for sign in ("android", "apple"))
    assumed = open_source(f"replay:{path}?speed=max")
    assert "Android's sign assumed, as samples do not show it (for Apple's: sign=apple)" in str(assumed.report.units)
    assert "sign" not in str(right.report.units)
    assert str(reversed_.report.units).endswith("Apple's sign, as given")
    assert [float(next(iter(source)).acc[0, 2]) for source in (assumed, right, reversed_)] == [9.81, 9.81, -9.81]
