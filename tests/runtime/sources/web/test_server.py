"""The server for a phone's browser among strangers: who may send, how much, and what the page gets."""

import asyncio
import socket
import ssl
import subprocess
import time
import urllib.request
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import numpy as np
import pytest

from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk

pytest.importorskip("tornado", reason="needs pip install 'haredge[web]'")
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import WebSocketClientConnection, websocket_connect

from har_runtime.sources import open_source
from har_runtime.sources.web import server
from har_runtime.sources.web.rows import MAX_MESSAGE_BYTES
from har_runtime.sources.web.server import Limits
from har_runtime.sources.web.source import BrowserSource
from har_runtime.web.page_files import page_files
from har_runtime.web.server import Places

TOKEN = "not-easy-to-guess"
NOW_MS = 1_698_501_144_401.0
PATIENCE_S = 30


def rows(count: int, begin: int = 0, gyro: bool = True) -> bytes:
    """Readings at 50 Hz of a phone that lies face up."""
    rate = (0.0, 0.0, 1.0) if gyro else (float("nan"),) * 3
    return np.array([(NOW_MS + 20 * (begin + i), 0.0, 0.0, 9.8, *rate) for i in range(count)], "<f8").tobytes()


async def connect(source: BrowserSource, headers: dict[str, str] | None = None, **query: str) -> Any:
    """The connection of a phone."""
    given = {"phone": "a", "platform": "android"} | query
    words = "&".join(f"{name}={value}" for name, value in given.items())
    url = f"{source.url.replace('http', 'ws')}samples?{words}"
    return await websocket_connect(HTTPRequest(url, headers=headers, request_timeout=PATIENCE_S, validate_cert=False))


async def refused(source: BrowserSource, headers: dict[str, str] | None = None, **query: str) -> tuple[int, str]:
    """Status and text with which a handshake is refused."""
    try:
        connection = await connect(source, headers, **query)
    except HTTPClientError as error:
        return error.code, "" if error.response is None else error.response.body.decode().strip()
    connection.close()
    return 101, ""


async def closed(connection: WebSocketClientConnection) -> tuple[int | None, str | None]:
    """Code and reason with which the server has closed the connection."""
    async with asyncio.timeout(PATIENCE_S):
        while await connection.read_message() is not None:
            pass
    return connection.close_code, connection.close_reason


@pytest.fixture
def opened() -> Iterator[Callable[..., BrowserSource]]:
    """Opens sources on a free port of this computer."""
    with ExitStack() as stack:

        def open_it(token: str | None = TOKEN, **options: Any) -> BrowserSource:
            source = BrowserSource("127.0.0.1", 0, token, **options)
            stack.callback(source.close)
            return source

        yield open_it


def received(
    source: BrowserSource, sending: Callable[[], Coroutine[Any, Any, None]], samples: int
) -> list[SampleChunk]:
    """The first samples of acceleration that arrive, at least so many."""
    asyncio.run(sending())
    chunks, count = [], 0
    for chunk in source:
        chunks.append(chunk)
        count += 0 if chunk.acc is None else len(chunk.times_ns)
        if count >= samples:
            return chunks
    return chunks


def test_what_the_page_sends_becomes_samples(opened) -> None:
    source = opened()

    async def send() -> None:
        connection = await connect(source, token=TOKEN, platform="ios")
        for begin in (0, 10, 20):
            await connection.write_message(rows(10, begin), binary=True)
        connection.close()
        await closed(connection)

    chunks = received(source, send, 30)
    acc = np.concatenate([chunk.acc for chunk in chunks if chunk.acc is not None])
    assert acc.tolist() == [[0.0, 0.0, -9.8]] * 30
    assert np.concatenate([chunk.times_ns for chunk in chunks if chunk.acc is not None]).tolist() == [
        round(1e6 * NOW_MS) + 20_000_000 * i for i in range(30)
    ]
    assert source.report.gyroscope
    assert source.report.units is not None and "an iPhone's or iPad's sign, reversed, as its browser says" in (
        source.report.units
    )


def test_the_option_platform_is_stronger_than_what_the_browser_says(opened) -> None:
    source = opened(platform="android")

    async def send() -> None:
        connection = await connect(source, token=TOKEN, platform="ios")
        await connection.write_message(rows(1), binary=True)
        connection.close()
        await closed(connection)

    chunks = received(source, send, 1)
    assert [chunk.acc.tolist() for chunk in chunks if chunk.acc is not None] == [[[0.0, 0.0, 9.8]]]


