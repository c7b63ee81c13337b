"""Reads a .tflite into a `Graph` with the schema that ai-edge-litert ships; needs neither an interpreter nor torch."""

import functools
import math
import struct
from pathlib import Path
from typing import Any

from har_bench.graphs.graph import Graph, Operator
from har_runtime.errors import ModelError
from har_runtime.model.tflite_metadata import read_metadata

BITS = {
    "FLOAT64": 64,
    "FLOAT32": 32,
    "FLOAT16": 16,
    "BFLOAT16": 16,
    "INT64": 64,
    "UINT64": 64,
    "INT32": 32,
    "UINT32": 32,
    "INT16": 16,
    "UINT16": 16,
    "INT8": 8,
    "UINT8": 8,
    "BOOL": 8,
    "INT4": 4,
    "INT2": 2,
}
IN_PLACE = {"RESHAPE", "SQUEEZE", "EXPAND_DIMS"}
UNCOUNTED = {
    "BIDIRECTIONAL_SEQUENCE_LSTM",
    "BIDIRECTIONAL_SEQUENCE_RNN",
    "CALL",
    "CALL_ONCE",
    "CONV_3D",
    "CONV_3D_TRANSPOSE",
    "CUSTOM",
    "IF",
    "LSTM",
    "RNN",
    "STABLEHLO_COMPOSITE",
    "SVDF",
    "UNIDIRECTIONAL_SEQUENCE_LSTM",
    "UNIDIRECTIONAL_SEQUENCE_RNN",
    "WHILE",
}
"""Operators that may multiply in ways that are not counted here."""
DAMAGE = (struct.error, IndexError, TypeError, ValueError, AttributeError, KeyError, OverflowError, MemoryError)
"""What the schema's code raises on bytes that are not a flatbuffer."""


def read_graph(content: bytes, where: Path | str) -> Graph:
    """Read the graph of a .tflite.

    Raises:
        ModelError: not a .tflite, damaged, not with exactly one input, or ai-edge-litert is not installed.
    """
    read_metadata(content, where)
    try:
        from ai_edge_litert import schema_py_generated as schema
    except ImportError as error:
        raise ModelError(f"{where}: its graph cannot be read; pip install ai-edge-litert") from error
    try:
        model: Any = schema.ModelT.InitFromPackedBuf(content, 0)
        return _graph(model, where)
    except DAMAGE as error:
        raise ModelError(f"{where}: the .tflite is damaged or cut off; copy or export it again") from error


def _graph(model: Any, where: Path | str) -> Graph:
    graph = model.subgraphs[0]
    if len(graph.inputs) != 1:
        raise ModelError(f"{where}: takes {len(graph.inputs)} inputs; expected one, of windows")
    types, kinds = _names("TensorType"), _names("BuiltinOperator")
    tensors = [(_shape(tensor), types[tensor.type]) for tensor in graph.tensors]
    constants = {index for index, tensor in enumerate(graph.tensors) if _stored(model.buffers[tensor.buffer])}
    parameters = _parameters(graph, tensors, constants)
    number_format = _number_format(graph, tensors, constants)
    operators: list[Operator] = []
    for operator in graph.operators:
        code = model.operatorCodes[operator.opcodeIndex]
        kind = kinds[max(code.builtinCode, code.deprecatedBuiltinCode)]
        given = [int(index) for index in operator.inputs]
        made = tuple(int(index) for index in operator.outputs)
        computed = tuple(index for index in given if index >= 0 and index not in constants)
        if not computed:  # E.g. a float16 weight converted to float32: done once, when the file is loaded.
            constants.update(made)
            continue
        shapes = [tensors[index][0] if index >= 0 else () for index in given]
        macs = _macs(kind, shapes, tensors[made[0]][0], operator.builtinOptions)
        operators.append(Operator(kind, computed, made, macs, kind in IN_PLACE))
    (model_input,) = (int(index) for index in graph.inputs)
    return Graph(
        operators=tuple(operators),
        inputs=(model_input,),
        outputs=tuple(int(index) for index in graph.outputs),
        sizes={index: _bytes(*tensor) for index, tensor in enumerate(tensors) if index not in constants},
        parameters=parameters,
        number_format=number_format,
        input_shape=tensors[model_input][0],
        input_type=tensors[model_input][1].lower(),
        weights_outside=any((buffer.offset or 0) > 1 for buffer in model.buffers),
    )


@functools.cache
def _names(kind: str) -> dict[int, str]:
    from ai_edge_litert import schema_py_generated as schema

    values = vars(getattr(schema, kind)).items()
    return {number: name for name, number in values if name.isupper() and isinstance(number, int)}


def _shape(tensor: Any) -> tuple[int, ...]:
    return () if tensor.shape is None else tuple(int(size) for size in tensor.shape)


def _stored(buffer: Any) -> bool:
    """Whether a tensor's values are in the file: inside the flatbuffer, or behind it (offsets 0 and 1 mean none)."""
    return (buffer.data is not None and len(buffer.data) > 0) or (buffer.offset or 0) > 1


def _bytes(shape: tuple[int, ...], kind: str) -> int | None:
    return math.ceil(math.prod(shape) * BITS[kind] / 8) if kind in BITS else None


def _parameters(graph: Any, tensors: list[tuple[tuple[int, ...], str]], constants: set[int]) -> int:
    """Count the real numbers among the constants: floats, and integers with a scale; others are shapes and indices.

    A buffer that several tensors share, like the steps of an unrolled LSTM, counts once.
    """
    sizes: dict[int, int] = {}
    for index in constants:
        tensor, (shape, kind) = graph.tensors[index], tensors[index]
        scaled = tensor.quantization is not None and tensor.quantization.scale is not None
        if "FLOAT" in kind or scaled:
            sizes[tensor.buffer] = math.prod(shape)
    return sum(sizes.values())


def _number_format(graph: Any, tensors: list[tuple[tuple[int, ...], str]], constants: set[int]) -> str:
    """The number format of the largest constant."""
    largest = max(constants, key=lambda index: math.prod(tensors[index][0]), default=None)
    kind = "FLOAT32" if largest is None else tensors[largest][1]
    return {"FLOAT32": "fp32", "FLOAT16": "fp16"}.get(kind, kind.lower())


def _macs(kind: str, inputs: list[tuple[int, ...]], output: tuple[int, ...], options: Any) -> int | None:
    """Multiply-accumulates of an operator, from the shapes of its inputs and of its first output."""
    size = math.prod(output)
    if kind == "CONV_2D":  # The filter is (out, height, width, in).
        return size * math.prod(inputs[1][1:])
    if kind == "DEPTHWISE_CONV_2D":  # (1, height, width, out)
        return size * math.prod(inputs[1][1:3])
    if kind == "TRANSPOSE_CONV":  # (out, height, width, in); its input comes third.
        return math.prod(inputs[2]) * math.prod(inputs[1][:3])
    if kind == "FULLY_CONNECTED":
        return size * inputs[1][-1]
    if kind == "BATCH_MATMUL":
        return size * inputs[0][-2 if options is not None and options.adjX else -1]
    return None if kind in UNCOUNTED else 0
