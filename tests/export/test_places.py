"""A network that tells places has three outputs in every file and in every runtime, and they give answers."""

import contextlib
import io
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from tests.train.toy_sets import PLACEMENTS, known_toy_sets, toy_recipe, toy_recordings

from har_export import flatbuffer, onnx_file, parity, preconditions, qat, tflite
from har_export.build import build
from har_export.cli import main
from har_export.inference import InferenceNetwork
from har_export.interpreters import MICRO, litert, own_runtimes
from har_export.microcontroller import MicroInterpreter
from har_export.pipeline import export_model
from har_runtime import Recognizer
from har_runtime.classify import classify_recording
from har_runtime.errors import ModelError
from har_runtime.model.card import PlaceFilter
from har_runtime.model.load import load_model
from har_runtime.model.outputs import output_names
from har_train.data.windows import WindowSet
from har_train.fit.checkpoint import Checkpoint, architecture_of, load_checkpoint, save_checkpoint
from har_train.fit.network import HarNetwork
from har_train.fit.place_answers import fit_place_answers
from har_train.recipe import Recipe

SIZES = [7, 3, 21]
"""Numbers in each output: activities, places, both."""


@pytest.fixture(scope="session")
def trained(toy_run: Path) -> Checkpoint:
    return load_checkpoint(toy_run)


@pytest.fixture(scope="session")
def tested(trained: Checkpoint, of_toys: WindowSet) -> WindowSet:
    """Windows of people it never saw."""
    return of_toys.of_users(trained.record.split.test).single


