"""One request by HTTP with a deadline for all of it, and a limit on the answer's size.

The timeout of a socket is for each of its reads, so that a server which sends a byte a second, of its header as of its
body, could hold a client for ever. Here each read has what is left of the whole time.
"""

import io
import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection, HTTPResponse
from typing import Any


class TooLargeError(Exception):
    """The answer is larger than allowed."""


def get(
    host: str,
    port: int,
    path: str,
    timeout_s: float,
    deadline_s: float,
    max_bytes: int,
    clock: Callable[[], float] = time.monotonic,
) -> tuple[int, bytes]:
    """GET a path; returns the status and the body.

    Args:
        timeout_s: for the connection.
        deadline_s: for everything, the connection included.
        max_bytes: the longest body.
        clock: seconds.

    Raises:
        OSError: no connection, or it was lost; a TimeoutError if the time is over.
        HTTPException: the answer is not HTTP.
        TooLargeError: it is too long.
    """
    until_s = clock() + deadline_s
    connection = HTTPConnection(host, port, timeout=min(timeout_s, deadline_s))

    def response(sock: socket.socket, *args: Any, **options: Any) -> HTTPResponse:
        return HTTPResponse(_Deadline(sock, until_s, clock), *args, **options)  # pyright: ignore[reportArgumentType]

    connection.response_class = response  # pyright: ignore[reportAttributeAccessIssue]
    try:
        connection.request("GET", path, headers={"Connection": "close"})
        answer = connection.getresponse()
        body = bytearray()
        while part := answer.read1(65536):
            body += part
            if len(body) > max_bytes:
                raise TooLargeError
        return answer.status, bytes(body)
    finally:
        connection.close()


class _Deadline:
    """What HTTPResponse needs of a socket; its reads end at a deadline."""

    def __init__(self, sock: socket.socket, until_s: float, clock: Callable[[], float]):
        self._sock, self._until_s, self._clock = sock, until_s, clock

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(_Reader(self._sock, self._until_s, self._clock))


class _Reader(io.RawIOBase):
    """The bytes of a socket until a deadline."""

    def __init__(self, sock: socket.socket, until_s: float, clock: Callable[[], float]):
        self._file = sock.makefile("rb", buffering=0)  # Keeps the socket open until it is closed itself.
        self._sock, self._until_s, self._clock = sock, until_s, clock

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._until_s - self._clock()
        if left_s <= 0:
            raise TimeoutError
        self._sock.settimeout(left_s)
        return self._file.readinto(buffer)

    def close(self) -> None:
        self._file.close()
        super().close()
