"""mqtt: with brokers that send what nobody asked for, break the protocol, or are not there at all."""

import itertools
import logging
import threading
import tracemalloc
from collections.abc import Iterator
from typing import Any

import pytest

pytest.importorskip("paho.mqtt", reason="needs pip install 'haredge[mqtt]'")
from tests.runtime.sinks.made_answers import make_answer, stream_info, wait_until
from tests.runtime.sinks.mqtt.hostile_broker import (
    CONNACKS,
    MQTT5,
    HostileBroker,
    behave,
    flood,
    read_packet,
    send_once,
)

from har_runtime.errors import SourceError
from har_runtime.sinks import open_sink
from har_runtime.sinks.fan_out import FanOut
from har_runtime.sinks.mqtt import connection, sink
from har_runtime.sinks.mqtt.packet_guard import MAX_PACKET_BYTES, PacketGuard, UnexpectedPacketError

MB = 2**20
HUGE_PUBLISH = bytes([0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1]) + b"t"
"""The beginning of a message of 268,435,455 bytes, the longest that MQTT has."""
KERNEL_BYTES = 16 * MB
"""More than the kernel buffers of a connection, which the broker fills although the program reads nothing."""


@pytest.fixture(autouse=True)
def quick(monkeypatch) -> Iterator[None]:
    """Reconnects at once, and fails the test if a thread dies of an error."""
    monkeypatch.setattr(connection, "RECONNECT_S", (0.01, 0.02))
    died: list[Any] = []
    monkeypatch.setattr(threading, "excepthook", died.append)
    yield
    assert not [each for each in died if each.exc_type is not SystemExit]


class Publishing:
    """A stream that publishes to a broker."""

    def __init__(self, port: int, host: str = "127.0.0.1"):
        self._info = stream_info()
        self._sinks = FanOut(self._info)
        self._sinks.open(f"mqtt://{host}:{port}/home/wrist")

    def __enter__(self) -> "Publishing":
        return self

    def __exit__(self, *error: object) -> None:
        self._sinks.close(hurry=True)

    def write(self, count: int) -> None:
        for number in range(count):
            self._sinks.write(make_answer(number))

    @property
    def written(self) -> int:
        return self._info.sinks[0].written

    @property
    def trouble(self) -> str:
        return self._info.sinks[0].trouble or ""


def publish(payload: bytes, qos: int = 0) -> bytes:
    body = b"\0\1t" + (b"\0\1" if qos else b"") + payload
    return bytes([0x30 | qos << 1, len(body)]) + body


