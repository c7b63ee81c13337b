"""A Tornado server in a thread of its own, with a limit on connections: for the live page and the phone receiver."""

import asyncio
import logging
import socket
import threading
from ipaddress import ip_address
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.iostream import IOStream
from tornado.netutil import bind_sockets

from har_runtime.errors import SourceError

CLOSING_S = 0.2
"""How long clients are waited for at the end; a client that does not react is cut off."""
JOIN_S = 5.0
"""How long to wait for a request that is just being handled."""

logging.getLogger("tornado").addHandler(logging.NullHandler())  # Otherwise Python prints its warnings on stderr.


def listen(kind: str, host: str, port: int, token: str | None) -> list[socket.socket]:
    """Sockets that listen on an address; port 0 takes any free port.

    Args:
        kind: of the source or sink, for the message.
        token: that clients must know; None if there is none.

    Raises:
        SourceError: the address is not one of this computer, the port is in use, or other computers can reach it and
            there is no token.
    """
    try:
        sockets = bind_sockets(port, host)
    except (OSError, UnicodeError) as error:
        why = getattr(error, "strerror", None) or str(error)
        raise SourceError(
            f"{kind}: cannot listen on {host}:{port} ({why}); give an address of this computer and a free port"
        ) from error
    if token is None and are_open_to_others(sockets):
        for sock in sockets:
            sock.close()
        raise SourceError(
            f"{kind}:{host}:{port} can be reached by others on the network, so it needs a token: write one that "
            "`har-stream token` prints into a file and add ?token-file=FILE, or listen on 127.0.0.1"
        )
    return sockets


def are_open_to_others(sockets: list[socket.socket]) -> bool:
    """Whether any of these sockets listens where other computers can reach it."""
    return not all(ip_address(sock.getsockname()[0]).is_loopback for sock in sockets)


def url_of(host: str, port: int) -> str:
    """The address to open or to send to.

    >>> url_of("127.0.0.1", 8765), url_of("::1", 8765)
    ('http://127.0.0.1:8765/', 'http://[::1]:8765/')
    """
    shown = socket.gethostname() if host in ("0.0.0.0", "::", "") else host
    return f"http://{f'[{shown}]' if ':' in shown else shown}:{port}/"


class BoundedServer(HTTPServer):
    """An HTTP server that closes connections beyond `max_connections` at once."""

    def initialize(self, *arguments: Any, max_connections: int, **options: Any) -> None:
        super().initialize(*arguments, **options)
        self._max_connections, self._open = max_connections, 0

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        if self._open >= self._max_connections:
            stream.close()
            self.on_too_many(stream)
            return
        self._open += 1
        super().handle_stream(stream, address)

    def on_close(self, server_conn: object) -> None:
        self._open -= 1
        super().on_close(server_conn)

    def on_too_many(self, stream: IOStream) -> None:
        """This connection was closed because there were too many."""


class ServerThread:
    """Runs a server in a thread of its own, which does not keep the program alive."""

    def __init__(self, name: str, server: HTTPServer, sockets: list[socket.socket]):
        self._server, self._sockets = server, sockets
        self._stop = asyncio.Event()
        self._runner = asyncio.Runner(loop_factory=asyncio.new_event_loop)
        self._loop = self._runner.get_loop()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Stop listening and close all connections."""
        if self._thread.is_alive():
            self._loop.call_soon_threadsafe(self._stop.set)
            self._thread.join(JOIN_S)

    def _run(self) -> None:
        with self._runner:
            self._runner.run(self._serve())

    async def _serve(self) -> None:
        self._server.add_sockets(self._sockets)
        await self._stop.wait()
        self._server.stop()
        try:
            async with asyncio.timeout(CLOSING_S):
                await self._server.close_all_connections()
        except TimeoutError:
            pass  # The connection of a client that does not react ends with the loop.
