"""A short training run of a small network for each backbone, and what is exported from it, once for all tests."""

import contextlib
import functools
import io
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from tests.conftest import ROOT

from har_export import parity, pipeline, tflite
from har_export.build import Built
from har_export.cli import main
from har_export.inference import InferenceNetwork
from har_train.data.windows import WindowSet, cut_windows
from har_train.datasets import find, load
from har_train.fit.checkpoint import Checkpoint, load_checkpoint
from har_train.fit.run import Run
from har_train.fit.trainer import fit
from har_train.recipe_file import load_recipe

TFLITE_RUNTIME = ROOT / ".venv-tflite-runtime" / "bin" / "python"
HEAD = (512, 512, 64)
"""In int8 its weights exceed 256 KiB, above which the quantizer leaves them outside the flatbuffer."""
BACKBONES = {
    "resnet": {"filters": (16, 16, 16), "head": HEAD},
    "fine-scale": {"filters": (16, 16, 16), "head": HEAD, "fine_scale": True},
    "fcn": {"backbone": "fcn", "filters": (8, 16, 8), "kernels": (7, 5, 3), "head": HEAD},
}
EPOCHS = 25
BATCH = 64
"""Windows: larger ones make too few steps of the small archive for a network whose answers survive int8."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Conversions take seconds: mark the tests that need one."""
    for item in items:
        if "export_of" in getattr(item, "fixturenames", ()):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(scope="session")
def windows(small_hapt: Path) -> WindowSet:
    return cut_windows(load("hapt", small_hapt), load_recipe("uci-har-supervised").data)


@pytest.fixture(scope="session")
def run_of(windows: WindowSet, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder of a training run of a backbone on the small archive, trained when it is first asked for."""
    recipe = load_recipe("uci-har-supervised")

    @functools.cache
    def train(name: str) -> Path:
        folder = tmp_path_factory.mktemp("run") / name
        optimiser = replace(recipe.optimiser, batch_size=BATCH)
        changed = replace(recipe, model=replace(recipe.model, **BACKBONES[name]), optimiser=optimiser)
        fit(changed, [find("hapt")], windows, "waist", Run(folder, seed=0, epochs=EPOCHS))
        return folder

    return train


@pytest.fixture(scope="session")
def fcn(run_of: Callable[[str], Path]) -> Path:
    return run_of("fcn")


@pytest.fixture(
    scope="session", params=["fcn", *(pytest.param(name, marks=pytest.mark.slow) for name in ("resnet", "fine-scale"))]
)
def run(run_of: Callable[[str], Path], request: pytest.FixtureRequest) -> Path:
    return run_of(request.param)


@pytest.fixture(scope="session")
def checkpoint(run: Path) -> Checkpoint:
    return load_checkpoint(run)


@pytest.fixture(scope="session")
def test_windows(windows: WindowSet, checkpoint: Checkpoint) -> WindowSet:
    return windows.of_users(checkpoint.record.split.test)


Export = Callable[[Path, Path], str]
"""Exports a run to a folder with the default formats and returns what the command printed."""


@pytest.fixture(scope="session")
def export(small_hapt: Path) -> Export:
    """The command with few calibration windows, and few windows for slow runtimes.

    The resnet is compared in every runtime, the others in those of haredge. int8 changes more answers of a network that
    was hardly trained.
    """

    def run_command(run: Path, out: Path) -> str:
        arguments = [str(run), "--out", str(out), "--name", "toy", "--data", str(small_hapt), "--json"]
        arguments += ["--max-loss", "100", "--min-agreement", "90"]
        if run.name != "resnet":
            arguments += ["--quick"]
        elif TFLITE_RUNTIME.exists() or os.environ.get("CI"):
            arguments += ["--tflite-runtime", str(TFLITE_RUNTIME)]
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed:
            patch.setattr(parity, "SLOW_WINDOWS", 40)
            patch.setattr(tflite, "CALIBRATION_WINDOWS", 300)
            assert main(arguments) == 0
        return printed.getvalue()

    return run_command


@pytest.fixture(scope="session")
def export_of(
    run_of: Callable[[str], Path], export: Export, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[str], Path]:
    """The folder with the export of a backbone, made when it is first asked for; "printed.json" is the output."""

    @functools.cache
    def make(name: str) -> Path:
        out = tmp_path_factory.mktemp("exported")
        printed = export(run_of(name), out)
        (out / "printed.json").write_text(printed)
        return out

    return make


@pytest.fixture(scope="session")
def exported(run: Path, export_of: Callable[[str], Path]) -> Path:
    """A folder with every format that the backbone has."""
    return export_of(run.name)


@pytest.fixture(scope="session")
def network(fcn: Path) -> InferenceNetwork:
    """The fcn as it is deployed."""
    checkpoint = load_checkpoint(fcn)
    return InferenceNetwork(checkpoint.network, checkpoint.record.temperature)


@pytest.fixture(scope="session")
def built(export_of: Callable[[str], Path]) -> Built:
    """The models of the fcn."""
    folder = export_of("fcn")
    files = {"tflite": "toy-fp32.tflite", "tflite-int8": "toy.tflite"}
    return Built({format: (folder / name).read_bytes() for format, name in files.items()}, None)


@pytest.fixture
def converters_are_skipped(built: Built, monkeypatch: pytest.MonkeyPatch) -> None:
    """Exports of the fcn use the models of `built`, because conversions take seconds."""
    monkeypatch.setattr(
        pipeline,
        "build",
        lambda network, formats, *_: replace(built, models={format: built.models[format] for format in formats}),
    )
