"""The web server for a phone's browser: it serves the page that reads the sensors, and takes its samples by WebSocket.

The page holds no secret, and anybody who reaches the server may load it. Samples are taken only from whoever shows the
token with the handshake, or without a token only from the server's own page and from programs of this computer. Size
and rate of the messages and open connections are limited, and one phone at a time is read.
"""

import asyncio
import ssl
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Final

from tornado.httputil import HTTPServerRequest
from tornado.web import Application, HTTPError, RequestHandler
from tornado.websocket import WebSocketHandler

from har_runtime.errors import SourceError
from har_runtime.sources.silence import SILENCE_NS
from har_runtime.sources.web.rows import MAX_MESSAGE_BYTES, Rows, parse_rows
from har_runtime.text import clean
from har_runtime.uri import one_of
from har_runtime.web.access import OWN_NAMES, is_host, is_of_own_page, is_token, shown_token
from har_runtime.web.allowance import Allowance
from har_runtime.web.page_files import page_files, set_page_headers
from har_runtime.web.refusals import RefusalLog, Slowdown
from har_runtime.web.server import TOO_MANY, TOO_SLOW, BoundedServer, Places, ServerThread, listen, stream_of, url_of

Refusal = tuple[int, str]
"""The status that a client gets and the reason."""

NO_TOKEN: Final = HTTPStatus.UNAUTHORIZED, "wrong token"
OF_OTHERS: Final = HTTPStatus.FORBIDDEN, "request of another page or under another name"
NO_PLACE: Final = HTTPStatus.SERVICE_UNAVAILABLE, TOO_MANY
OTHER_PHONE: Final = HTTPStatus.CONFLICT, "another phone is sending"
NO_PLATFORM: Final = HTTPStatus.BAD_REQUEST, "request that does not say which platform it is of"

PLATFORMS: Final = ("ios", "android", "other")
"""What the page says its browser runs on; "other" has the sign of Android, as the specification says."""
# Codes by which a connection is closed: RFC 6455, 7.4.1, and of its range for applications, 4000 and above.
NOT_ROWS: Final = 1003
TOO_OFTEN: Final = 1008
CONTINUED: Final = 4001
"""The same page has connected again."""
PING_S: Final = 5.0
"""A phone that has gone without a word is noticed after twice this."""


@dataclass(frozen=True)
class Limits:
    """Limits of what clients may do."""

    head_bytes: int = 8192
    """Request line and headers."""
    request_s: float = 10.0
    """For the head of a request."""
    places: Places = field(default_factory=lambda: Places(known=8, strangers=32, strangers_of_address=16))
    """For connections. Known is who has shown the token; the page itself is loaded by strangers, whose browsers open
    up to six connections."""
    messages_per_s: float = 50.0
    """As many may come at once; the page sends ten a second."""


class Phones:
    """Listens in a thread of its own, which does not keep the program alive.

    Raises:
        SourceError: it cannot listen there, or the certificate is unusable.
    """

    def __init__(
        self,
        host: str,
        port: int,
        on_rows: Callable[[str, str, Rows], str | None],
        token: str | None = None,
        certificate: tuple[str, str] | None = None,
        limits: Limits | None = None,
    ):
        """A server that is listening already.

        Args:
            host: address to listen on; 127.0.0.1 accepts this computer only, 0.0.0.0 every network.
            port: 0 for any free port.
            on_rows: called in the server's thread with the name that the page gave itself, its platform and each
                message; returns why the message is not used, or None.
            token: what the handshake must carry, as `?token=TOKEN`.
            certificate: files of the certificate and of its key, both PEM, for https; None for plain http.
            limits: of clients.
        """
        self.token, self.limits, self.on_rows = token, limits or Limits(), on_rows
        self._names = OWN_NAMES | {host}
        self.slowdown = Slowdown()
        self.refusals = RefusalLog("web")
        self.active: _Samples | None = None
        """The connection of the phone that is read."""
        tls = None if certificate is None else _tls(*certificate)
        sockets = listen("web", host, port, token)
        self.port: int = sockets[0].getsockname()[1]
        self.url = url_of(host, self.port, "http" if tls is None else "https")
        self.server = _Server(
            _application(self),
            phones=self,
            places=self.limits.places,
            # Browsers connect in advance and then ask for nothing: that is no refusal.
            count=lambda reason: None if reason == TOO_SLOW else self.refusals.count(reason),
            ssl_options=tls,
            max_header_size=self.limits.head_bytes,
            max_body_size=0,
            max_buffer_size=4 * MAX_MESSAGE_BYTES,
            idle_connection_timeout=self.limits.request_s,
            body_timeout=self.limits.request_s,
        )
        self._thread = ServerThread("phones", self.server, sockets, self.refusals)

    def close(self) -> None:
        """Stop listening and close all connections."""
        self._thread.close()

    def refusal(self, request: HTTPServerRequest, phone: str, platform: str) -> Refusal | None:
        """Why this handshake is refused.

        Args:
            request: the handshake.
            phone: the name that the page gave itself.
            platform: one of `PLATFORMS`, if the page says so.
        """
        if self.token is None:  # Any page that is open on this computer could connect here.
            if not is_host(request.host, self._names) or not is_of_own_page(request.headers, request.host):
                return OF_OTHERS
        elif not is_token(shown_token(request.headers, request.query_arguments), self.token):
            return NO_TOKEN
        if not self.server.admit(stream_of(request)):
            return NO_PLACE
        try:
            one_of(PLATFORMS)(platform)
        except ValueError:
            return NO_PLATFORM
        active = self.active
        return OTHER_PHONE if active is not None and active.phone != phone and not active.is_silent else None


