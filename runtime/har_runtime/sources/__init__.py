"""Where samples come from: each source is one file and one line in `SOURCES`."""

from collections.abc import Callable
from pkgutil import resolve_name

from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import Source
from har_runtime.uri import Uri, parse_uri


def _imported_when_opened(name: str) -> Callable[[Uri], Source]:
    """The function `FILE:FUNCTION` of this package. Sources that nobody asks for cost no start-up and no memory."""

    def open_it(uri: Uri) -> Source:
        return resolve_name(f"{__name__}.{name}")(uri)

    return open_it


SOURCES: dict[str, Callable[[Uri], Source]] = {
    "iio": _imported_when_opened("iio:open_iio"),
    "phyphox": _imported_when_opened("phyphox:open_phyphox"),
    "replay": _imported_when_opened("replay.source:open_replay"),
    "sensorlogger": _imported_when_opened("sensorlogger.source:open_sensorlogger"),
    "serial": _imported_when_opened("serial_port.source:open_serial"),
    "simulated": _imported_when_opened("simulated.source:open_simulated"),
}

__all__ = ["SOURCES", "SampleChunk", "Source", "open_source"]


def open_source(text: str) -> Source:
    """The source a URI names.

    Raises:
        SourceError: no such source, or one that cannot be opened.
        DataError: a file that cannot be used.
    """
    uri = parse_uri(text)
    if uri.kind not in SOURCES:
        raise SourceError(f"unknown source '{uri.kind}:'; known: {', '.join(f'{kind}:' for kind in SOURCES)}")
    return SOURCES[uri.kind](uri)
