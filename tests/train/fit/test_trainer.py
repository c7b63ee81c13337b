"""Several data sets in one run: what is scored, what is resumed, and what a teacher is for."""

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file
from scipy.spatial.transform import Rotation
from tests.train.toy_sets import PLACEMENTS, TEACHER, toy_recipe, toy_recordings, toy_set

from har_runtime.errors import DataError
from har_runtime.scores import score
from har_train.data.continuous import tracks_of
from har_train.data.splits import UserSplit
from har_train.data.windows import WindowSet
from har_train.fit.checkpoint import Checkpoint, TrainingRecord, load_checkpoint
from har_train.fit.run import Run
from har_train.fit.trainer import fit
from har_train.recipe import Recipe

EPOCHS = 4
"""Of a teacher and of its student: with fewer neither has learnt much."""


def train(recipe: Recipe, windows: WindowSet, out: Path, **settings) -> TrainingRecord:
    sets = [toy_set(name) for name in PLACEMENTS]
    return fit(recipe, sets, windows, None, Run(out, seed=1, show_progress=False, **settings))


def assert_equal_weights(a: Path, b: Path) -> None:
    first, second = (load_file(folder / "model.safetensors") for folder in (a, b))
    assert first.keys() == second.keys()
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_windows_of_a_choice_train_and_are_never_scored(toy_run: Path, of_toys: WindowSet) -> None:
    checkpoint = load_checkpoint(toy_run)
    record = checkpoint.record
    for users, stated in ((record.split.test, record.test_macro_f1), (record.split.validation, None)):
        part = of_toys.of_users(users)
        guess = checkpoint.probabilities(part.single.x).argmax(axis=1)
        found = score(part.single.y, guess, part.labels).macro_f1
        assert found == (record.validation_macro_f1 if stated is None else stated)
    stairs = of_toys.select((of_toys.y == len(of_toys.labels)) & np.isin(of_toys.user, record.split.train))
    up, down = (of_toys.labels.index(label) for label in ("stairs_up", "stairs_down"))
    assert np.isin(checkpoint.probabilities(stairs.x).argmax(axis=1), (up, down)).mean() > 0.7


def test_users_who_have_only_choices_cannot_be_tested(toy: Recipe, of_toys: WindowSet, tmp_path: Path) -> None:
    keep = (of_toys.user != "toy-pocket-0") | (of_toys.y == len(of_toys.labels))
    users = sorted(set(of_toys.user.tolist()) - {"toy-pocket-0", "toy-waist-0"})
    split = UserSplit(tuple(users), ("toy-waist-0",), ("toy-pocket-0",))
    with pytest.raises(DataError, match=r"no window of the test users \(toy-pocket-0\) has one of the recipe's act"):
        fit(toy, [], of_toys.select(keep), None, Run(tmp_path / "x"), split)


