"""Checks the graph of a .tflite before the interpreter sees it.

LiteRT verifies that tables and vectors lie inside the file, and trusts what they say: on an operator that writes into
the model's input, or an int8 tensor without a scale, it ends the process with nothing but a signal. Numbers of fields
are those of TFLite's schema (tensorflow/lite/schema/schema.fbs).
"""

import math
from collections.abc import Iterator
from pathlib import Path

from har_runtime.errors import ModelError
from har_runtime.model.flatbuffer_reader import DAMAGED, FlatbufferReader
from har_runtime.model.tflite_operators import FLOAT32, INT8, INT16, INT32, INT64, UINT8, Tensor, inputs_fit

_CODES, _SUBGRAPHS, _BUFFERS = 1, 2, 4  # Of Model.
_TENSORS, _INPUTS, _OUTPUTS, _OPERATORS = 0, 1, 2, 3  # Of SubGraph; inputs and outputs also of Operator.
_SIZES = {FLOAT32: 4, 1: 2, INT32: 4, UINT8: 1, INT64: 8, 6: 1, INT16: 2, INT8: 1, 10: 8}
"""Bytes of an element of each type of tensor whose elements are whole bytes."""
_QUANTISED = (UINT8, INT16, INT8)
_ZERO_POINTS = {UINT8: (0, 255), INT8: (-128, 127)}
"""Those of other types are 0."""
MIN_SCALE, MAX_SCALE = 1e-15, 1e6
_CHANGE_TYPE = {6, 7, 48, 49, 53, 56, 58, 61, 62, 63, 64, 67, 71, 72, 77, 79, 85, 94, 109, 114, 123}
"""Operators whose result has another type than their first input: DEQUANTIZE, EMBEDDING_LOOKUP, TOPK_V2, SPLIT, CAST,
ARG_MAX, comparisons, SELECT, TRANSPOSE_CONV, SHAPE, ARG_MIN, ONE_HOT, FILL, WHERE, QUANTIZE, SELECT_V2."""
_LAST_OPTIONAL = 2
"""Inputs from this one on may be missing: the bias of a layer."""
_RANK_4 = {1, 3, 4, 17}
"""AVERAGE_POOL_2D, CONV_2D, DEPTHWISE_CONV_2D, MAX_POOL_2D."""
MAX_ELEMENTS = 1 << 24
"""Of one tensor: 64 MiB of float32, a hundred times the largest of a network for one second of six channels."""


def check_graph(content: bytes, where: Path | str) -> None:
    """Check that the graph's tensors and operators fit each other.

    Raises:
        ModelError: they do not, or the file is cut off; one line.
    """
    try:
        problem = next(_problems(FlatbufferReader(content)), None)
    except DAMAGED:
        problem = "it is cut off, or a part of it lies outside"
    if problem:
        raise ModelError(f"{where}: the .tflite is damaged ({problem}); copy or export it again")


def _problems(reader: FlatbufferReader) -> Iterator[str]:
    buffers = [_value(reader, table) for table in reader.tables(reader.root, _BUFFERS)]
    # The deprecated code is of one byte, and 127 if the number of the operator is larger.
    codes = [
        max(reader.scalar(code, 0, "b"), reader.scalar(code, 3, "i")) for code in reader.tables(reader.root, _CODES)
    ]
    graphs = reader.tables(reader.root, _SUBGRAPHS)
    if not graphs:
        yield "it has no graph"
    for graph in graphs:
        tables = reader.tables(graph, _TENSORS)
        for number, table in enumerate(tables):
            try:
                reader.bytes(table, 3).decode()  # LiteRT reads its name.
            except UnicodeDecodeError:
                yield f"the name of tensor {number} is no text"
        tensors = [_tensor(reader, table, buffers) for table in tables]
        for number, tensor in enumerate(tensors):
            if problem := _tensor_problem(tensor):
                yield f"tensor {number} {problem}"
        yield from _graph_problems(reader, graph, tensors, codes)


