"""Reads and rewrites .tflite files: adds the card, removes the float input and output, lists operators and tensors."""

import copy
from collections import Counter
from dataclasses import dataclass
from typing import Any

import flatbuffers
import numpy as np

from har_runtime.errors import ModelError
from har_runtime.model.card import METADATA_NAME, ModelCard
from har_runtime.model.flatbuffer_reader import IDENTIFIER
from har_runtime.model.outputs import output_names


@dataclass(frozen=True)
class TensorInfo:
    """One tensor of a model file."""

    name: str
    shape: tuple[int | str, ...]
    """Free dimensions have a name instead of a size."""
    type: str
    size: int
    """Bytes in the file; 0 for computed tensors."""
    scale: tuple[float, ...] = ()
    """For quantised values, one or one per channel: real = scale * (stored - zero point)."""
    zero_point: tuple[int, ...] = ()


def seal(model: bytes, card: ModelCard) -> bytes:
    """Put the card into a .tflite, name its input and outputs, and move all weights into the flatbuffer.

    The quantizer leaves weights outside the flatbuffer if they exceed 256 KiB; older runtimes cannot read such a file,
    and TFLM silently reads wrong weights. Packing the whole model again moves them inside.
    """
    from ai_edge_litert import schema_py_generated as schema

    content = unpacked(model)
    graph = content.subgraphs[0]
    signature = content.signatureDefs[0]
    signature.inputs[0].name = b"imu"
    for index, tensor in enumerate(graph.tensors):
        tensor.name = str(index).encode()  # PyTorch's own names are a fifth of a small file.
    graph.tensors[graph.inputs[0]].name = b"imu"
    ends = {int(end.tensorIndex): end for end in signature.outputs}
    for output, name in zip(graph.outputs, output_names(card), strict=True):
        graph.tensors[output].name = ends[int(output)].name = name.encode()
    content.description = f"haredge {card.name} {card.version}".encode()
    content.metadata = content.metadata or []
    entry: Any = next((entry for entry in content.metadata if entry.name == METADATA_NAME.encode()), None)
    if entry is None:
        entry = schema.MetadataT()
        entry.name, entry.buffer = METADATA_NAME.encode(), len(content.buffers)
        content.metadata.append(entry)
        content.buffers.append(schema.BufferT())
    content.buffers[entry.buffer].data = np.frombuffer(card.to_json().encode(), np.uint8)
    return packed(content)


def without_float_ends(model: bytes) -> tuple[bytes, float, int]:
    """The int8 core of a model that has one QUANTIZE and ends with its only DEQUANTIZE.

    Returns:
        The model from the first int8 tensor to the last, and the scale and zero point of its new input.

    Raises:
        ModelError: the model has another structure.
    """
    content = unpacked(model)
    graph = content.subgraphs[0]
    kinds = [_operator_name(content, operator) for operator in graph.operators]
    if kinds.count("QUANTIZE") != 1 or kinds[-1] != "DEQUANTIZE" or kinds.count("DEQUANTIZE") != 1:
        raise ModelError(f"int8 input and output need one QUANTIZE and a last DEQUANTIZE, not {' '.join(kinds)}")
    first = kinds.index("QUANTIZE")
    new_input = graph.operators[first].outputs[0]
    new_output = graph.operators[-1].inputs[0]
    graph.operators = graph.operators[first + 1 : -1]
    computed = {int(tensor) for operator in graph.operators for tensor in operator.outputs}
    if not _computed_inputs(content, graph) <= {int(new_input), *computed}:
        raise ModelError("int8 input and output: a result from before QUANTIZE is used again after it")
    graph.inputs, graph.outputs = np.array([new_input], np.int32), np.array([new_output], np.int32)
    signature = content.signatureDefs[0]
    signature.inputs[0].tensorIndex, signature.outputs[0].tensorIndex = int(new_input), int(new_output)
    _drop_unused(content, graph)
    quantisation = graph.tensors[graph.inputs[0]].quantization
    return packed(content), float(quantisation.scale[0]), int(quantisation.zeroPoint[0])


def operators(model: bytes) -> dict[str, int]:
    """The number of operators of each kind in a .tflite, in the order of their first use."""
    content = unpacked(model)
    return dict(Counter(_operator_name(content, operator) for operator in content.subgraphs[0].operators))


def output_count(model: bytes) -> int:
    """The number of outputs of a .tflite."""
    return len(unpacked(model).subgraphs[0].outputs)


def tensors(model: bytes) -> list[TensorInfo]:
    """The tensors of a .tflite: inputs, outputs, then the others in their order."""
    from ai_edge_litert import schema_py_generated as schema

    content = unpacked(model)
    graph = content.subgraphs[0]
    types = {value: name.lower() for name, value in vars(schema.TensorType).items() if not name.startswith("_")}
    ends = [*graph.inputs, *graph.outputs]
    rows: list[TensorInfo] = []
    for index in [*ends, *(index for index in range(len(graph.tensors)) if index not in ends)]:
        tensor = graph.tensors[index]
        data, quantisation = content.buffers[tensor.buffer].data, tensor.quantization
        rows.append(
            TensorInfo(
                tensor.name.decode(errors="replace"),
                _values(tensor.shape),
                types[tensor.type],
                0 if data is None else len(data),
                _values(quantisation and quantisation.scale),
                _values(quantisation and quantisation.zeroPoint),
            )
        )
    return rows


