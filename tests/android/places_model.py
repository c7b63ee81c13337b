"""A tiny model that tells places: a .tflite with three outputs, and its card, made without any training.

It takes windows in the upright frame. Walking is a large mean square of acceleration, standing is gravity along z,
lying is gravity across it, and everything is worn at the thigh.
"""

import base64
import json
from pathlib import Path
from typing import Any

import flatbuffers
import numpy as np
from ai_edge_litert import schema_py_generated as schema
from numpy.typing import NDArray

from har_runtime.contract import CHANNELS, PLACES, WINDOW
from har_runtime.model.card import CardScore, ModelCard, PlaceFilter, Smoothing, Training
from har_runtime.model.load import Model

LABELS = ("walking", "sitting", "standing", "lying", "unknown")
FEATURES = 2 * len(CHANNELS)
"""Mean of each channel, and mean square."""
WALKS_ABOVE = 107.0
"""m^2/s^4, mean square of acceleration: the simulated wearer of the tests has 105 while standing and 112 walking."""
_LASTING = np.full((len(LABELS), len(LABELS)), 0.01) + 0.95 * np.eye(len(LABELS))
CARD = ModelCard(
    name="anyplace",
    version="0.1.0",
    labels=LABELS,
    placement=None,
    temperature=1.0,
    training=Training("made up", "nothing", "none", "nobody", 0, ("a",), ("b",), ("c",), "0.1"),
    scores={"int8": CardScore(0.9, 0.9, 100)},
    frame="upright",
    gyroscope="optional",
    places=PLACES,
    place_filter=PlaceFilter(change=0.001, evidence=0.5),
    families={"resting": ("sitting", "lying"), "still": ("standing", "sitting", "lying")},
    smoothing=Smoothing(tuple(map(tuple, _LASTING.tolist())), (0.2,) * len(LABELS), 0.5),
)


def write_places_model(folder: Path) -> None:
    """Write anyplace.tflite and its card."""
    path = folder / f"{CARD.name}.tflite"
    path.write_bytes(places_model())
    path.with_suffix(".json").write_text(CARD.to_json(), encoding="ascii")


def write_outputs(model: Model, path: Path) -> None:
    """Write what LiteRT makes of some windows in Python, with a model that tells places."""
    windows = np.random.default_rng(0).normal(3.0, 4.0, (8, WINDOW, len(CHANNELS))).astype(np.float32)
    outputs = model.outputs(windows)
    assert outputs.places is not None and outputs.by_place is not None
    rows = [
        {
            "imu": base64.b64encode(window.astype("<f4").tobytes()).decode(),
            "probabilities": outputs.probabilities[index].tolist(),
            "places": outputs.places[index].tolist(),
            "by_place": outputs.by_place[index].tolist(),
        }
        for index, window in enumerate(windows)
    ]
    path.write_text(json.dumps({"windows": rows}), encoding="ascii")


def places_model() -> bytes:
    """The .tflite."""
    network = _Network()
    imu = network.tensor("imu", (1, WINDOW, len(CHANNELS)))
    squares = network.operator("SQUARE", [imu], (1, WINDOW, len(CHANNELS)))
    axis = network.constant(np.array([1], np.int32))
    means = [
        network.operator("MEAN", [tensor, axis], (1, len(CHANNELS)), schema.ReducerOptionsT())
        for tensor in (imu, squares)
    ]
    joined = schema.ConcatenationOptionsT()
    joined.axis = 1
    features = network.operator("CONCATENATION", means, (1, FEATURES), joined)
    shapes = ((len(LABELS),), (len(PLACES),), (len(PLACES), len(LABELS)))
    outputs = [network.output(features, *_weights(shape), shape) for shape in shapes]
    return network.packed(imu, outputs)


