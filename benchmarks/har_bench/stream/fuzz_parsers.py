"""Random and damaged inputs through the parsers of everything that comes from outside.

    python -m har_bench.stream.fuzz_parsers --inputs 10000000 --seed 0 [--parser NAME]... [--out F]

An input is random bytes, or some valid ones with bits flipped and pieces cut out, doubled or swapped. A parser may
refuse one in words (HarError); any other exception, a buffer beyond its bound, or memory that grows is a fault. Faults
are printed and reported with the input that showed them, and the exit code is 1.
"""

import argparse
import json
import os
import random
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol

import numpy as np
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from har_bench.measure.process import peak_memory_bytes
from har_bench.results import write_result
from har_runtime.cli.common import run_command
from har_runtime.errors import HarError
from har_runtime.sources.phyphox.message import SENSORS, Buffers, Experiment, parse_config, parse_get
from har_runtime.sources.sensorlogger.message import parse_message
from har_runtime.sources.serial_port.text_lines import MAX_LINE_BYTES, TextLines
from har_runtime.sources.serial_port.witmotion import FRAME_BYTES, WitmotionParser, encode_samples

INPUTS_A_PARSER = 1000
"""Inputs one parser with a memory of its own is fed before a fresh one takes over."""
MOST_GROWTH_MB = 32.0
FAULTS_KEPT = 10
WARM_UP = 0.01
"""Share of the inputs before memory is measured."""


class Stream(Protocol):
    """A parser that is fed pieces."""

    held_bytes: int

    def push(self, data: bytes) -> object:
        """Take a piece."""
        ...


Fed = Callable[[bytes, random.Random], None]
"""Takes one input."""


@dataclass(frozen=True)
class Subject:
    """A parser to try."""

    make: Callable[[], Fed]
    examples: tuple[bytes, ...]
    """Valid inputs, to be damaged."""


def whole(parse: Callable[[bytes], object]) -> Callable[[], Fed]:
    """A parser that is given an input whole, and remembers nothing."""
    return lambda: lambda data, _: (parse(data), None)[1]


def pieces(kind: Callable[[], object], most_held: int) -> Callable[[], Fed]:
    """A parser with `push` and `held_bytes`, given an input in pieces."""

    def make() -> Fed:
        parser: Stream = kind()  # pyright: ignore[reportAssignmentType] - held_bytes is a property there.

        def push(data: bytes, rng: random.Random) -> None:
            while data:
                cut = rng.randint(1, len(data))
                parser.push(data[:cut])
                data = data[cut:]
                if parser.held_bytes > most_held:
                    raise AssertionError(f"{parser.held_bytes} bytes kept, at most {most_held} are needed")

        return push

    return make


LINES = (
    b"time_ms,ax,ay,az,gx,gy,gz\r\n" + b"".join(b"%d,0.01,-0.02,0.98,1.5,-2.5,0.25\r\n" % (20 * i) for i in range(25)),
    b"rtcDate,rtcTime,aX,aY,aZ,gX,gY,gZ,imu_degC,output_Hz,\r\n11/20/2026,09:14:37.41,12.7,-3.9,998,0.5,1,0,28,99.5,\r\n",
    b"5000, 0.01, -0.02, 0.98, 1.5, -2.5, 0.25, 21.5, -3.1, 40.0\r\n" * 3,
    b"ax:0.1,ay:0.2,az:9.7,gx:0.01,gy:0,gz:-0.02\nIMU: 0.1\t0.2\t9.7\t0.01\t0\t-0.02\n",
)
FRAMES = (
    encode_samples(np.tile([0.5, -1.0, 9.7], (4, 1)), np.tile([0.1, 0.0, -3.0], (4, 1)), np.arange(4) * 20),
    encode_samples(np.tile([0.5, -1.0, 9.7], (4, 1)), np.tile([0.1, 0.0, -3.0], (4, 1))),
)
PUSH = json.dumps(
    {
        "messageId": 7,
        "sessionId": "a",
        "deviceId": "b",
        "payload": [
            {
                "name": name,
                "time": 1_698_501_144_000_000_000 + 20_000_000 * i,
                "values": {"x": 0.1, "y": -0.2, "z": 9.7},
            }
            for i in range(4)
            for name in ("accelerometer", "gravity", "gyroscope", "totalacceleration")
        ],
    }
).encode()
EXPERIMENT = Experiment("fuzzed", {sensor: Buffers("t", "x", "y", "z") for sensor in SENSORS})
ANSWER = json.dumps(
    {
        "buffer": {name: {"size": 0, "updateMode": "partial", "buffer": [0.1, 0.12, 0.14]} for name in "txyz"},
        "status": {"session": "abc", "measuring": True, "timedRun": False, "countDown": 0},
    }
).encode()
CONFIG = json.dumps(
    {
        "title": "Fuzzed",
        "inputs": [
            {"source": source, "outputs": [{"x": "x"}, {"y": "y"}, {"z": "z"}, {"t": "t"}]}
            for source in ("accelerometer", "linear_acceleration", "gyroscope")
        ],
    }
).encode()
PARSERS: dict[str, Subject] = {
    "text-lines": Subject(pieces(TextLines, MAX_LINE_BYTES), LINES),
    "witmotion": Subject(pieces(WitmotionParser, 3 * FRAME_BYTES - 1), FRAMES),
    "sensorlogger": Subject(whole(parse_message), (PUSH,)),
    "phyphox": Subject(whole(lambda body: parse_get(body, EXPERIMENT)), (ANSWER,)),
    "phyphox-config": Subject(whole(parse_config), (CONFIG,)),
}


