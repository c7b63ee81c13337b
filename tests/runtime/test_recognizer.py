"""The recognizer: the same answers however the samples are cut, and answers that never change."""

import copy
import inspect
import itertools
import pickle
import subprocess
import sys
import time
from dataclasses import FrozenInstanceError, fields, is_dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.conftest import simulated_recording
from tests.runtime import fake_model

import har_runtime
from har_runtime import UNKNOWN, Answer, DataError, ModelError, Recognizer, Recording, classify_recording, load_model
from har_runtime.classify import Prediction
from har_runtime.model.load import Model
from har_runtime.samples import SampleChunk

NOW_S = 1_700_000_000.0
PUBLIC = {
    *("Recognizer", "Answer", "Event", "Totals", "UNKNOWN", "load_model", "Model", "ModelCard"),
    *("Recording", "classify_recording", "open_source"),
    *("HarError", "ConfigError", "DataError", "ModelError", "SourceError"),
}


@pytest.fixture(scope="module")
def model() -> Model:
    return load_model("waist")


def recognized(model: Model, recording: Recording, sizes: list[int], **options: Any) -> list[Answer]:
    """Answers to a recording that is pushed in chunks of these sizes, over and over."""
    recognizer = Recognizer(model, clock=lambda: NOW_S, **options)
    answers, begin = [], 0
    for size in itertools.cycle(sizes):
        part = slice(begin, begin + size)
        if not len(recording.times_ns[part]):
            return answers + recognizer.finish()
        answers += recognizer.push(recording.times_ns[part], recording.acc[part], recording.gyro[part])
        begin += size
    raise AssertionError


def assert_same(a: list[Prediction], b: list[Prediction]) -> None:
    assert len(a) == len(b) > 0
    for one, other in zip(a, b, strict=True):
        assert (one.window.start_ns, one.window.segment) == (other.window.start_ns, other.window.segment)
        assert one.window.imu.tobytes() == other.window.imu.tobytes()
        assert one.probabilities.tobytes() == other.probabilities.tobytes()
        assert (one.label, one.confidence) == (other.label, other.confidence)


def assert_streams_as_batch(model: Model, recording: Recording, sizes: list[int]) -> list[Prediction]:
    wanted = classify_recording(model, recording)
    assert_same([answer.prediction for answer in recognized(model, recording, sizes)], wanted)
    return wanted


@pytest.mark.parametrize(("seed", "largest"), [(0, 3), (1, 60), (2, 5000)])
def test_a_real_recording_is_recognized_as_it_is_classified_at_once(model, hapt_recordings, seed, largest) -> None:
    unseen = [entry for entry in hapt_recordings if entry.user in model.card.training.never_seen]
    recording = unseen[seed]
    short = Recording("short", recording.times_ns[:4000], recording.acc[:4000], recording.gyro[:4000])
    assert_streams_as_batch(model, short, np.random.default_rng(seed).integers(1, largest, 50).tolist())


def test_a_jittered_100_hz_recording_with_gaps_is_recognized_as_it_is_classified_at_once(model: Model) -> None:
    plain = simulated_recording(4, 2000)
    rng = np.random.default_rng(0)
    fine = np.arange(0, plain.times_ns[-1], 10_000_000)
    fine = fine + rng.integers(-3_000_000, 3_000_000, len(fine))
    keep = (fine % 9_000_000_000) > 400_000_000
    axes = np.concatenate([plain.acc, plain.gyro], axis=1)
    values = np.stack([np.interp(fine[keep], plain.times_ns, axis) for axis in axes.T], axis=1)
    recording = Recording("jittered", fine[keep], values[:, :3], values[:, 3:])
    wanted = assert_streams_as_batch(model, recording, rng.integers(1, 37, 50).tolist())
    assert wanted[-1].window.segment > 2


def test_a_clock_set_back_and_ahead_is_recognized_as_it_is_classified_at_once(model: Model) -> None:
    plain = simulated_recording(4, 2000)
    times = plain.times_ns.copy()
    times[600:] -= 5_000_000_000
    times[1100] += 10**15
    times[1400:] += 900_000_000_000
    wanted = assert_streams_as_batch(model, Recording("jumping", times, plain.acc, plain.gyro), [3, 1, 6, 2])
    assert [sum(one.window.segment == segment for one in wanted) for segment in range(3)] == [23, 31, 23]


