"""What a broker may send to this sink, which subscribes to nothing: short confirmations, and nothing else.

The type and the length of each packet are checked before the rest is read, so that a broker that sends 256 MB, or ever
more small packets that would be kept or answered, costs no memory.
"""

import math
import time
from collections.abc import Callable
from typing import Final

MAX_PACKET_BYTES: Final = 4096
"""Confirmations have some bytes; those of MQTT 5 may also have a text of the broker. A broker of MQTT 5 is told."""
CONNACK: Final = 2
PUBLISH: Final = 3
PUBACK: Final = 4
PINGRESP: Final = 13
DISCONNECT: Final = 14
"""Types of packets (MQTT 5.0, 2.1.2). CONNACK comes once, first; DISCONNECT only in MQTT 5, last."""
PING_S: Final = 1.0
"""PINGRESP may come this often; it is asked for every half minute."""
MAX_LENGTH_BYTES: Final = 4
"""Of the field with a packet's length (MQTT 5.0, 1.5.5)."""


class UnexpectedPacketError(ConnectionError):
    """A broker sends what it may not; the message says what."""


class PacketGuard:
    """Watches the bytes of one connection, in the order in which they come.

    Args:
        clock: seconds.

    >>> guard = PacketGuard()
    >>> guard.push(bytes([0x20, 2, 0, 0]))
    >>> guard.push(bytes([0x30, 0xFF, 0xFF, 0xFF, 0x7F]))
    Traceback (most recent call last):
    har_runtime.sinks.mqtt.packet_guard.UnexpectedPacketError: it sends messages that were not asked for
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.sent = 0
        """Messages that were sent over this connection; each may be confirmed once."""
        self._confirmed = 0
        self._ping_s = -math.inf
        self.refusal: str | None = None
        """What the broker did that it may not; None if nothing."""
        self._is_first = True
        self._body_bytes: int | None = None
        """Bytes of the packet that are still to come; None while its length is not known."""
        self._length = self._length_bytes = 0
        self._in_header = False

    def push(self, data: bytes) -> None:
        """Add bytes.

        Raises:
            UnexpectedPacketError: a packet of another kind, or a longer one, begins.
        """
        position = 0
        while position < len(data):
            if self._body_bytes is not None:
                used = min(self._body_bytes, len(data) - position)
                self._body_bytes -= used
                position += used
            else:
                (self._push_length if self._in_header else self._push_type)(data[position])
                position += 1
            if self._body_bytes == 0:
                self._body_bytes, self._in_header = None, False

    def _push_type(self, byte: int) -> None:
        kind = byte >> 4
        if kind == PUBLISH:
            self._refuse("it sends messages that were not asked for")
        if self._is_first and kind != CONNACK:
            self._refuse("it does not speak MQTT")
        if not self._is_first:
            self._check_later(kind)
        self._is_first, self._in_header = False, True
        self._length = self._length_bytes = 0

    def _check_later(self, kind: int) -> None:
        """Refuse what may not come after CONNACK."""
        if kind == PUBACK:
            self._confirmed += 1
            if self._confirmed > self.sent:
                self._refuse("it confirms more than was sent")
        elif kind == PINGRESP:
            if self._clock() < self._ping_s + PING_S:
                self._refuse("it sends answers that were not asked for")
            self._ping_s = self._clock()
        elif kind != DISCONNECT:
            self._refuse(f"it sends packets of type {kind}, which were not asked for")

    def _push_length(self, byte: int) -> None:
        self._length |= (byte & 0x7F) << (7 * self._length_bytes)
        self._length_bytes += 1
        if self._length > MAX_PACKET_BYTES:
            self._refuse(f"it sends a packet of more than {MAX_PACKET_BYTES} bytes")
        if byte & 0x80:
            if self._length_bytes == MAX_LENGTH_BYTES:
                self._refuse("it does not speak MQTT")
        else:
            self._body_bytes = self._length

    def _refuse(self, why: str) -> None:
        self.refusal = why
        raise UnexpectedPacketError(why)