@dataclass
class Result:
    """What became of a parser's inputs."""

    inputs: int = 0
    input_bytes: int = 0
    refused: int = 0
    """Answered with a HarError."""
    fault_count: int = 0
    faults: list[dict[str, str | int]] = field(default_factory=list)
    """The first ones: number of the input, input in hex, error."""
    slowest_ms: float = 0.0
    growth_mb: float = 0.0
    """Of the process's peak memory, after a warm-up."""
    seconds: float = 0.0

    def fault(self, number: int, data: bytes, what: str) -> None:
        self.fault_count += 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append({"input": number, "data": data.hex(), "error": what})


def fuzz(subject: Subject, inputs: int, seed: int, advance: Callable[[int], None] = lambda _: None) -> Result:
    """Try a parser; the same seed makes the same inputs.

    Args:
        subject: the parser.
        inputs: how many.
        seed: of everything that is random.
        advance: told from time to time how many more inputs are done.
    """
    rng = random.Random(seed)
    result = Result()
    begin = time.perf_counter()
    parse = subject.make()
    peak_mb = _peak_mb()
    for number in range(inputs):
        if number % INPUTS_A_PARSER == 0:
            parse = subject.make()
            advance(min(INPUTS_A_PARSER, inputs - number))
        if number <= WARM_UP * inputs:
            peak_mb = _peak_mb()
        data = damaged(subject.examples, rng)
        started = time.perf_counter()
        try:
            parse(data, rng)
        except HarError:
            result.refused += 1
        except Exception as error:  # Whatever it is, it is what is looked for.
            result.fault(number, data, f"{type(error).__name__}: {error}")
            parse = subject.make()
        result.slowest_ms = max(result.slowest_ms, 1000 * (time.perf_counter() - started))
        result.inputs += 1
        result.input_bytes += len(data)
    result.growth_mb = round(_peak_mb() - peak_mb, 2)
    if result.growth_mb > MOST_GROWTH_MB:
        result.fault(inputs, b"", f"memory grew by {result.growth_mb} MB")
    result.slowest_ms = round(result.slowest_ms, 2)
    result.seconds = round(time.perf_counter() - begin, 1)
    return result


def damaged(examples: tuple[bytes, ...], rng: random.Random) -> bytes:
    """An input: random bytes, one time in four, or a valid one that has been through something."""
    if rng.random() < 0.25:
        return rng.randbytes(rng.randint(0, 120))
    data = bytearray(rng.choice(examples))
    for _ in range(rng.randint(0, 6)):
        a, b = sorted((rng.randint(0, len(data)), rng.randint(0, len(data))))
        turn = rng.randrange(6)
        if turn == 0 and a < len(data):
            data[a] ^= 1 << rng.randrange(8)
        elif turn == 1:
            del data[a:b]
        elif turn == 2:
            data[a:a] = rng.randbytes(rng.randint(1, 8))
        elif turn == 3:
            data[b:b] = data[a:b]
        elif turn == 4:
            data = data[a:] + data[:a]
        else:
            data[a:b] = rng.choice(examples)[a:b]
    return bytes(data)


def _peak_mb() -> float:
    return peak_memory_bytes(os.getpid()) / 2**20


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m har_bench.stream.fuzz_parsers", description="Random and damaged inputs through the parsers."
    )
    parser.add_argument("--inputs", type=int, default=10_000, help="for each parser (default: 10000)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--parser", action="append", choices=list(PARSERS), help="these only; may be given several times"
    )
    parser.add_argument("--out", type=Path, help="JSON to write")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(run=_run)
    return run_command(parser, arguments)


def _run(options: argparse.Namespace) -> int:
    results: dict[str, Result] = {}
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
    with Progress(*columns, console=Console(stderr=True)) as progress:
        for name in options.parser or PARSERS:
            task = progress.add_task(name, total=options.inputs)
            results[name] = fuzz(
                PARSERS[name], options.inputs, options.seed, lambda done, task=task: progress.advance(task, done)
            )
    report = {
        "inputs": options.inputs,
        "seed": options.seed,
        "parsers": {name: asdict(result) for name, result in results.items()},
    }
    if options.out:
        write_result(options.out, report)
    print(json.dumps(report, indent=1))
    return 1 if any(result.fault_count for result in results.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
