"""Which unit acceleration is in, by the magnitude of gravity in it."""

import numpy as np
import pytest
from tests.conftest import simulated_recording

from har_runtime.signal.units import ACCELERATION, rest_magnitude, unit_at_rest, unit_question


@pytest.mark.parametrize("unit", list(ACCELERATION))
@pytest.mark.parametrize("seed", range(4))
def test_two_seconds_of_any_activity_tell_the_unit(unit: str, seed: int) -> None:
    acc = simulated_recording(seed, 5000).acc / ACCELERATION[unit]
    for begin in range(0, 5000, 100):
        magnitude = rest_magnitude(acc[begin : begin + 100])
        assert magnitude is not None
        assert unit_at_rest(magnitude) == unit


@pytest.mark.parametrize("magnitude", [0.0, 0.02, 0.5, 2.0, 4.9, 20.0, 98.1, 500.0, 2048.0, 16384.0, 1e6])
def test_what_fits_no_unit_is_asked_for(magnitude: float) -> None:
    assert unit_at_rest(magnitude) is None
    assert unit_question(magnitude).endswith("which unit is it in?")


def test_lost_and_garbled_samples_do_not_count() -> None:
    acc = np.array([[0, 0, 1.0], [np.nan, 0, 0], [0, np.inf, 0], [1e300, 1e300, 0]])
    assert rest_magnitude(acc) == 1.0
    assert rest_magnitude(acc[1:]) is None
