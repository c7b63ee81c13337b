"""The HTTP receiver among strangers: what it accepts, how it refuses the rest, and that every connection ends."""

import socket
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from http import HTTPStatus

import pytest

from har_runtime.errors import SourceError

pytest.importorskip("tornado", reason="needs pip install 'haredge[web]'")
from har_runtime.sources.sensorlogger.receiver import DISCARDED_BYTES, Limits, Receiver, Refusal
from har_runtime.web import server
from har_runtime.web.server import Places

TOKEN = "not-easy-to-guess"
MALFORMED = "malformed or incomplete request"
SMALL = Limits(head_bytes=1000, body_bytes=100)


@contextmanager
def receiving(token: str | None = None, limits: Limits = SMALL) -> Iterator[tuple[Receiver, list[bytes]]]:
    bodies: list[bytes] = []
    receiver = Receiver("127.0.0.1", 0, bodies.append, token, limits)
    try:
        yield receiver, bodies
    finally:
        receiver.close()


def connect(receiver: Receiver, own_address: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection(("127.0.0.1", receiver.port), timeout=30, source_address=(own_address, 0))


def read_answer(connection: socket.socket) -> tuple[int, str]:
    """Status and text, until the receiver closes the connection; status 0 if it closes it without an answer."""
    data = b""
    with suppress(ConnectionError):
        while part := connection.recv(4096):
            data += part
    if not data:
        return 0, ""
    head, _, text = data.decode().partition("\r\n\r\n")
    return int(head.split()[1]), text.strip()


def ask(receiver: Receiver, request: bytes) -> tuple[int, str]:
    with connect(receiver) as connection:
        with suppress(ConnectionError):
            connection.sendall(request)
        return read_answer(connection)


def chunked(*parts: bytes) -> bytes:
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (*parts, b"")]
    return b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n" + b"".join(chunks)


def post(body: bytes, target: str = "/", host: str = "localhost", **headers: str) -> bytes:
    lines = [f"POST {target} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + body


def refusals(receiver: Receiver) -> Counter[str]:
    """What has been refused; a connection that ended without an answer is counted a moment later."""
    end = time.monotonic() + 10
    while not (counted := receiver.refusals.take()) and time.monotonic() < end:
        time.sleep(0.01)
    return counted


def test_the_body_of_a_post_is_passed_on() -> None:
    with receiving() as (receiver, bodies):
        assert ask(receiver, post(b"{}", "/any/path?x=y")) == (200, "ok")
        assert ask(receiver, post(b"")) == (200, "ok")
        assert bodies == [b"{}", b""]
        assert not receiver.refusals.take()


@pytest.mark.parametrize("host", ["127.0.0.1:8000", "localhost", "[::1]:8000", "LOCALHOST:1"])
def test_without_a_token_it_answers_to_the_names_of_this_computer(host: str) -> None:
    with receiving() as (receiver, _):
        assert ask(receiver, post(b"{}", host=host)) == (200, "ok")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example:8000", "[bad", "192.168.1.20:8000"])
def test_without_a_token_a_request_under_another_name_is_refused(host: str) -> None:
    with receiving() as (receiver, bodies):
        assert ask(receiver, post(b"{}", host=host)) == (403, "request under another name")
        assert not bodies
    with receiving(TOKEN) as (receiver, bodies):
        assert ask(receiver, post(b"{}", f"/?token={TOKEN}", host=host)) == (200, "ok")


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://elsewhere.example"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Referer": "http://elsewhere.example/page"},
    ],
    ids=["another origin", "a sandboxed page", "fetch metadata", "an old browser"],
)
def test_what_a_web_page_posts_is_refused_unless_it_has_the_token(headers: dict[str, str]) -> None:
    with receiving() as (receiver, bodies):
        assert ask(receiver, post(b"one", **headers)) == (403, "request of a web page")
        assert (bodies, refusals(receiver)) == ([], {"request of a web page": 1})
    with receiving(TOKEN) as (receiver, bodies):
        assert ask(receiver, post(b"one", f"/?token={TOKEN}", **headers)) == (200, "ok")
        assert bodies == [b"one"]


def test_a_body_in_chunks_or_without_a_length_is_accepted() -> None:
    with receiving() as (receiver, bodies):
        assert ask(receiver, chunked(b"{", b"}")) == (200, "ok")
        assert ask(receiver, b"POST / HTTP/1.1\r\nHost: localhost\r\n\r\n") == (200, "ok")
        assert bodies == [b"{}", b""]


