"""What `har-stream` costs with a live sensor: share of a core and memory, at 100 Hz over a serial port.

    python -m har_bench.stream.stream_cost --model waist --out benchmarks/results/stream_cost.json

The sensor is `har-stream simulate` in a process of its own: a WitMotion on a pseudo-terminal.
"""

import argparse
import itertools
import json
import subprocess
import sys
import time
from typing import Any

from har_bench.measure.process import cpu_seconds, peak_memory_bytes
from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_runtime.contract import HOP, HOP_S, SAMPLE_RATE_HZ
from har_runtime.errors import SourceError
from har_runtime.model.load import load_model

RATE_HZ = 100
SECONDS = 60
SETTLED = 4
"""Answers after which the libraries are loaded and the port is set up."""
HAR_STREAM = [sys.executable, "-m", "har_runtime"]


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("stream.stream_cost", "Measure har-stream on a live sensor at 100 Hz.", "out", "model")
    parser.add_argument("--seconds", type=int, default=SECONDS, help=f"how long (default: {SECONDS})")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    result = measure(options.seconds, options.model)
    write_and_print(options.out, result)
    return 0


def measure(seconds: int, model: str) -> dict[str, Any]:
    """Measure for `seconds`, without the start.

    Args:
        model: a pretrained name or a path.

    Raises:
        ModelError: the model cannot be loaded.
        SourceError: the sensor or har-stream did not start, or ended early.
    """
    name = load_model(model).card.name  # Or har-stream would end without saying why.
    with _started([*HAR_STREAM, "simulate", "--pty", "--format", "witmotion", "--rate", str(RATE_HZ)]) as sensor:
        try:
            path = _line(sensor).strip()
            source = f"serial:{path}?format=witmotion&rate={RATE_HZ}"
            with _started([*HAR_STREAM, "--model", model, "--source", source, "--sink", "jsonl:-"]) as stream:
                try:
                    return {"model": name, **_measure_running(stream, seconds)}
                finally:
                    stream.terminate()
        finally:
            sensor.terminate()


def _measure_running(stream: "subprocess.Popen[str]", seconds: int) -> dict[str, Any]:
    for _ in range(SETTLED):
        _line(stream)
    begin_s, begin_cpu_s = time.monotonic(), cpu_seconds(stream.pid)
    starts = [json.loads(_line(stream))["start_s"] for _ in range(seconds * SAMPLE_RATE_HZ // HOP)]
    took_s = time.monotonic() - begin_s
    used_s = cpu_seconds(stream.pid) - begin_cpu_s
    steps = {round(after - before, 6) for before, after in itertools.pairwise(starts)}
    return {
        "rate_hz": RATE_HZ,
        "seconds": took_s,
        "answers": len(starts),
        "without_a_gap": steps <= {HOP_S},
        "cpu_seconds": used_s,
        "share_of_a_core": used_s / took_s,
        "peak_memory_bytes": peak_memory_bytes(stream.pid),
    }


def _started(command: list[str]) -> "subprocess.Popen[str]":
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


def _line(process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    if not line:
        raise SourceError("the simulated sensor or har-stream ended early; run both by hand to see why")
    return line


if __name__ == "__main__":
    sys.exit(main())
