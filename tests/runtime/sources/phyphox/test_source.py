"""phyphox, against a server that speaks its remote interface as the app does: thresholds, eight digits, null."""

import contextlib
import itertools
import json
import math
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import numpy as np
import pytest

from har_runtime.cli.interrupt import Interruptible
from har_runtime.contract import MAX_GAP_NS
from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.signal.resample import Resampler, concatenate
from har_runtime.sources import open_source
from har_runtime.sources.phyphox import source as phyphox_source
from har_runtime.sources.phyphox.message import SENSORS
from har_runtime.sources.phyphox.source import Phyphox

NAMES = {"accelerometer": ("acc_time", "accX", "accY", "accZ"), "gyroscope": ("gyr_time", "gyrX", "gyrY", "gyrZ")}


class Phone:
    """A phone with a simple experiment of phyphox; it measures a little more before each request for new values."""

    def __init__(self, rates: tuple[float, float] = (100, 100)):
        self.rates = dict(zip(SENSORS, rates, strict=True))
        self.names = NAMES
        self.session = "fe54a1"
        self.measuring = False
        self.starts = True
        self.title = "My IMU"
        self.seconds = 0.0
        self.buffers: dict[str, list[Any]] = {}
        self.asked: list[str] = []
        self.before: Callable[[Phone, str], bytes | None] = lambda phone, path: None
        self.clear()

    def clear(self) -> None:
        """What the app does when its data are cleared: it stops, and its time restarts."""
        self.seconds, self.measuring = 0.0, False
        self.buffers = {name: [] for names in self.names.values() for name in names}

    def measure(self, seconds: float) -> None:
        """Let time pass."""
        for sensor, names in self.names.items():
            rate = self.rates[sensor]
            first, last = math.floor(self.seconds * rate + 1e-6), math.floor((self.seconds + seconds) * rate + 1e-6)
            for index in range(first, last):
                for name, value in zip(names, ((index + 1) / rate, index, len(sensor), 9.81), strict=True):
                    self.buffers[name].append(value)
        self.seconds += seconds

    def config(self) -> dict[str, Any]:
        """As phyphox 1.1.x answers it."""
        inputs = [{"source": "location", "outputs": [{"lat": "lat"}]}, {"source": "bluetooth"}]
        for sensor, (t, x, y, z) in self.names.items():
            inputs.append({"source": sensor, "outputs": [{"x": x}, {"y": y}, {"z": z}, {"abs": "a"}, {"t": t}]})
        return {
            "crc32": "9566a693",
            "title": self.title,
            "localTitle": self.title,
            "category": "Simple custom experiments",
            "buffers": [{"name": name, "size": 0} for name in self.buffers],
            "inputs": inputs,
            "export": [],
        }

    def get(self, query: str) -> str:
        """The answer to /get, with the nudge to the threshold and the eight digits of RemoteServer.java."""
        wanted = parse_qsl(query, keep_blank_values=True)
        if self.measuring and any(value for _, value in wanted):
            self.measure(0.25)
        parts: list[str] = []
        for name, value in wanted:
            if name not in self.buffers:
                continue
            data = self.buffers[name]
            if value:
                number, _, reference = value.partition("|")
                threshold = float(number)
                if threshold:
                    threshold += 10 ** math.floor(math.log10(abs(threshold) / 1e7))
                pairs = zip(data, self.buffers[reference or name], strict=True)
                data = [item for item, time in pairs if not isinstance(time, float) or not time <= threshold]
            else:
                data = data[-1:] or [math.nan]
            texts = [self.text(item) for item in data]
            parts.append(f'"{name}":{{"size":0,"updateMode":"partial", "buffer":[{",".join(texts)}]}}')
        status = {"session": self.session, "measuring": self.measuring, "timedRun": False, "countDown": 0}
        return f'{{"buffer":{{{",".join(parts)}}},"status":{json.dumps(status)}}}'

    @staticmethod
    def text(value: Any) -> str:
        """Java's format 0.#######E0; anything but a number as JSON writes it."""
        if not isinstance(value, float | int):
            return json.dumps(value)
        return f"{value:.7E}" if math.isfinite(value) else "null"

    def answer(self, path: str) -> bytes:
        """The body of an answer."""
        self.asked.append(path)
        if (instead := self.before(self, path)) is not None:
            return instead
        parts = urlsplit(path)
        if parts.path == "/config":
            return json.dumps(self.config()).encode()
        if parts.path == "/get":
            return self.get(parts.query).encode()
        assert path == "/control?cmd=start"
        self.measuring = self.starts
        return json.dumps({"result": self.starts}).encode()


