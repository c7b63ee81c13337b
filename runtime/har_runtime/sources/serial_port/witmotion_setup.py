"""Sets up a WitMotion sensor over its serial port: output rate, content, and a baud rate that is fast enough.

A sensor that does not answer (its RX is not wired, or its protocol is older) stays as it is. Nothing is written to a
sensor that is already set up: its memory has a limited number of writes. The BLE series has the same registers, except
that its content is always the same (WT901BLECL datasheet v20-0707, 6.3), and it is left at its baud rate.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from har_runtime.errors import SourceError
from har_runtime.sources.serial_port.witmotion import (
    BAUD,
    BAUD_CODES,
    CONTENT,
    RATE_CODES,
    RRATE,
    RSW,
    SAVE,
    UNLOCK,
    WitmotionParser,
    needed_baud,
    read_command,
    write_command,
)

if TYPE_CHECKING:
    from serial import Serial

FAST_BAUD = 115200
ANSWER_S = 0.5
TRIES = 2
PAUSE_S = 0.1
"""After each command; the sensor handles one at a time."""
POLL_S = 0.02


@dataclass(frozen=True)
class Settings:
    """A sensor's registers RSW, RRATE and BAUD."""

    content: int
    rate_code: int
    baud_code: int
    ble: bool = False
    """Whether the sensor is of the BLE series."""


def set_up(port: "Serial", rate_hz: int) -> int | None:
    """Make the sensor send time, acceleration and angular rate at `rate_hz`.

    Returns:
        The rate that it is set to now, Hz; None if it does not answer.

    Raises:
        SourceError: it did not change its baud rate.
    """
    settings = read_settings(port)
    if settings is None:
        return None
    if not settings.ble and port.baudrate < needed_baud(rate_hz):
        _change_baud(port, FAST_BAUD)
    if (settings.ble or settings.content == CONTENT, settings.rate_code) != (True, RATE_CODES[rate_hz]):
        _send(port, UNLOCK)
        if not settings.ble:
            _send(port, write_command(RSW, CONTENT))
        _send(port, write_command(RRATE, RATE_CODES[rate_hz]))
        _send(port, SAVE)
        settings = read_settings(port) or settings
    return next((rate for rate, code in RATE_CODES.items() if code == settings.rate_code), None)


def read_settings(port: "Serial") -> Settings | None:
    """Read a sensor's settings; None if it does not answer."""
    for _ in range(TRIES):
        parser = WitmotionParser()
        port.reset_input_buffer()
        port.write(UNLOCK + read_command(RSW))
        end = time.monotonic() + ANSWER_S
        while time.monotonic() < end:
            parser.push(port.read(max(1, port.in_waiting)))
            if parser.registers is not None:
                return Settings(*parser.registers[:3], ble=parser.ble_frames > 0)
            time.sleep(POLL_S)
    return None


def _change_baud(port: "Serial", baud: int) -> None:
    """The sensor changes at once; the change is saved once it has answered at the new rate."""
    before = port.baudrate
    _send(port, UNLOCK)
    _send(port, write_command(BAUD, BAUD_CODES[baud]))
    port.baudrate = baud
    if read_settings(port) is None:
        port.baudrate = before
        raise SourceError(
            f"{port.port}: the sensor did not change from {before} to {baud} baud, and {before} is too slow for its "
            f"samples; set it to {baud} with WitMotion's program, or ask for a lower rate with rate=50"
        )
    _send(port, UNLOCK)
    _send(port, SAVE)


def _send(port: "Serial", command: bytes) -> None:
    port.write(command)
    time.sleep(PAUSE_S)
