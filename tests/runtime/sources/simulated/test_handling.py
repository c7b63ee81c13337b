"""A device in the hand: what its two sensors say fits together."""

import numpy as np
import pytest

from har_runtime.contract import SAMPLE_RATE_HZ
from har_runtime.sources.simulated.handling import HANDLING_S, SHAKE, handling
from har_runtime.sources.simulated.rotation import matrix

START, END = np.array([0.0, -9.8, 0.0]), np.array([9.0, 0.0, 3.6])


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("end", [END, -START, START])
def test_gravity_turned_by_the_gyroscope_is_what_the_accelerometer_feels(seed: int, end) -> None:
    signal = handling(START, end, np.random.default_rng(seed))
    assert signal.shape == (HANDLING_S * SAMPLE_RATE_HZ, 6)
    gravity = START
    far = 0.0
    for sample in signal:
        far = max(far, float(np.linalg.norm(sample[:3] - gravity)))
        gravity = matrix(-sample[3:] / SAMPLE_RATE_HZ) @ gravity  # A world that stands still, seen from the device.
    assert far < 3 * SHAKE
    assert np.linalg.norm(gravity - end * np.linalg.norm(gravity) / np.linalg.norm(end)) < 0.2


@pytest.mark.parametrize("seed", range(5))
def test_it_begins_and_ends_at_rest_and_moves_like_a_hand(seed: int) -> None:
    signal = handling(START, END, np.random.default_rng(seed))
    assert signal[0, :3] == pytest.approx(START)
    assert np.abs(signal[[0, -1], 3:]).max() < 0.1
    rates = np.linalg.norm(signal[:, 3:], axis=1)
    assert 0.8 < np.sqrt((rates**2).mean()) < 2  # MotionSense: 1.0 to 1.8 rad/s, at most 4.7.
    assert rates.max() < 4.7


def test_another_seed_is_another_way() -> None:
    one, again, other = (handling(START, END, np.random.default_rng(seed)) for seed in (1, 1, 2))
    assert np.array_equal(one, again)
    assert not np.allclose(one, other)
