"""The web server of the page with buttons: `web.page` checks who may see it, and here who may press.

A press is a POST of `{"key": ...}` as JSON with the viewer's cookie and the page's own Origin, so that no page of
another site can make a browser press; it is small, and few are taken in a second.
"""

import json
from http import HTTPStatus
from typing import Any, Final

from tornado.web import Application

from har_runtime.cli.buttons.board import Board
from har_runtime.web.allowance import Allowance
from har_runtime.web.page import PageAccess, PageHandler, Reply, not_found
from har_runtime.web.page_files import page_files
from har_runtime.web.page_server import PageServer, file_reply, page_application

PRESSES_PER_S: Final = 5.0
"""Of all viewers together; as many may come at once."""
BODY_BYTES: Final = 256
"""Of a press."""


class ButtonServer(PageServer):
    """Serves the page with buttons.

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
        super().__init__("page", host, port, token, lambda access: _application(board, access), BODY_BYTES)


class _PressHandler(PageHandler):
    """Takes a press."""

    def initialize(self, access: PageAccess, board: Board, allowance: Allowance) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        super().initialize(access, not_found)
        self._board, self._allowance = board, allowance

    async def get(self) -> None:
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

    replies: dict[str, Reply] = {"setup": file_reply(setup, "application/json"), "state": send_state}
    replies |= {path: file_reply(*file) for path, file in page_files("cli/buttons").items()}
    press = {"access": access, "board": board, "allowance": Allowance(PRESSES_PER_S)}
    return page_application(access, replies, [("/press", _PressHandler, press)])
