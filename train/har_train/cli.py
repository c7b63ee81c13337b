"""The command `har-train`: fit a model, evaluate one."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path

from har_runtime.command import add_common, data_folder, run_command


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = argparse.ArgumentParser(
        prog="har-train", description="Train and evaluate models that recognise activities of people they never saw."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    fit = commands.add_parser("fit", help="train one model", description="Train one model and score it.")
    fit.add_argument("--recipe", default="uci-har", help="a shipped recipe or a TOML file (default: %(default)s)")
    fit.add_argument("--data", help="folder or archive of the data set (default: $HAREDGE_DATA)")
    fit.add_argument("--out", required=True, type=Path, help="folder for model.safetensors, logs and checkpoints")
    fit.add_argument("--seed", type=int, default=0, help="decides the user split and the weights (default: 0)")
    fit.add_argument("--epochs", type=int, help="stop after this many, for a short try (default: the recipe's)")
    fit.add_argument("--resume", action="store_true", help="go on with the run in --out")
    fit.add_argument(
        "--precision",
        choices=("auto", "32", "bf16"),
        default="auto",
        help="bf16 takes two thirds of the time where the CPU has it; auto asks the CPU (default: auto)",
    )
    add_common(fit)
    fit.set_defaults(run=_fit)

    evaluate = commands.add_parser(
        "evaluate",
        help="score a model on users it was not trained on",
        description="Score a checkpoint, or a .tflite with its card, on the windows of its test users.",
    )
    evaluate.add_argument("model", help="model.safetensors, the folder of a run, a .tflite or a pretrained name")
    evaluate.add_argument("--recording", metavar="NAME", help="score one recording alone, such as hapt-05")
    evaluate.add_argument("--data", help="folder or archive of the data set (default: $HAREDGE_DATA)")
    add_common(evaluate)
    evaluate.set_defaults(run=_evaluate)

    return run_command(parser, arguments)


def _fit(options: argparse.Namespace) -> int:
    from har_train.datasets import find, load
    from har_train.recipe import load_recipe
    from har_train.training import Run, choose_precision, fit
    from har_train.windows import cut_windows

    recipe = load_recipe(options.recipe)
    precision = choose_precision(options.precision)
    dataset = find(recipe.data.dataset)
    recordings = load(dataset.name, data_folder(options.data))
    windows = cut_windows(recordings, recipe.data.activities)
    run = Run(options.out, options.seed, precision, options.resume, options.epochs)
    people = len(set(windows.user.tolist()))
    print(
        f"{recipe.name}, seed {run.seed}: {len(windows.y)} windows of {people} users, {precision}",
        file=sys.stderr,
    )
    record = fit(recipe, dataset, windows, recordings[0].placement, run)
    if options.json:
        print(json.dumps(asdict(record), indent=1))
    else:
        print(
            f"best epoch {record.best_epoch + 1} of {record.epochs}, {record.seconds:.0f} s\n"
            f"macro-F1 on {len(record.split.validation)} validation users: {100 * record.validation_macro_f1:.2f} %\n"
            f"macro-F1 on {len(record.split.test)} test users: {100 * record.test_macro_f1:.2f} %\n"
            f"written: {options.out / 'model.safetensors'}"
        )
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from har_train.evaluate import evaluate, report_lines

    result = evaluate(options.model, data_folder(options.data), options.recording)
    print(json.dumps(result.to_dict(), indent=1) if options.json else "\n".join(report_lines(result)))
    return 0
