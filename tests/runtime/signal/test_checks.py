"""Units, missing gravity and mirrored axes are found by what samples show, and nothing is said without evidence."""

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from har_runtime.errors import DataError
from har_runtime.signal.checks import (
    Found,
    acceleration_problem,
    angular_rate_problem,
    choose_units,
    find_acceleration_unit,
    find_angular_rate_unit,
    mirror_problem,
)
from har_runtime.signal.evidence import Evidence
from har_runtime.signal.units import acceleration_unit, angular_rate_unit

Signal = tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]
SI, RADIANS = acceleration_unit("m/s2"), angular_rate_unit("rad/s")
MIRROR_Z = np.array([1.0, 1.0, -1.0])


def tilting(seconds: float = 24.0, rate: float = 0.8, rate_hz: float = 50.0) -> Signal:
    """A device that somebody turns to and fro in the hand, by a rate of up to `rate` rad/s about each axis."""
    t = np.arange(round(seconds * rate_hz)) / rate_hz
    gyro = rate * np.sin(2 * np.pi * np.array([0.11, 0.17, 0.23]) * t[:, None])
    up = np.empty((len(t), 3))
    up[0] = (0.0, 0.6, 0.8)
    for index in range(1, len(t)):
        up[index] = up[index - 1] - np.cross(gyro[index - 1], up[index - 1]) / rate_hz
        up[index] /= np.linalg.norm(up[index])
    noise = np.random.default_rng(0).normal(scale=0.05, size=up.shape)
    return (t * 1e9).astype(np.int64), 9.81 * up + noise, gyro


def walking(seconds: float = 24.0) -> Signal:
    """Steps: a bounce along the vertical and a swing about the lateral axis that turns nothing for long."""
    t = np.arange(round(seconds * 50)) / 50
    bounce = 3.0 * np.sin(2 * np.pi * 1.9 * t)
    acc = np.stack([0.3 * bounce, np.zeros_like(t), 9.81 + bounce], axis=1)
    gyro = np.stack([np.zeros_like(t), 1.0 * np.cos(2 * np.pi * 0.95 * t), 0.2 * np.sin(2 * np.pi * 1.9 * t)], axis=1)
    return (t * 1e9).astype(np.int64), acc, gyro


def resting(seconds: float = 12.0) -> Signal:
    count = round(seconds * 50)
    noise = np.random.default_rng(1)
    acc = np.tile([0.0, 0.0, 9.81], (count, 1)) + noise.normal(scale=0.02, size=(count, 3))
    return np.arange(count) * 20_000_000, acc, noise.normal(scale=0.002, size=(count, 3))


def evidence_of(signal: Signal, acc: float | NDArray[np.float64] = 1.0, gyro: float | NDArray[np.float64] = 1.0):
    """Of a signal whose sensors are multiplied by these factors."""
    evidence = Evidence()
    times, values, rates = signal
    evidence.push(times, acc * values, gyro * rates)
    evidence.finish()
    return evidence


@pytest.mark.parametrize("signal", [tilting(), walking(), resting()])
def test_si_units_are_no_problem(signal: Signal):
    evidence = evidence_of(signal)
    assert acceleration_problem(evidence, SI) is None
    assert angular_rate_problem(evidence, RADIANS) is None


@pytest.mark.parametrize(
    ("factor", "name"),
    [(1 / 9.80665, "g"), (1.0, "m/s2"), (1000 / 9.80665, "mg")]
    + [(counts / 9.80665, f"{counts}") for counts in (16384, 8192, 4096, 2048)],
)
@pytest.mark.parametrize("signal", [tilting(), walking(), resting(4)])
def test_the_unit_of_acceleration_shows_at_rest_and_in_motion(signal: Signal, factor: float, name: str):
    found = find_acceleration_unit(evidence_of(signal, acc=factor))
    assert found is not None
    assert found.unit.name == name


