"""Parquet recordings: read as CSV ones are, piece by piece, and refused in the same words."""

import json
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pyarrow.parquet
import pytest
from tests.conftest import simulated_recording

from har_runtime.cli.stream import main
from har_runtime.errors import DataError
from har_runtime.sources import open_source
from har_runtime.sources.replay.source import Replay
from har_train.data.cli import write_replay

NUMBERS = ("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")


def columns(samples: int = 1500, **more: Any) -> dict[str, Any]:
    """A simulated wearer's columns; one that is None is missing."""
    recording = simulated_recording(1, samples)
    table = {"time": recording.times_ns / 1e9, "label": recording.labels}
    table |= dict(zip(NUMBERS, np.concatenate([recording.acc, recording.gyro], axis=1).T, strict=True))
    return {name: values for name, values in {**table, **more}.items() if values is not None}


def parquet_file(folder: Path, table: dict[str, Any], **options: Any) -> Path:
    path = folder / "walk.parquet"
    pyarrow.parquet.write_table(pyarrow.table(table), path, **options)
    return path


def read(path: Path) -> dict[str, np.ndarray]:
    chunks = list(Replay(path, speed=float("inf")))
    return {
        name: np.concatenate([getattr(chunk, name) for chunk in chunks])
        for name in ("times_ns", "acc", "gyro", "labels")
        if getattr(chunks[0], name) is not None
    }


@pytest.mark.parametrize("rows", [1, 7, 500, 512, 10_000])
def test_a_recording_reads_back_bit_for_bit_whatever_its_row_groups(tmp_path: Path, rows: int) -> None:
    recording = simulated_recording(1, 1500)
    found = read(parquet_file(tmp_path, columns(), row_group_size=rows))
    assert np.array_equal(found["times_ns"], recording.times_ns)
    assert np.array_equal(found["acc"], recording.acc)
    assert np.array_equal(found["gyro"], recording.gyro)
    assert np.array_equal(found["labels"], recording.labels)


def test_har_stream_gives_the_same_result_as_for_the_csv_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write_replay(simulated_recording(1, 1500), tmp_path / "walk.csv")
    parquet_file(tmp_path, columns(note=["x"] * 1500))
    results = []
    for name in ("walk.csv", "walk.parquet"):
        assert main(["--source", f"replay:{tmp_path / name}?speed=max", "--json"]) == 0
        results.append({**json.loads(capsys.readouterr().out), "source": ""})
    assert results[0] == results[1]
    assert results[0]["windows"] == 59


