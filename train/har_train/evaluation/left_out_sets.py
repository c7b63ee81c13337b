"""Leave one data set out: trains on all data sets of a recipe but one, and scores the people of that one.

They, their devices and their places are then strange to the model, as its users are. The people of a set left out
decide nothing: epoch, temperature, smoothing and thresholds are chosen on validation users of the other sets.

Each set has a folder with the run (which resumes) and, written last, `scores.json`.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from har_runtime.errors import DataError
from har_runtime.files import write_bytes
from har_runtime.model.outputs import Outputs
from har_runtime.recording import Recording
from har_runtime.tables import read_json
from har_train.data.continuous import Track, tracks_of
from har_train.data.splits import LEAVE_ONE_SET_OUT, UserSplit, set_folds
from har_train.data.windows import WindowSet, load_recordings_of, windows_of
from har_train.datasets import find_all
from har_train.evaluation.controls import Control
from har_train.evaluation.report import percent
from har_train.evaluation.set_scores import by_placement, score_placement, without_gyroscope
from har_train.fit.batches import sampling_weights
from har_train.fit.card import card_of
from har_train.fit.checkpoint import load_checkpoint
from har_train.fit.place_answers import fit_place_answers
from har_train.fit.run import Run, claim_folder
from har_train.fit.trainer import fit
from har_train.recipe import Recipe

SCORES = "scores.json"
CONTROL_WINDOWS = 30_000
"""Windows that train a control, drawn as for a network."""

Row = dict[str, Any]
"""Scores on one placement of a set, see `set_scores.score_placement`."""


@dataclass(frozen=True)
class LeftOut:
    """A cross-validation that leaves one data set out at a time."""

    recipe: Recipe
    data: Path
    """Folder of the data sets."""
    out: Path
    seed: int = 0
    precision: str = "32"
    epochs: int | None = None
    """Fewer epochs than the recipe's, for a short try."""
    resume: bool = False
    teachers: Path | None = None
    """Folder of the same protocol for the recipe of the network to learn from; where it has no network, that one is
    trained too."""
    known: tuple[Row, ...] = ()
    """Rows that an earlier run had, of sets that are not run again."""


def leave_one_set_out(job: LeftOut, done: Callable[[str, list[Row]], None] = lambda line, rows: None) -> dict[str, Any]:
    """Train without each set in turn, and score its people.

    Args:
        done: called with a line of text after each set, and all rows so far.

    Returns:
        Recipe, protocol and seed; in "sets" a row for each set, placement, and with or without gyroscope.

    Raises:
        HarError: `job.out` holds something else, or there is nothing to resume.
        DataError: no data, one data set alone, or a set that shares no activity with the others.
        KeyboardInterrupt: Ctrl-C; finished sets are kept, and `resume` continues.
    """
    Run(job.out, job.seed, job.precision, epochs=job.epochs)  # Refuses impossible values before any work.
    recipe = job.recipe
    recordings = load_recordings_of(recipe.data, job.data)
    windows = windows_of(recordings, recipe.data)
    people = {name: set(windows.user[windows.dataset == name].tolist()) for name in recordings}
    splits = set_folds(people, job.seed, recipe.data.validation)
    document = {"recipe": recipe.name, "protocol": LEAVE_ONE_SET_OUT, "seed": job.seed}
    settings = {"settings": recipe.to_dict(), "precision": job.precision, "epochs": job.epochs}
    claim_folder(job.out, "cross-validation.json", {**document, **settings}, job.resume)
    rows: list[Row] = []
    for name, split in splits.items():
        found = [row for row in job.known if row["set"] == name]
        if not found:
            file = job.out / name / SCORES
            if not file.exists():
                found = _without(job, name, split, windows, recordings)
                write_bytes(file, json.dumps(found, indent=1, allow_nan=False).encode())
            found = _read(file)
        rows += found
        done(f"{name}: macro-F1 {', '.join(percent(row['smoothed']['macro_f1']) for row in found)} %", rows)
    return {**document, "sets": rows}


