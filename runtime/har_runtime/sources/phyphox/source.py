"""`phyphox://HOST:PORT` - the phone app phyphox by RWTH Aachen, through its remote access.

In the app: an experiment that records the accelerometer (with g) and the gyroscope, such as one made with +, "Add
simple experiment"; in its menu, "Allow remote access", which shows HOST and PORT (8080 on Android, 80 on an iPhone). An
experiment without the gyroscope is read as a sensor without one; what follows it is read in the same way.

phyphox gives m/s^2, rad/s and, on an iPhone too, Android's sign. It sends eight digits, so times come in steps of 1 ms
once an experiment has run for 2.8 hours, and of 10 ms after 28 hours: restart it by then.
"""

import logging
import time
from collections.abc import Iterator
from typing import Final
from urllib.parse import quote

from har_runtime.contract import HOP_S, MAX_GAP_NS, to_ns
from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import SourceReport
from har_runtime.sources.due_times import DueTimes
from har_runtime.sources.phyphox.message import (
    MAX_TIME_S,
    Experiment,
    GetAnswer,
    buffers_and_status,
    column,
    parse_config,
    parse_get,
    parse_json,
    session_of,
    without,
)
from har_runtime.sources.phyphox.request import TooLargeError, get
from har_runtime.uri import Uri

_LOG = logging.getLogger(__name__)
DEFAULT_PORT: Final = 80
POLL_S: Final = 0.2
"""From one request to the next while it is not known when the next answer is due."""
LATE_S: Final = 0.05
"""From one request to the next if the sample that is due has not come."""
RETRY_S: Final = 1.0
TIMEOUT_S: Final = 5.0
"""For a connection."""
DEADLINE_S: Final = 10.0
"""For a connection, a request and the whole answer."""
MAX_ANSWER_BYTES: Final = 4 * 2**20
"""More than a minute of both sensors at 500 Hz."""
PAUSE_NS: Final = 2 * MAX_GAP_NS
"""The gap that stands for a pause of unknown length; it ends a segment."""
NO_ANSWER: Final = "no answer; is the phone in the same network, its screen on, and remote access allowed in phyphox?"
SAY_AFTER_EMPTY: Final = 10
"""After so many, two seconds, it is said."""
MAX_EMPTY_ANSWERS: Final = 5
"""After so many answers without a sample from a running experiment, check whether it was cleared or exchanged."""


def open_phyphox(uri: Uri) -> "Phyphox":
    """The source of a `phyphox:` URI."""
    uri.only()
    host, port = uri.address("", DEFAULT_PORT)
    if not host:
        raise SourceError("phyphox: needs the address that the app shows, such as phyphox://192.168.1.20:8080")
    return Phyphox(host, port)


