"""Reads .onnx files, and adds the card: operators, tensors and the card in their metadata."""

from collections import Counter
from pathlib import Path
from typing import Any

from har_export.flatbuffer import TensorInfo
from har_runtime.errors import ModelError
from har_runtime.model.card import METADATA_NAME, ModelCard


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
