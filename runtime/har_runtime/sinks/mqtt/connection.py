"""The connection to a broker: made in a thread of its own, watched, and made again with growing pauses.

Whatever a broker sends, and whatever paho raises about it, ends a connection and never the thread. Each connection has
a client of its own, so that nothing is left of the one before. MQTT 5 is tried first, in which the broker learns how
large a packet it may send. Brokers that know only MQTT 3.1.1, or ignore it, are held to it by `PacketGuard`.
"""

import logging
import ssl
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Final
from uuid import uuid4

from har_runtime.errors import SourceError
from har_runtime.sinks.mqtt.address import MqttAddress
from har_runtime.sinks.mqtt.packet_guard import MAX_PACKET_BYTES, PacketGuard
from har_runtime.text import clean
from har_runtime.uri import is_loopback

if TYPE_CHECKING:
    from paho.mqtt.client import Client

RECONNECT_S: Final = (1.0, 30.0)
"""Pauses before the first attempt to reconnect, doubled after each attempt, and their maximum."""
STEADY_S: Final = 30.0
"""After a connection that lasted this long, the pauses begin again with the first."""
ANSWER_S: Final = 10.0
"""How long a broker may take to accept a connection."""
KEEPALIVE_S: Final = 30
IN_FLIGHT: Final = 10
"""Messages that are sent and not yet confirmed: HiveMQ takes no more by default (Receive Maximum), others do."""
LOOP_S: Final = 1.0
"""How often it is looked whether the connection is to be given up."""
GOODBYE_S: Final = 0.1
"""How long closing waits until the connection is closed."""
WRONG_LOGIN: Final = ("Not authorized", "Bad user name or password")
"""paho's names of these reasons."""

_LOG = logging.getLogger(__name__)


