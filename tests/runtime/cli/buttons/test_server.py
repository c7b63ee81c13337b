"""The server of the page with buttons: who may see it and press, how often, and what is refused."""

import http.client
import json
import re
import socket
from collections.abc import Iterator

import pytest

from har_runtime.cli.buttons.board import Board, Button, label_buttons
from har_runtime.cli.buttons.page import open_page
from har_runtime.errors import SourceError

pytest.importorskip("tornado", reason="needs pip install 'haredge[web]'")
from har_runtime.cli.buttons import server
from har_runtime.cli.buttons.server import BODY_BYTES, PRESSES_PER_S, ButtonServer
from har_runtime.web.allowance import Allowance
from har_runtime.web.page_server import VIEWERS

PATIENCE_S = 30
TOKEN = "not-easy-to-guess"
PRESS = json.dumps({"key": "1"})


class Page:
    """A page that is served, and what a browser does with it."""

    def __init__(self, token: str | None = None):
        self.board = Board("recording a.csv", [*label_buttons(["walking", "<b>"]), Button("q", "end", "end")])
        self.server = ButtonServer("127.0.0.1", 0, self.board, token)
        self.own = {"Origin": f"http://127.0.0.1:{self.server.port}", "Content-Type": "application/json"}

    def ask(self, path: str, method: str = "GET", body: str | None = None, **headers: str) -> tuple[int, str]:
        """Status and body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=PATIENCE_S)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            self.cookie = (response.headers["Set-Cookie"] or "").partition(";")[0]
            return response.status, response.read().decode()
        finally:
            connection.close()

    def press(self, body: str = PRESS, **headers: str) -> tuple[int, str]:
        """As the page's script does it, but for these headers."""
        return self.ask("/press", "POST", body, **{**self.own, "Sec-Fetch-Site": "same-origin", **headers})


@pytest.fixture
def page() -> Iterator[Page]:
    opened = Page()
    yield opened
    opened.server.close()


@pytest.fixture
def guarded() -> Iterator[Page]:
    opened = Page(TOKEN)
    yield opened
    opened.server.close()


def test_everything_the_page_loads_comes_from_its_own_server(page: Page) -> None:
    status, html = page.ask("/")
    assert status == 200
    for path in re.findall(r'(?:src|href)="([^"]+)"', html):
        assert path == "data:," or page.ask(f"/{path}")[0] == 200, path
    setup = json.loads(page.ask("/setup")[1])
    assert [button["text"] for button in setup["buttons"]] == ["walking", "<b>", "end"]
    assert json.loads(page.ask("/state")[1])["phase"] == "waiting"


def test_a_press_of_the_page_reaches_the_command(page: Page) -> None:
    assert page.press() == (204, "")
    assert page.board.pressed() == "1"


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"Origin": "http://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
        ({"Referer": "http://evil.example/"}, 403),
        ({"Host": "evil.example"}, 403),
        ({"Content-Type": "text/plain"}, 403),
        ({"Content-Type": "application/x-www-form-urlencoded"}, 403),
    ],
)
def test_another_site_cannot_press(page: Page, headers: dict[str, str], status: int) -> None:
    assert page.press(**headers)[0] == status
    assert page.board.pressed() == ""


def test_a_press_without_an_origin_is_none_of_the_page(page: Page) -> None:
    assert page.ask("/press", "POST", PRESS, **{"Content-Type": "application/json"})[0] == 403
    assert page.ask("/press?key=1")[0] == 405
    assert page.board.pressed() == ""


def test_with_a_token_only_who_knows_it_sees_and_presses(guarded: Page) -> None:
    assert guarded.ask("/")[0] == guarded.ask("/state")[0] == guarded.press()[0] == 401
    assert guarded.press(Cookie=f"har_stream_{guarded.server.port}=guess")[0] == 401
    assert guarded.ask(f"/?token={TOKEN}")[0] == 302
    cookie = guarded.cookie
    assert guarded.ask("/", Cookie=cookie)[0] == 200
    assert guarded.press(Cookie=cookie, Origin="http://evil.example")[0] == 403
    assert guarded.board.pressed() == ""
    assert guarded.press(Cookie=cookie)[0] == 204
    assert guarded.board.pressed() == "1"


@pytest.mark.parametrize(
    "body",
    ["", "1", "[]", "{}", '{"key": 1}', '{"key": "9"}', '{"key": "\\u001b"}', "[" * 200, "\xff", '{"key": null}'],
)
def test_what_is_no_press_is_refused(page: Page, body: str) -> None:
    assert page.press(body) == (400, "Press of what is no button\n")
    assert page.board.pressed() == ""


def test_presses_are_small_and_few(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(server, "Allowance", lambda per_s: Allowance(per_s, clock=lambda: 0.0))  # Within a moment.
    page, few = Page(), round(PRESSES_PER_S)
    try:
        assert page.press(json.dumps({"key": "1", "more": "x" * BODY_BYTES}))[0] == 400
        statuses = [page.press()[0] for _ in range(few + 2)]
    finally:
        page.server.close()
    assert statuses == [204] * few + [429] * 2
    assert len(page.board.pressed()) == few


def test_a_viewer_too_many_is_refused(page: Page) -> None:
    for viewer in range(VIEWERS):
        assert page.ask(f"/state?viewer={viewer}")[0] == 200
    assert page.ask("/state?viewer=one-more") == (503, f"{VIEWERS} others are watching\n")


def test_a_press_that_announces_much_and_sends_nothing_disturbs_nobody(page: Page) -> None:
    with socket.create_connection(("127.0.0.1", page.server.port), PATIENCE_S) as slow:
        slow.sendall(b"POST /press HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200\r\n\r\n")
        assert page.press()[0] == 204


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("live:0.0.0.0:0", "so it needs a token"),
        ("mqtt://broker", "--page: 'mqtt://broker' is no page; write it as live:HOST:PORT"),
        ("live:127.0.0.1:0?tocken=x", "unknown option 'tocken'"),
        ("live:127.0.0.1:0?token=short", "fewer than 16 characters"),
    ],
)
def test_an_impossible_page_is_one_line(uri: str, message: str) -> None:
    with pytest.raises(SourceError, match=re.escape(message)) as refused, open_page(uri, "", []):
        pass
    assert "\n" not in str(refused.value)
