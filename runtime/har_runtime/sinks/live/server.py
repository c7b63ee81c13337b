"""The web server of the live page: what viewers get; `web.page` checks who they are.

Viewers poll for what is new to them. Nothing is pushed and nothing is kept for a viewer, so that one that hangs delays
nobody.
"""

import json
from http import HTTPStatus

from bokeh.util.paths import static_path
from tornado.web import Application, HTTPError

from har_runtime.sinks.live.charts import charts
from har_runtime.sinks.live.state import LiveState
from har_runtime.web.page import PageAccess, PageHandler, Reply
from har_runtime.web.page_files import page_files
from har_runtime.web.page_server import PageServer, file_reply, page_application

CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


class LiveServer(PageServer):
    """Serves the live page.

    Raises:
        SourceError: it cannot listen on the address, or strangers could watch.
    """

    def __init__(self, host: str, port: int, state: LiveState, token: str | None = None, code: bytes | None = None):
        """Start to listen.

        Args:
            host: address to listen on; only this computer can see 127.0.0.1, every network can see 0.0.0.0.
            port: 0 for any free port.
            state: what is shown.
            token: that a viewer must know; without one only this computer can watch.
            code: the source's address for a phone's camera, as SVG; None to show none.
        """
        super().__init__("live", host, port, token, lambda access: _application(state, access, code))


class _Handler(PageHandler):
    """Bokeh sets styles in its elements."""

    policy = CONTENT_SECURITY_POLICY


def _application(state: LiveState, access: PageAccess, code: bytes | None) -> Application:
    setup = state.setup()
    setup["has_code"] = code is not None
    setup["charts"] = charts(setup["labels"], setup["colours"])
    library = static_path() / "js" / "bokeh.min.js"
    replies: dict[str, Reply] = {
        "setup": file_reply(json.dumps(setup, allow_nan=False).encode(), "application/json"),
        "state": lambda handler: _send_state(handler, state),
        "bokeh.min.js": lambda handler: handler.send_file(library, "text/javascript"),
    }
    if code is not None:
        replies["code.svg"] = file_reply(code, "image/svg+xml")
    replies |= {path: file_reply(*file) for path, file in page_files("sinks/live").items()}
    return page_application(access, replies, [], _Handler)


def _send_state(handler: PageHandler, state: LiveState) -> None:
    try:
        number = int(handler.get_query_argument("after", "0"))
    except ValueError:
        raise HTTPError(HTTPStatus.BAD_REQUEST, reason="after is not a number") from None
    handler.admit_viewer()
    news = state.since(handler.get_query_argument("run", ""), number)
    handler.send(json.dumps(news, allow_nan=False).encode(), "application/json")
