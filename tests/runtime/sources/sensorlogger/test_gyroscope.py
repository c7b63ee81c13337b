"""A phone without a gyroscope: known after three seconds, and settled for the whole run."""

from typing import Any

import numpy as np
from tests.runtime.sources.sensorlogger.sensor_logger_app import (
    GRAVITY,
    Phones,
    S,
    android,
    grid,
    iphone,
    message,
    motion,
)

from har_runtime.samples import SampleChunk
from har_runtime.sources.base import SourceReport
from har_runtime.sources.sensorlogger.gyroscope import GyroscopeGate
from har_runtime.sources.sensorlogger.session import MAX_ROWS


def alone(body: dict[str, Any]) -> dict[str, Any]:
    """The message of a phone without a gyroscope."""
    return {**body, "payload": [entry for entry in body["payload"] if entry["name"] != "gyroscope"]}


def test_acceleration_alone_waits_three_seconds_and_loses_nothing() -> None:
    phones = Phones()
    chunks = [phones.push(alone(android(number)), number) for number in range(6)]
    assert [len(each) for each in chunks] == [0, 0, 0, 4, 1, 1]
    assert not phones.report.gyroscope
    assert phones.report.units == "acceleration in m/s^2 (from Android, by what it sends)"
    times = np.concatenate([chunk.times_ns for each in chunks for chunk in each])
    assert np.array_equal(times, np.concatenate([grid(number, 100) for number in range(6)]))
    assert all(chunk.gyro is None for each in chunks for chunk in each)
    assert not phones.report.lost


def test_an_iphone_without_a_gyroscope_is_known_too() -> None:
    phones = Phones()
    chunks = [chunk for number in range(8) for chunk in phones.push(alone(iphone(number)), number)]
    assert not phones.report.gyroscope
    assert phones.report.units is not None and phones.report.units.endswith("give platform=android)")
    acc = np.concatenate([chunk.acc for chunk in chunks if chunk.acc is not None])
    np.testing.assert_allclose(acc, (motion(np.concatenate([chunk.times_ns for chunk in chunks])) + GRAVITY), atol=1e-9)


def test_a_phone_with_a_gyroscope_does_not_wait() -> None:
    phones = Phones()
    assert [chunk.acc is None for chunk in phones.push(android(0), 0)] == [True, False]
    assert phones.report.gyroscope


def test_a_gyroscope_within_the_three_seconds_is_one() -> None:
    phones = Phones()
    assert phones.push(alone(android(0)), 0) == phones.push(alone(android(1)), 1) == []
    assert len(phones.push(android(2), 2)) == 4
    assert phones.report.gyroscope


def test_a_gyroscope_that_comes_later_is_ignored_and_counted() -> None:
    phones = Phones()
    for number in range(5):
        phones.push(alone(android(number)), number)
    (chunk,) = phones.push(android(5), 5)
    assert chunk.gyro is None
    (chunk,) = phones.push(message(0, android(7)["payload"], session="second"), 7)
    assert chunk.gyro is None
    assert not phones.report.gyroscope
    assert phones.report.lost == {"reading of a gyroscope switched on too late": 200}


def test_a_later_recording_without_the_gyroscope_passes_as_it_is() -> None:
    phones = Phones()
    phones.push(android(0), 0)
    for number in range(8):
        body = message(number, alone(android(number + 1))["payload"], session="second")
        assert len(phones.push(body, number + 1)) == 1
    assert phones.report.gyroscope


def test_what_waits_when_the_source_is_closed_is_given() -> None:
    phones = Phones()
    assert phones.push(alone(android(0)), 0) == []
    (chunk,) = phones.finish()
    assert len(chunk.times_ns) == 100
    assert not phones.report.gyroscope


def test_what_waits_is_bounded_even_if_the_phones_time_stands_still() -> None:
    gate = GyroscopeGate(SourceReport())
    chunk = SampleChunk(np.full(1000, S), np.ones((1000, 3)), None)
    given = [len(list(gate.push(chunk))) for _ in range(20)]
    assert sum(given) == 20
    assert given.index(max(given)) <= MAX_ROWS // 1000
