"""The temperature that makes probabilities right as often as they say, with and without places."""

import numpy as np
import pytest
from scipy.special import log_softmax, softmax

from har_train.fit.calibration import calibrated, fit_temperature, log_probabilities

RNG = np.random.default_rng(0)
TRUE = 2.5
"""Temperature at which the made logits are right."""
BY_PLACE = (TRUE * RNG.normal(0, 1.5, (4000, 3, 4))).astype(np.float32)
PLACES = RNG.normal(0, 2, (4000, 3)).astype(np.float32)


def truth(logits: np.ndarray, places: np.ndarray) -> np.ndarray:
    """Classes drawn by the probabilities at the true temperature."""
    odds = np.einsum("np,npc->nc", softmax(places, axis=1), softmax(logits / TRUE, axis=2)).cumsum(axis=1)
    return (RNG.random((len(odds), 1)) > odds[:, :-1]).sum(axis=1)


def test_the_temperature_of_logits_at_places_is_found() -> None:
    y = truth(BY_PLACE, PLACES)
    found = fit_temperature(BY_PLACE, y, PLACES)
    assert found == pytest.approx(TRUE, rel=0.1)

    def loss(temperature: float) -> float:
        return -float(log_probabilities(BY_PLACE, temperature, PLACES)[np.arange(len(y)), y].mean())

    assert loss(found) < min(loss(0.9 * found), loss(1.1 * found))


def test_probabilities_are_the_mean_over_places_which_the_temperature_leaves_alone() -> None:
    for temperature in (0.5, 1.0, 4.0):
        found = calibrated(BY_PLACE, temperature, PLACES)
        wanted = np.einsum("np,npc->nc", softmax(PLACES, axis=1), softmax(BY_PLACE / temperature, axis=2))
        np.testing.assert_allclose(found, wanted, atol=1e-5)
        np.testing.assert_allclose(found.sum(axis=1), 1, atol=1e-5)


def test_with_a_place_that_is_certain_it_is_the_temperature_of_that_place() -> None:
    certain = np.where(np.arange(3) == 1, 50, -50).astype(np.float32) * np.ones((4000, 1), np.float32)
    y = truth(BY_PLACE, certain)
    assert fit_temperature(BY_PLACE, y, certain) == pytest.approx(fit_temperature(BY_PLACE[:, 1], y), rel=1e-3)
    found = log_probabilities(BY_PLACE, 2.0, certain)
    np.testing.assert_allclose(found, log_softmax(BY_PLACE[:, 1] / 2.0, axis=1), atol=1e-5)
