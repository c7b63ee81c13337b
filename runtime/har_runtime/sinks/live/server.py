"""The web server of the live page: who may see it, how many at once, and what they get.

Viewers ask again and again for what is new to them; nothing is sent unasked and nothing kept for a viewer, so that one
that hangs holds nobody up. It serves what it has itself: the page may load nothing from elsewhere (its
Content-Security-Policy says so to the browser), and no other page may read it (Host and Origin are checked, against DNS
rebinding too). It speaks plain HTTP: a token keeps strangers out, not eavesdroppers.
"""

import hmac
import ipaddress
import json
import socket
import time
from collections.abc import Callable
from http import HTTPStatus
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from bokeh.util.paths import static_path
from tornado.web import Application, HTTPError, RequestHandler

from har_runtime.errors import SourceError
from har_runtime.sinks.live.charts import charts
from har_runtime.sinks.live.state import LiveState
from har_runtime.web_server import BoundedServer, ServerThread, listen, url_of

VIEWERS = 8
"""Who may watch at the same time."""
VIEWER_LEAVES_S = 10.0
"""A viewer who has not asked for so long has gone; a page asks three times a second while it is in sight."""
CONNECTIONS = 64
"""Open at the same time; a browser opens up to six."""
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
"""Those of this folder, by their path on the server."""


class PageServer:
    """Serves the page in a thread of its own, which does not keep the program alive.

    Raises:
        SourceError: it cannot listen there, or strangers could watch.
    """

    def __init__(self, host: str, port: int, state: LiveState, token: str | None = None):
        """A server that is listening already.

        Args:
            host: address to listen on; 127.0.0.1 is seen by this computer alone, 0.0.0.0 by every network.
            port: 0 for any that is free.
            state: what is shown.
            token: what a viewer must know; without one only this computer can watch.
        """
        sockets = listen("live", host, port)
        open_to_others = not all(_is_loopback(sock) for sock in sockets)
        if open_to_others and token is None:
            for sock in sockets:
                sock.close()
            raise SourceError(
                f"live:{host}:{port} can be seen by others on the network: add ?token=SECRET (8 characters or more) "
                "or listen on 127.0.0.1"
            )
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
        """Stop listening and hang up; takes half a second at most."""
        self._thread.close()


def _is_loopback(sock: socket.socket) -> bool:
    return ipaddress.ip_address(sock.getsockname()[0]).is_loopback


class _Access:
    """Who may ask."""

    def __init__(self, token: str | None, hosts: set[str] | None, port: int):
        """The rules.

        Args:
            token: needed by everybody; None where it is not.
            hosts: names by which the page may be asked for; None for any (whoever has the token knows where he is).
            port: gives the cookie its name: cookies of one host are shared by all its ports.
        """
        self._token, self._hosts = token, hosts
        self.cookie = f"har_stream_{port}"
        self.secret = "" if token is None else hmac.digest(token.encode(), b"har-stream live page", "sha256").hex()
        self._viewers: dict[str, float] = {}

    def is_addressed_rightly(self, host: str, origin: str | None) -> bool:
        """Whether `Host` is ours, and `Origin`, where the browser names one, the same."""
        try:
            name = urlsplit(f"//{host}").hostname
            same = origin is None or urlsplit(origin).netloc == host
        except ValueError:
            return False
        return same and (self._hosts is None or name in self._hosts)

    def knows(self, cookie: str | None) -> bool:
        """Whether a cookie is the one that the token was exchanged for."""
        return self._token is None or hmac.compare_digest((cookie or "").encode(), self.secret.encode())

    def is_token(self, given: str) -> bool:
        """Whether this is the token."""
        return self._token is not None and hmac.compare_digest(given.encode(), self._token.encode())

    def admit(self, viewer: str) -> bool:
        """Let a viewer watch, if there is room."""
        now = time.monotonic()
        self._viewers = {name: seen for name, seen in self._viewers.items() if now - seen < VIEWER_LEAVES_S}
        if viewer not in self._viewers and len(self._viewers) >= VIEWERS:
            return False
        self._viewers[viewer] = now
        return True


class _Handler(RequestHandler):
    """Checks who asks, and how, before anything else."""

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
        if not self.access.is_addressed_rightly(self.request.host, self.request.headers.get("Origin")):
            raise HTTPError(HTTPStatus.FORBIDDEN, reason="Asked for by another page or name")
        if self.access.knows(self.get_cookie(self.access.cookie)):
            return
        if not self.access.is_token(self.get_query_argument("token", "")):
            raise HTTPError(HTTPStatus.UNAUTHORIZED, reason="Open the page once as http://HOST:PORT/?token=TOKEN")
        # Lax, so that a link in a message opens the page; it is not sent when another page asks.
        self.set_cookie(self.access.cookie, self.access.secret, expires_days=COOKIE_DAYS, httponly=True, samesite="Lax")
        self.redirect("/")  # The token does not stay in the address.

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
        raise HTTPError(HTTPStatus.BAD_REQUEST, reason="after is no number") from None
    if not handler.access.admit(handler.get_query_argument("viewer", "")[:32]):
        raise HTTPError(HTTPStatus.SERVICE_UNAVAILABLE, reason=f"{VIEWERS} others are watching")
    _send(handler, json.dumps(state.since(handler.get_query_argument("run", ""), number)).encode(), "application/json")
