"""Who may make a request: the checks of token, Host, Origin, Sec-Fetch-Site and Referer.

A page of any site can make the browser of this computer send requests to it. It cannot choose what the browser says of
them: Origin (Fetch standard, 3.2), Sec-Fetch-Site, -Mode and -Dest (W3C Fetch Metadata). Host shows a name of its own
that it has made lead here (DNS rebinding).
"""

import hmac
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

OWN_NAMES = frozenset({"127.0.0.1", "localhost", "::1"})
"""Of this computer, for itself."""
BROWSERS_HEADERS = ("Origin", "Sec-Fetch-Site", "Referer")
"""Browsers add the first two to what a page posts, and no page can leave them out."""
OWN_SITES = (None, "same-origin", "none")
"""Values of Sec-Fetch-Site of a request that no other page has made; None from what is no browser."""


def is_token(given: bytes, token: str) -> bool:
    """Whether these bytes are the token; how long it takes does not show how much of it is right."""
    return hmac.compare_digest(given, token.encode())


def shown_token(headers: Mapping[str, str], query: Mapping[str, Sequence[bytes]]) -> bytes:
    """The token of a request, as `Authorization: Bearer TOKEN` or as `?token=TOKEN`; empty if it has none.

    >>> shown_token({"Authorization": "Bearer abc"}, {}), shown_token({}, {"token": [b"abc"]}), shown_token({}, {})
    (b'abc', b'abc', b'')
    """
    scheme, _, offered = headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer":
        return offered.strip().encode("latin-1")  # The bytes as they came.
    return next(iter(query.get("token", ())), b"")


def is_host(host: str, names: frozenset[str]) -> bool:
    """Whether the value of a header Host is one of these names, with any port.

    >>> is_host("localhost:8765", OWN_NAMES), is_host("evil.example", OWN_NAMES)
    (True, False)
    """
    try:
        return urlsplit(f"//{host}").hostname in names
    except ValueError:
        return False


def is_of_own_page(headers: Mapping[str, str], host: str) -> bool:
    """Whether a request comes from a page of this server, or from no page.

    Args:
        headers: of the request.
        host: its Host.
    """
    if headers.get("Sec-Fetch-Site") not in OWN_SITES:
        return False
    return all(_is_origin(headers.get(name), host) for name in ("Origin", "Referer"))


def is_opened_by_link(headers: Mapping[str, str]) -> bool:
    """Whether the browser shows the answer to this request as a page of its own, as after a link on another site, which
    does not get to see it."""
    if "Origin" in headers:
        return False
    if headers.get("Sec-Fetch-Site") is None:
        return True  # A browser that says nothing: of another computer, or an old one.
    return (headers.get("Sec-Fetch-Mode"), headers.get("Sec-Fetch-Dest")) == ("navigate", "document")


def is_of_browser(headers: Mapping[str, str]) -> bool:
    """Whether a browser makes this request."""
    return any(name in headers for name in BROWSERS_HEADERS)


def _is_origin(url: str | None, host: str) -> bool:
    if url is None:
        return True
    try:
        return urlsplit(url).netloc == host
    except ValueError:
        return False
