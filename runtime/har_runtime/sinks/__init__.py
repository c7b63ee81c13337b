"""Where answers go: each sink is a module and a line in `SINKS`."""

from pkgutil import resolve_name

from har_runtime.errors import SourceError
from har_runtime.sinks.base import AnySink, RecordSink, Sink, StreamInfo
from har_runtime.uri import parse_sink

SINKS = {
    "terminal": "terminal:open_terminal",
    "jsonl": "files.jsonl:open_jsonl",
    "csv": "files.csv_table:open_csv",
    "mqtt": "mqtt.sink:open_mqtt",
    "mqtts": "mqtt.sink:open_mqtt",
    "live": "live.sink:open_live",
}
"""The function that opens each kind, as MODULE:FUNCTION of this package: a sink that is not used is not imported."""

__all__ = ["SINKS", "AnySink", "RecordSink", "Sink", "StreamInfo", "open_sink"]


def open_sink(text: str, info: StreamInfo) -> AnySink:
    """Open the sink of a URI.

    Raises:
        SourceError: the sink does not exist or cannot be opened.
    """
    uri = parse_sink(text)
    if uri.kind not in SINKS:
        raise SourceError(f"unknown sink '{uri.kind}:'; known: {', '.join(f'{kind}:' for kind in SINKS)}")
    return resolve_name(f"{__name__}.{SINKS[uri.kind]}")(uri, info)