def test_a_phone_without_a_gyroscope_is_known_after_three_seconds(opened) -> None:
    source = opened()

    async def send() -> None:
        connection = await connect(source, token=TOKEN)
        for begin in range(0, 200, 50):
            await connection.write_message(rows(50, begin, gyro=False), binary=True)
        connection.close()
        await closed(connection)

    chunks = received(source, send, 200)
    assert not source.report.gyroscope
    assert all(chunk.gyro is None for chunk in chunks)


@pytest.mark.parametrize(
    ("query", "headers", "expected"),
    [
        ({}, {}, (401, "wrong token")),
        ({"token": "not-easy-to-gues"}, {}, (401, "wrong token")),
        ({"token": TOKEN}, {}, (101, "")),
        ({}, {"Authorization": f"Bearer {TOKEN}"}, (101, "")),
        # A page of another site that has been given the token, as one of har-export page.
        ({"token": TOKEN}, {"Origin": "https://pages.example"}, (101, "")),
        ({"token": TOKEN, "platform": "toaster"}, {}, (400, server.NO_PLATFORM[1])),
        # Bytes that are no text.
        ({"phone": "%ff", "platform": "%ff", "token": "%ff"}, {}, (401, "wrong token")),
        ({"token": TOKEN, "platform": "%ff"}, {}, (400, server.NO_PLATFORM[1])),
        ({"token": TOKEN, "phone": "%ff"}, {}, (101, "")),
    ],
)
def test_the_token_decides(opened, query, headers, expected: tuple[int, str]) -> None:
    assert asyncio.run(refused(opened(), headers, **query)) == expected


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, 101),
        ({"Origin": "http://127.0.0.1:{port}"}, 101),
        ({"Origin": "http://127.0.0.1:1"}, 403),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Host": "localhost:{port}"}, 101),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_without_a_token_only_the_own_page_and_programs_of_this_computer_may_send(opened, headers, expected) -> None:
    source = opened(token=None)
    port = source.url.rpartition(":")[2].strip("/")
    given = {name: value.replace("{port}", port) for name, value in headers.items()}
    assert asyncio.run(refused(source, given))[0] == expected


def test_one_phone_at_a_time_is_read_and_the_same_one_may_connect_again(opened) -> None:
    source = opened()

    async def send() -> None:
        first = await connect(source, token=TOKEN, phone="a")
        await first.write_message(rows(1), binary=True)
        assert await refused(source, token=TOKEN, phone="b") == (409, "another phone is sending")
        again = await connect(source, token=TOKEN, phone="a")
        assert await closed(first) == (server.CONTINUED, "continued in another connection")
        await again.write_message(rows(1, 1), binary=True)
        again.close()
        await closed(again)
        assert (await refused(source, token=TOKEN, phone="b"))[0] == 101

    assert sum(len(chunk.times_ns) for chunk in received(source, send, 2) if chunk.acc is not None) == 2


def test_another_phone_may_send_once_the_first_is_silent(opened, monkeypatch) -> None:
    monkeypatch.setattr(server, "SILENCE_NS", 0)
    source = opened()

    async def send() -> None:
        await connect(source, token=TOKEN, phone="a")
        assert (await refused(source, token=TOKEN, phone="b"))[0] == 101

    asyncio.run(send())


@pytest.mark.parametrize(
    ("message", "binary", "code"),
    [
        (b"x" * 55, True, server.NOT_ROWS),
        (b"hello", False, server.NOT_ROWS),
        (bytes(MAX_MESSAGE_BYTES + 8), True, 1009),
    ],
)
def test_a_message_that_is_not_one_ends_the_connection(opened, message: bytes, binary: bool, code: int) -> None:
    source = opened()

    async def send() -> int | None:
        connection = await connect(source, token=TOKEN)
        await connection.write_message(message, binary=binary)
        return (await closed(connection))[0]

    assert asyncio.run(send()) == code


def test_a_phone_that_sends_too_often_is_cut_off(opened) -> None:
    source = opened(limits=Limits(messages_per_s=1))

    async def send() -> tuple[int | None, str | None]:
        connection = await connect(source, token=TOKEN)
        for begin in range(20):
            await connection.write_message(rows(1, begin), binary=True)
        return await closed(connection)

    assert asyncio.run(send()) == (server.TOO_OFTEN, "too many messages")


