"""`live:HOST:PORT?token-file=FILE&qr=on` - a web page with the activity now, signal, probabilities and the day so far.

The page is drawn with Bokeh, whose JavaScript comes from the installed package: the browser needs no internet.
"""

import io
import sys
from dataclasses import replace

from har_runtime.answers.answer import Answer
from har_runtime.errors import SourceError
from har_runtime.secret import PAGE_TOKEN, TOKEN_OPTIONS, token_of
from har_runtime.sinks.base import StreamInfo
from har_runtime.sinks.live.state import LiveState
from har_runtime.sources.web.address import address_of
from har_runtime.uri import Uri, one_of

HOST, PORT = "127.0.0.1", 8765


def open_live(uri: Uri, info: StreamInfo) -> "LiveSink":
    """The sink of a `live:` URI."""
    uri.only(*TOKEN_OPTIONS, "qr")
    token = token_of(uri, PAGE_TOKEN)
    code = _code(info) if uri.option("qr", one_of(("off", "on")), "off") == "on" else None
    if code is not None and token is None:
        raise SourceError("live: qr=on shows the source's secret: give the page a token too, with token-file=FILE")
    target = uri.target if uri.target.startswith("//") or not uri.target else f"//{uri.target}"
    host, port = replace(uri, target=target).address(HOST, PORT)
    return LiveSink(host, port, token, info, code)


def _code(info: StreamInfo) -> bytes:
    """The address of the source for a phone's camera, as SVG.

    Raises:
        SourceError: it is no `web:` source, a phone cannot open it, or segno is not installed.
    """
    try:
        address = address_of(info.uri)
    except SourceError as error:
        raise SourceError(f"live: qr=on: {error}") from error
    try:
        import segno
    except ImportError as error:
        raise SourceError(f"live: qr=on needs segno ({error}): pip install 'haredge[web]'") from error
    drawn = io.BytesIO()
    segno.make_qr(address, error="l").save(drawn, kind="svg", scale=4, border=4, light="white", title="")
    return drawn.getvalue()


class LiveSink:
    """Shows answers on the page, which another thread serves."""

    def __init__(self, host: str, port: int, token: str | None, info: StreamInfo, code: bytes | None = None):
        try:
            from har_runtime.sinks.live.server import LiveServer
        except ImportError as error:
            raise SourceError(f"live: needs Bokeh ({error}): pip install 'haredge[web]'") from error
        self._state = LiveState(info)
        self._server = LiveServer(host, port, self._state, token, code)
        self.url = self._server.url
        secret = "" if token is None else "?token=... (the token that you gave)"
        print(f"live page: {self.url}{secret}", file=sys.stderr, flush=True)

    def write(self, answer: Answer) -> None:
        self._state.write(answer)

    def silence(self, since_unix_s: float) -> None:
        self._state.silence(since_unix_s)

    def close(self) -> None:
        self._server.close()
