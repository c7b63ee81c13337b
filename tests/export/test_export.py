"""Exported files give the network's own answers, are complete, and hold their card but no projector."""

import json
import resource
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.conftest import simulated_recording
from tests.export.conftest import Export

from har_export import onnx_file, pipeline, preconditions, tflite
from har_export.build import build
from har_export.cli import main
from har_export.flatbuffer import operators
from har_export.formats import FORMATS
from har_export.inference import InferenceNetwork
from har_runtime.classify import classify_recording
from har_runtime.errors import DataError, HarError, ModelError
from har_runtime.files import write_all
from har_runtime.model.card import METADATA_NAME, card_from_json
from har_runtime.model.load import card_path, load_model
from har_runtime.model.tflite_metadata import read_metadata
from har_runtime.scores import score
from har_train.data.windows import WindowSet
from har_train.fit.checkpoint import Checkpoint, architecture_of, load_checkpoint, save_checkpoint
from har_train.fit.network import HarNetwork
from har_train.recipe import Recipe
from har_train.recipe_file import load_recipe

FILES = ("toy.tflite", "toy-fp32.tflite", "toy-fp16.tflite", "toy.onnx")


def expected(checkpoint: Checkpoint, x: np.ndarray) -> np.ndarray:
    """PyTorch's answer: softmax of the logits at the calibration temperature."""
    logits = torch.from_numpy(checkpoint.logits(x)) / checkpoint.record.temperature
    return logits.softmax(dim=1).numpy()


def weight_pieces(layer: torch.nn.Linear) -> list[bytes]:
    """The bytes of a layer's weights as a file may hold them: in both orders of axes, in float32 and float16."""
    weight = layer.weight.detach().numpy()
    return [np.ascontiguousarray(part).astype(kind).tobytes() for part in (weight, weight.T) for kind in ("<f4", "<f2")]


def made(exported: Path) -> list[Path]:
    """The files that an export has written."""
    return [file for file in exported.rglob("*.*") if file.name != "printed.json"]


def test_the_folded_network_gives_the_calibrated_probabilities(checkpoint: Checkpoint, windows: WindowSet) -> None:
    folded = InferenceNetwork(checkpoint.network, checkpoint.record.temperature)
    with torch.inference_mode():
        got = folded(torch.from_numpy(windows.x)).numpy()
    assert np.abs(got - expected(checkpoint, windows.x)).max() < 1e-5
    assert not any("norm" in name or "projector" in name for name, _ in folded.named_parameters())


def test_folding_does_not_change_the_checkpoint(checkpoint: Checkpoint, windows: WindowSet) -> None:
    before = checkpoint.logits(windows.x[:10])
    InferenceNetwork(checkpoint.network, 3.0)
    assert np.array_equal(checkpoint.logits(windows.x[:10]), before)


@pytest.mark.parametrize("name", ["toy-fp32.tflite", "toy.onnx"])
def test_the_float_files_agree_with_pytorch(
    name, exported: Path, checkpoint: Checkpoint, test_windows: WindowSet
) -> None:
    got = load_model(exported / name).probabilities(test_windows.x)
    assert np.abs(got - expected(checkpoint, test_windows.x)).max() < 1e-5  # har-export's own bound, on test users.


def test_an_onnx_file_accepts_any_number_of_windows(exported: Path, windows: WindowSet) -> None:
    model = load_model(exported / "toy.onnx")
    one = np.concatenate([model.probabilities(windows.x[i : i + 1]) for i in range(7)])
    assert np.allclose(model.probabilities(windows.x[:7]), one, atol=1e-6)


def test_a_float16_file_is_half_as_large_and_nearly_as_exact(
    exported: Path, checkpoint: Checkpoint, windows: WindowSet
) -> None:
    half, full = (exported / name for name in ("toy-fp16.tflite", "toy-fp32.tflite"))
    assert half.stat().st_size < 0.55 * full.stat().st_size
    assert np.abs(load_model(half).probabilities(windows.x) - expected(checkpoint, windows.x)).max() < 1e-2


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
    assert sum(int8.values()) <= most + 2  # Into int8 once, after the float32 front end, and out of it.
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
        # The same search finds weights that are in the file.
        assert name == "toy.tflite" or any(piece[:256] in content for piece in weight_pieces(output)), name


def test_all_weights_are_inside_the_flatbuffer(exported: Path) -> None:
    # A file that was cut off is then visibly damaged; weights outside the flatbuffer would not be missed.
    from ai_edge_litert import schema_py_generated as schema

    for name in FILES[:3]:
        model = schema.Model.GetRootAs((exported / name).read_bytes())
        buffers = [model.Buffers(index) for index in range(model.BuffersLength())]
        assert all(buffer.Offset() == 0 for buffer in buffers)
        # Field 0 of Buffer is its data; TFLite's schema wants it on a multiple of 16.
        assert all(buffer._tab.Vector(buffer._tab.Offset(4)) % 16 == 0 for buffer in buffers if buffer.DataLength())


