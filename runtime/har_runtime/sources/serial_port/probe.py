"""Finds the format and the baud rate of a sensor on a serial port by listening to it."""

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
"""Usual baud rates of sensors, the most frequent ones first."""
FIRST_BYTE_S = 4.0
"""An Arduino restarts when its port is opened, and sends nothing for two seconds."""
LISTEN_S = 1.0
"""At each baud rate; a WitMotion sends ten samples a second by default."""
POLL_S = 0.05
MIN_ITEMS = 5
"""Frames, or lines of numbers, that identify a format; noise makes none."""


@dataclass(frozen=True)
class ProbeResult:
    """What a sensor sends."""

    format: str
    baud: int
    lines: bytes
    """The bytes read while listening, if they are text."""


def probe(port: "Serial", formats: Sequence[str], bauds: Sequence[int]) -> ProbeResult:
    """Try one baud rate after the other until a format is recognised.

    Raises:
        SourceError: no bytes arrive, or no format is recognised.
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
                    if _is_format(name, data):
                        return ProbeResult(name, baud, data if name == "csv" else b"")
                time.sleep(POLL_S)
        if not any_byte:
            raise SourceError(silence_message(str(port.port), FIRST_BYTE_S))
    wanted = " or ".join({"witmotion": "WitMotion frames", "csv": "lines of numbers"}[f] for f in formats)
    rates = ", ".join(str(baud) for baud in bauds)
    raise SourceError(
        f"{port.port}: bytes arrive, but no {wanted} at {'any of ' * (len(bauds) > 1)}{rates} baud; "
        "if the sensor is set to another baud rate, give it with baud=N"
    )


def _is_format(name: str, data: bytes) -> bool:
    """Whether these bytes are in the format of this name."""
    if name == "witmotion":
        parser = WitmotionParser()
        parser.push(data)
        return parser.frames >= MIN_ITEMS
    lines = TextLines()
    lines.push(data)
    return lines.readable >= MIN_ITEMS


def silence_message(path: str, seconds: float) -> str:
    """The message for a port that stays silent."""
    return (
        f"{path}: nothing arrived in {seconds:.0f} s; is the sensor switched on, and its TX wire on the port's RX? "
        "har-stream devices lists the other ports"
    )
