"""An HTTP server that takes POSTs and passes their bodies on. Size, time, rate and open connections are limited.

Each refusal is counted by its reason. It speaks plain HTTP: a token keeps others from sending, not from reading.
"""

import hmac
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream, UnsatisfiableReadError
from tornado.web import Application, RequestHandler, stream_request_body

from har_runtime.sources.sensorlogger.missing import SHOWN
from har_runtime.web_server import BoundedServer, ServerThread, listen, url_of

Refusal = tuple[int, str]
"""The status that a client gets and the reason."""


class Notice(str):
    """What the sender should know of a body that was nevertheless accepted. It gets the status `SHOWN`."""


NO_TOKEN: Final = HTTPStatus.UNAUTHORIZED, "wrong token"
OF_A_PAGE: Final = HTTPStatus.FORBIDDEN, "request of a web page"
NO_POST: Final = HTTPStatus.METHOD_NOT_ALLOWED, "request that is not a POST"
TOO_MANY: Final = HTTPStatus.TOO_MANY_REQUESTS, "too many requests"
TOO_LARGE: Final = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request body too large"
HEADERS: Final[dict[int, tuple[str, str]]] = {
    HTTPStatus.UNAUTHORIZED: ("WWW-Authenticate", "Bearer"),
    HTTPStatus.METHOD_NOT_ALLOWED: ("Allow", "POST"),
    HTTPStatus.TOO_MANY_REQUESTS: ("Retry-After", "1"),
    HTTPStatus.SERVICE_UNAVAILABLE: ("Retry-After", "1"),
}
BROWSERS_HEADERS: Final = ("Origin", "Sec-Fetch-Site")
"""Browsers add them to what a page posts, and no page can leave them out (Fetch standard, 3.2; W3C Fetch Metadata)."""
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
    connections: int = 8
    """Open at the same time."""
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
        self.on_body = on_body
        self._refused: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._allowance, self._allowed_at = self._burst, time.monotonic()
        sockets = listen("sensorlogger", host, port, token)
        self.port: int = sockets[0].getsockname()[1]
        self.url = url_of(host, self.port)
        application = Application([(".*", _Handler, {"receiver": self})], log_function=lambda handler: None)
        self.server = _Server(
            application,
            count=self.count,
            no_keep_alive=True,
            max_connections=self.limits.connections,
            max_header_size=self.limits.head_bytes,
            max_body_size=max(self.limits.body_bytes, DISCARDED_BYTES),
            max_buffer_size=BUFFER_BYTES,
            idle_connection_timeout=self.limits.request_s,
            body_timeout=self.limits.request_s,
        )
        self._thread = ServerThread("phone receiver", self.server, sockets)

    def take_refusals(self) -> Counter[str]:
        """The refusals since the last call, by reason."""
        with self._lock:
            refused, self._refused = self._refused, Counter()
        return refused

    def close(self) -> None:
        """Stop listening and close all connections."""
        self._thread.close()

    def count(self, reason: str) -> None:
        """Count a refusal."""
        with self._lock:
            self._refused[reason] += 1

    def refusal(self, request: HTTPServerRequest) -> Refusal | None:
        """Why this request is refused by its head."""
        if self._token is None and any(name in request.headers for name in BROWSERS_HEADERS):
            return OF_A_PAGE  # Any page that is open on this computer could post here.
        if not self._has_token(request):
            return NO_TOKEN
        if request.method != "POST":
            return NO_POST
        return None if self._is_within_rate() else TOO_MANY

    @property
    def _burst(self) -> float:
        return max(1.0, self.limits.requests_per_s)

    def _has_token(self, request: HTTPServerRequest) -> bool:
        if self._token is None:
            return True
        scheme, _, offered = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            given = offered.strip().encode("latin-1")  # The bytes as they came.
        else:
            given = request.query_arguments.get("token", [b""])[0]
        return hmac.compare_digest(given, self._token.encode())

    def _is_within_rate(self) -> bool:
        now, rate = time.monotonic(), self.limits.requests_per_s
        self._allowance = min(self._burst, self._allowance + (now - self._allowed_at) * rate)
        self._allowed_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True


class _Server(BoundedServer):
    """Counts the connections that ended without an answer, which no handler sees."""

    def initialize(self, *arguments: Any, count: Callable[[str], None], **options: Any) -> None:
        super().initialize(*arguments, **options)
        self._count = count
        self.unanswered: dict[IOStream, float] = {}

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        self.unanswered[stream] = time.monotonic()
        super().handle_stream(stream, address)

    def on_too_many(self, stream: IOStream) -> None:
        del self.unanswered[stream]
        self._count("too many connections")

    def on_close(self, server_conn: Any) -> None:
        super().on_close(server_conn)
        began = self.unanswered.pop(server_conn.stream, None)
        if began is None:
            return
        if isinstance(server_conn.stream.error, UnsatisfiableReadError):
            self._count("request head too large")
        elif time.monotonic() - began >= (self.conn_params.header_timeout or 0.0):
            self._count("request too slow")
        else:
            self._count("malformed or incomplete request")


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

    def prepare(self) -> None:
        self._refusal = self._receiver.refusal(self.request)

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
        self._receiver.count(reason)
        self.set_status(status)
        if status in HEADERS:
            self.set_header(*HEADERS[status])
        self.finish(f"{reason}\n")

    def on_finish(self) -> None:
        connection: Any = self.request.connection
        self._receiver.server.unanswered.pop(connection.stream, None)
