"""Scores of cross-validated recipes on the people of each data set and place, windows alone and smoothed.

`har_train.evaluation.cross_validation` trains the folds, and here their networks answer the whole recordings of the
people that they are tested on.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.recording import Recording
from har_train.data.continuous import Track, tracks_of
from har_train.data.windows import load_windows
from har_train.evaluation.cross_validation import WINDOWS, fold_folder
from har_train.evaluation.set_scores import Truth, by_placement, mean_of_last
from har_train.fit.card import card_of
from har_train.fit.checkpoint import Checkpoint, load_checkpoint
from har_train.fit.place_answers import fit_place_answers, smoothed_tracks
from har_train.recipe import Recipe

Tables = dict[str, NDArray[np.floating]]
"""Probabilities of the windows of some tracks: "windows" alone, "smoothed", and for a model that tells places also
"smoothed_given_place"; shape (n, classes) each."""


def in_set_rows(
    recipe: Recipe, folder: Path, folds: int, recordings: dict[str, list[Recording]]
) -> list[dict[str, Any]]:
    """A row for each data set and place, over all its people.

    Args:
        folder: of the finished cross-validation of a recipe that is no control.
        recordings: of each data set of the recipe.
    """
    windows = load_windows(folder / WINDOWS)
    everything = [recording for part in recordings.values() for recording in part]
    found: dict[tuple[str, str | None], list[tuple[list[Track], Tables]]] = {}
    for index in range(folds):
        checkpoint = load_checkpoint(fold_folder(folder, index))
        card = None
        if recipe.model.places:
            answers = fit_place_answers(everything, windows, checkpoint.record, checkpoint.outputs)
            card = card_of(checkpoint.record, recipe.name, answers)
        tested = set(checkpoint.record.split.test)
        for name, part in recordings.items():
            own = [recording for recording in part if recording.user in tested]
            for placement, tracks in by_placement(tracks_of(own, recipe.data)).items():
                tables = _tables(checkpoint, tracks, card, placement)
                found.setdefault((name, placement), []).append((tracks, tables))
    return [_row(recipe, name, placement, parts) for (name, placement), parts in found.items()]


def _tables(checkpoint: Checkpoint, tracks: Sequence[Track], card: Any, placement: str | None) -> Tables:
    outputs = [checkpoint.outputs(track.windows) for track in tracks]
    tables: Tables = {"windows": np.concatenate([output.probabilities for output in outputs])}
    if card is None:
        tables["smoothed"] = np.concatenate([mean_of_last(output.probabilities) for output in outputs])
        return tables
    for key, place in (("smoothed", None), ("smoothed_given_place", placement)):
        steps = smoothed_tracks(card, tracks, outputs, place)
        tables[key] = np.array([step.probabilities for part in steps for step in part])
    return tables


def _row(
    recipe: Recipe, name: str, placement: str | None, parts: Sequence[tuple[list[Track], Tables]]
) -> dict[str, Any]:
    truth = Truth.of(recipe.data, [track for tracks, _ in parts for track in tracks])
    tables = {key: np.concatenate([tables[key] for _, tables in parts]) for key in parts[0][1]}
    return {
        "set": name,
        "placement": placement,
        "activities": list(truth.names),
        "windows_scored": int(truth.scored.sum()),
        "users": len(set(truth.user[truth.scored].tolist())),
        **{key: truth.scores(table) for key, table in tables.items()},
    }
