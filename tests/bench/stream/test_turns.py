"""Answers to turned recordings: of models that do not depend on the turn, and of one that does."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.bench.stream.made_walks import LEVEL, UP, recording
from tests.runtime.fake_model import BARE_CARD, LABELS

from har_bench.stream import tables, turns
from har_bench.stream.turned_windows import turned
from har_bench.stream.turns import Answered, all_turns, answered, answers_to, row_of, streams_of
from har_runtime.answers.families import activities_of
from har_runtime.model.load import Model, load_model
from har_runtime.recognizer import Recognizer
from har_runtime.recording import Recording, cut_recording

CARD = replace(BARE_CARD, frame="upright")
WEARER = recording(("walking", UP, 20.0), ("standing", UP, 10.0), ("lying", LEVEL, 10.0))


class ByTilt:
    """Knows walking by how much the device moves, and standing from lying by one of its axes."""

    def __init__(self, axis: int = 2):
        self.axis = axis

    def outputs(self, windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        moves = np.linalg.norm(windows[:, :, :3], axis=2).std(axis=1) > 0.5
        level = windows[:, :, self.axis].mean(axis=1) < 5
        index = np.where(moves, LABELS.index("walking"), LABELS.index("standing"))
        index[~moves & level] = LABELS.index("lying")
        one = 0.9 * np.eye(len(LABELS))[index] + 0.1 / len(LABELS)
        places = np.tile([0.8, 0.1, 0.1], (len(index), 1))
        return [output.astype(np.float32) for output in (one, places, np.repeat(one[:, None], 3, axis=1))]


def row(model: Model, *recordings: Recording) -> dict:
    streams = streams_of(recordings)
    return row_of(model.card, streams, [answered(model, stream) for stream in streams])


def turned_recording(one: Recording, rotation: NDArray[np.float64]) -> Recording:
    assert one.gyro is not None
    return replace(one, acc=one.acc @ rotation.T, gyro=one.gyro @ rotation.T)


def noisy(seconds: float) -> Recording:
    """Movements about all axes at uneven times."""
    rng = np.random.default_rng(0)
    count = round(100 * seconds)
    times = (np.arange(count) * 10_000_000 + rng.integers(0, 3_000_000, count)).astype(np.int64)
    return Recording("noisy", times, rng.normal([0, 6, 8], 3, (count, 3)), rng.normal(0, 2, (count, 3)))


def test_windows_of_turned_samples_are_turned_windows() -> None:
    one = noisy(10.0)
    for rotation in all_turns():
        wanted = cut_recording(turned_recording(one, rotation)).windows
        found = [turned(window, rotation) for window in cut_recording(one).windows]
        for window, other in zip(found, wanted, strict=True):
            assert window.start_ns == other.start_ns
            np.testing.assert_allclose(window.imu, other.imu, atol=1e-5)


@pytest.mark.parametrize("model", [Model(CARD, ByTilt()), load_model("waist")], ids=["upright", "device"])
def test_the_answers_are_those_of_a_recognizer_to_the_turned_samples(model: Model) -> None:
    for rotation in all_turns()[:30:5]:
        recognizer = Recognizer(model)
        samples = turned_recording(WEARER, rotation)
        wanted = recognizer.push(samples.times_ns, samples.acc, samples.gyro) + recognizer.finish()
        found = answers_to(model, [turned(window, rotation) for window in cut_recording(WEARER).windows])
        assert [answer.activity for answer in found] == [answer.activity for answer in wanted]
        np.testing.assert_allclose(
            [answer.probabilities for answer in found], [answer.probabilities for answer in wanted], atol=0.02
        )


def test_a_model_that_sees_only_which_way_is_up_gives_the_same_answers_however_it_is_turned() -> None:
    found = row(Model(CARD, ByTilt()), WEARER)
    assert (found["users"], found["recordings"]) == (1, 1)
    assert 50 < found["windows_with_reference"] < found["windows"] - 5
    assert found["macro_f1"] > 0.9
    for kind in ("quarter_turns", "random_turns"):
        assert found[kind]["same"] == found[kind]["same_in_the_worst"] == 1
        assert found[kind]["macro_f1_change_largest"] == 0


def test_a_model_that_sees_another_axis_does_not() -> None:
    found = row(Model(replace(CARD, frame="device"), ByTilt(axis=1)), WEARER)
    assert found["windows_with_reference"] == found["windows"]
    assert found["quarter_turns"]["same"] < 0.9
    assert found["quarter_turns"]["same_in_the_worst"] < found["quarter_turns"]["same"]
    assert abs(found["quarter_turns"]["macro_f1_change_largest"]) > 0.1


def test_recordings_of_a_mounting_are_one_stream_with_pauses() -> None:
    walk, lie = (
        recording(("walking", UP, 20.0), name="walk", mounting="x"),
        recording(("lying", LEVEL, 10.0), name="lie", mounting="x"),
    )
    (stream,) = streams_of([walk, lie])
    starts = np.diff([window.start_ns for window in stream.windows])
    assert sorted(set(starts.tolist())) == [500_000_000, turns.PAUSE_NS + 980_000_000]
    assert row(Model(CARD, ByTilt()), walk, lie)["macro_f1"] > 0.9  # Who lies has walked before, so it is known.
    apart = row(Model(CARD, ByTilt()), walk, replace(lie, mounting=None))
    assert apart["windows_with_reference"] < 40


def test_shares_and_changes_are_those_of_the_turns_alone() -> None:
    (stream,) = streams_of([WEARER])
    count = len(stream.windows)
    answers = np.zeros((48, count), np.int64)
    answers[1:24, :: count // 2] = 1  # The quarter turns alone differ, in two or three windows.
    standing = activities_of(CARD).index("standing")
    likeliest = np.full((48, count), standing)
    found = row_of(CARD, [stream], [Answered(answers, likeliest, np.ones(count, np.bool_))])
    differing = len(range(0, count, count // 2))
    assert found["quarter_turns"]["same"] == pytest.approx(1 - differing / count)
    assert found["random_turns"]["same"] == 1
    assert found["same_before_reference"] is None
    assert found["quarter_turns"]["macro_f1_change"] == 0


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Model:
    """What the script loads, whatever its name."""
    training = replace(CARD.training, never_seen=("hapt-02", "hapt-05"))
    model = Model(replace(CARD, training=training), ByTilt())
    monkeypatch.setattr(turns, "load_model", lambda name: model)
    turns._loaded.cache_clear()
    return model


@pytest.mark.slow
@pytest.mark.parametrize(("extra", "people"), [((), 2), (("--all",), 6)])
def test_the_script_answers_for_the_people_never_seen(
    small_hapt: Path, tmp_path: Path, fake: Model, extra: tuple[str, ...], people: int
) -> None:
    out = tmp_path / "turns.json"
    assert turns.main(["fake", "--data", str(small_hapt.parent), "--jobs", "1", "--out", str(out), *extra]) == 0
    result = json.loads(out.read_text())
    (found,) = result["rows"]
    assert (result["model"], found["set"], found["users"]) == (fake.card.name, "hapt", people)
    assert found["quarter_turns"]["same"] > 0.99
    text = tables.turns(result)
    assert f"| hapt | {people} | {people} | quarter turns | " in text
    assert ("Of everybody" in text) == bool(extra)
    low, high = found["random_turns"]["interval"]
    assert low <= found["random_turns"]["same"] <= high


@pytest.mark.slow
def test_the_script_answers_in_several_processes(small_hapt: Path, tmp_path: Path) -> None:
    out = tmp_path / "turns.json"
    assert turns.main(["waist", "--data", str(small_hapt.parent), "--jobs", "2", "--out", str(out)]) == 0
    (found,) = json.loads(out.read_text())["rows"]
    assert found["users"] == 2  # hapt-03 and hapt-05.
    assert found["quarter_turns"]["same"] < 0.9
    assert found["windows"] == found["windows_with_reference"]


def test_a_model_that_has_seen_everybody_gives_one_line(
    small_hapt: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(turns, "load_model", lambda name: Model(CARD, ByTilt()))
    assert turns.main(["fake", "--data", str(small_hapt.parent), "--out", str(tmp_path / "a.json")]) == 2
    assert "among the people it never saw; give --all" in capsys.readouterr().err
