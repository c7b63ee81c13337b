"""The web server of the live page: who may see it, how many at once, and what they get.

Viewers poll for what is new to them. Nothing is pushed and nothing is kept for a viewer, so that one that hangs delays
nobody. The page may load nothing from elsewhere (the Content-Security-Policy forbids it), and pages of other sites may
neither read it nor take a place (`web.access`). It speaks plain HTTP: a token keeps strangers out, but does not stop
eavesdroppers.
"""

import asyncio
import hmac
import json
import time
from collections.abc import Callable
from http import HTTPStatus
from importlib.resources import files
from typing import Any, NoReturn

from bokeh.util.paths import static_path
from tornado.httputil import HTTPServerRequest
from tornado.web import Application, HTTPError, RequestHandler

from har_runtime.sinks.live.charts import charts
from har_runtime.sinks.live.state import LiveState
from har_runtime.web.access import OWN_NAMES, is_host, is_of_own_page, is_opened_by_link, is_token
from har_runtime.web.refusals import RefusalLog, Slowdown
from har_runtime.web.server import (
    TOO_MANY,
    TOO_SLOW,
    BoundedServer,
    Places,
    ServerThread,
    are_open_to_others,
    listen,
    stream_of,
    url_of,
)

VIEWERS = 8
"""The maximum number of viewers at the same time."""
VIEWER_TIMEOUT_S = 10.0
"""A viewer who has not polled for this long has left; a visible page polls three times a second."""
PLACES = Places(known=64, strangers=32, strangers_of_address=16)
"""For connections; a browser opens up to six. Those with the token or its cookie are known; without a token, those that
ask under this computer's own name."""
IDLE_S = 30.0
"""How long a connection may stay open without a request."""
COOKIE_DAYS = 365
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FILES = {
    "": ("har_runtime.sinks.live", "index.html", "text/html"),
    "theme.css": ("har_runtime.web", "theme.css", "text/css"),
    "page.css": ("har_runtime.sinks.live", "page.css", "text/css"),
    "parts.js": ("har_runtime.web", "parts.js", "text/javascript"),
    "page.js": ("har_runtime.sinks.live", "page.js", "text/javascript"),
}
"""Package, name and type of the page's files, by path on the server."""


class LiveServer:
    """Serves the page in its own thread, which does not keep the program alive.

    Raises:
        SourceError: it cannot listen on the address, or strangers could watch.
    """

    def __init__(self, host: str, port: int, state: LiveState, token: str | None = None):
        """Start to listen.

        Args:
            host: address to listen on; only this computer can see 127.0.0.1, every network can see 0.0.0.0.
            port: 0 for any free port.
            state: what is shown.
            token: that a viewer must know; without one only this computer can watch.
        """
        sockets = listen("live", host, port, token)
        open_to_others = are_open_to_others(sockets)
        self.port: int = sockets[0].getsockname()[1]
        self.url = url_of(host, self.port)
        refusals = RefusalLog("live")
        access = _Access(token, None if open_to_others else OWN_NAMES | {host}, self.port, refusals)
        access.server = BoundedServer(
            _application(state, access),
            places=PLACES,
            # Browsers connect in advance and then ask for nothing: that is no refusal.
            count=lambda reason: None if reason == TOO_SLOW else refusals.count(reason),
            idle_connection_timeout=IDLE_S,
            body_timeout=IDLE_S,
            max_header_size=16384,
            max_body_size=0,
        )
        self._thread = ServerThread("live page", access.server, sockets, refusals)

    def close(self) -> None:
        """Stop listening and close all connections."""
        self._thread.close()


class _Access:
    """Who may see the page."""

    server: BoundedServer

    def __init__(self, token: str | None, hosts: frozenset[str] | None, port: int, refusals: RefusalLog):
        """Set the rules.

        Args:
            token: that everybody needs; None if nobody does.
            hosts: names under which the page may be requested; None for any, because the token is enough.
            port: part of the cookie's name, because all ports of a host share their cookies.
            refusals: where refused requests are counted.
        """
        self._token, self._hosts, self.refusals = token, hosts, refusals
        self.slowdown = Slowdown()
        self.cookie = f"har_stream_{port}"
        self.secret = "" if token is None else hmac.digest(token.encode(), b"har-stream live page", "sha256").hex()
        self._viewers: dict[str, float] = {}

    def is_own_request(self, request: HTTPServerRequest) -> bool:
        """Whether the page or no page makes this request, under the page's own name; or a link opens the page."""
        if self._hosts is not None and not is_host(request.host, self._hosts):
            return False
        if request.path == "/" and is_opened_by_link(request.headers):
            return True
        return is_of_own_page(request.headers, request.host)

    def is_cookie(self, cookie: str | None) -> bool:
        """Whether this is the cookie that a viewer with the token got; True if there is no token."""
        return self._token is None or hmac.compare_digest((cookie or "").encode(), self.secret.encode())

    def is_token(self, given: str) -> bool:
        """Whether this is the token."""
        return self._token is not None and is_token(given.encode(), self._token)

    def admit(self, viewer: str) -> bool:
        """Whether a viewer may watch; False if there are too many others."""
        now = time.monotonic()
        self._viewers = {name: seen for name, seen in self._viewers.items() if now - seen < VIEWER_TIMEOUT_S}
        if viewer not in self._viewers and len(self._viewers) >= VIEWERS:
            return False
        self._viewers[viewer] = now
        return True


