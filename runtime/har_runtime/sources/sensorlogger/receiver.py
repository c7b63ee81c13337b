"""An HTTP server that takes POSTs and passes their bodies on. Size, time, rate and open connections are limited.

Each refusal is counted by its reason. Without a token it takes only what programs of this computer post under its own
name, and nothing that a browser sends. It speaks plain HTTP: a token keeps others from sending, not from reading.
"""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream, UnsatisfiableReadError
from tornado.web import Application, RequestHandler, stream_request_body

from har_runtime.sources.sensorlogger.missing import SHOWN
from har_runtime.web.access import OWN_NAMES, is_host, is_of_browser, is_token, shown_token
from har_runtime.web.allowance import Allowance
from har_runtime.web.refusals import RefusalLog, Slowdown
from har_runtime.web.server import TOO_MANY, TOO_SLOW, BoundedServer, Places, ServerThread, listen, stream_of, url_of

Refusal = tuple[int, str]
"""The status that a client gets and the reason."""


class Notice(str):
    """What the sender should know of a body that was nevertheless accepted. It gets the status `SHOWN`."""


NO_TOKEN: Final = HTTPStatus.UNAUTHORIZED, "wrong token"
OF_A_PAGE: Final = HTTPStatus.FORBIDDEN, "request of a web page"
OTHER_NAME: Final = HTTPStatus.FORBIDDEN, "request under another name"
NO_PLACE: Final = HTTPStatus.SERVICE_UNAVAILABLE, TOO_MANY
NO_POST: Final = HTTPStatus.METHOD_NOT_ALLOWED, "request that is not a POST"
TOO_OFTEN: Final = HTTPStatus.TOO_MANY_REQUESTS, "too many requests"
TOO_LARGE: Final = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request body too large"
HEADERS: Final[dict[int, tuple[str, str]]] = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate", "Bearer"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("Allow", "POST"),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After", "1"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After", "1"),
}
DISCARDED_BYTES: Final = 64 * 2**20
"""A refused body is read to its end and thrown away, because a client that is cut off while it sends never sees why. A
longer one is cut off."""
BUFFER_BYTES: Final = 256 * 1024
"""Of each connection."""


@dataclass(frozen=True)
class Limits:
    """Request limits."""

    head_bytes: int = 8192
    """Request line and headers."""
    body_bytes: int = 2 * 2**20
    """Ten seconds of the fastest phones; parsed JSON takes up to twenty times as much memory for a moment."""
    request_s: float = 10.0
    """For the head, and for the body."""
    places: Places = field(default_factory=lambda: Places(known=8, strangers=16, strangers_of_address=8))
    """For connections. Those with the right token are known; without a token, those of this computer's programs."""
    requests_per_s: float = 20.0
    """With the right token; as many may come at once."""


class Receiver:
    """Listens in a thread of its own, which does not keep the program alive.

    Raises:
        SourceError: it cannot listen there.
    """

    def __init__(
        self,
        host: str,
        port: int,
        on_body: Callable[[bytes], Refusal | Notice | None],
        token: str | None = None,
        limits: Limits | None = None,
    ):
        """A receiver that is listening already.

        Args:
            host: address to listen on; 127.0.0.1 accepts this computer only, 0.0.0.0 every network.
            port: 0 for any free port.
            on_body: called in the receiver's thread with the body of each request; returns a refusal, a notice or None.
            token: what a request must carry, as `Authorization: Bearer TOKEN` or as `?token=TOKEN`.
            limits: of requests.
        """
        self._token, self.limits = token, limits or Limits()
        self._names = OWN_NAMES | {host}
        self.on_body = on_body
        self.slowdown = Slowdown()
        self.refusals = RefusalLog("sensorlogger")
        self._allowance = Allowance(self.limits.requests_per_s)
        sockets = listen("sensorlogger", host, port, token)
        self.port: int = sockets[0].getsockname()[1]
        self.url = url_of(host, self.port)
        application = Application([(".*", _Handler, {"receiver": self})], log_function=lambda handler: None)
        self.server = _Server(
            application,
            count=self.refusals.count,
            no_keep_alive=True,
            places=self.limits.places,
            max_header_size=self.limits.head_bytes,
            max_body_size=max(self.limits.body_bytes, DISCARDED_BYTES),
            max_buffer_size=BUFFER_BYTES,
            idle_connection_timeout=self.limits.request_s,
            body_timeout=self.limits.request_s,
        )
        self._thread = ServerThread("phone receiver", self.server, sockets, self.refusals)

    def close(self) -> None:
        """Stop listening and close all connections."""
        self._thread.close()

    def refusal(self, request: HTTPServerRequest) -> Refusal | None:
        """Why this request is refused by its head."""
        if self._token is None:  # Any page that is open on this computer could post here.
            if not is_host(request.host, self._names):
                return OTHER_NAME
            if is_of_browser(request.headers):
                return OF_A_PAGE
        elif not is_token(shown_token(request.headers, request.query_arguments), self._token):
            return NO_TOKEN
        if not self.server.admit(stream_of(request)):
            return NO_PLACE
        if request.method != "POST":
            return NO_POST
        return None if self._allowance.use() else TOO_OFTEN


