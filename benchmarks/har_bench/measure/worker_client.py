"""Starts `worker` processes and talks to them: each runs one model in one runtime and is idle until it is asked."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from har_bench.measure.process import cpu_seconds, peak_memory_bytes
from har_bench.measure.runtimes import RUNTIMES
from har_runtime.errors import HarError, ModelError


@dataclass(frozen=True)
class Task:
    """What a worker runs."""

    runtime: str
    """A key of `RUNTIMES`."""
    path: Path
    threads: int


class Worker:
    """A running worker; a context manager.

    Args:
        task: what it runs; None for a process without a model.
        python: the command that runs Python, for tools that run other programs.
        environment: variables besides those of this process.

    Raises:
        ModelError: the runtime cannot load the model.
        HarError: the process died.
    """

    def __init__(
        self,
        task: Task | None = None,
        python: Sequence[str] = (sys.executable,),
        environment: Mapping[str, str] | None = None,
    ):
        self._name = f"{task.path.name} in {RUNTIMES[task.runtime].name}" if task else "an empty process"
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by __exit__.
        arguments = [task.runtime, str(task.path), str(task.threads)] if task else []
        self._process = subprocess.Popen(
            [*python, "-m", "har_bench.measure.worker", *arguments],
            env={**os.environ, **(environment or {})},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        try:
            self.loaded = self.answer()
            """Seconds to import the runtime and to load the model, and TFLM's arena."""
            if "error" in self.loaded:
                raise ModelError(f"{self._name}: cannot be run ({self.loaded['error']})")
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self) -> "Worker":
        return self

    def __exit__(self, *error: object) -> None:
        self._process.kill()
        self._process.communicate()
        self._log.close()

    @property
    def pid(self) -> int:
        """The number of the process, or of the tool that runs it."""
        return self._process.pid

    def ask(self, **question: int) -> dict[str, Any]:
        """Run windows=N, timing each; or loop=N, invoke=N or marked=N, see `worker`."""
        self.send(**question)
        return self.answer()

    def send(self, **question: int) -> None:
        """Ask without waiting for the answer."""
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(question, allow_nan=False) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # `answer` says why.

    @property
    def memory_bytes(self) -> int:
        """Resident memory of the process."""
        return psutil.Process(self._process.pid).memory_info().rss

    @property
    def peak_memory_bytes(self) -> int:
        """Highest resident memory of the process so far."""
        return peak_memory_bytes(self._process.pid)

    @property
    def cpu_seconds(self) -> float:
        """Processor time that the process has used so far, all its threads together."""
        return cpu_seconds(self._process.pid)

    def answer(self) -> dict[str, Any]:
        """Wait for the answer to what was sent."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if line:
            return json.loads(line)
        code = self._process.wait()
        self._log.seek(0)
        last = self._log.read()[-2000:].decode(errors="replace").strip().splitlines()[-1:]
        raise HarError(f"{self._name}: its process ended with {code} ({' '.join(last)})")