class Phyphox:
    """Samples of a phone's accelerometer and, if the experiment records it, gyroscope, each with its own times.

    Raises:
        SourceError: the phone does not answer, or records something else.
    """

    def __init__(self, host: str, port: int, poll_s: float = POLL_S, retry_s: float = RETRY_S):
        """A source.

        Args:
            host: address of the phone.
            port: port of its remote access.
            poll_s: seconds between two requests.
            retry_s: seconds between two attempts while it does not answer.
        """
        self._host, self._port, self._poll_s, self._retry_s = host, port, poll_s, retry_s
        self._session: str | None = None
        self._newest_s: dict[str, float] = {}
        self._pauses_ns = 0
        self._stopped_ns: int | None = None
        self._has_gyroscope: bool | None = None
        try:
            self._experiment = self._connect()
        except SourceError as error:
            raise SourceError(f"phyphox://{host}:{port}: {error}") from error
        self._has_gyroscope = "gyroscope" in self._experiment.sensors
        self.description = f"phyphox on {host}, experiment '{self._experiment.title}'"
        self.report = SourceReport(
            units=f"acceleration in m/s^2{', angular rate in rad/s' if self._has_gyroscope else ''} (by phyphox)",
            gyroscope=self._has_gyroscope,
        )

    def __iter__(self) -> Iterator[SampleChunk]:
        is_offline = must_reconnect = False
        empty = 0
        times = DueTimes()
        while True:
            time.sleep(self._retry_s if is_offline else self._wait_s(times))
            try:
                if is_offline or must_reconnect:
                    self._experiment = self._connect()
                if is_offline:
                    self.report.reconnections += 1
                    _LOG.info("%s: answers again", self._host)
                    self._pauses_ns += PAUSE_NS  # It may have been paused in the meantime.
                is_offline = must_reconnect = False
                answer = self._poll()
            except _TooLargeError:
                self.report.lost["answer too large"] += 1
                self._newest_s.clear()
                must_reconnect = True
                continue
            except SourceError as error:
                self.report.lost["request without a usable answer"] += 1
                self.report.say(f"{self._host}: {error}")
                is_offline = True
                continue
            self.report.lost.update(answer.lost)
            if answer.session != self._session:
                must_reconnect = True
                continue
            self._note_pause(answer.measuring)
            self.report.say(self._trouble(answer.measuring, empty))
            newest: list[int] = []
            for sensor, samples in answer.samples.items():
                if samples.newest_s is not None:
                    self._newest_s[sensor] = samples.newest_s
                if len(samples.times_s):
                    times_ns = to_ns(samples.times_s) + self._pauses_ns
                    newest.append(int(times_ns[-1]))
                    yield (
                        SampleChunk(times_ns, samples.values, None)
                        if sensor == "accelerometer"
                        else SampleChunk(times_ns, None, samples.values)
                    )
            if newest:
                times.step(time.monotonic_ns(), min(newest))
            is_empty = answer.measuring and all(samples.newest_s is None for samples in answer.samples.values())
            empty = empty + 1 if is_empty else 0
            must_reconnect = empty >= MAX_EMPTY_ANSWERS

    def close(self) -> None:
        """Nothing to release: each request has its own connection."""

    def _wait_s(self, times: DueTimes) -> float:
        """Seconds until the next request: to when the sample that is due can be read."""
        wait_s = times.wait_s(time.monotonic_ns(), self.report.due_ns)
        return self._poll_s if wait_s is None else min(max(wait_s, LATE_S), HOP_S)

    def _trouble(self, measuring: bool, empty: int) -> str | None:
        """What keeps samples from coming.

        Args:
            empty: answers in a row without a sample.
        """
        if not measuring:
            return f"{self._host}: the experiment is paused; start it in phyphox"
        if empty >= SAY_AFTER_EMPTY:
            return f"{self._host}: the experiment runs, but its sensors give no sample"
        return None

    def _connect(self) -> Experiment:
        """Find the sensors, start the experiment if needed, and set the time from which to read."""
        experiment = parse_config(self._request("/config"))
        if self._has_gyroscope and "gyroscope" not in experiment.sensors:
            raise SourceError(without(experiment.title, "gyroscope"))
        if self._has_gyroscope is False:
            experiment.sensors.pop("gyroscope", None)
        last = "&".join(_quoted(buffers.t) for buffers in experiment.sensors.values())
        parts = buffers_and_status(self._request(f"/get?{last}"))  # Without a threshold: the last value only.
        if parts is None:
            raise SourceError("the answer is not from phyphox")
        buffers, status = parts
        is_same = session_of(status) == self._session
        for sensor, names in experiment.sensors.items():
            newest = next((value for value in column(buffers.get(names.t)) if 0 <= value < MAX_TIME_S), 0.0)
            before = self._newest_s.get(sensor) if is_same else None
            if before is not None:  # Earlier times mean that it was cleared: read it from its beginning.
                newest = before if newest >= before else 0.0
            self._newest_s[sensor] = newest
        self._session = session_of(status)
        if status.get("measuring") is not True:
            started = parse_json(self._request("/control?cmd=start"))
            if not isinstance(started, dict) or started.get("result") is not True:
                raise SourceError("the experiment did not start; start it on the phone")
        return experiment

    def _poll(self) -> GetAnswer:
        parts: list[str] = []
        for sensor, names in self._experiment.sensors.items():
            threshold = repr(self._newest_s[sensor])
            parts.append(f"{_quoted(names.t)}={threshold}")
            parts += [f"{_quoted(name)}={threshold}%7C{_quoted(names.t)}" for name in (names.x, names.y, names.z)]
        return parse_get(self._request(f"/get?{'&'.join(parts)}"), self._experiment)

    def _note_pause(self, measuring: bool) -> None:
        """phyphox omits pauses from its times: add them again, so that they become gaps."""
        now_ns = time.monotonic_ns()
        if not measuring:
            self._stopped_ns = self._stopped_ns or now_ns
        elif self._stopped_ns is not None:
            self._pauses_ns += max(now_ns - self._stopped_ns, PAUSE_NS)
            self._stopped_ns = None

    def _request(self, path: str) -> bytes:
        """The body of the phone's answer.

        Raises:
            SourceError: no answer, or one that is not from phyphox.
        """
        from http.client import HTTPException

        try:
            status, body = get(self._host, self._port, path, TIMEOUT_S, DEADLINE_S, MAX_ANSWER_BYTES)
        except ConnectionRefusedError as error:
            raise SourceError(
                "the phone can be reached, but nothing listens at this port; open the experiment in phyphox, allow "
                "remote access in its menu, and give the address and port that it shows"
            ) from error
        except TimeoutError as error:
            raise SourceError(NO_ANSWER) from error
        except TooLargeError as error:
            raise _TooLargeError("the answer is too large") from error
        except (OSError, UnicodeError) as error:
            raise SourceError(f"{NO_ANSWER} ({getattr(error, 'strerror', None) or error})") from error
        except HTTPException as error:
            raise SourceError(f"the answer is not from phyphox ({type(error).__name__})") from error
        if status != 200:
            raise SourceError(f"the answer is not from phyphox 1.1.6 or later (status {status})")
        return body


class _TooLargeError(SourceError):
    """The answer is larger than `MAX_ANSWER_BYTES`."""


def _quoted(name: str) -> str:
    return quote(name, safe="")
