"""What har-stream needs to run with every sink on: a broker, a port for the page and a terminal."""

import os
import shutil
import socket
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import TracebackType
from typing import IO

from har_runtime.errors import SourceError

BROKER_PATH = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin"
START_S = 30.0
"""For a broker to listen."""
SCREEN = (40, 120)
"""Rows and columns."""


class Broker:
    """A mosquitto on a free port of this computer, which can be killed and started again.

    Raises:
        SourceError: mosquitto is not installed, or does not listen.
    """

    def __init__(self, folder: Path):
        mosquitto = shutil.which("mosquitto", path=BROKER_PATH)
        if mosquitto is None:
            raise SourceError("mosquitto is not installed; apt install mosquitto")
        self.port = free_port()
        config = folder / "mosquitto.conf"
        config.write_text(f"listener {self.port} 127.0.0.1\nallow_anonymous true\n")
        self._command = [mosquitto, "-c", str(config)]
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Broker":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()

    def start(self) -> None:
        """Start it and wait until it listens."""
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdout=quiet, stderr=quiet)
        end_s = time.monotonic() + START_S
        while not is_listening(self.port):
            if self._process.poll() is not None or time.monotonic() > end_s:
                raise SourceError("mosquitto does not listen; run it by hand to see why")
            time.sleep(0.05)

    def kill(self) -> None:
        """Kill it: it loses its connections and what it holds."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None


@contextmanager
def stream_on_terminal(
    source: str, sinks: list[str], *options: str, stdout: int | IO[bytes] = subprocess.DEVNULL
) -> Iterator[tuple["subprocess.Popen[bytes]", int]]:
    """har-stream on a terminal of its own, and the end of it from which the screen is read."""
    leader, follower = os.openpty()
    termios.tcsetwinsize(follower, SCREEN)
    os.set_blocking(leader, False)
    command = [sys.executable, "-m", "har_runtime", "run", "--source", source, *options]
    command += [argument for uri in sinks for argument in ("--sink", uri)]
    environment = {**os.environ, "TERM": "xterm-256color"}
    try:
        with subprocess.Popen(command, stdout=stdout, stderr=follower, env=environment) as stream:
            os.close(follower)
            try:
                yield stream, leader
            finally:
                stream.kill()
    finally:
        os.close(leader)


def read_screen(leader: int) -> bytes:
    """What was drawn since the last call."""
    try:
        return os.read(leader, 1 << 16)
    except OSError:  # Nothing was written, or har-stream has ended.
        return b""


def is_listening(port: int) -> bool:
    """Whether a server takes connections on a port of this computer."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """A port of this computer on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]