@pytest.fixture(scope="session")
def place_files(toy_run: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the command exports by itself, compared in every runtime; "printed.json" is its output."""
    out = tmp_path_factory.mktemp("places-out")
    arguments = [str(toy_run), "--out", str(out), "--name", "toy", "--data", str(out), "--json"]
    with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()) as printed, known_toy_sets():
        patch.setattr(parity, "SLOW_WINDOWS", 60)
        patch.setattr(tflite, "CALIBRATION_WINDOWS", 300)
        assert main([*arguments, "--max-loss", "10", "--min-agreement", "90"]) == 0
    (out / "printed.json").write_text(printed.getvalue())
    return out


def wanted(trained: Checkpoint, x: np.ndarray) -> list[np.ndarray]:
    """PyTorch's outputs, in the order of a file's."""
    outputs = trained.outputs(x)
    assert outputs.places is not None and outputs.by_place is not None
    return [outputs.probabilities, outputs.places, outputs.by_place]


def test_the_folded_network_gives_the_three_outputs_of_the_checkpoint(trained: Checkpoint, of_toys: WindowSet) -> None:
    folded = InferenceNetwork(trained.network, trained.record.temperature)
    with torch.inference_mode():
        found = folded(torch.from_numpy(of_toys.x))
    for got, right in zip(found, wanted(trained, of_toys.x), strict=True):
        assert got.shape == right.shape
        assert np.abs(got.numpy() - right).max() < 1e-4
    assert not any("norm" in name for name, _ in folded.named_parameters())


def test_a_place_that_learnt_something_of_its_own_keeps_it(trained: Checkpoint, of_toys: WindowSet) -> None:
    by_place = wanted(trained, of_toys.x[::10])[2]
    assert np.abs(by_place[:, 0] - by_place[:, 1]).max() > 0.05
    folded = InferenceNetwork(trained.network, 3.0)  # Another temperature: the places do not know of it.
    hotter = Checkpoint(trained.network, replace(trained.record, temperature=3.0))
    with torch.inference_mode():
        found = folded(torch.from_numpy(of_toys.x[::10]))
    assert np.abs(found[2].numpy() - wanted(hotter, of_toys.x[::10])[2]).max() < 1e-4
    assert np.abs(found[1].numpy() - wanted(trained, of_toys.x[::10])[1]).max() < 1e-4


@pytest.mark.slow
@pytest.mark.parametrize("name", ["toy-fp32.tflite", "toy.onnx"])
def test_float_files_give_pytorch_s_outputs(name: str, place_files: Path, trained: Checkpoint, tested) -> None:
    found = load_model(place_files / name).outputs(tested.x)
    for got, right in zip((found.probabilities, found.places, found.by_place), wanted(trained, tested.x), strict=True):
        assert got is not None
        assert np.abs(got - right).max() < 1e-4


@pytest.mark.slow
def test_the_int8_file_is_near_in_all_three(place_files: Path, trained: Checkpoint, tested: WindowSet) -> None:
    found = load_model(place_files / "toy.tflite").outputs(tested.x)
    probabilities, places, by_place = wanted(trained, tested.x)
    assert found.places is not None and found.by_place is not None
    assert (found.probabilities.argmax(axis=1) == probabilities.argmax(axis=1)).mean() > 0.95
    assert (found.places.argmax(axis=1) == places.argmax(axis=1)).mean() > 0.9
    for got, right in ((found.probabilities, probabilities), (found.places, places), (found.by_place, by_place)):
        assert np.abs(got - right).mean() < 0.03


@pytest.mark.slow
def test_the_ends_of_the_int8_file_compute_in_float32(place_files: Path, tested: WindowSet) -> None:
    """An int8 softmax has steps of 1/256; what the runtime's filter multiplies must be finer. And LiteRT's reference
    kernels add int8 numbers up wrongly."""
    kinds = flatbuffer.operators((place_files / "toy.tflite").read_bytes())
    assert kinds["DEQUANTIZE"] == 3, "the features, the logits of the places, and those of the activities"
    found = load_model(place_files / "toy.tflite").outputs(tested.x)
    for output in (found.probabilities, found.places, found.by_place):
        assert output is not None
        np.testing.assert_allclose(output.sum(axis=-1), 1, atol=1e-5)
        small = output[(output > 0) & (output < 1 / 512)]
        assert len(small) > 3
        assert not np.allclose(256 * output, np.rint(256 * output), atol=1e-3)


@pytest.mark.slow
def test_tflm_gives_the_outputs_of_the_reference_kernels(place_files: Path, trained, tested) -> None:
    few = tested.x[::8]
    rows = json.loads((place_files / "toy-parity.json").read_bytes())["rows"]
    micro = {row["format"]: row for row in rows if row["runtime"] == MICRO}
    assert set(micro) == {"tflite", "tflite-int8"}
    assert micro["tflite"]["worst"] < 1e-4
    assert micro["tflite-int8"]["steps"] <= 2
    for name, bound in (("toy-fp32.tflite", 1e-4), ("toy.tflite", 0.35)):
        got = MicroInterpreter((place_files / name).read_bytes())(few)
        right = np.concatenate([output.reshape(len(few), -1) for output in wanted(trained, few)], axis=1)
        got, features = np.split(got, [sum(SIZES)], axis=1)
        assert got.shape == right.shape
        assert np.abs(got - right).max() < bound
        assert features.shape == trained.last_features(few).shape


@pytest.mark.slow
def test_all_runtimes_are_compared_on_all_three_outputs(place_files: Path, trained: Checkpoint, tested) -> None:
    report = json.loads((place_files / "toy-parity.json").read_bytes())
    tflites = {row["runtime"] for row in report["rows"] if row["format"] == "tflite"}
    assert tflites >= {"LiteRT, XNNPACK", "LiteRT, reference kernels", "TensorFlow, tf.lite", MICRO}
    for row in report["rows"]:
        if row["format"] in ("tflite", "onnx"):
            assert row["worst"] < 1e-4
            assert row["agreement"] == 1
    (row,) = (row for row in report["rows"] if (row["format"], row["runtime"]) == ("tflite-int8", "LiteRT, XNNPACK"))
    got = litert((place_files / "toy.tflite").read_bytes())(tested.x)
    right = np.concatenate([output.reshape(len(tested.x), -1) for output in wanted(trained, tested.x)], axis=1)
    assert row["worst"] == pytest.approx(np.abs(got[:, : right.shape[1]] - right).max(), abs=1e-6)
    assert row["windows"] == len(tested.x)


@pytest.mark.slow
def test_outputs_have_their_names_in_their_order(place_files: Path) -> None:
    for name in ("toy.tflite", "toy-fp32.tflite", "toy-fp16.tflite"):
        content = (place_files / name).read_bytes()
        card = load_model(place_files / name).card
        assert output_names(card) == ("probabilities", "places", "by_place", "features")
        ends = flatbuffer.tensors(content)[:5]
        assert [(end.name, int(np.prod(end.shape))) for end in ends] == [
            ("imu", 300),
            *zip(output_names(card), (*SIZES, card.features), strict=True),
        ]
        assert flatbuffer.output_count(content) == 4
        signature = flatbuffer.unpacked(content).signatureDefs[0]
        numbers = {end.name.decode(): int(end.tensorIndex) for end in signature.outputs}
        graph = flatbuffer.unpacked(content).subgraphs[0]
        assert [numbers[output] for output in output_names(card)] == [int(index) for index in graph.outputs]
    ends = onnx_file.tensors((place_files / "toy.onnx").read_bytes())[:5]
    card = load_model(place_files / "toy.onnx").card
    assert [(end.name, end.shape[1:]) for end in ends] == [
        ("imu", (50, 6)),
        *zip(output_names(card), [(7,), (3,), (3, 7), (card.features,)], strict=True),
    ]


@pytest.mark.slow
def test_the_features_are_the_input_of_the_last_layer(place_files: Path, trained: Checkpoint, tested) -> None:
    right = trained.last_features(tested.x)
    for name, off in (("toy-fp32.tflite", 1e-4), ("toy.onnx", 1e-4), ("toy.tflite", 0.2)):
        found = load_model(place_files / name).outputs(tested.x).features
        assert found is not None
        assert np.abs(found - right).mean() < off * right.std()


@pytest.mark.slow
def test_the_card_holds_prototypes_of_the_activities_that_were_recorded(place_files: Path, trained: Checkpoint) -> None:
    prototypes = load_model(place_files / "toy.tflite").card.prototypes
    assert prototypes is not None and prototypes.width == trained.network.classifier[-1].in_features
    places = set(trained.record.recipe.model.places)
    assert {one.place for one in prototypes.known} <= places
    assert len({(one.label, one.place) for one in prototypes.known}) == len(prototypes.known) >= 3
    assert "HAR_FEATURES" in (place_files / "toy-c" / "model.h").read_text()


@pytest.mark.slow
def test_every_possible_file_is_written_and_int8_ends_are_not_possible(place_files: Path, trained: Checkpoint) -> None:
    names = {file.name for file in place_files.iterdir()}
    assert names >= {"toy.tflite", "toy-fp32.tflite", "toy-fp16.tflite", "toy.onnx", "toy.json", "toy-c"}
    assert "toy-int8-io.tflite" not in names
    assert list(preconditions.possible_formats(trained)[1]) == ["tflite-int8-io"]


@pytest.mark.slow
def test_the_card_says_what_the_runtime_needs_to_know(place_files: Path, trained: Checkpoint) -> None:
    card = load_model(place_files / "toy.tflite").card
    assert (card.frame, card.gyroscope, card.places) == ("upright", "optional", ("torso", "thigh", "wrist"))
    assert card.place_filter == PlaceFilter(1e-4, 0.2)
    assert card.smoothing is not None and card.rejection is not None
    assert len(card.rejection.means[0]) == 7
    assert card.families["still"] == ("standing", "sitting", "lying")
    assert card.training.data == ", ".join(PLACEMENTS)
    assert card.training.never_seen == trained.record.split.test
    assert card.scores["int8"].windows == card.scores["fp32"].windows


@pytest.mark.slow
@pytest.mark.parametrize("name", ["toy.tflite", "toy.onnx"])
def test_an_exported_file_recognises_a_stream_with_and_without_a_gyroscope(name: str, place_files: Path) -> None:
    model = load_model(place_files / name)
    never_seen = model.card.training.never_seen
    found: dict[str, set[str | None]] = {}
    right = total = 0
    for recordings in ([one for one in toy_recordings(name) if one.user in never_seen] for name in PLACEMENTS):
        walk = recordings[0]
        assert walk.gyro is not None
        for gyroscope in (True, False):
            recognizer = Recognizer(model, clock=lambda: 0.0, gyroscope=gyroscope)
            answers = [
                answer
                for begin in range(0, len(walk.acc), 333)
                for answer in recognizer.push(
                    walk.times_ns[begin : begin + 333],
                    walk.acc[begin : begin + 333],
                    *([walk.gyro[begin : begin + 333]] if gyroscope else []),
                )
            ]
            answers += recognizer.finish()
            assert len(answers) == (len(walk.acc) - 50) // 25 + 1
            assert recognizer.up is not None
            assert answers[0].prediction.by_place is not None
            found.setdefault(str(walk.placement), set()).update(answer.place for answer in answers)
            walking = [answer for answer in answers if _truth(walk, answer.prediction.end_s) == "walking"]
            right += sum(answer.activity in ("walking", "on_foot") for answer in walking)
            total += len(walking)
        predictions = classify_recording(model, walk)
        streamed = [answer.prediction.probabilities for answer in _answers(model, walk)]
        assert np.array_equal(np.array(streamed), [prediction.probabilities for prediction in predictions])
    assert right / total > 0.7
    assert set().union(*found.values()) - {None} <= {"torso", "thigh", "wrist"}


def _answers(model, walk) -> list:
    recognizer = Recognizer(model, clock=lambda: 0.0)
    return recognizer.push(walk.times_ns, walk.acc, walk.gyro) + recognizer.finish()


def _truth(walk, end_s: float) -> str:
    return str(walk.labels[np.searchsorted(walk.times_ns, round((end_s - 0.5) * 1e9))])


@pytest.mark.slow
def test_the_c_header_tells_the_places_and_the_arena_is_enough(place_files: Path) -> None:
    header = (place_files / "toy-c" / "model.h").read_text()
    assert "#define HAR_PLACES 3" in header
    assert "#define HAR_LABELS 7" in header
    assert "float[HAR_PLACES][HAR_LABELS]" in header
    content = (place_files / "toy.tflite").read_bytes()
    assert f"#define HAR_MODEL_BYTES {len(content)}" in header
    arena = int(header.split("#define HAR_ARENA_BYTES ")[1].split()[0])
    assert MicroInterpreter(content).arena_bytes() <= arena


@pytest.mark.slow
def test_exporting_again_gives_the_same_bytes(toy_run: Path, place_files: Path, tmp_path: Path) -> None:
    arguments = [str(toy_run), "--out", str(tmp_path), "--name", "toy", "--data", str(tmp_path), "--quick"]
    with pytest.MonkeyPatch.context() as patch, known_toy_sets():
        patch.setattr(tflite, "CALIBRATION_WINDOWS", 300)
        assert main([*arguments, "--max-loss", "10", "--min-agreement", "90"]) == 0
    for name in ("toy.tflite", "toy-fp32.tflite", "toy-fp16.tflite", "toy.onnx", "toy.json", "toy-c/model.cc"):
        assert (tmp_path / name).read_bytes() == (place_files / name).read_bytes(), name


@pytest.mark.slow
def test_fine_tuning_for_int8_tunes_all_three_outputs(
    trained: Checkpoint, of_toys: WindowSet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tflite, "CALIBRATION_WINDOWS", 300)
    monkeypatch.setattr(qat, "LEARNING_RATE", 1e-3)
    recordings = [recording for name in PLACEMENTS for recording in toy_recordings(name)]
    answers = fit_place_answers(recordings, of_toys, trained.record, trained.outputs)
    settings = {"answers": answers, "bounds": {}, "compared": own_runtimes()}
    done = export_model(trained, of_toys, tmp_path, "toy", ("tflite-int8",), qat=True, **settings)
    assert done.qat is not None
    assert done.qat.error_after != done.qat.error_before
    outputs = load_model(tmp_path / "toy.tflite").outputs(of_toys.x[:4])
    assert outputs.places is not None


@pytest.mark.usefixtures("converted_nothing")
def test_without_smoothing_and_thresholds_it_is_not_exported(trained, of_toys, tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="toy: a network that tells places cannot be used without answers"):
        export_model(trained, of_toys, tmp_path / "out", "toy", ("tflite",))
    assert not (tmp_path / "out").exists()


@pytest.fixture
def converted_nothing(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A conversion that is started fails the test."""
    for name in ("to_tflite", "to_int8"):
        monkeypatch.setattr(tflite, name, lambda *_: pytest.fail("converted"))
    yield


@pytest.mark.usefixtures("converted_nothing")
@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (("data.frame='gravity'",), "trained on windows in the frame gravity, which the runtime does not have"),
        (("data.frame='device'",), "takes networks that tell places in the frame upright, and others in the frame dev"),
        (("model.places=[]",), "takes networks that tell places in the frame upright, and others in the frame dev"),
    ],
)
def test_what_the_runtime_cannot_run_is_refused_before_any_work(
    trained: Checkpoint, tmp_path: Path, capsys, changes: tuple[str, ...], message: str
) -> None:
    recipe = toy_recipe(tmp_path, *changes)
    network = HarNetwork(architecture_of(recipe))
    save_checkpoint(tmp_path / "model.safetensors", network, replace(trained.record, recipe=recipe))
    with known_toy_sets():
        assert main([str(tmp_path / "model.safetensors"), "--out", str(tmp_path / "out"), "--data", str(tmp_path)]) == 2
    error = capsys.readouterr().err
    assert message in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