def test_no_file_contains_traces_of_the_machine_that_made_it(exported: Path) -> None:
    for file in made(exported):
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


@pytest.mark.parametrize(("name", "number_format"), list(zip(FILES, ("int8", "fp32", "fp16", "fp32"), strict=True)))
def test_the_scores_in_the_card_are_those_of_the_file(
    name, number_format, exported: Path, test_windows: WindowSet
) -> None:
    model = load_model(exported / name)
    result = score(test_windows.y, model.probabilities(test_windows.x).argmax(axis=1), test_windows.labels)
    assert model.card.scores[number_format].macro_f1 == result.macro_f1
    assert model.card.scores[number_format].windows == result.windows


@pytest.mark.slow
@pytest.mark.parametrize("run", ["fcn", "fine-scale"], indirect=True)  # test_shipped does it with a resnet.
def test_exporting_again_gives_the_same_bytes(exported: Path, run: Path, export: Export, tmp_path: Path) -> None:
    export(run, tmp_path)
    files = [file.relative_to(exported) for file in made(exported)]
    assert len(files) >= 12
    for file in files:
        assert (tmp_path / file).read_bytes() == (exported / file).read_bytes(), file


def test_an_exported_model_recognises_a_recording(exported: Path) -> None:
    for name in ("toy.tflite", "toy.onnx"):
        model = load_model(exported / name)
        predictions = classify_recording(model, simulated_recording(3, 1000))
        assert len(predictions) == 39
        assert {prediction.label for prediction in predictions} <= set(model.card.labels)


def save_with_recipe(run: Path, recipe: Recipe, path: Path) -> Path:
    """A copy of a checkpoint whose record has another recipe; a fresh network if it needs another one."""
    checkpoint = load_checkpoint(run)
    network = checkpoint.network
    if recipe.model != checkpoint.record.recipe.model:
        network = HarNetwork(architecture_of(recipe))
    save_checkpoint(path, network, replace(checkpoint.record, recipe=recipe))
    return path


