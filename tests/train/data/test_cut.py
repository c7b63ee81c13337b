"""`har-data cut`: a recording as a file that is replayed, sample for sample."""

from dataclasses import replace
from pathlib import Path

import numpy as np
from tests.conftest import simulated_recording

from har_runtime.recording import Recording
from har_runtime.samples import SampleChunk
from har_runtime.sources.replay.source import Replay
from har_train.data.cli import write_replay


def replayed(recording: Recording, path: Path) -> list[SampleChunk]:
    write_replay(recording, path)
    replay = Replay(path, speed=float("inf"))
    try:
        return list(replay)
    finally:
        replay.close()


def joined(chunks: list[SampleChunk], sensor: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of one sensor."""
    parts = [(chunk.times_ns, getattr(chunk, sensor)) for chunk in chunks if getattr(chunk, sensor) is not None]
    return np.concatenate([times for times, _ in parts]), np.concatenate([values for _, values in parts])


def test_sensors_with_times_of_their_own_are_replayed_with_them_and_never_far_apart(tmp_path: Path) -> None:
    recording = simulated_recording(0, 3000)
    assert recording.gyro is not None
    gyro_times = recording.times_ns[::2] + 3_000_000
    gyro_times[500] = gyro_times[499] - 40_000_000  # A time that goes back stays where it is.
    own = replace(recording, gyro=recording.gyro[::2], gyro_times_ns=gyro_times)
    chunks = replayed(own, tmp_path / "own.csv")
    for sensor, times, values in (("acc", own.times_ns, own.acc), ("gyro", gyro_times, own.gyro)):
        found_times, found_values = joined(chunks, sensor)
        assert np.array_equal(found_times, times)
        assert np.array_equal(found_values, values)
    labels = np.concatenate([chunk.labels for chunk in chunks if chunk.acc is not None])
    assert np.array_equal(labels, own.labels)
    newest = {"acc": 0, "gyro": 0}
    for chunk in chunks:
        newest["gyro" if chunk.acc is None else "acc"] = int(chunk.times_ns.max())
        assert chunk is chunks[0] or abs(newest["acc"] - newest["gyro"]) < 30e9


def test_without_a_gyroscope_the_file_has_no_columns_for_one(tmp_path: Path) -> None:
    recording = replace(simulated_recording(0, 3000), gyro=None)
    chunks = replayed(recording, tmp_path / "alone.csv")
    assert (tmp_path / "alone.csv").read_text().startswith("time,acc_x,acc_y,acc_z,label\n")
    times, values = joined(chunks, "acc")
    assert np.array_equal(times, recording.times_ns)
    assert np.array_equal(values, recording.acc)
    assert all(chunk.gyro is None for chunk in chunks)
