"""The command `har-train`: fit a model, evaluate one, cross-validate a recipe, compare two evaluations."""

import argparse
import json
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from har_runtime.cli.common import Command, Program, add_data, add_json, data_folder, whole_number
from har_runtime.errors import HarError
from har_runtime.text import print_lines

if TYPE_CHECKING:
    from har_train.evaluation.judgement import Judgement
    from har_train.evaluation.plots import Embedding
    from har_train.evaluation.rows import Settings


def _add_training(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--recipe", default="uci-har", help="a shipped recipe or a TOML file (default: %(default)s)")
    _add_changes(parser)
    add_data(parser)
    parser.add_argument(
        "--seed", type=whole_number(0), default=0, help="decides the user split and the weights (default: 0)"
    )
    _add_length(parser)
    parser.add_argument("--resume", action="store_true", help="continue with what is in --out")


def _add_changes(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting of the recipe, such as contrastive.weight=0.2 or model.projector=false; repeatable",
    )


def _add_length(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--epochs", type=whole_number(1), help="stop after this many, for a short try (default: the recipe's)"
    )
    parser.add_argument(
        "--precision",
        choices=("auto", "32", "bf16"),
        default="auto",
        help="bf16 takes two thirds of the time if the CPU has it; auto asks the CPU (default: auto)",
    )


def _add_places_to_run(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--jobs", type=whole_number(1), default=1, help="folds at a time on this machine (default: 1)")
    parser.add_argument(
        "--ray", metavar="ADDRESS", help="run the folds on this Ray cluster instead: auto, HOST:PORT, local"
    )


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.split(",") if name.strip())


def _add_transfer(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--transfer",
        type=_names,
        default=(),
        metavar="SETS",
        help="also score on these data sets, on the activities in common, e.g. motionsense,sp-sw-har/wrist",
    )


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
    _add_transfer(evaluate)
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
    _add_places_to_run(validate)
    _add_transfer(validate)
    add_json(validate)


def _add_zoo(zoo: argparse.ArgumentParser) -> None:
    zoo.add_argument(
        "--systems", type=_names, metavar="NAMES", help="such as multisupconhar,cpc,random-forest (default: all)"
    )
    zoo.add_argument(
        "--schedules",
        type=_names,
        default=("budget",),
        metavar="NAMES",
        help="budget: all compute for the same time; authors: each as its authors train it; or both (default: budget)",
    )
    _add_rows(zoo, "holdout", "0,1,2")


def _add_ablate(ablate: argparse.ArgumentParser) -> None:
    ablate.add_argument(
        "--studies",
        type=_names,
        metavar="NAMES",
        help="of tables-8-9, readings, figure-4, figure-5, figure-6, figure-7 (default: all)",
    )
    ablate.add_argument(
        "--schedule",
        choices=("short", "paper"),
        default="short",
        help="short: 8 epochs with one cycle of the learning rate; paper: its Table 2 (default: short)",
    )
    _add_rows(ablate, "groups:5", "0")


def _add_rows(parser: argparse.ArgumentParser, protocol: str, seeds: str) -> None:
    """Options of the commands that train and score many recipes."""
    _add_changes(parser)
    add_data(parser)
    parser.add_argument("--out", required=True, type=Path, help="folder; what is finished there is not run again")
    parser.add_argument(
        "--seeds",
        type=_seeds,
        default=seeds,
        metavar="N,N",
        help="each divides the users in another way (default: %(default)s)",
    )
    parser.add_argument(
        "--protocol", default=protocol, help="as for cross-validate, but leave-one-set-out (default: %(default)s)"
    )
    _add_length(parser)
    _add_places_to_run(parser)
    add_json(parser)


def _seeds(text: str) -> tuple[int, ...]:
    return tuple(map(whole_number(0), _names(text)))


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

    result = evaluate(options.model, data_folder(options.data), options.recording, options.transfer)
    _report(options, result.document, result.judgement, result.embedding)
    return 0


def _cross_validate(options: argparse.Namespace) -> int:
    from har_train.data.splits import LEAVE_ONE_SET_OUT, parse_protocol
    from har_train.evaluation.cross_validation import cross_validate
    from har_train.fit.hardware import choose_precision
    from har_train.recipe_file import load_recipe

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


def _zoo(options: argparse.Namespace) -> int:
    from har_train.evaluation.zoo import Zoo, run_zoo, system_names
    from har_train.evaluation.zoo_report import FORMAT, write_zoo_report, zoo_lines

    systems = options.systems or tuple(system_names())
    zoo = Zoo(systems, options.schedules, options.seeds, tuple(options.set))
    document = run_zoo(zoo, _settings_of_rows(options), options.out, _print_line)
    return _report_rows(options, FORMAT, document, write_zoo_report, zoo_lines)


def _ablate(options: argparse.Namespace) -> int:
    from har_train.evaluation.ablation import STUDIES, Ablation, run_ablation
    from har_train.evaluation.ablation_report import FORMAT, ablation_lines, write_ablation_report

    ablation = Ablation(options.studies or tuple(STUDIES), options.schedule, options.seeds, tuple(options.set))
    document = run_ablation(ablation, _settings_of_rows(options), options.out, _print_line)
    return _report_rows(options, FORMAT, document, write_ablation_report, ablation_lines)


def _settings_of_rows(options: argparse.Namespace) -> "Settings":
    from har_train.data.splits import parse_protocol
    from har_train.evaluation.rows import Settings
    from har_train.fit.hardware import choose_precision

    return Settings(
        data_folder(options.data),
        parse_protocol(options.protocol),
        choose_precision(options.precision),
        options.epochs,
        options.jobs,
        options.ray,
    )


def _report_rows(
    options: argparse.Namespace,
    kind: str,
    document: dict[str, Any],
    write: Callable[[Path, dict[str, Any]], list[Path]],
    lines: Callable[[dict[str, Any]], list[str]],
) -> int:
    for path in write(options.out, document):
        _print_line(f"written: {path}")
    if options.json:
        print(json.dumps({"format": kind, **document}, indent=1, allow_nan=False))
    else:
        print_lines(*lines(document))
    return 0


def _print_line(line: str) -> None:
    print_lines(line, file=sys.stderr)


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
        Command(
            "zoo",
            "train and score all systems of the paper's Table 3",
            _add_zoo,
            _zoo,
            "Train and score the paper's method, the thirteen systems of its Table 3 and two controls on the same "
            "people and windows. Run it again to continue after Ctrl-C, a crash or a power cut.",
        ),
        Command(
            "ablate",
            "train and score the paper's method without its parts",
            _add_ablate,
            _ablate,
            "Tables 8 and 9 and Figures 4 to 7 of the paper, and what its loss leaves open. Run it again to continue "
            "after Ctrl-C, a crash or a power cut.",
        ),
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
