"""Pages that har-stream serves to people: who may see them, how many at once, and the checks of each request.

A page may load nothing from elsewhere (the Content-Security-Policy forbids it), and pages of other sites may neither
read it nor take a place (`web.access`). It speaks plain HTTP: a token keeps strangers out, but does not stop
eavesdroppers.
"""

import asyncio
import hmac
import time
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from pathlib import Path
from typing import Any, NoReturn

from tornado.httputil import HTTPServerRequest
from tornado.iostream import StreamClosedError
from tornado.web import HTTPError, RequestHandler

from har_runtime.web.access import is_host, is_of_own_page, is_opened_by_link, is_token
from har_runtime.web.page_files import CONTENT_SECURITY_POLICY, set_page_headers
from har_runtime.web.refusals import RefusalLog, Slowdown
from har_runtime.web.server import TOO_MANY, BoundedServer, stream_of

VIEWER_TIMEOUT_S = 10.0
"""A viewer who has not polled for this long has left; a visible page polls three times a second."""
COOKIE_DAYS = 365
PIECE_BYTES = 65_536
"""Of a large file, as much as is held for a viewer."""
PIECE_S = 30.0
"""How long a viewer may take to read a piece."""


class PageAccess:
    """Who may see the page."""

    server: BoundedServer

    def __init__(self, token: str | None, hosts: frozenset[str] | None, port: int, refusals: RefusalLog, viewers: int):
        """Set the rules.

        Args:
            token: that everybody needs; None if nobody does.
            hosts: names under which the page may be requested; None for any, because the token is enough.
            port: part of the cookie's name, because all ports of a host share their cookies.
            refusals: where refused requests are counted.
            viewers: the maximum number of viewers at the same time.
        """
        self.most = viewers
        self._token, self._hosts, self.refusals = token, hosts, refusals
        self.slowdown = Slowdown()
        self.cookie = f"har_stream_{port}"
        self.secret = "" if token is None else hmac.digest(token.encode(), b"har-stream live page", "sha256").hex()
        self._viewers: dict[str, float] = {}

    def is_own_request(self, request: HTTPServerRequest) -> bool:
        """Whether the page or no page makes this request, under the page's own name; or a link opens the page."""
        if self._hosts is not None and not is_host(request.host, self._hosts):
            return False
        if request.path == "/" and is_opened_by_link(request.headers):
            return True
        return is_of_own_page(request.headers, request.host)

    def is_cookie(self, cookie: str | None) -> bool:
        """Whether this is the cookie that a viewer with the token got; True if there is no token."""
        return self._token is None or hmac.compare_digest((cookie or "").encode(), self.secret.encode())

    def is_token(self, given: str) -> bool:
        """Whether this is the token."""
        return self._token is not None and is_token(given.encode(), self._token)

    def admit(self, viewer: str) -> bool:
        """Whether a viewer may watch; False if there are too many others."""
        now = time.monotonic()
        self._viewers = {name: seen for name, seen in self._viewers.items() if now - seen < VIEWER_TIMEOUT_S}
        if viewer not in self._viewers and len(self._viewers) >= self.most:
            return False
        self._viewers[viewer] = now
        return True


class PageHandler(RequestHandler):
    """Checks every request before it replies."""

    policy = CONTENT_SECURITY_POLICY

    def initialize(self, access: PageAccess, reply: "Reply") -> None:
        self.access, self._reply = access, reply

    def set_default_headers(self) -> None:
        set_page_headers(self, self.policy)

    def decode_argument(self, value: bytes, name: str | None = None) -> str:
        return value.decode("utf-8", "replace")  # So that what is no text is refused, and counted, as what it is.

    async def prepare(self) -> None:
        if not self.access.is_own_request(self.request):
            self.refuse(HTTPStatus.FORBIDDEN, "Requested by another site or under another name")
        has_cookie = self.access.is_cookie(self.get_cookie(self.access.cookie))
        if not has_cookie and not self.access.is_token(self.get_query_argument("token", "")):
            await asyncio.sleep(self.access.slowdown.delay_s(self.request.remote_ip or ""))
            self.refuse(HTTPStatus.UNAUTHORIZED, "Open the page once as http://HOST:PORT/?token=TOKEN", "wrong token")
        if not self.access.server.admit(stream_of(self.request)):
            self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, TOO_MANY)
        if has_cookie:
            return
        # Lax, so that a link in a message opens the page; it is not sent when another page asks.
        self.set_cookie(self.access.cookie, self.access.secret, expires_days=COOKIE_DAYS, httponly=True, samesite="Lax")
        self.redirect("/")  # So that the token does not stay in the address bar.

    async def get(self) -> None:
        if (reply := self._reply(self)) is not None:
            await reply

    def refuse(self, status: HTTPStatus, reason: str, counted: str | None = None) -> NoReturn:
        """Refuse the request with a reason, and count it under that or another one."""
        self.access.refusals.count(counted or reason.lower())
        raise HTTPError(status, reason=reason)

    def send(self, content: bytes, kind: str) -> None:
        """Reply with a file, or with JSON."""
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.finish(content)

    async def send_file(self, path: Path, kind: str) -> None:
        """Reply with a large file, piece by piece, unless the viewer has it."""
        found = path.stat()
        self.set_header("Etag", f'"{found.st_mtime_ns:x}-{found.st_size:x}"')
        if self.check_etag_header():
            self.set_status(HTTPStatus.NOT_MODIFIED)
            return
        self.set_header("Content-Type", f"{kind}; charset=utf-8")
        self.set_header("Content-Length", str(found.st_size))
        try:
            with path.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    self.write(piece)
                    await asyncio.wait_for(self.flush(), PIECE_S)
        except StreamClosedError:
            pass  # The viewer has left.
        except TimeoutError:
            stream_of(self.request).close()

    def admit_viewer(self) -> None:
        """Count who asks as a viewer; too many others are a refusal."""
        if not self.access.admit(self.get_query_argument("viewer", "")[:32]):
            self.refuse(HTTPStatus.SERVICE_UNAVAILABLE, f"{self.access.most} others are watching")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{self._reason}\n")


Reply = Callable[[PageHandler], Awaitable[None] | None]
"""What a page answers to a GET."""


def not_found(handler: PageHandler) -> None:
    """The reply to a path that there is not."""
    raise HTTPError(HTTPStatus.NOT_FOUND)
