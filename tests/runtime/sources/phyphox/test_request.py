"""A request ends by its deadline, however slowly the answer comes, and an answer in time is read as it is."""

import contextlib
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException

import pytest

from har_runtime.errors import SourceError
from har_runtime.sources.phyphox import request
from har_runtime.sources.phyphox import source as phyphox_source
from har_runtime.sources.phyphox.request import TooLargeError, get
from har_runtime.sources.phyphox.source import Phyphox

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n\r\n"
Serve = Callable[[Iterator[bytes]], int]


@pytest.fixture
def serve() -> Iterator[Serve]:
    """Serves these parts, one after the other, to each client, on a port that is returned."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def start(parts: Iterator[bytes]) -> int:
        def run() -> None:
            with contextlib.suppress(OSError):  # The client or the test has left.
                while True:
                    client, _ = listener.accept()
                    with client, contextlib.suppress(OSError):
                        client.recv(4096)
                        for part in parts:
                            client.sendall(part)

        threads.append(threading.Thread(target=run))
        threads[-1].start()
        return listener.getsockname()[1]

    yield start
    with contextlib.suppress(OSError):
        listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for thread in threads:
        thread.join(30)


def ticking() -> Callable[[], float]:
    """A clock on which each look takes two seconds, so that five reads are too many."""
    ticks = itertools.count()
    return lambda: 2.0 * next(ticks)


def ask(port: int, max_bytes: int = 10_000, clock: Callable[[], float] = time.monotonic) -> tuple[int, bytes]:
    return get("127.0.0.1", port, "/get", 5.0, 10.0, max_bytes, clock)


def test_an_answer_is_read_as_it_is(serve: Serve) -> None:
    assert ask(serve(iter([OK, b"{", b"}"]))) == (200, b"{}")


@pytest.mark.parametrize(
    "begin", [b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\nX-Slow: ", OK], ids=["the status", "a header", "the body"]
)
def test_an_answer_that_drips_ends_at_the_deadline(begin: bytes, serve: Serve) -> None:
    with pytest.raises(TimeoutError):
        ask(serve(itertools.chain([begin], itertools.repeat(b" "))), 10**9, ticking())


def test_a_deadline_that_passes_while_nothing_comes_ends_it_too(serve: Serve) -> None:
    never = threading.Event()

    def parts() -> Iterator[bytes]:
        yield OK
        never.wait(30)

    try:
        with pytest.raises(TimeoutError):
            get("127.0.0.1", serve(parts()), "/get", 5.0, 0.2, 1000)
    finally:
        never.set()


def test_what_is_too_large_or_not_http_is_told_apart(serve: Serve) -> None:
    with pytest.raises(TooLargeError):
        ask(serve(itertools.chain([OK], itertools.repeat(b"x" * 1000, 20))), max_bytes=5000)


def test_what_is_not_http_is_refused(serve: Serve) -> None:
    with pytest.raises(HTTPException):
        ask(serve(iter([b"SSH-2.0-OpenSSH\r\n"])))


def test_a_source_whose_phone_drips_its_header_says_that_there_is_no_answer(
    serve: Serve, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        phyphox_source, "get", lambda host, port, path, *limits: request.get(host, port, path, *limits, ticking())
    )
    port = serve(itertools.chain([b"HTTP/1.1 200 OK\r\nX-Slow: "], itertools.repeat(b" ")))
    with pytest.raises(SourceError, match=f"phyphox://127.0.0.1:{port}: no answer"):
        Phyphox("127.0.0.1", port)
