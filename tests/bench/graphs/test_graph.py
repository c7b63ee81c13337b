"""Graphs of files: lifetimes by hand, and counts that agree with PyTorch's counter in every format."""

import copy
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

import har_runtime
from har_bench.graphs import onnx_graph, tflite_graph, torch_graph
from har_bench.graphs.counting import count
from har_bench.graphs.graph import Graph, Operator
from har_bench.measure.int8_peak import SIZES, MatrixProduct, product_macs, product_model
from har_export import onnx_conversion, tflite
from har_export.inference import InferenceNetwork
from har_runtime.errors import ModelError
from har_train.fit.network import Architecture, HarNetwork, parameter_count
from har_train.methods.base import LinearClassifier
from har_train.methods.tinierhar import TinierHarEncoder

WAIST = (Path(har_runtime.__file__).parent / "pretrained" / "waist.tflite").read_bytes()


def graph(*operators: Operator, sizes: dict[int | str, int | None], outputs: tuple[int, ...] = (9,)) -> Graph:
    return Graph(operators, (0,), outputs, sizes, 0, "fp32", (1, 50, 6), "float32")


@pytest.mark.parametrize(
    ("operators", "sizes", "peak"),
    [
        # A chain: a tensor is freed once it was read.
        ([Operator("A", (0,), (1,)), Operator("B", (1,), (9,))], {0: 10, 1: 5, 9: 1}, 15),
        # A shortcut: the input stays for the last operator.
        (
            [Operator("A", (0,), (1,)), Operator("B", (1,), (2,)), Operator("C", (2, 0), (9,))],
            {0: 10, 1: 5, 2: 7, 9: 1},
            22,
        ),
        # An output of the graph stays to the end.
        (
            [Operator("A", (0,), (9,)), Operator("B", (0,), (1,)), Operator("C", (1,), (2,))],
            {0: 1, 9: 8, 1: 4, 2: 2},
            14,
        ),
        # A tensor without a reader lives only during its operator.
        ([Operator("A", (0,), (1, 2)), Operator("B", (1,), (9,))], {0: 1, 1: 3, 2: 100, 9: 1}, 104),
        # A reshape needs no memory, and keeps its input alive.
        (
            [Operator("A", (0,), (1,)), Operator("R", (1,), (2,), in_place=True), Operator("B", (2,), (9,))],
            {0: 1, 1: 50, 2: 50, 9: 2},
            52,
        ),
    ],
)
def test_the_peak_is_the_highest_number_of_bytes_alive_at_a_time(operators, sizes, peak: int) -> None:
    assert graph(*operators, sizes=sizes).peak_activation_bytes == peak


def test_unknown_sizes_and_counts_are_not_reported() -> None:
    unknown = graph(Operator("WHILE", (0,), (9,), macs=None), Operator("A", (0,), (1,), 7), sizes={0: 1, 9: None, 1: 1})
    assert unknown.macs is None
    assert unknown.uncounted == ("WHILE",)
    assert unknown.peak_activation_bytes is None


@pytest.fixture(scope="module")
def network() -> InferenceNetwork:
    torch.manual_seed(0)
    return InferenceNetwork(HarNetwork(Architecture(classes=6)), temperature=1.5)


@pytest.fixture(scope="module")
def float_model(network: InferenceNetwork) -> bytes:
    return tflite.to_tflite(network)


def int8(model: bytes) -> bytes:
    return tflite.to_int8(model, np.random.default_rng(0).normal(0, 3, (8, 50, 6)).astype(np.float32))


@pytest.mark.slow
@pytest.mark.parametrize("convert", [lambda model: model, int8, tflite.to_float16], ids=["fp32", "int8", "fp16"])
def test_a_tflite_counts_what_pytorch_counts(
    network: InferenceNetwork, float_model: bytes, convert: Callable[[bytes], bytes], request: pytest.FixtureRequest
) -> None:
    number_format = request.node.callspec.id
    found = tflite_graph.read_graph(convert(float_model), "model")
    assert found.macs == count(network, 50, 6).macs
    assert found.number_format == number_format
    assert (found.input_shape, found.input_type) == ((1, 50, 6), "float32")
    # The file also holds mean and gain of the six channels.
    assert found.parameters == pytest.approx(parameter_count(network) + 12, rel=2e-3)
    widest = 50 * 128 * (1 if number_format == "int8" else 4)
    assert found.peak_activation_bytes == 3 * widest  # Of a residual block: shortcut, input and output.


