"""Where answers go: each sink is one file and one line in `SINKS`."""

from collections.abc import Callable
from pkgutil import resolve_name

from har_runtime.errors import SourceError
from har_runtime.sinks.base import AnySink, RecordSink, Sink, StreamInfo
from har_runtime.uri import Uri, parse_uri


def _imported_when_opened(name: str) -> Callable[[Uri, StreamInfo], AnySink]:
    """The function `FILE:FUNCTION` of this package. Sinks that nobody asks for cost no start-up and no memory."""

    def open_it(uri: Uri, info: StreamInfo) -> AnySink:
        return resolve_name(f"{__name__}.{name}")(uri, info)

    return open_it


SINKS: dict[str, Callable[[Uri, StreamInfo], AnySink]] = {
    "terminal": _imported_when_opened("terminal:open_terminal"),
    "jsonl": _imported_when_opened("files.jsonl:open_jsonl"),
    "csv": _imported_when_opened("files.csv_table:open_csv"),
    "mqtt": _imported_when_opened("mqtt.sink:open_mqtt"),
    "mqtts": _imported_when_opened("mqtt.sink:open_mqtt"),
    "live": _imported_when_opened("live.sink:open_live"),
}

__all__ = ["SINKS", "AnySink", "RecordSink", "Sink", "StreamInfo", "open_sink"]


def open_sink(text: str, info: StreamInfo) -> AnySink:
    """The sink a URI names.

    Raises:
        SourceError: no such sink, or one that cannot be opened.
    """
    uri = parse_uri(text)
    if uri.kind not in SINKS:
        raise SourceError(f"unknown sink '{uri.kind}:'; known: {', '.join(f'{kind}:' for kind in SINKS)}")
    return SINKS[uri.kind](uri, info)
