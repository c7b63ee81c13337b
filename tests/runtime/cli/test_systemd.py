"""The messages to systemd at a real notification socket: ready, alive, status, stopping; and the clean end."""

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from har_runtime.cli.interrupt import Interruptible, Terminated
from har_runtime.cli.systemd import Service
from har_runtime.errors import SourceError
from har_runtime.sources.serial_port.virtual_sensor import Pty, make_virtual_sensor, serve

HAR_STREAM = [sys.executable, "-m", "har_runtime"]
DEADLINE_S = 60


class Manager:
    """systemd's end of the socket."""

    def __init__(self, name: str):
        self.name = name
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(f"\0{name[1:]}" if name.startswith("@") else name)
        self.received: list[str] = []

    def wait_for(self, beginning: str, times: int = 1, deadline_s: float = DEADLINE_S) -> str:
        """Wait for a message with this beginning until it has come `times` times; return it.

        Raises:
            TimeoutError: it has not come by the deadline.
        """
        end = time.monotonic() + deadline_s
        while True:
            self._socket.settimeout(max(0.01, end - time.monotonic()))
            message = self._socket.recv(4096).decode()
            self.received.append(message)
            times -= message.startswith(beginning)
            if times == 0:
                return message

    def rest(self) -> None:
        """Read the messages that nobody waited for."""
        self._socket.setblocking(False)
        try:
            while True:
                self.received.append(self._socket.recv(4096).decode())
        except BlockingIOError:
            return

    def close(self) -> None:
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def any_manager(request, tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(str(tmp_path / "notify") if request.param == "path" else f"@{tmp_path}/notify")
    yield manager
    manager.close()


@pytest.fixture
def manager(tmp_path: Path) -> Iterator[Manager]:
    manager = Manager(str(tmp_path / "notify"))
    yield manager
    manager.close()


@contextmanager
def started(manager: Manager, *arguments: str, watchdog_s: float | None = None) -> Iterator[subprocess.Popen[str]]:
    """har-stream as systemd starts it."""
    environment = {**os.environ, "NOTIFY_SOCKET": manager.name}
    if watchdog_s is not None:
        environment["WATCHDOG_USEC"] = str(round(watchdog_s * 1e6))
    with subprocess.Popen([*HAR_STREAM, *arguments], stderr=subprocess.PIPE, text=True, env=environment) as process:
        try:
            yield process
        finally:
            process.kill()


@contextmanager
def plugged(link: Path) -> Iterator[None]:
    """A virtual WitMotion under the link, until the block ends."""
    pty, pulled = Pty(link), threading.Event()

    def ticks() -> Iterator[float]:
        start = time.monotonic()
        while not pulled.wait(0.02):
            yield 10 * (time.monotonic() - start)

    def run() -> None:
        for _ in serve(pty, make_virtual_sensor("witmotion"), ticks()):
            pass
        pty.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        pulled.set()
        thread.join()


def test_a_service_reports_ready_with_its_sinks_open_then_its_activity_and_that_it_stops(
    any_manager: Manager, tmp_path: Path
) -> None:
    log = tmp_path / "day.jsonl"
    with started(any_manager, "--source", "simulated:?speed=4", "--sink", f"jsonl:{log}") as process:
        any_manager.wait_for("READY=1")
        assert log.exists()
        assert any_manager.wait_for("STATUS=").startswith("STATUS=still since ")
        any_manager.wait_for("STATUS=walking")
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
    any_manager.rest()
    assert any_manager.received[0] == "READY=1"
    assert any_manager.received[-1] == "STOPPING=1"
    assert any_manager.received.count("READY=1") == any_manager.received.count("STOPPING=1") == 1


def test_after_sigterm_it_ends_with_code_0_and_whole_lines(manager: Manager, tmp_path: Path) -> None:
    log = tmp_path / "day.jsonl"
    with started(manager, "--source", "simulated:?speed=50", "--sink", f"jsonl:{log}") as process:
        manager.wait_for("STATUS=walking")
        process.send_signal(signal.SIGTERM)
        assert process.wait(DEADLINE_S) == 0
        assert process.stderr is not None
        error = process.stderr.read()
    text = log.read_text()
    assert text.endswith("\n")
    rows = [json.loads(line) for line in text.splitlines()]
    assert f"{len(rows)} windows of simulated wearer" in error


def test_after_sigterm_while_it_listens_to_a_silent_port_it_ends_with_code_0(tmp_path: Path, manager: Manager) -> None:
    pty = Pty(tmp_path / "imu")
    try:
        with started(manager, "--source", f"serial:{pty.path}", "--log-level", "info") as process:
            assert process.stderr is not None
            assert "model anywhere" in process.stderr.readline()
            end = time.monotonic() + DEADLINE_S
            while not pty.connected() and time.monotonic() < end:
                time.sleep(0.01)
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE_S) == 0
            assert process.stderr.read() == "har-stream: stopped\n"
    finally:
        pty.close()


