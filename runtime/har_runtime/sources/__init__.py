"""Where samples come from: each source is one file and one line in `SOURCES`."""

from collections.abc import Callable

from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk
from har_runtime.sources.base import Source
from har_runtime.sources.iio import open_iio
from har_runtime.sources.phyphox import open_phyphox
from har_runtime.sources.replay import open_replay
from har_runtime.sources.sensorlogger import open_sensorlogger
from har_runtime.sources.serial_port import open_serial
from har_runtime.sources.simulated import open_simulated
from har_runtime.uri import Uri, parse_uri

SOURCES: dict[str, Callable[[Uri], Source]] = {
    "iio": open_iio,
    "phyphox": open_phyphox,
    "replay": open_replay,
    "sensorlogger": open_sensorlogger,
    "serial": open_serial,
    "simulated": open_simulated,
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
