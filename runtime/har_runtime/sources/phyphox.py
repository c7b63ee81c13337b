"""`phyphox://HOST:PORT` - the phone app phyphox by RWTH Aachen, through its remote access.

In the app: an experiment that records the accelerometer (with g) and the gyroscope, such as one made with +, "Add
simple experiment"; in its menu, "Allow remote access", which shows HOST and PORT (8080 on Android, 80 on an iPhone).

The API: https://phyphox.org/wiki/index.php/Remote-interface_communication and the openapi.yaml of phyphox-docs.
/config names the buffers of each sensor, /control?cmd=start starts it, and /get gives the values at which the buffer of
times is beyond a threshold. phyphox has m/s^2, rad/s and Android's sign on an iPhone as well. It sends eight digits, so
that times come in steps of 1 ms once an experiment has run for 2.8 hours, and of 10 ms after 28: start it anew by then.
"""

import json
import logging
import math
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import MAX_GAP_NS, to_ns
from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import SourceReport
from har_runtime.uri import Uri

if TYPE_CHECKING:
    from http.client import HTTPResponse

_LOG = logging.getLogger(__name__)
DEFAULT_PORT: Final = 80
SENSORS: Final = ("accelerometer", "gyroscope")
POLL_S: Final = 0.2
RETRY_S: Final = 1.0
TIMEOUT_S: Final = 5.0
MOST_BYTES: Final = 4 * 2**20
"""Of an answer: more than a minute of both sensors at 500 Hz."""
LATEST_S: Final = 1e9
"""32 years: an experiment is younger."""
PAUSE_NS: Final = 2 * MAX_GAP_NS
"""The shortest pause, as long as ends a segment."""
NO_ANSWER: Final = "no answer; is the phone in the same network, its screen on, and remote access allowed in phyphox?"
EMPTY_POLLS: Final = 5
"""Answers without a sample, from a running experiment, after which to look whether it was cleared or exchanged."""


def open_phyphox(uri: Uri) -> "Phyphox":
    """The source of a `phyphox:` URI."""
    uri.only()
    host, port = uri.address("", DEFAULT_PORT)
    if not host:
        raise SourceError("phyphox: needs the address that the app shows, such as phyphox://192.168.1.20:8080")
    return Phyphox(host, port)


@dataclass(frozen=True)
class Buffers:
    """The names of the buffers that one sensor writes to."""

    t: str
    x: str
    y: str
    z: str


@dataclass(frozen=True)
class Experiment:
    """What runs on the phone, as far as it is of use."""

    title: str
    sensors: dict[str, Buffers]
    """Both of `SENSORS`."""


@dataclass(frozen=True)
class Samples:
    """New samples of one sensor."""

    times_s: NDArray[np.float64]
    """Since the experiment began, pauses left out, shape (n,)."""
    values: NDArray[np.float64]
    """m/s^2 or rad/s, shape (n, 3)."""
    newest_s: float | None
    """The latest time received, usable or not; None where there is none."""


@dataclass(frozen=True)
class Answer:
    """An answer to /get."""

    session: str
    """Another one, another experiment."""
    measuring: bool
    samples: dict[str, Samples]
    lost: Counter[str] = field(default_factory=Counter)
    """Values that cannot be used, by reason."""


def parse_config(body: bytes) -> Experiment:
    """Read an answer to /config.

    Raises:
        SourceError: it is none, or the experiment lacks one of the sensors.
    """
    config = _json(body)
    if not isinstance(config, dict) or not isinstance(config.get("inputs"), list):
        raise SourceError("what answers is no phyphox of version 1.1.6 or later")
    title = " ".join(str(config.get("title")).split())[:60]
    sensors: dict[str, Buffers] = {}
    for entry in config["inputs"]:
        if not isinstance(entry, dict) or entry.get("source") not in SENSORS:
            continue
        outputs = entry.get("outputs")
        pairs = [each for each in outputs if isinstance(each, dict)] if isinstance(outputs, list) else []
        named = {part: name for each in pairs for part, name in each.items() if isinstance(name, str)}
        if all(part in named for part in "txyz"):
            sensors[entry["source"]] = Buffers(**{part: named[part] for part in "txyz"})
    missing = [sensor for sensor in SENSORS if sensor not in sensors]
    if missing:
        raise SourceError(
            f"the experiment '{title}' does not record {' and '.join(missing)} with their times; in phyphox, tap +, "
            "'Add simple experiment', choose Accelerometer (with g) and Gyroscope, open it and allow remote access"
        )
    return Experiment(title, sensors)


