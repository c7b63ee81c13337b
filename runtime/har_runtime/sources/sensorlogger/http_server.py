"""A small HTTP/1.1 receiver: takes POSTs, hands their bodies on, and keeps its manners with strangers.

One request a connection: the answer closes it, so that the time limit of a request is that of its connection. Size of
head and body, time, open connections and rate are bounded, each refusal has its status and is counted by its reason.
Listens where it is told and nowhere else. It speaks plain HTTP: a token keeps others from sending, not from reading.
"""

import asyncio
import hmac
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs

from har_runtime.errors import SourceError

LINGER_S = 1.0
"""How long a client may go on sending after it has been refused: a socket that is closed on unread bytes is reset, and
the client would never see the answer."""
CLOSING_S = 5.0
"""How long to wait for a body that is just being taken."""


@dataclass(frozen=True)
class Limits:
    """What a receiver puts up with."""

    head_bytes: int = 8192
    """Request line and headers."""
    body_bytes: int = 2 * 2**20
    """Ten seconds of the fastest phones; parsed JSON takes up to twenty times as much memory for a moment."""
    request_s: float = 10.0
    """From the connection to the last byte."""
    connections: int = 8
    """Open at the same time."""
    requests_per_s: float = 20.0
    """Of those that are allowed to send at all; as many may come at once."""


class RefusedError(Exception):
    """A request that is not taken."""

    def __init__(self, status: HTTPStatus, reason: str):
        super().__init__(reason)
        self.status, self.reason = status, reason


