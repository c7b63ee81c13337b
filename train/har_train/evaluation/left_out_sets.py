"""Leave one data set out: trains on all data sets of a recipe but one, and scores the people of that one.

They, their devices and their places are then strange to the model, as its users are. The people of a set left out
decide nothing: epoch, temperature, smoothing and thresholds are chosen on validation users of the other sets.

Each set has a folder with the run (which resumes) and, written last, `scores.json`.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.answering import Answering
from har_runtime.classify import Prediction
from har_runtime.contract import PLACE_OF
from har_runtime.files import write_bytes
from har_runtime.model.card import ModelCard
from har_runtime.model.outputs import Outputs
from har_runtime.recording import Recording
from har_runtime.signal.window import Window
from har_train.data.continuous import Track, tracks_of
from har_train.data.splits import UserSplit, folds, parse_protocol
from har_train.data.windows import WindowSet, load_recordings_of, windows_of
from har_train.datasets import find_all
from har_train.evaluation.controls import Control
from har_train.evaluation.judgement import Predictions, judge
from har_train.fit.card import card_of
from har_train.fit.checkpoint import load_checkpoint
from har_train.fit.place_answers import fit_place_answers, smoothed_tracks
from har_train.fit.run import Run, claim_folder
from har_train.fit.trainer import fit, sampling_weights
from har_train.recipe import Recipe

SCORES = "scores.json"
PROTOCOL = "leave-one-set-out"
FOREST_WINDOWS = 30_000
"""Windows that train a control, drawn as for a network."""


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
    resume: bool = False
    teachers: Path | None = None
    """Folder of the same protocol for the recipe of the network to learn from; None trains that network too."""


def leave_one_set_out(job: LeftOut, done: Callable[[str], None] = lambda line: None) -> dict[str, Any]:
    """Train and score every set; returns the document with a row for each set, place, and with or without gyroscope.

    Args:
        done: called with a line of text after each set.

    Raises:
        HarError: `job.out` holds something else, or there is nothing to resume.
        DataError: no data, or one data set alone.
        KeyboardInterrupt: Ctrl-C; finished sets are kept, and `resume` continues.
    """
    recipe = job.recipe
    document = {"recipe": recipe.name, "protocol": PROTOCOL, "seed": job.seed}
    settings = {"settings": recipe.to_dict(), "precision": job.precision, "epochs": job.epochs}
    claim_folder(job.out, "cross-validation.json", {**document, **settings}, job.resume)
    recordings = load_recordings_of(recipe.data, job.data)
    windows = windows_of(recordings, recipe.data)
    people = [set(windows.user[windows.dataset == name].tolist()) for name in recipe.data.set_names]
    splits = folds(parse_protocol(PROTOCOL), windows.user.tolist(), job.seed, recipe.data.validation, sets=people)
    rows: list[dict[str, Any]] = []
    for name, split in zip(recipe.data.set_names, splits, strict=True):
        folder = job.out / name
        if not (folder / SCORES).exists():
            found = _without(job, name, split, windows, recordings, folder)
            write_bytes(folder / SCORES, json.dumps(found, indent=1).encode())
        found = json.loads((folder / SCORES).read_text(encoding="utf-8"))
        rows += found
        done(f"{name}: " + ", ".join(f"{row['smoothed']['macro_f1']:.3f}" for row in found))
    return {**document, "sets": rows}


def _without(
    job: LeftOut,
    name: str,
    split: UserSplit,
    windows: WindowSet,
    recordings: dict[str, list[Recording]],
    folder: Path,
) -> list[dict[str, Any]]:
    """The scores on one set of what the others teach."""
    recipe, learnable = without_unseen_classes(job.recipe, windows, split)
    tracks = tracks_of(recordings[name], recipe.data)
    if recipe.is_control:
        train = learnable.of_users(split.train).single
        order = np.random.default_rng(job.seed).choice(
            len(train.y), min(FOREST_WINDOWS, len(train.y)), p=sampling_weights(train) / sampling_weights(train).sum()
        )
        control = Control(recipe.method, train.at(order), job.seed, -1, recipe.model.yaw_invariant)
        predict = control.probabilities
        return [
            _row(recipe, name, place, part, [Outputs(predict(track.windows)) for track in part], None)
            for place, part in by_placement(tracks).items()
        ]
    run = Run(
        folder / "run",
        job.seed,
        job.precision,
        (folder / "run" / "run.json").exists(),
        job.epochs,
        show_progress=False,
        teacher=job.teachers and job.teachers / name / "run",
    )
    fit(recipe, find_all(recipe.data.set_names), learnable, None, run, split)
    checkpoint = load_checkpoint(run.out)
    others = [recording for other, part in recordings.items() if other != name for recording in part]
    card = None
    if recipe.model.places:
        answers = fit_place_answers(others, learnable, checkpoint.record, checkpoint.outputs)
        card = card_of(checkpoint.record, recipe.name, answers)
    rows: list[dict[str, Any]] = []
    for place, part in by_placement(tracks).items():
        for gyroscope in (True, False):
            outputs = [checkpoint.outputs(with_or_without(track.windows, gyroscope)) for track in part]
            rows.append({**_row(recipe, name, place, part, outputs, card), "gyroscope": gyroscope})
    return rows


def with_or_without(x: NDArray[np.float32], gyroscope: bool) -> NDArray[np.float32]:
    """Windows as they are, or with the angular rates of a device without a gyroscope."""
    if gyroscope:
        return x
    copy = x.copy()
    copy[:, :, 3:] = 0
    return copy


def without_unseen_classes(recipe: Recipe, windows: WindowSet, split: UserSplit) -> tuple[Recipe, WindowSet]:
    """The recipe and the windows without the activities of which the training users have no window of their own.

    A choice among activities that lacks one of them, and what is renamed to one, is left out too.
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


