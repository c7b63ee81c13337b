"""Where answers go: each sink is one file and one line in `SINKS`."""

from collections.abc import Callable

from har_runtime.errors import SourceError
from har_runtime.sinks.base import Sink, StreamInfo
from har_runtime.sinks.jsonl import open_jsonl
from har_runtime.sinks.live import open_live
from har_runtime.sinks.terminal import open_terminal
from har_runtime.uri import Uri, parse_uri

SINKS: dict[str, Callable[[Uri, StreamInfo], Sink]] = {
    "terminal": open_terminal,
    "jsonl": open_jsonl,
    "live": open_live,
}

__all__ = ["SINKS", "Sink", "StreamInfo", "open_sink"]


def open_sink(text: str, info: StreamInfo) -> Sink:
    """The sink a URI names.

    Raises:
        SourceError: no such sink, or one that cannot be opened.
    """
    uri = parse_uri(text)
    if uri.kind not in SINKS:
        raise SourceError(f"unknown sink '{uri.kind}:'; known: {', '.join(f'{kind}:' for kind in SINKS)}")
    return SINKS[uri.kind](uri, info)
