"""How fast the runtime is on this machine: replay, first prediction, import.

python -m har_bench.stream.runtime_speed --out benchmarks/results/runtime_speed.json
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_runtime.cli.common import data_folder
from har_runtime.model.load import load_model
from har_runtime.recognizer import Recognizer
from har_runtime.sources.replay.source import Replay
from har_runtime.stream import run_stream
from har_train.data.cli import write_replay
from har_train.datasets import load

REPEATS = 7
FORBIDDEN = ("torch", "tensorflow", "scipy", "pandas")


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("stream.runtime_speed", "Time replay, first prediction and import.", "out", "data")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    result = {"replay": _replay(data_folder(options.data)), "demo": _demo(), "import": _import_time()}
    write_and_print(options.out, result)
    return 0


def _replay(data: Path) -> dict[str, Any]:
    """Speed of replaying a whole recording from its CSV with the model loaded; median of REPEATS."""
    model = load_model("waist")
    recording = next(entry for entry in load("hapt", data) if entry.user in model.card.training.never_seen)
    seconds = float(recording.times_ns[-1] - recording.times_ns[0]) / 1e9
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "recording.csv"
        write_replay(recording, path)
        took: list[float] = []
        for _ in range(REPEATS):
            begin = time.perf_counter()
            run_stream(Recognizer(model), Replay(path, speed=float("inf")), [])
            took.append(time.perf_counter() - begin)
    return {
        "recording": recording.name,
        "seconds": seconds,
        "took_seconds": statistics.median(took),
        "times_real_time": seconds / statistics.median(took),
    }


def _demo() -> dict[str, float]:
    """Seconds from the start of `har-stream --demo` to its first answer and to its end."""
    begin = time.perf_counter()
    command = [sys.executable, "-m", "har_runtime", "--demo", "--sink", "jsonl:-"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
        assert process.stdout is not None
        process.stdout.readline()
        first = time.perf_counter() - begin
        process.stdout.read()
    return {"first_prediction_seconds": first, "whole_seconds": time.perf_counter() - begin}


def _import_time() -> dict[str, Any]:
    """`python -X importtime -c "import har_runtime"`: cumulative seconds, median of REPEATS."""
    took: list[float] = []
    output = ""
    for _ in range(REPEATS):
        command = [sys.executable, "-X", "importtime", "-c", "import har_runtime"]
        output = subprocess.run(command, capture_output=True, text=True, check=True).stderr
        line = next(line for line in output.splitlines() if line.endswith("| har_runtime"))
        took.append(int(line.split("|")[1]) / 1e6)
    names = {line.rpartition("|")[2].strip().partition(".")[0] for line in output.splitlines()}
    return {"seconds": statistics.median(took), "heavy_libraries": sorted(names & set(FORBIDDEN))}


if __name__ == "__main__":
    sys.exit(main())
