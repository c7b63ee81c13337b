"""Every system of the comparison trains, resumes and is read back, by its recipe and the trainer of the others."""

from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import load_file

from har_runtime.errors import ModelError
from har_train.data.windows import WindowSet, cut_windows
from har_train.datasets import find, load
from har_train.fit.checkpoint import architecture_of, load_checkpoint
from har_train.fit.network import BLOCKS, HarNetwork
from har_train.fit.run import Run, stages_of
from har_train.fit.trainer import fit
from har_train.methods import cae, cpc
from har_train.methods.csshar import SETTINGS, CssharEncoder
from har_train.methods.registry import ENCODERS, SYSTEMS
from har_train.recipe import BACKBONES, CONTROLS, METHODS, Recipe
from har_train.recipe_file import load_recipe, recipe_names

WINDOWS_OF_EACH_USER = 24


@pytest.fixture(autouse=True)
def small_encoders(monkeypatch: pytest.MonkeyPatch) -> None:
    """One transformer layer instead of eight, and fewer filters and units: this file would be slow with all."""
    small = replace(SETTINGS["uci-har"], filters=(8, 8, 16), layers=1)
    monkeypatch.setitem(ENCODERS, "csshar", partial(CssharEncoder, settings=small))
    monkeypatch.setattr(cae, "FILTERS", (8, 8, 16, 16))
    monkeypatch.setattr(cpc, "UNITS", 32)


def short_recipe(name: str) -> Recipe:
    """The recipe of a system, with few windows in a batch."""
    return load_recipe(f"zoo-{name}", ("optimiser.batch_size=32", "pretraining.batch_size=32", "pretraining.epochs=2"))


@pytest.fixture(scope="module")
def windows(small_hapt: Path) -> WindowSet:
    whole = cut_windows(load("hapt", small_hapt), load_recipe("zoo-ccil").data)
    order = np.random.default_rng(0).permutation(len(whole.y))
    chosen = [order[whole.user[order] == user][:WINDOWS_OF_EACH_USER] for user in np.unique(whole.user)]
    return whole.select(np.sort(np.concatenate(chosen)))


def train(recipe: Recipe, windows: WindowSet, out: Path, epochs: int, resume: bool = False) -> None:
    fit(recipe, [find("hapt")], windows, "waist", Run(out, 1, epochs=epochs, resume=resume, show_progress=False))


def test_recipes_name_the_systems_and_encoders_that_there_are() -> None:
    assert {*BLOCKS, *ENCODERS} == set(BACKBONES)
    own = {name for name, system in SYSTEMS.items() if system.loss is not None}
    assert {"multi-task", "two-stage", *own, *CONTROLS} == set(METHODS)
    for name, system in SYSTEMS.items():
        recipe = load_recipe(f"zoo-{name}")
        assert recipe.title == system.title
        assert (recipe.method == name) == (system.loss is not None)
        assert all((system.paper, system.followed, system.readings))
    rows = {f"zoo-{name}{ending}" for name in ("multisupconhar", *SYSTEMS) for ending in ("", "-budget")}
    assert {name for name in recipe_names() if name.startswith("zoo-")} == rows


def test_every_budget_is_eight_minutes_of_a_core_and_nothing_else_ends_a_training() -> None:
    for name in ("multisupconhar", *SYSTEMS):
        recipe = load_recipe(f"zoo-{name}-budget")
        stages = stages_of(recipe, Path())
        assert sum(stage.core_minutes for stage in stages) == 8
        assert {stage.epochs for stage in stages} == {100_000}
        assert recipe.optimiser.patience == 100_000


@pytest.mark.parametrize(("name", "shortest"), [("gile", 5), ("tpn", 46), ("deepconvlstm", 17), ("affar", 28)])
def test_an_encoder_takes_windows_down_to_what_it_needs(name: str, shortest: int) -> None:
    encoder = ENCODERS[name](6, shortest).eval()
    assert torch.isfinite(encoder(torch.zeros(1, shortest, 6))).all()
    with pytest.raises(ModelError, match=f"a window of {shortest - 1} samples .* it needs {shortest}"):
        ENCODERS[name](6, shortest - 1)


@pytest.mark.parametrize("name", ENCODERS)
def test_the_features_of_a_window_do_not_depend_on_the_batch(name: str) -> None:
    torch.manual_seed(0)
    encoder = ENCODERS[name](6, 50).eval()
    x = torch.randn(3, 50, 6)
    with torch.inference_mode():
        together = encoder(x)
        alone = torch.cat([encoder(part) for part in x.split(1)])
    assert together.shape == (3, encoder.width)
    torch.testing.assert_close(together, alone, rtol=0, atol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_that_was_stopped_ends_as_one_that_was_not_and_its_checkpoint_is_read_back(
    name: str, windows: WindowSet, tmp_path: Path
) -> None:
    recipe = short_recipe(name)
    train(recipe, windows, tmp_path / "whole", epochs=2)
    train(recipe, windows, tmp_path / "stopped", epochs=1)
    train(recipe, windows, tmp_path / "stopped", epochs=2, resume=True)
    whole, stopped = (load_file(tmp_path / run / "model.safetensors") for run in ("whole", "stopped"))
    assert whole.keys() == stopped.keys()
    for key, value in whole.items():
        torch.testing.assert_close(stopped[key], value, rtol=0, atol=0)
    checkpoint = load_checkpoint(tmp_path / "whole")
    probabilities = checkpoint.probabilities(windows.x)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-5)
    assert checkpoint.record.recipe == recipe


@pytest.mark.parametrize("name", SYSTEMS)
def test_training_changes_every_weight_that_a_system_keeps(name: str, windows: WindowSet, tmp_path: Path) -> None:
    recipe = short_recipe(name)
    recipe = replace(recipe, optimiser=replace(recipe.optimiser, weight_decay=0.0))
    torch.manual_seed(1)
    before = HarNetwork(architecture_of(recipe))
    train(recipe, windows, tmp_path, epochs=1)
    after = load_checkpoint(tmp_path).network.state_dict()
    assert [key for key, parameter in before.named_parameters() if torch.equal(after[key], parameter)] == []
