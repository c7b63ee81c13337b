"""Counts the instructions of one inference on processors with and without dot products of int8.

    python -m har_bench.instructions.processors MODEL ... --root /var/tmp/pi --out benchmarks/results/processors.json

--root is a folder of har_bench.stream.emulated_pi; besides, it needs qemu-user, gcc and, on x86-64, valgrind. It reads
no clock, so that other programs may run. It takes some ten minutes.
"""

import argparse
import platform
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from har_bench.instructions import emulated
from har_bench.instructions.counted import open_tflites
from har_bench.instructions.counters import COUNTERS
from har_bench.measure.worker_client import Task
from har_bench.progress import step_display
from har_bench.results import dot_products, write_and_print
from har_bench.script import run_script, script_parser

EMULATED = {
    "Cortex-A72, as in a Pi 4": emulated.CORTEX_A72,
    "Cortex-A76, as in a Pi 5: dot products": emulated.CORTEX_A76,
    "newest arm64: int8 matrix products": emulated.MAX,
}
HERE = {"x86-64 with AVX2": "valgrind", "x86-64 of this machine": "stepping"}
"""Counters on x86-64; valgrind shows AVX2 and no dot products."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("instructions.processors", "Count instructions on several processors.", "out")
    parser.add_argument("models", nargs="+", metavar="MODEL", help="a .tflite or a pretrained name")
    parser.add_argument("--root", type=Path, required=True, help="the emulated system of har_bench.stream.emulated_pi")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    with ExitStack() as stack, step_display() as show_step, emulated.emulator(options.root) as emulator:
        rows: list[dict[str, Any]] = []
        for model in open_tflites(options.models, stack):
            task, counts = Task("litert", model.path, 1), dict[str, int]()
            for name, processor in EMULATED.items():
                show_step(f"{model.name} on {name}")
                counts[name] = emulator.count(task, processor)
            for name, key in HERE.items():
                if platform.machine() == "x86_64" and COUNTERS[key].why_not() is None:
                    show_step(f"{model.name} on {name}")
                    counts[name] = COUNTERS[key].count(task)
            rows.append({**model.to_dict(), "instructions": counts})
    write_and_print(options.out, {"models": rows, "dot_products_here": dot_products(), "qemu": emulated.version()})
    return 0


def markdown(result: dict[str, Any]) -> str:
    """The table for the README."""
    names = list(result["models"][0]["instructions"])
    without, with_dots, *_ = names
    lines = [
        f"| model | MACs | {' | '.join(names)} | A72 divided by A76 |",
        f"|---|---|{'---|' * len(names)}---|",
    ]
    for model in result["models"]:
        counts = model["instructions"]
        cells = [f"{counts[name]:,}" for name in names]
        name, times = model["name"].removesuffix(".tflite"), counts[without] / counts[with_dots]
        lines.append(f"| {name} | {model['macs']:,} | {' | '.join(cells)} | {times:.1f} |")
    machine, found = result["machine"], " and ".join(result["dot_products_here"]) or "no dot products"
    return "\n".join(lines) + (
        f"\n\nInstructions of one inference in LiteRT {machine['versions']['ai-edge-litert']}, one thread. arm64 is "
        f"emulated by qemu {result['qemu']}; AVX2 is what valgrind shows a program; this machine, an {machine['cpu']} "
        f"with {found}, was stepped through.\n"
    )


if __name__ == "__main__":
    sys.exit(main())
