"""How long a training epoch on HAPT takes on this machine, and how much augmentations add to it.

    python -m har_bench.training.training_speed --out benchmarks/results/training_speed.json

Trains recipes on the training users of seed 0 with har_train for two epochs each, in turns, and times the second epoch
with validation and checkpoint. Nothing else should run meanwhile.
"""

import argparse
import contextlib
import io
import json
import statistics
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from har_bench.results import write_and_print
from har_bench.script import run_script, script_parser
from har_runtime.cli.common import data_folder
from har_train.data.windows import WindowSet, cut_windows
from har_train.datasets import find, load
from har_train.fit.hardware import choose_precision
from har_train.fit.run import Run
from har_train.fit.trainer import fit, split_of
from har_train.recipe_file import load_recipe

OFF = ["augment.scaling=false", "augment.channel_shuffle=false", "augment.rotation=false", "augment.permutation=false"]
ON = ["tilt_degrees=15", "yaw_degrees=30", "scaling_std=0.1", "jitter_std=0.05", "mix_users=0.2"]
VARIANTS: dict[str, tuple[str, Sequence[str]]] = {
    "multi_task": ("uci-har", ()),
    "multi_task_jitter_only": ("uci-har", OFF),
    "supervised": ("uci-har-supervised", ()),
    "supervised_augmented": ("uci-har-supervised", [f"classifier_augment.{setting}" for setting in ON]),
}
ROUNDS = 3


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("training.training_speed", "Time training epochs on HAPT.", "out", "data", "precision")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    recipe = load_recipe("uci-har")
    windows = cut_windows(load("hapt", data_folder(options.data)), recipe.data)
    precision = choose_precision(options.precision)
    seconds: dict[str, list[float]] = {name: [] for name in VARIANTS}
    for turn in range(ROUNDS):
        for name in VARIANTS:
            seconds[name].append(_second_epoch(name, windows, precision))
            print(f"round {turn + 1} of {ROUNDS}: {name} {seconds[name][-1]:.2f} s", file=sys.stderr, flush=True)
    result: dict[str, Any] = {
        "precision": precision,
        "windows": len(windows.of_users(split_of(recipe, windows, 0).train).y),
        "epoch_seconds": {name: statistics.median(values) for name, values in seconds.items()},
        "rounds": seconds,
    }
    write_and_print(options.out, result)
    return 0


def _second_epoch(variant: str, windows: WindowSet, precision: str) -> float:
    """Seconds between the ends of the first and the second epoch."""
    name, changes = VARIANTS[variant]
    with tempfile.TemporaryDirectory() as folder:
        clock = Path(folder) / "run" / "resume" / "seconds.json"
        ends = []
        for epochs in (1, 2):
            run = Run(Path(folder) / "run", 0, precision, resume=epochs == 2, epochs=epochs)
            with contextlib.redirect_stderr(io.StringIO()):
                fit(load_recipe(name, changes), [find("hapt")], windows, "waist", run)
            ends.append(json.loads(clock.read_text()))
        return ends[1] - ends[0]


if __name__ == "__main__":
    sys.exit(main())