@pytest.fixture
def fine_scale(fcn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    recipe = load_recipe("uci-har-supervised", ["model.fine_scale=true", "model.filters=[8, 16]"])
    return save_with_recipe(fcn, recipe, tmp_path_factory.mktemp("fine") / "model.safetensors")


@pytest.mark.usefixtures("converters_are_skipped")
def test_changed_settings_give_a_valid_file_name(fcn: Path, small_hapt: Path, tmp_path: Path) -> None:
    recipe = load_recipe("uci-har-supervised", ["data.placement='waist'", "optimiser.epochs=1"])
    recipe = replace(recipe, model=load_checkpoint(fcn).record.recipe.model)
    run = save_with_recipe(fcn, recipe, tmp_path / "model.safetensors")
    arguments = [str(run), "--out", str(tmp_path), "--formats", "tflite", "--data", str(small_hapt), "--quick"]
    assert main(arguments) == 0
    (file,) = tmp_path.glob("*.tflite")
    assert file.name == "uci-har-supervised-data.placement-waist-optimiser.epochs-1-fp32.tflite"


def test_a_model_with_longer_windows_is_not_exported(fcn: Path, small_hapt: Path, tmp_path: Path, capsys) -> None:
    recipe = load_recipe("uci-har-supervised", ["data.window=100"])
    run = save_with_recipe(fcn, recipe, tmp_path / "model.safetensors")
    assert main([str(run), "--out", str(tmp_path / "out"), "--data", str(small_hapt)]) == 2
    assert "trained on windows of 100 samples, but the runtime uses 50" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_default_formats_are_those_that_the_network_and_the_machine_can_have(
    fcn: Path, fine_scale: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain, fine = load_checkpoint(fcn), load_checkpoint(fine_scale)
    assert preconditions.possible_formats(plain) == (tuple(FORMATS), {})
    formats, skipped = preconditions.possible_formats(fine)
    assert set(formats) == {*FORMATS} - {"tflite-int8-io"}
    assert list(skipped) == ["tflite-int8-io"]
    monkeypatch.setattr(preconditions, "is_installed", lambda: False)
    assert list(preconditions.possible_formats(fine)[1]) == ["tflite-int8-io", "c"]
    with pytest.raises(ModelError, match="c is not possible: tflite-micro is not installed"):
        preconditions.possible_formats(plain, ("tflite", "c"))


def test_an_export_says_in_one_line_which_formats_it_skips(
    fine_scale: Path, small_hapt: Path, tmp_path: Path, capsys, monkeypatch: pytest.MonkeyPatch
) -> None:
    exported: list[tuple[str, ...]] = []

    def stop(checkpoint, windows, out, name, formats, **_):
        exported.append(formats)
        raise ModelError("stopped here")

    monkeypatch.setattr(pipeline, "export_model", stop)
    assert main([str(fine_scale), "--out", str(tmp_path / "out"), "--data", str(small_hapt)]) == 2
    assert exported == [tuple(format for format in FORMATS if format != "tflite-int8-io")]
    skipped = [line for line in capsys.readouterr().err.splitlines() if "is skipped" in line]
    assert len(skipped) == 1
    assert "tflite-int8-io is skipped: a network with fine_scale" in skipped[0]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["absent", "--out", "x"], "absent: no such checkpoint"),
        (["{run}", "--out", "x", "--formats", "onnxx"], "unknown format 'onnxx'"),
        (["{run}", "--out", "x", "--data", "absent"], "absent: no such file or folder"),
        (["{run}", "--out", "x", "--formats", ""], "unknown format ''"),
        (["{fine}", "--out", "x", "--formats", "onnx,tflite-int8-io"], "which int8 input cannot carry"),
        (["{run}", "--out", "/proc/x"], "/proc/x: cannot be written"),
        (["{run}", "--out", "{run}/model.safetensors"], "model.safetensors: cannot be written"),
        (["{run}", "--out", "x", "--tflite-runtime", "absent"], "absent is not a Python that can be run"),
    ],
)
def test_what_the_user_got_wrong_is_one_line_before_any_work(
    arguments, message, fcn: Path, fine_scale: Path, small_hapt, capsys, monkeypatch, tmp_path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HAREDGE_DATA", str(small_hapt))
    places = {"run": fcn, "fine": fine_scale}
    monkeypatch.setattr(pipeline, "build", None)
    assert main([argument.format(**places) for argument in arguments]) == 2
    assert message in capsys.readouterr().err.splitlines()[-1]
    assert not list(tmp_path.iterdir())


def test_data_without_the_users_of_the_checkpoint_is_refused(fcn: Path, windows: WindowSet) -> None:
    record = load_checkpoint(fcn).record
    preconditions.check_users(windows, record)
    with pytest.raises(DataError, match=rf"no windows of the checkpoint's train users \({record.split.train[0]}, "):
        preconditions.check_users(windows.of_users(record.split.test), record)


def test_int8_input_for_a_fine_scale_network_is_refused(fine_scale: Path, windows: WindowSet, monkeypatch) -> None:
    checkpoint = load_checkpoint(fine_scale)
    network = InferenceNetwork(checkpoint.network, checkpoint.record.temperature)
    monkeypatch.setattr(tflite, "to_tflite", lambda network: b"")
    monkeypatch.setattr(tflite, "to_int8", lambda model, calibration: b"")
    with pytest.raises(ModelError, match="which int8 input cannot carry"):
        build(network, ("tflite-int8-io",), windows.x)


def test_a_checkpoint_without_its_record_is_refused(fcn: Path, tmp_path: Path, capsys) -> None:
    from safetensors.torch import load_file, save_file

    save_file(load_file(fcn / "model.safetensors"), tmp_path / "bare.safetensors")
    assert main([str(tmp_path / "bare.safetensors"), "--out", str(tmp_path / "out")]) == 2
    assert "checkpoint of har-train" in capsys.readouterr().err.splitlines()[-1]
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


def test_json_lists_what_was_written(exported: Path) -> None:
    printed = json.loads((exported / "printed.json").read_bytes())
    assert len(printed["files"]) >= 5
    for row in printed["files"]:
        assert row["format"] == "c" or Path(row["path"]).stat().st_size == row["size"]
    assert set(printed["seconds"]) >= {"converting to TFLite", "writing"}


def test_a_checkpoint_written_again_is_the_same_file(fcn: Path, tmp_path: Path) -> None:
    checkpoint = load_checkpoint(fcn)
    save_checkpoint(tmp_path / "again.safetensors", checkpoint.network, checkpoint.record)
    assert load_checkpoint(tmp_path / "again.safetensors").record == checkpoint.record


def test_the_card_holds_smoothing_and_rejection(exported: Path) -> None:
    path = exported / "toy.tflite"
    card = load_model(path).card
    assert card.smoothing is not None and card.rejection is not None
    assert np.diag(card.smoothing.transitions).min() > 0.8
    embedded = card_from_json(read_metadata(path.read_bytes(), path)[METADATA_NAME], "inside")
    assert (embedded.smoothing, embedded.rejection) == (card.smoothing, card.rejection)
