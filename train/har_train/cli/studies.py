"""The commands of har-train that train and score many recipes: zoo and ablate."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from har_runtime.cli.common import Command, add_data, add_json, data_folder, whole_number
from har_runtime.files import check_folder
from har_runtime.text import print_lines
from har_train.cli.options import add_changes, add_length, add_places_to_run, names

if TYPE_CHECKING:
    from har_train.evaluation.rows import Settings


def _add_zoo(zoo: argparse.ArgumentParser) -> None:
    zoo.add_argument(
        "--systems", type=names, metavar="NAMES", help="such as multisupconhar,cpc,random-forest (default: all)"
    )
    zoo.add_argument(
        "--schedules",
        type=names,
        default=("budget",),
        metavar="NAMES",
        help="budget: all compute for the same time; authors: each as its authors train it; or both (default: budget)",
    )
    _add_rows(zoo, "holdout", "0,1,2")


def _add_ablate(ablate: argparse.ArgumentParser) -> None:
    ablate.add_argument(
        "--studies",
        type=names,
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
    add_changes(parser)
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
    add_length(parser)
    add_places_to_run(parser)
    add_json(parser)


def _seeds(text: str) -> tuple[int, ...]:
    return tuple(map(whole_number(0), names(text)))


def _zoo(options: argparse.Namespace) -> int:
    from har_train.evaluation.zoo import Zoo, run_zoo, system_names
    from har_train.evaluation.zoo_report import FORMAT, write_zoo_report, zoo_lines

    check_folder(options.out)
    systems = options.systems or tuple(system_names())
    zoo = Zoo(systems, options.schedules, options.seeds, tuple(options.set))
    document = run_zoo(zoo, _settings_of_rows(options), options.out, _print_line)
    return _report_rows(options, FORMAT, document, write_zoo_report, zoo_lines)


def _ablate(options: argparse.Namespace) -> int:
    from har_train.evaluation.ablation import STUDIES, Ablation, run_ablation
    from har_train.evaluation.ablation_report import FORMAT, ablation_lines, write_ablation_report

    check_folder(options.out)
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


STUDY_COMMANDS: Final = (
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
)
