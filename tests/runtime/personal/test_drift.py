"""Prototypes drift slowly towards what is sure, and an hour at rest does not change what standing is."""

import itertools

import numpy as np
import pytest
from tests.runtime.fake_model import fake_model
from tests.runtime.personal.people import KNOWN, PERSONAL_CARD, PROTOTYPES, features_model, window

from har_runtime.answers.answering import Answering
from har_runtime.classify import classify
from har_runtime.errors import ModelError
from har_runtime.model.load import Model
from har_runtime.personal import drift
from har_runtime.personal.drift import REACH, Drift
from har_runtime.personal.model import drifting, personalised
from har_runtime.personal.profile import Learnt, empty_profile
from har_runtime.recognizer import Recognizer


def personal_model() -> Model:
    """One that answers by its prototypes, which are those of everybody."""
    own = [Learnt(label, "thigh", 10, (*at, 0.0, 0.0), "a test", 0.0) for label, at in KNOWN.items()]
    return personalised(features_model(), empty_profile(PERSONAL_CARD).with_learnt(own))


class Stream:
    """Answers of a model that adapts, window by window."""

    def __init__(self) -> None:
        self.model, self.head = drifting(personal_model())
        self.drift = Drift(self.head, self.model.card.places)
        self._answering = Answering(self.model.card, clock=itertools.count().__next__, place="thigh")
        self._number = 0

    def run(self, at: tuple[float, float], count: int) -> list[str]:
        """The answers to windows that are alike."""
        answers: list[str] = []
        for _ in range(count):
            (prediction,) = classify(self.model, [window("walking", at, self._number)])
            self._number += 1
            answer = self._answering.step(prediction)
            self.drift.step(answer)
            answers.append(answer.activity)
        return answers

    def later(self, seconds: float) -> None:
        """Nothing is measured for some time."""
        self._number += round(2 * seconds)

    def moved(self, label: str) -> float:
        return next((one.moved for one in self.drift.report() if one.label == label), 0.0)


def near(label: str, dx: float = 0.0, dy: float = 0.0) -> tuple[float, float]:
    x, y = KNOWN[label]
    return x + dx, y + dy


@pytest.mark.slow
def test_an_hour_at_rest_does_not_change_what_standing_is() -> None:
    stream = Stream()
    probes = [near("standing"), near("standing", 1.0, 0.5), near("sitting"), near("sitting", 1.0, 0.5)]
    before = [stream.run(probe, 20)[-1] for probe in probes]
    slouched = near("standing", -1.5)  # Nearer to sitting than standing is, but standing still.
    answers = stream.run(slouched, 7200)
    assert set(answers[20:]) == {"standing"}
    assert stream.moved("standing") < 0.1
    assert [stream.run(probe, 20)[-1] for probe in probes] == before == ["standing", "standing", "sitting", "sitting"]


def test_many_bouts_move_a_prototype_but_not_beyond_its_reach(monkeypatch: pytest.MonkeyPatch) -> None:
    stream = Stream()
    monkeypatch.setattr(drift, "RATE", 0.05)  # For fewer windows.
    moved: list[float] = []
    for _ in range(20):
        stream.run(near("walking", 0.0, 3.0), 12)
        stream.run(near("sitting"), 8)
        moved.append(stream.moved("walking"))
        stream.later(1800)
    assert 0.1 < moved[0] < moved[-1] <= REACH + 1e-9
    assert moved[-1] == pytest.approx(REACH)
    assert stream.moved("sitting") < 1e-6


@pytest.mark.parametrize("model", [features_model(), personal_model()], ids=["shipped", "personal"])
def test_until_something_has_moved_the_answers_are_the_models_own(model: Model) -> None:
    own, _ = drifting(model)
    windows = np.stack([window("walking", at).imu for at in KNOWN.values()])
    for one, other in zip(vars(own.outputs(windows)).values(), vars(model.outputs(windows)).values(), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_prototype_that_has_moved_counts_as_if_it_had_been_learnt_there() -> None:
    own, head = drifting(personal_model())
    there = np.array([0.5, 1.0, 0.0, -0.5])
    head.move(("thigh", "walking"), there)
    k0, windows = PROTOTYPES.prior_weight, 10
    learnt = (there * (k0 + windows) - k0 * np.array([*KNOWN["walking"], 0, 0])) / windows
    entries = [Learnt("walking", "thigh", windows, tuple(learnt.tolist()), "a test", 0.0)]
    entries += [Learnt(label, "thigh", 10, (*at, 0.0, 0.0), "a test", 0.0) for label, at in KNOWN.items()][1:]
    wanted = personalised(features_model(), empty_profile(PERSONAL_CARD).with_learnt(entries))
    x = np.stack([window("walking", (dx, dy)).imu for dx in range(4) for dy in range(8)])
    got, right = own.outputs(x), wanted.outputs(x)
    assert got.by_place is not None and right.by_place is not None
    at = PERSONAL_CARD.places.index("thigh")
    np.testing.assert_allclose(got.by_place[:, at], right.by_place[:, at], atol=1e-5)
    assert np.abs(got.by_place[:, at] - personal_model().outputs(x).by_place[:, at]).max() > 0.1


def test_what_is_unsure_counts_nothing() -> None:
    stream = Stream()
    x, y = KNOWN["walking"]
    stream.run((x + 2.0, y), 200)  # Halfway to stairs.
    assert stream.drift.report() == ()


def test_a_model_without_features_cannot_adapt() -> None:
    with pytest.raises(ModelError, match="does not give its features; use --model anywhere"):
        Recognizer(fake_model(), adapt=True)


def test_reset_forgets_the_drift() -> None:
    recognizer = Recognizer(features_model(), adapt=True)
    first = recognizer.model
    recognizer.reset()
    assert recognizer.model is not first and recognizer.drifted == ()
    imu = np.stack([window("walking", near("walking")).imu])
    for one, other in zip(vars(first.outputs(imu)).values(), vars(recognizer.model.outputs(imu)).values(), strict=True):
        np.testing.assert_array_equal(one, other)
