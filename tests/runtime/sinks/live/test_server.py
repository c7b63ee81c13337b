"""The server of the live page: who may watch, how many at once, and clients that misbehave."""

import http.client
import json
import logging
import re
import socket
import subprocess
import sys
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from types import SimpleNamespace

import psutil
import pytest
from tests.runtime.sinks.live.live_answers import live_answer
from tests.runtime.sinks.made_answers import stream_info, wait_until

from har_runtime.cli.stream import main
from har_runtime.errors import SourceError
from har_runtime.sinks import open_sink
from har_runtime.sinks.live.sink import LiveSink

pytest.importorskip("bokeh", reason="needs pip install 'haredge[web]'")
from har_runtime.web import page as pages
from har_runtime.web import page_server

PATIENCE_S = 30
TOKEN = "not-easy-to-guess"
Opener = Callable[[str], LiveSink]


@pytest.fixture
def open_page() -> Iterator[Opener]:
    pages: list[LiveSink] = []

    def open_it(uri: str) -> LiveSink:
        page = open_sink(uri, stream_info())
        assert isinstance(page, LiveSink)
        pages.append(page)
        return page

    yield open_it
    for page in pages:
        page.close()


@pytest.fixture(scope="module")
def local_page() -> Iterator[LiveSink]:
    """A page for tests that leave it as it is."""
    page = open_sink("live:127.0.0.1:0", stream_info())
    assert isinstance(page, LiveSink)
    yield page
    page.close()


def ask(
    page: LiveSink, path: str = "/", method: str = "GET", **headers: str
) -> tuple[int, http.client.HTTPMessage, str]:
    """Status, headers and body."""
    connection = http.client.HTTPConnection("127.0.0.1", port_of(page), timeout=PATIENCE_S)
    try:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode()
    finally:
        connection.close()


def port_of(page: LiveSink) -> int:
    return int(re.findall(r":(\d+)/$", page.url)[0])


def hang(page: LiveSink, request: bytes) -> socket.socket:
    """A viewer that sends requests and never reads."""
    viewer = socket.socket()
    viewer.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    viewer.settimeout(PATIENCE_S)
    viewer.connect(("127.0.0.1", port_of(page)))
    viewer.sendall(request)
    return viewer


def connections_of(page: LiveSink) -> list[object]:
    """That the page's server holds open."""
    found = psutil.Process().net_connections("tcp")
    return [one for one in found if one.laddr.port == port_of(page) and one.status == psutil.CONN_ESTABLISHED]


