"""Exported files: the network's own answers, without the projector, in one piece, with their card."""

import json
import resource
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.conftest import simulated_recording
from tests.export.conftest import TOY

from har_export import onnx_file
from har_export.cli import main
from har_export.flatbuffer import operators
from har_export.inference import InferenceNetwork
from har_runtime.classify import classify_recording
from har_runtime.errors import HarError
from har_runtime.files import write_all
from har_runtime.model.card import METADATA_NAME, card_from_json
from har_runtime.model.load import card_path, load_model
from har_runtime.model.tflite_metadata import read_metadata
from har_runtime.scores import score
from har_train.data.windows import WindowSet, cut_windows
from har_train.datasets import find, load
from har_train.fit.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from har_train.fit.run import Run
from har_train.fit.trainer import fit
from har_train.recipe import load_recipe

FILES = ("toy.tflite", "toy-fp32.tflite", "toy-fp16.tflite", "toy.onnx")


def wanted(checkpoint: Checkpoint, x: np.ndarray) -> np.ndarray:
    """What PyTorch says: softmax of the logits at the calibration temperature."""
    logits = torch.from_numpy(checkpoint.logits(x)) / checkpoint.record.temperature
    return logits.softmax(dim=1).numpy()


def weight_pieces(layer: torch.nn.Linear) -> list[bytes]:
    """The weights of a layer as they would stand in a file: in both orders of axes, in float32 and float16."""
    weight = layer.weight.detach().numpy()
    return [np.ascontiguousarray(part).astype(kind).tobytes() for part in (weight, weight.T) for kind in ("<f4", "<f2")]


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


@pytest.mark.parametrize("name", ["toy-fp32.tflite", "toy.onnx"])
def test_the_float_files_agree_with_pytorch(
    name, exported: Path, checkpoint: Checkpoint, test_windows: WindowSet
) -> None:
    got = load_model(exported / name).probabilities(test_windows.x)
    assert np.abs(got - wanted(checkpoint, test_windows.x)).max() < 1e-5  # har-export's own bound, on test users.


def test_an_onnx_file_takes_any_number_of_windows(exported: Path, windows: WindowSet) -> None:
    model = load_model(exported / "toy.onnx")
    one = np.concatenate([model.probabilities(windows.x[i : i + 1]) for i in range(7)])
    assert np.allclose(model.probabilities(windows.x[:7]), one, atol=1e-6)


def test_a_float16_file_is_half_as_large_and_nearly_as_exact(
    exported: Path, checkpoint: Checkpoint, windows: WindowSet
) -> None:
    half, full = (exported / name for name in ("toy-fp16.tflite", "toy-fp32.tflite"))
    assert half.stat().st_size < 0.55 * full.stat().st_size
    assert np.abs(load_model(half).probabilities(windows.x) - wanted(checkpoint, windows.x)).max() < 1e-2


def test_the_int8_file_answers_like_the_float_file(exported: Path, windows: WindowSet) -> None:
    int8 = load_model(exported / "toy.tflite").probabilities(windows.x)
    fp32 = load_model(exported / "toy-fp32.tflite").probabilities(windows.x)
    assert (int8.argmax(axis=1) == fp32.argmax(axis=1)).mean() >= 0.95
    assert np.abs(int8 - fp32).mean() < 0.02
    assert np.allclose(int8.sum(axis=1), 1, atol=0.02)


def test_the_files_hold_few_operators_and_no_transposes(exported: Path, run: Path) -> None:
    most = {"resnet": 24, "fine-scale": 30, "fcn": 12}[run.name]
    float32, int8 = (operators((exported / name).read_bytes()) for name in ("toy-fp32.tflite", "toy.tflite"))
    assert sum(float32.values()) <= most
    assert sum(int8.values()) <= most + 2  # Into int8 once, and out of it: what comes before is float32.
    assert (int8["QUANTIZE"], int8["DEQUANTIZE"]) == (1, 1)
    assert "TRANSPOSE" not in float32
    assert onnx_file.operators((exported / "toy.onnx").read_bytes())["Transpose"] == 1  # ONNX has channels first.


