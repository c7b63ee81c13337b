"""Which way is up is learnt from gait, and windows are turned accordingly, however the device is worn."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from numpy.typing import NDArray

from har_runtime.contract import HOP, PERIOD_NS
from har_runtime.recording import Recording, cut_recording
from har_runtime.signal.axes import turns
from har_runtime.signal.upright import (
    FOUND_AFTER,
    MOVED_AFTER,
    WITHIN,
    UprightTracker,
    in_device_axes,
    in_frame,
    turned_upright,
    upright_rotation,
)
from har_runtime.signal.window import Up, Window

UP = np.array([0.48, -0.6, 0.64])
DOWN = -UP
HOP_NS = HOP * PERIOD_NS
T = np.arange(50) / 50


def window(number: int, acc: NDArray[np.float64], gyro: float = 0.1) -> Window:
    imu = np.concatenate([acc, np.full((50, 3), gyro)], axis=1).astype(np.float32)
    return Window(0, number * HOP_NS, imu)


def gait(number: int, up: NDArray[np.float64], hz: float = 1.8) -> Window:
    """Steps that bounce along `up`."""
    return window(number, (9.8 + 3 * np.sin(2 * np.pi * hz * (T + number / 2)))[:, None] * up)


def still(number: int, direction: NDArray[np.float64]) -> Window:
    return window(number, np.tile(9.8 * direction, (50, 1)))


def degrees(one: tuple[float, float, float], other: NDArray[np.float64]) -> float:
    return math.degrees(math.acos(min(1.0, float(np.array(one) @ other))))


def test_gait_that_agrees_shows_which_way_is_up() -> None:
    tracker = UprightTracker()
    found = [tracker.step(gait(number, UP)).up for number in range(FOUND_AFTER)]
    assert [up.found for up in found if up] == ["window"] * (FOUND_AFTER - 1) + ["gait"]
    assert tracker.up is not None
    assert degrees(tracker.up.direction, UP) < 0.1


@pytest.mark.parametrize("together", [1, 3, 100])
def test_windows_that_come_together_are_turned_as_one_by_one(together: int) -> None:
    lying = (0.6, 0.0, -0.8)
    windows = [*(still(number, np.array(lying)) for number in range(5)), *(gait(number, UP) for number in range(5, 25))]
    windows += [*(gait(number, DOWN) for number in range(30, 60)), window(60, np.full((50, 3), np.nan))]
    one_by_one, by_parts = UprightTracker(), UprightTracker()
    parts = [windows[begin : begin + together] for begin in range(0, len(windows), together)]
    turned = [one for part in parts for one in by_parts.push(part)]
    for one, other in zip(map(one_by_one.step, windows), turned, strict=True):
        assert (one.start_ns, one.up) == (other.start_ns, other.up)
        assert np.array_equal(one.imu, other.imu, equal_nan=True)
        assert not other.imu.flags.writeable
    assert {one.up.found for one in turned if one.up} == {"window", "gait"}


def test_before_gait_each_window_is_turned_by_its_own_gravity() -> None:
    turned = UprightTracker().step(still(0, UP))
    assert turned.up is not None
    assert not turned.up.shows_posture
    np.testing.assert_allclose(turned.imu[:, :3], np.tile([0, 0, 9.8], (50, 1)), atol=1e-5)


def test_with_a_reference_lying_is_a_quarter_turn_from_standing() -> None:
    tracker = UprightTracker()
    for number in range(FOUND_AFTER):
        tracker.step(gait(number, UP))
    level = np.cross(UP, [0.0, 0.0, 1.0])
    turned = tracker.step(still(FOUND_AFTER, level / np.linalg.norm(level)))
    assert abs(turned.imu[:, 2]).max() < 0.1
    assert turned.up is not None
    assert turned.up.shows_posture


def test_gait_in_all_directions_is_no_reference() -> None:
    directions = np.random.default_rng(0).normal(size=(100, 3))
    tracker = UprightTracker()
    for number, direction in enumerate(directions):
        tracker.step(gait(number, direction / np.linalg.norm(direction)))
    assert tracker.up is None


@pytest.mark.parametrize("acc", [np.zeros((50, 3)), np.full((50, 3), np.float64(1e-3))])
def test_free_fall_keeps_the_last_direction_and_is_finite(acc: NDArray[np.float64]) -> None:
    tracker = UprightTracker()
    assert tracker.step(window(0, acc)).up == Up((0.0, 0.0, 1.0), "window")
    tracker.step(still(1, UP))
    fallen = tracker.step(window(2, acc))
    assert fallen.up is not None
    assert degrees(fallen.up.direction, UP) < 0.1
    assert np.isfinite(fallen.imu).all()


def test_the_shaking_of_a_bus_is_no_gait() -> None:
    rng = np.random.default_rng(1)
    tracker = UprightTracker()
    for number in range(200):
        tracker.step(window(number, 9.8 * UP + rng.normal(scale=1.2, size=(50, 3))))
    assert tracker.up is None


def test_running_and_hand_shaking_are_too_fast_for_a_reference() -> None:
    tracker = UprightTracker()
    for number in range(40):
        tracker.step(gait(number, UP, hz=3.2))
    assert tracker.up is None


def test_a_device_put_back_upside_down_is_noticed_within_its_windows_of_gait() -> None:
    tracker = UprightTracker()
    for number in range(60):
        tracker.step(gait(number, UP))
    for number in range(60, 60 + MOVED_AFTER):
        assert tracker.up is not None
        assert degrees(tracker.up.direction, UP) < 1
        tracker.step(gait(number, DOWN))
    assert tracker.up is not None
    assert tracker.up.found == "gait"
    assert degrees(tracker.up.direction, DOWN) < 1


def test_a_device_put_back_upside_down_is_noticed_on_stairs_where_every_third_window_is_gait() -> None:
    tracker = UprightTracker()
    for number in range(60):
        tracker.step(gait(number, UP))
    for number in range(60, 60 + 3 * MOVED_AFTER):
        tracker.step(gait(number, DOWN) if number % 3 == 2 else window(number, 9.8 * DOWN + np.zeros((50, 3))))
    assert tracker.up is not None
    assert degrees(tracker.up.direction, DOWN) < 1


def test_a_posture_never_moves_the_reference() -> None:
    tracker = UprightTracker()
    for number in range(FOUND_AFTER):
        tracker.step(gait(number, UP))
    before = tracker.up
    for number in range(FOUND_AFTER, 5000):
        tracker.step(still(number, DOWN))
    assert tracker.up == before


def test_slowly_slipping_devices_are_followed() -> None:
    tracker = UprightTracker()
    for number in range(600):
        angle = math.radians(number / 10)
        tracker.step(gait(number, np.array([math.sin(angle), 0.0, math.cos(angle)])))
    assert tracker.up is not None
    assert degrees(tracker.up.direction, np.array([math.sin(math.radians(60)), 0, math.cos(math.radians(60))])) < 15


def test_windows_before_and_after_a_gap_do_not_agree_with_each_other() -> None:
    tracker = UprightTracker()
    for number in range(FOUND_AFTER - 1):
        tracker.step(gait(number, UP))
    tracker.step(gait(1000, UP))
    assert tracker.up is None
    for number in range(1001, 1000 + FOUND_AFTER):
        tracker.step(gait(number, UP))
    assert tracker.up is not None


def test_a_reference_survives_gaps() -> None:
    tracker = UprightTracker()
    for number in range(FOUND_AFTER):
        tracker.step(gait(number, UP))
    turned = tracker.step(still(10**6, DOWN))
    assert turned.up is not None
    assert turned.up.found == "gait"


def test_a_given_reference_holds_from_the_first_window_and_yields_to_gait_that_disagrees() -> None:
    tracker = UprightTracker(Up((0.0, 0.0, 1.0), "given"))
    first = tracker.step(still(0, UP))
    assert first.up == Up((0.0, 0.0, 1.0), "given")
    for number in range(1, WITHIN * MOVED_AFTER):
        tracker.step(gait(number, UP))
    assert tracker.up is not None
    assert (tracker.up.found, degrees(tracker.up.direction, UP) < 1) == ("gait", True)


def test_reset_forgets_all_but_the_given_reference() -> None:
    given_up = Up((0.0, 1.0, 0.0), "given")
    tracker = UprightTracker(given_up)
    for number in range(60):
        tracker.step(gait(number, UP))
    tracker.reset()
    assert tracker.up == given_up


@given(hnp.arrays(np.float64, 3, elements=st.floats(-1, 1)).filter(lambda v: np.linalg.norm(v) > 0.1))
def test_the_turn_takes_up_to_z_keeps_lengths_and_is_undone_exactly_enough(vector: NDArray[np.float64]) -> None:
    x, y, z = (vector / np.linalg.norm(vector)).tolist()
    rotation = upright_rotation((x, y, z))
    np.testing.assert_allclose(rotation @ [x, y, z], [0, 0, 1], atol=1e-7)
    np.testing.assert_allclose(rotation @ rotation.T, np.eye(3), atol=1e-7)
    assert np.linalg.det(rotation) == pytest.approx(1)
    original = gait(0, UP)
    turned = Window(0, 0, turned_upright(original.imu, Up((x, y, z), "given")), Up((x, y, z), "given"))
    np.testing.assert_allclose(in_device_axes(turned), original.imu, atol=1e-4)


@pytest.mark.parametrize("z", [-1.0, -1 + 1e-13, -1 + 1e-11, -1 + 1e-9])
def test_upside_down_is_half_a_turn(z: float) -> None:
    x = math.sqrt(max(0.0, 1 - z * z))
    rotation = upright_rotation((x, 0.0, z))
    np.testing.assert_allclose(rotation @ [x, 0.0, z], [0, 0, 1], atol=1e-6)
    assert np.linalg.det(rotation) == pytest.approx(1, abs=1e-6)


def test_a_recording_turned_any_way_gives_the_same_upright_windows_but_for_their_yaw() -> None:
    rng = np.random.default_rng(2)
    steps = (9.8 + 3 * np.sin(2 * np.pi * 1.8 * np.arange(3000) / 50))[:, None] * UP
    acc = np.concatenate([steps, np.tile([9.8, 0.0, 0.0], (500, 1))]) + rng.normal(scale=0.05, size=(3500, 3))
    gyro = rng.normal(size=(3500, 3))
    times = np.arange(3500) * PERIOD_NS

    def vertical(acc: NDArray[np.float64], gyro: NDArray[np.float64]) -> NDArray[np.float32]:
        windows = in_frame(cut_recording(Recording("turned", times, acc, gyro)).windows, "upright")
        imu = np.stack([window.imu for window in windows])
        level = np.hypot(imu[..., [0, 3]], imu[..., [1, 4]])
        return np.concatenate([imu[..., [2, 5]], level], axis=2)

    expected = vertical(acc, gyro)
    for turn in turns():
        np.testing.assert_allclose(vertical(turn.turn(acc), turn.turn(gyro)), expected, atol=1e-4)


def test_windows_in_the_frame_of_the_device_are_left_as_they_are() -> None:
    windows = [gait(number, UP) for number in range(3)]
    assert in_frame(windows, "device") == windows


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_no_number_is_not_kept(value: float) -> None:
    tracker = UprightTracker()
    tracker.step(still(0, UP))
    tracker.step(window(1, np.full((50, 3), value)))
    assert np.isfinite(tracker.step(window(2, np.zeros((50, 3)))).imu).all()  # Free fall: the last direction is kept.
    for number in range(3, FOUND_AFTER + 3):
        tracker.step(gait(number, UP))
    assert tracker.up is not None
    assert degrees(tracker.up.direction, UP) < 0.1