@pytest.mark.slow
def test_an_onnx_counts_what_pytorch_counts(network: InferenceNetwork) -> None:
    found = onnx_graph.read_graph(onnx_conversion.to_onnx(network), "model")
    assert found.macs == count(network, 50, 6).macs
    assert found.number_format == "fp32"
    assert found.input_shape == (1, 50, 6)
    # The biases of an untrained network are equal, and are stored once.
    assert found.parameters == pytest.approx(parameter_count(network), rel=5e-3)
    assert found.peak_activation_bytes == 3 * 4 * 50 * 128


@pytest.mark.slow
def test_recurrent_layers_of_an_onnx_are_counted_step_by_step() -> None:
    network = LinearClassifier(TinierHarEncoder(6, 50), 6).eval()
    found = onnx_graph.read_graph(onnx_conversion.to_onnx(network), "model")
    assert found.macs == count(network, 50, 6).macs
    assert "GRU" in {operator.kind for operator in found.operators}


def test_a_program_of_torch_export_counts_the_same_and_nothing_pickled_is_opened(
    network: InferenceNetwork, tmp_path: Path
) -> None:
    path = tmp_path / "model.pt2"
    torch.export.save(torch.export.export(network, (torch.zeros(1, 50, 6),)), path)
    found = torch_graph.read_graph(path)
    assert found.macs == count(network, 50, 6).macs
    assert found.parameters == parameter_count(network)
    assert found.peak_activation_bytes == 3 * 4 * 50 * 128
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("model/data/constants/opaque_obj_0", b"\x80\x04.")
    with pytest.raises(ModelError, match=r"holds 'model/data/constants/opaque_obj_0', .* could run code"):
        torch_graph.read_graph(path)


def test_a_checkpoint_that_tells_places_has_the_three_outputs_of_its_files(place_network: HarNetwork) -> None:
    x = torch.from_numpy(np.random.default_rng(0).normal(0, 3, (5, 50, 6)).astype(np.float32))
    found = torch_graph.Probabilities(copy.deepcopy(place_network), 1.5).eval()(x)
    wanted = InferenceNetwork(place_network, 1.5)(x)
    assert isinstance(found, tuple)
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, atol=1e-5, rtol=0)


def test_the_graph_of_the_shipped_model_is_read() -> None:
    found = tflite_graph.read_graph(WAIST, "waist")
    assert 23_900_000 < (found.macs or 0) < 24_300_000
    assert found.number_format == "int8"
    assert not found.weights_outside


@pytest.mark.parametrize("keep", [*range(8, len(WAIST), 40_009), len(WAIST) - 1])
def test_a_tflite_that_was_cut_off_is_refused(keep: int) -> None:
    with pytest.raises(ModelError, match="cut off"):
        tflite_graph.read_graph(WAIST[:keep], "x.tflite")


def test_bytes_that_were_changed_are_read_or_refused() -> None:
    rng = np.random.default_rng(0)
    for _ in range(60):
        damaged = bytearray(WAIST)
        for place in rng.integers(8, 4000, 20):
            damaged[int(place)] = int(rng.integers(256))
        try:
            tflite_graph.read_graph(bytes(damaged), "x.tflite")
        except ModelError as error:
            assert str(error).startswith("x.tflite: ")


def test_the_matrix_product_of_the_peak_computes_what_it_should() -> None:
    rows, width = SIZES[0]
    found = tflite_graph.read_graph(product_model(rows, width), "product")
    assert found.macs == product_macs(0) == rows * width * width
    assert found.number_format == "int8"
    product = MatrixProduct(0, threads=1)
    product(np.zeros((1, 50, 6), np.float32))
    interpreter = product._interpreter
    x, weights = (interpreter.get_tensor(index).astype(np.int64) for index in (0, 1))
    wanted = np.clip(np.rint(x @ weights.T * (0.1 * 0.01 / 0.5)), -128, 127)
    assert np.abs(interpreter.get_tensor(3) - wanted).max() <= 1