def test_a_client_that_asks_whether_to_continue_is_answered() -> None:
    with receiving() as (receiver, bodies), connect(receiver) as connection:
        head, body = post(b"hello", Expect="100-continue").split(b"hello")[0], b"hello"
        connection.sendall(head)
        assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
        connection.sendall(body)
        assert read_answer(connection) == (200, "ok")
        assert bodies == [b"hello"]


@pytest.mark.parametrize(
    ("request_bytes", "status", "reason"),
    [
        (b"HELLO\r\n\r\n", 400, MALFORMED),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", 400, MALFORMED),
        (b"POST / HTTP/2\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", 400, MALFORMED),
        (b"POST / HTTP/1.1\r\n\r\n", 400, MALFORMED),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nno colon\r\n\r\n", 400, MALFORMED),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length : 2\r\n\r\n{}", 400, MALFORMED),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400, MALFORMED),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: -2\r\n\r\n{}", 400, MALFORMED),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1e1\r\n\r\n{}", 400, MALFORMED),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: \xb2\r\n\r\n{}", 400, MALFORMED),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + b"9" * 400 + b"\r\n\r\n", 400, MALFORMED),
        (b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % (DISCARDED_BYTES + 1), 400, MALFORMED),
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "request that is not a POST"),
        (b"PUT / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2\r\n\r\n{}", 405, "request that is not a POST"),
        (b"BREW / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405, "request that is not a POST"),
        (post(b"x" * 101), 413, "request body too large"),
        (post(b"x" * 3_000_000), 413, "request body too large"),
        (chunked(b"x" * 60, b"x" * 60), 413, "request body too large"),
        (post(b"{}", Cookie="x" * 1000), 0, "request head too large"),
        (b"POST /" + b"x" * 3_000_000, 0, "request head too large"),
    ],
    ids=lambda value: value[:40] if isinstance(value, bytes) else None,
)
def test_each_hostile_request_has_its_status_and_is_counted(request_bytes: bytes, status: int, reason: str) -> None:
    with receiving() as (receiver, bodies):
        assert ask(receiver, request_bytes) == (status, "" if reason == MALFORMED or status == 0 else reason)
        assert refusals(receiver) == {reason: 1}
        assert not receiver.refusals.take()
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
        (b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", 401),
        (post(b"{}", Authorization="Bearer schlüssel"), 200),
        (post(b"{}", Authorization="bearer  schlüssel"), 200),
        (post(b"{}", "/?x=y&token=schl%C3%BCssel"), 200),
    ],
)
def test_if_there_is_a_token_only_requests_with_it_are_accepted(request_bytes: bytes, status: int) -> None:
    with receiving(token="schlüssel") as (receiver, bodies):
        assert ask(receiver, request_bytes)[0] == status
        assert receiver.refusals.take() == ({"wrong token": 1} if status == 401 else {})
        assert len(bodies) == (status == 200)


@pytest.mark.parametrize("beginning", [b"", b"POST / HTTP/1.1\r\nX: ", post(b"")[:-2] + b"X: ", post(b"x" * 50)[:-40]])
def test_a_client_that_sends_too_slowly_is_cut_off(beginning: bytes) -> None:
    with receiving(limits=Limits(request_s=0.3)) as (receiver, bodies), connect(receiver) as connection:
        connection.sendall(beginning)
        began, data = time.monotonic(), None
        connection.settimeout(0.02)
        while data is None:
            with suppress(TimeoutError):
                data = connection.recv(4096)
            with suppress(ConnectionError):
                connection.sendall(b"x" if data is None and b"\r\n\r\n" not in beginning else b"")
        assert data == b""
        assert 0.25 < time.monotonic() - began < 10
        assert refusals(receiver) == {"request too slow": 1}
        assert not bodies


def begin(receiver: Receiver, request: bytes) -> socket.socket:
    """A client that asks whether to continue, gets the answer, and then sends nothing more."""
    connection = connect(receiver)
    connection.sendall(request)
    assert connection.recv(4096).startswith(b"HTTP/1.1 100 ")
    return connection