def _values(array: Any) -> tuple[Any, ...]:
    return () if array is None else tuple(np.asarray(array).tolist())


def unpacked(model: bytes) -> Any:
    """The tables of a .tflite as objects that can be changed."""
    from ai_edge_litert.tools import flatbuffer_utils

    return flatbuffer_utils.read_model_from_bytearray(model)  # Its type stubs say that every field is None.


def _operator_name(content: Any, operator: Any) -> str:
    from ai_edge_litert import schema_py_generated as schema

    code = content.operatorCodes[operator.opcodeIndex]
    number = max(code.builtinCode, code.deprecatedBuiltinCode)
    return next(name for name, value in vars(schema.BuiltinOperator).items() if value == number and name.isupper())


def _computed_inputs(content: Any, graph: Any) -> set[int]:
    """The operators' inputs that are not constants."""
    inputs = {int(tensor) for operator in graph.operators for tensor in operator.inputs if tensor >= 0}
    return {tensor for tensor in inputs if content.buffers[graph.tensors[tensor].buffer].data is None}


def _drop_unused(content: Any, graph: Any) -> None:
    """Remove the tensors, buffers and operator codes that are no longer used."""
    ends = [*graph.inputs, *graph.outputs]
    used = sorted(
        {int(index) for index in ends}
        | {int(index) for operator in graph.operators for index in (*operator.inputs, *operator.outputs) if index >= 0}
    )
    new_index = {old: new for new, old in enumerate(used)} | {-1: -1}

    def moved(indices: Any) -> Any:
        return np.array([new_index[int(index)] for index in indices], np.int32)

    graph.tensors = [graph.tensors[index] for index in used]
    graph.inputs, graph.outputs = moved(graph.inputs), moved(graph.outputs)
    for operator in graph.operators:
        operator.inputs, operator.outputs = moved(operator.inputs), moved(operator.outputs)
    signature = content.signatureDefs[0]
    for entry in (*signature.inputs, *signature.outputs):
        entry.tensorIndex = new_index[entry.tensorIndex]
    codes = sorted({operator.opcodeIndex for operator in graph.operators})
    content.operatorCodes = [content.operatorCodes[index] for index in codes]
    for operator in graph.operators:
        operator.opcodeIndex = codes.index(operator.opcodeIndex)
    # TFLite's schema: buffer 0 is empty.
    kept = sorted({0} | {tensor.buffer for tensor in graph.tensors} | {e.buffer for e in content.metadata or []})
    content.buffers = [copy.copy(content.buffers[index]) for index in kept]
    for entry in (*graph.tensors, *(content.metadata or [])):
        entry.buffer = kept.index(entry.buffer)


class _CompactBuilder(flatbuffers.Builder):
    """Aligns each byte vector to 16 bytes, and writes vectors of equal numbers once.

    Microcontrollers read the weights in place: TFLite's schema requires that alignment (`Buffer.data`: force_align 16),
    but the generated Python code does not do it. Zero points (8 bytes for each channel of each layer, all 0) and shapes
    are a sixth of a small model; FlatBuffers lets several tables refer to one vector.
    """

    def __init__(self, size: int):
        super().__init__(size)
        self._written: dict[tuple[int, int, bytes], int] = {}
        self._before = self._element = 0
        self._holds_offsets = False

    def StartVector(self, elemSize: int, numElems: int, alignment: int) -> Any:  # noqa: N802, N803 - overrides
        self._before, self._element, self._holds_offsets = self.Offset(), elemSize, False
        return super().StartVector(elemSize, numElems, 16 if elemSize == 1 else alignment)

    def CreateString(self, *arguments: Any, **options: Any) -> Any:  # noqa: N802 - overrides
        self._holds_offsets = True  # It ends a vector that it did not start, so that nothing is known of it.
        return super().CreateString(*arguments, **options)

    def PrependUOffsetTRelative(self, off: int) -> None:  # noqa: N802 - overrides
        self._holds_offsets = True  # These count from where they stand, so that equal bytes mean other things.
        super().PrependUOffsetTRelative(off)

    def EndVector(self, numElems: int | None = None) -> Any:  # noqa: N802, N803 - overrides
        count = self.vectorNumElems or 0
        end = super().EndVector(numElems)
        if self._holds_offsets:
            return end
        begin = self.Head() + 4  # After the number of elements.
        content = bytes(self.Bytes[begin : begin + count * self._element])
        first = self._written.setdefault((self._element, count, content), end)
        if first != end:
            self.head = len(self.Bytes) - self._before
        return first


def packed(content: Any) -> bytes:
    """The bytes of a .tflite from its tables, with all weights inside."""
    for buffer in content.buffers:
        buffer.offset = buffer.size = 0
    builder = _CompactBuilder(1 << 20)
    builder.Finish(content.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())
