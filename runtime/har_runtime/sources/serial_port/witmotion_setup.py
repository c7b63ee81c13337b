"""Setting a WitMotion sensor up over its serial port: output rate, contents, and a baud rate that carries them.

A sensor that does not answer (one wired to be read only, or of an older protocol) is left as it is. One that is set
already is not written to: its memory takes a limited number of writes.
"""

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from har_runtime.errors import SourceError
from har_runtime.sources.serial_port import witmotion as wit

if TYPE_CHECKING:
    from serial import Serial

FAST_BAUD = 115200
ANSWER_S = 0.5
TRIES = 2
PAUSE_S = 0.1
"""After each command, which the sensor takes one at a time."""
POLL_S = 0.02


@dataclass(frozen=True)
class Settings:
    """What is in a sensor's registers RSW, RRATE and BAUD."""

    content: int
    rate_code: int
    baud_code: int


def set_up(port: "Serial", rate_hz: int) -> int | None:
    """Have the sensor send time, acceleration and angular rate at `rate_hz`.

    Returns:
        The rate it is now set to, Hz; None where it does not answer.

    Raises:
        SourceError: it did not follow to another baud rate.
    """
    settings = read_settings(port)
    if settings is None:
        return None
    if port.baudrate < wit.needed_baud(rate_hz):
        _change_baud(port, FAST_BAUD)
    if (settings.content, settings.rate_code) != (wit.CONTENT, wit.RATE_CODES[rate_hz]):
        _send(port, wit.UNLOCK)
        _send(port, wit.write_command(wit.RSW, wit.CONTENT))
        _send(port, wit.write_command(wit.RRATE, wit.RATE_CODES[rate_hz]))
        _send(port, wit.SAVE)
        settings = read_settings(port) or settings
    return next((rate for rate, code in wit.RATE_CODES.items() if code == settings.rate_code), None)


def read_settings(port: "Serial") -> Settings | None:
    """Ask a sensor for its settings; None where it does not answer."""
    for _ in range(TRIES):
        parser = wit.WitmotionParser()
        port.reset_input_buffer()
        port.write(wit.UNLOCK + wit.read_command(wit.RSW))
        end = time.monotonic() + ANSWER_S
        while time.monotonic() < end:
            parser.feed(port.read(max(1, port.in_waiting)))
            if parser.registers is not None:
                return Settings(*parser.registers[:3])
            time.sleep(POLL_S)
    return None


def _change_baud(port: "Serial", baud: int) -> None:
    """The sensor changes at once; saved is it only after it has been heard at the new rate."""
    before = port.baudrate
    _send(port, wit.UNLOCK)
    _send(port, wit.write_command(wit.BAUD, wit.BAUD_CODES[baud]))
    port.baudrate = baud
    if read_settings(port) is None:
        port.baudrate = before
        raise SourceError(
            f"{port.port}: the sensor did not follow from {before} to {baud} baud, and {before} do not carry its "
            f"samples; set it to {baud} with WitMotion's program, or ask for a lower rate with rate=50"
        )
    _send(port, wit.UNLOCK)
    _send(port, wit.SAVE)


def _send(port: "Serial", command: bytes) -> None:
    port.write(command)
    time.sleep(PAUSE_S)
