"""Exported files: the network's own answers, without the projector, in one piece, with their card."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.conftest import simulated_recording

from har_export.cli import main
from har_export.inference import InferenceNetwork
from har_export.pipeline import probabilities
from har_export.tflite import operators
from har_runtime.card import METADATA_NAME, card_from_json
from har_runtime.classify import classify_recording
from har_runtime.model import load_model
from har_runtime.tflite_file import read_metadata
from har_train.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from har_train.datasets import find, load
from har_train.recipe import load_recipe
from har_train.stages import Run
from har_train.training import fit
from har_train.windows import WindowSet, cut_windows


@pytest.fixture(scope="module", params=[False, True], ids=["paper", "fine-scale"])
def run(small_hapt: Path, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Path:
    """A short training run on the small archive, of the paper's network and of one that sees stillness enlarged."""
    out = tmp_path_factory.mktemp("run") / "run"
    recipe = load_recipe("uci-har-supervised")
    recipe = replace(recipe, model=replace(recipe.model, fine_scale=request.param))
    windows = cut_windows(load("hapt", small_hapt), recipe.data)
    fit(recipe, find("hapt"), windows, "waist", Run(out, seed=0, epochs=8))
    return out


@pytest.fixture(scope="module")
def checkpoint(run: Path) -> Checkpoint:
    return load_checkpoint(run)


@pytest.fixture(scope="module")
def windows(small_hapt: Path, checkpoint: Checkpoint) -> WindowSet:
    return cut_windows(load("hapt", small_hapt), checkpoint.record.recipe.data)


