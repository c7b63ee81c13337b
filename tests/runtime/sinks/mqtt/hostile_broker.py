"""A small MQTT broker on a thread, which on each connection first does what the test says, and may mean harm."""

import socket
import struct
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Final

MQTT5: Final = 5
CONNACKS: Final = {4: bytes([0x20, 2, 0, 0]), MQTT5: bytes([0x20, 3, 0, 0, 0])}
"""By the version of MQTT: the connection is accepted."""
Deed = Callable[[socket.socket, int], None]
"""What it does on a connection, after the client's CONNECT with this version of MQTT was read."""


class HostileBroker:
    """Listens on a free port of this computer.

    Args:
        deeds: one for each connection, in order; the last one for all further ones.
    """

    def __init__(self, *deeds: Deed):
        self.versions: list[int] = []
        """The version of MQTT in each CONNECT."""
        self.connects: list[bytes] = []
        """Each CONNECT, without type and length."""
        self._deeds: Sequence[Deed] = deeds
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> "HostileBroker":
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self._thread.join(30)

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            connection.settimeout(30)
            with connection, suppress(OSError, EOFError):
                kind, body = read_packet(connection)
                assert kind >> 4 == 1, "CONNECT comes first"
                self.connects.append(body)
                self.versions.append(body[6])
                self._deeds[min(len(self.connects), len(self._deeds)) - 1](connection, body[6])


def read_packet(connection: socket.socket) -> tuple[int, bytes]:
    """Type and body of the next packet."""
    kind, length, shift = _read(connection, 1)[0], 0, 0
    while True:
        (byte,) = _read(connection, 1)
        length |= (byte & 0x7F) << shift
        shift += 7
        if not byte & 0x80:
            return kind, _read(connection, length)


def _read(connection: socket.socket, count: int) -> bytes:
    data = b""
    while len(data) < count:
        part = connection.recv(count - len(data))
        if not part:
            raise EOFError
        data += part
    return data


def behave(connection: socket.socket, version: int) -> None:
    """Accept the connection and confirm everything, until the client leaves."""
    connection.sendall(CONNACKS[version])
    while True:
        kind, body = read_packet(connection)
        if kind >> 4 == 3:
            (length,) = struct.unpack_from("!H", body)
            connection.sendall(bytes([0x40, 2]) + body[2 + length : 4 + length])


def flood(first: bytes, rest: bytes, most_bytes: int, sent: list[int]) -> Deed:
    """Accept the connection, and send `first` and then `rest` again and again.

    Args:
        first: once.
        rest: repeatedly.
        most_bytes: the end, if the client takes as much.
        sent: gets the number of bytes that were sent until the client left.
    """

    def deed(connection: socket.socket, version: int) -> None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
        count = 0
        try:
            connection.sendall(CONNACKS[version] + first)
            while count < most_bytes:
                count += connection.send(rest)
        finally:
            sent.append(count)

    return deed


def send_once(data: bytes) -> Deed:
    """Send this instead of accepting the connection, and wait until the client leaves."""

    def deed(connection: socket.socket, version: int) -> None:
        connection.sendall(data)
        while connection.recv(4096):
            pass

    return deed