class Receiver:
    """Listens in a thread of its own, which does not keep the program alive.

    Raises:
        SourceError: it cannot listen there.
    """

    def __init__(
        self,
        host: str,
        port: int,
        take: Callable[[bytes], None],
        token: str | None = None,
        limits: Limits | None = None,
    ):
        """A receiver.

        Args:
            host: address to listen on; 127.0.0.1 hears this computer alone, 0.0.0.0 every network.
            port: 0 for any that is free.
            take: called in the receiver's thread with the body of each request; may raise `RefusedError`.
            token: what a request must carry, as `Authorization: Bearer TOKEN` or as `?token=TOKEN`.
            limits: what to put up with.
        """
        self._take, self._token, self._limits = take, token, limits or Limits()
        self._refused: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._open = 0
        self._loop = asyncio.new_event_loop()
        try:
            self._server = self._loop.run_until_complete(
                asyncio.start_server(self._serve, host, port, limit=self._limits.head_bytes)
            )
        except (OSError, UnicodeError) as error:
            self._loop.close()
            why = getattr(error, "strerror", None) or str(error)
            raise SourceError(
                f"cannot listen on {host}:{port} ({why}); give an address of this computer and a free port"
            ) from error
        self._allowance, self._allowed_at = self._burst, self._loop.time()
        self.host, self.port = self._server.sockets[0].getsockname()[:2]
        self._thread = threading.Thread(target=self._loop.run_forever, name="http receiver", daemon=True)
        self._thread.start()

    @property
    def _burst(self) -> float:
        return max(1.0, self._limits.requests_per_s)

    @property
    def url(self) -> str:
        """Where to send to."""
        return f"http://{f'[{self.host}]' if ':' in self.host else self.host}:{self.port}/"

    def take_refusals(self) -> Counter[str]:
        """The refusals since the last call, by reason."""
        with self._lock:
            refused, self._refused = self._refused, Counter()
        return refused

    def close(self) -> None:
        """Stop listening and hang up."""
        if self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSING_S)
        if self._thread.is_alive():
            return  # It ends with the program.
        self._loop.run_until_complete(self._hang_up())
        self._loop.close()

    async def _hang_up(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open += 1
        try:
            if self._open > self._limits.connections:
                refusal = RefusedError(HTTPStatus.SERVICE_UNAVAILABLE, "too many connections")
                self._count(refusal.reason)
                writer.write(_answer(refusal))
                return
            refusal = await self._outcome(reader, writer)
            if refusal is not None:
                self._count(refusal.reason)
            writer.write(_answer(refusal))
            async with asyncio.timeout(LINGER_S):
                await writer.drain()
                writer.write_eof()
                while await reader.read(65536):
                    pass
        except asyncio.IncompleteReadError as error:
            if error.partial:
                self._count("request broken off")
        except (OSError, TimeoutError):
            pass  # Nobody is there to be told.
        finally:
            self._open -= 1
            writer.close()

    async def _outcome(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> RefusedError | None:
        try:
            async with asyncio.timeout(self._limits.request_s):
                body = await self._body(reader, writer)
            self._take(body)
        except RefusedError as refusal:
            return refusal
        except TimeoutError:
            return RefusedError(HTTPStatus.REQUEST_TIMEOUT, "request too slow")
        return None

    async def _body(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bytes:
        try:
            head = await reader.readuntil(b"\r\n\r\n")
        except asyncio.LimitOverrunError as error:
            raise RefusedError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE, "request head too large") from error
        method, target, headers = _parse_head(head)
        if not self._is_known(target, headers):
            raise RefusedError(HTTPStatus.UNAUTHORIZED, "wrong token")
        if method != "POST":
            raise RefusedError(HTTPStatus.METHOD_NOT_ALLOWED, "request that is no POST")
        if not self._is_in_time():
            raise RefusedError(HTTPStatus.TOO_MANY_REQUESTS, "too many requests")
        length = headers.get("content-length")
        if length is None or "transfer-encoding" in headers:
            raise RefusedError(HTTPStatus.LENGTH_REQUIRED, "request without a length")
        if not (length.isascii() and length.isdecimal()):
            raise _malformed()
        if len(length) > 15 or int(length) > self._limits.body_bytes:
            raise RefusedError(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "request body too large")
        if headers.get("expect", "").lower() == "100-continue":
            writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        return await reader.readexactly(int(length))

    def _is_known(self, target: str, headers: dict[str, str]) -> bool:
        if self._token is None:
            return True
        scheme, _, offered = headers.get("authorization", "").partition(" ")
        if scheme.lower() == "bearer":
            given = offered.strip().encode("latin-1")  # The bytes as they came.
        else:
            given = parse_qs(target.partition("?")[2]).get("token", [""])[0].encode()
        return hmac.compare_digest(given, self._token.encode())

    def _is_in_time(self) -> bool:
        now, rate = self._loop.time(), self._limits.requests_per_s
        self._allowance = min(self._burst, self._allowance + (now - self._allowed_at) * rate)
        self._allowed_at = now
        if self._allowance < 1:
            return False
        self._allowance -= 1
        return True

    def _count(self, reason: str) -> None:
        with self._lock:
            self._refused[reason] += 1


def _parse_head(head: bytes) -> tuple[str, str, dict[str, str]]:
    """Method, target and headers, their names in lower case."""
    first, *lines = head.decode("latin-1").removesuffix("\r\n\r\n").split("\r\n")
    request = first.split(" ")
    if len(request) != 3 or request[2] not in ("HTTP/1.1", "HTTP/1.0"):
        raise _malformed()
    headers: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name or name != name.strip() or name.lower() in headers:
            raise _malformed()
        headers[name.lower()] = value.strip()
    return request[0], request[1], headers


def _malformed() -> RefusedError:
    return RefusedError(HTTPStatus.BAD_REQUEST, "malformed request")


def _answer(refusal: RefusedError | None) -> bytes:
    status, text = (HTTPStatus.OK, "ok") if refusal is None else (refusal.status, refusal.reason)
    extra = {
        HTTPStatus.UNAUTHORIZED: "WWW-Authenticate: Bearer\r\n",
        HTTPStatus.METHOD_NOT_ALLOWED: "Allow: POST\r\n",
        HTTPStatus.TOO_MANY_REQUESTS: "Retry-After: 1\r\n",
        HTTPStatus.SERVICE_UNAVAILABLE: "Retry-After: 1\r\n",
    }.get(status, "")
    head = (
        f"HTTP/1.1 {status.value} {status.phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
        f"Content-Length: {len(text) + 1}\r\nConnection: close\r\n{extra}\r\n"
    )
    return f"{head}{text}\n".encode()
