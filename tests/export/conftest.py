"""A short training run for each backbone, and what is exported of it."""

from dataclasses import replace
from pathlib import Path

import pytest

from har_export.cli import main
from har_train.data.windows import WindowSet, cut_windows
from har_train.datasets import find, load
from har_train.fit.checkpoint import Checkpoint, load_checkpoint
from har_train.fit.run import Run
from har_train.fit.trainer import fit
from har_train.recipe import load_recipe

TOY = ("--quick", "--name", "toy", "--max-loss", "100", "--min-agreement", "90")
"""A network of eight epochs is less sure than a trained one: int8 moves more of its answers."""
BACKBONES = {
    "resnet": {},
    "fine-scale": {"fine_scale": True},
    "fcn": {"backbone": "fcn", "filters": (32, 64, 32), "kernels": (7, 5, 3)},
}


@pytest.fixture(scope="package")
def runs(small_hapt: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A run of each backbone on the small archive."""
    recipe = load_recipe("uci-har-supervised")
    windows = cut_windows(load("hapt", small_hapt), recipe.data)
    folders: dict[str, Path] = {}
    for name, changes in BACKBONES.items():
        folders[name] = tmp_path_factory.mktemp("run") / name
        changed = replace(recipe, model=replace(recipe.model, **changes))
        fit(changed, find("hapt"), windows, "waist", Run(folders[name], seed=0, epochs=8))
    return folders


@pytest.fixture(scope="package", params=BACKBONES)
def run(runs: dict[str, Path], request: pytest.FixtureRequest) -> Path:
    return runs[request.param]


@pytest.fixture(scope="package")
def checkpoint(run: Path) -> Checkpoint:
    return load_checkpoint(run)


@pytest.fixture(scope="package")
def windows(small_hapt: Path) -> WindowSet:
    return cut_windows(load("hapt", small_hapt), load_recipe("uci-har-supervised").data)


@pytest.fixture(scope="package")
def test_windows(windows: WindowSet, checkpoint: Checkpoint) -> WindowSet:
    return windows.of_users(checkpoint.record.split.test)


@pytest.fixture(scope="package")
def exported(run: Path, small_hapt: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with every format that the backbone has."""
    out = tmp_path_factory.mktemp("exported")
    formats = "onnx,tflite,tflite-fp16,tflite-int8,c" + ("" if run.name == "fine-scale" else ",tflite-int8-io")
    assert main([str(run), "--out", str(out), *TOY, "--data", str(small_hapt), "--formats", formats]) == 0
    return out
