"""How soon an answer is in the file with every sink on, and how much memory that takes.

    python -m har_bench.stream.sink_latency --out benchmarks/results/sink_latency.json

This process drives the sensor, a virtual WitMotion at 100 Hz on a pseudo-terminal, and the terminal on which har-stream
draws; it also starts a mosquitto. No browser opens the page. A window is complete with the last sample that the
resampler needs for it. The delay until its line is in the file is reported from the sending of that sample, and from
the moment when har-stream has read it from the port.
"""

import argparse
import bisect
import fcntl
import json
import os
import struct
import sys
import tempfile
import termios
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import psutil
from numpy.typing import NDArray

from har_bench.measure.process import peak_memory_bytes
from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_bench.stream.broker import Broker
from har_bench.stream.on_terminal import read_screen, stream_on_terminal
from har_bench.stream.ports import free_port
from har_runtime.contract import HOP, SAMPLE_RATE_HZ
from har_runtime.errors import SourceError
from har_runtime.model.load import load_model
from har_runtime.recognizer import Recognizer
from har_runtime.sources.serial_port.virtual_sensor import Pty, SampledWearer, make_virtual_sensor

RATE_HZ = 100
SECONDS = 600
WITHOUT_PAGE_SECONDS = 60
"""Memory settles within a minute."""
SETTLED = 10
"""Answers after which the start-up is over."""
STEP_S = 0.0002
"""How often port and file are checked: the resolution of the measurement."""
DELIVERY_S = 0.002
"""A pseudo-terminal takes up to this long to deliver what was written."""
TIMEOUT_S = 30.0
"""The run fails if no answer comes for this long."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("stream.sink_latency", "Measure how soon answers are in the file with all sinks on.", "out")
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"how long (default: {SECONDS})")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    result = {
        "rate_hz": RATE_HZ,
        "with_page": measure(options.seconds, page=True),
        "without_page": measure(min(options.seconds, WITHOUT_PAGE_SECONDS), page=False),
    }
    write_and_print(options.out, result)
    return 0


def measure(seconds: int, page: bool) -> dict[str, Any]:
    """Run har-stream with a terminal, JSON lines, CSV, MQTT and, if asked for, the page.

    Raises:
        SourceError: mosquitto is not installed, or no answers come.
    """
    wanted = seconds * SAMPLE_RATE_HZ // HOP
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        broker = stack.enter_context(Broker(folder))
        sensor = stack.enter_context(_Sensor())
        log = folder / "day.jsonl"
        source = f"serial:{sensor.path}?format=witmotion&baud=115200&rate={RATE_HZ}"
        sinks = ["terminal:", f"jsonl:{log}", f"csv:{folder / 'day.csv'}", f"mqtt://127.0.0.1:{broker.port}/bench"]
        sinks += [f"live:127.0.0.1:{free_port()}"] if page else []
        stream, screen = stack.enter_context(stream_on_terminal(source, sinks))
        answers = _Answers(log)
        end_s = time.monotonic() + TIMEOUT_S
        drawn = 0
        while len(answers.ends_s) < SETTLED + wanted:
            sensor.step()
            drawn += len(read_screen(screen))
            if answers.check(sensor.now_s()):
                end_s = time.monotonic() + TIMEOUT_S
            if stream.poll() is not None:
                raise SourceError("har-stream ended early; run it by hand to see why")
            if time.monotonic() > end_s:
                raise SourceError(f"no answer from har-stream in {TIMEOUT_S:.0f} s; run it by hand to see why")
            time.sleep(STEP_S)
        complete_s = np.array(answers.ends_s[SETTLED:]) + look_ahead_s()
        seen_s = np.array(answers.seen_s[SETTLED:])
        sent_s, read_s = sensor.times_of(complete_s, seen_s).T
        return {
            "seconds": seconds,
            "answers": len(seen_s),
            "sinks": [uri.partition(":")[0] for uri in sinks],
            "terminal_bytes": drawn,
            "from_port_ms": _percentiles(seen_s - read_s),
            "from_sensor_ms": _percentiles(seen_s - sent_s),
            "memory_bytes": psutil.Process(stream.pid).memory_info().rss,
            "peak_memory_bytes": peak_memory_bytes(stream.pid),
        }


def look_ahead_s() -> float:
    """How much later than a window's end the last sample is that the resampler needs for it, seconds."""
    recognizer = Recognizer(load_model("waist"))
    times, channels = SampledWearer(0, RATE_HZ).samples_until(20.0)
    late = 0.0
    for index, time_s in enumerate(times):
        part = slice(index, index + 1)
        chunk = np.rint(times[part] * 1e9).astype(np.int64), channels[part, :3], channels[part, 3:]
        for answer in recognizer.push(*chunk):
            late = max(late, float(time_s) - answer.prediction.end_s)
    return late


