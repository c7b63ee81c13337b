"""`mqtt://[USER@]HOST[:PORT]/TOPIC` and `mqtts://` (TLS) - answers to an MQTT broker, and to Home Assistant through it.

Topics, all with QoS 1:

- TOPIC/answer: every answer, in order, with the keys of `row_of`. While the broker is away, up to `CAPACITY` wait.
- TOPIC/event: an activity that started or ended.
- TOPIC/state (retained): activity and place now and the totals of the day, at each change and every ten seconds.
- TOPIC/status (retained): "online" while answers come, "unavailable" while none do, as before the first one; "offline"
  after the end, by last will if the program was killed.
- the discovery message of Home Assistant (retained): see `home_assistant`.

Answers that the broker had not confirmed when the connection was lost are sent again, so an answer may arrive twice:
two with the same `segment`, `start_s` and `unix_s` are the same answer.
"""

import json
import logging
import threading
import time
from collections import deque
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import TYPE_CHECKING, Any

from har_runtime.answers.answer import Answer
from har_runtime.answers.row import row_of
from har_runtime.errors import SourceError
from har_runtime.model.card import ModelCard
from har_runtime.sinks.base import UNAVAILABLE, RecordSink, StreamInfo
from har_runtime.sinks.mqtt.address import MqttAddress, parse_address
from har_runtime.sinks.mqtt.connection import Connection
from har_runtime.sinks.mqtt.home_assistant import discovery_payload, discovery_topic, totals_of
from har_runtime.text import clean
from har_runtime.uri import Uri

if TYPE_CHECKING:
    from paho.mqtt.client import Client, MQTTMessageInfo

CAPACITY = 57_600
"""Answers that may wait for the broker: eight hours, about 30 MB."""
IN_FLIGHT = 20
"""Answers that may be sent and not yet confirmed."""
STATE_S = 10.0
"""The state is repeated this often while the activity stays the same."""
CONFIRM_S = 0.5
"""A broker that confirms nothing for this long counts as failing."""
GOODBYE_S = 0.2
"""How long closing waits until the broker confirms "offline"."""
FIRST_CONNECTION_S = 1.0
"""How long the first answer waits for a connection before that counts as failing."""
STUCK_S = 60.0
"""A connection on which nothing is confirmed for this long is given up."""

_LOG = logging.getLogger(__name__)

Messages = tuple[tuple[str, bytes], ...]
"""Topics below that of the sink, and their payloads."""


@dataclass
class _Sent:
    """An answer that was sent to the broker."""

    messages: Messages
    infos: "list[MQTTMessageInfo]"

    def confirmed(self) -> bool:
        return all(not info.rc and info.is_published() for info in self.infos)


@dataclass(frozen=True)
class _State:
    """What is known now."""

    status: bytes
    """The payload of TOPIC/status."""
    about: Any
    """Of an answer its activity, reason and place: the state is published at once if they change."""
    payload: bytes
    """Of TOPIC/state."""


def open_mqtt(uri: Uri, info: StreamInfo) -> RecordSink[Messages]:
    """The sink of an `mqtt:` or `mqtts:` URI. The broker may still be unreachable.

    Raises:
        SourceError: the address is invalid, the certificates cannot be read, or paho-mqtt is not installed.
    """
    return MqttSink(parse_address(uri), info.card)