@pytest.mark.usefixtures("converted_nothing")
@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({}, "a network with fine_scale or yaw_invariant computes its input in float32"),
        ({"fine_scale": False}, "a network with fine_scale or yaw_invariant computes its input in float32"),
        ({"fine_scale": False, "yaw_invariant": False}, "a network that tells places computes its outputs in float32"),
    ],
)
def test_int8_ends_are_refused_with_the_reason(trained: Checkpoint, toy: Recipe, changes, reason: str) -> None:
    recipe = replace(toy, model=replace(toy.model, **changes))
    other = Checkpoint(HarNetwork(architecture_of(recipe)), replace(trained.record, recipe=recipe))
    with pytest.raises(ModelError, match=f"tflite-int8-io is not possible: {reason}"):
        preconditions.possible_formats(other, ("tflite-int8-io",))


def test_building_int8_ends_of_such_a_network_is_refused_too(trained, of_toys, monkeypatch) -> None:
    monkeypatch.setattr(tflite, "to_tflite", lambda network: b"")
    monkeypatch.setattr(tflite, "to_int8", lambda model, calibration: b"")
    with pytest.raises(ModelError, match="computes its input in float32, which int8 input cannot carry"):
        build(InferenceNetwork(trained.network, 1.0), ("tflite-int8-io",), of_toys.x)
