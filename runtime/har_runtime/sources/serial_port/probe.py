"""Finding out what a serial port's sensor sends, and at which baud rate, by listening to it."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from har_runtime.errors import SourceError
from har_runtime.sources.serial_port.text_lines import TextLines
from har_runtime.sources.serial_port.witmotion import WitmotionParser

if TYPE_CHECKING:
    from serial import Serial

FORMATS = ("witmotion", "csv")
BAUDS = (115200, 9600, 57600, 230400, 38400, 19200, 460800, 921600, 4800)
"""What sensors are set to, the usual ones first."""
FIRST_BYTE_S = 4.0
"""An Arduino restarts when its port is opened, and says nothing for two seconds."""
LISTEN_S = 1.0
"""At each baud rate; a WitMotion as it comes from the factory sends ten times a second."""
POLL_S = 0.05
ENOUGH = 5
"""Frames, or lines of numbers; noise makes none."""


@dataclass(frozen=True)
class Heard:
    """What a sensor turned out to send."""

    format: str
    baud: int
    lines: bytes
    """What has been read meanwhile, where it is text."""


def listen(port: "Serial", formats: Sequence[str], bauds: Sequence[int]) -> Heard:
    """Try one baud rate after the other until something makes sense.

    Raises:
        SourceError: nothing comes, or nothing that makes sense.
    """
    any_byte = False
    for baud in bauds:
        if port.baudrate != baud:
            port.baudrate = baud
            port.reset_input_buffer()
        data = b""
        end = time.monotonic() + (LISTEN_S if any_byte else FIRST_BYTE_S)
        while time.monotonic() < end:
            if more := port.read(max(1, port.in_waiting)):
                end = end if any_byte else min(end, time.monotonic() + LISTEN_S)
                any_byte = True
                data += more
                for name in formats:
                    if makes_sense(name, data):
                        return Heard(name, baud, data if name == "csv" else b"")
                time.sleep(POLL_S)
        if not any_byte:
            raise SourceError(silence(str(port.port), FIRST_BYTE_S))
    wanted = " or ".join({"witmotion": "WitMotion frames", "csv": "lines of numbers"}[f] for f in formats)
    rates = ", ".join(str(baud) for baud in bauds)
    raise SourceError(
        f"{port.port}: bytes come in, but no {wanted} at {'any of ' * (len(bauds) > 1)}{rates} baud; "
        "if the sensor is set to another baud rate, give it with baud=N"
    )


def makes_sense(name: str, data: bytes) -> bool:
    """Whether these bytes are of the format."""
    if name == "witmotion":
        parser = WitmotionParser()
        parser.feed(data)
        return parser.frames >= ENOUGH
    lines = TextLines()
    lines.feed(data)
    return lines.readable >= ENOUGH


def silence(path: str, seconds: float) -> str:
    """What to say of a port on which nothing comes."""
    return (
        f"{path}: nothing came in {seconds:.0f} s; is the sensor switched on, and its TX wire on the port's RX? "
        "har-stream devices lists the other ports"
    )
