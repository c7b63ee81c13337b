"""User-disjoint runs on HAPT: the paper's recipe and supervised training, in float32 and int8.

    python -m har_bench.training.hapt_runs --runs DIR --out benchmarks/results/hapt_runs.json

Runs whose row is in the JSON are finished. The others are trained (or continued), exported, and scored in both number
formats on the test users with LiteRT; the JSON is written after each. With --no-training, only runs that are finished
in DIR are added.
"""

import argparse
import statistics
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

from har_bench.results import read_result, write_result
from har_bench.script import run_script, script_parser
from har_export.formats import FORMATS
from har_export.interpreters import own_runtimes
from har_export.pipeline import export_model
from har_runtime.cli.common import data_folder
from har_runtime.errors import DataError
from har_train.data.windows import WindowSet, cut_windows
from har_train.datasets import find, load
from har_train.fit.checkpoint import load_checkpoint
from har_train.fit.hardware import choose_precision
from har_train.fit.run import Run
from har_train.fit.trainer import fit
from har_train.recipe_file import load_recipe

RECIPES = ("uci-har", "uci-har-supervised")
SEEDS = (0, 1, 2)
PAPER = {"macro_f1": 0.9107, "std": 0.0209, "source": "Table 3, UCI HAR, three user-disjoint runs"}


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser(
        "training.hapt_runs", "Train, export and score user-disjoint runs on HAPT.", "runs", "out", "data", "precision"
    )
    parser.add_argument("--no-training", action="store_true", help="add only finished runs")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    recordings = load("hapt", data_folder(options.data))
    windows = cut_windows(recordings, load_recipe(RECIPES[0]).data)
    rows: list[dict[str, Any]] = read_result(options.out)["runs"] if options.out.exists() else []
    done = {(row["recipe"], row["seed"]) for row in rows}
    for seed in SEEDS:
        for name in RECIPES:
            if (name, seed) in done:
                continue
            folder = options.runs / f"{name}-seed{seed}"
            if not (folder / "model.safetensors").exists():
                if options.no_training:
                    print(f"{name} seed {seed}: not finished, skipped", file=sys.stderr)
                    continue
                resume = (folder / "resume" / "last.ckpt").exists()
                run = Run(folder, seed, choose_precision(options.precision), resume)
                fit(load_recipe(name), [find("hapt")], windows, recordings[0].placement, run)
            rows.append(_evaluated(folder, windows))
            write_result(options.out, {"paper": PAPER, "runs": rows, "means": _means(rows)})
            print(_line(rows[-1]), file=sys.stderr, flush=True)
    if not rows:
        raise DataError(f"{options.runs}: it has no finished run")
    return 0


def _evaluated(folder: Path, windows: WindowSet) -> dict[str, Any]:
    """Scores of one run in both number formats, and the cost of its training."""
    checkpoint = load_checkpoint(folder)
    record = checkpoint.record
    formats = ("tflite", "tflite-int8")
    exported = export_model(
        checkpoint, windows, folder / "export", record.recipe.name, formats, bounds={}, compared=own_runtimes()
    )
    scores = {FORMATS[file.format].number_format: asdict(file.score) for file in exported.files}
    return {
        "recipe": record.recipe.name,
        "lambda": record.recipe.contrastive.weight,
        "seed": record.seed,
        "test_users": record.split.test,
        "scores": scores,
        "int8_minus_fp32": scores["int8"]["macro_f1"] - scores["fp32"]["macro_f1"],
        "validation_macro_f1": record.validation_macro_f1,
        "epochs": record.epochs,
        "best_epoch": record.best_epoch + 1,
        "training_seconds": round(record.seconds),
        "precision": record.precision,
        "commit": record.commit,
    }


def _means(rows: list[dict[str, Any]]) -> dict[str, Any]:
    means: dict[str, Any] = {}
    for name in RECIPES:
        mine = [row["scores"]["fp32"]["macro_f1"] for row in rows if row["recipe"] == name]
        if mine:
            deviation = statistics.stdev(mine) if len(mine) > 1 else None
            means[name] = {"runs": len(mine), "macro_f1": statistics.mean(mine), "std": deviation}
    return means


def _line(row: dict[str, Any]) -> str:
    fp32, int8 = row["scores"]["fp32"]["macro_f1"], row["scores"]["int8"]["macro_f1"]
    return (
        f"{row['recipe']:20} seed {row['seed']}  fp32 {100 * fp32:.2f}  int8 {100 * int8:.2f}  "
        f"{row['epochs']} epochs, {row['training_seconds']} s"
    )


if __name__ == "__main__":
    sys.exit(main())
