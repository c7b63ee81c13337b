"""The web server of the page with buttons: `web.page` checks who may see it, and here who may press.

A press is a POST of `{"key": ...}` as JSON with the viewer's cookie and the page's own Origin, so that no page of
another site can make a browser press; it is small, and few are taken in a second.
"""

import json
from collections.abc import Callable
from http import HTTPStatus
from importlib.resources import files
from typing import Any, Final

from tornado.web import Application

from har_runtime.cli.buttons.board import Board
from har_runtime.web.access import OWN_NAMES
from har_runtime.web.allowance import Allowance
from har_runtime.web.page import HEAD_BYTES, IDLE_S, PLACES, PageAccess, PageHandler, not_found
from har_runtime.web.refusals import RefusalLog
from har_runtime.web.server import TOO_SLOW, BoundedServer, ServerThread, are_open_to_others, listen, url_of

VIEWERS: Final = 8
"""The maximum number of viewers at the same time."""
PRESSES_PER_S: Final = 5.0
"""Of all viewers together; as many may come at once."""
BODY_BYTES: Final = 256
"""Of a press."""
FILES: Final = {
    "": ("cli/buttons/index.html", "text/html"),
    "theme.css": ("web/theme.css", "text/css"),
    "page.css": ("cli/buttons/page.css", "text/css"),
    "parts.js": ("web/parts.js", "text/javascript"),
    "page.js": ("cli/buttons/page.js", "text/javascript"),
}
"""Files of `har_runtime` and their types, by path on the server."""


class ButtonServer:
    """Serves the page in its own thread, which does not keep the program alive.

    Raises:
        SourceError: it cannot listen on the address, or strangers could press.
    """

    def __init__(self, host: str, port: int, board: Board, token: str | None = None):
        """Start to listen.

        Args:
            host: address to listen on; only this computer can see 127.0.0.1, every network can see 0.0.0.0.
            port: 0 for any free port.
            board: what is shown and pressed.
            token: that a viewer must know; without one only this computer can see the page.
        """
        sockets = listen("live", host, port, token)
        hosts = None if are_open_to_others(sockets) else OWN_NAMES | {host}
        self.port: int = sockets[0].getsockname()[1]
        self.url = url_of(host, self.port)
        refusals = RefusalLog("page")
        access = PageAccess(token, hosts, self.port, refusals, VIEWERS)
        access.server = BoundedServer(
            _application(board, access),
            places=PLACES,
            # Browsers connect in advance and then ask for nothing: that is no refusal.
            count=lambda reason: None if reason == TOO_SLOW else refusals.count(reason),
            idle_connection_timeout=IDLE_S,
            body_timeout=IDLE_S,
            max_header_size=HEAD_BYTES,
            max_body_size=BODY_BYTES,
        )
        self._thread = ServerThread("page with buttons", access.server, sockets, refusals)

    def close(self) -> None:
        """Stop listening and close all connections."""
        self._thread.close()


class _PressHandler(PageHandler):
    """Takes a press."""

    def initialize(self, access: PageAccess, board: Board, allowance: Allowance) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().initialize(access, not_found)
        self._board, self._allowance = board, allowance

    def get(self) -> None:
        self.refuse(HTTPStatus.METHOD_NOT_ALLOWED, "A press is a POST")

    def post(self) -> None:
        """Press a button."""
        headers = self.request.headers
        # `prepare` has compared the Origin; here there must be one, and JSON, which no form can send.
        if "Origin" not in headers or headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
            self.refuse(HTTPStatus.FORBIDDEN, "Press that is not of the page")
        if not self._allowance.use():
            self.set_header("Retry-After", "1")
            self.refuse(HTTPStatus.TOO_MANY_REQUESTS, "Too many presses")
        if reason := self._board.press(_key_of(self.request.body)):
            self.refuse(HTTPStatus.BAD_REQUEST, reason.capitalize())
        self.set_status(HTTPStatus.NO_CONTENT)
        self.finish()


def _key_of(body: bytes) -> Any:
    try:
        message = json.loads(body)
    except (ValueError, RecursionError):
        return None
    return message.get("key") if isinstance(message, dict) else None


def _application(board: Board, access: PageAccess) -> Application:
    setup = json.dumps(board.setup(), allow_nan=False).encode()

    def send_state(handler: PageHandler) -> None:
        handler.admit_viewer()
        handler.send(json.dumps(board.state(), allow_nan=False).encode(), "application/json")

    replies: dict[str, Callable[[PageHandler], None]] = {
        "setup": lambda handler: handler.send(setup, "application/json"),
        "state": send_state,
    }
    for path, (name, kind) in FILES.items():
        content = files("har_runtime").joinpath(name).read_bytes()
        replies[path] = lambda handler, content=content, kind=kind: handler.send(content, kind)
    routes: list[Any] = [
        (f"/{path}", PageHandler, {"access": access, "reply": reply}) for path, reply in replies.items()
    ]
    press = {"access": access, "board": board, "allowance": Allowance(PRESSES_PER_S)}
    return Application(
        [*routes, ("/press", _PressHandler, press)],
        default_handler_class=PageHandler,
        default_handler_args={"access": access, "reply": not_found},
        log_function=lambda handler: None,
    )
