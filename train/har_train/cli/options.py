"""Options that several commands of har-train have."""

import argparse

from har_runtime.cli.common import whole_number


def add_changes(parser: argparse.ArgumentParser) -> None:
    """How a recipe is changed on the command line."""
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting of the recipe, such as contrastive.weight=0.2 or model.projector=false; repeatable",
    )


def add_length(parser: argparse.ArgumentParser) -> None:
    """How long and how exactly is trained."""
    parser.add_argument(
        "--epochs", type=whole_number(1), help="stop after this many, for a short try (default: the recipe's)"
    )
    parser.add_argument(
        "--precision",
        choices=("auto", "32", "bf16"),
        default="auto",
        help="bf16 takes two thirds of the time if the CPU has it; auto asks the CPU (default: auto)",
    )


def add_places_to_run(parser: argparse.ArgumentParser) -> None:
    """Where several trainings run."""
    parser.add_argument("--jobs", type=whole_number(1), default=1, help="folds at a time on this machine (default: 1)")
    parser.add_argument(
        "--ray", metavar="ADDRESS", help="run the folds on this Ray cluster instead: auto, HOST:PORT, local"
    )


def names(text: str) -> tuple[str, ...]:
    """The names in a list with commas.

    >>> names("cpc, tpn,")
    ('cpc', 'tpn')
    """
    return tuple(name.strip() for name in text.split(",") if name.strip())


def add_transfer(parser: argparse.ArgumentParser) -> None:
    """Further data sets to score on."""
    parser.add_argument(
        "--transfer",
        type=names,
        default=(),
        metavar="SETS",
        help="also score on these data sets, on the activities in common, e.g. motionsense,sp-sw-har/wrist",
    )