def _value(reader: FlatbufferReader, buffer: int) -> bytes:
    """The bytes of a buffer: inside it, or at the end of the file, where converters put large ones."""
    offset = reader.scalar(buffer, 1, "Q")
    return reader.piece(offset, reader.scalar(buffer, 2, "Q")) if offset > 1 else reader.bytes(buffer, 0)


def _tensor(reader: FlatbufferReader, table: int, buffers: list[bytes]) -> Tensor:
    quantisation = reader.table(table, 4)
    return Tensor(
        shape=reader.numbers(table, 0, "i") or (),
        type=reader.scalar(table, 1, "b"),
        constant=buffers[reader.scalar(table, 2, "I")],
        scales=(quantisation and reader.numbers(quantisation, 2, "f")) or (),
        zero_points=(quantisation and reader.numbers(quantisation, 3, "q")) or (),
        axis=reader.scalar(quantisation, 6, "i") if quantisation else 0,
        is_variable=bool(reader.scalar(table, 5, "b")),
    )


def _tensor_problem(tensor: Tensor) -> str | None:
    shape = tensor.shape
    if any(size < 0 for size in shape) or math.prod(shape) > MAX_ELEMENTS:
        return f"has the impossible shape {list(shape)[:6]}"
    size = _SIZES.get(tensor.type)
    if tensor.constant and size and len(tensor.constant) != tensor.size * size:
        return f"has {len(tensor.constant)} bytes for a shape of {list(shape)[:6]}"
    return _quantisation_problem(tensor)


def _quantisation_problem(tensor: Tensor) -> str | None:
    shape, count = tensor.shape, len(tensor.scales)
    if count != len(tensor.zero_points):
        return f"has {count} scales and {len(tensor.zero_points)} zero points"
    if count > 1 and not (0 <= tensor.axis < len(shape) and shape[tensor.axis] == count):
        return f"has {count} scales, which are as many as no axis has elements"
    if not all(MIN_SCALE <= scale <= MAX_SCALE for scale in tensor.scales):  # NaN is neither.
        return "has an impossible scale"
    low, high = _ZERO_POINTS.get(tensor.type, (0, 0))
    if not all(low <= zero <= high for zero in tensor.zero_points):
        return "has an impossible zero point"
    return "holds small integers without a scale" if tensor.type in _QUANTISED and not count else None


def _graph_problems(reader: FlatbufferReader, graph: int, tensors: list[Tensor], codes: list[int]) -> Iterator[str]:
    inputs, outputs = (reader.numbers(graph, number, "i") or () for number in (_INPUTS, _OUTPUTS))
    if not (inputs and outputs) or not set(inputs) | set(outputs) <= set(range(len(tensors))):
        yield "its input or output is no tensor of it"
        return
    known = {number for number, tensor in enumerate(tensors) if tensor.constant or tensor.is_variable} | set(inputs)
    for number, operator in enumerate(reader.tables(graph, _OPERATORS)):
        code = codes[reader.scalar(operator, 0, "I")]
        taken, made = (reader.numbers(operator, field, "i") or () for field in (_INPUTS, _OUTPUTS))
        missing = [tensor for tensor in taken if tensor not in known]
        if any(tensor != -1 for tensor in missing) or -1 in taken[:_LAST_OPTIONAL]:
            yield f"operator {number} takes what is not computed before it"
        if known & set(made) or len(set(made)) < len(made) or not all(0 <= one < len(tensors) for one in made):
            yield f"operator {number} writes over another tensor"
        ends = [tensors[one] for one in (*taken[:1], *made)]
        if code not in _CHANGE_TYPE and len({one.type for one in ends}) > 1:
            yield f"operator {number} changes the type of its numbers"
        if code in _RANK_4 and not all(len(one.shape) == 4 for one in ends):
            yield f"operator {number} is for images, and its tensors are none"
        if made and not inputs_fit(code, [tensors[one] for one in taken if one != -1], tensors[made[0]]):
            yield f"operator {number} has weights, axes or sizes that do not fit its result"
        known |= set(made)
    if not set(outputs) <= known:
        yield "its output is not computed"