class MqttSink:
    """Publishes answers, and sends those that were not confirmed again, in order, over the next connection."""

    capacity = CAPACITY

    def __init__(self, address: MqttAddress, card: ModelCard):
        self._name, self._topic, self._card = address.name, address.topic, card
        self._discovery = discovery_payload(address.topic, card, _version())
        self._today: dict[str, Any] | None = None
        """The day up to the newest answer; None before the first one."""
        self._state = self._silent_state(None)
        self._sent_state: _State | None = None
        self._state_due_s = 0.0
        # The connection's thread takes it only when it connects and disconnects, and then holds no lock of paho's that
        # publishing needs: no deadlock.
        self._lock = threading.Lock()
        self._sent: deque[_Sent] = deque()
        self._client: Client | None = None
        """None while there is no connection."""
        self._confirmed_s = 0.0
        """When the broker last confirmed an answer, or accepted the connection; `time.monotonic()`."""
        self._denied: dict[int, str] = {}
        """By the number of a message on this connection: why the broker did not take it (MQTT 5)."""
        self._trouble = "not yet connected"
        self._attempted = threading.Event()
        self._connection = Connection(address, f"{self._topic}/status", self._on_connect, self._on_lost)

    def encode(self, answer: Answer) -> Messages:
        """The answer and its events. The state is kept separately: only the latest matters."""
        row = row_of(answer, self._card.labels)
        keys = (
            "unix_s",
            "activity",
            "confidence",
            "reason",
            "cadence",
            "intensity",
            *(["place"] if self._card.places else []),
        )
        state = {key: row.get(key) for key in keys}
        self._today = state["today"] = totals_of(answer.totals, self._card)
        self._state = _State(b"online", (answer.activity, answer.reason, answer.place), _json(state))
        return ("answer", _json(row)), *(("event", _json(event)) for event in row.get("events", ()))

    def append(self, record: Messages) -> None:
        self._connection.watch()
        self._attempted.wait(FIRST_CONNECTION_S)
        until_s = time.monotonic() + CONFIRM_S
        while not self._has_room():
            if time.monotonic() >= until_s:
                if time.monotonic() >= self._confirmed_s + STUCK_S:
                    self._connection.give_up(f"it has confirmed nothing for {STUCK_S:.0f} s")
                raise SourceError(f"{self._name}: the broker does not confirm")
            self._wait_for_oldest(until_s)
        with self._lock:
            if self._client is None:
                raise self._failed()
            self._send(self._client, record)
            self._send_state(self._client)

    def silence(self, since_unix_s: float) -> None:
        self._state = self._silent_state(since_unix_s)
        self._connection.watch()
        with self._lock:
            if self._client is not None:  # Otherwise the next connection publishes it.
                self._send_state(self._client)

    def close(self) -> int:
        until_s = time.monotonic() + CONFIRM_S
        while self._forget_confirmed() and self._client is not None and time.monotonic() < until_s:
            self._wait_for_oldest(until_s)
        with self._lock:
            if self._client is not None:
                self._send_state(self._client, at_once=True)
                goodbye = self._publish(self._client, "status", b"offline", retain=True)
                if not goodbye.rc:
                    goodbye.wait_for_publish(GOODBYE_S)
        self._connection.close()
        return self._forget_confirmed()

    @property
    def unconfirmed(self) -> int:
        """How many accepted answers the broker has not confirmed."""
        return len(self._sent)

    def _on_connect(self, client: "Client") -> None:
        with self._lock:
            self._client, self._confirmed_s = client, time.monotonic()
            self._denied.clear()
            client.on_publish = self._on_publish
            client.publish(discovery_topic(self._topic), self._discovery, qos=1, retain=True)
            again, self._sent = self._sent, deque()
            for sent in again:
                self._send(client, sent.messages)
            self._send_state(client, at_once=True)
        self._attempted.set()
        _LOG.info("%s: connected", self._name)

    def _on_publish(self, client: "Client", userdata: Any, number: int, reason: Any, properties: Any) -> None:
        # Without the lock: here paho holds one of its own, which publishing needs.
        if reason.is_failure:
            self._denied[number] = clean(str(reason))
        else:
            self._denied.pop(number, None)

    def _on_lost(self, why: str) -> None:
        with self._lock:
            self._client, self._trouble = None, why
        self._attempted.set()

    def _has_room(self) -> bool:
        waiting = self._forget_confirmed()
        if self._client is None:
            raise self._failed()
        return waiting < IN_FLIGHT

    def _forget_confirmed(self) -> int:
        """Forget the confirmed answers; returns how many are sent and not confirmed."""
        with self._lock:
            while self._sent and self._sent[0].confirmed():
                denials = [self._denied[info.mid] for info in self._sent[0].infos if info.mid in self._denied]
                if denials:
                    self._connection.give_up(f"it does not take answers: {denials[0]}")
                    break
                self._sent.popleft()
                self._confirmed_s = time.monotonic()
            return len(self._sent)

    def _wait_for_oldest(self, until_s: float) -> None:
        with self._lock:
            pending = [info for info in self._sent[0].infos if not info.rc] if self._sent else []
        left_s = until_s - time.monotonic()
        if pending and left_s > 0:
            pending[-1].wait_for_publish(left_s)

    def _send(self, client: "Client", messages: Messages) -> None:
        self._sent.append(_Sent(messages, [self._publish(client, topic, payload) for topic, payload in messages]))

    def _silent_state(self, since_unix_s: float | None) -> "_State":
        """The state while no answers come.

        Args:
            since_unix_s: when the newest came, or the stream began, seconds since 1970; None if it has just begun.
        """
        unix_s = None if since_unix_s is None else round(since_unix_s, 3)
        state = {"unix_s": unix_s, "activity": UNAVAILABLE, "confidence": None, "reason": "no answer"}
        state |= {"place": None} if self._card.places else {}
        state |= {} if self._today is None else {"today": self._today}
        return _State(UNAVAILABLE.encode(), UNAVAILABLE, _json(state))

    def _send_state(self, client: "Client", at_once: bool = False) -> None:
        state, now_s = self._state, time.monotonic()
        sent = None if at_once else self._sent_state
        if sent is None or state.about != sent.about or now_s >= self._state_due_s:
            self._publish(client, "state", state.payload, retain=True)
            self._state_due_s = now_s + STATE_S
            if sent is None or state.status != sent.status:
                self._publish(client, "status", state.status, retain=True)
            self._sent_state = state

    def _publish(self, client: "Client", topic: str, payload: bytes, retain: bool = False) -> "MQTTMessageInfo":
        return client.publish(f"{self._topic}/{topic}", payload, qos=1, retain=retain)

    def _failed(self) -> SourceError:
        return SourceError(f"{self._name}: no connection to the broker ({self._trouble})")


def _json(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":"), allow_nan=False).encode()


def _version() -> str:
    try:
        return version("haredge")
    except PackageNotFoundError:
        return "unknown"
