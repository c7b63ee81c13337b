"""mqtt: with a real broker: what is published, and what happens if the broker or the program is killed."""

import json
import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from paho.mqtt.client import Client
from tests.runtime.sinks.made_answers import DEADLINE_S, make_answer, stream_info, wait_until
from tests.runtime.sinks.mqtt.broker import Broker, Listener, retained

from har_runtime.answers.answer import Event
from har_runtime.errors import SourceError
from har_runtime.sinks import open_sink
from har_runtime.sinks.base import SinkReport
from har_runtime.sinks.fan_out import FanOut
from har_runtime.sinks.mqtt import connection, sink
from har_runtime.sinks.mqtt.address import PASSWORD_VARIABLE, parse_address
from har_runtime.uri import parse_uri

HAR_STREAM = [sys.executable, "-m", "har_runtime"]
TOPIC = "home/wrist"
SINCE_S = 1_700_000_015.25


@pytest.fixture(autouse=True)
def no_password(monkeypatch) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as broker:
        yield broker


@pytest.fixture
def listener(broker: Broker) -> Iterator[Listener]:
    with Listener(broker.port) as listener:
        yield listener


@pytest.fixture
def may_connect(monkeypatch) -> threading.Event:
    """While this is not set, sinks cannot connect: a listener that must miss nothing can subscribe before them."""
    may_connect = threading.Event()
    may_connect.set()

    class GatedClient(Client):
        def reconnect(self):
            assert may_connect.wait(DEADLINE_S)
            return super().reconnect()

    monkeypatch.setattr("paho.mqtt.client.Client", GatedClient)  # `Listener` has imported the original.
    monkeypatch.setattr(connection, "RECONNECT_S", (0.1, 0.1))
    return may_connect


class Publishing:
    """A stream of made answers that publishes to a broker."""

    def __init__(self, uri: str):
        self._info = stream_info()
        self._sinks = FanOut(self._info)
        self._sinks.open(uri)
        self.count = 0

    @property
    def report(self) -> SinkReport:
        return self._info.sinks[0]

    def __enter__(self) -> "Publishing":
        return self

    def __exit__(self, *error: object) -> None:
        self.close()

    def close(self) -> None:
        self._sinks.close(hurry=True)

    def silence(self) -> None:
        self._sinks.silence(SINCE_S)

    def write(self, count: int, **changes: object) -> None:
        for _ in range(count):
            self._sinks.write(make_answer(self.count, **changes))
            self.count += 1


def uri_of(broker: Broker, scheme: str = "mqtt://", options: str = "") -> str:
    return f"{scheme}127.0.0.1:{broker.port}/{TOPIC}{options}"


def numbers(listener: Listener) -> list[int]:
    """The numbers of the answers received, without those that arrived twice by the rule in the sink's documentation."""
    rows = [json.loads(payload) for payload in listener.payloads(f"{TOPIC}/answer")]
    keys = dict.fromkeys((row["segment"], row["start_s"], row["unix_s"]) for row in rows)
    return [round(2 * start_s) for _, start_s, _ in keys]


def restart(broker: Broker, listener: Listener, may_connect: threading.Event) -> None:
    """Restart a killed broker, and let the sink connect when the listener has subscribed again."""
    wait_until(lambda: not listener.subscribed.is_set(), "the listener has noticed")
    broker.start()
    assert listener.subscribed.wait(DEADLINE_S)
    may_connect.set()


def test_every_answer_arrives_in_order_and_events_have_their_own_topic(broker: Broker, listener: Listener) -> None:
    with Publishing(uri_of(broker)) as stream:
        stream.write(100)
        stream.write(1, events=(Event("ended", "sitting", 50.0, 1.5), Event("started", "lying", 50.5, 2.0)))
    wait_until(lambda: len(listener.payloads(f"{TOPIC}/event")) == 2, "both events have arrived")
    assert numbers(listener) == list(range(101))
    assert [json.loads(payload) for payload in listener.payloads(f"{TOPIC}/event")] == [
        {"kind": "ended", "activity": "sitting", "sensor_s": 50.0, "unix_s": 1.5},
        {"kind": "started", "activity": "lying", "sensor_s": 50.5, "unix_s": 2.0},
    ]
    assert (stream.report.written, stream.report.dropped) == (101, 0)


def test_the_state_is_retained_for_later_subscribers(broker: Broker) -> None:
    with Publishing(uri_of(broker)) as stream:
        stream.write(31)
        wait_until(lambda: stream.report.written == 31, "everything is sent")
        assert retained(broker.port, f"{TOPIC}/status") == [b"online"]
        (state,) = map(json.loads, retained(broker.port, f"{TOPIC}/state"))
        assert (state["activity"], state["confidence"], state["reason"]) == ("sitting", 0.9, None)
        assert "place" not in state
        assert state["today"]["minutes"]["sitting"] == 1.5
        assert state["today"]["minutes"]["lying"] == 0
        assert (state["today"]["not_worn_minutes"], state["today"]["transitions"]) == (0.5, 4)
    assert retained(broker.port, f"{TOPIC}/status") == [b"offline"]


