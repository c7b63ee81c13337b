"""Where samples come from: a source is one module or folder, and one line in `SOURCES`."""

from collections.abc import Callable
from pkgutil import resolve_name

from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import Source
from har_runtime.sources.checked import checked
from har_runtime.uri import Uri, parse_uri

__all__ = ["SOURCES", "SampleChunk", "Source", "checked", "open_source"]


def _lazy(function: str) -> Callable[[Uri], Source]:
    """`MODULE:FUNCTION` of this package, imported at its first call: unused sources cost no start-up time."""

    def open_it(uri: Uri) -> Source:
        return resolve_name(f"{__name__}.{function}")(uri)

    return open_it


SOURCES: dict[str, Callable[[Uri], Source]] = {
    "iio": _lazy("iio.source:open_iio"),
    "phyphox": _lazy("phyphox.source:open_phyphox"),
    "replay": _lazy("replay.source:open_replay"),
    "sensorlogger": _lazy("sensorlogger.source:open_sensorlogger"),
    "serial": _lazy("serial_port.source:open_serial"),
    "simulated": _lazy("simulated.source:open_simulated"),
    "web": _lazy("web.source:open_web"),
}

TAKES_UNITS = ("replay", "serial")
"""Those with the options `unit` and `gyro`."""


def open_source(text: str) -> Source:
    """Open the source that a URI names.

    Raises:
        SourceError: the source is unknown or cannot be opened.
        DataError: the file is unusable.
    """
    uri = parse_uri(text)
    if uri.kind not in SOURCES:
        raise SourceError(f"unknown source '{uri.kind}:'; known: {', '.join(f'{kind}:' for kind in SOURCES)}")
    source = SOURCES[uri.kind](uri)
    source.report.takes_units = uri.kind in TAKES_UNITS
    return source
