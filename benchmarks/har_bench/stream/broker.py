"""A real MQTT broker, mosquitto, that can be killed and started again."""

import shutil
import subprocess
import time
from pathlib import Path

from har_bench.stream.ports import free_port, is_listening
from har_runtime.errors import SourceError

BROKER_PATH = "/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin:/opt/homebrew/sbin"
START_S = 30.0
"""For a broker to listen."""


class Broker:
    """mosquitto on a free port of this computer; a kill loses everything that it holds.

    Args:
        folder: for its configuration and its log.
        settings: further lines of its configuration.

    Raises:
        SourceError: it is not installed, or does not listen.
    """

    def __init__(self, folder: Path, *settings: str):
        mosquitto = shutil.which("mosquitto", path=BROKER_PATH)
        if mosquitto is None:
            raise SourceError("mosquitto is not installed; apt install mosquitto")
        self.port = free_port()
        anonymous = [] if any(line.startswith("password_file") for line in settings) else ["allow_anonymous true"]
        lines = [
            f"listener {self.port} 127.0.0.1",
            *settings,
            *anonymous,
            # Otherwise root would become the user mosquitto, who cannot read a temporary folder.
            "user root",
        ]
        config = folder / "mosquitto.conf"
        config.write_text("\n".join(lines) + "\n")
        self._command = [mosquitto, "-c", str(config)]
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
            self._process = subprocess.Popen(self._command, stdout=log, stderr=log)
        end_s = time.monotonic() + START_S
        while not is_listening(self.port):
            if self._process.poll() is not None or time.monotonic() > end_s:
                raise SourceError(f"mosquitto does not listen: {self._log.read_text().strip()}")
            time.sleep(0.01)

    def kill(self) -> None:
        """Kill it with SIGKILL."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
