"""Transitions, statistics and thresholds come from the training and validation users only."""

from dataclasses import replace

import numpy as np
import pytest
from tests.conftest import simulated_recording

from har_runtime.answers.answering import Answering
from har_runtime.answers.rejection import Rejector, window_statistics
from har_runtime.model.card import STATISTICS, ModelCard, Training, card_from_json
from har_runtime.recording import Recording
from har_train.data.continuous import track_of
from har_train.data.splits import UserSplit
from har_train.data.windows import WindowSet, cut_windows
from har_train.fit.answer_parameters import ALIKE, fit_answers, fit_statistics, fit_transitions
from har_train.recipe import DataConfig

ACTIVITIES = ("walking", "stairs_up", "stairs_down", "sitting", "standing", "lying")
CONFIG = DataConfig("hapt", ACTIVITIES)
SPLIT = UserSplit(("wearer-0", "wearer-1", "wearer-2"), ("wearer-3", "wearer-4"), ("wearer-5",))


@pytest.fixture(scope="module")
def recordings() -> list[Recording]:
    return [simulated_recording(seed, 5250) for seed in range(6)]


@pytest.fixture(scope="module")
def windows(recordings) -> WindowSet:
    return cut_windows(recordings, CONFIG)


@pytest.fixture(scope="module")
def predict(windows):
    """A model that is right by the nearest of the activities' mean windows."""
    statistics = window_statistics(windows.x)
    centres = np.array([statistics[windows.y == index].mean(axis=0) for index in range(len(ACTIVITIES))])

    def probabilities(x: np.ndarray) -> np.ndarray:
        distance = np.linalg.norm(window_statistics(x)[:, None] - centres, axis=2)
        scores = np.exp(-3 * (distance - distance.min(axis=1, keepdims=True)))
        return (scores / scores.sum(axis=1, keepdims=True)).astype(np.float32)

    return probabilities


@pytest.fixture(scope="module")
def answers(recordings, windows, predict):
    return fit_answers(recordings, windows, SPLIT, predict)


def labelled(*bouts: tuple[str, int]) -> Recording:
    labels = np.concatenate([np.full(count, label, "U16") for label, count in bouts])
    count = len(labels)
    return Recording(
        "toy", np.arange(count) * 20_000_000, np.zeros((count, 3)), np.zeros((count, 3)), labels, "someone"
    )


def two(counts: tuple[int, int] = (60, 40)) -> WindowSet:
    """Windows of sitting and walking."""
    y = np.repeat([0, 1], counts)
    names = np.full(len(y), "someone")
    zeros = np.zeros(len(y), np.int64)
    x = np.zeros((len(y), 50, 6), np.float32)
    return WindowSet(x, y, names, names, zeros, names, zeros, ("sitting", "walking"))


def test_a_change_is_counted_across_a_posture_change_and_unlabelled_samples() -> None:
    bouts = [("sitting", 2500), ("sit_to_stand", 100), ("", 50), ("walking", 1250), ("", 100), ("sitting", 2500)]
    smoothing = fit_transitions([labelled(*bouts)], two(), evidence=0.5, weight=1)
    assert smoothing is not None
    matrix = np.array(smoothing.transitions)
    # Sitting: 200 hops and one change of three ever seen; walking: 50 hops and one.
    np.testing.assert_allclose(matrix, [[1 - 2 / 202, 2 / 202], [2 / 52, 1 - 2 / 52]], atol=2e-6)
    assert smoothing.prior == (0.6, 0.4)
    assert smoothing.evidence == 0.5


def test_recordings_without_a_change_give_no_transitions() -> None:
    assert fit_transitions([labelled(("sitting", 500), ("", 100), ("sitting", 500))], two(), 0.5, 1) is None


def test_a_heavy_script_weight_makes_what_comes_next_alike_and_leaves_how_long_things_last(recordings, windows) -> None:
    light = np.array(fit_transitions(recordings, windows, 1.0, 1.0).transitions)
    heavy = np.array(fit_transitions(recordings, windows, 1.0, 1e6).transitions)
    np.testing.assert_allclose(np.diag(light), np.diag(heavy), atol=1e-5)
    np.testing.assert_allclose(heavy.sum(axis=1), 1, atol=1e-9)
    others = heavy[~np.eye(6, dtype=bool)].reshape(6, 5)
    np.testing.assert_allclose(others, others.mean(axis=1, keepdims=True) * np.ones(5), rtol=1e-3)
    walking, lying = ACTIVITIES.index("walking"), ACTIVITIES.index("lying")
    assert light[walking, lying] < heavy[walking, lying] / 3  # Nobody lies down out of a walk.


def test_whitened_statistics_have_variance_one_and_no_correlation(windows) -> None:
    means, whitening = fit_statistics(windows)
    for index in range(len(ACTIVITIES)):
        whitener = np.zeros((STATISTICS, STATISTICS))
        whitener[np.tril_indices(STATISTICS)] = whitening[index]
        statistics = window_statistics(windows.x[windows.y == index])
        whitened = (statistics - means[index]) @ whitener.T
        assert np.abs(whitened.mean(axis=0)).max() < 0.05
        assert 0.2 < (whitened**2).mean() < 1.3  # Correlations were shrunk, and a simulated signal's are strong.


def test_thresholds_accept_the_validation_users_as_promised(answers, recordings, windows) -> None:
    validation = windows.of_users(SPLIT.validation)
    distances = Rejector(answers.rejection).distances(validation.x)
    assert (distances <= answers.rejection.distance).mean() == pytest.approx(ALIKE, abs=0.01)
    assert 0 < answers.rejection.raw_confidence < 1
    assert 0 < answers.rejection.confidence < 1


def test_test_users_decide_nothing(answers, recordings, windows, predict) -> None:
    others = [entry for entry in recordings if entry.user not in SPLIT.test]
    assert fit_answers(others, windows.of_users(SPLIT.train + SPLIT.validation), SPLIT, predict) == answers


def test_what_was_fitted_fits_a_card_and_answers_with_it(answers, predict, recordings) -> None:
    card = ModelCard(
        "toy",
        "1",
        ACTIVITIES,
        "waist",
        1.0,
        Training("toy", "hapt", "none", "nobody", 0, SPLIT.train, SPLIT.validation, SPLIT.test, "1"),
        {},
    )
    whole = card_from_json(replace(card, smoothing=answers.smoothing, rejection=answers.rejection).to_json(), "toy")
    assert Answering(whole).smoothing == "hmm"
    track = track_of(recordings[5])
    assert track is not None
    alike = Rejector(whole.rejection).distances(track.windows) <= whole.rejection.distance
    known = np.array([label in ACTIVITIES for label in track.labels])
    assert alike[known].mean() > 0.5
