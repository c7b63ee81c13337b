"""Windows of each activity are gathered from one stream of samples or from two, live or recorded."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from tests.conftest import simulated_recording

from har_runtime.errors import DataError
from har_runtime.model.load import load_model
from har_runtime.personal.collect import Collector, learn_all
from har_runtime.recording import Recording
from har_runtime.samples import SampleChunk


@pytest.fixture(scope="module")
def recording() -> Recording:
    """A simulated wearer, standing at first."""
    return simulated_recording(seed=3, samples=3000)


def chunks(recording: Recording, apart: bool, gyroscope: bool = True, size: int = 40) -> Iterator[SampleChunk]:
    """The samples; with `apart` each sensor has chunks of its own."""
    assert recording.gyro is not None and recording.labels is not None
    for begin in range(0, len(recording.acc), size):
        part = slice(begin, begin + size)
        times, acc, gyro = recording.times_ns[part], recording.acc[part], recording.gyro[part]
        if not apart:
            yield SampleChunk(times, acc, gyro if gyroscope else None, recording.labels[part])
            continue
        yield SampleChunk(times, acc, None, recording.labels[part])
        if gyroscope:
            yield SampleChunk(times, None, gyro)


def labels_of(collector: Collector) -> dict[str, int]:
    return {label: len(part) for label, part in collector.taken.items()}


def test_two_streams_give_what_one_gives(recording: Recording) -> None:
    model = load_model("anywhere")
    found = []
    for apart in (False, True):
        collector = Collector(model, model.card.labels)
        collector.push_recording(chunks(recording, apart))
        found.append(labels_of(collector))
        rates = np.stack([one.window.imu[:, 3:] for part in collector.taken.values() for one in part])
        assert np.abs(rates).max() > 0.1
    assert found[0] == found[1] and found[0]["standing"] > 4


def test_a_sensor_without_a_gyroscope_is_learnt_from(recording: Recording) -> None:
    model = load_model("anywhere")
    collector = Collector(model, model.card.labels)
    collector.gyroscope = False
    collector.push_recording(chunks(recording, apart=False, gyroscope=False))
    learnt = learn_all(collector, "waist", "test", 0.0)
    assert {one.place for one in learnt} == {"torso"} and "standing" in {one.label for one in learnt}


def test_live_samples_are_kept_for_the_stretch_that_is_asked_for(recording: Recording) -> None:
    model = load_model("anywhere")
    collector = Collector(model, model.card.labels)
    for chunk in chunks(recording, apart=True):
        collector.push(chunk)
    begin, end = int(recording.times_ns[100]), int(recording.times_ns[500])
    kept = [chunk for chunk in collector.chunks(begin, end) if chunk.acc is not None]
    assert sum(len(chunk.times_ns) for chunk in kept) == 401
    assert collector.take("walking", begin, begin) is not None
    assert labels_of(collector) == {}


def test_a_recording_without_labels_is_refused(recording: Recording) -> None:
    model = load_model("anywhere")
    assert recording.labels is not None
    unlabelled = replace(recording, labels=np.full(len(recording.labels), ""))
    with pytest.raises(DataError, match="the recording has no labels"):
        Collector(model, model.card.labels).push_recording(chunks(unlabelled, apart=False))