def parse_get(body: bytes, experiment: Experiment) -> Answer:
    """Read an answer to /get; never raises.

    >>> experiment = Experiment("", {name: Buffers("t", "x", "y", "z") for name in SENSORS})
    >>> body = b'{"buffer": {"t": {"buffer": [1, 1.01]}, "x": {"buffer": [0, null]}, "y": {"buffer": [0, 0]}, '
    >>> body += b'"z": {"buffer": [9.81, 9.81]}}, "status": {"session": "a1", "measuring": true}}'
    >>> answer = parse_get(body, experiment)
    >>> answer.samples["accelerometer"].values.tolist(), answer.lost["accelerometer value that is no number"]
    ([[0.0, 0.0, 9.81]], 1)
    """
    parts = _buffers_and_status(body)
    if parts is None:
        nothing = Samples(np.empty(0), np.empty((0, 3)), None)
        return Answer("", False, dict.fromkeys(experiment.sensors, nothing), Counter({"answer not of phyphox": 1}))
    buffers, status = parts
    lost: Counter[str] = Counter()
    samples: dict[str, Samples] = {}
    for sensor, names in experiment.sensors.items():
        columns = [_column(buffers.get(name)) for name in (names.t, names.x, names.y, names.z)]
        # A row whose axes are not all there yet comes again: the threshold stays before it.
        table = np.array(list(zip(*columns, strict=False)), np.float64).reshape(-1, 4)
        timed = (table[:, 0] >= 0) & (table[:, 0] < LATEST_S)
        usable = timed & np.isfinite(table).all(axis=1)
        for what, count in (
            ("value without a time", np.count_nonzero(~timed)),
            ("value that is no number", np.count_nonzero(timed & ~usable)),
        ):
            if count:
                lost[f"{sensor} {what}"] += int(count)
        newest = float(table[timed, 0].max()) if timed.any() else None
        samples[sensor] = Samples(table[usable, 0], table[usable, 1:], newest)
    return Answer(_session(status), status.get("measuring") is True, samples, lost)


