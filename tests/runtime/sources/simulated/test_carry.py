"""How a device is carried: which direction points up, and which way it is turned about it."""

import numpy as np
import pytest

from har_runtime.sources.simulated.carry import AXES, Carry, direction_name, parse_direction


@pytest.mark.parametrize("place", ["waist", "pocket"])
def test_as_measured_nothing_is_turned(place: str) -> None:
    assert np.array_equal(Carry(place).rotation(np.array([3.0, -9.0, 1.0])), np.eye(3))


def test_up_is_the_direction_asked_for_whichever_it_was() -> None:
    for measured in np.random.default_rng(0).standard_normal((5, 3)):
        for up in (*AXES.values(), (0.3, -20.0, 8.0)):
            for turn in (0.0, 90.0, -200.0):
                rotation = Carry("pocket", up, turn).rotation(measured)
                assert np.allclose(rotation @ rotation.T, np.eye(3))
                assert np.linalg.det(rotation) == pytest.approx(1)
                turned = rotation @ measured
                assert np.allclose(turned / np.linalg.norm(turned), np.array(up) / np.linalg.norm(up))


def test_a_turn_is_counter_clockwise_seen_from_above() -> None:
    up = np.array([0.0, 0.0, 9.8])
    ahead = np.array([1.0, 0.0, 0.0])  # The wearer walks on along the world's x; the phone's x turns to the left.
    assert np.allclose(Carry("waist", (0.0, 0.0, 1.0), 90).rotation(up) @ ahead, [0.0, -1.0, 0.0])
    assert np.allclose(Carry("waist", None, 90).rotation(up) @ ahead, [0.0, -1.0, 0.0])


def test_directions_are_read_and_named() -> None:
    for name, axis in AXES.items():
        assert parse_direction(name) == axis
        assert direction_name(axis) == name
    assert parse_direction("+y") == parse_direction(" y") == (0.0, 1.0, 0.0)
    assert direction_name(parse_direction("0, -0.9,0.4")) == "0,-0.9,0.4"