@pytest.mark.parametrize(
    ("first", "rest"),
    [
        (HUGE_PUBLISH, bytes(65536)),
        (b"", publish(b"x" * 100)),
        (b"", publish(b"x" * 100, qos=1)),
        (b"", publish(b"x" * 100, qos=2)),
        (b"", bytes([0xC0, 0])),
        (b"", bytes([0xD0, 0])),
        (b"", bytes([0x40, 2, 0, 1])),
        (b"", bytes([0x50, 2, 0, 1])),
        (b"", bytes([0x62, 2, 0, 1])),
        (bytes([0x40, 0xFF, 0xFF, 0xFF, 0x7F]), bytes(65536)),
        (b"", CONNACKS[MQTT5]),
    ],
    ids=[
        "a huge message",
        "messages",
        "QoS 1",
        "QoS 2",
        "PINGREQ",
        "PINGRESP",
        "PUBACK",
        "PUBREC",
        "PUBREL",
        "a huge PUBACK",
        "CONNACK",
    ],
)
def test_a_broker_that_floods_the_sink_costs_no_memory_and_is_left(first: bytes, rest: bytes, caplog) -> None:
    sent: list[int] = []
    deed = flood(first, rest * max(1, 16384 // len(rest)), 64 * MB, sent)
    with HostileBroker(deed, deed, deed, behave) as broker:
        tracemalloc.start()
        try:
            with Publishing(broker.port) as stream:
                stream.write(30)
                wait_until(lambda: stream.written == 30, "the broker behaves, and gets every answer")
            assert tracemalloc.get_traced_memory()[1] < 4 * MB
        finally:
            tracemalloc.stop()
    assert len(sent) == 3
    assert max(sent) < KERNEL_BYTES
    assert len([line for line in caplog.messages if "the broker is left: it " in line]) == 1


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"HTTP/1.1 400 Bad Request\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02\x16",  # TLS
        bytes([0x20, 0]),
        bytes([0x20, 1, 0]),
        bytes([0x20, 2, 0, 5]),
        bytes([0x20, 3, 0, 0x87, 0]),
        bytes([0x20, 3, 0, 0xEE, 0]),
        bytes([0x20, 5, 0, 0, 2, 0x21, 0]),
        bytes([0x20, 8, 0, 0, 5, 0x26, 0, 200, 0, 0]),
        bytes([0x20, 0x80, 0x80, 0x80, 0x80, 1]),
        CONNACKS[MQTT5] + bytes([0x40, 0]),
        CONNACKS[MQTT5] + bytes([0x40, 1, 0]),
        CONNACKS[MQTT5] + bytes([0xE0, 3, 0x8B, 9, 9]),
        CONNACKS[MQTT5] + bytes([0xF0, 0]),
    ],
)
def test_a_broker_that_breaks_the_protocol_ends_no_thread_and_gets_everything_later(data: bytes) -> None:
    def deed(client: Any, version: int) -> None:
        client.sendall(data)  # And then it leaves.

    with HostileBroker(deed, deed, behave) as broker, Publishing(broker.port) as stream:
        stream.write(30)
        wait_until(lambda: stream.written == 30, "the broker behaves, and gets every answer")


def test_the_broker_is_told_how_large_a_packet_may_be() -> None:
    with HostileBroker(behave) as broker, Publishing(broker.port) as stream:
        stream.write(1)
        wait_until(lambda: stream.written == 1, "the answer is sent")
    assert broker.versions[0] == MQTT5
    assert bytes([0x27]) + MAX_PACKET_BYTES.to_bytes(4) in broker.connects[0]  # Maximum Packet Size (3.1.2.11.4).


def test_a_broker_of_mqtt_3_gets_every_answer() -> None:
    def old(client: Any, version: int) -> None:
        if version == MQTT5:
            client.sendall(bytes([0x20, 2, 0, 1]))  # Unacceptable protocol version (MQTT 3.1.1, 3.2.2.3).
        else:
            behave(client, version)

    with HostileBroker(old) as broker, Publishing(broker.port) as stream:
        stream.write(30)
        wait_until(lambda: stream.written == 30, "every answer is sent")
        assert broker.versions == [MQTT5, 4]


def test_no_more_messages_are_sent_at_once_than_the_broker_takes() -> None:
    most = 0

    def narrow(client: Any, version: int) -> None:
        nonlocal most
        client.sendall(bytes([0x20, 6, 0, 0, 3, 0x21, 0, 3]))  # Receive Maximum: 3.
        waiting: list[bytes] = []
        client.settimeout(0.2)
        while True:
            try:
                kind, body = read_packet(client)
            except TimeoutError:
                if not waiting:
                    continue
                client.sendall(b"".join(bytes([0x40, 2]) + number for number in waiting))
                waiting.clear()
                continue
            if kind >> 4 == 3:
                length = int.from_bytes(body[:2])
                waiting.append(body[2 + length : 4 + length])
                most = max(most, len(waiting))

    with HostileBroker(narrow) as broker, Publishing(broker.port) as stream:
        stream.write(6)
        wait_until(lambda: len(broker.connects) == 2 and stream.written == 6, "every answer is confirmed")
    assert 0 < most <= 10