class _Sensor:
    """A WitMotion on a port; records when samples are sent and when they are read, in seconds since its start."""

    def __init__(self) -> None:
        self._pty, self._device = Pty(), make_virtual_sensor("witmotion", RATE_HZ)
        self.path = self._pty.path
        # The other end, open to see how much har-stream has not read yet.
        self._far = os.open(self.path, os.O_RDONLY | os.O_NOCTTY | os.O_NONBLOCK)
        self._begin_s = time.monotonic()
        self._asked = False
        self._unread = 0
        self._sent_s: list[float] = []
        self._read_s: list[float] = []

    def __enter__(self) -> "_Sensor":
        return self

    def __exit__(self, *error: object) -> None:
        os.close(self._far)
        self._pty.close()

    def now_s(self) -> float:
        return time.monotonic() - self._begin_s

    def step(self) -> None:
        """Answer commands, send due samples, and record what was read. Nothing is sent before the first command."""
        now_s = self.now_s()
        command = self._pty.read()
        self._asked = self._asked or bool(command)
        reply, samples = self._device.receive(command), self._device.send_until(now_s)
        if not self._asked:
            return
        self._record_reading()
        if reply or samples:
            self._pty.write(reply + samples)
        if samples:
            self._sent_s.append(now_s)

    def times_of(self, samples_s: NDArray[np.float64], seen_s: NDArray[np.float64]) -> NDArray[np.float64]:
        """When samples were sent and when they were read, shape (n, 2).

        Args:
            samples_s: times of the samples, shape (n,).
            seen_s: when the answers that needed them were seen, shape (n,).
        """
        rows = []
        for sample_s, answer_s in zip(samples_s.tolist(), seen_s.tolist(), strict=True):
            sent_s = self._sent_s[bisect.bisect_left(self._sent_s, sample_s - 1e-6)]
            index = bisect.bisect_left(self._read_s, sent_s)
            after_s, *later_s = self._read_s[index : index + 2]
            # Shortly after sending, the kernel may not have delivered the sample yet: then the next reading got it.
            missed = after_s - sent_s < DELIVERY_S and later_s and later_s[0] < answer_s
            rows.append((sent_s, later_s[0] if missed else after_s))
        return np.array(rows)

    def _record_reading(self) -> None:
        unread = struct.unpack("i", fcntl.ioctl(self._far, termios.FIONREAD, b"\0\0\0\0"))[0]
        if unread < self._unread:
            self._read_s.append(self.now_s())
        self._unread = unread


class _Answers:
    """The lines of a growing file: the end of each window, and when its line was seen."""

    def __init__(self, path: Path):
        self._path = path
        self._size = 0
        self.ends_s: list[float] = []
        self.seen_s: list[float] = []

    def check(self, now_s: float) -> bool:
        """Read new lines; returns whether there was one."""
        try:
            size = self._path.stat().st_size
        except FileNotFoundError:
            return False
        if size == self._size:
            return False
        with self._path.open("rb") as file:
            file.seek(self._size)
            data = file.read(size - self._size)
        # A line that crosses the border of two pages is written page by page.
        data = data[: data.rfind(b"\n") + 1]
        rows = [json.loads(line) for line in data.splitlines()]
        self._size += len(data)
        self.ends_s += [row["end_s"] for row in rows]
        self.seen_s += [now_s] * len(rows)
        return bool(rows)


def _percentiles(times_s: NDArray[np.float64]) -> dict[str, float]:
    p50, p99 = np.percentile(times_s, [50, 99])
    return {"p50": 1000 * float(p50), "p99": 1000 * float(p99), "max": 1000 * float(times_s.max())}


if __name__ == "__main__":
    sys.exit(main())
