"""`har-export adopt` makes a .tflite of another project usable, or says what does not fit."""

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from har_export import flatbuffer
from har_export.adoption import normalisation
from har_export.cli import main
from har_runtime.contract import STANDARD_GRAVITY
from har_runtime.errors import ModelError
from har_runtime.model.load import load_model

LABELS = ("WALKING", "Laying", "on a bicycle")
OURS = ("walking", "lying", "on a bicycle")
RNG = np.random.default_rng(3)
WEIGHTS = RNG.normal(size=(3, 6)).astype(np.float32)


def tensor(content: Any, shape: tuple[int, ...], data: np.ndarray | None = None, kind: int = 0) -> int:
    buffer = schema.BufferT()
    buffer.data = None if data is None else np.frombuffer(data.tobytes(), np.uint8)
    content.buffers.append(buffer)
    one = schema.TensorT()
    one.name, one.shape, one.type, one.buffer = (
        b"serving_default_x:0",
        np.array(shape, np.int32),
        kind,
        len(content.buffers) - 1,
    )
    content.subgraphs[0].tensors.append(one)
    return len(content.subgraphs[0].tensors) - 1


def foreign_model(
    shape: tuple[int, ...] = (1, 50, 6), softmax: bool = True, has_signature: bool = True, kind: int = 0
) -> bytes:
    """A small network as another converter writes it: the mean over time, a fully connected layer, and a softmax."""
    content = schema.ModelT()
    content.version, content.buffers, content.operatorCodes = 3, [schema.BufferT()], []
    graph = schema.SubGraphT()
    graph.tensors, graph.operators = [], []
    content.subgraphs = [graph]
    channels = shape[-1]

    def add(name: str, inputs: list[int], output: tuple[int, ...], options: Any) -> int:
        code = getattr(schema.BuiltinOperator, name)
        entry = schema.OperatorCodeT()
        entry.builtinCode, entry.deprecatedBuiltinCode, entry.version = code, code, 1
        content.operatorCodes.append(entry)
        operator = schema.OperatorT()
        result = tensor(content, output, kind=kind)
        operator.opcodeIndex = len(content.operatorCodes) - 1
        operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array([result], np.int32)
        operator.builtinOptions = options
        operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        graph.operators.append(operator)
        return result

    start = tensor(content, shape, kind=kind)
    axis = tensor(content, (1,), np.array([1], np.int32), schema.TensorType.INT32)
    mean = add("MEAN", [start, axis], (1, channels), schema.ReducerOptionsT())
    weights = tensor(content, (3, channels), WEIGHTS if channels == 6 else np.ones((3, channels), np.float32))
    end = add("FULLY_CONNECTED", [mean, weights, -1], (1, 3), schema.FullyConnectedOptionsT())
    if softmax:
        options = schema.SoftmaxOptionsT()
        options.beta = 1.0
        end = add("SOFTMAX", [end], (1, 3), options)
    graph.inputs, graph.outputs = np.array([start], np.int32), np.array([end], np.int32)
    if has_signature:
        signature = schema.SignatureDefT()
        signature.signatureKey = b"serving_default"
        ends = []
        for name, index in ((b"x", start), (b"y", end)):
            one = schema.TensorMapT()
            one.name, one.tensorIndex = name, index
            ends.append(one)
        signature.inputs, signature.outputs = ends[:1], ends[1:]
        content.signatureDefs = [signature]
    return flatbuffer.packed(content)


def expected(windows: np.ndarray) -> np.ndarray:
    """What the network makes of windows in its own units."""
    logits = windows.mean(axis=1) @ WEIGHTS.T
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


@pytest.fixture
def other(tmp_path: Path) -> Path:
    (tmp_path / "other.tflite").write_bytes(foreign_model())
    return tmp_path / "other.tflite"


@pytest.fixture
def windows() -> np.ndarray:
    return (RNG.normal(size=(4, 50, 6)) * [3, 3, 3, 1, 1, 1] + [0, 0, 9.8, 0, 0, 0]).astype(np.float32)


def adopted(file: Path, *options: str, labels: str = ",".join(LABELS)) -> Path:
    out = file.with_name("mine.tflite")
    assert main(["adopt", str(file), "--out", str(out), "--labels", labels, *options]) == 0
    return out


