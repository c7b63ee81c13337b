"""The server of a page that people look at, and what it serves; `web.page` checks who they are."""

from collections.abc import Callable
from typing import Any

from tornado.web import Application

from har_runtime.web.access import OWN_NAMES
from har_runtime.web.page import PageAccess, PageHandler, Reply, not_found
from har_runtime.web.refusals import RefusalLog
from har_runtime.web.server import (
    TOO_SLOW,
    BoundedServer,
    Places,
    ServerThread,
    are_open_to_others,
    listen,
    url_of,
)

VIEWERS = 8
"""The maximum number of viewers at the same time."""
PLACES = Places(known=64, strangers=32, strangers_of_address=16)
"""For connections; a browser opens up to six. Those with the token or its cookie are known; without a token, those that
ask under this computer's own name."""
IDLE_S = 30.0
"""How long a connection may stay open without a request."""
HEAD_BYTES = 16384


class PageServer:
    """Serves a page to people in a thread of its own, which does not keep the program alive.

    Raises:
        SourceError: it cannot listen on the address, or strangers could see the page.
    """

    def __init__(
        self,
        name: str,
        host: str,
        port: int,
        token: str | None,
        application: Callable[[PageAccess], Application],
        body_bytes: int = 0,
    ):
        """Start to listen.

        Args:
            name: of the page, for the log.
            host: address to listen on; only this computer can see 127.0.0.1, every network can see 0.0.0.0.
            port: 0 for any free port.
            token: that a viewer must know; without one only this computer can see the page.
            application: what is served to those who have access.
            body_bytes: of a request, at most.
        """
        sockets = listen("live", host, port, token)
        hosts = None if are_open_to_others(sockets) else OWN_NAMES | {host}
        self.port: int = sockets[0].getsockname()[1]
        self.url = url_of(host, self.port)
        refusals = RefusalLog(name)
        access = PageAccess(token, hosts, self.port, refusals, VIEWERS)
        access.server = BoundedServer(
            application(access),
            places=PLACES,
            # Browsers connect in advance and then ask for nothing: that is no refusal.
            count=lambda reason: None if reason == TOO_SLOW else refusals.count(reason),
            idle_connection_timeout=IDLE_S,
            body_timeout=IDLE_S,
            max_header_size=HEAD_BYTES,
            max_body_size=body_bytes,
        )
        self._thread = ServerThread("page server", access.server, sockets, refusals)

    def close(self) -> None:
        """Stop listening and close all connections."""
        self._thread.close()


def page_application(
    access: PageAccess, replies: dict[str, Reply], routes: list[Any], handler: type[PageHandler] = PageHandler
) -> Application:
    """What a page serves.

    Args:
        replies: to GET, by path.
        routes: of Tornado, for what is more than a reply.
        handler: makes the replies.
    """
    made = [(f"/{path}", handler, {"access": access, "reply": reply}) for path, reply in replies.items()]
    return Application(
        [*made, *routes],
        default_handler_class=handler,
        default_handler_args={"access": access, "reply": not_found},
        log_function=lambda handler: None,
    )


def file_reply(content: bytes, kind: str) -> Reply:
    """The reply that is always the same file."""
    return lambda handler: handler.send(content, kind)