def by_placement(tracks: Sequence[Track]) -> dict[str, list[Track]]:
    """The recordings of each placement."""
    places: dict[str, list[Track]] = {}
    for track in tracks:
        places.setdefault(track.recording.placement or "unknown", []).append(track)
    return places


def _row(
    recipe: Recipe,
    name: str,
    placement: str,
    tracks: Sequence[Track],
    outputs: Sequence[Outputs],
    card: ModelCard | None,
) -> dict[str, Any]:
    truth = Truth.of(recipe, tracks)
    tables: dict[str, NDArray[np.floating]] = {"windows": np.concatenate([output.probabilities for output in outputs])}
    row: dict[str, Any] = {
        "set": name,
        "placement": placement,
        "activities": list(truth.names),
        "windows_scored": int(truth.scored.sum()),
        "users": len(set(truth.user.tolist())),
    }
    if card is not None:
        for key, place in (("smoothed", None), ("smoothed_given_place", placement)):
            steps = [step for steps in smoothed_tracks(card, tracks, outputs, place) for step in steps]
            tables[key] = np.array([step.probabilities for step in steps])
            if place is None:
                found = np.array([card.places[step.place] for step in steps if step.place is not None])
                row["place_found"] = float((found == PLACE_OF.get(placement)).mean())
        row["answers"] = answer_shares(card, tracks, outputs, truth)
    else:
        tables["smoothed"] = np.concatenate([mean_of_last(output.probabilities) for output in outputs])
    for key, table in tables.items():
        row[key] = truth.scores(table)
    return row


LAST = 6
"""Windows whose logarithms of probabilities are averaged for a model without a filter."""


def mean_of_last(probabilities: NDArray[np.float32]) -> NDArray[np.float64]:
    """Geometric mean of the last windows' probabilities, shape (n, classes): the simplest smoothing."""
    logs = np.log(np.maximum(probabilities, 1e-6, dtype=np.float64))
    total = np.cumsum(np.concatenate([np.zeros((1, logs.shape[1])), logs]), axis=0)
    ends = np.arange(1, len(logs) + 1)
    starts = np.maximum(ends - LAST, 0)
    mean = np.exp((total[ends] - total[starts]) / (ends - starts)[:, None])
    return mean / mean.sum(axis=1, keepdims=True)


