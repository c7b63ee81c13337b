"""The web server of the live page: what viewers get; `web.page` checks who they are.

Viewers poll for what is new to them. Nothing is pushed and nothing is kept for a viewer, so that one that hangs delays
nobody.
"""

import json
from collections.abc import Callable
from http import HTTPStatus
from importlib.resources import files

from bokeh.util.paths import static_path
from tornado.web import Application, HTTPError

from har_runtime.sinks.live.charts import charts
from har_runtime.sinks.live.state import LiveState
from har_runtime.web.access import OWN_NAMES
from har_runtime.web.page import HEAD_BYTES, IDLE_S, PLACES, PageAccess, PageHandler, not_found
from har_runtime.web.refusals import RefusalLog
from har_runtime.web.server import TOO_SLOW, BoundedServer, ServerThread, are_open_to_others, listen, url_of

VIEWERS = 8
"""The maximum number of viewers at the same time."""
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

    def __init__(self, host: str, port: int, state: LiveState, token: str | None = None, code: bytes | None = None):
        """Start to listen.

        Args:
            host: address to listen on; only this computer can see 127.0.0.1, every network can see 0.0.0.0.
            port: 0 for any free port.
            state: what is shown.
            token: that a viewer must know; without one only this computer can watch.
            code: the source's address for a phone's camera, as SVG; None to show none.
        """
        sockets = listen("live", host, port, token)
        open_to_others = are_open_to_others(sockets)
        self.port: int = sockets[0].getsockname()[1]
        self.url = url_of(host, self.port)
        refusals = RefusalLog("live")
        hosts = None if open_to_others else OWN_NAMES | {host}
        access = PageAccess(token, hosts, self.port, refusals, VIEWERS)
        access.server = BoundedServer(
            _application(state, access, code),
            places=PLACES,
            # Browsers connect in advance and then ask for nothing: that is no refusal.
            count=lambda reason: None if reason == TOO_SLOW else refusals.count(reason),
            idle_connection_timeout=IDLE_S,
            body_timeout=IDLE_S,
            max_header_size=HEAD_BYTES,
            max_body_size=0,
        )
        self._thread = ServerThread("live page", access.server, sockets, refusals)

    def close(self) -> None:
        """Stop listening and close all connections."""
        self._thread.close()


class _Handler(PageHandler):
    """Bokeh sets styles in its elements."""

    policy = CONTENT_SECURITY_POLICY


def _application(state: LiveState, access: PageAccess, code: bytes | None) -> Application:
    setup = state.setup()
    setup["has_code"] = code is not None
    setup["charts"] = charts(setup["labels"], setup["colours"])
    library = static_path() / "js" / "bokeh.min.js"
    replies: dict[str, Callable[[PageHandler], None]] = {
        "setup": lambda handler: handler.send(json.dumps(setup, allow_nan=False).encode(), "application/json"),
        "state": lambda handler: _send_state(handler, state),
        "bokeh.min.js": lambda handler: handler.send(library.read_bytes(), "text/javascript"),
    }
    if code is not None:
        replies["code.svg"] = lambda handler: handler.send(code, "image/svg+xml")
    for path, (package, name, kind) in FILES.items():
        content = files(package).joinpath(name).read_bytes()
        replies[path] = lambda handler, content=content, kind=kind: handler.send(content, kind)
    routes = [(f"/{path}", _Handler, {"access": access, "reply": reply}) for path, reply in replies.items()]
    return Application(
        routes,
        default_handler_class=_Handler,
        default_handler_args={"access": access, "reply": not_found},
        log_function=lambda handler: None,
    )


def _send_state(handler: PageHandler, state: LiveState) -> None:
    try:
        number = int(handler.get_query_argument("after", "0"))
    except ValueError:
        raise HTTPError(HTTPStatus.BAD_REQUEST, reason="after is not a number") from None
    handler.admit_viewer()
    news = state.since(handler.get_query_argument("run", ""), number)
    handler.send(json.dumps(news, allow_nan=False).encode(), "application/json")
