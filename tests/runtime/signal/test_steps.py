"""Steps of made gait, at any cadence and any way up; and none of what is no gait."""

import numpy as np
import pytest
from numpy.typing import NDArray

from har_runtime.contract import HOP, SAMPLE_RATE_HZ, STANDARD_GRAVITY
from har_runtime.signal.resample import UniformChunk
from har_runtime.signal.steps import StepCounter, Steps
from har_runtime.signal.window import Window, Windower

GRAVITY = np.array([0.36, 0.48, 0.8])


def seconds(count: float) -> NDArray[np.float64]:
    return np.arange(round(count * SAMPLE_RATE_HZ)) / SAMPLE_RATE_HZ


def windows(length: NDArray[np.float64], *cuts: int, start_ns: int = 0, direction=GRAVITY, segment=0) -> list[Window]:
    """The windows of acceleration of this length, pushed in pieces that are cut at these samples."""
    acc = length[:, None] * direction + 0.02 * np.random.default_rng(0).standard_normal((len(length), 3))
    imu = np.hstack([acc, np.zeros_like(acc)]).astype(np.float32)
    windower = Windower()
    found: list[Window] = []
    for begin, end in zip((0, *cuts), (*cuts, len(imu)), strict=True):
        found += windower.push([UniformChunk(segment, start_ns + begin * 20_000_000, imu[begin:end])])
    return found


def counted(found: list[Window]) -> list[Steps]:
    counter = StepCounter()
    return [counter.step(window) for window in found]


def gait(hz: float, of: float, amplitude: float = 3.0) -> NDArray[np.float64]:
    """Steps of a frequency, each with an impact of the heel."""
    t = seconds(of)
    return STANDARD_GRAVITY + amplitude * np.cos(2 * np.pi * hz * t) + 0.3 * amplitude * np.cos(4 * np.pi * hz * t + 1)


@pytest.mark.parametrize("hz", [1.3, 1.6, 1.9, 2.2])
def test_the_cadence_of_a_walk_is_found_and_its_steps_are_counted(hz: float) -> None:
    taken = counted(windows(gait(hz, of=60.0)))
    assert taken[-1].cadence == pytest.approx(60 * hz, rel=0.01)
    assert sum(part.count for part in taken) == pytest.approx(
        (60 - 3.6) * hz, abs=1.5
    )  # The first four seconds show no more than that it is a walk.


@pytest.mark.parametrize("hz", [2.5, 2.9, 3.3])
def test_a_hard_gait_is_a_run(hz: float) -> None:
    taken = counted(windows(gait(hz, of=30.0, amplitude=10.0)))
    assert taken[-1].cadence == pytest.approx(60 * hz, rel=0.01)


def test_a_swinging_arm_shows_strides_and_each_has_two_steps() -> None:
    taken = counted(windows(STANDARD_GRAVITY + 2.5 * np.sin(2 * np.pi * 0.9 * seconds(30.0))))
    assert taken[-1].cadence == pytest.approx(108, rel=0.01)


def test_the_way_up_makes_no_difference() -> None:
    counts = {
        tuple(part.count for part in counted(windows(gait(1.8, of=20.0), direction=np.array(direction))))
        for direction in ((0.0, 0.0, 1.0), (0.0, -1.0, 0.0), (0.6, 0.0, -0.8))
    }
    assert len(counts) == 1


def test_the_steps_do_not_depend_on_how_the_samples_were_cut() -> None:
    length = gait(1.8, of=20.0)
    assert counted(windows(length)) == counted(windows(length, 1, 60, 61, 333, 800))


def test_the_first_steps_of_a_bout_come_together_once_it_is_certain() -> None:
    length = np.concatenate([np.full(250, STANDARD_GRAVITY), gait(2.0, of=12.0), np.full(250, STANDARD_GRAVITY)])
    taken = counted(windows(length))
    first = next(index for index, part in enumerate(taken) if part.count)
    assert taken[first].count >= 3 and first * HOP / SAMPLE_RATE_HZ < 5 + 5
    assert sum(part.count for part in taken) == pytest.approx(24, abs=2)
    assert taken[-1] == Steps()


def test_a_gap_ends_a_bout_and_the_next_has_to_be_confirmed() -> None:
    before = windows(gait(1.8, of=12.0))
    after = windows(gait(1.8, of=12.0), start_ns=12_400_000_000, segment=1)
    taken = counted(before + after)
    assert taken[len(before) - 1].cadence is not None
    assert all(part == Steps() for part in taken[len(before) : len(before) + 8])
    assert taken[-1].cadence is not None


def test_after_a_reset_it_is_as_newly_made() -> None:
    counter, found = StepCounter(), windows(gait(1.8, of=12.0))
    first = [counter.step(window) for window in found]
    counter.reset()
    assert [counter.step(window) for window in found] == first


def typing(rng: np.random.Generator) -> NDArray[np.float64]:
    """Key strokes a few times a second, of 0.3 m/s^2."""
    t = seconds(3600.0)
    strokes = rng.uniform(size=len(t)) < 6 / SAMPLE_RATE_HZ
    return STANDARD_GRAVITY + np.convolve(strokes * rng.uniform(0.5, 2.0, len(t)), [0.6, -0.4, 0.2], "same")


def driving(rng: np.random.Generator) -> NDArray[np.float64]:
    """An hour in a car: an engine, a road that shakes a sprung seat at 1 to 2 Hz, and bumps."""
    t = seconds(3600.0)
    frequencies = np.fft.rfftfreq(len(t), 1 / SAMPLE_RATE_HZ)
    seat = 1 / (1 + ((frequencies - 1.5) / 0.7) ** 2) + 0.3 * (frequencies < 12)
    road = np.fft.irfft(np.fft.rfft(rng.standard_normal(len(t))) * seat, len(t))
    bumps = (rng.uniform(size=len(t)) < 1 / (20 * SAMPLE_RATE_HZ)) * rng.uniform(2, 8, len(t))
    return STANDARD_GRAVITY + 0.45 * road / road.std() + 0.2 * np.sin(2 * np.pi * 24 * t) + bumps


@pytest.mark.parametrize("movement", [typing, driving])
def test_an_hour_without_a_step_has_none(movement) -> None:
    taken = counted(windows(movement(np.random.default_rng(0))))
    assert sum(part.count for part in taken) == 0


@pytest.mark.parametrize("strength", [2.0, 10.0, 40.0])
def test_a_knock_is_no_step(strength: float) -> None:
    length = np.full(600, STANDARD_GRAVITY)
    length[300:306] += strength * np.array([1.0, -0.7, 0.5, -0.3, 0.2, -0.1])
    assert all(part == Steps() for part in counted(windows(length)))


def test_samples_that_are_no_numbers_are_no_steps() -> None:
    assert all(part == Steps() for part in counted(windows(np.full(600, np.nan))))
