"""Sensor Logger: messages in the app's documented format, pushed over loopback, valid and invalid."""

import http.client
import json
import re
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from tests.runtime.sources.sensorlogger.sensor_logger_app import (
    GRAVITY,
    START_NS,
    S,
    android,
    grid,
    iphone,
    message,
    motion,
    readings,
    spin,
)

from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.signal.resample import Resampler
from har_runtime.sources import open_source
from har_runtime.sources.base import SourceReport
from har_runtime.sources.sensorlogger.message import parse_message
from har_runtime.sources.sensorlogger.missing import SHOWN
from har_runtime.sources.sensorlogger.receiver import Limits
from har_runtime.sources.sensorlogger.source import SensorLogger

TOKEN = "not-easy-to-guess"
QUICK = Limits(requests_per_s=1000)


def post(url: str, body: object, token: str | None = None) -> int:
    """The status of the answer to a message."""
    host = re.sub("^http://|/$", "", url)
    connection = http.client.HTTPConnection(host, timeout=30)
    headers = {"Content-Type": "application/json", **({"Authorization": f"Bearer {token}"} if token else {})}
    connection.request("POST", "/data", body if isinstance(body, bytes) else json.dumps(body), headers)
    status = connection.getresponse().status
    connection.close()
    return status


def received(
    messages: Sequence[object], accepted: Sequence[int] = (200,), **options: Any
) -> tuple[list[SampleChunk], SourceReport]:
    """The samples of these messages, which are answered with one of these statuses, and the source's report."""
    source = SensorLogger("127.0.0.1", 0, limits=QUICK, **options)
    try:
        for each in messages:
            assert post(source.url, each) in accepted
    finally:
        source.close()
    return list(source), source.report


def joined(chunks: list[SampleChunk], sensor: str) -> tuple[np.ndarray, np.ndarray]:
    """Times and values of "acc" or "gyro"."""
    parts = [chunk for chunk in chunks if getattr(chunk, sensor) is not None]
    return np.concatenate([c.times_ns for c in parts]), np.concatenate([getattr(c, sensor) for c in parts])


def resampled(chunks: list[SampleChunk]) -> Resampler:
    resampler = Resampler()
    for chunk in chunks:
        resampler.push(chunk.times_ns, chunk.acc, chunk.gyro)
    resampler.finish()
    return resampler


@pytest.mark.parametrize(
    ("phone", "options", "how"),
    [
        (android, {}, "from Android, by what it sends"),
        (lambda number: android(number, total=False), {}, "from Android, by what it sends"),
        (iphone, {}, "assumed to be an iPhone's, sign reversed; if 'Standardise Units & Frames' is on"),
        (
            lambda number: iphone(number, uncalibrated=True),
            {},
            "with Apple's sign, by its uncalibrated acceleration in g",
        ),
        (
            lambda number: iphone(number, True, True),
            {},
            "with Android's sign, by its uncalibrated acceleration in m/s^2",
        ),
        (iphone, {"platform": "ios"}, "by platform=ios"),
        (lambda number: iphone(number, True), {"platform": "android"}, "by platform=android"),
        (lambda number: android(number, total=False), {"platform": "android"}, "by platform=android"),
    ],
)
def test_every_phone_gives_acceleration_with_gravity_in_the_contract_frame(phone, options, how: str) -> None:
    chunks, report = received([phone(number) for number in range(4)], **options)
    times, acc = joined(chunks, "acc")
    assert np.array_equal(times, np.concatenate([grid(number, 100) for number in range(4)]))
    np.testing.assert_allclose(acc, motion(times) + GRAVITY, atol=1e-9)
    times, gyro = joined(chunks, "gyro")
    np.testing.assert_allclose(gyro, spin(times), atol=1e-12)
    assert len(times) == 400
    assert report.units is not None and how in report.units
    assert not report.lost


def test_the_wrong_platform_reverses_the_sign() -> None:
    chunks, _ = received([iphone(number) for number in range(2)], platform="android")
    times, acc = joined(chunks, "acc")
    np.testing.assert_allclose(acc, -motion(times) - GRAVITY, atol=1e-9)


def test_later_evidence_corrects_the_assumption() -> None:
    chunks, report = received([iphone(0, True), iphone(1, True), iphone(2, True, True)])
    times, acc = joined(chunks, "acc")
    later = times >= START_NS + 2 * S
    np.testing.assert_allclose(acc[later], (motion(times) + GRAVITY)[later], atol=1e-9)
    assert report.units is not None and "with Android's sign" in report.units