def request_for(page: LiveSink, path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{port_of(page)}\r\n\r\n".encode()


def test_everything_the_page_loads_comes_from_its_own_server(local_page: LiveSink) -> None:
    status, headers, html = ask(local_page)
    assert status == 200
    loaded = re.findall(r'(?:src|href)="([^"]+)"', html)
    assert {"bokeh.min.js", "page.js", "page.css"} <= set(loaded)
    for path in loaded:
        assert path == "data:," or ask(local_page, f"/{path}")[0] == 200, path
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "http" not in headers["Content-Security-Policy"]
    assert set(json.loads(ask(local_page, "/setup")[2])["charts"]) == set(re.findall(r'id="(\w+-chart)"', html))


def test_viewers_receive_each_answer_once(open_page: Opener) -> None:
    page = open_page("live:127.0.0.1:0")
    page.write(live_answer(0, "lying"))
    news = json.loads(ask(page, "/state")[2])
    assert news["answer"]["activity"] == "lying"
    assert "answer" not in json.loads(ask(page, f"/state?run={news['run']}&after=1")[2])


@pytest.mark.parametrize(
    ("path", "method", "status"),
    [
        ("/nothing", "GET", 404),
        ("/../../etc/passwd", "GET", 404),
        ("/state?after=soon", "GET", 400),
        ("/state", "POST", 405),
    ],
)
def test_invalid_requests_are_refused(local_page: LiveSink, path: str, method: str, status: int) -> None:
    assert ask(local_page, path, method)[0] == status


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:9000", "[::1]:8765"])
def test_the_page_answers_to_every_name_of_this_computer(local_page: LiveSink, host: str) -> None:
    assert ask(local_page, Host=host)[0] == 200


@pytest.mark.parametrize("path", ["/", "/state", "/setup", "/page.js"])
@pytest.mark.parametrize(
    "headers", [{"Host": "evil.example:8765"}, {"Host": "[bad"}, {"Origin": "http://evil.example"}, {"Origin": "null"}]
)
def test_pages_of_other_sites_cannot_read_it(local_page: LiveSink, path: str, headers: dict[str, str]) -> None:
    assert ask(local_page, path, **headers)[0] == 403


def test_other_devices_need_the_token_once_and_then_the_cookie(open_page: Opener) -> None:
    page = open_page(f"live:0.0.0.0:0?token={TOKEN}")
    assert ask(page)[0] == 401
    assert ask(page, "/?token=a-wrong-one")[0] == 401
    status, headers, _ = ask(page, f"/?token={TOKEN}")
    assert (status, headers["Location"]) == (302, "/")
    cookie = headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert TOKEN not in cookie
    for path in ("/", "/state", "/setup", "/page.js"):
        assert ask(page, path)[0] == 401
        assert ask(page, path, Cookie=cookie.partition(";")[0])[0] == 200
        assert ask(page, path, Cookie=f"{cookie.partition('=')[0]}=forged")[0] == 401


def test_a_viewer_too_many_is_refused_and_does_not_disturb_the_others(open_page: Opener, monkeypatch) -> None:
    page = open_page("live:127.0.0.1:0")
    for viewer in range(page_server.VIEWERS):
        assert ask(page, f"/state?viewer={viewer}")[0] == 200
    status, _, body = ask(page, "/state?viewer=one-too-many")
    assert (status, body) == (503, f"{page_server.VIEWERS} others are watching\n")
    assert ask(page, "/state?viewer=0")[0] == 200
    monkeypatch.setattr(pages, "VIEWER_TIMEOUT_S", 0.0)  # All of them have left.
    assert ask(page, "/state?viewer=one-too-many")[0] == 200


def test_the_number_of_connections_is_limited(open_page: Opener) -> None:
    page = open_page("live:127.0.0.1:0")
    with ExitStack() as viewers:
        for _ in range(page_server.PLACES.known):
            viewer = viewers.enter_context(hang(page, request_for(page, "/nothing")))
            assert viewer.recv(12) == b"HTTP/1.1 404"
        one_more = viewers.enter_context(hang(page, request_for(page, "/nothing")))
        assert one_more.recv(12) == b"HTTP/1.1 503"


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nX: ", b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"])
@pytest.mark.parametrize("uri", ["live:127.0.0.1:0", f"live:0.0.0.0:0?token={TOKEN}"])
def test_idle_and_slow_strangers_do_not_keep_viewers_out(open_page: Opener, uri: str, sent: bytes) -> None:
    page = open_page(uri)
    with ExitStack() as strangers:
        for _ in range(page_server.PLACES.known):
            strangers.enter_context(hang(page, sent))
        assert ask(page, f"/?token={TOKEN}")[0] in (200, 302)
        _, headers, _ = ask(page, f"/?token={TOKEN}")
        cookie = (headers["Set-Cookie"] or "").partition(";")[0]
        assert ask(page, "/state", Cookie=cookie)[0] == 200


def test_a_stranger_that_does_not_show_the_token_in_time_is_cut_off(open_page: Opener, monkeypatch) -> None:
    monkeypatch.setattr(page_server, "PLACES", replace(page_server.PLACES, stranger_s=0.2))
    page = open_page(f"live:0.0.0.0:0?token={TOKEN}")
    with hang(page, b"GET / HT") as slow, hang(page, request_for(page, "/")) as asking, hang(page, b"") as idle:
        assert slow.recv(4096) == idle.recv(4096) == b""
        assert asking.recv(12) == b"HTTP/1.1 401"
        while asking.recv(4096):
            pass