class HangUpError(Exception):
    """Raised by the phone in place of an answer."""


@pytest.fixture
def phone() -> Iterator[Phone]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            try:
                body = phone.answer(self.path)
            except HangUpError:
                self.close_connection = True
                return
            with contextlib.suppress(ConnectionError):  # The reader may have left meanwhile.
                self.send_response(200 if body else 404)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    phone = Phone()
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    phone.port = server.server_port  # pyright: ignore[reportAttributeAccessIssue]
    yield phone
    server.shutdown()
    server.server_close()


def source(phone: Any) -> Phyphox:
    return Phyphox("127.0.0.1", phone.port, poll_s=0, retry_s=0)


def read(phyphox: Phyphox, seconds: float) -> dict[str, tuple[np.ndarray, np.ndarray]]:
    """Times in s and values of both sensors, until both have been read for so long."""
    chunks: dict[str, list[SampleChunk]] = {sensor: [] for sensor in SENSORS}
    for chunk in phyphox:
        chunks["gyroscope" if chunk.acc is None else "accelerometer"].append(chunk)
        newest = [sum(len(c.times_ns) for c in each) for each in chunks.values()]
        if min(newest) >= seconds:
            break
    return {
        sensor: (
            np.concatenate([chunk.times_ns for chunk in each]) / 1e9,
            np.concatenate([chunk.gyro if chunk.acc is None else chunk.acc for chunk in each]),  # pyright: ignore
        )
        for sensor, each in chunks.items()
    }


def test_both_sensors_come_with_their_own_times(phone: Phone) -> None:
    phyphox = source(phone)
    for sensor, (times, values) in read(phyphox, 200).items():
        np.testing.assert_allclose(times, np.arange(1, len(times) + 1) / 100, atol=1e-7)
        np.testing.assert_allclose(values[:, 0], np.arange(len(times)))
        assert (values[:, 1:] == [len(sensor), 9.81]).all()
    assert phyphox.description == "phyphox on 127.0.0.1, experiment 'My IMU'"
    assert not phyphox.report.lost


def test_a_sensor_of_20_hz_and_one_of_500_hz_meet_on_the_grid(phone: Phone) -> None:
    phone.rates = dict(zip(SENSORS, (20, 500), strict=True))
    resampler, segments = Resampler(), []
    found = read(source(phone), 60)
    segments += resampler.push(found["accelerometer"][0], acc=found["accelerometer"][1])
    times, counted = found["gyroscope"]  # Readings that count up, to more than a gyroscope measures.
    segments += resampler.push(times, gyro=counted % 30)
    (segment,) = concatenate(segments + resampler.finish())
    assert len(segment.imu) >= 2 * 50
    assert resampler.report.accelerometer.dropped == resampler.report.gyroscope.dropped == 0


def test_only_new_samples_are_read_and_a_stopped_experiment_is_started(phone: Phone) -> None:
    phone.measure(600)
    source(phone)
    assert phone.asked == ["/config", "/get?acc_time&gyr_time", "/control?cmd=start"]
    phone.asked.clear()
    times, _ = read(source(phone), 50)["gyroscope"]
    assert times[0] == pytest.approx(600.01, abs=0.002)
    assert "/control?cmd=start" not in phone.asked
    assert (np.diff(times) > 0).all()


def test_after_an_outage_it_continues_without_losing_what_the_phone_kept(phone: Phone) -> None:
    away = iter(range(5, 12))

    def leave(phone: Phone, path: str) -> None:
        if len(phone.asked) in (20, 21, 22) and next(away, None):
            raise HangUpError

    phone.before = leave
    phyphox = source(phone)
    times, values = read(phyphox, 1000)["accelerometer"]
    assert (np.diff(values[:, 0]) == 1).all()
    assert np.count_nonzero(np.diff(times) > MAX_GAP_NS / 1e9) == 1  # It may have been paused in the meantime.
    assert phyphox.report.reconnections == 1
    assert phyphox.report.lost == {"request without a usable answer": 3}


def test_a_pause_which_phyphox_omits_from_its_times_is_a_gap(phone: Phone) -> None:
    def pause(phone: Phone, path: str) -> None:
        if len(phone.asked) == 20:
            phone.measuring = False
        if len(phone.asked) == 25:
            phone.measuring = True

    phone.before = pause
    times, values = read(source(phone), 1000)["gyroscope"]
    assert (np.diff(values[:, 0]) == 1).all()
    (gap,) = np.flatnonzero(np.diff(times) > MAX_GAP_NS / 1e9)
    assert 0 < gap < len(times) - 1