@pytest.mark.parametrize(
    "time",
    [
        pyarrow.array,
        lambda ns: pyarrow.array(ns, pyarrow.timestamp("ns")),
        lambda ns: pyarrow.array(ns // 1000, pyarrow.timestamp("us", "UTC")),
        lambda ns: pyarrow.array((ns / 1e9).astype(np.float32)),
    ],
)
def test_time_may_be_nanoseconds_timestamps_or_seconds(tmp_path: Path, time: Any) -> None:
    times_ns = np.arange(1500) * 20_000_000
    found = read(parquet_file(tmp_path, columns(time=time(times_ns))))
    np.testing.assert_allclose(found["times_ns"], times_ns, atol=2000)


def test_numbers_may_be_of_any_width_and_labels_categories_or_missing(tmp_path: Path) -> None:
    labels = pyarrow.array([None, "sitting", "walking"] * 100).dictionary_encode()
    narrow = columns(300, acc_z=np.full(300, 10, np.int16), gyro_x=np.zeros(300, np.float32), label=labels)
    found = read(parquet_file(tmp_path, narrow, row_group_size=70))
    assert (found["acc"][:, 2] == 10).all()
    assert found["acc"].dtype == found["gyro"].dtype == np.float64
    assert found["labels"].tolist() == ["", "sitting", "walking"] * 100
    assert "labels" not in read(parquet_file(tmp_path, columns(300, label=None)))


def test_a_null_is_a_lost_sample(tmp_path: Path) -> None:
    acc_y = pyarrow.array([None if row == 3 else 0.1 for row in range(1500)])
    time = pyarrow.array([None if row == 7 else row * 20_000_000 for row in range(1500)])
    found = read(parquet_file(tmp_path, columns(acc_y=acc_y, time=time)))
    assert np.flatnonzero(np.isnan(found["acc"][:, 1])).tolist() == [3]
    assert np.flatnonzero(found["times_ns"] == np.iinfo(np.int64).min).tolist() == [7]


@pytest.mark.parametrize("column", [None, pyarrow.array([None] * 1500, pyarrow.float64())])
def test_a_recording_without_a_gyroscope_is_one_of_a_sensor_without(tmp_path: Path, column: Any) -> None:
    path = parquet_file(tmp_path, columns(**dict.fromkeys(("gyro_x", "gyro_y", "gyro_z"), column)))
    replay = Replay(path, speed=float("inf"))
    assert not replay.report.gyroscope
    found = read(path)
    assert "gyro" not in found
    assert np.array_equal(found["acc"], simulated_recording(1, 1500).acc)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"gyro_y": None, "acc_x": None}, "no column acc_x, gyro_y in its header"),
        ({"time": ["now"] * 1500}, "column time holds string; it must hold numbers or timestamps"),
        ({"time": np.arange(1500, dtype=np.int32)}, "its times are 0, 1, 2, ..., which count samples: add rate=N"),
        ({"acc_z": ["9.81"] * 1500}, "column acc_z holds string; it must hold numbers"),
        ({"label": np.zeros(1500)}, "column label holds double; it must hold text"),
        (
            {"acc_z": np.full(1500, 0.1), "acc_x": np.zeros(1500), "acc_y": np.zeros(1500)},
            "record acceleration with gravity",
        ),
        ({"gyro_z": np.r_[np.zeros(1400), np.full(100, 300.0)]}, "add gyro=deg/s"),
    ],
)
def test_a_file_that_cannot_be_used_is_refused_in_one_line(tmp_path: Path, changes, message: str) -> None:
    path = parquet_file(tmp_path, columns(**changes))
    with pytest.raises(DataError, match=message) as caught:
        list(Replay(path, speed=float("inf")))
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_file_without_rows_is_refused(tmp_path: Path) -> None:
    path = parquet_file(tmp_path, {name: values[:0] for name, values in columns().items()})
    with pytest.raises(DataError, match="no sample in it"):
        Replay(path)


def test_a_file_of_another_format_is_refused(tmp_path: Path) -> None:
    write_replay(simulated_recording(1, 300), tmp_path / "walk.pq")
    with pytest.raises(DataError, match=r"walk\.pq: not a Parquet file"):
        Replay(tmp_path / "walk.pq")
    with pytest.raises(DataError, match=r"absent\.parquet: cannot be read \(No such file"):
        open_source(f"replay:{tmp_path / 'absent.parquet'}")


def test_damage_within_the_file_is_reported_when_it_is_reached(tmp_path: Path) -> None:
    path = parquet_file(tmp_path, columns(6000), row_group_size=3000, compression="zstd", use_dictionary=False)
    middle = pyarrow.parquet.ParquetFile(path).metadata.row_group(1).column(0).data_page_offset
    content = bytearray(path.read_bytes())
    content[middle : middle + 2000] = bytes(2000)
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"walk\.parquet: damaged"):
        list(Replay(path, speed=float("inf")))


def test_without_pyarrow_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = parquet_file(tmp_path, columns(300))
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(DataError, match=r"Parquet needs pyarrow: pip install 'haredge\[parquet\]'"):
        Replay(path)


def test_memory_stays_bounded_however_long_the_recording(tmp_path: Path) -> None:
    samples = 200_000
    noise = np.random.default_rng(0).normal([0, 0, 9.81, 0, 0, 0], size=(samples, 6))
    table = {"time": np.arange(samples) / 50, **dict(zip(NUMBERS, noise.T, strict=True))}
    path = parquet_file(tmp_path, table, row_group_size=20_000)
    replay = Replay(path, speed=float("inf"))
    del table
    before, most, rows = pyarrow.total_allocated_bytes(), 0, 0
    for chunk in replay:
        rows += len(chunk.times_ns)
        most = max(most, pyarrow.total_allocated_bytes() - before)
    assert rows == samples
    assert most < path.stat().st_size / 4
