"""ONNX models from torch.onnx: any batch size, the card in their metadata, nothing about the machine that made them."""

from collections import Counter
from pathlib import Path
from typing import Any

import torch
from torch import nn

from har_export.converters import conversion
from har_export.flatbuffer import TensorInfo
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import ModelError
from har_runtime.model.card import METADATA_NAME, ModelCard
from har_runtime.model.outputs import AT_PLACES, FEATURES, PROBABILITIES

OPSET = 20


def to_onnx(network: nn.Module) -> bytes:
    """The float32 model with a free batch size.

    Args:
        network: (batch, 50, 6) windows to the outputs of `har_runtime.model.outputs`, in evaluation mode.

    Raises:
        ModelError: the network has an operator that ONNX lacks.
    """
    tells_places = getattr(network, "at_places", None) is not None
    features = (FEATURES,) if getattr(network, "gives_features", False) else ()
    with conversion("onnx"):
        program = torch.onnx.export(
            network,
            # Two windows: torch treats a batch size of one as a constant.
            (torch.zeros(2, WINDOW, len(CHANNELS)),),
            dynamo=True,
            opset_version=OPSET,
            input_names=["imu"],
            output_names=(*PROBABILITIES, *(AT_PLACES if tells_places else ()), *features),
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            verbose=False,
        )
        assert program is not None  # For the type checker: dynamo=True always returns a program.
        program.optimize()
        model: Any = program.model_proto
    _forget_tracing(model)
    return model.SerializeToString(deterministic=True)


def seal(model: bytes, card: ModelCard) -> bytes:
    """Put the card into an ONNX model."""
    content = _parsed(model)
    content.producer_name, content.producer_version = "haredge", card.version
    content.doc_string = f"haredge {card.name} {card.version}"
    del content.metadata_props[:]
    content.metadata_props.add(key=METADATA_NAME, value=card.to_json())
    return content.SerializeToString(deterministic=True)


def read_card(model: bytes, where: Path | str) -> str | None:
    """The text of the card inside, or None.

    Raises:
        ModelError: not an ONNX model, or damaged.
    """
    from google.protobuf.message import DecodeError

    try:
        content = _parsed(model)
    except DecodeError as error:
        raise ModelError(f"{where}: not an ONNX model, or damaged") from error
    if not content.graph.node:
        raise ModelError(f"{where}: not an ONNX model, or empty")
    return {entry.key: entry.value for entry in content.metadata_props}.get(METADATA_NAME)


def operators(model: bytes) -> dict[str, int]:
    """The number of operators of each kind in an ONNX model, in the order of their first use."""
    return dict(Counter(_text(node.op_type) for node in _parsed(model).graph.node))


def tensors(model: bytes) -> list[TensorInfo]:
    """Input, output and weights of an ONNX model."""
    import onnx

    graph = _parsed(model).graph
    rows: list[TensorInfo] = []
    for value in (*graph.input, *graph.output):
        kind = value.type.tensor_type
        shape = tuple(_text(size.dim_param) or size.dim_value for size in kind.shape.dim)
        rows.append(TensorInfo(_text(value.name), shape, onnx.TensorProto.DataType.Name(kind.elem_type).lower(), 0))
    for weight in graph.initializer:
        values = onnx.numpy_helper.to_array(weight)
        kind = onnx.TensorProto.DataType.Name(weight.data_type).lower()
        rows.append(TensorInfo(_text(weight.name), tuple(int(size) for size in values.shape), kind, int(values.nbytes)))
    return rows


def _text(value: str | bytes) -> str:
    """A text of a model: protobuf gives the bytes if they are not UTF-8."""
    return value if isinstance(value, str) else value.decode(errors="replace")


def _parsed(model: bytes) -> Any:
    import onnx

    return onnx.load_model_from_string(model)


def _forget_tracing(model: Any) -> None:
    """Remove the exporter's notes, e.g. stack traces with file names, which make up half of the file."""
    del model.metadata_props[:], model.functions[:]
    graph = model.graph
    del graph.metadata_props[:], graph.value_info[:]
    graph.doc_string = ""
    for entry in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        del entry.metadata_props[:]
        entry.doc_string = ""