class Connection:
    """Connects until it is closed.

    Raises:
        SourceError: paho-mqtt is not installed, or the certificates cannot be read.
    """

    def __init__(
        self,
        address: MqttAddress,
        will_topic: str,
        on_connect: Callable[["Client"], None],
        on_lost: Callable[[str], None],
    ):
        """A connection that is being made.

        Args:
            address: of the broker.
            will_topic: where the broker publishes "offline" if the connection breaks.
            on_connect: called with the client, over which messages can be published from now on.
            on_lost: called with the reason after each failed attempt and after the end of each connection.

        Both are called in the connection's thread.
        """
        try:
            from paho.mqtt.client import Client
        except ImportError as error:
            raise SourceError(f"{address.name}: needs paho-mqtt 2.2 or later; pip install 'haredge[mqtt]'") from error
        if not hasattr(Client, "_sock_recv"):  # Without it nothing would be checked.
            raise SourceError(f"{address.name}: this paho-mqtt is too new; pip install 'paho-mqtt<3'")
        self._address, self._will_topic = address, will_topic
        self._on_connect, self._on_lost = on_connect, on_lost
        self._client_id = f"haredge-{uuid4().hex[:12]}"
        self._tls = _tls_context(address)
        self._speaks_mqtt5 = True
        self._in_flight = IN_FLIGHT
        self._client: Client | None = None
        self._given_up: str | None = None
        self._ending = threading.Event()
        self._watching = threading.Lock()
        self._thread = self._start()

    def give_up(self, why: str) -> None:
        """End the current connection, and make another one after a pause."""
        self._given_up = why

    def watch(self) -> None:
        """Replace the thread if it has died. Any thread may call it."""
        with self._watching:
            if not self._thread.is_alive() and not self._ending.is_set():
                _LOG.warning("%s: the connection's thread has ended; another one begins", self._address.name)
                self._on_lost("its thread has ended")
                self._thread = self._start()

    def close(self) -> None:
        """End the connection, and make none any more."""
        self._ending.set()
        if (client := self._client) is not None:
            client.disconnect()
        self._thread.join(GOODBYE_S)

    def _start(self) -> threading.Thread:
        thread = threading.Thread(target=self._run, name=f"mqtt {self._address.host}", daemon=True)
        thread.start()
        return thread

    def _run(self) -> None:
        pause_s, said = RECONNECT_S[0], None
        while not self._ending.is_set():
            attempt = _Attempt()
            try:
                self._connect(attempt)
            except Exception as error:  # paho raises errors of many kinds about what a broker sends.
                _LOG.debug("%s", self._address.name, exc_info=True)
                why = attempt.guard.refusal or attempt.why or why_failed(error)
            else:
                why = attempt.guard.refusal or attempt.why or "connection lost"
            if self._ending.is_set():
                return
            if attempt.is_open and not attempt.is_accepted and not attempt.is_refused:
                self._speaks_mqtt5 = not self._speaks_mqtt5
            if attempt.lasted_s() >= STEADY_S:
                pause_s, said = RECONNECT_S[0], None
            if attempt.guard.refusal not in (None, said):
                said = attempt.guard.refusal
                _LOG.warning("%s: the broker is left: %s", self._address.name, said)
            self._on_lost(why)
            self._ending.wait(pause_s)
            pause_s = min(2 * pause_s, RECONNECT_S[1])

    def _connect(self, attempt: "_Attempt") -> None:
        """Make a connection, and return when it has ended."""
        self._given_up = None
        client, settings = self._new_client(attempt)
        client.on_socket_open = lambda *arguments: setattr(attempt, "is_open", True)
        client.connect(self._address.host, self._address.port, KEEPALIVE_S, **settings)
        self._client = client
        if self._ending.is_set():
            client.disconnect()
        try:
            until_s = time.monotonic() + ANSWER_S
            while not client.loop(LOOP_S):
                if not attempt.is_accepted and time.monotonic() >= until_s:
                    attempt.why = f"it has not answered for {ANSWER_S:.0f} s"
                attempt.why = attempt.why or self._given_up
                if attempt.why:
                    return
        finally:
            self._client = None
            if (sock := client.socket()) is not None:
                sock.close()

    def _new_client(self, attempt: "_Attempt") -> tuple["Client", dict[str, Any]]:
        """A client, and the settings with which it connects."""
        from paho.mqtt.client import Client
        from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        class GuardedClient(Client):
            def _sock_recv(self, bufsize: int) -> bytes:
                data = super()._sock_recv(min(bufsize, MAX_PACKET_BYTES))
                attempt.guard.push(data)
                return data

            def publish(self, *arguments: Any, **settings: Any) -> Any:
                attempt.guard.sent += 1  # The sink publishes from one thread at a time.
                return super().publish(*arguments, **settings)

        settings: dict[str, Any] = {}
        version = MQTTProtocolVersion.MQTTv311
        if self._speaks_mqtt5:
            version = MQTTProtocolVersion.MQTTv5
            properties: Any = Properties(PacketTypes.CONNECT)
            properties.MaximumPacketSize = MAX_PACKET_BYTES
            properties.ReceiveMaximum = 1
            settings = {"clean_start": True, "properties": properties}
        client = GuardedClient(CallbackAPIVersion.VERSION2, self._client_id, protocol=version)
        client.max_inflight_messages_set(self._in_flight)
        client.will_set(self._will_topic, "offline", qos=1, retain=True)
        if self._address.user is not None:
            client.username_pw_set(self._address.user, self._address.password)
        if self._tls is not None:
            client.tls_set_context(self._tls)
        # Then publishing from another thread wakes the loop, and does not itself write to the socket.
        client.on_socket_register_write = lambda *arguments: None

        def on_connect(client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
            if not reason.is_failure:
                attempt.accept()
                self._heed(properties)
                self._on_connect(client)
                return
            attempt.is_refused = str(reason) != "Unsupported protocol version"
            advice = "; check user and password" if str(reason) in WRONG_LOGIN else ""
            attempt.why = f"refused: {clean(str(reason))}{advice}"

        def on_disconnect(client: Client, userdata: Any, flags: Any, reason: Any, properties: Any) -> None:
            if flags.is_disconnect_packet_from_server and not attempt.why:
                attempt.why = f"it ended the connection: {clean(str(reason))}"

        client.on_connect, client.on_disconnect = on_connect, on_disconnect
        return client, settings

    def _heed(self, properties: Any) -> None:
        """Heed how many messages the broker takes before it has confirmed them (MQTT 5.0, 3.2.2.3.3).

        Raises:
            ConnectionError: fewer than the client sends, which cannot be changed any more.
        """
        most = getattr(properties, "ReceiveMaximum", self._in_flight)
        if most < self._in_flight:
            self._in_flight = max(1, most)
            raise ConnectionError(f"it takes only {self._in_flight} messages at once; connecting again")


class _Attempt:
    """What became of one attempt to connect."""

    def __init__(self) -> None:
        self.guard = PacketGuard()
        self.why: str | None = None
        """Why it is over, if that is known."""
        self.is_open = False
        """Whether something listens there."""
        self.is_refused = False
        """Whether the broker refused it for another reason than the version of MQTT."""
        self._accepted_s: float | None = None

    @property
    def is_accepted(self) -> bool:
        """Whether the broker accepted it."""
        return self._accepted_s is not None

    def accept(self) -> None:
        """The broker accepts it."""
        self._accepted_s = time.monotonic()

    def lasted_s(self) -> float:
        """For how long the connection has been usable."""
        return 0.0 if self._accepted_s is None else time.monotonic() - self._accepted_s


def why_failed(error: BaseException) -> str:
    """Why a connection cannot be made, in some words."""
    if isinstance(error, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {error.verify_message}"
    return (isinstance(error, OSError) and error.strerror) or clean(str(error)) or type(error).__name__


def _tls_context(address: MqttAddress) -> ssl.SSLContext | None:
    if address.tls:
        try:
            return ssl.create_default_context(cafile=address.cafile)
        except (OSError, ValueError) as error:  # ssl.SSLError is an OSError.
            raise SourceError(
                f"{address.name}: cafile={address.cafile} cannot be used ({why_failed(error)})"
            ) from error
    if address.password is not None and not is_loopback(address.host):
        _LOG.warning("%s: the password is sent unencrypted; use mqtts://", address.name)
    return None