def refusal(capsys, *arguments: str) -> str:
    assert main(["adopt", *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    return line


def test_a_model_in_si_units_gives_its_own_probabilities_under_our_words(other: Path, windows, capsys) -> None:
    out = adopted(
        other, "--units", "m/s2", "--normalise", "none", "--placement", "waist", "--data", "mine", "--licence", "MIT"
    )
    model = load_model(out)
    assert model.probabilities(windows) == pytest.approx(expected(windows), abs=1e-5)
    card = model.card
    assert (card.name, card.labels, card.placement) == ("other", OURS, "waist")
    assert "labels: WALKING is walking, Laying is lying" in capsys.readouterr().out
    assert (card.training.data, card.training.licence, card.scores) == ("mine", "MIT", {})
    assert "MUL" not in flatbuffer.operators(out.read_bytes())


@pytest.mark.parametrize("has_signature", [True, False])
def test_units_and_normalisation_that_it_expects_become_part_of_its_graph(
    tmp_path: Path, windows: np.ndarray, has_signature: bool
) -> None:
    file = tmp_path / "other.tflite"
    file.write_bytes(foreign_model(has_signature=has_signature))
    out = adopted(
        file, "--units", "g", "--gyro", "deg/s", "--sign", "apple", "--normalise", "0,0,0.5,1,2,3/1,2,0.5,90,100,110"
    )
    own = windows / [-STANDARD_GRAVITY] * 1.0
    own[:, :, 3:] = np.rad2deg(windows[:, :, 3:])
    own = (own - [0, 0, 0.5, 1, 2, 3]) / [1, 2, 0.5, 90, 100, 110]
    assert load_model(out).probabilities(windows) == pytest.approx(expected(own), abs=1e-5)
    assert {"MUL": 1, "ADD": 1}.items() <= flatbuffer.operators(out.read_bytes()).items()


def test_another_order_of_channels_becomes_part_of_its_graph(other: Path, windows: np.ndarray) -> None:
    order = ("--channels", "gyro_x,gyro_y,gyro_z,acc_z,acc_y,acc_x")
    places = [3, 4, 5, 2, 1, 0]
    plain = load_model(adopted(other, "--normalise", "none", *order))
    assert plain.probabilities(windows) == pytest.approx(expected(windows[:, :, places]), abs=1e-5)
    out = adopted(other, "--units", "g", "--sign", "apple", "--normalise", "1,2,3,0,0,0.5/90,100,110,1,2,0.5", *order)
    own = (windows / [*[-STANDARD_GRAVITY] * 3, 1, 1, 1])[:, :, places]
    own = (own - [1, 2, 3, 0, 0, 0.5]) / [90, 100, 110, 1, 2, 0.5]
    assert load_model(out).probabilities(windows) == pytest.approx(expected(own), abs=1e-5)
    assert flatbuffer.operators(out.read_bytes())["GATHER"] == 1


@pytest.mark.parametrize("order", ["acc_x,acc_y,acc_z", "ax,ay,az,gx,gy,gz", "acc_x,acc_x,acc_y,acc_z,gyro_x,gyro_y"])
def test_an_order_that_does_not_name_each_channel_once_is_refused(other: Path, capsys, order: str) -> None:
    arguments = [str(other), "--out", "x", "--labels", "a,b,c", "--normalise", "none", "--channels", order]
    assert f"--channels {order}: name each of acc_x, acc_y, acc_z, gyro_x" in refusal(capsys, *arguments)


def test_logits_get_a_softmax_if_asked_and_are_refused_otherwise(tmp_path: Path, windows: np.ndarray, capsys) -> None:
    file = tmp_path / "other.tflite"
    file.write_bytes(foreign_model(softmax=False))
    common = (
        "--labels",
        ",".join(LABELS),
        "--units",
        "m/s2",
        "--normalise",
        "none",
        "--out",
        str(tmp_path / "mine.tflite"),
    )
    assert "no probabilities" in (line := refusal(capsys, str(file), *common))
    assert "add --logits" in line
    assert not (tmp_path / "mine.tflite").exists()
    out = adopted(file, "--units", "m/s2", "--normalise", "none", "--logits")
    assert load_model(out).probabilities(windows) == pytest.approx(expected(windows), abs=1e-5)


@pytest.mark.parametrize(
    ("shape", "labels", "reason"),
    [
        (
            (1, 128, 9),
            "a,b,c",
            r"its input is float32 \(1, 128, 9\).*only an input float32 \(1, 50, 6\) can be",
        ),
        ((1, 50, 3), "a,b,c", r"its input is float32 \(1, 50, 3\)"),
        ((1, 50, 6), "a,b", r"its output float32 \(1, 3\), but --labels names 2"),
        ((1, 50, 6), "a,b,b", "labels of the card are empty or repeat"),
    ],
)
def test_what_does_not_fit_is_named(tmp_path: Path, capsys, shape: tuple[int, ...], labels: str, reason: str) -> None:
    file = tmp_path / "other.tflite"
    file.write_bytes(foreign_model(shape))
    out = tmp_path / "mine.tflite"
    line = refusal(capsys, str(file), "--labels", labels, "--units", "g", "--normalise", "none", "--out", str(out))
    assert re.search(reason, line), line
    assert not out.exists()


def test_damaged_files_are_one_clear_line(other: Path, capsys) -> None:
    model = other.read_bytes()
    arguments = (
        "--labels",
        "a,b,c",
        "--units",
        "g",
        "--normalise",
        "none",
        "--out",
        str(other.with_name("mine.tflite")),
    )
    for content in (b"", b"no model", model[:200], model[: len(model) // 2]):
        other.write_bytes(content)
        assert str(other) in refusal(capsys, str(other), *arguments)


def test_an_adopted_model_is_not_adopted_again_nor_written_over_itself(other: Path, capsys) -> None:
    common = ("--labels", "a,b,c", "--units", "g", "--normalise", "none", "--out")
    assert "give another --out" in refusal(capsys, str(other), *common, str(other))
    out = adopted(other, "--units", "g", "--normalise", "none")
    assert "it has a model card already" in refusal(capsys, str(out), *common, str(other.with_name("again.tflite")))


def test_out_may_be_a_folder(other: Path) -> None:
    folder = other.with_name("models")
    arguments = ["--labels", "a,b,c", "--units", "g", "--normalise", "none", "--out", str(folder), "--name", "bike"]
    assert main(["adopt", str(other), *arguments]) == 0
    assert load_model(folder / "bike.tflite").card.name == "bike"
    assert (folder / "bike.json").is_file()


def test_means_and_deviations_may_be_in_a_file(tmp_path: Path) -> None:
    file = tmp_path / "norm.json"
    file.write_text(json.dumps({"mean": [1, 2, 3, 4, 5, 6], "std": 2}))
    assert normalisation(str(file)) == ((1, 2, 3, 4, 5, 6), (2,) * 6)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"mean": true, "std": 1}', r"'mean\[0\]' must be a finite number, not True"),
        ('{"mean": "abc", "std": 1}', r"'mean\[0\]' must be a finite number, not 'abc'"),
        ('{"mean": [NaN], "std": 1}', "NaN is not a number of JSON"),
        ("[" * 200_000, "nested too deeply"),
        ('{"mean": 1}', "'std' is missing"),
    ],
)
def test_a_file_of_other_types_is_refused_in_one_line(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "norm.json").write_text(text)
    with pytest.raises(ModelError, match=message):
        normalisation(str(tmp_path / "norm.json"))


@pytest.mark.parametrize("text", ["zscore", "1", "1/2/3", "1,2/3,4", "0/0", "0/-1", "nan/1", "0/inf", "missing.json"])
def test_a_normalisation_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(ModelError):
        normalisation(text)


def test_without_a_card_a_model_is_refused_with_its_shapes_and_what_to_do(other: Path) -> None:
    with pytest.raises(
        ModelError, match=r"no model card.*input is float32 \(1, 50, 6\).*output float32 \(1, 3\).*har-export adopt"
    ):
        load_model(other)
    other.write_bytes(foreign_model((1, 128, 9)))
    with pytest.raises(ModelError, match=r"input is float32 \(1, 128, 9\).*takes float32 \(1, 50, 6\)"):
        load_model(other)
