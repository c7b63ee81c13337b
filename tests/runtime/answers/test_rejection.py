"""Windows that are unlike the training data."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from tests.conftest import simulated_recording

from har_runtime.answers.rejection import Rejector, window_statistics
from har_runtime.model.card import UPRIGHT_STATISTICS, Rejection
from har_runtime.model.load import load_model
from har_runtime.recording import cut_recording


@pytest.fixture(scope="module")
def rejection():
    found = load_model("waist").card.rejection
    assert found is not None
    return found


@pytest.fixture(scope="module")
def worn() -> np.ndarray:
    """Windows of simulated wearers, of one activity each."""
    cuts = [cut_recording(simulated_recording(seed, 4000)) for seed in range(3)]
    return np.stack(
        [window.imu for cut in cuts for window, label in zip(cut.windows, cut.labels, strict=True) if label]
    )


def test_the_distance_is_mahalanobis_to_the_nearest_activity(rejection, worn) -> None:
    statistics = window_statistics(worn[::40])
    size = statistics.shape[1]
    wanted = np.full(len(statistics), np.inf)
    for mean, triangle in zip(rejection.means, rejection.whitening, strict=True):
        whitener = np.zeros((size, size))
        whitener[np.tril_indices(size)] = triangle
        precision = whitener.T @ whitener
        wanted = np.minimum(wanted, [mahalanobis(row, mean, precision) for row in statistics])
    np.testing.assert_allclose(Rejector(rejection).distances(worn[::40]), wanted, rtol=1e-9)


def test_statistics_are_those_of_each_channel() -> None:
    window = np.zeros((50, 6), np.float32)
    window[:, 0], window[::2, 4], window[1::2, 4] = 9.81, 1.0, -1.0
    found = window_statistics(window)
    assert found.shape == (13,)
    assert found[:6] == pytest.approx([9.81, 0, 0, 0, 0, 0])
    assert found[6:12] == pytest.approx(np.log([0.02, 0.02, 0.02, 0.02, 1.02, 0.02]))
    assert found[12] == pytest.approx(9.81)
    assert window_statistics(np.stack([window, window])).tolist() == [found.tolist()] * 2


def test_a_wearer_is_like_the_training_data_and_others_are_not(rejection, worn) -> None:
    rejector = Rejector(rejection)
    alike = rejector.distances(worn) <= rejection.distance
    assert alike.mean() > 0.9
    rng = np.random.default_rng(0)
    others = {
        "upside down": worn * np.float32([-1, -1, -1, 1, 1, 1]),
        "thrown": rng.normal(0, 30, (20, 50, 6)).astype(np.float32),
        "in g": worn * np.float32([1 / 9.81] * 3 + [1] * 3),
    }
    for name, windows in others.items():
        assert (rejector.distances(windows) > rejection.distance).mean() > 0.8, name  # Lying may be upside down.
        assert rejector.are_unlike(windows[:1]) == [True], name


def test_windows_of_nothing_but_nan_are_no_activity(rejection) -> None:
    broken = np.full((50, 6), np.nan, np.float32)
    assert Rejector(rejection).are_unlike(broken[None]) == [True]


def test_statistics_of_the_frame_upright_are_those_of_the_vertical_and_the_horizontal_part() -> None:
    window = np.zeros((50, 6), np.float32)
    window[:, 2] = 8.0
    window[::2, 2] += 3.0  # The vertical part is 9.5 +- 1.5, and 3 from each sample to the next.
    window[:, 0], window[:, 1] = 3.0, 4.0
    window[::2, 0] += 1.0  # The horizontal part is (3.5, 4) on average, +- 0.5.
    found = window_statistics(window, "upright")
    assert found.shape == (UPRIGHT_STATISTICS,)
    level = np.hypot(3.5, 4)
    assert found == pytest.approx(
        [9.5, level, *np.log(np.array([1.5, 0.5, 3.0, 1.0]) + 0.02), np.hypot(9.5, level)], rel=1e-6
    )
    assert window_statistics(np.stack([window, window]), "upright").tolist() == [found.tolist()] * 2


@pytest.mark.parametrize("degrees", [1.0, 90.0, 217.0])
def test_no_turn_about_the_vertical_changes_them_and_a_tilt_does(worn, degrees: float) -> None:
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    yaw = np.array([[cosine, sine, 0], [-sine, cosine, 0], [0, 0, 1]])
    some = worn[::20].reshape(-1, 50, 2, 3).astype(np.float64)
    turned, tilted = ((some @ turn).reshape(-1, 50, 6).astype(np.float32) for turn in (yaw, yaw[::-1, ::-1]))
    wanted = window_statistics(worn[::20], "upright")
    np.testing.assert_allclose(window_statistics(turned, "upright"), wanted, atol=1e-4)
    assert np.abs(window_statistics(tilted, "upright") - wanted).max() > 0.1


def test_doubt_in_the_frame_upright_is_the_same_without_a_gyroscope(worn) -> None:
    without = worn.copy()
    without[:, :, 3:] = 0
    assert np.array_equal(window_statistics(without, "upright"), window_statistics(worn, "upright"))
    assert not np.array_equal(window_statistics(without), window_statistics(worn))


def test_in_the_frame_upright_groups_are_as_many_as_the_card_has(worn) -> None:
    statistics = window_statistics(worn, "upright")
    identity = tuple(np.eye(UPRIGHT_STATISTICS)[np.tril_indices(UPRIGHT_STATISTICS)].tolist())
    means = tuple(tuple(row) for row in statistics[[0, 5, 300]].tolist())
    rejection = Rejection(0.0, 0.0, 1e-6, means, (identity,) * 3)
    rejector = Rejector(rejection, "upright")
    wanted = np.min([np.linalg.norm(statistics - mean, axis=1) for mean in np.array(means)], axis=0)
    np.testing.assert_allclose(rejector.distances(worn), wanted, atol=1e-9)
    assert rejector.are_unlike(worn[5:7]) == [False, True]
    assert rejector.are_unlike(np.full((1, 50, 6), np.nan, np.float32)) == [True]