@pytest.mark.parametrize(("rate", "gyro_rate"), [(20, 500), (500, 20), (100, 100)])
def test_sensors_of_different_rates_meet_on_the_grid(rate: float, gyro_rate: float) -> None:
    chunks, report = received([android(number, rate, gyro_rate) for number in range(3)])
    resampler = resampled(chunks)
    assert resampler.report.samples > 120
    assert resampler.report.segments == 1
    assert not report.lost


def test_gravity_at_other_times_is_interpolated_but_not_across_a_gap() -> None:
    times = grid(0, 100)
    gravity_times = np.delete(grid(0, 50) + 3_000_000, slice(20, 30))
    gravity = GRAVITY * np.cos(0.2 * (gravity_times - START_NS)[:, None] / 1e9)
    payload = readings("accelerometer", times, motion(times)) + readings("gravity", gravity_times, gravity)
    chunks, report = received([message(0, payload)], platform="android")
    found, acc = joined(chunks, "acc")
    wanted = motion(found) + GRAVITY * np.cos(0.2 * (found - START_NS)[:, None] / 1e9)
    np.testing.assert_allclose(acc, wanted, atol=1e-3)
    hole = (found > gravity_times[19]) & (found < gravity_times[20])
    assert not hole.any()
    lost = report.lost["acceleration without gravity at its time"]
    assert lost == np.count_nonzero((times > gravity_times[19]) & (times < gravity_times[20])) + 1
    assert len(found) + lost == np.count_nonzero(times <= gravity_times[-1])


def test_acceleration_without_gravity_gives_no_samples() -> None:
    def alone(number: int) -> dict[str, Any]:
        times = grid(number, 100)
        return message(
            number, readings("accelerometer", times, motion(times)) + readings("gyroscope", times, spin(times))
        )

    chunks, report = received([alone(number) for number in range(5)], (200, SHOWN), platform="ios")
    assert not any(chunk.acc is not None for chunk in chunks)
    assert len(joined(chunks, "gyro")[0]) == 500
    assert report.lost["acceleration without gravity at its time"] == pytest.approx(300, abs=2)


@pytest.mark.parametrize("order", [(0, 1, 2, 3, 4), (1, 0, 2, 4, 3), (4, 3, 2, 1, 0), (0, 0, 1, 2, 1, 3, 4, 4)])
def test_messages_out_of_order_or_repeated_are_put_right(order: tuple[int, ...]) -> None:
    chunks, report = received([android(number) for number in order])
    times, _ = joined(chunks, "acc")
    assert np.array_equal(times, np.concatenate([grid(number, 100) for number in range(5)]))
    assert report.lost == ({"repeated message": len(order) - 5} if len(order) > 5 else {})
    assert resampled(chunks).report.segments == 1


def test_missing_messages_are_counted_and_leave_a_gap() -> None:
    chunks, report = received([android(number) for number in (0, 1, 4, 5)])
    assert report.lost == {"missing message": 2}
    resampler = resampled(chunks)
    assert resampler.report.segments == 2
    assert resampler.report.accelerometer.gaps == 1


def test_30_percent_of_the_samples_lost_is_no_trouble() -> None:
    rng = np.random.default_rng(0)
    messages = [android(number) for number in range(6)]
    for each in messages:
        each["payload"] = [entry for entry in each["payload"] if rng.random() > 0.3]
    chunks, report = received(messages)
    times, acc = joined(chunks, "acc")
    assert 350 < len(times) < 490
    np.testing.assert_allclose(acc, motion(times) + GRAVITY, atol=1e-9)
    assert not report.lost
    assert resampled(chunks).report.samples > 150


@pytest.mark.parametrize("jump_s", [-3600, 3600, -5])
@pytest.mark.parametrize("total", [True, False])
def test_a_phone_whose_clock_jumps_is_followed(jump_s: int, total: bool) -> None:
    messages = [android(number, total=total) for number in range(8)]
    for each in messages[4:]:
        for entry in each["payload"]:
            entry["time"] += jump_s * S
    chunks, report = received(messages)
    assert report.lost["acceleration without gravity at its time"] <= 2
    resampler = resampled(chunks)
    assert resampler.report.segments == 2
    assert resampler.report.samples > 2 * 150


