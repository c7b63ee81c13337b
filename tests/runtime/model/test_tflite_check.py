"""A .tflite whose graph does not fit together is refused before the interpreter, which would end the process on it."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import har_runtime
from har_export.flatbuffer import packed, unpacked
from har_runtime.errors import ModelError
from har_runtime.model.load import load_model, pretrained_names
from har_runtime.model.tflite_check import INT8, MAX_ELEMENTS, check_graph

MODELS = Path(har_runtime.__file__).parent / "pretrained"
CONTENT = unpacked((MODELS / "anywhere-micro.tflite").read_bytes())


def refusal(change: Callable[[Any, Any], None]) -> str:
    """What is said of a model after a change of its content and graph."""
    content = copy.deepcopy(CONTENT)
    change(content, content.subgraphs[0])
    with pytest.raises(ModelError) as caught:
        check_graph(packed(content), "x.tflite")
    text = str(caught.value)
    assert text.startswith("x.tflite: the .tflite is damaged (") and "\n" not in text
    return text


@pytest.mark.parametrize("name", pretrained_names())
def test_what_ships_passes(name: str) -> None:
    check_graph((MODELS / f"{name}.tflite").read_bytes(), name)


def activation(graph: Any) -> Any:
    """An int8 tensor that is computed."""
    return graph.tensors[next(int(one.outputs[0]) for one in graph.operators if tensor_of(graph, one).type == INT8)]


def tensor_of(graph: Any, operator: Any) -> Any:
    return graph.tensors[int(operator.outputs[0])]


@pytest.mark.parametrize(
    ("scale", "zero", "message"),
    [
        ([], [0], "0 scales and 1 zero points"),
        ([0.0], [0], "impossible scale"),
        ([np.nan], [0], "impossible scale"),
        ([1e30], [0], "impossible scale"),
        ([0.1], [-18180], "impossible zero point"),
        ([0.1, 0.2, 0.3], [0, 0, 0], "3 scales, which are as many as no axis has elements"),
        ([], [], "holds small integers without a scale"),
    ],
)
def test_numbers_that_quantise_nothing_are_refused(scale: list[float], zero: list[int], message: str) -> None:
    def change(_: Any, graph: Any) -> None:
        activation(graph).quantization.scale = np.array(scale, np.float32)
        activation(graph).quantization.zeroPoint = np.array(zero, np.int64)

    assert message in refusal(change)


@pytest.mark.parametrize("shape", [[-1, 50, 6], [MAX_ELEMENTS + 1]])
def test_a_shape_that_nobody_can_hold_is_refused(shape: list[int]) -> None:
    def change(_: Any, graph: Any) -> None:
        activation(graph).shape = np.array(shape, np.int32)

    assert "impossible shape" in refusal(change)


def test_weights_of_another_size_than_their_shape_are_refused() -> None:
    def change(content: Any, graph: Any) -> None:
        constant = next(tensor for tensor in graph.tensors if content.buffers[tensor.buffer].data is not None)
        buffer = content.buffers[constant.buffer]
        buffer.data = buffer.data[:-1]

    assert "bytes for a shape of" in refusal(change)


def test_a_name_that_is_no_text_is_refused() -> None:
    def change(_: Any, graph: Any) -> None:
        graph.tensors[3].name = b"na\xb2me"

    assert "the name of tensor 3 is no text" in refusal(change)


def test_an_operator_that_writes_into_the_input_or_twice_is_refused() -> None:
    def into_input(_: Any, graph: Any) -> None:
        graph.operators[1].outputs = graph.inputs

    def twice(_: Any, graph: Any) -> None:
        graph.operators[2].outputs = graph.operators[1].outputs

    assert "operator 1 writes over another tensor" in refusal(into_input)
    assert "operator 2 writes over another tensor" in refusal(twice)


def test_an_operator_without_its_input_is_refused() -> None:
    def missing(_: Any, graph: Any) -> None:
        graph.operators[3].inputs[0] = -1

    def later(_: Any, graph: Any) -> None:
        graph.operators[3].inputs[0] = graph.outputs[0]

    assert "operator 3 takes what is not computed before it" in refusal(missing)
    assert "operator 3 takes what is not computed before it" in refusal(later)


def test_a_graph_whose_ends_are_no_tensors_is_refused() -> None:
    def change(_: Any, graph: Any) -> None:
        graph.outputs = np.array([10_000], np.int32)

    assert "its input or output is no tensor of it" in refusal(change)


def test_an_operator_that_changes_the_type_of_numbers_is_refused() -> None:
    def change(_: Any, graph: Any) -> None:
        tensor = activation(graph)
        tensor.type, tensor.quantization = 0, None

    assert "changes the type of its numbers" in refusal(change)


def test_a_file_that_is_cut_off_is_refused() -> None:
    whole = (MODELS / "anywhere-micro.tflite").read_bytes()
    for size in range(8, len(whole), 997):
        with pytest.raises(ModelError, match=r"x\.tflite: the \.tflite is damaged"):
            check_graph(whole[:size], "x.tflite")


def test_what_runs_is_what_was_checked_whatever_becomes_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "anywhere.tflite"
    path.write_bytes((MODELS / "anywhere.tflite").read_bytes())
    model = load_model(path)
    windows = np.random.default_rng(0).normal(0, 5, (3, 50, 6)).astype(np.float32)
    before = model.probabilities(windows)
    path.write_bytes(b"")
    assert np.array_equal(model.probabilities(windows), before)