def test_no_file_holds_a_weight_of_the_projector(exported: Path, checkpoint: Checkpoint) -> None:
    output = InferenceNetwork(checkpoint.network, checkpoint.record.temperature).classifier[-1]
    for name in FILES:
        content = (exported / name).read_bytes()
        for layer in checkpoint.network.projector:
            if isinstance(layer, torch.nn.Linear):
                assert not any(piece[:256] in content for piece in weight_pieces(layer)), name
        # The same search finds the weights that are there.
        assert name == "toy.tflite" or any(piece[:256] in content for piece in weight_pieces(output)), name


def test_weights_stand_inside_the_flatbuffer(exported: Path) -> None:
    # Cut off anywhere, an all-inside file is visibly damaged; weights behind its end would not be missed.
    from ai_edge_litert import schema_py_generated as schema

    for name in FILES[:3]:
        model = schema.Model.GetRootAs((exported / name).read_bytes())
        buffers = [model.Buffers(index) for index in range(model.BuffersLength())]
        assert all(buffer.Offset() == 0 for buffer in buffers)
        # Field 0 of Buffer is its data; TFLite's schema wants it on a multiple of 16.
        assert all(buffer._tab.Vector(buffer._tab.Offset(4)) % 16 == 0 for buffer in buffers if buffer.DataLength())


def test_no_file_tells_of_the_machine_that_made_it(exported: Path) -> None:
    for file in exported.rglob("*.*"):
        content = file.read_bytes()
        assert b".py" not in content, file
        assert b"stack_trace" not in content, file


