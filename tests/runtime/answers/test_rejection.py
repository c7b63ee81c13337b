"""Windows that are unlike the training data."""

import numpy as np
import pytest
from scipy.spatial.distance import mahalanobis
from tests.conftest import simulated_recording

from har_runtime.answers.rejection import Rejector, window_statistics
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
        assert rejector.is_unlike(windows[0]), name


def test_windows_of_nothing_but_nan_are_no_activity(rejection) -> None:
    broken = np.full((50, 6), np.nan, np.float32)
    assert Rejector(rejection).is_unlike(broken)