def test_a_network_learns_activities_and_places_of_several_sets(toy_run: Path, of_toys: WindowSet) -> None:
    checkpoint = load_checkpoint(toy_run)
    assert checkpoint.record.test_macro_f1 > 0.6
    assert checkpoint.record.placement is None
    assert checkpoint.record.data_licence == "; ".join(f"{name}: terms of {name}" for name in PLACEMENTS)
    walking = of_toys.select(of_toys.y == of_toys.labels.index("walking")).of_users(checkpoint.record.split.train)
    outputs = checkpoint.outputs(walking.x)
    assert outputs.places is not None and outputs.by_place is not None
    mean = np.array([outputs.places[walking.place == place].mean(axis=0) for place in range(3)])
    assert mean.argmax(axis=0).tolist() == [0, 1, 2]  # Each place is most likely where it is worn.
    np.testing.assert_allclose(outputs.places.sum(axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(outputs.by_place.sum(axis=2), 1, atol=1e-5)
    whole = np.einsum("np,npc->nc", outputs.places, outputs.by_place)
    np.testing.assert_allclose(outputs.probabilities, whole, atol=1e-5)
    np.testing.assert_allclose(checkpoint.probabilities(walking.x), outputs.probabilities)


def test_a_recording_turned_any_way_gives_the_same_answers(toy: Recipe, toy_run: Path) -> None:
    """The tracker finds up again, and what is left, the yaw, the network does not see."""
    checkpoint = load_checkpoint(toy_run)
    people = [recording for name in PLACEMENTS for recording in toy_recordings(name)[:2]]
    found = []
    for turn in (np.eye(3), *Rotation.random(3, random_state=0).as_matrix(), np.diag([1.0, -1.0, -1.0])):
        turned = [replace(one, acc=one.acc @ turn.T, gyro=np.asarray(one.gyro) @ turn.T) for one in people]
        tracks = tracks_of(turned, toy.data)
        found.append(checkpoint.probabilities(np.concatenate([track.windows for track in tracks])))
    for other in found[1:]:
        assert (other.argmax(axis=1) == found[0].argmax(axis=1)).mean() > 0.995
        assert np.abs(other - found[0]).mean() < 1e-3


def test_a_run_over_several_sets_that_was_stopped_ends_with_the_weights_of_one_that_was_not(
    toy: Recipe, of_toys: WindowSet, tmp_path: Path
) -> None:
    train(toy, of_toys, tmp_path / "whole", epochs=2)
    for epochs in (1, 2):
        train(toy, of_toys, tmp_path / "parts", epochs=epochs, resume=epochs > 1)
    assert_equal_weights(tmp_path / "whole", tmp_path / "parts")


@pytest.fixture(scope="module")
def taught(of_toys: WindowSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run with a teacher, a few epochs each."""
    folder = tmp_path_factory.mktemp("taught")
    recipe = toy_recipe(folder, *TEACHER, "distillation.weight=0.9")
    train(recipe, of_toys, folder / "run", epochs=EPOCHS)
    return folder / "run"


@pytest.mark.slow
def test_a_teacher_is_trained_on_the_same_people_first(taught: Path) -> None:
    student, teacher = load_checkpoint(taught).record, load_checkpoint(taught / "teacher").record
    assert teacher.recipe.model == student.recipe.distillation.teacher
    assert teacher.recipe.distillation.teacher is None
    assert teacher.recipe.name == f"{student.recipe.name} teacher"
    assert (teacher.split, teacher.seed, teacher.epochs) == (student.split, student.seed, EPOCHS)


@pytest.mark.slow
@pytest.mark.parametrize("kept", ["whole", "unfinished"])
def test_a_teacher_is_not_trained_twice_and_a_run_that_goes_on_from_it_ends_the_same(
    taught: Path, of_toys: WindowSet, tmp_path: Path, kept: str
) -> None:
    """As if the run had been stopped after the teacher, or in the teacher's last moment."""
    out = tmp_path / "again"
    shutil.copytree(taught / "teacher", out / "teacher")
    shutil.copy(taught / "run.json", out / "run.json")
    if kept == "unfinished":
        (out / "teacher" / "model.safetensors").unlink()
    last = out / "teacher" / "resume" / "last.ckpt"
    before = last.stat().st_mtime_ns
    train(load_checkpoint(taught).record.recipe, of_toys, out, epochs=EPOCHS, resume=True)
    assert kept != "whole" or last.stat().st_mtime_ns == before
    assert_equal_weights(out / "teacher", taught / "teacher")
    assert_equal_weights(out, taught)


def distance(student: Checkpoint, teacher: Checkpoint, windows: WindowSet) -> float:
    """Mean divergence of the student's probabilities from the teacher's on people whom neither saw."""
    x = windows.of_users(teacher.record.split.test).x
    wanted, found = (np.maximum(model.probabilities(x).astype(np.float64), 1e-9) for model in (teacher, student))
    return float((wanted * np.log(wanted / found)).sum(axis=1).mean())


@pytest.mark.slow
def test_a_student_of_a_teacher_comes_nearer_to_it(taught: Path, of_toys: WindowSet, tmp_path: Path) -> None:
    recipe = load_checkpoint(taught).record.recipe
    alone = replace(recipe, distillation=replace(recipe.distillation, teacher=None))
    train(alone, of_toys, tmp_path / "alone", epochs=EPOCHS)
    teacher = load_checkpoint(taught / "teacher")
    student, other = (load_checkpoint(folder) for folder in (taught, tmp_path / "alone"))
    assert distance(student, teacher, of_toys) < 0.8 * distance(other, teacher, of_toys)


@pytest.mark.slow
def test_a_network_without_places_has_a_teacher_too(of_toys: WindowSet, tmp_path: Path) -> None:
    plain = ("model.places=[]", *TEACHER, "distillation.teacher.places=[]", "distillation.weight=0.9")
    recipe = toy_recipe(tmp_path, *plain)
    train(recipe, of_toys, tmp_path / "taught", epochs=EPOCHS)
    train(replace(recipe, distillation=toy_recipe(tmp_path).distillation), of_toys, tmp_path / "alone", epochs=EPOCHS)
    teacher, student, other = (load_checkpoint(tmp_path / name) for name in ("taught/teacher", "taught", "alone"))
    assert distance(student, teacher, of_toys) < 0.8 * distance(other, teacher, of_toys)
