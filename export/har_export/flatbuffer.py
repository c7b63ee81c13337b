"""A .tflite taken apart and packed again: the card put in, its float ends cut off, its operators and tensors listed."""

import copy
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np

from har_runtime.errors import ModelError
from har_runtime.model.card import METADATA_NAME, ModelCard
from har_runtime.model.tflite_metadata import IDENTIFIER


@dataclass(frozen=True)
class TensorInfo:
    """One tensor of a model file."""

    name: str
    shape: tuple[int | str, ...]
    """A name stands for a dimension that is free."""
    type: str
    size: int
    """Bytes of it in the file; 0 for what is computed."""
    scale: tuple[float, ...] = ()
    """Of quantised values, one or one for each channel: real = scale * (stored - zero point)."""
    zero_point: tuple[int, ...] = ()


def seal(model: bytes, card: ModelCard) -> bytes:
    """Put the card into a .tflite, name its ends, and lay everything out inside the flatbuffer.

    The quantizer leaves weights outside the flatbuffer once they pass 256 KiB; older runtimes cannot read that and TFLM
    reads it wrongly without a word. Packing the whole model again brings them in.
    """
    from ai_edge_litert import schema_py_generated as schema

    content = _unpacked(model)
    graph = content.subgraphs[0]
    graph.tensors[graph.inputs[0]].name = b"imu"
    graph.tensors[graph.outputs[0]].name = b"probabilities"
    signature = content.signatureDefs[0]
    signature.inputs[0].name, signature.outputs[0].name = b"imu", b"probabilities"
    content.description = f"haredge {card.name} {card.version}".encode()
    content.metadata = [entry for entry in content.metadata or [] if entry.name != METADATA_NAME.encode()]
    entry: Any = schema.MetadataT()
    buffer: Any = schema.BufferT()
    entry.name, entry.buffer = METADATA_NAME.encode(), len(content.buffers)
    buffer.data = np.frombuffer(card.to_json().encode(), np.uint8)
    content.buffers.append(buffer)
    content.metadata.append(entry)
    return _packed(content)


def without_float_ends(model: bytes) -> tuple[bytes, float, int]:
    """The int8 core of a model that quantises its input once and restores its output at its end.

    Returns:
        The model from the first int8 tensor to the last; scale and zero point of what it is now fed.

    Raises:
        ModelError: another structure.
    """
    content = _unpacked(model)
    graph = content.subgraphs[0]
    kinds = [_operator_name(content, operator) for operator in graph.operators]
    if kinds.count("QUANTIZE") != 1 or kinds[-1] != "DEQUANTIZE" or kinds.count("DEQUANTIZE") != 1:
        raise ModelError(f"int8 input and output need one QUANTIZE and a last DEQUANTIZE, not {' '.join(kinds)}")
    first = kinds.index("QUANTIZE")
    fed = graph.operators[first].outputs[0]
    given = graph.operators[-1].inputs[0]
    graph.operators = graph.operators[first + 1 : -1]
    if any(tensor not in (fed, *_computed(graph)) for tensor in _read(content, graph)):
        raise ModelError("int8 input and output: what stands before QUANTIZE is used again behind it")
    graph.inputs, graph.outputs = np.array([fed], np.int32), np.array([given], np.int32)
    signature = content.signatureDefs[0]
    signature.inputs[0].tensorIndex, signature.outputs[0].tensorIndex = int(fed), int(given)
    _drop_unused(content, graph)
    quantisation = graph.tensors[graph.inputs[0]].quantization
    return _packed(content), float(quantisation.scale[0]), int(quantisation.zeroPoint[0])


def operators(model: bytes) -> dict[str, int]:
    """How many operators of each kind a .tflite has, in the order of their first use."""
    content = _unpacked(model)
    counts: dict[str, int] = {}
    for operator in content.subgraphs[0].operators:
        name = _operator_name(content, operator)
        counts[name] = counts.get(name, 0) + 1
    return counts