@dataclass(frozen=True)
class Truth:
    """What the people of a set did, as far as the model can know it."""

    names: tuple[str, ...]
    """Activities, and choices of them, that both the model and the set have."""
    merged: NDArray[np.float64]
    """Which of the model's labels each name stands for, shape (labels, names)."""
    y: NDArray[np.int64]
    """Index into `names` of each window, -1 if it is none of them; shape (n,)."""
    user: NDArray[np.str_]
    """Shape (n,)."""

    @property
    def scored(self) -> NDArray[np.bool_]:
        """Whether a window is scored, shape (n,)."""
        return self.y >= 0

    @classmethod
    def of(cls, recipe: Recipe, tracks: Sequence[Track]) -> "Truth":
        """The truth of a set's recordings. If it has a choice, such as stairs, its members count as one there."""
        labels = recipe.data.activities
        said = [recipe.data.activity_of(label, track.recording.placement) for track in tracks for label in track.labels]
        there = set(said)
        choices = {name: members for name, members in recipe.data.choices.items() if name in there}
        of_choice = {member: name for name, members in choices.items() for member in members}
        names = tuple(
            dict.fromkeys(
                of_choice.get(label, label)
                for label in labels
                if label != UNKNOWN and (label in there or label in of_choice)
            )
        )
        merged = np.array([[of_choice.get(label, label) == name for name in names] for label in labels], np.float64)
        index = {name: position for position, name in enumerate(names)}
        y = np.array([index.get(of_choice.get(label, label), -1) for label in said], np.int64)
        user = np.array([track.recording.user or track.recording.name for track in tracks for _ in track.labels])
        return cls(names, merged, y, user)

    def scores(self, probabilities: NDArray[np.floating]) -> dict[str, Any]:
        """Macro-F1 over `names`, with its interval over users, of the likeliest of all labels, where any other label is
        a miss (`macro_f1`), and of the likeliest among the shared ones (`macro_f1_among_shared`)."""
        table = probabilities[self.scored] @ self.merged
        y, user = self.y[self.scored], self.user[self.scored]
        among = judge(Predictions(y, _rows_to_1(table), user, self.names))
        others = np.where(self.merged.any(axis=1), 0.0, probabilities[self.scored]).max(axis=1)
        own = probabilities[self.scored][:, self.merged.any(axis=1)].max(axis=1)
        missed = others > own
        guess = np.where(missed, len(self.names), table.argmax(axis=1))
        onehot = np.eye(len(self.names) + 1)[guess].astype(np.float32)
        strict = judge(Predictions(y, onehot, user, (*self.names, "another")))
        f1 = [row.f1 for row in strict.scores.classes[: len(self.names)]]
        return {
            "macro_f1": float(np.mean(f1)),
            "f1": dict(zip(self.names, f1, strict=True)),
            "macro_f1_among_shared": among.scores.macro_f1,
            "interval_among_shared": among.interval,
        }


def _rows_to_1(table: NDArray[np.floating]) -> NDArray[np.float32]:
    table = table + 1e-9
    return (table / table.sum(axis=1, keepdims=True)).astype(np.float32)


def answer_shares(
    card: ModelCard, tracks: Sequence[Track], outputs: Sequence[Outputs], truth: Truth
) -> dict[str, dict[str, float]]:
    """How often answers as a user gets them are an activity, a family or unknown, for each label of the set."""
    counts: dict[str, dict[str, int]] = {}
    mounting = None
    answering = Answering(card, clock=lambda: 0.0)
    for track, output in zip(tracks, outputs, strict=True):
        if track.recording.mounting is None or track.recording.mounting != mounting:
            answering = Answering(card, clock=lambda: 0.0)
        mounting = track.recording.mounting
        assert output.places is not None
        assert output.by_place is not None
        for row, label in enumerate(track.labels):
            window = Window(0, int(track.end_ns[row]) - 980_000_000, track.windows[row], track.ups[row])
            best = int(output.probabilities[row].argmax())
            prediction = Prediction(
                window,
                card.labels[best],
                float(output.probabilities[row][best]),
                output.probabilities[row],
                output.places[row],
                output.by_place[row],
            )
            answer = answering.step(prediction)
            if label:
                kind = "family" if answer.activity in card.families else "activity"
                kind = f"unknown, {answer.reason}" if answer.reason else kind
                own = counts.setdefault(label, {})
                own[kind] = own.get(kind, 0) + 1
    return {
        label: {kind: count / sum(own.values()) for kind, count in sorted(own.items())}
        for label, own in sorted(counts.items())
    }
