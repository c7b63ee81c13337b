"""What the fuzzers have in common: damaged bytes, what is counted, and the script around it."""

import argparse
import json
import random
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Protocol, TypeVar

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from har_bench.results import write_result
from har_bench.script import run_script, script_parser
from har_runtime.cli.common import whole_number

FAULTS_KEPT = 10
Kind = TypeVar("Kind", contravariant=True)
"""What gets the inputs."""


@dataclass
class Result:
    """What came of the inputs of one kind."""

    inputs: int = 0
    input_bytes: int = 0
    refused: int = 0
    """Inputs answered with a HarError."""
    fault_count: int = 0
    faults: list[dict[str, str | int]] = field(default_factory=list)
    """The first faults: number of the input, input in hex, error."""
    slowest_ms: float = 0.0
    growth_mb: float = 0.0
    """Growth of the process's peak memory after a warm-up."""
    seconds: float = 0.0

    def fault(self, number: int, data: bytes, what: str) -> None:
        self.fault_count += 1
        if len(self.faults) < FAULTS_KEPT:
            self.faults.append({"input": number, "data": data.hex(), "error": what})


class Fuzz(Protocol[Kind]):
    """Gives inputs to something."""

    def __call__(self, kind: Kind, inputs: int, seed: int, advance: Callable[[int], None], /) -> Result:
        """Give it `inputs` of them, and call `advance` now and then with how many more are done."""
        ...


def damaged(examples: tuple[bytes, ...], rng: random.Random) -> bytes:
    """An input: random bytes in one case of four, otherwise a valid input with some damage."""
    if rng.random() < 0.25:
        return rng.randbytes(rng.randint(0, 120))
    data = bytearray(rng.choice(examples))
    for _ in range(rng.randint(0, 6)):
        a, b = sorted((rng.randint(0, len(data)), rng.randint(0, len(data))))
        kind = rng.randrange(6)
        if kind == 0 and a < len(data):
            data[a] ^= 1 << rng.randrange(8)
        elif kind == 1:
            del data[a:b]
        elif kind == 2:
            data[a:a] = rng.randbytes(rng.randint(1, 8))
        elif kind == 3:
            data[b:b] = data[a:b]
        elif kind == 4:
            data = data[a:] + data[:a]
        else:
            data[a:b] = rng.choice(examples)[a:b]
    return bytes(data)


def fuzz_script(
    name: str, about: str, noun: str, kinds: Mapping[str, Kind], fuzz: Fuzz[Kind], arguments: list[str] | None
) -> int:
    """Run the script `har_bench.NAME`; returns 1 if there were faults.

    Args:
        noun: what `kinds` are, for options and result.
        kinds: what gets the inputs.
    """
    parser = script_parser(name, about)
    parser.add_argument("--inputs", type=whole_number(1), default=10_000, help=f"for each {noun} (default: 10000)")
    parser.add_argument("--seed", type=whole_number(0), default=0)
    parser.add_argument(
        f"--{noun}", dest="chosen", action="append", choices=list(kinds), help=f"only this {noun}; may be repeated"
    )
    parser.add_argument("--out", type=Path, help="JSON to write")

    def run(options: argparse.Namespace) -> int:
        results: dict[str, Result] = {}
        columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn()
        with Progress(*columns, console=Console(stderr=True)) as progress:
            for each in options.chosen or kinds:
                task = progress.add_task(each, total=options.inputs)
                results[each] = fuzz(
                    kinds[each], options.inputs, options.seed, lambda done, task=task: progress.advance(task, done)
                )
        found = {each: asdict(result) for each, result in results.items()}
        report = {"inputs": options.inputs, "seed": options.seed, f"{noun}s": found}
        if options.out:
            write_result(options.out, report)
        print(json.dumps(report, indent=1, allow_nan=False))
        return int(any(result.fault_count for result in results.values()))

    return run_script(parser, arguments, run)