def _weights(shape: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Weights and offsets of the logits of an output."""
    rng = np.random.default_rng(len(shape))
    weights, offsets = np.zeros((*shape, FEATURES)), np.zeros(shape)
    if shape[-1] == len(LABELS):
        weights[..., LABELS.index("walking"), [6, 7, 8]], offsets[..., LABELS.index("walking")] = 4.0, -4 * WALKS_ABOVE
        weights[..., LABELS.index("standing"), 2], offsets[..., LABELS.index("standing")] = 1.0, -5.0
        weights[..., LABELS.index("lying"), 2], offsets[..., LABELS.index("lying")] = -1.0, 5.0
        offsets[..., LABELS.index("unknown")] = -20.0
        weights[..., :, 3:6] += rng.normal(scale=0.3, size=(*shape, 3))
    else:
        offsets[PLACES.index("thigh")] = 2.0
        weights[:, 3:6] = rng.normal(scale=0.3, size=(*shape, 3))
    return weights.reshape(-1, FEATURES).astype(np.float32), offsets.reshape(-1).astype(np.float32)


class _Network:
    """A graph of float32 operators."""

    def __init__(self) -> None:
        self._tensors: list[Any] = []
        self._buffers: list[Any] = [schema.BufferT()]
        self._operators: list[Any] = []
        self._codes: list[int] = []

    def tensor(self, name: str, shape: tuple[int, ...], type_: int = schema.TensorType.FLOAT32, buffer: int = 0) -> int:
        tensor: Any = schema.TensorT()
        tensor.name, tensor.shape, tensor.type, tensor.buffer = name.encode(), np.array(shape, np.int32), type_, buffer
        self._tensors.append(tensor)
        return len(self._tensors) - 1

    def constant(self, values: NDArray[Any]) -> int:
        buffer: Any = schema.BufferT()
        buffer.data = np.frombuffer(values.tobytes(), np.uint8)
        self._buffers.append(buffer)
        type_ = schema.TensorType.INT32 if values.dtype == np.int32 else schema.TensorType.FLOAT32
        return self.tensor(f"constant{len(self._buffers)}", values.shape, type_, len(self._buffers) - 1)

    def operator(self, kind: str, inputs: list[int], shape: tuple[int, ...], options: Any = None) -> int:
        number = getattr(schema.BuiltinOperator, kind)
        if number not in self._codes:
            self._codes.append(number)
        operator: Any = schema.OperatorT()
        operator.opcodeIndex = self._codes.index(number)
        result = self.tensor(f"{kind.lower()}{len(self._operators)}", shape)
        operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array([result], np.int32)
        if options is not None:
            operator.builtinOptions = options
            operator.builtinOptionsType = getattr(schema.BuiltinOptions, type(options).__name__.removesuffix("T"))
        self._operators.append(operator)
        return result

    def output(
        self, features: int, weights: NDArray[np.float32], offsets: NDArray[np.float32], shape: tuple[int, ...]
    ) -> int:
        inputs = [features, self.constant(weights), self.constant(offsets)]
        logits = self.operator("FULLY_CONNECTED", inputs, (1, len(offsets)), schema.FullyConnectedOptionsT())
        sizes: Any = schema.ReshapeOptionsT()
        sizes.newShape = np.array((1, *shape), np.int32)
        shaped = self.operator("RESHAPE", [logits, self.constant(sizes.newShape)], (1, *shape), sizes)
        beta = schema.SoftmaxOptionsT()
        beta.beta = 1.0
        return self.operator("SOFTMAX", [shaped], (1, *shape), beta)

    def packed(self, imu: int, outputs: list[int]) -> bytes:
        model: Any = schema.ModelT()
        graph: Any = schema.SubGraphT()
        graph.tensors, graph.operators = self._tensors, self._operators
        graph.inputs, graph.outputs = np.array([imu], np.int32), np.array(outputs, np.int32)
        for number in self._codes:
            code: Any = schema.OperatorCodeT()
            code.builtinCode, code.deprecatedBuiltinCode, code.version = number, min(number, 127), 1
            model.operatorCodes = [*(model.operatorCodes or []), code]
        model.version, model.subgraphs, model.buffers = 3, [graph], self._buffers
        builder = flatbuffers.Builder(1 << 14)
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())
