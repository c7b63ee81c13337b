"""The controls see simple statistics of the same windows and learn from the training users alone."""

from dataclasses import replace

import numpy as np
import pytest

from har_train.data.windows import cut_windows
from har_train.datasets import load
from har_train.evaluation.controls import Control, window_statistics
from har_train.recipe_file import load_recipe


def test_the_statistics_are_what_their_names_say() -> None:
    time = np.arange(50) / 50
    x = np.zeros((1, 50, 6), np.float32)
    x[0, :, 0] = 9.8 + np.sin(2 * np.pi * 5 * time)  # 5 Hz on acc_x.
    x[0, :, 1] = 2 * np.sin(2 * np.pi * 5 * time)
    statistics = window_statistics(x)[0].reshape(-1)
    assert statistics.shape == (78,)
    assert np.isfinite(statistics).all()
    mean, std, frequency = statistics[0:8], statistics[8:16], statistics[64:72]
    assert mean[0] == pytest.approx(9.8, abs=1e-3)
    assert std[:2] == pytest.approx([np.sqrt(0.5), np.sqrt(2)], rel=1e-3)
    assert frequency[:2] == pytest.approx([5.0, 5.0])
    correlations = statistics[72:]
    assert correlations[0] == pytest.approx(1.0, abs=1e-4)  # x and y move together.
    assert correlations[1:].tolist() == [0.0] * 5  # The other axes stand still.


@pytest.mark.parametrize("method", ["random-forest", "logistic-regression"])
def test_a_control_learns_the_activities_of_simulated_wearers(small_hapt, method: str) -> None:
    windows = cut_windows(load("hapt", small_hapt), load_recipe("uci-har").data)
    test = windows.of_users(["hapt-01", "hapt-02"])
    train = windows.of_users(["hapt-03", "hapt-04", "hapt-05", "hapt-06"])
    control = Control(method, train, seed=0)
    probabilities = control.probabilities(test.x)
    assert probabilities.shape == (len(test.y), 6)
    assert np.allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert (probabilities.argmax(axis=1) == test.y).mean() > 0.6
    assert np.array_equal(Control(method, train, seed=0).probabilities(test.x), probabilities)


def test_a_control_of_what_yaw_leaves_alone_does_not_depend_on_yaw(small_hapt) -> None:
    windows = cut_windows(load("hapt", small_hapt), replace(load_recipe("uci-har").data, frame="upright"))
    train, test = windows.of_users(["hapt-03", "hapt-04"]), windows.of_users(["hapt-01"])
    turned = test.x.copy()
    turned[:, :, [0, 1, 3, 4]] = np.stack(
        [-test.x[:, :, 1], test.x[:, :, 0], -test.x[:, :, 4], test.x[:, :, 3]], axis=2
    )
    blind, seeing = (Control("random-forest", train, 0, yaw_invariant=invariant) for invariant in (True, False))
    assert np.array_equal(blind.probabilities(turned), blind.probabilities(test.x))
    assert not np.array_equal(seeing.probabilities(turned), seeing.probabilities(test.x))
    assert (blind.probabilities(test.x).argmax(axis=1) == test.y).mean() > 0.6