def test_of_clients_with_the_token_only_so_many_are_served_at_once() -> None:
    limits = Limits(places=Places(known=2, strangers=8, strangers_of_address=8))
    head = post(b"{}", f"/?token={TOKEN}", Expect="100-continue")[:-2]
    with receiving(TOKEN, limits) as (receiver, _), begin(receiver, head) as first, begin(receiver, head):
        assert ask(receiver, post(b"{}", f"/?token={TOKEN}")) == (503, "too many connections")
        assert refusals(receiver) == {"too many connections": 1}
        first.shutdown(socket.SHUT_WR)
        assert first.recv(1) == b""
        assert refusals(receiver) == {MALFORMED: 1}
        assert ask(receiver, post(b"{}", f"/?token={TOKEN}")) == (200, "ok")


@pytest.mark.parametrize(
    "sent", [b"", b"POST / HTTP/1.1\r\nX: ", post(b"x" * 50)[:-40], post(b"x" * 50, "/?token=no")[:-40]]
)
def test_idle_and_slow_strangers_do_not_keep_the_phone_out(sent: bytes) -> None:
    with receiving(TOKEN, Limits(requests_per_s=1000)) as (receiver, bodies), ExitStack() as strangers:
        for _stranger in range(64):
            strangers.enter_context(connect(receiver)).sendall(sent)
            assert ask(receiver, post(b"{}", f"/?token={TOKEN}")) == (200, "ok")
        assert len(bodies) == 64
        assert set(receiver.refusals.take()) <= {"too many connections"}


def test_the_phone_is_not_swept_away_by_many_connections_at_once(monkeypatch) -> None:
    monkeypatch.setattr(server, "GRACE_S", 0.3)
    places = Places(known=1, strangers=2, strangers_of_address=2)
    with receiving(TOKEN, Limits(places=places)) as (receiver, _), ExitStack() as strangers, connect(receiver) as phone:
        for _stranger in range(30):
            strangers.enter_context(connect(receiver))
        phone.sendall(post(b"{}", f"/?token={TOKEN}"))
        assert read_answer(phone) == (200, "ok")


def test_the_number_of_strangers_is_limited_at_every_moment(monkeypatch) -> None:
    monkeypatch.setattr(server, "GRACE_S", 60.0)
    monkeypatch.setattr(server, "MOST_STRANGERS", 8)
    with receiving(TOKEN, Limits()) as (receiver, _), ExitStack() as strangers:
        *others, last = [strangers.enter_context(connect(receiver)) for _ in range(9)]
        assert last.recv(1) == b""
        assert refusals(receiver) == {"too many connections": 1}
        others[0].settimeout(0.0)
        with pytest.raises(BlockingIOError):
            others[0].recv(1)


def test_of_strangers_the_client_with_the_most_connections_gives_way() -> None:
    places = Places(known=1, strangers=4, strangers_of_address=3)
    with receiving(TOKEN, Limits(places=places)) as (receiver, _), ExitStack() as strangers:
        greedy = [strangers.enter_context(connect(receiver, "127.0.0.1")) for _ in range(2)]
        modest = strangers.enter_context(connect(receiver, "127.0.0.2"))
        strangers.enter_context(connect(receiver, "127.0.0.3"))
        strangers.enter_context(connect(receiver, "127.0.0.4"))  # One too many of all.
        assert greedy[0].recv(1) == b""
        for each in (greedy[1], modest):
            each.settimeout(0.0)
            with pytest.raises(BlockingIOError):
                each.recv(1)


def test_a_client_that_does_not_show_the_token_in_time_is_cut_off() -> None:
    places = Places(known=1, strangers=4, strangers_of_address=4, stranger_s=0.2)
    with receiving(TOKEN, Limits(places=places)) as (receiver, _):
        for sent in (b"", post(b"x" * 50, "/?token=wrong")[:-40]):
            with connect(receiver) as stranger:
                stranger.sendall(sent)
                assert read_answer(stranger) == (0, "")
            assert refusals(receiver) == {"request too slow": 1}
        # Whoever has shown it has more time for the body.
        request = post(b"{}", f"/?token={TOKEN}", Expect="100-continue")
        with begin(receiver, request[:-2]) as phone, connect(receiver) as stranger:
            assert read_answer(stranger) == (0, "")  # Longer than strangers have.
            phone.sendall(request[-2:])
            assert read_answer(phone) == (200, "ok")


