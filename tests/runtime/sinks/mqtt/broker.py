"""A real MQTT broker that tests can kill, restart and pause, and a client that subscribes to everything."""

import signal
import threading
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from tests.runtime.sinks.made_answers import wait_until

from har_bench.stream import broker
from har_runtime.errors import SourceError

RECONNECT_S = 0.05
"""How often a listener tries to reconnect."""


class Broker(broker.Broker):
    """A broker that can be paused; where mosquitto is not installed the test is skipped."""

    def __init__(self, folder: Path, *settings: str):
        try:
            super().__init__(folder, *settings)
        except SourceError as error:
            pytest.skip(str(error))

    def __enter__(self) -> "Broker":
        super().__enter__()
        return self

    def pause(self) -> None:
        """Stop it: its connections stay open, and it does not respond."""
        self._signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Continue after `pause`."""
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)


class Listener:
    """A client that subscribes to everything, and does so again as soon as the broker is back.

    It uses QoS 0: the broker then forwards a message before it confirms it to the sender, so that the listener has
    every message that was confirmed before a kill.
    """

    def __init__(self, port: int, user: str | None = None, password: str | None = None):
        self.messages: list[MQTTMessage] = []
        self.subscribed = threading.Event()
        self._client = Client(CallbackAPIVersion.VERSION2)
        self._client.reconnect_delay_set(RECONNECT_S, RECONNECT_S)
        self._client.on_connect = lambda client, *rest: client.subscribe("#", qos=0)
        self._client.on_subscribe = lambda *rest: self.subscribed.set()
        self._client.on_disconnect = lambda *rest: self.subscribed.clear()
        self._client.on_message = lambda client, userdata, message: self.messages.append(message)
        if user is not None:
            self._client.username_pw_set(user, password)
        self._client.connect("127.0.0.1", port)

    def __enter__(self) -> "Listener":
        self._client.loop_start()
        assert self.subscribed.wait(30)
        return self

    def __exit__(self, *error: object) -> None:
        self._client.disconnect()
        self._client.loop_stop()

    def payloads(self, topic: str) -> list[bytes]:
        """Every payload of a topic so far."""
        return [message.payload for message in list(self.messages) if message.topic == topic]

    def wait_for(self, topic: str, payload: bytes) -> None:
        """Wait until this is the newest payload of a topic."""
        wait_until(lambda: self.payloads(topic)[-1:] == [payload], f"{payload!r} on {topic}")


def retained(port: int, topic: str) -> list[bytes]:
    """What a new subscriber receives on a topic at once."""
    found: list[bytes] = []
    while not found:  # What is published while it subscribes comes as new: the next subscriber gets it as retained.
        with Listener(port) as listener:
            wait_until(lambda: listener.payloads(topic), f"something retained on {topic}")
            found = [m.payload for m in list(listener.messages) if m.topic == topic and m.retain]
    return found
