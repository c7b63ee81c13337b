"""Three small data sets of simulated wearers, at the waist, in the pocket and at the wrist, and a recipe for them.

Each wearer carries the device another way up, as one mounting. The pocket's people have "stairs" without a direction,
and a thigh that sits is level. The wrist's people do not lie, and they type, which is like none of the activities.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from har_runtime.contract import PERIOD_NS, SAMPLE_RATE_HZ, STANDARD_GRAVITY
from har_runtime.recording import Recording
from har_runtime.sources.simulated.wearer import Wearer
from har_train.data.windows import WindowSet, windows_of
from har_train.datasets import DATASETS, DataSet
from har_train.recipe import Recipe
from har_train.recipe_file import load_recipe

USERS = 5
WALK = (("standing", 8.0), ("walking", 16.0), ("stairs_up", 10.0), ("walking", 6.0), ("stairs_down", 10.0))
REST = (("sitting", 10.0), ("standing", 8.0), ("lying", 10.0))
PLACEMENTS = {"toy-waist": "waist", "toy-pocket": "pocket", "toy-wrist": "wrist"}
"""Placement of each set."""
RECIPE = """
name = "toy"
title = "Three toy sets"
[data]
datasets = ["toy-waist", "toy-pocket", "toy-wrist"]
activities = ["standing", "sitting", "lying", "walking", "stairs_up", "stairs_down", "unknown"]
frame = "upright"
[data.renames]
typing = "unknown"
[data.choices]
stairs = ["stairs_up", "stairs_down"]
[model]
filters = [8, 8]
head = [16]
halvings = 1
projector = false
fine_scale = true
yaw_invariant = true
places = ["torso", "thigh", "wrist"]
[contrastive]
weight = 0.0
[classifier_augment]
tilt_degrees = 2.5
stretch = 1.18
slow_sensor = 0.5
amplitude = 0.4
clip_2g = 0.5
no_gyroscope = 0.4
[optimiser]
learning_rate = 2e-2
batch_size = 64
epochs = 6
schedule = "one-cycle"
averaging = 0.9
balanced_windows = 4000
"""
TEACHER = ("distillation.teacher.filters=[8, 16]", "distillation.teacher.head=[16]", "distillation.teacher.halvings=1")
TEACHER = (*TEACHER, "distillation.teacher.projector=false", "distillation.teacher.fine_scale=true")
TEACHER = (*TEACHER, "distillation.teacher.yaw_invariant=true")
TEACHER = (*TEACHER, "distillation.teacher.places=['torso', 'thigh', 'wrist']")
"""Changes of the recipe that give it a teacher."""


def toy_recipe(folder: Path, *changes: str) -> Recipe:
    """The recipe with changes as of `--set`; a file of it is written into `folder`."""
    return load_recipe(str(write_recipe(folder)), changes)


def write_recipe(folder: Path) -> Path:
    """The recipe as a file for a command line."""
    path = folder / "toy.toml"
    path.write_text(RECIPE)
    return path


@cache
def toy_recordings(name: str) -> tuple[Recording, ...]:
    """The recordings of a set: for each person one with gait and one with postures, of one mounting."""
    return tuple(recording for number in range(USERS) for recording in _person(name, number))


def toy_windows(recipe: Recipe) -> WindowSet:
    """The windows of the three sets."""
    return windows_of({name: list(toy_recordings(name)) for name in PLACEMENTS}, recipe.data)


@contextmanager
def known_toy_sets() -> Iterator[None]:
    """The sets are among those that haredge reads, whatever folder is named."""
    with pytest.MonkeyPatch.context() as patch:
        for name in PLACEMENTS:
            patch.setitem(DATASETS, name, toy_set(name))
        yield


def toy_set(name: str) -> DataSet:
    """Its description."""
    return DataSet(
        name=name,
        title=name,
        files=(),
        load=lambda path: list(toy_recordings(name)),
        activities=(),
        placements=(PLACEMENTS[name],),
        page="none",
        downloads=(),
        citation=f"who made {name}",
        licence=f"terms of {name}",
    )


def _person(name: str, number: int) -> Iterator[Recording]:
    seed = 100 * list(PLACEMENTS).index(name) + number
    turn = Rotation.random(random_state=seed).as_matrix()
    placement = PLACEMENTS[name]
    user = f"{name}-{number}"
    for kind, plan in (("walk", WALK), ("rest", REST if placement != "wrist" else REST[:2])):
        chunks = list(Wearer(number, plan))
        acc, gyro = (np.concatenate([getattr(chunk, sensor) for chunk in chunks]) for sensor in ("acc", "gyro"))
        labels = np.concatenate([chunk.labels for chunk in chunks])
        acc, gyro, labels = _worn(placement, acc, gyro, labels)
        if placement == "wrist" and kind == "rest":
            acc, gyro, labels = (np.concatenate(pair) for pair in zip((acc, gyro, labels), _typing(seed), strict=True))
        times = np.arange(len(acc)) * PERIOD_NS
        yield Recording(f"{user}-{kind}", times, acc @ turn.T, gyro @ turn.T, labels, user, placement, mounting=user)


def _worn(
    placement: str, acc: NDArray[np.float64], gyro: NDArray[np.float64], labels: NDArray[np.str_]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.str_]]:
    """What a sensor there feels of a wearer whose sensor at the waist feels `acc` and `gyro`."""
    if placement == "waist":
        return acc, gyro, labels
    walks = np.isin(labels, ("walking", "stairs_up", "stairs_down"))[:, None]
    if placement == "wrist":
        swing = np.sin(2 * np.pi * 0.9 * np.arange(len(acc)) / SAMPLE_RATE_HZ)[:, None]
        return acc + 3 * swing * walks * [0.0, 1.0, 1.0], gyro + 3 * swing * walks, labels
    level = Rotation.from_euler("y", 80, degrees=True).as_matrix()
    sits = (labels == "sitting")[:, None]
    bounce = np.sin(2 * np.pi * 9 * np.arange(len(acc)) / SAMPLE_RATE_HZ)[:, None]
    labels = np.where(np.isin(labels, ("stairs_up", "stairs_down")), "stairs", labels)
    return np.where(sits, acc @ level.T, acc + 2 * bounce * walks), np.where(sits, gyro @ level.T, gyro), labels


def _typing(seed: int) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.str_]]:
    """Ten seconds of fingers that tremble, the palm down."""
    count = 10 * SAMPLE_RATE_HZ
    rng = np.random.default_rng(seed)
    acc = np.array([0.0, 0.0, STANDARD_GRAVITY]) + rng.normal(0, 1.5, (count, 3))
    return acc, rng.normal(0, 0.5, (count, 3)), np.full(count, "typing")