def tensors(model: bytes) -> list[TensorInfo]:
    """The tensors of a .tflite: input, output, then the others in their order."""
    from ai_edge_litert import schema_py_generated as schema

    content = _unpacked(model)
    graph = content.subgraphs[0]
    types = {value: name.lower() for name, value in vars(schema.TensorType).items() if not name.startswith("_")}
    ends = [*graph.inputs, *graph.outputs]
    rows: list[TensorInfo] = []
    for index in [*ends, *(index for index in range(len(graph.tensors)) if index not in ends)]:
        tensor = graph.tensors[index]
        data, quantisation = content.buffers[tensor.buffer].data, tensor.quantization
        scale = () if quantisation is None or quantisation.scale is None else quantisation.scale
        zero = () if quantisation is None or quantisation.zeroPoint is None else quantisation.zeroPoint
        shape = () if tensor.shape is None else tensor.shape
        rows.append(
            TensorInfo(
                tensor.name.decode(),
                tuple(int(size) for size in shape),
                types[tensor.type],
                0 if data is None else len(data),
                tuple(float(value) for value in scale),
                tuple(int(value) for value in zero),
            )
        )
    return rows


def _unpacked(model: bytes) -> Any:
    from ai_edge_quantizer.utils import tfl_flatbuffer_utils

    return tfl_flatbuffer_utils.read_model(model)  # Its type stubs take every field for None.


def _operator_name(content: Any, operator: Any) -> str:
    from ai_edge_litert import schema_py_generated as schema

    code = content.operatorCodes[operator.opcodeIndex]
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    return next(name for name, value in vars(schema.BuiltinOperator).items() if value == number and name.isupper())


def _computed(graph: Any) -> set[int]:
    return {int(tensor) for operator in graph.operators for tensor in operator.outputs}


def _read(content: Any, graph: Any) -> set[int]:
    """Tensors that operators take and that are no constants."""
    taken = {int(tensor) for operator in graph.operators for tensor in operator.inputs if tensor >= 0}
    return {tensor for tensor in taken if content.buffers[graph.tensors[tensor].buffer].data is None}


def _drop_unused(content: Any, graph: Any) -> None:
    """Leave out the tensors, buffers and operator codes that nothing refers to any more."""
    ends = [*graph.inputs, *graph.outputs]
    used = sorted(
        {int(index) for index in ends}
        | {int(index) for operator in graph.operators for index in (*operator.inputs, *operator.outputs) if index >= 0}
    )
    place = {old: new for new, old in enumerate(used)} | {-1: -1}

    def moved(indices: Any) -> Any:
        return np.array([place[int(index)] for index in indices], np.int32)

    graph.tensors = [graph.tensors[index] for index in used]
    graph.inputs, graph.outputs = moved(graph.inputs), moved(graph.outputs)
    for operator in graph.operators:
        operator.inputs, operator.outputs = moved(operator.inputs), moved(operator.outputs)
    signature = content.signatureDefs[0]
    for entry in (*signature.inputs, *signature.outputs):
        entry.tensorIndex = place[entry.tensorIndex]
    codes = sorted({operator.opcodeIndex for operator in graph.operators})
    content.operatorCodes = [content.operatorCodes[index] for index in codes]
    for operator in graph.operators:
        operator.opcodeIndex = codes.index(operator.opcodeIndex)
    # Buffer 0 is the empty one, by TFLite's schema.
    kept = sorted({0} | {tensor.buffer for tensor in graph.tensors} | {e.buffer for e in content.metadata or []})
    content.buffers = [copy.copy(content.buffers[index]) for index in kept]
    for entry in (*graph.tensors, *(content.metadata or [])):
        entry.buffer = kept.index(entry.buffer)


class _AlignedBuilder(flatbuffers.Builder):
    """Starts each byte vector on a multiple of 16, as TFLite's schema asks (`Buffer.data`: force_align 16) and the
    generated Python code does not: microcontrollers read the weights in place."""

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:  # noqa: N802, N803 - overrides
        return super().StartVector(elemSize, numElems, 16 if elemSize == 1 else alignment)


def _packed(content: Any) -> bytes:
    for buffer in content.buffers:
        buffer.offset = buffer.size = 0
    builder = _AlignedBuilder(1 << 20)
    builder.Finish(content.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())
