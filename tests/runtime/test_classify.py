"""Streaming gives exactly what batch gives, on real and on simulated recordings."""

import numpy as np
import pytest
from tests.conftest import simulated_recording

from har_runtime import Prediction, Recording, StreamingClassifier, classify_recording, load_model
from har_runtime.model.load import Model


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("waist")


def streamed(model: Model, recording: Recording, rng: np.random.Generator, largest: int) -> list[Prediction]:
    classifier, got, begin = StreamingClassifier(model), [], 0
    while begin < len(recording.times_ns):
        part = slice(begin, begin + int(rng.integers(1, largest)))
        got += classifier.push(recording.times_ns[part], recording.acc[part], recording.gyro[part])
        begin = part.stop
    return got + classifier.finish()


def assert_same(a: list[Prediction], b: list[Prediction]) -> None:
    assert len(a) == len(b) > 0
    for one, other in zip(a, b, strict=True):
        assert (one.window.start_ns, one.window.segment) == (other.window.start_ns, other.window.segment)
        assert one.window.imu.tobytes() == other.window.imu.tobytes()
        assert one.probabilities.tobytes() == other.probabilities.tobytes()
        assert (one.label, one.confidence) == (other.label, other.confidence)


@pytest.mark.parametrize(("seed", "largest"), [(0, 3), (1, 60), (2, 5000)])
def test_streaming_a_real_recording_equals_classifying_it_at_once(model, hapt_recordings, seed, largest) -> None:
    unseen = [entry for entry in hapt_recordings if entry.user in model.card.training.never_seen]
    recording = unseen[seed]
    short = Recording("short", recording.times_ns[:4000], recording.acc[:4000], recording.gyro[:4000])
    assert_same(streamed(model, short, np.random.default_rng(seed), largest), classify_recording(model, short))


def test_streaming_a_jittered_100_hz_recording_with_gaps_equals_classifying_it_at_once(model: Model) -> None:
    plain = simulated_recording(4, 2000)
    rng = np.random.default_rng(0)
    fine = np.arange(0, plain.times_ns[-1], 10_000_000)
    fine = fine + rng.integers(-3_000_000, 3_000_000, len(fine))
    keep = (fine % 9_000_000_000) > 400_000_000
    axes = np.concatenate([plain.acc, plain.gyro], axis=1)
    values = np.stack([np.interp(fine[keep], plain.times_ns, axis) for axis in axes.T], axis=1)
    recording = Recording("jittered", fine[keep], values[:, :3], values[:, 3:])
    wanted = classify_recording(model, recording)
    assert wanted[-1].window.segment > 2
    assert_same(streamed(model, recording, rng, 37), wanted)


def test_a_recording_whose_clock_is_set_back_and_ahead_streams_as_it_classifies_at_once(model: Model) -> None:
    plain = simulated_recording(4, 2000)
    times = plain.times_ns.copy()
    times[600:] -= 5_000_000_000
    times[1100] += 10**15
    times[1400:] += 900_000_000_000
    recording = Recording("jumping", times, plain.acc, plain.gyro)
    wanted = classify_recording(model, recording)
    assert [sum(one.window.segment == segment for one in wanted) for segment in range(3)] == [23, 31, 23]
    assert_same(streamed(model, recording, np.random.default_rng(0), 7), wanted)


def test_an_answer_comes_with_the_sample_that_completes_its_window(model: Model) -> None:
    recording = simulated_recording(0, 300)
    classifier = StreamingClassifier(model)
    came = [
        len(classifier.push(recording.times_ns[at : at + 1], recording.acc[at : at + 1], recording.gyro[at : at + 1]))
        for at in range(300)
    ]
    assert np.flatnonzero(came).tolist() == list(range(49, 300, 25))


def test_a_prediction_tells_when_what_and_how_sure(model: Model) -> None:
    prediction = classify_recording(model, simulated_recording(0, 200))[1]
    assert (prediction.start_s, prediction.end_s) == (0.5, 1.48)
    assert prediction.label == model.card.labels[int(prediction.probabilities.argmax())]
    assert prediction.confidence == pytest.approx(float(prediction.probabilities.max()))


def test_a_reset_classifier_starts_afresh(model: Model) -> None:
    recording = simulated_recording(0, 300)
    classifier = StreamingClassifier(model)
    first = classifier.push(recording.times_ns, recording.acc, recording.gyro)
    classifier.reset()
    assert classifier.report.accelerometer.received == 0
    assert_same(classifier.push(recording.times_ns, recording.acc, recording.gyro), first)