@pytest.mark.slow
def test_an_unplugged_sensor_is_not_a_hang_and_the_watchdog_stays_fed(manager: Manager, tmp_path: Path) -> None:
    link = tmp_path / "imu"
    arguments = ("--source", f"serial:{link}", "--sink", "jsonl:/dev/null", "--log-level", "info")
    with plugged(link):
        process_and_end = started(manager, *arguments, watchdog_s=0.2)
        process = process_and_end.__enter__()
        manager.wait_for("STATUS=")
    try:
        assert process.stderr is not None
        while "waiting until it is plugged in again" not in process.stderr.readline():
            assert process.poll() is None
        manager.rest()
        manager.wait_for("WATCHDOG=1", times=10)
        with plugged(link):
            while "it is back" not in process.stderr.readline():
                assert process.poll() is None
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE_S) == 0
    finally:
        process_and_end.__exit__(None, None, None)


@pytest.mark.slow
def test_a_dead_sensor_is_unavailable_with_one_line_and_back_with_one(manager: Manager, tmp_path: Path) -> None:
    link, arguments = tmp_path / "imu", ("--source", f"serial:{tmp_path / 'imu'}", "--sink", "jsonl:/dev/null")
    with ExitStack() as stack:
        with plugged(link):
            process = stack.enter_context(started(manager, *arguments))
            manager.wait_for("STATUS=still")
        manager.wait_for("STATUS=unavailable since ")
        with plugged(link):
            manager.wait_for("STATUS=still")
            process.send_signal(signal.SIGTERM)
            assert process.wait(DEADLINE_S) == 0
        assert process.stderr is not None
        lines = process.stderr.read().splitlines()
    assert len([line for line in lines if "no answer for 4.5 s, so the activity is unavailable" in line]) == 1
    assert len([line for line in lines if "answers come again" in line]) == 1


def test_without_a_watchdog_there_are_no_watchdog_messages(manager: Manager) -> None:
    with started(manager, "--source", "simulated:?speed=4&seconds=4", "--sink", "jsonl:/dev/null") as process:
        assert process.wait(DEADLINE_S) == 0
    manager.rest()
    assert manager.received[0] == "READY=1"
    assert not any(message.startswith("WATCHDOG") for message in manager.received)


def test_a_watchdog_of_another_process_is_not_ours(manager: Manager, monkeypatch) -> None:
    monkeypatch.setenv("NOTIFY_SOCKET", manager.name)
    monkeypatch.setenv("WATCHDOG_USEC", "20000")
    monkeypatch.setenv("WATCHDOG_PID", "1")
    service = Service.from_environment()
    assert list(service.watched(pause(manager, 0.1))) == [1]
    service.close()
    manager.rest()
    assert manager.received == ["READY=1", "STOPPING=1"]


def pause(manager: Manager, seconds: float) -> Iterator[int]:
    """A source that is silent for a while before its only item."""
    time.sleep(seconds)
    yield 1


@pytest.fixture
def fast(manager: Manager) -> Iterator[Service]:
    """A service with a watchdog of a twentieth of a second."""
    service = Service(manager.name, 0.05)
    yield service
    service.close()


def test_a_silent_source_is_alive(fast: Service, manager: Manager) -> None:
    waiting = fast.watched(endless(lambda: manager.wait_for("WATCHDOG=1", times=5)))
    next(waiting)


def test_work_on_one_item_that_never_ends_starves_the_watchdog(fast: Service, manager: Manager) -> None:
    items = fast.watched(endless(lambda: None))
    next(items)  # From here on an item is being worked on.
    with pytest.raises(TimeoutError):
        manager.wait_for("WATCHDOG=1", times=20, deadline_s=2.0)
    assert manager.received.count("WATCHDOG=1") <= 3
    next(items)
    next(items)
    manager.wait_for("WATCHDOG=1", times=1)


def test_once_closed_the_timer_is_gone(fast: Service, manager: Manager) -> None:
    next(fast.watched(endless(lambda: None)))
    fast.close()
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) == signal.SIG_DFL


def endless(wait: Callable[[], object]) -> Iterator[int]:
    """Items, each of which is waited for first."""
    while True:
        wait()
        yield 0


def test_a_missing_manager_stops_nothing_and_is_reported_once(tmp_path: Path) -> None:
    manager = Manager(str(tmp_path / "notify"))
    manager.close()
    arguments = ("--source", "simulated:?speed=max&seconds=20", "--sink", "jsonl:/dev/null")
    with started(manager, *arguments, watchdog_s=0.02) as process:
        assert process.stderr is not None
        assert process.stderr.read().count("cannot reach systemd") == 1
        assert process.wait(DEADLINE_S) == 0


def test_a_service_that_never_was_ready_does_not_report_that_it_stops(manager: Manager) -> None:
    with started(manager, "--source", "replay:absent.csv") as process:
        assert process.wait(DEADLINE_S) == 2
    manager.rest()
    assert manager.received == []


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_interrupts_what_comes_before_the_first_item(number: signal.Signals, error: type) -> None:
    with Interruptible(), pytest.raises(KeyboardInterrupt) as raised:
        os.kill(os.getpid(), number)
        raise SourceError("not reached")
    assert raised.type is error


@pytest.mark.parametrize(("number", "error"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, Terminated)])
def test_a_signal_lets_the_work_on_an_item_finish(number: signal.Signals, error: type) -> None:
    done: list[int] = []
    with pytest.raises(KeyboardInterrupt) as raised, Interruptible() as interruptible:
        for item in interruptible.items(range(5)):
            if item == 2:
                os.kill(os.getpid(), number)
            done.append(item)
        done.append(-1)  # Flushed.
        interruptible.raise_if_interrupted()
    assert done == [0, 1, 2, -1]
    assert raised.type is error