def test_cleared_data_are_read_from_their_new_beginning(phone: Phone) -> None:
    def clear(phone: Phone, path: str) -> None:
        if len(phone.asked) == 20:
            phone.clear()
        if len(phone.asked) == 25:
            phone.measuring = True

    phone.before = clear
    _, values = read(source(phone), 2000)["accelerometer"]
    (again,) = np.flatnonzero(np.diff(values[:, 0]) < 0) + 1
    assert (np.diff(values[again:, 0]) == 1).all()
    assert values[again, 0] == 0


def test_another_experiment_is_found_by_its_new_buffers(phone: Phone) -> None:
    def switch(phone: Phone, path: str) -> None:
        if len(phone.asked) == 20:
            phone.names = {sensor: tuple(f"{name} & 2|" for name in names) for sensor, names in NAMES.items()}  # pyright: ignore
            phone.session, phone.title = "0c11d2", "Another"
            phone.clear()
            phone.measure(100)

    phone.before = switch
    phyphox = source(phone)
    times, _ = read(phyphox, 1500)["accelerometer"]
    assert np.count_nonzero(np.diff(times) > 50) == 1
    assert (np.diff(times) > 0).all()
    assert "/get?acc_time%20%26%202%7C&gyr_time%20%26%202%7C" in phone.asked


def test_an_experiment_without_a_gyroscope_gives_acceleration_alone_whatever_follows_it(phone: Phone) -> None:
    def add_gyroscope(phone: Phone, path: str) -> None:
        if len(phone.asked) == 20:
            phone.names, phone.session = NAMES, "0c11d2"
            phone.clear()
            phone.measure(100)

    phone.names = {"accelerometer": NAMES["accelerometer"]}
    phone.before = add_gyroscope
    phyphox = source(phone)
    assert not phyphox.report.gyroscope
    assert phyphox.report.units == "acceleration in m/s^2 (by phyphox)"
    chunks = list(itertools.islice(phyphox, 40))
    assert all(chunk.gyro is None for chunk in chunks)
    times = np.concatenate([chunk.times_ns for chunk in chunks]) / 1e9
    assert np.count_nonzero(np.diff(times) > 50) == 1
    assert phone.asked[0:2] == ["/config", "/get?acc_time"]
    assert phone.asked[-1].startswith("/get?acc_time=") and "gyr" not in phone.asked[-1]


def test_an_experiment_that_lost_its_gyroscope_is_waited_out(phone: Phone, caplog) -> None:
    def switch(phone: Phone, path: str) -> None:
        if len(phone.asked) == 20:
            phone.names, phone.session = {"accelerometer": NAMES["accelerometer"]}, "0c11d2"
        if len(phone.asked) == 25:
            phone.names = NAMES

    phone.before = switch
    phyphox = source(phone)
    read(phyphox, 1000)
    assert phyphox.report.reconnections == 1
    assert "the experiment 'My IMU' does not record the gyroscope with its times" in caplog.text


def test_an_experiment_without_the_sensors_is_waited_out(phone: Phone) -> None:
    def switch(phone: Phone, path: str) -> bytes | None:
        if len(phone.asked) == 20:
            phone.session = "0c11d2"
        return b'{"title": "Magnet", "inputs": []}' if 20 < len(phone.asked) < 25 and path == "/config" else None

    phone.before = switch
    phyphox = source(phone)
    read(phyphox, 1000)
    assert phyphox.report.reconnections == 1
    assert phyphox.report.lost == {"request without a usable answer": 4}


def test_invalid_values_are_counted_and_skipped(phone: Phone) -> None:
    def spoil(phone: Phone, path: str) -> None:
        if len(phone.asked) == 5:
            phone.measure(0.1)
            phone.buffers["accX"][-1] = math.nan
            phone.buffers["accY"][-2] = "9.81"
            phone.buffers["accZ"][-3] = [9.81]
            phone.buffers["gyrX"][-1] = None
            phone.buffers["gyr_time"][-2] = math.nan

    phone.before = spoil
    phyphox = source(phone)
    found = read(phyphox, 300)
    for _, values in found.values():
        assert np.isfinite(values).all()
    assert phyphox.report.lost.pop("gyroscope value without a time") >= 1  # It is beyond every threshold.
    assert phyphox.report.lost == {
        "accelerometer value that is not a number": 3,
        "gyroscope value that is not a number": 1,
    }


