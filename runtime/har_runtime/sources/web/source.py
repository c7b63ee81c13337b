"""`web://BIND:PORT?token-file=FILE&certificate=FILE&key=FILE` - the browser of a phone, with nothing installed on it.

The phone opens the address of this computer, with the token after a #, and its page sends what the sensors read.
Browsers give a page the sensors only over https, so phones need a certificate of this computer; on this computer itself
http will do.
"""

import logging
import queue
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.secret import BROWSER_TOKEN, TOKEN_OPTIONS, token_of
from har_runtime.sources.base import SourceReport
from har_runtime.sources.sensorlogger.gyroscope import GyroscopeGate
from har_runtime.sources.sensorlogger.session import ANGULAR_RATE
from har_runtime.sources.silence import FIRST_NS, Silence
from har_runtime.sources.web.rows import Rows
from har_runtime.uri import Uri, is_loopback, one_of

if TYPE_CHECKING:
    from har_runtime.sources.web.server import Limits

_LOG = logging.getLogger(__name__)
DEFAULT_PORT: Final = 8443
SIGNS: Final = ("auto", "ios", "android")
MAX_WAITING: Final = 64
"""Messages received but not yet handled."""
IDLE_S: Final = 1.0
"""How often refusals are counted while no message arrives."""
TOO_MANY: Final = "message while too many wait"
LATER: Final = "is the page on the phone still in front, and its screen on?"
NO_GYROSCOPE: Final = (
    "the phone's browser gives no gyroscope any more, or this is another phone without one, so there are no answers: "
    "restart har-stream"
)
HTTPS: Final = (
    "a phone's browser reads its sensors only over https: add ?certificate=FILE&key=FILE, or lead https to here by a "
    "tunnel"
)


def open_web(uri: Uri) -> "BrowserSource":
    """The source of a `web:` URI."""
    uri.only(*TOKEN_OPTIONS, "certificate", "key", "platform")
    host, port = uri.address("127.0.0.1", DEFAULT_PORT)
    token = token_of(uri, BROWSER_TOKEN)
    return BrowserSource(host, port, token, certificate_of(uri), uri.option("platform", one_of(SIGNS), "auto"))


def certificate_of(uri: Uri) -> tuple[str, str] | None:
    """The files of the certificate and of its key; None without.

    Raises:
        SourceError: one of them is missing.
    """
    certificate, key = uri.options.get("certificate"), uri.options.get("key")
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise SourceError("web: certificate and key belong together; give both files")
    return certificate, key


class BrowserSource:
    """Samples of the phone whose browser sends to this computer.

    Raises:
        SourceError: it cannot listen there, other computers can reach it and there is no token, or the certificate is
            unusable.
    """

    def __init__(
        self,
        host: str,
        port: int,
        token: str | None = None,
        certificate: tuple[str, str] | None = None,
        platform: str = "auto",
        limits: "Limits | None" = None,
    ):
        """A source.

        Args:
            host: address to listen on.
            port: 0 for any that is free.
            token: what the phone must show; None to accept every program of this computer.
            certificate: files of the certificate and of its key, for https.
            platform: one of `SIGNS`; decides the sign of acceleration, "auto" by what the page says of its browser.
            limits: of what clients may do.
        """
        try:
            from har_runtime.sources.web.server import Phones
        except ImportError as error:
            raise SourceError(f"web: needs Tornado ({error}): pip install 'haredge[web]'") from error
        self.report = SourceReport()
        self._platform = platform
        self._ready: queue.Queue[tuple[str, str, Rows] | None] = queue.Queue(MAX_WAITING + 1)
        """One more than messages may wait: for the end."""
        self._heard_ns: int | None = None
        self._phones = Phones(host, port, self._receive, token, certificate, limits)
        self.url = self._phones.url
        self.description = f"a phone's browser at {self.url}"
        if certificate is None and not is_loopback(host):
            _LOG.warning("web: %s", HTTPS)

    def __iter__(self) -> Iterator[SampleChunk]:
        known = "#TOKEN" if self._phones.token else ""
        silence = Silence(self.url, f"open {self.url}{known} on the phone, and press Start", LATER, time.monotonic_ns())
        reader = PhoneReader(self._platform, self.report)
        while True:
            self.report.say(reader.trouble or silence.trouble(time.monotonic_ns()))
            try:
                taken = self._ready.get(timeout=IDLE_S)
            except queue.Empty:
                pass
            else:
                if taken is None:
                    yield from reader.flush()
                    return
                yield from reader.push(*taken)
            silence.heard(self._heard_ns)
            # Counted in this thread, because sinks read the report in it.
            refusals = self._phones.refusals.take()
            silence.refused(refusals)
            self.report.lost.update(refusals)

    def close(self) -> None:
        self._phones.close()
        self.report.lost.update(self._phones.refusals.take())
        self._ready.put_nowait(None)

    def _receive(self, phone: str, platform: str, rows: Rows) -> str | None:
        """In the server's thread: queue a message; returns why not."""
        self._heard_ns = time.monotonic_ns()
        if self._ready.qsize() >= MAX_WAITING:
            return TOO_MANY
        self._ready.put_nowait((phone, platform, rows))
        return None


class PhoneReader:
    """The samples of one phone after the other.

    Args:
        platform: one of `SIGNS`.
        report: updated as messages are read.
    """

    def __init__(self, platform: str, report: SourceReport):
        self._platform, self._report = platform, report
        self._phone: str | None = None
        self._gate = GyroscopeGate(report)
        self._has_had_gyroscope = False
        self._alone_since_ns: int | None = None
        self.trouble: str | None = None
        """What is missing, one line; None if nothing is."""

    def push(self, phone: str, platform: str, rows: Rows) -> Iterator[SampleChunk]:
        """The samples that the next message of this phone completes."""
        self._report.lost.update(rows.lost)
        is_ios = (platform if self._platform == "auto" else self._platform) == "ios"
        if phone != self._phone:
            self._report.reconnections += self._phone is not None
            self._phone = phone
            how = "an iPhone's or iPad's sign, reversed" if is_ios else "with Android's sign"
            by = "as its browser says" if self._platform == "auto" else f"by platform={self._platform}"
            rate = ANGULAR_RATE if self._report.gyroscope else ""
            self._report.units = f"acceleration in m/s^2 ({how}, {by}){rate}"
            self._gate.begin()
            _LOG.info("a phone's browser sends, %s (%s)", how, by)
        self._watch_gyroscope(rows)
        for chunk in rows.chunks(-1.0 if is_ios else 1.0):
            yield from self._gate.push(chunk)

    def flush(self) -> Iterator[SampleChunk]:
        """The samples that still wait."""
        return self._gate.flush()

    def _watch_gyroscope(self, rows: Rows) -> None:
        if rows.gyro is not None:
            self._has_had_gyroscope, self._alone_since_ns, self.trouble = True, None, None
        elif len(rows.times_ns):
            first_ns, last_ns = int(rows.times_ns[0]), int(rows.times_ns[-1])
            if self._alone_since_ns is None or last_ns < self._alone_since_ns:  # The clock may have been set back.
                self._alone_since_ns = first_ns
            if self._has_had_gyroscope and last_ns - self._alone_since_ns >= FIRST_NS:
                self.trouble = NO_GYROSCOPE