@settings(max_examples=8, deadline=None)
@given(st.lists(st.integers(1, 400), min_size=1, max_size=6))
def test_the_answers_do_not_depend_on_how_the_samples_are_cut(sizes: list[int]) -> None:
    model, recording = load_model("waist"), simulated_recording(3, 2000)

    def plain(answers: list[Answer]) -> list[tuple]:
        return [(a.activity, a.reason, a.probabilities.tolist(), a.events, a.totals, a.unix_s) for a in answers]

    assert plain(recognized(model, recording, sizes)) == plain(recognized(model, recording, [10_000]))


WALK_AND_REST = fake_model.recording(
    ("sitting", "thigh", 3), ("walking", "thigh", 12), ("level", "thigh", 4), ("gait", "wrist", 9), ("rest", "wrist", 6)
)


@pytest.mark.parametrize("smoothing", ["hmm", "hysteresis", "none"])
@settings(max_examples=8, deadline=None)
@given(sizes=st.lists(st.integers(1, 400), min_size=1, max_size=6))
def test_places_and_families_do_not_depend_on_how_the_samples_are_cut(smoothing: str, sizes: list[int]) -> None:
    def plain(answers: list[Answer]) -> list[tuple]:
        return [(a.activity, a.confidence, a.place, a.probabilities.tolist(), a.events, a.totals) for a in answers]

    model = fake_model.fake_model()
    wanted = recognized(model, WALK_AND_REST, [10_000], smoothing=smoothing)
    assert plain(recognized(model, WALK_AND_REST, sizes, smoothing=smoothing)) == plain(wanted)
    assert {"thigh", "wrist"} <= {answer.place for answer in wanted}
    assert "on_foot" in {answer.activity for answer in wanted}


def test_a_recognizer_is_told_the_place_and_whether_families_are_answers() -> None:
    model = fake_model.fake_model()
    answers = recognized(model, WALK_AND_REST, [500], place="pocket", coarse=False)
    assert {answer.place for answer in answers} == {"thigh"}
    assert {answer.activity for answer in answers} <= set(model.card.labels)
    recognizer = Recognizer(model, place="pocket", coarse=False)
    recognizer.reset()
    again = recognizer.push(WALK_AND_REST.times_ns, WALK_AND_REST.acc, WALK_AND_REST.gyro)
    assert {answer.place for answer in again} == {"thigh"}


def test_postures_are_still_until_the_wearer_has_walked() -> None:
    plain = fake_model.recording(("standing", "thigh", 10), ("walking", "thigh", 20), ("standing", "thigh", 10))
    acc = np.tile([0.0, 0.0, 9.81], (len(plain.times_ns), 1))
    walking = slice(10 * 50, 30 * 50)
    acc[walking, 2] += 4 * np.sin(2 * np.pi * 2 * plain.times_ns[walking] / 1e9)  # Two steps a second.
    model = fake_model.fake_model(replace(fake_model.BARE_CARD, frame="upright"))
    for coarse, before in ((True, "still"), (False, UNKNOWN)):
        answers = recognized(model, replace(plain, acc=acc), [100], coarse=coarse)
        up = [answer.prediction.window.up for answer in answers]
        assert [entry and entry.found for entry in (up[0], up[-1])] == ["window", "gait"]
        assert answers[12].activity == before
        assert answers[-1].activity == "standing"


def test_an_answer_comes_with_the_sample_that_completes_its_window(model: Model) -> None:
    recording, recognizer = simulated_recording(0, 300), Recognizer(model)
    came = [
        len(recognizer.push(recording.times_ns[at : at + 1], recording.acc[at : at + 1], recording.gyro[at : at + 1]))
        for at in range(300)
    ]
    assert np.flatnonzero(came).tolist() == list(range(49, 300, 25))


