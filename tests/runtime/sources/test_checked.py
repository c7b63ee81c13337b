"""Samples of any source are refused as soon as it is clear that their units are wrong, or that gravity is missing."""

import logging
from collections.abc import Iterator

import numpy as np
import pytest

from har_runtime.errors import SourceError
from har_runtime.samples import ImuChunk, SampleChunk
from har_runtime.sources import Source, checked, open_source
from har_runtime.sources.base import SourceReport

RATE = 50


class Fake:
    """A source of these chunks."""

    description = "a sensor"

    def __init__(self, chunks: list[SampleChunk], takes_units: bool = True):
        self.report = SourceReport(takes_units=takes_units, can_wait=True)
        self._chunks = chunks

    def __iter__(self) -> Iterator[SampleChunk]:
        yield from self._chunks

    def close(self) -> None:
        """Nothing to release."""


def chunks_of(seconds: float, acc: float = 1.0, gyro: float = 1.0, gravity: bool = True) -> list[SampleChunk]:
    """Chunks of a tenth of a second of a device that is turned to and fro, its readings multiplied by these factors."""
    t = np.arange(round(seconds * RATE)) / RATE
    rates = 0.8 * np.sin(2 * np.pi * np.array([0.11, 0.17, 0.23]) * t[:, None])
    up = np.empty((len(t), 3))
    up[0] = (0.0, 0.6, 0.8)
    for index in range(1, len(t)):
        up[index] = up[index - 1] - np.cross(rates[index - 1], up[index - 1]) / RATE
        up[index] /= np.linalg.norm(up[index])
    shaking = 0.5 * np.sin(2 * np.pi * 1.9 * t)[:, None]
    values = acc * (9.81 * up * gravity + shaking)
    times = (t * 1e9).astype(np.int64)
    return [
        ImuChunk(times[begin : begin + 5], values[begin : begin + 5], gyro * rates[begin : begin + 5])
        for begin in range(0, len(t), 5)
    ]


def passed(source: Source) -> int:
    return sum(len(chunk.times_ns) for chunk in checked(source, source))


def test_samples_that_are_right_pass_as_they_are():
    chunks = chunks_of(40)
    source = Fake(chunks)
    assert list(checked(source, source)) == chunks


@pytest.mark.parametrize(
    ("factors", "seconds", "message"),
    [
        ({"acc": 1 / 9.80665}, 6, r"^a sensor: acceleration is about 1\.\d+ in motion.*it fits g: add unit=g$"),
        ({"acc": 16384 / 9.80665}, 6, r"add unit=16384$"),
        ({"gravity": False}, 16, "^a sensor: gravity is missing in the acceleration"),
        ({"gyro": 180 / np.pi}, 20, r"it fits deg/s: add gyro=deg/s$|faster than anybody turns.*add gyro=deg/s$"),
    ],
)
def test_wrong_units_end_the_stream_within_seconds(factors: dict[str, float], seconds: float, message: str):
    source = Fake(chunks_of(40, **factors))
    count = 0
    with pytest.raises(SourceError, match=message):
        for chunk in checked(source, source):
            count += len(chunk.times_ns)
    assert count <= seconds * RATE


def test_a_device_that_is_first_moved_after_ten_minutes_is_still_checked():
    resting = [
        ImuChunk(chunk.times_ns, [0.0, 0.0, 9.81] + 1e-3 * chunk.gyro, 1e-3 * chunk.gyro) for chunk in chunks_of(600)
    ]
    moved = [
        ImuChunk(chunk.times_ns + 600_000_000_000, chunk.acc, chunk.gyro) for chunk in chunks_of(200, gyro=180 / np.pi)
    ]
    with pytest.raises(SourceError, match="add gyro=deg/s"):
        passed(Fake([*resting, *moved]))


def test_a_short_recording_is_judged_at_its_end():
    with pytest.raises(SourceError, match="add unit=g"):
        passed(Fake(chunks_of(3.5, acc=1 / 9.80665)))


def test_a_source_that_takes_no_units_is_not_told_to_add_one():
    with pytest.raises(SourceError, match=r"it fits g: its units are not those that it states$"):
        passed(Fake(chunks_of(10, acc=1 / 9.80665), takes_units=False))


def test_mirrored_axes_are_said_once_and_do_not_end_the_stream(caplog: pytest.LogCaptureFixture):
    with caplog.at_level(logging.WARNING, "har_runtime"):
        assert passed(Fake(chunks_of(60, gyro=-1.0))) == 60 * RATE
    assert [record.getMessage().partition(",")[0] for record in caplog.records] == [
        "a sensor: gravity turns against the angular rate (-1.00 times)"
    ]


def test_a_gyroscope_that_reads_next_to_nothing_is_said_once(caplog: pytest.LogCaptureFixture):
    chunks = [
        ImuChunk(chunk.times_ns, chunk.acc + np.sin(chunk.times_ns / 8e7)[:, None] * [0, 0, 3], 1e-6 * chunk.gyro)
        for chunk in chunks_of(40)
    ]
    with caplog.at_level(logging.WARNING, "har_runtime"):
        assert passed(Fake(chunks)) == 40 * RATE
    assert [record.getMessage() for record in caplog.records] == [
        "a sensor: angular rates are about 9.88e-07 rad/s while the device is carried about, less than anybody turns "
        "it by: check the gyroscope and its unit"
    ]


def test_once_all_is_well_a_service_does_not_end_later():
    good, bad = chunks_of(60), chunks_of(60, acc=0.01)
    later = [ImuChunk(chunk.times_ns + 60_000_000_000, chunk.acc, chunk.gyro) for chunk in bad]
    assert passed(Fake([*good, *later])) == 120 * RATE


@pytest.mark.parametrize("place", ["waist", "pocket"])
@pytest.mark.parametrize("up", ["x", "-x", "y", "-y", "z", "-z"])
def test_the_simulated_wearer_is_never_refused(place: str, up: str):
    source = open_source(f"simulated:?seconds=90&speed=max&place={place}&up={up}")
    assert passed(source) == 90 * RATE


def test_separate_streams_of_both_sensors_are_compared():
    whole = chunks_of(30, gyro=180 / np.pi)
    parts = [
        part
        for chunk in whole
        for part in (
            SampleChunk(chunk.times_ns, chunk.acc, None),
            SampleChunk(chunk.times_ns + 3_000_000, None, chunk.gyro),
        )
    ]
    with pytest.raises(SourceError, match="add gyro=deg/s"):
        passed(Fake(parts))


@pytest.mark.parametrize("reading", [0.0, 19.6133, -1.0])
def test_a_sensor_that_dies_within_the_first_seconds_is_not_blamed_on_its_unit(reading: float):
    chunks = chunks_of(40)
    dead = [ImuChunk(chunk.times_ns, np.full_like(chunk.acc, reading), chunk.gyro) for chunk in chunks[60:]]
    assert passed(Fake([*chunks[:60], *dead])) > 0