@pytest.mark.parametrize("name", FILES)
def test_the_card_is_in_the_file_and_beside_it(name, exported: Path, checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = exported / name
    beside = card_from_json(card_path(path).read_bytes(), "beside")
    assert beside.sha256 is not None
    assert beside.labels == checkpoint.record.labels
    assert beside.training.never_seen == checkpoint.record.split.test
    assert beside.gravity is not None
    (tmp_path / name).write_bytes(path.read_bytes())
    inside = load_model(tmp_path / name).card
    assert inside.sha256 is None
    assert (inside.labels, inside.sample_rate_hz, inside.scores) == (beside.labels, 50, beside.scores)


def test_labels_and_rates_are_read_from_the_tflite_alone(exported: Path) -> None:
    text = read_metadata((exported / "toy.tflite").read_bytes(), "toy")[METADATA_NAME]
    card = json.loads(text)
    assert card["labels"] == ["walking", "stairs_up", "stairs_down", "sitting", "standing", "lying"]
    assert (card["sample_rate_hz"], card["window"], card["hop"]) == (50, 50, 25)


@pytest.mark.parametrize(("name", "kind"), list(zip(FILES, ("int8", "fp32", "fp16", "fp32"), strict=True)))
def test_the_scores_in_the_card_are_those_of_the_file(name, kind, exported: Path, test_windows: WindowSet) -> None:
    model = load_model(exported / name)
    result = score(test_windows.y, model.probabilities(test_windows.x).argmax(axis=1), test_windows.labels)
    assert model.card.scores[kind].macro_f1 == result.macro_f1
    assert model.card.scores[kind].windows == result.windows


def test_exporting_again_gives_the_same_bytes(exported: Path, run: Path, small_hapt: Path, tmp_path: Path) -> None:
    formats = "onnx,tflite,tflite-fp16,tflite-int8,c" + ("" if run.name == "fine-scale" else ",tflite-int8-io")
    again = [str(run), "--out", str(tmp_path), *TOY, "--data", str(small_hapt), "--formats", formats]
    assert main(again) == 0
    files = [file.relative_to(exported) for file in exported.rglob("*.*")]
    assert len(files) >= 12
    for file in files:
        assert (tmp_path / file).read_bytes() == (exported / file).read_bytes(), file


def test_an_exported_model_recognises_a_recording(exported: Path) -> None:
    for name in ("toy.tflite", "toy.onnx"):
        model = load_model(exported / name)
        predictions = classify_recording(model, simulated_recording(3, 1000))
        assert len(predictions) == 39
        assert {prediction.label for prediction in predictions} <= set(model.card.labels)


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


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent", "--out", "x"], "absent: no such checkpoint"),
        (["{run}", "--out", "x", "--formats", "onnxx"], "unknown format 'onnxx'"),
        (["{run}", "--out", "x", "--data", "absent"], "absent: no such file or folder"),
        (["{fine}", "--out", "x", "--formats", "tflite-int8-io"], "which int8 input cannot carry"),
        (
            ["{run}", "--out", "/proc/x", "--formats", "tflite"],
            "/proc/x/uci-har-supervised-fp32.tflite: cannot be written",
        ),
    ],
)
def test_what_the_user_got_wrong_is_one_line(
    arguments, message, runs: dict[str, Path], small_hapt, capsys, monkeypatch, tmp_path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAREDGE_DATA", str(small_hapt))
    places = {"run": runs["resnet"], "fine": runs["fine-scale"]}
    assert main([argument.format(**places) for argument in arguments]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_a_checkpoint_without_its_record_is_refused(runs: dict[str, Path], tmp_path: Path, capsys) -> None:
    from safetensors.torch import load_file, save_file

    save_file(load_file(runs["fcn"] / "model.safetensors"), tmp_path / "bare.safetensors")
    assert main([str(tmp_path / "bare.safetensors"), "--out", str(tmp_path / "out")]) == 2
    assert "no checkpoint of har-train" in capsys.readouterr().err.splitlines()[-1]
    assert not (tmp_path / "out").exists()


def test_a_disk_that_fills_up_leaves_no_file(tmp_path: Path) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    (tmp_path / "old.tflite").write_bytes(b"as it was")
    resource.setrlimit(resource.RLIMIT_FSIZE, (10_000, hard))
    try:
        with pytest.raises(HarError, match=r"big\.tflite: cannot be written"):
            write_all({tmp_path / "old.tflite": b"new", tmp_path / "big.tflite": bytes(20_000)})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [file.name for file in tmp_path.iterdir()] == ["old.tflite"]
    assert (tmp_path / "old.tflite").read_bytes() == b"as it was"


def test_json_lists_what_was_written(runs: dict[str, Path], small_hapt: Path, tmp_path: Path, capsys) -> None:
    arguments = [str(runs["fcn"]), "--out", str(tmp_path), "--formats", "tflite", "--data", str(small_hapt), "--json"]
    assert main(arguments) == 0
    told = json.loads(capsys.readouterr().out)
    (row,) = told["files"]
    assert Path(row["path"]).stat().st_size == row["size"]
    assert set(told["seconds"]) >= {"converting to TFLite", "writing"}


def test_a_checkpoint_written_again_is_the_same_file(runs: dict[str, Path], tmp_path: Path) -> None:
    checkpoint = load_checkpoint(runs["resnet"])
    save_checkpoint(tmp_path / "again.safetensors", checkpoint.network, checkpoint.record)
    assert load_checkpoint(tmp_path / "again.safetensors").record == checkpoint.record


def test_the_card_says_how_to_smooth_and_when_to_doubt(exported: Path) -> None:
    path = exported / "toy.tflite"
    card = load_model(path).card
    assert card.smoothing is not None and card.rejection is not None
    assert np.diag(card.smoothing.transitions).min() > 0.8
    embedded = card_from_json(read_metadata(path.read_bytes(), path)[METADATA_NAME], "inside")
    assert (embedded.smoothing, embedded.rejection) == (card.smoothing, card.rejection)