def test_two_sensors_may_be_pushed_apart(model: Model) -> None:
    recording, recognizer = simulated_recording(0, 300), Recognizer(model, clock=lambda: NOW_S)
    answers = recognizer.push(recording.times_ns / 1e9, acc=recording.acc)
    answers += recognizer.push(recording.times_ns / 1e9, gyro=recording.gyro)
    answers += recognizer.finish()
    assert_same([answer.prediction for answer in answers], classify_recording(model, recording))


def test_a_chunk_brings_the_truth_with_it(model: Model) -> None:
    recording, recognizer = simulated_recording(0, 300), Recognizer(model)
    labels = np.array(["sitting"] * 150 + [""] * 150)
    answers = recognizer.push(SampleChunk(recording.times_ns, recording.acc, recording.gyro, labels))
    assert [answer.truth for answer in answers] == ["sitting"] * 5 + [None] * 6
    assert_same([answer.prediction for answer in answers], classify_recording(model, recording))


def test_a_prediction_says_when_what_and_how_sure(model: Model) -> None:
    prediction = classify_recording(model, simulated_recording(0, 200))[1]
    assert (prediction.start_s, prediction.end_s) == (0.5, 1.48)
    assert prediction.label == model.card.labels[int(prediction.probabilities.argmax())]
    assert prediction.confidence == pytest.approx(float(prediction.probabilities.max()))


def test_an_answer_is_dated_by_the_computers_clock_and_timed_from_its_push(model: Model) -> None:
    recording, recognizer = simulated_recording(0, 300), Recognizer(model)
    before_s, begin_s = time.time(), time.perf_counter()
    answers = recognizer.push(recording.times_ns, recording.acc, recording.gyro)
    took_s, after_s = time.perf_counter() - begin_s, time.time()
    assert all(before_s <= answer.unix_s <= after_s for answer in answers)
    latencies = [answer.latency_s for answer in answers if answer.latency_s is not None]
    assert len(latencies) == len(answers)
    assert 0 < latencies[0] <= latencies[-1] <= took_s


def test_a_reset_recognizer_starts_again(model: Model) -> None:
    recording, recognizer = simulated_recording(0, 300), Recognizer(model)
    first = recognizer.push(recording.times_ns, recording.acc, recording.gyro)
    recognizer.reset()
    assert recognizer.report.accelerometer.received == 0
    assert not recognizer.totals.seconds
    again = recognizer.push(recording.times_ns, recording.acc, recording.gyro)
    assert_same([answer.prediction for answer in again], [answer.prediction for answer in first])
    assert [answer.activity for answer in again] == [answer.activity for answer in first]


def test_without_a_gyroscope_the_angular_rates_are_zeros(optional_model: Path) -> None:
    model, recording = load_model(optional_model), simulated_recording(0, 600)
    recognizer = Recognizer(model, gyroscope=False)
    answers = recognizer.push(SampleChunk(recording.times_ns, recording.acc, None)) + recognizer.finish()
    zeros = classify_recording(model, replace(recording, gyro=np.zeros((600, 3))))
    assert_same([answer.prediction for answer in answers], zeros)
    with pytest.raises(DataError, match="push acc alone"):
        recognizer.push(recording.times_ns, recording.acc, recording.gyro)


def test_a_model_that_needs_a_gyroscope_is_refused_without_one(model: Model) -> None:
    with pytest.raises(
        ModelError, match="the sensor: no gyroscope in it, and the model waist wants both sensors: use "
    ) as caught:
        Recognizer(model, gyroscope=False)
    assert "\n" not in str(caught.value)


def test_wrong_shapes_are_one_line(model: Model) -> None:
    with pytest.raises(DataError, match=r"accelerometer: 2 times need values of shape \(2, 3\), not \(3, 3\)"):
        Recognizer(model).push([0.0, 0.02], acc=np.zeros((3, 3)))


def test_the_simulated_wearer_is_known_nearly_always_and_steadily(model: Model) -> None:
    recording, recognizer = simulated_recording(0, 6000), Recognizer(model)
    answers = recognizer.push(recording.times_ns, recording.acc, recording.gyro) + recognizer.finish()
    changes = sum(before.activity != after.activity for before, after in itertools.pairwise(answers))
    labels = [answer.prediction.label for answer in answers]
    raw = sum(before != after for before, after in itertools.pairwise(labels))
    assert sum(answer.activity != UNKNOWN for answer in answers) > 0.8 * len(answers)
    assert 5 <= answers[-1].totals.transitions <= raw
    assert changes > 0