class _Server(BoundedServer):
    """Counts the connections that ended without an answer, which no handler sees."""

    def initialize(self, *arguments: Any, **options: Any) -> None:
        super().initialize(*arguments, **options)
        self.unanswered: dict[IOStream, float] = {}

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        self.unanswered[stream] = time.monotonic()
        super().handle_stream(stream, address)

    def cut_off(self, stream: IOStream, reason: str) -> None:
        self.unanswered.pop(stream, None)
        super().cut_off(stream, reason)

    def on_close(self, server_conn: Any) -> None:
        super().on_close(server_conn)
        began = self.unanswered.pop(server_conn.stream, None)
        if began is None:
            return
        if isinstance(server_conn.stream.error, UnsatisfiableReadError):
            self.count("request head too large")
        elif time.monotonic() - began >= (self.conn_params.header_timeout or 0.0):
            self.count(TOO_SLOW)
        else:
            self.count("malformed or incomplete request")


@stream_request_body
class _Handler(RequestHandler):
    """One request: its head is checked first, and the body of a refused one is not kept."""

    def initialize(self, receiver: Receiver) -> None:
        self._receiver = receiver
        self._body = bytearray()
        self._refusal: Refusal | None = None

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("Content-Type", "text/plain; charset=utf-8")

    async def prepare(self) -> None:
        self._refusal = self._receiver.refusal(self.request)
        if self._refusal == NO_TOKEN:
            connection: Any = self.request.connection
            connection.set_max_body_size(self._receiver.limits.body_bytes)
            await asyncio.sleep(self._receiver.slowdown.delay_s(self.request.remote_ip or ""))

    def data_received(self, chunk: bytes) -> None:
        if self._refusal is None and len(self._body) + len(chunk) > self._receiver.limits.body_bytes:
            self._refusal = TOO_LARGE
            self._body.clear()
        if self._refusal is None:
            self._body += chunk

    def post(self) -> None:
        refusal = self._refusal or self._receiver.on_body(bytes(self._body))
        if refusal is None:
            self.finish("ok\n")
        elif isinstance(refusal, Notice):
            self.set_status(SHOWN, "Notice")
            self.finish(f"{refusal}\n")
        else:
            self._refuse(*refusal)

    get = head = put = patch = delete = options = post

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        """Answer to a method that Tornado does not know, or after an error of this program."""
        status = HTTPStatus(status_code)
        self._refuse(*(NO_POST if status == NO_POST[0] else (status, "request that could not be handled")))

    def _refuse(self, status: int, reason: str) -> None:
        self._receiver.refusals.count(reason)
        self.set_status(status)
        if status in HEADERS:
            self.set_header(*HEADERS[status])
        self.finish(f"{reason}\n")

    def on_finish(self) -> None:
        self._receiver.server.unanswered.pop(stream_of(self.request), None)
