"""What each system of the paper's Table 3, and each small network of later papers, costs beside the shipped models:
parameters, FLOPs, and the latency of what can be exported.

    python -m har_bench.training.zoo_cost --runs DIR --out benchmarks/results/zoo_cost.json

The weights are random, because the cost does not depend on them. A system whose graph a format cannot hold is in the
result with the reason. Files that are in DIR are not exported again.
"""

import argparse
import sys
from contextlib import ExitStack
from typing import Any

import numpy as np
import torch

from har_bench import tables
from har_bench.graphs.counting import count
from har_bench.measure.measure import measure
from har_bench.measure.measured_model import open_model, open_models
from har_bench.measure.options import add_measure_options, measure_settings
from har_bench.progress import step_display
from har_bench.results import describe_machine, dot_products, write_result
from har_bench.script import run_script, script_parser
from har_bench.training.model_files import untrained_card, write_models
from har_bench.training.peers import PEERS, recipe_of
from har_export.formats import FORMATS
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import DataError, ModelError
from har_train.evaluation.zoo import AUTHORS, CONTROLS, recipe_name, system_names
from har_train.fit.checkpoint import architecture_of
from har_train.fit.network import HarNetwork, parameter_count
from har_train.recipe import Recipe
from har_train.recipe_file import load_recipe

SHIPPED = ("anywhere", "anywhere-micro", "waist")
"""Measured beside them."""
MEASURED = ("tflite-int8", "tflite")
"""Formats."""


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("training.zoo_cost", "Measure what the systems of Table 3 cost.", "runs", "out")
    parser.add_argument(
        "--systems", help=f"of {', '.join(PEERS)} and those of har-train zoo, separated by commas (default: all)"
    )
    add_measure_options(parser)
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    settings = measure_settings(options)
    known = [*(name for name in system_names() if name not in CONTROLS), *PEERS]
    names = options.systems.split(",") if options.systems else known
    if unknown := [name for name in names if name not in known]:
        raise DataError(f"--systems: unknown system '{unknown[0]}'; known: {', '.join(known)}")
    calibration = np.random.default_rng(0).normal(0, 1, (64, WINDOW, len(CHANNELS))).astype(np.float32)
    rows: list[dict[str, Any]] = []
    options.runs.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack, step_display() as show_step:
        models = open_models(list(SHIPPED), stack)
        for name in names:
            show_step(f"exporting {name}")
            network = _network(name)
            reason = None
            try:
                paths = [
                    options.runs / f"{name}{FORMATS[format].suffix}{FORMATS[format].extension}" for format in MEASURED
                ]
                if not all(path.exists() for path in paths):
                    write_models(network, untrained_card(name, _classes(name)), calibration, options.runs)
                models += [open_model(path, path.name) for path in paths]
            except ModelError as error:
                reason = str(error)
            rows.append({"system": name, **_size(network), "not_exported": reason})
        measured = measure(models, settings, show_step)
    write_result(options.out, {"systems": rows, "dot_products_here": dot_products(), **measured})
    shown = {"machine": describe_machine(), **measured}
    tables.show([_size_table(rows), *tables.tables(shown)], tables.remarks(shown))
    return 0


def _classes(name: str) -> int:
    return len(_recipe(name).data.activities)


def _recipe(name: str) -> Recipe:
    return recipe_of(name) if name in PEERS else load_recipe(recipe_name(name, AUTHORS))


def _network(name: str) -> HarNetwork:
    torch.manual_seed(0)
    network = HarNetwork(architecture_of(_recipe(name)))
    network.projector = torch.nn.Identity()  # It is dropped at export.
    return network.eval()


def _size(network: HarNetwork) -> dict[str, Any]:
    macs = count(network, WINDOW, len(CHANNELS)).macs
    parts = {"parameters": network, "encoder_parameters": network.encoder}
    return {**{key: parameter_count(part) for key, part in parts.items()}, "macs": macs, "flops": 2 * macs}


def _size_table(rows: list[dict[str, Any]]) -> tables.Table:
    lines = [
        (row["system"], f"{row['parameters']:,}", f"{row['flops'] / 1e6:.2f} M", row["not_exported"] or "yes")
        for row in rows
    ]
    return tables.Table("systems", ("system", "parameters", "FLOPs", "exported"), tuple(lines))


if __name__ == "__main__":
    sys.exit(main())