class Phyphox:
    """Samples of both sensors of a phone, each with its own times.

    Raises:
        SourceError: the phone does not answer, or records something else.
    """

    def __init__(self, host: str, port: int, poll_s: float = POLL_S, retry_s: float = RETRY_S):
        """A source.

        Args:
            host: the phone.
            port: of its remote access.
            poll_s: between two questions.
            retry_s: between two attempts while it does not answer.
        """
        self._host, self._port, self._poll_s, self._retry_s = host, port, poll_s, retry_s
        self._session: str | None = None
        self._newest_s: dict[str, float] = {}
        self._pauses_ns = 0
        self._stopped_ns: int | None = None
        try:
            self._experiment = self._settle()
        except SourceError as error:
            raise SourceError(f"phyphox://{host}:{port}: {error}") from error
        self.description = f"phyphox on {host}, experiment '{self._experiment.title}'"
        self.report = SourceReport(units="acceleration in m/s^2, angular rate in rad/s (by phyphox)")

    def __iter__(self) -> Iterator[SampleChunk]:
        is_away = is_unsettled = False
        empty = 0
        while True:
            time.sleep(self._retry_s if is_away else self._poll_s)
            try:
                if is_away or is_unsettled:
                    self._experiment = self._settle()
                if is_away:
                    self.report.reconnections += 1
                    _LOG.info("%s: answers again", self._host)
                    self._pauses_ns += PAUSE_NS  # It may have been paused meanwhile.
                is_away = is_unsettled = False
                answer = self._poll()
            except _TooLargeError:
                self.report.lost["answer too large"] += 1
                self._newest_s.clear()
                is_unsettled = True
                continue
            except SourceError as error:
                self.report.lost["question without a usable answer"] += 1
                if not is_away:
                    _LOG.warning("%s: %s", self._host, error)
                is_away = True
                continue
            self.report.lost.update(answer.lost)
            if answer.session != self._session:
                is_unsettled = True
                continue
            self._note_pause(answer.measuring)
            for sensor, samples in answer.samples.items():
                if samples.newest_s is not None:
                    self._newest_s[sensor] = samples.newest_s
                if len(samples.times_s):
                    times_ns = to_ns(samples.times_s) + self._pauses_ns
                    yield (
                        SampleChunk(times_ns, samples.values, None)
                        if sensor == "accelerometer"
                        else SampleChunk(times_ns, None, samples.values)
                    )
            is_empty = answer.measuring and all(samples.newest_s is None for samples in answer.samples.values())
            empty = empty + 1 if is_empty else 0
            is_unsettled = empty >= EMPTY_POLLS

    def close(self) -> None:
        """Nothing to let go of: each question has its own connection."""

    def _settle(self) -> Experiment:
        """Find the sensors, start the experiment, and set where to go on."""
        experiment = parse_config(self._ask("/config"))
        last = "&".join(_quoted(buffers.t) for buffers in experiment.sensors.values())
        parts = _buffers_and_status(self._ask(f"/get?{last}"))  # Without a threshold, the last value alone.
        if parts is None:
            raise SourceError("what answers is no phyphox")
        buffers, status = parts
        is_same = _session(status) == self._session
        for sensor, names in experiment.sensors.items():
            newest = next((value for value in _column(buffers.get(names.t)) if 0 <= value < LATEST_S), 0.0)
            before = self._newest_s.get(sensor) if is_same else None
            if before is not None:  # Where its times are earlier it was cleared, and is of use from its beginning.
                newest = before if newest >= before else 0.0
            self._newest_s[sensor] = newest
        self._session = _session(status)
        if status.get("measuring") is not True:
            started = _json(self._ask("/control?cmd=start"))
            if not isinstance(started, dict) or started.get("result") is not True:
                raise SourceError("the experiment did not start; start it on the phone")
        return experiment

    def _poll(self) -> Answer:
        parts: list[str] = []
        for sensor, names in self._experiment.sensors.items():
            threshold = repr(self._newest_s[sensor])
            parts.append(f"{_quoted(names.t)}={threshold}")
            parts += [f"{_quoted(name)}={threshold}%7C{_quoted(names.t)}" for name in (names.x, names.y, names.z)]
        return parse_get(self._ask(f"/get?{'&'.join(parts)}"), self._experiment)

    def _note_pause(self, measuring: bool) -> None:
        """phyphox leaves pauses out of its times: put them in again, so that they are gaps."""
        now_ns = time.monotonic_ns()
        if not measuring:
            self._stopped_ns = self._stopped_ns or now_ns
        elif self._stopped_ns is not None:
            self._pauses_ns += max(now_ns - self._stopped_ns, PAUSE_NS)
            self._stopped_ns = None

    def _ask(self, path: str) -> bytes:
        """The body of what the phone answers.

        Raises:
            SourceError: it does not answer as phyphox does.
        """
        from http.client import HTTPConnection, HTTPException

        connection = HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
        try:
            connection.request("GET", path, headers={"Connection": "close"})
            response = connection.getresponse()
            body = _limited(response)
        except ConnectionRefusedError as error:
            raise SourceError(
                "the phone is there, but nothing listens at this port; open the experiment in phyphox, allow remote "
                "access in its menu, and give the address and port that it shows"
            ) from error
        except TimeoutError as error:
            raise SourceError(NO_ANSWER) from error
        except (OSError, UnicodeError) as error:
            raise SourceError(f"{NO_ANSWER} ({getattr(error, 'strerror', None) or error})") from error
        except HTTPException as error:
            raise SourceError(f"what answers is no phyphox ({type(error).__name__})") from error
        finally:
            connection.close()
        if response.status != 200:
            raise SourceError(f"what answers is no phyphox of version 1.1.6 or later (status {response.status})")
        return body


class _TooLargeError(SourceError):
    """An answer that is larger than is read."""


def _limited(response: "HTTPResponse") -> bytes:
    """The body, if it is not too large and comes in time."""
    body = bytearray()
    until = time.monotonic() + 2 * TIMEOUT_S
    while part := response.read1(65536):
        body += part
        if len(body) > MOST_BYTES:
            raise _TooLargeError("the answer is too large")
        if time.monotonic() > until:
            raise TimeoutError
    return bytes(body)


def _buffers_and_status(body: bytes) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """The two parts of an answer to /get; None where it is none."""
    message = _json(body)
    if not isinstance(message, dict):
        return None
    buffers, status = message.get("buffer"), message.get("status")
    return (buffers, status) if isinstance(buffers, dict) and isinstance(status, dict) else None


def _session(status: dict[str, Any]) -> str:
    session = status.get("session")
    return session if isinstance(session, str) else ""


def _column(buffer: Any) -> list[float]:
    """The values of a buffer in an answer, NaN for what is no number; empty where there is none."""
    values = buffer.get("buffer") if isinstance(buffer, dict) else None
    if not isinstance(values, list):
        return []
    return [
        float(value)
        if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
        else math.nan
        for value in values
    ]


def _json(body: bytes) -> Any:
    """What JSON holds; None where it is none."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        return None


def _quoted(name: str) -> str:
    return quote(name, safe="")
