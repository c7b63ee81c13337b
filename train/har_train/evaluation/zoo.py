"""Every system of the paper's Table 3 on the same people and windows.

A system is trained with the schedule of its authors, and with the budget of processor time that all have, so that none
wins by computing longer. The paper's own method and the controls are among the rows.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from har_runtime.errors import DataError
from har_train.evaluation.rows import Row, Settings, restore_rows, run_rows
from har_train.methods.registry import SYSTEMS
from har_train.recipe_file import load_recipe

AUTHORS, BUDGET = "authors", "budget"
SCHEDULES = (AUTHORS, BUDGET)
OURS, CONTROLS = "multisupconhar", ("random-forest", "logistic-regression")
DOCUMENT = "zoo.json"
"""In the folder of all rows."""
PRINTED = {"uci-har": 91.07, "mobiact": 85.93, "usc-had": 76.84}
"""Of the paper's own method in its Table 3, macro-F1 in %."""


@dataclass(frozen=True)
class Zoo:
    """What to compare."""

    systems: tuple[str, ...]
    schedules: tuple[str, ...] = (BUDGET,)
    seeds: tuple[int, ...] = (0, 1, 2)
    changes: tuple[str, ...] = ()
    """Settings that replace those of every recipe."""

    def __post_init__(self) -> None:
        _check(self.systems, system_names(), "system")
        _check(self.schedules, SCHEDULES, "schedule")

    def rows(self, out: Path) -> dict[tuple[str, str], list[Row]]:
        """The rows of each system and schedule, one for each seed, with their folders in `out`. A control has no
        schedule: it is in the first one only."""
        return {
            (system, schedule): [
                Row(
                    f"{system}, {schedule}, seed {seed}",
                    out / schedule / system / f"seed-{seed}",
                    load_recipe(recipe_name(system, schedule), self.changes),
                    seed,
                )
                for seed in self.seeds
            ]
            for schedule in self.schedules
            for system in self.systems
            if system not in CONTROLS or schedule == self.schedules[0]
        }


def system_names() -> list[str]:
    """All that can be compared: the paper's method, the systems of its Table 3, the controls."""
    return [OURS, *SYSTEMS, *CONTROLS]


def recipe_name(system: str, schedule: str) -> str:
    """Name of the recipe of a system."""
    if system in CONTROLS:
        return f"hapt-{system}"
    return f"zoo-{system}" + ("-budget" if schedule == BUDGET else "")


def run_zoo(zoo: Zoo, settings: Settings, out: Path, show: Callable[[str], None]) -> dict[str, Any]:
    """Train and score the rows that are not finished yet, a seed of every system before the next seed; returns the
    document of all. Results in an earlier document in `out` are kept. For `show` and errors see `rows.run_rows`."""
    rows = zoo.rows(out)
    in_order = [row for of_seed in zip(*rows.values(), strict=True) for row in of_seed]
    restore_rows(in_order, settings, out / DOCUMENT)
    run_rows(in_order, settings, show)
    return {
        "protocol": str(settings.protocol),
        "changes": list(zoo.changes),
        "seeds": list(zoo.seeds),
        "rows": [_together(system, schedule, part) for (system, schedule), part in rows.items()],
    }


def _check(chosen: Sequence[str], known: Sequence[str], kind: str) -> None:
    if unknown := [name for name in chosen if name not in known]:
        raise DataError(f"unknown {kind} '{unknown[0]}'; known: {', '.join(known)}")


def _together(system: str, schedule: str, rows: Sequence[Row]) -> dict[str, Any]:
    """A system's rows of all seeds."""
    parts = [row.result() for row in rows]
    known = SYSTEMS.get(system)
    return {
        "system": system,
        "title": known.title if known else "MultiSupConHAR" if system == OURS else system.replace("-", " "),
        "schedule": schedule,
        "recipe": recipe_name(system, schedule),
        "dataset": parts[0].dataset,
        "placement": parts[0].placement,
        "macro_f1": mean(part.macro_f1 for part in parts),
        "core_minutes": mean(part.core_minutes for part in parts),
        "parameters": parts[0].parameters,
        "printed": known.printed if known else PRINTED if system == OURS else {},
        "copied": known is not None and known.copied,
        "seeds": [row.to_dict() for row in rows],
    }