def test_a_wrong_unit_of_acceleration_is_refused_with_the_right_one():
    problem = acceleration_problem(evidence_of(resting(), acc=1 / 9.80665), SI)
    assert problem is not None
    assert str(problem).endswith("it fits g: add unit=g")


def test_a_given_unit_that_puts_gravity_at_16000_g_is_refused():
    evidence = evidence_of(resting(), acc=16384 / 9.80665)
    with pytest.raises(DataError, match=r"16,385 g in g; it fits counts of 16384 a g: add unit=16384"):
        choose_units(evidence, Found(acceleration_unit("g"), "as given"), gyroscope=False)


def test_an_unusual_number_of_counts_can_be_given_but_is_not_guessed():
    evidence = evidence_of(resting(), acc=256 / 9.80665)
    with pytest.raises(DataError, match="gravity in no usual unit: add unit=N"):
        choose_units(evidence, gyroscope=False)
    units = choose_units(evidence, Found(acceleration_unit("256"), "as given"), gyroscope=False)
    assert units.text == "acceleration in counts of 256 a g (as given)"


@pytest.mark.parametrize("factor", [1.0, 1 / 9.80665, 16384 / 9.80665])
def test_acceleration_without_gravity_is_named_in_motion(factor: float):
    times, acc, gyro = walking()
    evidence = evidence_of((times, acc - [0.0, 0.0, 9.81], gyro), acc=factor)
    problem = acceleration_problem(evidence, SI)
    assert problem is not None
    assert str(problem).startswith("gravity is missing in the acceleration")
    assert find_acceleration_unit(evidence) is None


def test_a_steady_reading_is_gravity_in_an_odd_unit_and_not_missing():
    evidence = evidence_of(resting(), acc=0.001 / 9.80665)
    with pytest.raises(
        DataError, match=r"0\.001 at rest, which is gravity in no usual unit: .*if gravity is in it, add"
    ):
        choose_units(evidence, gyroscope=False)
    assert choose_units(evidence, Found(acceleration_unit("0.001"), "as given"), gyroscope=False).acc.size == 9806.65


def test_acceleration_without_gravity_is_named_at_rest():
    times, acc, gyro = resting()
    problem = acceleration_problem(evidence_of((times, acc - [0.0, 0.0, 9.81], gyro)), SI)
    assert problem is not None
    assert str(problem).startswith("gravity is missing in the acceleration")


def test_degrees_show_by_the_turn_of_gravity():
    evidence = evidence_of(tilting(rate=0.3), gyro=180 / math.pi)
    problem = angular_rate_problem(evidence, RADIANS)
    assert problem is not None
    assert str(problem).startswith("gravity turns 0.017 times as far")
    assert str(problem).endswith("it fits deg/s: add gyro=deg/s")
    found = find_angular_rate_unit(evidence)
    assert found is not None
    assert found.unit.name == "deg/s"


def test_degrees_show_while_walking_by_their_size():
    evidence = evidence_of(walking(8), gyro=180 / math.pi)
    problem = angular_rate_problem(evidence, RADIANS)
    assert problem is not None
    assert str(problem).endswith("faster than anybody turns if they are in rad/s: add gyro=deg/s")


def test_radians_that_are_said_to_be_degrees_show_while_walking_by_their_size():
    problem = angular_rate_problem(evidence_of(walking(8)), angular_rate_unit("deg/s"))
    assert problem is not None
    assert str(problem).endswith("less than anybody turns it by if they are in deg/s; it fits rad/s: add gyro=rad/s")


def test_degrees_show_at_rest_by_their_bias():
    times, acc, gyro = resting()
    evidence = evidence_of((times, acc, gyro + np.radians([1.0, -2.0, 0.5])), gyro=180 / math.pi)
    problem = angular_rate_problem(evidence, RADIANS)
    assert problem is not None
    assert "while acceleration is at rest" in str(problem)


