"""The files of a page in a browser, and the headers by which it loads nothing from elsewhere."""

from importlib.resources import files
from typing import Final

from tornado.web import RequestHandler

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
SHARED: Final = ("theme.css", "parts.js")
"""Files of every page, in the folder `web`."""
KINDS: Final = {"html": "text/html", "css": "text/css", "js": "text/javascript"}


def page_files(folder: str, *more: str) -> dict[str, tuple[bytes, str]]:
    """The files of a page and their types, by path on the server.

    Args:
        folder: of `har_runtime`; it holds index.html, page.css and page.js.
        more: names of further files in it.
    """
    own = ("index.html", "page.css", "page.js", *more)
    found = {name: files("har_runtime").joinpath("web" if name in SHARED else folder, name) for name in own + SHARED}
    return {
        "" if name == "index.html" else name: (file.read_bytes(), KINDS[name.rpartition(".")[2]])
        for name, file in found.items()
    }


def set_page_headers(handler: RequestHandler, policy: str = CONTENT_SECURITY_POLICY) -> None:
    """Set the headers of a page: what it may load, and that pages of other sites may not read it."""
    handler.clear_header("Server")
    handler.set_header("Content-Security-Policy", policy)
    handler.set_header("Cross-Origin-Resource-Policy", "same-origin")
    handler.set_header("X-Content-Type-Options", "nosniff")
    handler.set_header("Referrer-Policy", "no-referrer")
    handler.set_header("Cache-Control", "no-cache")
