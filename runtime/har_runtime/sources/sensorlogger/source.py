"""`sensorlogger://BIND:PORT?token-file=FILE&platform=ios|android|auto` - the phone app Sensor Logger by Kelvin Choi.

In the app: switch on Accelerometer, Gravity and Gyroscope (on Android, Total Acceleration instead of the first two),
then under Data Streaming HTTP Push with the address of this computer, `http://ADDRESS:PORT/?token=T`, and a batching
period of a second or less. Without BIND it listens on 127.0.0.1, which a phone cannot reach: give an address of this
computer, or 0.0.0.0 for all of them, and a token T in FILE, or in the variable HAREDGE_SENSORLOGGER_TOKEN.

What is written in the app as an annotation becomes a mark of the report: `har-stream record` takes it for a label.

In this app Accelerometer is without gravity, so Gravity is added; `Session` explains how the sign is found, and
`GyroscopeGate` what happens to a phone without a gyroscope.
"""

import logging
import queue
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.secret import PHONE_TOKEN, TOKEN_OPTIONS, token_of
from har_runtime.sources.base import SourceReport
from har_runtime.sources.sensorlogger.gyroscope import GyroscopeGate
from har_runtime.sources.sensorlogger.message import Message, parse_message
from har_runtime.sources.sensorlogger.missing import MissingSensors
from har_runtime.sources.sensorlogger.recordings import TOO_MANY, Recordings
from har_runtime.sources.sensorlogger.session import Session
from har_runtime.sources.silence import Silence
from har_runtime.text import clean
from har_runtime.uri import Uri, one_of

if TYPE_CHECKING:
    from har_runtime.sources.sensorlogger.receiver import Limits, Notice, Refusal

_LOG = logging.getLogger(__name__)
DEFAULT_PORT: Final = 8000
PLATFORMS: Final = ("auto", "ios", "android")
FIRST: Final = "switch on HTTP Push to it in Sensor Logger, and start a recording"
LATER: Final = "is the recording on the phone still running?"
IDLE_S: Final = 1.0
"""How often refusals are counted while no message arrives."""


def open_sensorlogger(uri: Uri) -> "SensorLogger":
    """The source of a `sensorlogger:` URI."""
    uri.only(*TOKEN_OPTIONS, "platform")
    host, port = uri.address("127.0.0.1", DEFAULT_PORT)
    token = token_of(uri, PHONE_TOKEN)
    return SensorLogger(host, port, token, uri.option("platform", one_of(PLATFORMS), "auto"))


class SensorLogger:
    """Samples of the phone that sends to this computer.

    Raises:
        SourceError: it cannot listen there, or other computers can reach it and there is no token.
    """

    def __init__(
        self, host: str, port: int, token: str | None = None, platform: str = "auto", limits: "Limits | None" = None
    ):
        """A source.

        Args:
            host: address to listen on.
            port: 0 for any that is free.
            token: what the phone must send; None to accept every program of this computer.
            platform: one of `PLATFORMS`; decides the sign of acceleration.
            limits: request limits.
        """
        try:
            from har_runtime.sources.sensorlogger.receiver import Notice, Receiver
        except ImportError as error:
            raise SourceError(f"sensorlogger: needs Tornado ({error}): pip install 'haredge[web]'") from error
        self.report = SourceReport()
        self._platform = platform
        self._missing = MissingSensors(self.report)
        self._recordings = Recordings(self.report.lost)
        self._notice = Notice
        self._receiver = Receiver(host, port, self._receive, token, limits)
        self.url = self._receiver.url
        self.description = f"Sensor Logger pushing to {self.url}"

    def __iter__(self) -> Iterator[SampleChunk]:
        reader = RecordingReader(self._platform, self.report)
        silence = Silence(self.url, FIRST, LATER, time.monotonic_ns())
        while True:
            self.report.say(self._missing.trouble or silence.trouble(time.monotonic_ns()))
            due_ns = self._recordings.due_ns
            wait_s = IDLE_S if due_ns is None else min(IDLE_S, max(0.0, (due_ns - time.monotonic_ns()) / 1e9))
            try:
                taken = self._recordings.take(wait_s)
            except queue.Empty:
                self._recordings.give_up(time.monotonic_ns())
            else:
                if taken is None:
                    yield from reader.flush()
                    return
                yield from reader.push(*taken)
            silence.heard(self._recordings.heard_ns)
            # Counted in this thread, because sinks read the report in it.
            refusals = self._receiver.refusals.take()
            silence.refused(refusals)
            self.report.lost.update(refusals)

    def close(self) -> None:
        self._receiver.close()
        self.report.lost.update(self._receiver.refusals.take())
        self._recordings.finish()

    def _receive(self, body: bytes) -> "Refusal | Notice | None":
        """In the receiver's thread: parse a message and queue it; tells the phone why not, or what is missing."""
        message = parse_message(body)
        if message.error is not None:
            return HTTPStatus.BAD_REQUEST, message.error
        if refusal := self._recordings.push(message, time.monotonic_ns()):
            return HTTPStatus.SERVICE_UNAVAILABLE if refusal == TOO_MANY else HTTPStatus.CONFLICT, refusal
        missing = self._missing.push(message)
        return self._notice(missing) if missing else None


class RecordingReader:
    """The samples of recordings, one after the other.

    Args:
        platform: one of `PLATFORMS`.
        report: updated as messages are read.
    """

    def __init__(self, platform: str, report: SourceReport):
        self._platform, self._report = platform, report
        self._number = 0
        self._session = Session(platform, report)
        self._gate = GyroscopeGate(report)

    def push(self, number: int, message: Message) -> Iterator[SampleChunk]:
        """The samples that the next message of the recording with this number completes."""
        if number != self._number:
            self._report.reconnections += self._number > 0
            self._number, self._session = number, Session(self._platform, self._report)
            self._gate.begin()
            _LOG.info("a recording of the phone '%s'", clean(message.device))
        self._report.marks.extend(message.marks)
        for chunk in self._session.samples(message):
            yield from self._gate.push(chunk)

    def flush(self) -> Iterator[SampleChunk]:
        """The samples that still wait."""
        return self._gate.flush()
