"""Damages models at random, and loads and runs each in a process of its own.

    python -m har_bench.stream.damaged_models --mutations 10000 --seed 0 --out benchmarks/results/damaged_models.json

A damaged model may be refused with a ModelError, or run and give probabilities: a weight that has changed is a weight.
Anything else is a fault: an exception of another kind, or the end of the process by a signal. The exit code is 1 then.
"""

import argparse
import enum
import os
import random
import signal
import sys
import tempfile
from collections import Counter
from importlib.resources import files
from pathlib import Path

import numpy as np

from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_runtime.cli.common import whole_number
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import ModelError
from har_runtime.model.flatbuffer_reader import FlatbufferReader
from har_runtime.model.load import load_model, pretrained_names

LIMIT_S = 30
"""For one model."""
WINDOWS = 4
FAULTS_KEPT = 10
EDGES = (0, 1, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF)
"""Numbers that are written over others."""


class Outcome(enum.IntEnum):
    """What became of a damaged model; the exit code of its process."""

    RUNS = 0
    REFUSED = 1
    FAULT = 2


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("stream.damaged_models", "Load and run damaged models.", "out")
    parser.add_argument(
        "--mutations", type=whole_number(1), default=10_000, help="of each model (default: %(default)s)"
    )
    parser.add_argument("--seed", type=whole_number(0), default=0)
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    rows = [row_of(name, options.mutations, options.seed) for name in pretrained_names()]
    write_and_print(options.out, {"seed": options.seed, "models": rows})
    return int(any(row["faults"] for row in rows))


def row_of(name: str, mutations: int, seed: int) -> dict[str, object]:
    """How often a pretrained model, damaged in so many ways, ran, was refused, or was at fault."""
    content = load_bytes(name)
    rng = random.Random(seed)
    counts: Counter[str] = Counter()
    faults: list[int] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "damaged.tflite"
        for number in range(mutations):
            path.write_bytes(damaged(content, rng))
            outcome = outcome_of(path)
            counts[outcome.name.lower()] += 1
            if outcome is Outcome.FAULT:
                faults.append(number)
    return {"model": name, "mutations": mutations, **counts, "faults": faults[:FAULTS_KEPT]}


def load_bytes(name: str) -> bytes:
    """The file of a pretrained model."""
    return (files("har_runtime.pretrained") / f"{name}.tflite").read_bytes()


def damaged(content: bytes, rng: random.Random) -> bytes:
    """A copy with a bit flipped, some bytes or a number written over, its end cut off, or an operator's input replaced
    by another tensor."""
    copy = bytearray(content)
    kind = rng.randrange(6)
    at = rng.randrange(len(copy) // 4) * 4
    if kind == 0:
        copy[at + rng.randrange(4)] ^= 1 << rng.randrange(8)
    elif kind == 1:
        for _ in range(5):
            copy[rng.randrange(len(copy))] = rng.randrange(256)
    elif kind == 2:
        copy[at : at + 4] = rng.randbytes(4)
    elif kind == 3:
        copy[at : at + 4] = rng.choice((*EDGES, len(copy))).to_bytes(4, "little")
    elif kind == 4:
        del copy[rng.randrange(len(copy)) :]
    else:
        rewire(copy, rng)
    return bytes(copy)


def rewire(content: bytearray, rng: random.Random) -> None:
    """Replace an input of an operator by another tensor, most often its weights, axes or shape by other constants."""
    reader = FlatbufferReader(bytes(content))
    graph = reader.tables(reader.root, 2)[0]
    buffers = [reader.length(table, 0, 1) for table in reader.tables(reader.root, 4)]
    constants = [
        number for number, tensor in enumerate(reader.tables(graph, 0)) if buffers[reader.scalar(tensor, 2, "I")]
    ]
    slots = [
        start + 4 * place
        for start, count in (reader.vector(operator, 1, 4) for operator in reader.tables(graph, 3))
        for place in range(min(1, count - 1), count)
    ]
    at = rng.choice(slots)
    content[at : at + 4] = rng.choice(constants).to_bytes(4, "little")


def outcome_of(path: Path) -> Outcome:
    """Load and run a model in a child process, and say what became of it."""
    child = os.fork()
    if child == 0:
        os._exit(_try(path))
    _, status = os.waitpid(child, 0)
    return Outcome(os.WEXITSTATUS(status)) if os.WIFEXITED(status) else Outcome.FAULT


def _try(path: Path) -> Outcome:
    """In the child: nothing that happens here reaches the terminal or the parent."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, 1)
    os.dup2(silence, 2)
    signal.alarm(LIMIT_S)
    windows = np.random.default_rng(0).normal(0, 5, (WINDOWS, WINDOW, len(CHANNELS))).astype(np.float32)
    try:
        outputs = load_model(path).outputs(windows)
    except ModelError:
        return Outcome.REFUSED
    except BaseException:
        return Outcome.FAULT
    total = outputs.probabilities.sum(axis=1)
    return Outcome.RUNS if bool((np.abs(total - 1) < 0.1).all()) else Outcome.FAULT


if __name__ == "__main__":
    sys.exit(main())