class _Server(BoundedServer):
    """Closes the phone's connection too, which is no HTTP connection any more, when it stops."""

    def initialize(self, *arguments: Any, phones: Phones, **options: Any) -> None:
        super().initialize(*arguments, **options)
        self._phones = phones

    async def close_all_connections(self) -> None:
        if (active := self._phones.active) is not None:
            active.abort()
        await super().close_all_connections()


class _Page(RequestHandler):
    """A file of the page."""

    def initialize(self, content: bytes, kind: str) -> None:
        self._content, self._kind = content, kind

    def set_default_headers(self) -> None:
        set_page_headers(self)

    def get(self) -> None:
        if not self._kind:
            raise HTTPError(HTTPStatus.NOT_FOUND)
        self.set_header("Content-Type", f"{self._kind}; charset=utf-8")
        self.finish(self._content)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{self._reason}\n")


class _Samples(WebSocketHandler):
    """The connection over which a phone sends."""

    def initialize(self, phones: Phones) -> None:
        self._phones = phones
        self._allowance = Allowance(phones.limits.messages_per_s)
        self._heard_ns = time.monotonic_ns()
        self.phone = clean(self.get_query_argument("phone", ""))
        """The name that the page gave itself."""
        self._platform = self.get_query_argument("platform", "")

    @property
    def is_silent(self) -> bool:
        """Whether it has sent nothing for so long that another phone may take its place."""
        return time.monotonic_ns() - self._heard_ns >= SILENCE_NS

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("Content-Type", "text/plain; charset=utf-8")

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        return value.decode("utf-8", "replace")  # So that what is no text is refused, and counted, as what it is.

    async def get(self, *args: Any, **kwargs: Any) -> None:
        refusal = self._phones.refusal(self.request, self.phone, self._platform)
        if refusal is None:
            await super().get(*args, **kwargs)
            return
        status, reason = refusal
        if refusal == NO_TOKEN:
            await asyncio.sleep(self._phones.slowdown.delay_s(self.request.remote_ip or ""))
        self._phones.refusals.count(reason)
        self.set_status(status)
        self.finish(f"{reason}\n")

    def check_origin(self, origin: str) -> bool:
        return True  # `refusal` has done it: with the token, any page may send.

    def open(self, *args: str, **kwargs: str) -> None:
        self.set_nodelay(True)
        former, self._phones.active = self._phones.active, self
        if former is not None:
            former.close(CONTINUED, "continued in another connection")

    def on_message(self, message: str | bytes) -> None:
        if self._phones.active is not self:
            return
        if not self._allowance.use():
            self._refuse(TOO_OFTEN, "too many messages")
            return
        rows = Rows("message that is not binary") if isinstance(message, str) else parse_rows(message)
        if rows.error is not None:
            self._refuse(NOT_ROWS, rows.error)
            return
        self._heard_ns = time.monotonic_ns()
        if reason := self._phones.on_rows(self.phone, self._platform, rows):
            self._phones.refusals.count(reason)

    def on_close(self) -> None:
        if self._phones.active is self:
            self._phones.active = None

    def abort(self) -> None:
        """Close the connection without waiting for the phone."""
        self.close()
        if self.ws_connection is not None:
            self.ws_connection._abort()

    def _refuse(self, code: int, reason: str) -> None:
        self._phones.refusals.count(reason)
        self.close(code, reason)


def _application(phones: Phones) -> Application:
    page = page_files("sources/web/page", "motion.js", "sender.js")
    routes: list[Any] = [
        (f"/{path}", _Page, {"content": content, "kind": kind}) for path, (content, kind) in page.items()
    ]
    return Application(
        [*routes, ("/samples", _Samples, {"phones": phones})],
        default_handler_class=_Page,
        default_handler_args={"content": b"", "kind": ""},
        log_function=lambda handler: None,
        websocket_max_message_size=MAX_MESSAGE_BYTES,
        websocket_ping_interval=PING_S,
        websocket_ping_timeout=PING_S,
    )


def _tls(certificate: str, key: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)

    def no_password() -> str:
        raise ValueError("the key has a password")

    try:
        context.load_cert_chain(certificate, key, no_password)
    except (OSError, ValueError) as error:
        # OpenSSL's own words, such as "[SSL] PEM lib (_ssl.c:3905)", help nobody.
        not_pem = "not PEM, or the key is not that of the certificate"
        why = not_pem if isinstance(error, ssl.SSLError) else getattr(error, "strerror", None) or error
        raise SourceError(
            f"web: certificate={clean(certificate)} with key={clean(key)} cannot be used ({why}); both are PEM files, "
            "as openssl writes them"
        ) from error
    return context
