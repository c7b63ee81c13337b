"""A real MQTT broker, mosquitto, that tests can kill and restart, and a client that subscribes to everything."""

import shutil
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest
from paho.mqtt.client import Client, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion
from tests.runtime.sinks.made_answers import wait_until

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/sbin")
RECONNECT_S = 0.05
"""How often a listener tries to reconnect."""


class Broker:
    """mosquitto on a free port of this computer; a kill loses everything that it holds."""

    def __init__(self, folder: Path, *settings: str):
        if MOSQUITTO is None:
            pytest.skip("mosquitto is not installed (apt install mosquitto)")
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._config = folder / "mosquitto.conf"
        anonymous = [] if any(line.startswith("password_file") for line in settings) else ["allow_anonymous true"]
        lines = [
            f"listener {self.port} 127.0.0.1",
            *settings,
            *anonymous,
            # Otherwise root would become the user mosquitto, who cannot read the folder of the test.
            "user root",
        ]
        self._config.write_text("\n".join(lines) + "\n")
        self._log = folder / "mosquitto.log"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Broker":
        self.start()
        return self

    def __exit__(self, *error: object) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until it listens."""
        with self._log.open("ab") as log:
            self._process = subprocess.Popen([str(MOSQUITTO), "-c", str(self._config)], stdout=log, stderr=log)
        wait_until(self._listens, "the broker listens")

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(30)
            self._process = None

    def pause(self) -> None:
        """Stop it: its connections stay open, and it does not respond."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Continue after `pause`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)

    def _listens(self) -> bool:
        assert self._process is not None and self._process.poll() is None, self._log.read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port), 1).close()
        except OSError:
            return False
        return True


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
