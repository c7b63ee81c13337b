"""The units of text lines that name none: found by what the samples show, and otherwise asked for."""

from collections.abc import Callable

import numpy as np
import pytest
from tests.conftest import simulated_recording

from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import SourceReport
from har_runtime.sources.serial_port.decode import TextDecoder

SECONDS = 20


def walk() -> tuple[np.ndarray, np.ndarray]:
    """Acceleration and angular rate of a simulated wearer who walks, SI units."""
    recording = simulated_recording(0, 6000)
    moving = np.abs(recording.gyro).max(axis=1) > 0.2
    begin = int(np.argmax(np.convolve(moving, np.ones(SECONDS * 50), "valid")))
    part = slice(begin, begin + SECONDS * 50)
    return recording.acc[part], recording.gyro[part]


def rest(rate: float) -> tuple[np.ndarray, np.ndarray]:
    """A sensor at rest whose gyroscope reads about `rate` in its own unit."""
    rng = np.random.default_rng(1)
    acc = np.array([0, 0.5, 9.79]) + rng.normal(size=(SECONDS * 50, 3), scale=0.02)
    return acc, rng.normal(size=(SECONDS * 50, 3), scale=rate)


def turned() -> tuple[np.ndarray, np.ndarray]:
    """A sensor that is tilted to and fro in the hand."""
    time = np.arange(SECONDS * 50) / 50
    angle, rate = 1.2 * np.sin(0.8 * time), 0.96 * np.cos(0.8 * time)
    zero = np.zeros_like(time)
    acc = STANDARD_GRAVITY * np.stack([zero, np.sin(angle), np.cos(angle)], axis=1)
    return acc, np.stack([rate, zero, zero], axis=1)


def decode(samples: tuple[np.ndarray, np.ndarray], line: Callable[..., str], **options: str) -> tuple[str, SampleChunk]:
    """The units that were found, and the samples, of lines that arrive one by one at 50 Hz."""
    report = SourceReport()
    decoder = TextDecoder(report, **options)
    chunks: list[SampleChunk] = []
    for index, (acc, gyro) in enumerate(zip(*samples, strict=True)):
        chunk = decoder.push((line(*acc, *gyro) + "\n").encode(), index * 20_000_000)
        chunks += [] if chunk is None else [chunk]
    assert report.units is not None
    acc = np.concatenate([chunk.acc for chunk in chunks if chunk.acc is not None])
    gyro = [chunk.gyro for chunk in chunks if chunk.gyro is not None]
    times = np.concatenate([chunk.times_ns for chunk in chunks])
    return report.units, SampleChunk(times, acc, np.concatenate(gyro) if gyro else None)


def si(*values: float) -> str:
    return ",".join(f"{value:.5f}" for value in values)


def g_and_degrees(*values: float) -> str:
    acc, gyro = np.array(values[:3]) / STANDARD_GRAVITY, np.rad2deg(values[3:])
    return si(*acc, *gyro)


def gyroscope_first(*values: float) -> str:
    cells = g_and_degrees(*values).split(",")
    return ",".join(cells[3:] + cells[:3])


def counts(*values: float) -> str:
    acc, gyro = np.array(values[:3]) / STANDARD_GRAVITY * 8192, np.rad2deg(values[3:]) * 65.5
    return ",".join(f"{value:.0f}" for value in (*acc, *gyro))


@pytest.mark.parametrize(
    ("line", "unit", "rate"),
    [
        (si, "acceleration in m/s2 (by its magnitude", "angular rate in rad/s (by"),
        (g_and_degrees, "acceleration in g (by its magnitude", "angular rate in deg/s (by"),
        (gyroscope_first, "acceleration in g (by its magnitude", "angular rate before acceleration (by gravity)"),
    ],
)
def test_while_the_wearer_walks_units_and_order_are_found(line: Callable[..., str], unit: str, rate: str) -> None:
    acc, gyro = walk()
    units, samples = decode((acc, gyro), line)
    assert unit in units
    assert rate in units
    assert samples.acc is not None and samples.gyro is not None
    assert len(samples.acc) >= len(acc) - 1
    assert np.abs(samples.acc - acc[-len(samples.acc) :]).max() < 0.01
    assert np.abs(samples.gyro - gyro[-len(samples.gyro) :]).max() < 0.01


def test_readings_of_less_than_a_second_are_called_too_few_and_no_unit_is_blamed() -> None:
    decoder = TextDecoder(SourceReport())
    for index, (acc, gyro) in enumerate(zip(*rest(0.05), strict=True)):
        decoder.push((si(*acc, *gyro) + "\n").encode(), index * 20_000_000)
        if index == 45:
            assert decoder.problem() == (
                f'its readings are too few so far to know their unit; one line is "{si(*acc, *gyro)}"'
            )
        if index == 90:
            problem = decoder.problem()
            assert problem is not None and "the unit of angular rate x, y, z is not named" in problem
            return


def test_a_sensor_that_is_tilted_shows_what_its_counts_are() -> None:
    units, samples = decode(turned(), counts)
    assert units.startswith("acceleration in counts of 8192 a g (by its magnitude")
    assert "angular rate in counts of 65.5 a deg/s (by how gravity turns" in units
    assert samples.gyro is not None
    assert np.abs(samples.gyro - turned()[1][-len(samples.gyro) :]).max() < 0.01


def test_at_rest_readings_that_are_too_large_for_radians_are_degrees() -> None:
    units, _ = decode(rest(3.0), si)
    assert units.endswith("angular rate in deg/s (too large at rest for rad/s)")


@pytest.mark.parametrize(
    ("rate", "line", "advice"),
    [(0.05, si, "add gyro=deg/s, gyro=rad/s, or gyro=N"), (300, lambda *v: si(*np.rint(v)), "131 is what an MPU-6050")],
)
def test_at_rest_a_rate_that_fits_several_units_is_asked_for_with_a_line(
    rate: float, line: Callable[..., str], advice: str
) -> None:
    with pytest.raises(SourceError, match=r'acceleration x, y, z is understood.*; one line is "') as caught:
        decode(rest(rate), line)
    assert advice in str(caught.value)


@pytest.mark.parametrize(
    "options", [{"unit": "8192", "gyro": "65.5"}, {"unit": "8192", "gyro": "65.5", "columns": None}]
)
def test_counts_can_be_given(options: dict[str, str]) -> None:
    acc, gyro = rest(0.05)
    units, samples = decode((acc, gyro), counts, **options)
    assert units == "acceleration in counts of 8192 a g (as given), angular rate in counts of 65.5 a deg/s (as given)"
    assert samples.acc is not None
    assert np.abs(samples.acc - acc[-len(samples.acc) :]).max() < 0.01


def test_a_unit_that_was_given_and_does_not_fit_is_refused_with_the_one_that_does() -> None:
    with pytest.raises(SourceError, match=r"gravity would be .* g in g.*add unit=8192"):
        decode(rest(0.05), counts, unit="g", gyro="65.5")


def test_three_numbers_that_are_no_acceleration_are_refused() -> None:
    rng = np.random.default_rng(2)
    angles = rng.normal(size=(SECONDS * 50, 3), scale=9), np.zeros((SECONDS * 50, 3))
    with pytest.raises(SourceError, match="three numbers that are no acceleration with gravity"):
        decode(angles, lambda *values: si(*values[:3]))