class _Handler(RequestHandler):
    """Checks every request before it replies."""

    def initialize(self, access: _Access, reply: Callable[["_Handler"], None]) -> None:
        self.access, self._reply = access, reply

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("Content-Security-Policy", CONTENT_SECURITY_POLICY)
        self.set_header("Cross-Origin-Resource-Policy", "same-origin")
        self.set_header("X-Content-Type-Options", "nosniff")
        self.set_header("Referrer-Policy", "no-referrer")
        self.set_header("Cache-Control", "no-cache")

    async def prepare(self) -> None:
        if not self.access.is_own_request(self.request):
            self.refuse(HTTPStatus.FORBIDDEN, "Requested by another site or under another name")
        has_cookie = self.access.is_cookie(self.get_cookie(self.access.cookie))
        if not has_cookie and not self.access.is_token(self.get_query_argument("token", "")):
            await asyncio.sleep(self.access.slowdown.delay_s(self.request.remote_ip or ""))
            self.refuse(HTTPStatus.UNAUTHORIZED, "Open the page once as http://HOST:PORT/?token=TOKEN", "wrong token")
        if not self.access.server.admit(stream_of(self.request)):
            self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, TOO_MANY)
        if has_cookie:
            return
        # Lax, so that a link in a message opens the page; it is not sent when another page asks.
        self.set_cookie(self.access.cookie, self.access.secret, expires_days=COOKIE_DAYS, httponly=True, samesite="Lax")
        self.redirect("/")  # So that the token does not stay in the address bar.

    def get(self) -> None:
        self._reply(self)

    def refuse(self, status: HTTPStatus, reason: str, counted: str | None = None) -> NoReturn:
        """Refuse the request with a reason, and count it under that or another one."""
        self.access.refusals.count(counted or reason.lower())
        raise HTTPError(status, reason=reason)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{self._reason}\n")


def _application(state: LiveState, access: _Access) -> Application:
    setup = state.setup()
    setup["charts"] = charts(setup["labels"], setup["colours"])
    library = static_path() / "js" / "bokeh.min.js"
    replies: dict[str, Callable[[_Handler], None]] = {
        "setup": lambda handler: _send(handler, json.dumps(setup, allow_nan=False).encode(), "application/json"),
        "state": lambda handler: _send_state(handler, state),
        "bokeh.min.js": lambda handler: _send(handler, library.read_bytes(), "text/javascript"),
    }
    for path, (package, name, kind) in FILES.items():
        content = files(package).joinpath(name).read_bytes()
        replies[path] = lambda handler, content=content, kind=kind: _send(handler, content, kind)
    routes = [(f"/{path}", _Handler, {"access": access, "reply": reply}) for path, reply in replies.items()]
    return Application(
        routes,
        default_handler_class=_Handler,
        default_handler_args={"access": access, "reply": _not_found},
        log_function=lambda handler: None,
    )


def _not_found(handler: _Handler) -> None:
    raise HTTPError(HTTPStatus.NOT_FOUND)


def _send(handler: _Handler, content: bytes, kind: str) -> None:
    handler.set_header("Content-Type", f"{kind}; charset=utf-8")
    handler.finish(content)


def _send_state(handler: _Handler, state: LiveState) -> None:
    try:
        number = int(handler.get_query_argument("after", "0"))
    except ValueError:
        raise HTTPError(HTTPStatus.BAD_REQUEST, reason="after is not a number") from None
    if not handler.access.admit(handler.get_query_argument("viewer", "")[:32]):
        handler.refuse(HTTPStatus.SERVICE_UNAVAILABLE, f"{VIEWERS} others are watching")
    _send(
        handler,
        json.dumps(state.since(handler.get_query_argument("run", ""), number), allow_nan=False).encode(),
        "application/json",
    )