def _without(
    job: LeftOut, name: str, split: UserSplit, windows: WindowSet, recordings: dict[str, list[Recording]]
) -> list[Row]:
    """The scores on one set of what the others teach."""
    recipe, learnable = without_unseen_classes(job.recipe, windows, split)
    tracks = tracks_of(recordings[name], recipe.data)
    if recipe.is_control:
        control = _control(recipe, learnable.of_users(split.train).single, job.seed)
        return [
            {"set": name, "gyroscope": True, **score_placement(recipe.data, place, part, _answers(control, part))}
            for place, part in by_placement(tracks).items()
        ]
    folder = job.out / name / "run"
    resume = (folder / "run.json").exists()
    teacher = job.teachers and job.teachers / name / "run"
    if teacher is not None and not (teacher.parent / SCORES).exists():
        teacher = None
    run = Run(folder, job.seed, job.precision, resume, job.epochs, show_progress=False, teacher=teacher)
    fit(recipe, find_all(recipe.data.set_names, job.data), learnable, None, run, split)
    checkpoint = load_checkpoint(folder)
    card = None
    if recipe.model.places:
        others = [recording for other, part in recordings.items() if other != name for recording in part]
        answers = fit_place_answers(others, learnable, checkpoint.record, checkpoint.outputs)
        card = card_of(checkpoint.record, recipe.name, answers)
    rows: list[Row] = []
    for place, part in by_placement(tracks).items():
        for gyroscope in (True, False) if recipe.classifier_augment.no_gyroscope > 0 else (True,):
            heard = part if gyroscope else [without_gyroscope(track) for track in part]
            outputs = [checkpoint.outputs(track.windows) for track in heard]
            rows.append(
                {"set": name, "gyroscope": gyroscope, **score_placement(recipe.data, place, heard, outputs, card)}
            )
    return rows


def without_unseen_classes(recipe: Recipe, windows: WindowSet, split: UserSplit) -> tuple[Recipe, WindowSet]:
    """The recipe and the windows without the activities of which the training users have no window of their own.

    A choice of which fewer than two activities are left, and what is renamed to it or to an activity, is skipped too.

    Raises:
        DataError: fewer than two activities are left.
    """
    train = windows.of_users(split.train)
    kept = tuple(label for index, label in enumerate(windows.labels) if (train.y == index).any())
    known = {name: tuple(one for one in members if one in kept) for name, members in recipe.data.choices.items()}
    choices = {name: members for name, members in known.items() if len(members) > 1}
    renames = {old: new for old, new in recipe.data.renames.items() if new in kept or new in choices}
    names = (*windows.labels, *recipe.data.choices)
    wanted = (*kept, *choices)
    numbers = np.array([wanted.index(name) if name in wanted else -1 for name in names])[windows.y]
    data = replace(recipe.data, activities=kept, choices=choices, renames=renames)
    left = replace(windows, y=numbers, labels=kept, choices=tuple(choices.values())).select(numbers >= 0)
    return replace(recipe, data=data), left


def _control(recipe: Recipe, train: WindowSet, seed: int) -> Control:
    weights = sampling_weights(train)
    count = min(CONTROL_WINDOWS, len(train.y))
    drawn = np.random.default_rng(seed).choice(len(train.y), count, p=weights / weights.sum())
    return Control(recipe.method, train.select(drawn), seed, -1, recipe.model.yaw_invariant)


def _answers(control: Control, tracks: list[Track]) -> list[Outputs]:
    table = control.probabilities(np.concatenate([track.windows for track in tracks]))
    ends = np.cumsum([len(track.windows) for track in tracks])[:-1]
    return [Outputs(part) for part in np.split(table, ends)]


def _read(file: Path) -> list[Row]:
    try:
        return [{**row, "smoothed": dict(row["smoothed"])} for row in read_json(file)]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DataError(f"{file}: damaged ({error}); delete it and use --resume") from error