@pytest.fixture(scope="module")
def exported(run: Path, small_hapt: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("exported")
    assert main([str(run), "--out", str(out), "--name", "toy", "--data", str(small_hapt)]) == 0
    return out


def test_settings_that_were_changed_make_a_file_name_that_any_disk_takes(small_hapt: Path, tmp_path: Path) -> None:
    recipe = load_recipe("uci-har-supervised", ["data.placement='waist'", "optimiser.epochs=1"])
    windows = cut_windows(load("hapt", small_hapt), recipe.data)
    fit(recipe, find("hapt"), windows, "waist", Run(tmp_path / "r"))
    assert main([str(tmp_path / "r"), "--out", str(tmp_path), "--formats", "tflite", "--data", str(small_hapt)]) == 0
    (file,) = tmp_path.glob("*.tflite")
    assert file.name == "uci-har-supervised-data.placement-waist-optimiser.epochs-1-fp32.tflite"


def test_a_model_of_longer_windows_is_not_exported(small_hapt: Path, tmp_path: Path, capsys) -> None:
    recipe = load_recipe("uci-har-supervised", ["data.window=100"])
    fit(
        recipe, find("hapt"), cut_windows(load("hapt", small_hapt), recipe.data), "waist", Run(tmp_path / "r", epochs=1)
    )
    assert main([str(tmp_path / "r"), "--out", str(tmp_path / "out"), "--data", str(small_hapt)]) == 2
    assert "trained on windows of 100 samples, and the runtime feeds 50" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def wanted(checkpoint: Checkpoint, x: np.ndarray) -> np.ndarray:
    """What PyTorch says: softmax of the logits at the calibration temperature."""
    logits = torch.from_numpy(checkpoint.logits(x)) / checkpoint.record.temperature
    return logits.softmax(dim=1).numpy()


def test_the_folded_network_gives_the_calibrated_probabilities(checkpoint: Checkpoint, windows: WindowSet) -> None:
    folded = InferenceNetwork(checkpoint.network, checkpoint.record.temperature)
    with torch.inference_mode():
        got = folded(torch.from_numpy(windows.x)).numpy()
    assert np.abs(got - wanted(checkpoint, windows.x)).max() < 1e-5
    assert not any("norm" in name or "projector" in name for name, _ in folded.named_parameters())


def test_folding_leaves_the_checkpoint_alone(checkpoint: Checkpoint, windows: WindowSet) -> None:
    before = checkpoint.logits(windows.x[:10])
    InferenceNetwork(checkpoint.network, 3.0)
    assert np.array_equal(checkpoint.logits(windows.x[:10]), before)


def test_the_float_file_agrees_with_pytorch(exported: Path, checkpoint: Checkpoint, windows: WindowSet) -> None:
    got = load_model(exported / "toy-fp32.tflite").probabilities(windows.x)
    assert np.abs(got - wanted(checkpoint, windows.x)).max() < 1e-5


def test_the_int8_file_answers_like_the_float_file(exported: Path, windows: WindowSet) -> None:
    int8 = load_model(exported / "toy.tflite").probabilities(windows.x)
    fp32 = load_model(exported / "toy-fp32.tflite").probabilities(windows.x)
    assert (int8.argmax(axis=1) == fp32.argmax(axis=1)).mean() >= 0.95
    assert np.abs(int8 - fp32).mean() < 0.02
    assert np.allclose(int8.sum(axis=1), 1, atol=0.02)


def test_the_files_hold_few_operators_and_no_transposes(exported: Path, checkpoint: Checkpoint) -> None:
    for name in ("toy.tflite", "toy-fp32.tflite"):
        counts = operators((exported / name).read_bytes())
        assert "TRANSPOSE" not in counts
        assert counts["CONV_2D"] == 11
        assert counts.get("QUANTIZE", 0) <= 1  # Once into int8: what comes before is float32.
        assert sum(counts.values()) <= (32 if checkpoint.network.architecture.fine_scale else 26)


def test_weights_stand_inside_the_flatbuffer_and_without_the_projector(exported: Path, checkpoint: Checkpoint) -> None:
    content = (exported / "toy-fp32.tflite").read_bytes()
    first = checkpoint.network.projector[0]
    assert first.weight.detach().numpy().tobytes() not in content
    output = InferenceNetwork(checkpoint.network, checkpoint.record.temperature).classifier[-1]
    assert output.weight.detach().numpy().tobytes() in content
    int8 = (exported / "toy.tflite").read_bytes()
    assert len(int8) < len(content) / 3
    # Cut off anywhere, an all-inside file is visibly damaged; weights behind its end would not be missed.
    from ai_edge_litert import schema_py_generated as schema

    model = schema.Model.GetRootAs(int8)
    buffers = [model.Buffers(index) for index in range(model.BuffersLength())]
    assert all(buffer.Offset() == 0 for buffer in buffers)
    # Field 0 of Buffer is its data; TFLite's schema wants it on a multiple of 16.
    assert all(buffer._tab.Vector(buffer._tab.Offset(4)) % 16 == 0 for buffer in buffers if buffer.DataLength())


def test_the_card_is_in_the_file_and_beside_it(exported: Path, checkpoint: Checkpoint) -> None:
    content = (exported / "toy.tflite").read_bytes()
    inside = card_from_json(read_metadata(content, "toy")[METADATA_NAME], "inside")
    beside = card_from_json((exported / "toy.json").read_bytes(), "beside")
    assert inside.sha256 is None
    assert beside.sha256 is not None
    assert inside.labels == beside.labels == checkpoint.record.labels
    assert beside.training.never_seen == checkpoint.record.split.test
    (exported / "alone").mkdir()
    (exported / "alone" / "toy.tflite").write_bytes(content)
    assert load_model(exported / "alone" / "toy.tflite").card == inside


def test_the_scores_in_the_card_are_those_of_the_file(exported: Path, windows: WindowSet) -> None:
    from har_runtime.scores import score

    model = load_model(exported / "toy.tflite")
    test = windows.of_users(model.card.training.never_seen)
    result = score(test.y, model.probabilities(test.x).argmax(axis=1), test.labels)
    assert model.card.scores["int8"].macro_f1 == result.macro_f1
    assert model.card.scores["int8"].windows == result.windows


def test_exporting_again_gives_the_same_bytes(exported: Path, run: Path, small_hapt: Path, tmp_path: Path) -> None:
    assert main([str(run), "--out", str(tmp_path), "--name", "toy", "--data", str(small_hapt)]) == 0
    for name in ("toy.tflite", "toy.json", "toy-fp32.tflite", "toy-fp32.json"):
        assert (tmp_path / name).read_bytes() == (exported / name).read_bytes()


def test_an_exported_model_recognises_a_recording(exported: Path) -> None:
    predictions = classify_recording(load_model(exported / "toy.tflite"), simulated_recording(3, 1000))
    assert len(predictions) == 39
    assert {prediction.label for prediction in predictions} <= set(load_model(exported / "toy.tflite").card.labels)


def test_a_conversion_that_disagrees_leaves_no_file(run, small_hapt, tmp_path, monkeypatch, capsys) -> None:
    def wrong(model: bytes, x: np.ndarray, classes: int) -> np.ndarray:
        return probabilities(model, x, classes)[:, ::-1]

    monkeypatch.setattr("har_export.pipeline.probabilities", wrong)
    assert main([str(run), "--out", str(tmp_path / "out"), "--data", str(small_hapt)]) == 2
    assert "differs from PyTorch" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent", "--out", "x"], "absent: no such checkpoint"),
        (["{run}", "--out", "x", "--formats", "onnxx"], "unknown format 'onnxx'"),
        (["{run}", "--out", "x", "--data", "absent"], "absent: no such file or folder"),
        (
            ["{run}", "--out", "/proc/x", "--formats", "tflite"],
            "/proc/x/uci-har-supervised-fp32.tflite: cannot be written",
        ),
    ],
)
def test_what_the_user_got_wrong_is_one_line(
    arguments, message, run, small_hapt, capsys, monkeypatch, tmp_path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAREDGE_DATA", str(small_hapt))
    assert main([argument.format(run=run) for argument in arguments]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_json_lists_what_was_written(run: Path, small_hapt: Path, tmp_path: Path, capsys) -> None:
    arguments = [str(run), "--out", str(tmp_path), "--formats", "tflite", "--data", str(small_hapt), "--json"]
    assert main(arguments) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert Path(row["path"]).stat().st_size == row["size"]


def test_a_checkpoint_written_again_is_the_same_file(checkpoint: Checkpoint, run: Path, tmp_path: Path) -> None:
    save_checkpoint(tmp_path / "again.safetensors", checkpoint.network, checkpoint.record)
    assert load_checkpoint(tmp_path / "again.safetensors").record == checkpoint.record