def test_answers_that_the_broker_does_not_take_are_not_counted_as_written_and_offered_again() -> None:
    def deny(client: Any, version: int) -> None:
        client.sendall(CONNACKS[version])
        while True:
            kind, body = read_packet(client)
            if kind >> 4 == 3:
                length = int.from_bytes(body[:2])
                client.sendall(bytes([0x40, 3]) + body[2 + length : 4 + length] + bytes([0x87]))

    with HostileBroker(deny) as broker, Publishing(broker.port) as stream:
        stream.write(30)
        wait_until(lambda: "it does not take answers: Not authorized" in stream.trouble, "the reason is known")
    assert stream.written == 0
    with HostileBroker(deny, behave) as broker, Publishing(broker.port) as stream:
        stream.write(30)
        wait_until(lambda: stream.written == 30, "the next connection takes every answer")
    assert stream.written == 30


def test_a_broker_that_refuses_says_why() -> None:
    with HostileBroker(send_once(bytes([0x20, 3, 0, 0x8A, 0]))) as broker, Publishing(broker.port) as stream:
        stream.write(1)
        wait_until(lambda: "Banned" in stream.trouble, "the reason is known")
        assert stream.trouble == "no connection to the broker (refused: Banned)"


def test_a_thread_that_has_died_is_replaced(monkeypatch, caplog) -> None:
    original, calls = connection.Connection._connect, 0

    def die_once(self: connection.Connection, attempt: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise SystemExit  # Ends a thread without a word.
        original(self, attempt)

    monkeypatch.setattr(connection.Connection, "_connect", die_once)
    with caplog.at_level(logging.WARNING), HostileBroker(behave) as broker, Publishing(broker.port) as stream:
        stream.write(30)
        wait_until(lambda: stream.written == 30, "every answer is sent")
    assert "the connection's thread has ended; another one begins" in caplog.text


def test_a_connection_on_which_nothing_is_confirmed_is_given_up(monkeypatch) -> None:
    monkeypatch.setattr(sink, "STUCK_S", 0.0)
    monkeypatch.setattr(sink, "CONFIRM_S", 0.05)
    monkeypatch.setattr(connection, "LOOP_S", 0.05)

    def accept_only(client: Any, version: int) -> None:
        client.sendall(CONNACKS[version])
        while True:
            read_packet(client)

    with HostileBroker(accept_only, behave) as broker, Publishing(broker.port) as stream:
        stream.write(30)
        wait_until(lambda: stream.written == 30, "the next connection takes every answer")


def test_a_broker_that_never_answers_is_left(monkeypatch) -> None:
    monkeypatch.setattr(connection, "ANSWER_S", 0.0)
    monkeypatch.setattr(connection, "LOOP_S", 0.05)
    with HostileBroker(send_once(b"")) as broker, Publishing(broker.port) as stream:
        stream.write(1)
        wait_until(lambda: len(broker.connects) == 2, "it has connected again")
        wait_until(lambda: "it has not answered" in stream.trouble, "the reason is known")


@pytest.mark.parametrize("host", ["broker..example", f"{64 * 'x'}.example", "bro ker", "127.0.0.1:0"])
def test_a_host_that_cannot_be_one_is_refused_in_one_line(host: str) -> None:
    with pytest.raises(SourceError, match=r"is not a valid address; write mqtt://") as caught:
        open_sink(f"mqtt://{host}/home", stream_info())
    assert "\n" not in str(caught.value)


def test_a_host_that_is_not_known_is_tried_again() -> None:
    with Publishing(1883, host="broker.invalid") as stream:
        stream.write(1)
        wait_until(lambda: "no connection to the broker (" in stream.trouble, "the failure is known")


@pytest.mark.parametrize("size", [1, 2, 3, 1000])
def test_the_guard_sees_the_same_however_the_bytes_are_cut(size: int) -> None:
    fine = CONNACKS[MQTT5] + 3 * bytes([0x40, 2, 0, 1]) + bytes([0xD0, 0]) + bytes([0x40, 0x80, 0x20]) + bytes(4096)
    seconds = itertools.count()
    guard = PacketGuard(lambda: next(seconds))
    guard.sent = 10
    for start in range(0, len(fine), size):
        guard.push(fine[start : start + size])
    with pytest.raises(UnexpectedPacketError, match="more than 4096 bytes"):
        guard.push(bytes([0x40, 0x81, 0x20]))
