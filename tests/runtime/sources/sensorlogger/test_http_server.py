"""The HTTP receiver among strangers: what it takes, how it refuses the rest, and that it always comes to an end."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http import HTTPStatus

import pytest

from har_runtime.errors import SourceError
from har_runtime.sources.sensorlogger.http_server import Limits, Receiver, RefusedError

SMALL = Limits(head_bytes=1000, body_bytes=100)


@contextmanager
def receiving(token: str | None = None, limits: Limits = SMALL) -> Iterator[tuple[Receiver, list[bytes]]]:
    bodies: list[bytes] = []
    receiver = Receiver("127.0.0.1", 0, bodies.append, token, limits)
    try:
        yield receiver, bodies
    finally:
        receiver.close()


def connect(receiver: Receiver) -> socket.socket:
    return socket.create_connection(("127.0.0.1", receiver.port), timeout=30)


def read_answer(connection: socket.socket) -> tuple[int, str]:
    """Status and text; the receiver closes the connection after them."""
    data = b""
    while part := connection.recv(4096):
        data += part
    head, _, text = data.decode().partition("\r\n\r\n")
    return int(head.split()[1]), text.strip()


def ask(receiver: Receiver, request: bytes) -> tuple[int, str]:
    with connect(receiver) as connection:
        connection.sendall(request)  # Refused or not, it is heard out, for else it would never see the answer.
        return read_answer(connection)


def post(body: bytes, target: str = "/", **headers: str) -> bytes:
    lines = [f"POST {target} HTTP/1.1", "Host: here", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def test_the_body_of_a_post_is_handed_on() -> None:
    with receiving() as (receiver, bodies):
        assert ask(receiver, post(b"{}", "/any/path?x=y")) == (200, "ok")
        assert ask(receiver, post(b"")) == (200, "ok")
        assert bodies == [b"{}", b""]
        assert not receiver.take_refusals()


def test_a_client_that_asks_whether_to_go_on_is_told_to() -> None:
    with receiving() as (receiver, bodies), connect(receiver) as connection:
        head, body = post(b"hello", Expect="100-continue").split(b"hello")[0], b"hello"
        connection.sendall(head)
        assert connection.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(body)
        assert read_answer(connection) == (200, "ok")
        assert bodies == [b"hello"]


@pytest.mark.parametrize(
    ("request_bytes", "status", "reason"),
    [
        (b"HELLO\r\n\r\n", 400, "malformed request"),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400, "malformed request"),
        (b"POST / HTTP/2\r\nContent-Length: 2\r\n\r\n{}", 400, "malformed request"),
        (b"POST / HTTP/1.1\r\nno colon\r\n\r\n", 400, "malformed request"),
        (b"POST / HTTP/1.1\r\nContent-Length : 2\r\n\r\n{}", 400, "malformed request"),
        (b"POST / HTTP/1.1\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, "malformed request"),
        (b"POST / HTTP/1.1\r\nContent-Length: -2\r\n\r\n{}", 400, "malformed request"),
        (b"POST / HTTP/1.1\r\nContent-Length: 1e1\r\n\r\n{}", 400, "malformed request"),
        (b"POST / HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n{}", 400, "malformed request"),
        (b"GET / HTTP/1.1\r\n\r\n", 405, "request that is no POST"),
        (b"POST / HTTP/1.1\r\n\r\n", 411, "request without a length"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n", 411, "request without a length"),
        (post(b"x" * 101), 413, "request body too large"),
        (post(b"x" * 3_000_000), 413, "request body too large"),
        (b"POST / HTTP/1.1\r\nContent-Length: " + b"9" * 400 + b"\r\n\r\n", 413, "request body too large"),
        (post(b"{}", Cookie="x" * 1000), 431, "request head too large"),
        (b"POST /" + b"x" * 3_000_000, 431, "request head too large"),
    ],
    ids=lambda value: value[:40] if isinstance(value, bytes) else None,
)
def test_each_hostile_request_has_its_status_and_is_counted(request_bytes: bytes, status: int, reason: str) -> None:
    with receiving() as (receiver, bodies):
        assert ask(receiver, request_bytes) == (status, reason)
        assert receiver.take_refusals() == {reason: 1}
        assert not receiver.take_refusals()
        assert ask(receiver, post(b"{}")) == (200, "ok")
        assert bodies == [b"{}"]


@pytest.mark.parametrize(
    ("request_bytes", "status"),
    [
        (post(b"{}"), 401),
        (post(b"{}", Authorization="Bearer wrong"), 401),
        (post(b"{}", Authorization="Bearer"), 401),
        (post(b"{}", Authorization="Basic schlüssel"), 401),
        (post(b"{}", "/?token=wrong"), 401),
        (post(b"{}", "/?token=%FF&token=schl%C3%BCssel"), 401),
        (b"GET / HTTP/1.1\r\n\r\n", 401),
        (post(b"{}", Authorization="Bearer schlüssel"), 200),
        (post(b"{}", Authorization="bearer  schlüssel"), 200),
        (post(b"{}", "/?x=y&token=schl%C3%BCssel"), 200),
    ],
)
def test_where_a_token_is_asked_for_only_who_has_it_may_send(request_bytes: bytes, status: int) -> None:
    with receiving(token="schlüssel") as (receiver, bodies):
        assert ask(receiver, request_bytes)[0] == status
        assert receiver.take_refusals() == ({"wrong token": 1} if status == 401 else {})
        assert len(bodies) == (status == 200)


@pytest.mark.parametrize("beginning", [b"", b"POST / HTTP/1.1\r\nX: ", post(b"")[:-2] + b"X: "])
def test_a_client_that_dribbles_is_cut_off(beginning: bytes) -> None:
    with receiving(limits=Limits(request_s=0.3)) as (receiver, bodies), connect(receiver) as connection:
        connection.sendall(beginning)
        connection.settimeout(0.02)
        data = b""
        while not data:
            with suppress(TimeoutError):
                data = connection.recv(4096)
            with suppress(ConnectionError):
                connection.sendall(b"x")
        assert data.startswith(b"HTTP/1.1 408 ")
        assert receiver.take_refusals() == {"request too slow": 1}
        assert not bodies


def test_a_client_that_never_finishes_its_body_is_cut_off() -> None:
    with receiving(limits=Limits(request_s=0.3)) as (receiver, _), connect(receiver) as connection:
        connection.sendall(post(b"x" * 50)[:-1])
        assert read_answer(connection) == (408, "request too slow")


def test_more_connections_than_allowed_are_turned_away_until_one_is_free() -> None:
    with receiving(limits=Limits(connections=2)) as (receiver, _), connect(receiver) as first, connect(receiver):
        with connect(receiver) as third:
            assert read_answer(third) == (503, "too many connections")
        first.shutdown(socket.SHUT_WR)
        assert first.recv(1) == b""
        assert ask(receiver, post(b"{}")) == (200, "ok")
        assert receiver.take_refusals() == {"too many connections": 1}


def test_more_requests_than_allowed_are_turned_away() -> None:
    with receiving(limits=Limits(requests_per_s=0.001)) as (receiver, bodies):
        assert ask(receiver, post(b"{}")) == (200, "ok")
        assert ask(receiver, post(b"{}")) == (429, "too many requests")
        assert receiver.take_refusals() == {"too many requests": 1}
        assert len(bodies) == 1


def test_strangers_without_the_token_do_not_use_up_what_the_phone_may_send() -> None:
    with receiving("secret", Limits(requests_per_s=0.001)) as (receiver, _):
        for _attempt in range(5):
            assert ask(receiver, post(b"{}"))[0] == 401
        assert ask(receiver, post(b"{}", Authorization="Bearer secret")) == (200, "ok")


def test_a_request_that_breaks_off_is_counted_and_a_mere_knock_is_not() -> None:
    with receiving() as (receiver, bodies):
        for sent, counted in ((b"", {}), (post(b"{}")[:-1], {"request broken off": 1})):
            with connect(receiver) as connection:
                connection.sendall(sent)
                connection.shutdown(socket.SHUT_WR)
                assert connection.recv(4096) == b""
            assert receiver.take_refusals() == counted
        assert not bodies


def test_who_takes_the_bodies_may_refuse_one() -> None:
    def refuse(body: bytes) -> None:
        raise RefusedError(HTTPStatus.UNPROCESSABLE_ENTITY, f"body of {len(body)} bytes")

    receiver = Receiver("127.0.0.1", 0, refuse)
    try:
        assert ask(receiver, post(b"{}")) == (422, "body of 2 bytes")
        assert receiver.take_refusals() == {"body of 2 bytes": 1}
    finally:
        receiver.close()


def test_closing_hangs_up_on_everyone_and_frees_the_port() -> None:
    with receiving() as (receiver, _), connect(receiver) as idle, connect(receiver) as busy:
        busy.sendall(post(b"{}")[:-1])
        receiver.close()
        assert idle.recv(1) == b""
        with suppress(ConnectionResetError):
            assert busy.recv(1) == b""
        Receiver("127.0.0.1", receiver.port, print).close()


def test_it_listens_on_this_computer_alone_unless_told_otherwise() -> None:
    with receiving() as (receiver, _):
        assert receiver.url == f"http://127.0.0.1:{receiver.port}/"
        with pytest.raises(SourceError, match=rf"cannot listen on 127\.0\.0\.1:{receiver.port} \(.*in use.*\); give"):
            Receiver("127.0.0.1", receiver.port, print)
    with pytest.raises(SourceError, match=r"cannot listen on 203\.0\.113\.1:0"):
        Receiver("203.0.113.1", 0, print)


def test_an_open_receiver_does_not_keep_the_program_alive() -> None:
    script = "from har_runtime.sources.sensorlogger.http_server import Receiver; Receiver('127.0.0.1', 0, print)"
    ended = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=True)
    assert ended.stdout == ""
