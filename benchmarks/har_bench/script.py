"""The command line of a benchmark script: `python -m har_bench.MODULE`."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any

from har_runtime.cli.common import OneLineParser, add_data, add_debug, run_command
from har_runtime.model.load import DEFAULT_MODEL

OPTIONS: dict[str, dict[str, Any]] = {
    "out": {"type": Path, "required": True, "help": "JSON to write"},
    "runs": {"type": Path, "required": True, "help": "folder of the training runs; finished runs are not repeated"},
    "model": {
        "default": DEFAULT_MODEL,
        "metavar": "NAME|PATH",
        "help": "a pretrained model or a .tflite (default: %(default)s)",
    },
    "precision": {
        "choices": ("auto", "32", "bf16"),
        "default": "auto",
        "help": "for training; auto takes bf16 if the CPU has it (default: auto)",
    },
}
"""Options that several scripts have, besides --data."""


def script_parser(module: str, description: str, *options: str) -> argparse.ArgumentParser:
    """The parser of a script.

    Args:
        module: below `har_bench`, e.g. "stream.endurance".
        description: for --help.
        options: the shared options that the script has: names in `OPTIONS`, or "data".
    """
    parser = OneLineParser(prog=f"python -m har_bench.{module}", description=description)
    for name in options:
        if name == "data":
            add_data(parser)
        else:
            parser.add_argument(f"--{name}", **OPTIONS[name])
    return parser


def run_script(
    parser: argparse.ArgumentParser, arguments: list[str] | None, run: Callable[[argparse.Namespace], int]
) -> int:
    """Parse the arguments, call `run` with the options, and return the exit code."""
    add_debug(parser)
    parser.set_defaults(run=run)
    return run_command(parser, arguments)
