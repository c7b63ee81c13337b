"""What a phone does not send is said while it is missing: here, and by the text of an answer that the app shows."""

import http.client
import json
import logging
import re
from collections import Counter
from typing import Any

import numpy as np
import pytest
from tests.runtime.sources.sensorlogger.sensor_logger_app import (
    GRAVITY,
    S,
    android,
    grid,
    iphone,
    message,
    motion,
    readings,
    spin,
)

from har_runtime.samples import SampleChunk
from har_runtime.sources.base import SourceReport
from har_runtime.sources.sensorlogger import missing
from har_runtime.sources.sensorlogger.message import parse_message
from har_runtime.sources.sensorlogger.missing import MissingSensors
from har_runtime.sources.sensorlogger.receiver import Limits
from har_runtime.sources.sensorlogger.source import FIRST, LATER, SensorLogger
from har_runtime.sources.silence import Silence


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {**body, "payload": [entry for entry in body["payload"] if entry["name"] not in names]}


def watch(number: int, standardised: bool = False, own: bool = False) -> dict[str, Any]:
    """One second of a watch's wrist motion, by way of its phone."""
    times = grid(number, 100)
    unit = 1.0 if standardised else -1 / 9.80665
    parts = {"acceleration": unit * motion(times), "gravity": np.tile(unit * GRAVITY, (len(times), 1))}
    parts["rotationRate"] = spin(times)
    payload = [
        {"name": "wrist motion", "time": int(time), "values": _wrist_values(parts, row)}
        for row, time in enumerate(times)
    ]
    phone = readings("accelerometer", times, -motion(times)) + readings("gravity", times, -np.tile(GRAVITY, (100, 1)))
    return message(number, payload + (phone if own else []))


def _wrist_values(parts: dict[str, np.ndarray], row: int) -> dict[str, float]:
    return {f"{part}{axis}": float(values[row][at]) for part, values in parts.items() for at, axis in enumerate("XYZ")}


def said(bodies: list[dict[str, Any]], report: SourceReport | None = None) -> list[str | None]:
    """What is missing after each message."""
    sensors = MissingSensors(report or SourceReport())
    return [sensors.push(parse_message(json.dumps(body).encode())) for body in bodies]


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (lambda number: without(iphone(number), "gravity"), missing.WITHOUT_GRAVITY),
        (lambda number: without(iphone(number), "accelerometer"), missing.WITHOUT_ACCELEROMETER),
        (
            lambda number: without(iphone(number, uncalibrated=True), "accelerometer", "gravity", "gyroscope"),
            missing.UNCALIBRATED,
        ),
        (lambda number: without(iphone(number), "accelerometer", "gravity"), missing.NO_ACCELERATION),
    ],
)
def test_what_is_missing_is_known_within_three_seconds_of_the_recording(body, expected: str):
    assert said([body(number) for number in range(4)])[2:] == [expected, expected]


@pytest.mark.parametrize("body", [iphone, android, lambda number: android(number, total=False), watch])
def test_a_phone_or_watch_that_sends_enough_is_left_alone(body):
    assert set(said([body(number) for number in range(8)])) == {None}


def test_a_sensor_that_is_switched_on_later_ends_the_trouble():
    bodies = [without(iphone(number), "gravity") for number in range(4)] + [iphone(number) for number in range(4, 7)]
    assert said(bodies)[3:] == [missing.WITHOUT_GRAVITY, None, None, None]


def test_a_later_recording_without_the_gyroscope_is_named_only_if_the_first_one_had_it():
    later = [{**without(iphone(number), "gyroscope"), "sessionId": "later"} for number in range(2, 6)]
    assert said([iphone(0), iphone(1), *later])[-1] == missing.NO_GYROSCOPE
    assert said([iphone(0), iphone(1), *later], SourceReport(gyroscope=False))[-1] is None


def test_a_phone_without_gyroscope_is_told_for_some_seconds_and_is_no_trouble():
    sensors = MissingSensors(SourceReport())
    bodies = [without(iphone(number), "gyroscope") for number in range(8)]
    told = [sensors.push(parse_message(json.dumps(body).encode())) for body in bodies]
    assert told == [None, None, *[missing.HINT] * 4, None, None]
    assert sensors.trouble is None


