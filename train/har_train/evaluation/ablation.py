"""What the parts of the paper's method are worth: its Tables 8 and 9, its Figures 4 to 7, what its loss leaves open.

Settings that several studies share are trained once.
"""

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Any

from har_runtime.errors import DataError
from har_train.evaluation.rows import Row, Settings, restore_rows, run_rows
from har_train.recipe_file import load_recipe

DOCUMENT = "ablation.json"
"""In the folder of all rows."""
PAPER, SHORT = "paper", "short"
SCHEDULES: dict[str, tuple[str, ...]] = {
    PAPER: (),
    SHORT: (
        "optimiser.epochs=8",
        "optimiser.patience=8",
        "optimiser.learning_rate=1e-3",
        "optimiser.schedule='one-cycle'",
        "pretraining.epochs=8",
        "pretraining.learning_rate=1e-3",
    ),
}
"""The paper's settings, and a tenth of its steps with one cycle of the learning rate."""
CHOSEN = 93.16
"""The paper's own setting on UCI HAR, leaving one person out: macro-F1 in % in its Tables 8 and 9."""


@dataclass(frozen=True)
class Point:
    """A setting of a study."""

    label: str
    recipe: str = "uci-har"
    changes: tuple[str, ...] = ()
    printed: float | None = None
    """Macro-F1 in % that the paper prints for UCI HAR, leaving one person out; its figures have no numbers."""


@dataclass(frozen=True)
class Study:
    """A table or figure of the paper."""

    title: str
    points: tuple[Point, ...]
    axis: str | None = None
    """What is varied, for a figure; None for a table."""


def _values(setting: str, values: Sequence[Any], chosen: Any) -> tuple[Point, ...]:
    """A point for each value of a setting; the paper's own is the recipe as it is."""
    return tuple(
        Point(str(value), printed=CHOSEN) if value == chosen else Point(str(value), changes=(f"{setting}={value}",))
        for value in values
    )


STUDIES: dict[str, Study] = {
    "tables-8-9": Study(
        "Tables 8 and 9: what multi-task learning and the user-aware pairs are worth",
        (
            Point("supervised only", "uci-har-supervised", printed=89.71),
            Point("two-stage SimCLR", "uci-har-two-stage-simclr", printed=81.35),
            Point("two-stage SupCon, activity", "uci-har-two-stage-supcon", printed=89.24),
            Point("two-stage SupCon, activity and user", "uci-har-two-stage-supcon-user", printed=92.22),
            Point("multi-task SimCLR", "uci-har-simclr", printed=91.83),
            Point("multi-task SupCon, activity", "uci-har-supcon", printed=92.69),
            Point("multi-task SupCon, activity and user", printed=CHOSEN),
        ),
    ),
    "readings": Study(
        "What the paper's loss leaves open",
        (
            Point("mean over anchors, own second view ignored", printed=CHOSEN),
            Point("own second view positive", changes=("contrastive.own_view='positive'",)),
            Point("sum over anchors", changes=("contrastive.reduction='sum'",)),
        ),
    ),
    "figure-4": Study(
        "Figure 4: weight of the contrastive loss",
        _values("contrastive.weight", [round(0.1 * tenth, 1) for tenth in range(1, 10)], 0.4),
        "lambda",
    ),
    "figure-5": Study(
        "Figure 5: batch size", _values("optimiser.batch_size", (64, 128, 256, 512, 1024), 256), "windows in a batch"
    ),
    "figure-6": Study(
        "Figure 6: projector",
        (Point("without", changes=("model.projector=false",)), Point("with", printed=CHOSEN)),
        "projector",
    ),
    "figure-7": Study(
        "Figure 7: hidden width of the projector",
        _values("model.projector_hidden", (64, 128, 256, 512, 1024), 256),
        "hidden width",
    ),
}


@dataclass(frozen=True)
class Ablation:
    """What to study.

    Raises:
        DataError: an unknown study or schedule.
    """

    studies: tuple[str, ...] = tuple(STUDIES)
    schedule: str = SHORT
    seeds: tuple[int, ...] = (0,)
    changes: tuple[str, ...] = ()
    """Settings that replace those of every recipe."""

    def __post_init__(self) -> None:
        for name in self.studies:
            if name not in STUDIES:
                raise DataError(f"unknown study '{name}'; known: {', '.join(STUDIES)}")
        if self.schedule not in SCHEDULES:
            raise DataError(f"unknown schedule '{self.schedule}'; known: {', '.join(SCHEDULES)}")

    def row(self, point: Point, seed: int, out: Path) -> Row:
        """A point's row, in a folder that is named after its settings."""
        changes = (*SCHEDULES[self.schedule], *self.changes, *point.changes)
        which = "-".join((point.recipe, *(change.rpartition(".")[2] for change in point.changes)))
        plain = "".join(letter if letter.isalnum() or letter in ".-_" else "-" for letter in which)
        own = hashlib.sha256(repr((point.recipe, changes)).encode()).hexdigest()[:6]
        folder = out / f"{plain}-{own}" / f"seed-{seed}"
        return Row(f"{which}, seed {seed}", folder, load_recipe(point.recipe, changes), seed)


def run_ablation(ablation: Ablation, settings: Settings, out: Path, show: Callable[[str], None]) -> dict[str, Any]:
    """Train and score the rows that are not finished yet, all of a seed before the next; returns the document of all.
    Results in an earlier document in `out` are kept. For `show` and errors see `rows.run_rows`."""
    studies = {name: STUDIES[name] for name in ablation.studies}
    rows = {
        ablation.row(point, seed, out).folder: ablation.row(point, seed, out)
        for seed in ablation.seeds
        for study in studies.values()
        for point in study.points
    }
    restore_rows(list(rows.values()), settings, out / DOCUMENT)
    run_rows(list(rows.values()), settings, show)
    return {
        "protocol": str(settings.protocol),
        "schedule": ablation.schedule,
        "changes": list(ablation.changes),
        "seeds": list(ablation.seeds),
        "studies": [
            {
                "study": name,
                "title": study.title,
                "axis": study.axis,
                "points": [_together(ablation, point, out) for point in study.points],
            }
            for name, study in studies.items()
        ],
    }


def _together(ablation: Ablation, point: Point, out: Path) -> dict[str, Any]:
    """A point's rows of all seeds."""
    rows = [ablation.row(point, seed, out) for seed in ablation.seeds]
    parts = [row.result() for row in rows]
    return {
        "label": point.label,
        "recipe": rows[0].recipe.name,
        "dataset": parts[0].dataset,
        "printed": point.printed,
        "macro_f1": mean(part.macro_f1 for part in parts),
        "seeds": [row.to_dict() for row in rows],
    }
