"""The command `har-train`: fit a model, evaluate one, cross-validate a recipe, compare two evaluations."""

import argparse
import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from har_runtime.cli.common import Command, Program, add_data, add_json, data_folder, whole_number
from har_runtime.errors import HarError
from har_runtime.files import check_folder
from har_runtime.text import print_lines
from har_train.cli.options import add_changes, add_length, add_places_to_run, add_transfer
from har_train.cli.studies import STUDY_COMMANDS

if TYPE_CHECKING:
    from har_train.evaluation.judgement import Judgement
    from har_train.evaluation.plots import Embedding


def _add_training(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", default="uci-har", help="a shipped recipe or a TOML file (default: %(default)s)")
    add_changes(parser)
    add_data(parser)
    parser.add_argument(
        "--seed", type=whole_number(0), default=0, help="decides the user split and the weights (default: 0)"
    )
    add_length(parser)
    parser.add_argument("--resume", action="store_true", help="continue with what is in --out")


def _add_fit(fit: argparse.ArgumentParser) -> None:
    _add_training(fit)
    fit.add_argument("--out", required=True, type=Path, help="folder for model.safetensors, logs and checkpoints")
    fit.add_argument(
        "--accelerator", choices=("auto", "cpu", "gpu"), default="auto", help="the hardware to train on (default: auto)"
    )
    fit.add_argument(
        "--devices", type=whole_number(1), default=1, help="processes on a CPU, or GPUs, on each machine (default: 1)"
    )
    fit.add_argument(
        "--num-nodes",
        type=whole_number(1),
        default=1,
        help="machines; start the command on each, with Lightning's variables",
    )
    add_json(fit)


def _add_evaluate(evaluate: argparse.ArgumentParser) -> None:
    evaluate.add_argument("model", help="model.safetensors, the folder of a run, a .tflite or a pretrained name")
    evaluate.add_argument("--recording", metavar="NAME", help="score only this recording, such as hapt-05")
    evaluate.add_argument("--out", type=Path, help="folder for report.json, report.md and plots")
    add_data(evaluate)
    add_transfer(evaluate)
    add_json(evaluate)


def _add_cross_validate(validate: argparse.ArgumentParser) -> None:
    _add_training(validate)
    validate.add_argument("--out", required=True, type=Path, help="folder for the folds and the report")
    validate.add_argument(
        "--protocol",
        default="groups:10",
        help="loso (leave one subject out), groups:K (K groups of subjects), holdout (one 60/20/20 split), official "
        "(the data set's own test users), leave-one-set-out (each data set of the recipe, scored by what the others "
        "teach); default: %(default)s",
    )
    add_places_to_run(validate)
    add_transfer(validate)
    add_json(validate)


def _add_compare(compare: argparse.ArgumentParser) -> None:
    compare.add_argument("a", type=Path, help="report.json of the first evaluation, or its folder")
    compare.add_argument("b", type=Path, help="report.json of the second evaluation, or its folder")
    add_json(compare)


def _fit(options: argparse.Namespace) -> int:
    from har_train.data.windows import load_windows_of
    from har_train.datasets import find_all
    from har_train.fit.hardware import choose_accelerator, choose_precision, is_first_process
    from har_train.fit.run import Run
    from har_train.fit.trainer import fit
    from har_train.recipe_file import load_recipe

    check_folder(options.out)
    recipe = load_recipe(options.recipe, options.set)
    accelerator = choose_accelerator(options.accelerator)
    precision = choose_precision(options.precision, accelerator)
    data = data_folder(options.data)
    windows, placement = load_windows_of(recipe.data, data)
    machines = (accelerator, options.devices, options.num_nodes)
    run = Run(options.out, options.seed, precision, options.resume, options.epochs, *machines)
    people = len(set(windows.user.tolist()))
    first = is_first_process()
    if first:
        what = f"{recipe.name}, seed {run.seed}: {len(windows.y)} windows of {people} users, {precision}"
        print_lines(what, file=sys.stderr)
    record = fit(recipe, find_all(recipe.data.set_names, data), windows, placement, run)
    if not first:
        return 0  # The first process reports.
    if options.json:
        print(json.dumps(asdict(record), indent=1, allow_nan=False))
    else:
        print_lines(
            f"best epoch {record.best_epoch + 1} of {record.epochs}, {record.seconds:.0f} s",
            f"macro-F1 on {len(record.split.validation)} validation users: {100 * record.validation_macro_f1:.2f} %",
            f"macro-F1 on {len(record.split.test)} test users: {100 * record.test_macro_f1:.2f} %",
            f"written: {options.out / 'model.safetensors'}",
        )
    return 0


def _evaluate(options: argparse.Namespace) -> int:
    from har_train.evaluation.evaluate import evaluate

    if options.out is not None:
        check_folder(options.out)
    result = evaluate(options.model, data_folder(options.data), options.recording, options.transfer)
    _report(options, result.document, result.judgement, result.embedding)
    return 0


def _cross_validate(options: argparse.Namespace) -> int:
    from har_train.data.splits import LEAVE_ONE_SET_OUT, parse_protocol
    from har_train.evaluation.cross_validation import cross_validate
    from har_train.fit.hardware import choose_precision
    from har_train.recipe_file import load_recipe

    check_folder(options.out)
    protocol = parse_protocol(options.protocol)
    if protocol.kind == LEAVE_ONE_SET_OUT:
        return _leave_one_set_out(options)
    result = cross_validate(
        load_recipe(options.recipe, options.set),
        protocol,
        data_folder(options.data),
        options.out,
        seed=options.seed,
        precision=choose_precision(options.precision),
        epochs=options.epochs,
        resume=options.resume,
        processes=options.jobs,
        ray=options.ray,
        transfer=options.transfer,
    )
    _report(options, result.document, result.judgement, result.embedding)
    return 0


def _leave_one_set_out(options: argparse.Namespace) -> int:
    from rich.progress import MofNCompleteColumn, TimeElapsedColumn

    from har_train.evaluation.left_out_sets import LeftOut, Row, leave_one_set_out
    from har_train.evaluation.set_report import FORMAT, set_report_lines, write_set_report
    from har_train.fit.hardware import choose_precision
    from har_train.progress import print_line, progress_bar
    from har_train.recipe_file import load_recipe

    for name, is_given in (("jobs", options.jobs > 1), ("ray", options.ray), ("transfer", options.transfer)):
        if is_given:
            raise HarError(f"--{name} does not go with --protocol leave-one-set-out, which runs one set after another")
    recipe = load_recipe(options.recipe, options.set)
    precision = choose_precision(options.precision)
    folder = data_folder(options.data)
    job = LeftOut(recipe, folder, options.out, options.seed, precision, options.epochs, options.resume)
    with progress_bar(MofNCompleteColumn(), TimeElapsedColumn()) as bar:
        task = bar.add_task("sets", total=len(recipe.data.set_names))

        def done(line: str, _: list[Row]) -> None:
            print_line(bar, line)
            bar.advance(task)

        document = leave_one_set_out(job, done)
    for path in write_set_report(options.out, document):
        print_lines(f"written: {path}", file=sys.stderr)
    if options.json:
        print(json.dumps({"format": FORMAT, **document}, indent=1, allow_nan=False))
    else:
        print_lines(*set_report_lines(document))
    return 0


def _report(
    options: argparse.Namespace, document: dict[str, Any], judgement: "Judgement", embedding: "Embedding | None"
) -> None:
    from har_train.evaluation.report import FORMAT, report_lines, write_report

    if options.out is not None:
        for path in write_report(options.out, document, judgement, embedding):
            print_lines(f"written: {path}", file=sys.stderr)
    if options.json:
        print(json.dumps({"format": FORMAT, **document, "judgement": judgement.to_dict()}, indent=1, allow_nan=False))
    else:
        print_lines(*report_lines(document, judgement))


def _compare(options: argparse.Namespace) -> int:
    from har_train.evaluation.compare import compare, comparison_lines, read_evaluation

    a, b = read_evaluation(options.a), read_evaluation(options.b)
    result = compare(a.judgement, b.judgement)
    if options.json:
        print(json.dumps({"a": str(options.a), "b": str(options.b), **result.to_dict()}, indent=1, allow_nan=False))
    else:
        print_lines(*comparison_lines(result, str(options.a), str(options.b)))
    return 0


PROGRAM = Program(
    "har-train",
    "Train and evaluate models that recognise the activities of people they have never seen.",
    (
        Command("fit", "train one model", _add_fit, _fit, "Train one model and score it."),
        Command(
            "evaluate",
            "score a model on users it was not trained on",
            _add_evaluate,
            _evaluate,
            "Score a checkpoint, or a .tflite with its card, on the windows of its test users.",
        ),
        Command(
            "cross-validate",
            "train and score a recipe on every fold of a protocol",
            _add_cross_validate,
            _cross_validate,
            "Train a recipe on each fold of a protocol and score all test users together, or with leave-one-set-out "
            "each data set by itself. Finished folds are kept: "
            "--resume continues after Ctrl-C, a crash or a power cut.",
        ),
        *STUDY_COMMANDS,
        Command(
            "compare",
            "the difference between two evaluations, paired by users",
            _add_compare,
            _compare,
            "Paired difference B - A of the macro-F1 of two report.json, with its interval over users.",
        ),
    ),
    extras=("train",),
)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    return PROGRAM.main(arguments)
