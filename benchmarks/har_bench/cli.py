"""The command `har-bench`: what a model costs on the machine it runs on."""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from har_bench import tables
from har_bench.measure import compare
from har_bench.measure.measure import Settings, measure, parse_runtimes, parse_threads
from har_bench.measure.measured_model import open_subjects
from har_bench.measure.runtimes import CHOICES
from har_bench.results import machine, write_report
from har_runtime.cli.common import run_command
from har_runtime.errors import HarError
from har_runtime.files import write_bytes
from har_runtime.model.load import pretrained_names


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="har-bench",
        description="Measure how fast, how large and how hungry models are on this machine, in one run, by turns.",
        epilog="har-bench table4 counts the networks of the paper's Table 4, and measures them with --measure.",
    )
    parser.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help=".tflite, .onnx, .pt2, a run of har-train or a pretrained name (default: all pretrained models)",
    )
    add_measuring(parser)
    parser.add_argument(
        "--compare", nargs=2, type=Path, metavar=("A.json", "B.json"), help="measure nothing: compare two results"
    )
    parser.add_argument("--json", type=Path, metavar="F", help="write the result as JSON")
    parser.add_argument("--markdown", type=Path, metavar="F", help="write the tables as Markdown")
    parser.add_argument("--plot", type=Path, metavar="F.png", help="draw the cards' accuracy against latency and size")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(run=_run)
    return run_command(parser, arguments, {"table4": _table4})


def add_measuring(parser: argparse.ArgumentParser) -> None:
    """The options that say how to measure; `settings_of` reads them."""
    parser.add_argument("--runtimes", metavar="R,R", help=f"of {', '.join(CHOICES)} (default: all that are installed)")
    parser.add_argument("--threads", default="1", metavar="N,N", help="numbers of threads (default: %(default)s)")
    parser.add_argument(
        "--repetitions",
        type=int,
        default=Settings.repetitions,
        metavar="N",
        help="turns of each model, of 0.05 s (default: %(default)s)",
    )
    parser.add_argument(
        "--check", action="store_true", help="compare latencies with the kernel's processor time of 10,000 windows"
    )
    parser.add_argument(
        "--energy",
        action=argparse.BooleanOptionalAction,
        help="insist on energy, or leave it out (default: where the machine can measure it)",
    )


def settings_of(options: argparse.Namespace) -> Settings:
    """What the options of `add_measuring` say.

    Raises:
        HarError: a value that is none.
    """
    if options.repetitions < 2:
        raise HarError("--repetitions: two turns are the least that can be judged")
    return Settings(
        runtimes=parse_runtimes(options.runtimes) if options.runtimes else None,
        threads=parse_threads(options.threads),
        repetitions=options.repetitions,
        check=options.check,
        energy=options.energy,
    )


def tell(step: str) -> None:
    """Progress on standard error, where that is a terminal: one line, which an empty step clears."""
    if sys.stderr.isatty():
        print(f"\r\x1b[K{step}{' ...' if step else ''}", end="", file=sys.stderr, flush=True)


def _run(options: argparse.Namespace) -> int:
    if options.compare:
        first, second = (compare.read_result(path) for path in options.compare)
        tables.show([compare.compare(first, second)], compare.remarks(first, second))
        return 0
    with ExitStack() as stack:
        subjects = open_subjects(options.models or pretrained_names(), stack)
        result: dict[str, Any] = {"machine": machine(), **measure(subjects, settings_of(options), tell)}
    tell("")
    if options.json:
        write_report(options.json, result)
    if options.markdown:
        write_bytes(options.markdown, tables.markdown(result).encode())
    tables.show(tables.tables(result), tables.remarks(result))
    if options.plot:
        from har_bench.measure.plot import draw

        draw(result, options.plot)
    return 0


def _table4(arguments: list[str]) -> int:
    try:
        from har_bench.training import table4
    except ModuleNotFoundError as error:
        if error.name != "torch":
            raise
        print(
            "har-bench table4: builds its networks in PyTorch, which is not here; pip install 'haredge[export]'",
            file=sys.stderr,
        )
        return 2
    return table4.main(arguments)
