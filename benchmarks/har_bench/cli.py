"""The command `har-bench`: what a model costs on the machine it runs on."""

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from har_bench import tables
from har_bench.measure import compare
from har_bench.measure.measure import measure
from har_bench.measure.measured_model import open_subjects
from har_bench.measure.options import add_measure_options, measure_settings
from har_bench.progress import step_display
from har_bench.results import machine, write_report
from har_runtime.cli.common import run_command
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
    add_measure_options(parser)
    parser.add_argument(
        "--compare", nargs=2, type=Path, metavar=("A.json", "B.json"), help="measure nothing: compare two results"
    )
    parser.add_argument("--json", type=Path, metavar="F", help="write the result as JSON")
    parser.add_argument("--markdown", type=Path, metavar="F", help="write the tables as Markdown")
    parser.add_argument("--plot", type=Path, metavar="F.png", help="draw the cards' accuracy against latency and size")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    parser.set_defaults(run=_run)
    return run_command(parser, arguments, {"table4": _table4})


def _run(options: argparse.Namespace) -> int:
    if options.compare:
        first, second = (compare.read_result(path) for path in options.compare)
        tables.show([compare.compare(first, second)], compare.remarks(first, second))
        return 0
    with ExitStack() as stack, step_display() as show_step:
        subjects = open_subjects(options.models or pretrained_names(), stack)
        result: dict[str, Any] = {"machine": machine(), **measure(subjects, measure_settings(options), show_step)}
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