def test_another_recording_begins_anew():
    bodies = [without(iphone(number), "gravity") for number in range(4)]
    assert said([*bodies, {**bodies[0], "sessionId": "another"}])[-1] is None


def test_nothing_that_arrives_is_said_with_the_address_and_the_refusals():
    silence = Silence("http://pi:8000/", FIRST, LATER, now_ns=0)
    assert silence.trouble(S) is None
    assert silence.trouble(3 * S) == (
        "no message has arrived at http://pi:8000/ yet: switch on HTTP Push to it in Sensor Logger, and start a "
        "recording"
    )
    silence.refused(Counter({"wrong token": 3}))
    assert silence.trouble(3 * S) == "requests arrive at http://pi:8000/, but none can be used: wrong token"
    silence.heard(4 * S)
    assert silence.trouble(13 * S) is None
    assert silence.trouble(15 * S) == "no message for 10 s: is the recording on the phone still running?"


def posted(url: str, body: object) -> tuple[int, str]:
    connection = http.client.HTTPConnection(re.sub("^http://|/$", "", url), timeout=30)
    connection.request("POST", "/data", json.dumps(body), {"Content-Type": "application/json"})
    response = connection.getresponse()
    text = response.read().decode()
    connection.close()
    return response.status, text


def test_the_phone_is_told_and_its_messages_are_read_nevertheless():
    source = SensorLogger("127.0.0.1", 0, limits=Limits(requests_per_s=1000))
    try:
        answers = [posted(source.url, without(iphone(number), "gravity")) for number in range(4)]
        answers += [posted(source.url, iphone(number)) for number in range(4, 7)]
    finally:
        source.close()
    told = (499, missing.WITHOUT_GRAVITY + "\n")
    assert answers == [(200, "ok\n")] * 2 + [told] * 2 + [(200, "ok\n")] * 3
    acc = [chunk for chunk in source if chunk.acc is not None]
    assert sum(len(chunk.times_ns) for chunk in acc) == 300
    assert not any("Logger" in reason for reason in source.report.lost)


def read(bodies: list[dict[str, Any]]) -> tuple[list[SampleChunk], SourceReport]:
    source = SensorLogger("127.0.0.1", 0, limits=Limits(requests_per_s=1000))
    try:
        assert {posted(source.url, body)[0] for body in bodies} == {200}
    finally:
        source.close()
    return list(source), source.report


@pytest.mark.parametrize(("standardised", "how"), [(False, "Apple's sign, reversed"), (True, "with Android's sign")])
def test_the_wrist_motion_of_a_watch_is_read_in_either_setting(standardised: bool, how: str):
    chunks, report = read([watch(number, standardised) for number in range(4)])
    times = np.concatenate([chunk.times_ns for chunk in chunks if chunk.acc is not None])
    acc = np.concatenate([chunk.acc for chunk in chunks if chunk.acc is not None])
    gyro = np.concatenate([chunk.gyro for chunk in chunks if chunk.gyro is not None])
    assert np.array_equal(times, np.concatenate([grid(number, 100) for number in range(4)]))
    np.testing.assert_allclose(acc, motion(times) + GRAVITY, atol=1e-9)
    np.testing.assert_allclose(gyro, spin(times), atol=1e-12)
    assert report.units is not None and "a watch's wrist motion" in report.units and how in report.units
    assert report.gyroscope


def test_a_phone_that_sends_its_own_acceleration_is_read_instead_of_the_watch():
    _, report = read([watch(number, own=True) for number in range(4)])
    assert report.units is not None and "watch" not in report.units


def test_trouble_is_logged_when_it_begins_and_when_it_ends(caplog: pytest.LogCaptureFixture):
    report = SourceReport()
    with caplog.at_level(logging.INFO, "har_runtime"):
        for trouble in ("no Gravity", "no Gravity", None, None):
            report.say(trouble)
            assert report.trouble == trouble
    assert [(record.levelname, record.getMessage()) for record in caplog.records] == [
        ("WARNING", "no Gravity"),
        ("INFO", "samples can come again"),
    ]
