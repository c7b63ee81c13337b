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
TEXT_S = 4.0
"""At a baud rate that gives text: a board may print only one line a second."""
MIN_ITEMS = 5
"""Frames, or lines of numbers, that identify a format; noise makes none."""
MIN_TEXT = 20
"""Characters that show whether a port sends text; a third of noise is printable."""
ENOUGH_LINES = 20
"""Lines without a reading, after which no other line is waited for."""
TEXT_SHARE = 0.95
"""Share of them that must be printable."""


@dataclass(frozen=True)
class ProbeResult:
    """What a sensor sends."""

    format: str
    baud: int
    lines: bytes
    """The bytes read while listening, if they are text."""


def probe(port: "Serial", formats: Sequence[str], bauds: Sequence[int]) -> ProbeResult:
    """Try one baud rate after the other until a format is recognised. Text is one, whatever it says.

    Raises:
        SourceError: no bytes arrive, or no format is recognised.
    """
    any_byte = False
    text = ""
    for baud in bauds:
        if port.baudrate != baud:
            port.baudrate = baud
            port.reset_input_buffer()
        data = b""
        end = time.monotonic() + (LISTEN_S if any_byte else FIRST_BYTE_S)
        while time.monotonic() < end or ("csv" in formats and time.monotonic() < end + TEXT_S and _is_slow_text(data)):
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
        if is_text(data):
            if "csv" in formats:
                return ProbeResult("csv", baud, data)
            lines = TextLines()
            lines.push(data)
            text = text or f'it sends text at {baud} baud, such as "{lines.quote}", and no WitMotion frames'
    if text:
        raise SourceError(f"{port.port}: {text}; leave out format=witmotion")
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


def _is_slow_text(data: bytes) -> bool:
    return data.count(b"\n") < ENOUGH_LINES and is_text(data)


def is_text(data: bytes) -> bool:
    """Whether bytes are text, judged by their newer half: the first ones may be from before the baud rate was set."""
    newer = data[len(data) // 2 :].decode("utf-8", "replace")
    shown = sum(letter.isprintable() or letter in "\r\n\t\x1b" for letter in newer) - newer.count("\ufffd")
    return len(newer) >= MIN_TEXT and shown >= TEXT_SHARE * len(newer)


def silence_message(path: str, seconds: float) -> str:
    """The message for a port that stays silent."""
    return (
        f"{path}: nothing arrived in {seconds:.0f} s; is the sensor switched on, and its TX wire on the port's RX? "
        "har-stream devices lists the other ports"
    )
