"""A sensor on a table is not worn after ten minutes; one on a sleeping wearer is."""

import numpy as np
import pytest

from har_runtime.answers.worn import NOT_WORN_WINDOWS, WornDetector
from har_runtime.signal.upright import in_device_axes, turned_upright
from har_runtime.signal.window import Up, Window

HOP_NS = 500_000_000
TABLE = np.array([0.1, -0.2, 9.79, 0.01, -0.02, 0.0])


def lying_about(count: int, noise_acc: float, noise_gyro: float, seed: int = 0) -> np.ndarray:
    """Windows of a sensor on a table, shape (count, 50, 6)."""
    rng = np.random.default_rng(seed)
    scale = [noise_acc] * 3 + [noise_gyro] * 3
    return (TABLE + rng.normal(0, 1, (count, 50, 6)) * scale).astype(np.float32)


def sleeping(count: int) -> np.ndarray:
    """Windows of a sleeping wearer: breathing tilts the sensor by half a degree, fourteen times a minute."""
    times = np.arange(count)[:, None] * 0.5 + np.arange(50) * 0.02
    tilt = np.radians(0.5) * np.sin(2 * np.pi * 14 / 60 * times)
    windows = lying_about(count, 0.01, 0.002)
    windows[:, :, 0] += (9.8 * np.sin(tilt)).astype(np.float32)
    return windows


def worn(windows: np.ndarray, ends_ns: np.ndarray | None = None) -> list[bool]:
    detector = WornDetector()
    ends = np.arange(len(windows)) * HOP_NS if ends_ns is None else ends_ns
    return [detector.step(window, int(end)) for window, end in zip(windows, ends, strict=True)]


@pytest.mark.parametrize(("acc", "gyro"), [(0.0, 0.0), (0.01, 0.002), (0.04, 0.008)], ids=["ideal", "good", "cheap"])
def test_a_sensor_on_a_table_is_not_worn_after_ten_minutes_and_not_before(acc: float, gyro: float) -> None:
    answers = worn(lying_about(NOT_WORN_WINDOWS + 100, acc, gyro))
    assert NOT_WORN_WINDOWS == 1200
    assert answers.index(False) == NOT_WORN_WINDOWS - 1
    assert not any(answers[NOT_WORN_WINDOWS - 1 :])


def test_a_sensor_is_worn_by_someone_who_sleeps_for_an_hour() -> None:
    assert all(worn(sleeping(7200)))


def test_picked_up_it_is_worn_at_once_and_the_wait_begins_again() -> None:
    windows = lying_about(2 * NOT_WORN_WINDOWS + 10, 0.01, 0.002)
    windows[NOT_WORN_WINDOWS + 5, 20:30, 1] += 3
    answers = worn(windows)
    assert not answers[NOT_WORN_WINDOWS + 4]
    assert all(answers[NOT_WORN_WINDOWS + 5 : 2 * NOT_WORN_WINDOWS + 5])
    assert not answers[-1]


def test_turned_over_slowly_it_is_worn_again() -> None:
    windows = lying_about(NOT_WORN_WINDOWS + 40, 0.01, 0.002)
    windows[NOT_WORN_WINDOWS + 5 :, :, 0] += (np.arange(35) * 0.01)[:, None].astype(np.float32)
    answers = worn(windows)
    assert not answers[NOT_WORN_WINDOWS + 4]
    assert any(answers[NOT_WORN_WINDOWS + 5 :])


def test_a_sensor_that_warms_up_over_hours_stays_not_worn() -> None:
    windows = lying_about(2 * 7200, 0.005, 0.002)
    windows[:, :, 2] += np.linspace(0, 0.1, len(windows))[:, None].astype(np.float32)
    answers = worn(windows)
    assert not any(answers[NOT_WORN_WINDOWS:])


def test_after_a_gap_the_wait_begins_again() -> None:
    windows = lying_about(NOT_WORN_WINDOWS + 100, 0.01, 0.002)
    ends = np.arange(len(windows)) * HOP_NS
    ends[1000:] += 60_000_000_000
    assert all(worn(windows, ends))


def test_reset_is_worn_again() -> None:
    detector = WornDetector()
    for number, window in enumerate(lying_about(NOT_WORN_WINDOWS, 0.01, 0.002)):
        is_worn = detector.step(window, number * HOP_NS)
    assert not is_worn
    detector.reset()
    assert detector.step(lying_about(1, 0.01, 0.002)[0], 0)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_value_that_is_no_number_is_not_kept(value: float) -> None:
    windows = lying_about(NOT_WORN_WINDOWS + 100, 0.01, 0.002)
    windows[7, 3, 1] = value
    answers = worn(windows)
    assert answers.index(False) == NOT_WORN_WINDOWS
    windows[600:, :, 0] += 3  # Put down another way: worn, and still again.
    assert all(worn(windows))


def test_windows_that_were_turned_are_judged_in_the_axes_of_the_device() -> None:
    rng = np.random.default_rng(0)
    turned, back = WornDetector(), WornDetector()
    verdicts = set()
    for index in range(4000):
        direction = rng.normal(size=3)
        x, y, z = (direction / np.linalg.norm(direction)).tolist()
        spread = rng.choice([0.01, 0.1, 0.13, 0.14, 1.0], p=[0.9, 0.04, 0.02, 0.02, 0.02]) if index < 2000 else 0.01
        imu = (np.array([0, 0, 9.8, 0, 0, 0]) + rng.normal(0, [spread] * 3 + [spread / 6] * 3, (50, 6))).astype("f4")
        window = Window(0, index * 500_000_000, turned_upright(imu, Up((x, y, z), "gait")), Up((x, y, z), "gait"))
        worn = turned.step(window.imu, window.end_ns, window.up)
        assert worn == back.step(in_device_axes(window), window.end_ns)
        verdicts.add(worn)
    assert verdicts == {True, False}