def test_a_picture_or_page_of_another_site_takes_no_viewers_place(open_page: Opener) -> None:
    page = open_page("live:127.0.0.1:0")
    for viewer in range(2 * page_server.VIEWERS):
        for headers in (
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
            {"Sec-Fetch-Site": "same-site", "Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"},
            {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"},
            {"Referer": "http://evil.example/"},
        ):
            assert ask(page, f"/state?viewer={viewer}", **headers)[0] == 403
    assert ask(page, "/state?viewer=me", **{"Sec-Fetch-Site": "same-origin"})[0] == 200


def test_a_link_of_another_site_opens_the_page_and_does_not_show_it_in_a_frame(open_page: Opener) -> None:
    page = open_page("live:127.0.0.1:0")
    link = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Dest": "document"}
    assert ask(page, "/", **link, Referer="https://mail.example/")[0] == 200
    assert ask(page, "/", **(link | {"Sec-Fetch-Dest": "iframe"}))[0] == 403
    assert ask(page, "/", **(link | {"Sec-Fetch-Mode": "no-cors", "Sec-Fetch-Dest": "image"}))[0] == 403
    assert ask(page, "/page.js", **link)[0] == 403


def test_what_is_not_there_is_told_only_to_viewers(open_page: Opener) -> None:
    assert ask(open_page(f"live:0.0.0.0:0?token={TOKEN}"), "/nothing")[0] == 401


def test_wrong_tokens_are_answered_ever_more_slowly_and_logged_in_one_line(
    open_page: Opener, monkeypatch, caplog
) -> None:
    delays: list[float] = []

    async def sleep(seconds: float) -> None:
        delays.append(seconds)

    monkeypatch.setattr(pages, "asyncio", SimpleNamespace(sleep=sleep))
    page = open_page(f"live:0.0.0.0:0?token={TOKEN}")
    with caplog.at_level(logging.WARNING):
        for guess in range(20):
            assert ask(page, f"/?token={guess:016}" if guess % 2 else "/?token=%ff")[0] == 401
        assert ask(page, f"/?token={TOKEN}")[0] == 302
    assert delays == [0, 0, 0, 0.25, 0.5, 1] + 14 * [2]
    assert caplog.messages == ["live: refused: 1 x wrong token"]


def test_a_large_file_is_held_piece_by_piece(open_page: Opener) -> None:
    page = open_page("live:127.0.0.1:0")
    with hang(page, request_for(page, "/bokeh.min.js")) as viewer:
        head = viewer.recv(4096)
        size = int(re.findall(rb"Content-Length: (\d+)", head)[0])
        tracemalloc.start()
        try:
            left = size - len(head.partition(b"\r\n\r\n")[2])
            while left:
                left -= len(viewer.recv(4096))
            peak_bytes = tracemalloc.get_traced_memory()[1]
        finally:
            tracemalloc.stop()
    assert size > 1_000_000
    assert peak_bytes < size / 4


def test_a_viewer_that_stops_reading_a_large_file_loses_its_place(
    open_page: Opener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "PIECE_S", 0.05)
    page = open_page("live:127.0.0.1:0")
    with hang(page, 20 * request_for(page, "/bokeh.min.js")) as viewer:
        assert viewer.recv(1)
        wait_until(lambda: not connections_of(page), "the page closes the connection")


def test_a_viewer_that_has_a_large_file_does_not_get_it_again(local_page: LiveSink) -> None:
    _, headers, body = ask(local_page, "/bokeh.min.js")
    assert len(body) > 1_000_000
    status, _, body = ask(local_page, "/bokeh.min.js", **{"If-None-Match": headers["Etag"]})
    assert (status, body) == (304, "")


def test_viewers_that_never_read_delay_neither_answers_nor_others(open_page: Opener) -> None:
    page = open_page("live:127.0.0.1:0")
    request = request_for(page, "/bokeh.min.js")
    viewers = [hang(page, 20 * request) for _ in range(5)]
    try:
        for number in range(1000):
            page.write(live_answer(number))
        assert json.loads(ask(page, "/state")[2])["number"] == 1000
        page.close()
        with pytest.raises(OSError):
            ask(page)
    finally:
        for viewer in viewers:
            viewer.close()


@pytest.mark.parametrize(
    ("sink", "words"),
    [
        ("live:0.0.0.0:0", "add ?token-file=FILE"),
        ("live:0.0.0.0:0?token=short", "fewer than 16 characters"),
        (f"live:{64 * 'a'}:8765", "give an address of this computer"),
        ("live:127.0.0.1:99999", "write live://HOST:PORT"),
        ("live:203.0.113.1:8765", "give an address of this computer"),
        ("live:127.0.0.1:0?colour=red", "unknown option 'colour'"),
    ],
)
def test_an_invalid_address_is_one_clear_line(sink: str, words: str, capsys) -> None:
    assert main(["--source", "simulated:?seconds=2&speed=max", "--sink", sink]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert words in line


def test_a_port_in_use_is_one_clear_line(open_page: Opener, capsys) -> None:
    port = port_of(open_page("live:127.0.0.1:0"))
    capsys.readouterr()
    assert main(["--source", "simulated:?seconds=2&speed=max", "--sink", f"live:127.0.0.1:{port}"]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert f"cannot listen on 127.0.0.1:{port} (Address already in use)" in line


@pytest.mark.parametrize(
    ("sink", "source", "message"),
    [
        ("live:?qr=on", "web://192.168.1.20:8443", "qr=on shows the source's secret: give the page a token too"),
        (f"live:?token={TOKEN}&qr=on", "serial:auto", "live: qr=on: serial: no page for a phone; give a web: source"),
        (f"live:?token={TOKEN}&qr=on", "web:", "127.0.0.1 is this computer alone, which no phone can open"),
        (f"live:?token={TOKEN}&qr=yes", "web://192.168.1.20:8443", "qr"),
    ],
)
def test_a_code_that_cannot_be_shown_is_refused(sink: str, source: str, message: str) -> None:
    with pytest.raises(SourceError) as found:
        open_sink(sink, replace(stream_info(), uri=source))
    assert message in str(found.value)


def test_only_viewers_with_the_token_get_the_code(open_page: Opener) -> None:
    page = open_sink(f"live:127.0.0.1:0?token={TOKEN}&qr=on", replace(stream_info(), uri="web://192.168.1.20:8443"))
    assert isinstance(page, LiveSink)
    try:
        assert ask(page, "/code.svg")[0] == 401
        _, headers, _ = ask(page, f"/?token={TOKEN}")
        status, kind, body = ask(page, "/code.svg", Cookie=headers["Set-Cookie"].split(";")[0])
        assert (status, kind["Content-Type"]) == (200, "image/svg+xml; charset=utf-8")
        assert "<svg" in body
    finally:
        page.close()
    without = open_page(f"live:127.0.0.1:0?token={TOKEN}")
    _, headers, _ = ask(without, f"/?token={TOKEN}")
    assert ask(without, "/code.svg", Cookie=headers["Set-Cookie"].split(";")[0])[0] == 404


def test_without_bokeh_one_line_says_what_to_install(open_page: Opener, monkeypatch) -> None:
    for name in [name for name in sys.modules if name.startswith("har_runtime.sinks.live")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "bokeh", None)
    monkeypatch.setitem(sys.modules, "bokeh.util", None)
    monkeypatch.setitem(sys.modules, "bokeh.util.paths", None)
    with pytest.raises(SourceError, match=re.escape("pip install 'haredge[web]'")):
        open_page("live:127.0.0.1:0")


def test_the_web_libraries_are_loaded_only_for_the_page() -> None:
    code = (
        "import sys, har_runtime.cli.stream, har_runtime.sinks.live.sink\n"
        "print({'bokeh', 'tornado'} & set(sys.modules))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    assert result.stdout.strip() == "set()"