def test_without_a_token_it_refuses_to_listen_where_others_can_reach_it() -> None:
    for host in ("0.0.0.0", "::", ""):
        with pytest.raises(SourceError, match="can be reached by others on the network, so it needs a token"):
            Receiver(host, 0, lambda body: None)


def test_more_requests_than_allowed_are_refused() -> None:
    with receiving(limits=Limits(requests_per_s=0.001)) as (receiver, bodies):
        assert ask(receiver, post(b"{}")) == (200, "ok")
        assert ask(receiver, post(b"{}")) == (429, "too many requests")
        assert receiver.refusals.take() == {"too many requests": 1}
        assert len(bodies) == 1


def test_requests_without_the_token_do_not_count_towards_the_phones_limit() -> None:
    with receiving(TOKEN, Limits(requests_per_s=0.001)) as (receiver, _):
        for _attempt in range(5):
            assert ask(receiver, post(b"{}"))[0] == 401
        assert ask(receiver, post(b"{}", Authorization=f"Bearer {TOKEN}")) == (200, "ok")


@pytest.mark.parametrize("sent", [b"", b"POST / HT", post(b"{}")[:-1]])
def test_a_request_that_breaks_off_is_counted(sent: bytes) -> None:
    with receiving() as (receiver, bodies), connect(receiver) as connection:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        assert connection.recv(4096) == b""
        assert refusals(receiver) == {MALFORMED: 1}
        assert not bodies


def test_the_function_that_gets_the_bodies_may_refuse_one() -> None:
    def refuse(body: bytes) -> Refusal:
        return HTTPStatus.UNPROCESSABLE_ENTITY, f"body of {len(body)} bytes"

    receiver = Receiver("127.0.0.1", 0, refuse)
    try:
        assert ask(receiver, post(b"{}")) == (422, "body of 2 bytes")
        assert receiver.refusals.take() == {"body of 2 bytes": 1}
    finally:
        receiver.close()


def test_closing_ends_every_connection_and_frees_the_port() -> None:
    with receiving() as (receiver, _), connect(receiver) as idle, connect(receiver) as busy:
        busy.sendall(post(b"{}")[:-1])
        receiver.close()
        for connection in (idle, busy):
            with suppress(ConnectionResetError):
                assert connection.recv(1) == b""
        Receiver("127.0.0.1", receiver.port, lambda body: None).close()


def test_it_listens_only_where_it_is_asked_to() -> None:
    with receiving() as (receiver, _):
        assert receiver.url == f"http://127.0.0.1:{receiver.port}/"
        with pytest.raises(SourceError, match=rf"cannot listen on 127\.0\.0\.1:{receiver.port} \(.*in use.*\); give"):
            Receiver("127.0.0.1", receiver.port, lambda body: None)
    with pytest.raises(SourceError, match=r"cannot listen on 203\.0\.113\.1:0"):
        Receiver("203.0.113.1", 0, lambda body: None)


HOSTILE_PROGRAM = f"""
import socket
from har_runtime.sources.sensorlogger.receiver import Limits, Receiver
def fail(body):
    raise KeyError("a fault of our own")
receiver = Receiver('127.0.0.1', 0, fail, limits=Limits(request_s=0.1))
for request in {[b"HELLO", b"POST /" + b"x" * 10_000, post(b"x" * 9)[:-1], post(b"{}"), post(b"", host="a,b")]!r}:
    with socket.create_connection(('127.0.0.1', receiver.port)) as connection:
        connection.sendall(request)
        try:
            connection.recv(100)
        except ConnectionError:
            pass
"""


def test_an_open_receiver_neither_keeps_the_program_alive_nor_prints_what_tornado_logs() -> None:
    command = [sys.executable, "-c", HOSTILE_PROGRAM]
    ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True)
    assert (ended.stdout, ended.stderr) == ("", "sensorlogger: refused: 1 x request too slow\n")


def test_memory_stays_bounded_however_much_is_sent() -> None:
    with receiving(limits=Limits()) as (receiver, _), connect(receiver) as connection:
        part = b"x" * 2**20
        tracemalloc.start()
        try:
            connection.sendall(
                f"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: {50 * len(part)}\r\n\r\n".encode()
            )
            for _part in range(50):
                connection.sendall(part)
            assert read_answer(connection) == (413, "request body too large")
            assert tracemalloc.get_traced_memory()[1] < 8 * 2**20
        finally:
            tracemalloc.stop()
