"""A Tornado server in a thread of its own, for the live page and the phone receiver; strangers have few places in it.

A connection is a stranger's until its client has shown that it may be here: by the token, or where none is needed, by
a request that no other web page makes. Strangers have places and a time limit of their own. If their places are full,
the oldest connection gives way to the newest, so that idle ones keep nobody out.
"""

import asyncio
import logging
import socket
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any

from tornado.httpserver import HTTPServer
from tornado.httputil import HTTPServerRequest
from tornado.iostream import IOStream
from tornado.netutil import bind_sockets

from har_runtime.errors import SourceError
from har_runtime.web.refusals import RefusalLog, network_of

CLOSING_S = 0.2
"""How long clients are waited for at the end; a client that does not react is cut off."""
JOIN_S = 5.0
"""How long to wait for a request that is just being handled."""
TICK_S = 10.0
"""How often it is looked for refusals that are to be logged."""
GRACE_S = 0.1
"""How long a new connection does not give way: whoever has the token shows it at once, and is then no stranger."""
READ_STEPS = 16
"""More than the steps of the loop in which a request that has arrived is read and answered."""
MOST_STRANGERS = 256
"""Strangers' connections that are open at any moment; a further one is closed at once."""
TOO_MANY = "too many connections"
TOO_SLOW = "request too slow"
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


def stream_of(request: HTTPServerRequest) -> IOStream:
    """The connection over which a request has come."""
    connection: Any = request.connection
    return connection.stream


def url_of(host: str, port: int, scheme: str = "http") -> str:
    """The address to open or to send to.

    >>> url_of("127.0.0.1", 8765), url_of("::1", 8765)
    ('http://127.0.0.1:8765/', 'http://[::1]:8765/')
    """
    shown = socket.gethostname() if host in ("0.0.0.0", "::", "") else host
    return f"{scheme}://{f'[{shown}]' if ':' in shown else shown}:{port}/"


@dataclass(frozen=True)
class Places:
    """How many connections may be open at the same time."""

    known: int
    """Of clients that have shown that they may be here."""
    strangers: int
    """Of all others."""
    strangers_of_address: int
    """Of all others from one address."""
    stranger_s: float = 5.0
    """How long a client may take to show that it may be here."""


@dataclass
class _Stranger:
    """A connection whose client has not yet shown that it may be here."""

    client: str
    """As `network_of` names it."""
    timer: asyncio.TimerHandle
    """Closes it."""
    chance: asyncio.Task[None]
    """Ends when it may give way."""
    may_give_way: bool = False


class BoundedServer(HTTPServer):
    """An HTTP server in which few connections are open at once, and strangers keep nobody out.

    Handlers call `admit` for each request that they are going to answer.
    """

    def initialize(
        self, *arguments: Any, places: Places, count: Callable[[str], None] = lambda reason: None, **options: Any
    ) -> None:
        """A server.

        Args:
            arguments: of Tornado's server.
            places: for connections.
            count: called with the reason whenever a connection is closed: `TOO_MANY` or `TOO_SLOW`.
            options: of Tornado's server.
        """
        super().initialize(*arguments, **options)
        self._places, self.count = places, count
        self._known: set[IOStream] = set()
        self._strangers: dict[IOStream, _Stranger] = {}
        """By connection, the oldest first."""

    def handle_stream(self, stream: IOStream, address: tuple[Any, ...]) -> None:
        if len(self._strangers) >= MOST_STRANGERS:
            self.cut_off(stream, TOO_MANY)
            return
        loop = asyncio.get_running_loop()
        timer = loop.call_later(self._places.stranger_s, self.cut_off, stream, TOO_SLOW)
        chance = loop.create_task(self._give_a_chance(stream))
        self._strangers[stream] = _Stranger(network_of(address[0]), timer, chance)
        super().handle_stream(stream, address)

    def admit(self, stream: IOStream) -> bool:
        """Give a connection, whose client has just shown that it may be here, one of the places for such clients;
        False if all are taken by others."""
        if stream in self._known:
            return True
        if len(self._known) >= self._places.known or stream not in self._strangers:
            return False
        self._forget(stream)
        self._known.add(stream)
        return True

    def cut_off(self, stream: IOStream, reason: str) -> None:
        """Close a connection and count why."""
        self._forget(stream)
        self.count(reason)
        stream.close()

    def on_close(self, server_conn: Any) -> None:
        self._forget(server_conn.stream)
        super().on_close(server_conn)

    async def _give_a_chance(self, stream: IOStream) -> None:
        """From now on a connection may give way; not before, so that a flood of them does not sweep away one whose
        client is just about to show that it may be here."""
        await asyncio.sleep(GRACE_S)
        for _ in range(READ_STEPS):  # However long they take now.
            await asyncio.sleep(0)
        if (stranger := self._strangers.get(stream)) is not None:
            stranger.may_give_way = True
            self._make_room()

    def _make_room(self) -> None:
        """While a client has too many connections, or all have, close the oldest of the client with most."""
        counts = Counter(stranger.client for stranger in self._strangers.values())
        while counts:
            ((client, count),) = counts.most_common(1)
            if count <= self._places.strangers_of_address and counts.total() <= self._places.strangers:
                return
            oldest = next(stream for stream, stranger in self._strangers.items() if stranger.client == client)
            if not self._strangers[oldest].may_give_way:
                return
            self.cut_off(oldest, TOO_MANY)
            counts[client] -= 1

    def _forget(self, stream: IOStream) -> None:
        self._known.discard(stream)
        if (stranger := self._strangers.pop(stream, None)) is not None:
            stranger.timer.cancel()
            if not stranger.may_give_way:
                stranger.chance.cancel()


class ServerThread:
    """Runs a server in a thread of its own, which does not keep the program alive.

    Args:
        name: of the thread.
        server: that listens on the sockets.
        sockets: as `listen` returns them.
        refusals: what is refused; logged while the thread runs.
    """

    def __init__(self, name: str, server: HTTPServer, sockets: list[socket.socket], refusals: RefusalLog):
        self._server, self._sockets, self._refusals = server, sockets, refusals
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
        while not self._stop.is_set():
            try:
                async with asyncio.timeout(TICK_S):
                    await self._stop.wait()
            except TimeoutError:
                self._refusals.say()
        self._refusals.say(now=True)
        self._server.stop()
        try:
            async with asyncio.timeout(CLOSING_S):
                await self._server.close_all_connections()
        except TimeoutError:
            pass  # The connection of a client that does not react ends with the loop.
