"""A network may learn from one that was trained already, if that one's training fits."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.train.small import small_recipe

from har_runtime.errors import HarError
from har_train.data.windows import WindowSet, cut_windows
from har_train.datasets import find, load
from har_train.fit.run import Run
from har_train.fit.trainer import fit
from har_train.recipe import DistillationConfig, Recipe

LARGE = small_recipe("uci-har-supervised", "model.places=['torso', 'thigh']")


def student(recipe: Recipe = LARGE) -> Recipe:
    """Half as wide, taught by a network as of `recipe`."""
    small = replace(recipe.model, filters=(4, 4))
    return replace(recipe, name="student", model=small, distillation=DistillationConfig(recipe.model))


@pytest.fixture(scope="module")
def windows(small_hapt: Path) -> WindowSet:
    return cut_windows(load("hapt", small_hapt), LARGE.data)


@pytest.fixture(scope="module")
def teacher(windows: WindowSet, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("teacher") / "run"
    fit(LARGE, [find("hapt")], windows, "waist", Run(out, epochs=1))
    return out


@pytest.mark.slow
def test_a_trained_teacher_teaches_what_one_trained_first_does(
    windows: WindowSet, teacher: Path, tmp_path: Path
) -> None:
    own = fit(student(), [find("hapt")], windows, "waist", Run(tmp_path / "own", epochs=1))
    given = fit(student(), [find("hapt")], windows, "waist", Run(tmp_path / "given", epochs=1, teacher=teacher))
    assert (tmp_path / "own" / "teacher" / "model.safetensors").exists()
    assert not (tmp_path / "given" / "teacher").exists()
    assert given.temperature == own.temperature
    assert given.validation_macro_f1 == own.validation_macro_f1


def test_a_teacher_that_was_trained_otherwise_is_refused(windows: WindowSet, teacher: Path, tmp_path: Path) -> None:
    with pytest.raises(HarError, match="trained with another recipe, seed or split"):
        fit(student(), [find("hapt")], windows, "waist", Run(tmp_path / "seed", seed=1, teacher=teacher))
    other = student(replace(LARGE, data=replace(LARGE.data, validation=0.4)))
    with pytest.raises(HarError, match="trained with another recipe, seed or split"):
        fit(other, [find("hapt")], windows, "waist", Run(tmp_path / "recipe", teacher=teacher))