def test_the_state_is_sent_at_changes_and_not_with_every_answer(broker: Broker, listener: Listener) -> None:
    with Publishing(uri_of(broker)) as stream:
        listener.wait_for(f"{TOPIC}/status", b"unavailable")  # Connected.
        for end in range(1, 31):
            stream.write(1)
            wait_until(lambda end=end: stream.report.written == end, "the answer is sent")

    def states() -> list[dict[str, Any]]:
        return [json.loads(payload) for payload in listener.payloads(f"{TOPIC}/state")]

    wait_until(
        lambda: states()[-1]["unix_s"] == make_answer(29).unix_s, "the last state has arrived, as it always must"
    )
    assert [state["activity"] for state in states()][:4] == ["unavailable", "walking", "stairs_up", "stairs_down"]
    assert len(states()) < 10


def test_without_answers_state_and_status_are_unavailable_until_the_next_one(broker: Broker) -> None:
    with Publishing(uri_of(broker)) as stream, Listener(broker.port) as listener:
        listener.wait_for(f"{TOPIC}/status", b"unavailable")  # Nothing is known yet.
        stream.write(1)
        listener.wait_for(f"{TOPIC}/status", b"online")
        stream.silence()
        listener.wait_for(f"{TOPIC}/status", b"unavailable")
        (state,) = map(json.loads, retained(broker.port, f"{TOPIC}/state"))
        today = state.pop("today")
        assert today["minutes"]["walking"] == 1.5
        assert state == {
            "unix_s": SINCE_S, "activity": "unavailable", "confidence": None, "reason": "no answer",
        }  # fmt: skip
        stream.write(1)
        listener.wait_for(f"{TOPIC}/status", b"online")
        wait_until(
            lambda: (
                [json.loads(state)["activity"] for state in listener.payloads(f"{TOPIC}/state")][-2:]
                == ["unavailable", "walking"]
            ),
            "the activity is back",
        )


def test_a_broker_that_comes_back_is_told_what_is_true_by_then(broker, listener, may_connect) -> None:
    with Publishing(uri_of(broker)) as stream:
        stream.write(1)
        listener.wait_for(f"{TOPIC}/status", b"online")
        may_connect.clear()
        broker.kill()
        stream.write(100)
        wait_until(lambda: stream.report.trouble, "the outage is noticed")
        stream.silence()
        listener.messages.clear()
        restart(broker, listener, may_connect)
        # The first one may not have been confirmed before the broker was killed.
        wait_until(lambda: set(numbers(listener)) >= set(range(1, 101)), "the answers have arrived")
        assert set(listener.payloads(f"{TOPIC}/status")) == {b"unavailable"}
        states = [json.loads(state)["activity"] for state in listener.payloads(f"{TOPIC}/state")]
        assert set(states) == {"unavailable"}


def test_a_killed_and_restarted_broker_gets_every_answer_in_order(broker, listener, may_connect, caplog) -> None:
    with caplog.at_level(logging.WARNING), Publishing(uri_of(broker)) as stream:
        for _ in range(3):
            stream.write(50)
            wait_until(lambda: stream.report.written > stream.count - 40, "some are sent")
            may_connect.clear()
            broker.kill()
            stream.write(200)
            wait_until(lambda: stream.report.trouble, "the outage is noticed")
            restart(broker, listener, may_connect)
            stream.write(10)
            wait_until(lambda: len(numbers(listener)) == stream.count, "every answer has arrived")
        assert stream.report.trouble is None
    assert numbers(listener) == list(range(3 * 260))
    assert (stream.report.written, stream.report.dropped) == (3 * 260, 0)
    messages = [record.getMessage() for record in caplog.records]
    assert len(messages) == 6  # The beginning and the end of each outage.
    assert "no connection to the broker" in messages[0]
    assert "works again, 0 answers dropped" in messages[1]


def test_a_broker_that_is_killed_while_it_receives_answers_gets_them_all(broker, listener, may_connect) -> None:
    with Publishing(uri_of(broker)) as stream:
        for _ in range(3):
            stream.write(500)
            wait_until(lambda: stream.report.written > stream.count - 400, "some are sent")
            assert stream.report.waiting
            may_connect.clear()
            broker.kill()
            restart(broker, listener, may_connect)
            wait_until(lambda: len(numbers(listener)) == stream.count, "every answer has arrived")
    assert numbers(listener) == list(range(1500))