@pytest.mark.parametrize(
    ("spoiled", "reason"),
    [
        ({"values": {"x": 1, "y": 2, "z": float("nan")}}, "reading with an axis out of range"),
        ({"values": {"x": 1, "y": 2, "z": float("inf")}}, "reading with an axis out of range"),
        ({"values": {"x": 1, "y": 2, "z": 10**400}}, "reading with an axis out of range"),
        ({"values": {"x": 1, "y": 2, "z": "9.81"}}, "reading with an axis that is not a number"),
        ({"values": {"x": 1, "y": 2, "z": True}}, "reading with an axis that is not a number"),
        ({"values": {"x": 1, "y": 2, "z": None}}, "reading with an axis that is not a number"),
        ({"values": {"x": 1, "y": 2, "z": {"z": 9.81}}}, "reading with an axis that is not a number"),
        ({"values": {"x": 1, "y": 2}}, "reading without its axes"),
        ({"values": [1, 2, 9.81]}, "reading without its axes"),
        ({"values": None}, "reading without its axes"),
        ({"time": None}, "reading without a time"),
        ({"time": "1698501144401773000"}, "reading without a time"),
        ({"time": float("nan")}, "reading without a time"),
        ({"time": -1}, "reading without a time"),
        ({"time": 10**30}, "reading without a time"),
        ({"name": 7}, "reading without a name"),
        ({"name": ["accelerometer"]}, "reading without a name"),
    ],
)
def test_an_invalid_reading_is_counted_by_its_reason_and_the_rest_is_used(spoiled, reason: str) -> None:
    broken = android(0)
    broken["payload"][5].update(spoiled)
    broken["payload"][-5].update(spoiled)
    parsed = parse_message(json.dumps(broken).encode())
    assert parsed.lost == {reason: 2}
    assert len(parsed.readings["totalacceleration"].times_ns) == 99


def test_readings_within_a_message_are_put_in_order() -> None:
    ordered, shuffled = android(0), android(0)
    np.random.default_rng(0).shuffle(shuffled["payload"])
    parsed = [parse_message(json.dumps(each).encode()) for each in (ordered, shuffled)]
    for name, each in parsed[0].readings.items():
        assert np.array_equal(each.times_ns, parsed[1].readings[name].times_ns)
        assert np.array_equal(each.values, parsed[1].readings[name].values)


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "body that is not JSON"),
        (b"\xff\xfe\x00", "body that is not JSON"),
        (b'{"payload": [', "body that is not JSON"),
        (b"[" * 100_000, "body that is not JSON"),
        (b'{"payload": [{"time": ' + b"9" * 5000 + b"}]}", "body that is not JSON"),
        (b"[]", "body that is not a message of Sensor Logger"),
        (b'{"messageId": 0}', "body that is not a message of Sensor Logger"),
        (b'{"payload": {"name": "accelerometer"}}', "body that is not a message of Sensor Logger"),
    ],
)
def test_a_post_that_is_not_a_message_is_refused_and_counted(body: bytes, reason: str) -> None:
    source = SensorLogger("127.0.0.1", 0)
    try:
        assert post(source.url, body) == 400
        assert post(source.url, message(0, [{"name": "test"}])) == 200  # The app's button to try the connection.
    finally:
        source.close()
    assert list(source) == []
    assert source.report.lost == {reason: 1}


def test_more_messages_than_can_be_handled_are_refused() -> None:
    source = SensorLogger("127.0.0.1", 0, limits=QUICK)
    try:
        statuses = Counter(post(source.url, android(number, 20)) for number in range(40))
    finally:
        source.close()
    assert statuses == {200: 32, 503: 8}
    list(source)
    assert source.report.lost == {"message while too many wait": 8}


def test_a_message_that_is_not_used_is_not_answered_with_200() -> None:
    source = SensorLogger("127.0.0.1", 0, limits=QUICK)
    try:
        assert post(source.url, android(0)) == 200
        assert post(source.url, message(0, android(0)["payload"], device="stranger")) == 409
        assert post(source.url, message(0, android(1)["payload"], session="second")) == 200
        assert post(source.url, android(1)) == 409
        assert post(source.url, message(0, android(1)["payload"], session="second")) == 200  # Again: it was received.
    finally:
        source.close()
    assert len(list(source)) == 4
    assert source.report.lost == {
        "message of another phone": 1,
        "message of an earlier recording": 1,
        "repeated message": 1,
    }