def test_messages_that_nobody_reads_are_dropped_and_counted(opened) -> None:
    source = opened(limits=Limits(messages_per_s=1000))

    async def send() -> None:
        connection = await connect(source, token=TOKEN)
        for begin in range(100):
            await connection.write_message(rows(1, begin), binary=True)
        connection.close()
        await closed(connection)

    asyncio.run(send())
    source.close()
    chunks = list(source)
    assert sum(len(chunk.times_ns) for chunk in chunks if chunk.acc is not None) == 64
    assert source.report.lost["message while too many wait"] == 36


def test_the_page_is_served_to_strangers_with_a_policy_that_forbids_everything_from_elsewhere(opened) -> None:
    source = opened()
    for path, (_, kind) in page_files("sources/web/page", "motion.js", "sender.js").items():
        with urllib.request.urlopen(f"{source.url}{path}", timeout=PATIENCE_S) as response:
            assert response.headers["Content-Type"] == f"{kind}; charset=utf-8"
            assert response.headers["Content-Security-Policy"].startswith("default-src 'none'; script-src 'self'")
            assert TOKEN.encode() not in response.read()


@pytest.mark.parametrize("path", ["absent", "rows.py", "../secret.py", "page/"])
def test_nothing_but_the_page_is_served(opened, path: str) -> None:
    with pytest.raises(HTTPError, match="404"):
        urllib.request.urlopen(f"{opened().url}{path}", timeout=PATIENCE_S)


def test_idle_strangers_do_not_keep_the_phone_out(opened) -> None:
    source = opened(limits=Limits(places=Places(known=2, strangers=4, strangers_of_address=4)))
    port = int(source.url.rpartition(":")[2].strip("/"))
    with ExitStack() as stack:
        for _ in range(32):
            stack.enter_context(socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S))
        assert asyncio.run(refused(source, token=TOKEN))[0] == 101


def test_close_ends_the_phones_connection_at_once(opened) -> None:
    source = opened()

    async def send() -> float:
        connection = await connect(source, token=TOKEN)
        begin = time.monotonic()
        await asyncio.to_thread(source.close)
        await closed(connection)
        return time.monotonic() - begin

    assert asyncio.run(send()) < PATIENCE_S / 2


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate of this computer and its key, by the command of SOURCES.md."""
    return make_certificate(tmp_path_factory.mktemp("certificate"))


def make_certificate(folder: Path) -> tuple[str, str]:
    text = (Path(__file__).parents[4] / "runtime" / "SOURCES.md").read_text(encoding="utf-8")
    (command,) = [line for line in text.splitlines() if line.startswith("openssl req")]
    words = command.replace("pi.local", "localhost").replace("192.168.1.20", "127.0.0.1")
    subprocess.run(words, shell=True, check=True, capture_output=True, cwd=folder)
    return str(folder / "cert.pem"), str(folder / "key.pem")


def test_with_a_certificate_it_speaks_https(opened, certificate: tuple[str, str]) -> None:
    source = opened(certificate=certificate)
    assert source.url.startswith("https://")
    trusting = ssl.create_default_context(cafile=certificate[0])
    with urllib.request.urlopen(source.url, timeout=PATIENCE_S, context=trusting) as response:
        assert b"this phone as its sensor" in response.read()
    assert asyncio.run(refused(source, token=TOKEN))[0] == 101


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("web://0.0.0.0:0", "needs a token"),
        ("web://127.0.0.1:0?certificate=cert.pem", "certificate and key belong together"),
        (
            "web://127.0.0.1:0?certificate=absent.pem&key=absent.pem",
            "certificate=absent.pem with key=absent.pem cannot",
        ),
        ("web://127.0.0.1:0?speed=2", "unknown option 'speed'"),
        ("web://127.0.0.1:0?platform=other", "it can be auto, ios, android"),
        ("web://127.0.0.1:0?token=short", "fewer than 16 characters"),
    ],
)
def test_an_invalid_address_is_one_clear_line(uri: str, message: str) -> None:
    with pytest.raises(SourceError, match=message) as caught:
        open_source(uri)
    assert "\n" not in str(caught.value)