def test_radians_taken_for_degrees_show_by_the_turn_of_gravity():
    problem = angular_rate_problem(evidence_of(tilting(), gyro=math.pi / 180), RADIANS)
    assert problem is not None
    assert str(problem).endswith("as if rad/s had been taken for deg/s: add gyro=rad/s")


@pytest.mark.parametrize(("name", "factor"), [("131", 131.0), ("16.4", 16.4)])
def test_counts_of_the_gyroscope_show_by_the_turn_of_gravity(name: str, factor: float):
    found = find_angular_rate_unit(evidence_of(tilting(), gyro=factor * 180 / math.pi))
    assert found is not None
    assert found.unit.name == name


@pytest.mark.parametrize(("name", "factor"), [("rad/s", 1.0), ("deg/s", 180 / math.pi)])
def test_the_unit_of_the_angular_rate_shows_while_walking(name: str, factor: float):
    found = find_angular_rate_unit(evidence_of(walking(8), gyro=factor))
    assert found is not None
    assert found.unit.name == name


def test_a_gyroscope_at_rest_does_not_show_its_unit():
    with pytest.raises(DataError, match="add gyro=deg/s, gyro=rad/s or gyro=N"):
        choose_units(evidence_of(resting()))


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_a_mirror_image_of_both_sensors_is_no_problem(axis: int):
    mirror = np.where(np.arange(3) == axis, -1.0, 1.0)
    evidence = evidence_of(tilting(), mirror, -mirror)  # What a mirrored wearer would have.
    assert mirror_problem(evidence, RADIANS) is None


def test_a_reversed_gyroscope_is_named():
    problem = mirror_problem(evidence_of(tilting(), gyro=-1.0), RADIANS)
    assert problem is not None
    assert str(problem).startswith("gravity turns against the angular rate")


def test_reversed_acceleration_looks_like_the_wearers_mirror_image():
    signal = tilting()
    right, reversed_ = evidence_of(signal), evidence_of(signal, acc=-1.0)
    assert list(right.turns) == list(reversed_.turns)
    assert mirror_problem(reversed_, RADIANS) is None


def test_sensors_that_come_in_turns_of_many_seconds_are_compared():
    times, acc, gyro = tilting(60)
    evidence = Evidence()
    for begin in range(0, len(times), 1000):
        evidence.push(times[begin : begin + 1000], acc[begin : begin + 1000])
        evidence.push(times[begin : begin + 1000], None, gyro[begin : begin + 1000])
    assert all(block.gyro_rms is not None for block in evidence.blocks)
    assert evidence.turns


def test_an_accelerometer_alone_is_judged_at_once_if_no_gyroscope_is_waited_for_and_at_the_end_otherwise():
    times, acc, _ = resting(6)
    alone, waiting = Evidence(gyroscope=False), Evidence()
    assert alone.push(times, acc)
    assert not waiting.push(times, acc)
    waiting.finish()
    assert len(alone.blocks) == 2
    assert len(waiting.blocks) == 3


def test_damaged_samples_are_passed_over_and_memory_is_bounded():
    rng = np.random.default_rng(2)
    evidence = Evidence()
    for _ in range(400):
        times = rng.integers(-(2**62), 2**62, 60)
        values = rng.choice([np.nan, np.inf, 1e300, -1e300, 0.0, 1.0], (60, 3))
        evidence.push(times, values, values[::-1])
    evidence.push(np.arange(30_000) * 10, np.ones((30_000, 3)))
    evidence.finish()
    for unit in (SI, acceleration_unit("16384")):
        acceleration_problem(evidence, unit)
    angular_rate_problem(evidence, RADIANS)
    assert len(evidence.blocks) <= 30


def test_acceleration_of_zeros_is_called_that():
    times, acc, gyro = tilting()
    evidence = Evidence(8)
    evidence.push(times, np.zeros_like(acc), gyro)
    with pytest.raises(DataError, match="all acceleration is 0, which no sensor reads: check the sensor"):
        choose_units(evidence)