def test_a_token_is_required_if_the_uri_has_one() -> None:
    source = open_source(f"sensorlogger://127.0.0.1:0?token={TOKEN}&platform=ios")
    assert isinstance(source, SensorLogger)
    try:
        assert source.url.startswith("http://127.0.0.1:")
        assert source.description == f"Sensor Logger pushing to {source.url}"
        assert post(source.url, android(0)) == 401
        assert post(source.url, android(0), TOKEN) == 200
    finally:
        source.close()
    assert len(list(source)) == 2
    assert source.report.lost == {"wrong token": 1}


def annotation(at_ns: int, text: Any) -> dict[str, Any]:
    """As the app sends what a person wrote."""
    return {"name": "annotation", "time": at_ns, "values": {"text": text, "millisecond_press_duration": 80}}


def test_what_is_written_in_the_app_becomes_marks() -> None:
    messages = [android(0), android(1)]
    messages[0]["payload"] += [annotation(START_NS + S // 2, "walking"), annotation(START_NS + S // 4, "a" * 5000)]
    messages[1]["payload"] += [annotation(START_NS + S, ""), annotation(START_NS + S, 5), annotation(-1, "x")]
    chunks, report = received(messages)
    assert sum(len(chunk.times_ns) for chunk in chunks if chunk.acc is not None) == 200
    assert [(mark.time_ns - START_NS, mark.text) for mark in report.marks] == [
        (S // 4, "a" * 200),
        (S // 2, "walking"),
        (S, ""),
    ]
    assert report.lost == {"annotation without a text": 1, "reading without a time": 1}


def test_nobody_needs_to_take_the_marks() -> None:
    flood = [message(number, [annotation(START_NS + number, f"{number}")] * 100) for number in range(20)]
    _, report = received(flood)
    assert len(report.marks) == 64 and report.marks[-1].text == "19"


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("sensorlogger://127.0.0.1:0?platform=symbian", "option platform=symbian is not valid.*auto, ios, android"),
        ("sensorlogger://127.0.0.1:0?token=", "the option token has fewer than 16 characters"),
        ("sensorlogger://127.0.0.1:0?tocken=x", "unknown option 'tocken'"),
        ("sensorlogger:8000", "is not an address"),
        (f"sensorlogger://203.0.113.1:0?token={TOKEN}", "cannot listen on"),
        ("sensorlogger://0.0.0.0:0", "so it needs a token: .* `har-stream token` .* add .token-file=FILE"),
        ("sensorlogger://[::]:0", "so it needs a token: .* `har-stream token` .* add .token-file=FILE"),
    ],
)
def test_an_invalid_uri_is_refused(uri: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        open_source(uri)


def test_without_tornado_the_line_says_what_to_install(monkeypatch) -> None:
    for name in [name for name in sys.modules if name.startswith("har_runtime.web.") or name.endswith(".receiver")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [name for name in sys.modules if name.partition(".")[0] == "tornado"]:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(SourceError, match=re.escape("sensorlogger: needs Tornado (")) as refused:
        open_source("sensorlogger://127.0.0.1:0")
    assert str(refused.value).endswith("pip install 'haredge[web]'")


def test_tornado_is_loaded_only_when_the_source_is_opened() -> None:
    code = (
        "import sys, har_runtime.cli.stream, har_runtime.sources.sensorlogger.source; print('tornado' in sys.modules)"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "False"


@pytest.mark.parametrize(("stop", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 0)])
def test_a_pushing_phone_is_recognised_live_and_a_signal_ends_it(stop: signal.Signals, code: int) -> None:
    command = [sys.executable, "-m", "har_runtime", "--source", "sensorlogger://127.0.0.1:0"]
    command += ["--sink", "terminal:", "--sink", "jsonl:-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None and process.stderr is not None
        found = re.search(r"http://[0-9.:]+/", process.stderr.readline())
        assert found
        for number in range(3):
            assert post(found.group(), android(number)) == 200
        assert post(found.group(), b"{}") == 400
        row = json.loads(process.stdout.readline())
        assert row["start_s"] == pytest.approx(START_NS / 1e9, abs=0.2)
        process.send_signal(stop)
        process.stdout.read()
        error = process.stderr.read()
        assert process.wait(60) == code
    assert "windows of Sensor Logger pushing to" in error