def test_a_third_of_the_samples_lost_is_no_trouble(phone: Phone) -> None:
    rng = np.random.default_rng(0)

    def lose(phone: Phone, path: str) -> None:
        for names in phone.names.values():
            kept = rng.random(len(phone.buffers[names[0]])) > 0.3 / max(1, len(phone.asked))
            for name in names:
                phone.buffers[name] = [v for v, keep in zip(phone.buffers[name], kept, strict=True) if keep]

    phone.before = lose
    phyphox = source(phone)
    for times, values in read(phyphox, 300).values():
        assert (np.diff(times) > 0).all()
        np.testing.assert_allclose(values[:, 0], times * 100 - 1, atol=1e-3)
    assert not phyphox.report.lost


def test_an_answer_that_is_too_large_is_skipped(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(phyphox_source, "MAX_ANSWER_BYTES", 20_000)

    def flood(phone: Phone, path: str) -> None:
        if len(phone.asked) == 10:
            phone.measure(60)

    phone.before = flood
    reader = source(phone)
    times, _ = read(reader, 500)["accelerometer"]
    assert np.count_nonzero(np.diff(times) > 59) == 1
    assert reader.report.lost == {"answer too large": 1}


@pytest.mark.parametrize(
    ("answers", "message"),
    [
        ({"/config": b""}, r"not from phyphox 1\.1\.6 or later \(status 404\)"),
        ({"/config": b"<html>"}, r"not from phyphox 1\.1\.6 or later"),
        ({"/config": b"[" * 100_000}, r"not from phyphox 1\.1\.6 or later"),
        ({"/config": b'{"inputs": [{"source": "gyroscope"}, 3]}'}, "does not record the accelerometer with"),
        ({"/get": b'{"buffer": []}'}, "the answer is not from phyphox"),
        ({"/control": b'{"result": false}'}, "the experiment did not start; start it on the phone"),
    ],
)
def test_an_unusable_experiment_is_refused_in_one_line(phone: Any, answers: dict[str, bytes], message: str) -> None:
    phone.before = lambda phone, path: answers.get(urlsplit(path).path)
    with pytest.raises(SourceError, match=message) as caught:
        open_source(f"phyphox://127.0.0.1:{phone.port}")
    assert str(caught.value).startswith(f"phyphox://127.0.0.1:{phone.port}: ")
    assert "\n" not in str(caught.value)


def test_a_phone_without_remote_access_is_told_apart_from_one_that_does_not_answer(monkeypatch) -> None:
    monkeypatch.setattr(phyphox_source, "TIMEOUT_S", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as server:  # Connections are accepted, but never answered.
        address = f"phyphox://127.0.0.1:{server.getsockname()[1]}"
        with pytest.raises(SourceError, match="no answer; is the phone in the same network"):
            open_source(address)
    with pytest.raises(SourceError, match=r"nothing listens at this port; .* allow remote access in its menu"):
        open_source(address)


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("phyphox:", "needs the address that the app shows"),
        ("phyphox://:8080", "needs the address that the app shows"),
        ("phyphox:192.168.1.20", "is not an address"),
        ("phyphox://127.0.0.1?speed=2", "unknown option 'speed'"),
        (f"phyphox://{'a' * 70}", "no answer"),
    ],
)
def test_an_invalid_address_is_refused(uri: str, message: str) -> None:
    with pytest.raises(SourceError, match=message):
        open_source(uri)


def test_ctrl_c_ends_the_wait_for_an_answer(phone: Phone) -> None:
    stopped = threading.Event()

    def hang(phone: Phone, path: str) -> None:
        if len(phone.asked) == 10:
            os.kill(os.getpid(), signal.SIGINT)
            stopped.wait(60)

    phone.before = hang
    interruptible = Interruptible()
    with interruptible:
        assert len(list(interruptible.items(source(phone)))) > 0
    stopped.set()
    assert interruptible.interrupted


def test_the_phone_is_asked_when_the_sample_that_is_due_has_been_measured(
    phone: Phone, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The phone measures a quarter of a second before each answer, on a clock that stands still in between."""
    waits: list[float] = []
    monkeypatch.setattr(phyphox_source.time, "sleep", waits.append)
    monkeypatch.setattr(phyphox_source.time, "monotonic_ns", lambda: 10**12 + round(phone.seconds * 1e9))
    source = Phyphox("127.0.0.1", phone.port, poll_s=0.2)
    chunks = iter(source)
    newest_ns = min(int(next(chunks).times_ns[-1]), int(next(chunks).times_ns[-1]))
    source.report.due_ns = newest_ns + 300_000_000
    next(chunks)
    source.report.due_ns = newest_ns
    for _ in range(3):
        next(chunks)
    assert waits[:2] == [0.2, pytest.approx(0.3)]
    assert waits[2] == 0.05  # It is overdue.
