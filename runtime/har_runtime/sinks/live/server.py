"""The web server of the live page: who may see it, how many at once, and what they get.

Viewers poll for what is new to them. Nothing is pushed and nothing is kept for a viewer, so that one that hangs delays
nobody. The page may load nothing from elsewhere (the Content-Security-Policy forbids it), and pages of other sites may
not read it (Host and Origin are checked, also against DNS rebinding). It speaks plain HTTP: a token keeps strangers
out, but does not stop eavesdroppers.
"""

import hmac
import json
import time
from collections.abc import Callable
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from bokeh.util.paths import static_path
from tornado.web import Application, HTTPError, RequestHandler

from har_runtime.sinks.live.charts import charts
from har_runtime.sinks.live.state import LiveState
from har_runtime.web_server import BoundedServer, ServerThread, are_open_to_others, listen, url_of

VIEWERS = 8
"""The maximum number of viewers at the same time."""
VIEWER_TIMEOUT_S = 10.0
"""A viewer who has not polled for this long has left; a visible page polls three times a second."""
CONNECTIONS = 64
"""The maximum number of open connections; a browser opens up to six."""
IDLE_S = 30.0
"""How long a connection may stay open without a request."""
COOKIE_DAYS = 365
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
FILES = {
    "": ("index.html", "text/html"),
    "page.css": ("page.css", "text/css"),
    "page.js": ("page.js", "text/javascript"),
}
"""Files of this folder and their types, by path on the server."""


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
        access = _Access(token, None if open_to_others else {host, "127.0.0.1", "localhost", "::1"}, self.port)
        server = BoundedServer(
            _application(state, access),
            max_connections=CONNECTIONS,
            idle_connection_timeout=IDLE_S,
            body_timeout=IDLE_S,
            max_header_size=16384,
            max_body_size=0,
        )
        self._thread = ServerThread("live page", server, sockets)

    def close(self) -> None:
        """Stop listening and close all connections."""
        self._thread.close()


class _Access:
    """Who may see the page."""

    def __init__(self, token: str | None, hosts: set[str] | None, port: int):
        """Set the rules.

        Args:
            token: that everybody needs; None if nobody does.
            hosts: names under which the page may be requested; None for any, because the token is enough.
            port: part of the cookie's name, because all ports of a host share their cookies.
        """
        self._token, self._hosts = token, hosts
        self.cookie = f"har_stream_{port}"
        self.secret = "" if token is None else hmac.digest(token.encode(), b"har-stream live page", "sha256").hex()
        self._viewers: dict[str, float] = {}

    def is_own_address(self, host: str, origin: str | None) -> bool:
        """Whether `Host` is the page's own, and `Origin`, if there is one, is the same."""
        try:
            name = urlsplit(f"//{host}").hostname
            same = origin is None or urlsplit(origin).netloc == host
        except ValueError:
            return False
        return same and (self._hosts is None or name in self._hosts)

    def is_cookie(self, cookie: str | None) -> bool:
        """Whether this is the cookie that a viewer with the token got; True if there is no token."""
        return self._token is None or hmac.compare_digest((cookie or "").encode(), self.secret.encode())

    def is_token(self, given: str) -> bool:
        """Whether this is the token."""
        return self._token is not None and hmac.compare_digest(given.encode(), self._token.encode())

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

    def prepare(self) -> None:
        if not self.access.is_own_address(self.request.host, self.request.headers.get("Origin")):
            raise HTTPError(HTTPStatus.FORBIDDEN, reason="Requested by another site or under another name")
        if self.access.is_cookie(self.get_cookie(self.access.cookie)):
            return
        if not self.access.is_token(self.get_query_argument("token", "")):
            raise HTTPError(HTTPStatus.UNAUTHORIZED, reason="Open the page once as http://HOST:PORT/?token=TOKEN")
        # Lax, so that a link in a message opens the page; it is not sent when another page asks.
        self.set_cookie(self.access.cookie, self.access.secret, expires_days=COOKIE_DAYS, httponly=True, samesite="Lax")
        self.redirect("/")  # So that the token does not stay in the address bar.

    def get(self) -> None:
        self._reply(self)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{self._reason}\n")


def _application(state: LiveState, access: _Access) -> Application:
    setup = state.setup()
    setup["charts"] = charts(setup["labels"], setup["colours"])
    library = static_path() / "js" / "bokeh.min.js"
    replies: dict[str, Callable[[_Handler], None]] = {
        "setup": lambda handler: _send(handler, json.dumps(setup).encode(), "application/json"),
        "state": lambda handler: _send_state(handler, state),
        "bokeh.min.js": lambda handler: _send(handler, library.read_bytes(), "text/javascript"),
    }
    for path, (name, kind) in FILES.items():
        content = files("har_runtime.sinks.live").joinpath(name).read_bytes()
        replies[path] = lambda handler, content=content, kind=kind: _send(handler, content, kind)
    routes = [(f"/{path}", _Handler, {"access": access, "reply": reply}) for path, reply in replies.items()]
    return Application(routes, default_handler_class=_NotFound, log_function=lambda handler: None)


class _NotFound(RequestHandler):
    def prepare(self) -> None:
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
        raise HTTPError(HTTPStatus.SERVICE_UNAVAILABLE, reason=f"{VIEWERS} others are watching")
    _send(handler, json.dumps(state.since(handler.get_query_argument("run", ""), number)).encode(), "application/json")