def test_a_broker_that_starts_later_gets_every_answer(tmp_path: Path, may_connect) -> None:
    broker = Broker(tmp_path)
    with Publishing(uri_of(broker)) as stream:
        stream.write(100)
        wait_until(lambda: stream.report.trouble, "the first attempt has failed")
        assert stream.report.trouble == "no connection to the broker (Connection refused)"
        assert stream.report.waiting == 100
        may_connect.clear()
        with broker, Listener(broker.port) as listener:
            may_connect.set()
            wait_until(lambda: len(numbers(listener)) == 100, "every answer has arrived")
            assert numbers(listener) == list(range(100))
            listener.wait_for(f"{TOPIC}/status", b"online")
            stream.close()


def test_a_broker_that_hangs_gets_every_answer_when_it_continues(broker: Broker, listener: Listener) -> None:
    with Publishing(uri_of(broker)) as stream:
        stream.write(10)
        wait_until(lambda: len(numbers(listener)) == 10, "some have arrived")
        broker.pause()
        try:
            stream.write(200)
            wait_until(lambda: stream.report.trouble, "the silence is noticed")
            assert stream.report.trouble == "the broker does not confirm"
        finally:
            broker.resume()
        wait_until(lambda: len(numbers(listener)) == 210, "every answer has arrived")
    assert numbers(listener) == list(range(210))
    assert stream.report.dropped == 0


def test_beyond_the_capacity_the_oldest_answers_are_dropped_and_counted(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sink.MqttSink, "capacity", 50)
    broker = Broker(tmp_path)  # Not started.
    with Publishing(uri_of(broker)) as stream:
        stream.write(120)
        assert (stream.report.waiting, stream.report.dropped) == (50, 70)
    assert (stream.report.written, stream.report.dropped) == (0, 120)