def immutable(value: Any) -> bool:
    """Whether a value, and everything in it, refuses to be changed."""
    if isinstance(value, np.ndarray):
        return not value.flags.writeable
    if is_dataclass(value):
        name = fields(value)[0].name
        try:
            setattr(value, name, getattr(value, name))
        except FrozenInstanceError:
            return all(immutable(getattr(value, field.name)) for field in fields(value))
        return False
    if isinstance(value, tuple):
        return all(map(immutable, value))
    if isinstance(value, dict):
        try:
            value.update()
        except TypeError:
            return True
        return False
    return isinstance(value, str | int | float | None)


@pytest.mark.parametrize("smoothing", ["hmm", "hysteresis", "none"])
def test_an_answer_is_immutable_throughout(model: Model, smoothing: str) -> None:
    recording, recognizer = simulated_recording(0, 600), Recognizer(model, smoothing)
    answers = recognizer.push(recording.times_ns, recording.acc, recording.gyro)
    assert any(answer.events for answer in answers)
    assert all(immutable(answer) for answer in answers)


def test_what_an_answer_says_stays_as_it_was_while_the_stream_goes_on(model: Model) -> None:
    recording, recognizer = simulated_recording(0, 600), Recognizer(model)
    (first,) = recognizer.push(recording.times_ns[:50], recording.acc[:50], recording.gyro[:50])
    before = copy.deepcopy(first)
    (*_, last) = recognizer.push(recording.times_ns[50:], recording.acc[50:], recording.gyro[50:])
    assert (first.totals, first.report) == (before.totals, before.report)
    assert first.report.accelerometer.received == 50 < last.report.accelerometer.received
    assert sum(first.totals.seconds.values()) == 0.5 < sum(last.totals.seconds.values())
    assert pickle.loads(pickle.dumps(first)).totals == first.totals


def test_the_public_names_are_these() -> None:
    assert set(har_runtime.__all__) == PUBLIC
    assert list(inspect.signature(Recognizer.push).parameters) == ["self", "times", "acc", "gyro"]


def test_importing_the_package_loads_no_source_and_no_interpreter() -> None:
    code = "import sys, har_runtime; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    late = ("har_runtime.sources.replay", "har_runtime.sources.iio", "ai_edge_litert", "rich", "serial", "tornado")
    assert not [name for name in loaded if name.startswith(late)]


def test_a_model_that_needs_a_gyroscope_refuses_a_recording_without_one(model: Model) -> None:
    with pytest.raises(
        ModelError, match=r"^recording simulated-0: no gyroscope in it, and the model waist wants both sensors: .*$"
    ):
        classify_recording(model, replace(simulated_recording(0, 200), gyro=None))


@pytest.mark.parametrize("rate_hz", [25, 50, 60, 100, 104, 200])
def test_an_answer_comes_with_the_first_sample_after_its_due_time(model: Model, rate_hz: int) -> None:
    recognizer = Recognizer(model)
    times_ns = np.arange(12 * rate_hz, dtype=np.int64) * 1_000_000_000 // rate_hz
    period_ns = 1_000_000_000 // rate_hz
    answered = 0
    for time_ns in times_ns:
        due_ns = recognizer.due_ns
        answers = recognizer.push([time_ns], [[0.0, 1.0, 9.8]], [[0.0, 0.0, 0.1]])
        if due_ns is not None:
            assert bool(answers) <= (due_ns - 5 <= time_ns <= due_ns + 2 * period_ns), "times are rounded down to ns"
        answered += len(answers)
    assert answered >= 20


def test_when_the_next_sample_is_due_is_unknown_at_the_beginning_and_after_the_end(model: Model) -> None:
    recognizer = Recognizer(model)
    assert recognizer.due_ns is None
    recognizer.push(np.arange(200) / 100, np.ones((200, 3)), np.zeros((200, 3)))
    assert recognizer.due_ns is not None
    recognizer.finish()
    assert recognizer.due_ns is None
