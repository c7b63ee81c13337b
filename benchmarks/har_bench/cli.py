"""The command `har-bench`: what a model costs on the machine it runs on."""

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from har_bench import tables
from har_bench.measure.options import add_measure_options, measure_settings
from har_bench.progress import step_display
from har_bench.results import describe_machine, write_result
from har_runtime.cli.common import Command, Program
from har_runtime.files import write_bytes
from har_runtime.model.load import pretrained_names


def _add_measure(parser: argparse.ArgumentParser) -> None:
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
    _add_outputs(parser)
    parser.add_argument("--plot", type=Path, metavar="F.png", help="draw the cards' accuracy against latency and size")


def _add_table4(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--measure", action="store_true", help="measure them too, as TFLite and ONNX on this machine, in one run"
    )
    add_measure_options(parser)
    _add_outputs(parser)


def _add_outputs(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", type=Path, metavar="F", help="write the result as JSON")
    parser.add_argument("--markdown", type=Path, metavar="F", help="write the tables as Markdown")


def _measure(options: argparse.Namespace) -> int:
    if options.plot:
        import matplotlib  # noqa: F401  # If it is missing, say so before measuring.
    from har_bench.measure import compare
    from har_bench.measure.measure import measure
    from har_bench.measure.measured_model import open_models

    if options.compare:
        first, second = (compare.read_measured(path) for path in options.compare)
        tables.show([compare.compare(first, second)], compare.remarks(first, second))
        return 0
    with ExitStack() as stack, step_display() as show_step:
        models = open_models(options.models or pretrained_names(), stack)
        measured = measure(models, measure_settings(options), show_step)
    result: dict[str, Any] = {"machine": describe_machine(), **measured}
    if options.json:
        write_result(options.json, result)
    if options.markdown:
        write_bytes(options.markdown, tables.markdown(result).encode())
    tables.show(tables.tables(result), tables.remarks(result))
    if options.plot:
        from har_bench.measure.plot import draw

        draw(result, options.plot)
    return 0


def _add_instructions(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "models",
        nargs="*",
        metavar="MODEL",
        help="a .tflite or a pretrained name (default: all pretrained models)",
    )
    parser.add_argument(
        "--counter",
        choices=("perf", "stepping", "valgrind"),
        help="what counts (default: the first of these that works here)",
    )
    parser.add_argument("--json", type=Path, metavar="F", help="write the result as JSON")


def _instructions(options: argparse.Namespace) -> int:
    from har_bench.instructions.counted import count_models, remark, table
    from har_bench.instructions.counters import choose

    counter = choose(options.counter)
    with step_display() as show_step:
        result = count_models(options.models or pretrained_names(), counter, show_step)
    if options.json:
        write_result(options.json, result)
    tables.show([table(result)], [remark(result)])
    return 0


def _table4(options: argparse.Namespace) -> int:
    from har_train.quiet import quiet_tensorflow

    quiet_tensorflow()
    from har_bench.training.table4 import run

    return run(options)


PROGRAM = Program(
    "har-bench",
    "Measure how fast and how large models are on this machine, and how much energy they take.",
    (
        Command(
            "measure",
            "measure models on this machine",
            _add_measure,
            _measure,
            "Measure how fast and how large models are on this machine, and how much energy they take: in one run, by "
            "turns.",
        ),
        Command(
            "instructions",
            "count the instructions of one inference",
            _add_instructions,
            _instructions,
            "Count the instructions of one inference in LiteRT, which do not depend on what else the machine does. It "
            "says what counted: perf, the counter of the processor; stepping through the process; or valgrind.",
        ),
        Command(
            "table4",
            "count the networks of the paper's Table 4",
            _add_table4,
            _table4,
            "Count the networks of the paper's Table 4 and compare with its figures.",
        ),
    ),
    default="measure",
    extras=("bench", "export"),
)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return PROGRAM.main(arguments)