def test_a_killed_program_is_offline_by_its_last_will(broker: Broker, listener: Listener) -> None:
    arguments = ["--source", "simulated:", "--sink", uri_of(broker)]
    with subprocess.Popen([*HAR_STREAM, *arguments], stderr=subprocess.DEVNULL) as process:
        try:
            listener.wait_for(f"{TOPIC}/status", b"online")
            wait_until(lambda: numbers(listener), "an answer has arrived")
        finally:
            process.kill()
    listener.wait_for(f"{TOPIC}/status", b"offline")


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a certificate authority and its certificate for 127.0.0.1."""
    folder = tmp_path_factory.mktemp("certificates")
    (folder / "names").write_text("subjectAltName=IP:127.0.0.1\n")
    for command in (
        "req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.crt -days 2 -subj /CN=Authority",
        "req -newkey rsa:2048 -nodes -keyout server.key -out server.csr -subj /CN=broker",
        "x509 -req -in server.csr -CA ca.crt -CAkey ca.key -CAcreateserial -out server.crt -days 2 -extfile names",
    ):
        try:
            subprocess.run(["openssl", *command.split()], cwd=folder, check=True, capture_output=True, timeout=60)
        except FileNotFoundError:
            pytest.skip("openssl is not installed (apt install openssl)")
    return folder


@pytest.fixture
def tls_broker(tmp_path: Path, certificates: Path) -> Iterator[Broker]:
    settings = [
        f"{name} {certificates / file}" for name, file in (("certfile", "server.crt"), ("keyfile", "server.key"))
    ]
    with Broker(tmp_path, *settings) as broker:
        yield broker


def test_answers_arrive_over_tls_if_the_certificate_is_trusted(tls_broker: Broker, certificates: Path) -> None:
    with Publishing(uri_of(tls_broker, "mqtts://", f"?cafile={certificates / 'ca.crt'}")) as stream:
        stream.write(30)
        wait_until(lambda: stream.report.written == 30, "everything is sent")
    assert (stream.report.written, stream.report.dropped) == (30, 0)


def test_nothing_is_sent_over_tls_if_the_certificate_is_not_trusted(tls_broker: Broker) -> None:
    with Publishing(uri_of(tls_broker, "mqtts://")) as stream:
        stream.write(1)
        wait_until(lambda: stream.report.trouble, "the certificate is refused")
        assert "its certificate is not trusted: " in stream.report.trouble
    assert (stream.report.written, stream.report.dropped) == (0, 1)


@pytest.fixture
def locked_broker(tmp_path: Path) -> Iterator[Broker]:
    """A broker for the user wrist with the password secret."""
    passwords = tmp_path / "passwords"
    passwords.write_text("wrist:secret\n")
    subprocess.run(["mosquitto_passwd", "-U", passwords], check=True, timeout=60)
    with Broker(tmp_path, f"password_file {passwords}") as broker:
        yield broker


def test_a_wrong_password_is_reported_and_the_answers_wait(locked_broker: Broker, monkeypatch) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "guess")
    with Publishing(uri_of(locked_broker, "mqtt://wrist@")) as stream:
        stream.write(5)
        wait_until(lambda: stream.report.trouble, "the password is refused")
        assert stream.report.trouble == (
            "no connection to the broker (refused: Not authorized; check user and password)"
        )
        assert stream.report.waiting == 5


@pytest.mark.parametrize("place", ["environment", "file"])
def test_the_password_comes_from_the_environment_or_a_file(locked_broker, place, tmp_path, monkeypatch) -> None:
    options = ""
    if place == "environment":
        monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    else:
        (tmp_path / "password").write_text("secret\n")
        options = f"?password-file={tmp_path / 'password'}"
    with (
        Listener(locked_broker.port, "wrist", "secret") as listener,
        Publishing(uri_of(locked_broker, "mqtt://wrist@", options)) as stream,
    ):
        stream.write(5)
        wait_until(lambda: len(numbers(listener)) == 5, "every answer has arrived")


@pytest.mark.parametrize(("host", "warned"), [("192.0.2.1", True), ("127.0.0.1", False), ("localhost", False)])
def test_a_password_that_others_could_read_is_reported(host: str, warned: bool, monkeypatch, caplog) -> None:
    monkeypatch.setenv(PASSWORD_VARIABLE, "secret")
    open_sink(f"mqtt://wrist@{host}:9/home", stream_info()).close()
    assert ("the password is sent unencrypted; use mqtts://" in caplog.text) == warned
    assert "secret" not in caplog.text


def test_an_address_has_default_ports_and_escapes() -> None:
    plain = parse_address(parse_uri("mqtt://broker/home/wrist"))
    assert (plain.host, plain.port, plain.topic, plain.tls, plain.user) == ("broker", 1883, "home/wrist", False, None)
    tls = parse_address(parse_uri("mqtts://me%40home@[fe80::1]:99/a%20b?cafile=ca.crt"))
    assert (tls.host, tls.port, tls.topic, tls.tls, tls.user, tls.cafile) == (
        "fe80::1", 99, "a b", True, "me@home", "ca.crt",
    )  # fmt: skip
    assert parse_address(parse_uri("mqtts://broker/x")).port == 8883


@pytest.mark.parametrize(
    ("uri", "message"),
    [
        ("mqtt:broker/home", "mqtt:broker/home is not a valid address; write mqtt://[USER@]HOST[:PORT]/TOPIC"),
        ("mqtt:///home", "mqtt:///home is not a valid address; write mqtt://[USER@]HOST[:PORT]/TOPIC"),
        ("mqtt://broker:x/home", "mqtt://broker:x/home is not a valid address"),
        ("mqtt://broker", "'' is not a valid topic; write mqtt://[USER@]HOST[:PORT]/TOPIC, such as mqtt://broker/home/wrist"),
        ("mqtt://broker/home/", "'home/' is not a valid topic"),
        ("mqtt://broker/home/+", "'home/+' is not a valid topic"),
        ("mqtt://broker/%23", "'#' is not a valid topic"),
        ("mqtt://broker/$SYS/x", "'$SYS/x' is not a valid topic"),
        (f"mqtt://broker/{'x' * 201}", "the topic is longer than 200 bytes"),
        ("mqtt://me:secret@broker/home", "a password in the URI would show in process lists; set HAREDGE_"),
        ("mqtt://me@broker/home?password-file=absent", "password-file=absent cannot be read (No such file"),
        ("mqtt://broker/home?password-file=/dev/null", "there is a password but no user; write mqtt://USER@broker/home"),
        ("mqtt://broker/home?cafile=ca.crt", "unknown option 'cafile'; known: password-file"),
        ("mqtts://broker/home?cafile=absent", "cafile=absent cannot be used (No such file or directory)"),
        ("mqtts://broker/home?cafile=/dev/null", "cafile=/dev/null cannot be used"),
    ],
)  # fmt: skip
def test_a_mistake_of_the_user_is_one_line(uri: str, message: str) -> None:
    with pytest.raises(SourceError) as caught:
        open_sink(uri, stream_info())
    assert message in str(caught.value)
    assert "secret" not in str(caught.value)


def test_without_paho_it_says_what_to_install(monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "paho.mqtt.client", None)
    with pytest.raises(SourceError, match=r"needs paho-mqtt 2.2 or later; pip install 'haredge\[mqtt\]'"):
        open_sink("mqtt://broker/home", stream_info())


def test_paho_is_imported_only_for_this_sink() -> None:
    script = (
        "import sys; from har_runtime.cli.stream import main; "
        "main(['--source', 'simulated:?seconds=3&speed=max']); sys.exit('paho' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], timeout=DEADLINE_S, check=False).returncode == 0
