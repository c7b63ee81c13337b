"""Weights, axes and sizes that do not fit their operator are refused before the interpreter reads them."""

import math
from collections.abc import Iterator
from importlib.resources import files

import numpy as np
import pytest

from har_runtime.errors import ModelError
from har_runtime.model.flatbuffer_reader import FlatbufferReader
from har_runtime.model.tflite_check import check_graph
from har_runtime.model.tflite_operators import FLOAT32, INT8, INT32, Tensor, inputs_fit

ADD, CONV_2D, DEPTHWISE, FULLY_CONNECTED, RESHAPE, PAD, TRANSPOSE, MEAN, STRIDED_SLICE, SLICE, EXPAND_DIMS = (
    *(0, 3, 4, 9, 22, 34, 39, 40, 45, 65, 70),
)
BROADCASTS = (0, 18, 41)
"""ADD, MUL, SUB: a constant of another shape may fit too."""


def computed(*shape: int, kind: int = FLOAT32) -> Tensor:
    return Tensor(shape, kind, b"")


def whole(*values: object) -> Tensor:
    """A constant of whole numbers: axes, or a shape."""
    array = np.array(values, np.int32)
    return Tensor(array.shape, INT32, array.tobytes())


def channelwise(*shape: int, axis: int) -> Tensor:
    """Weights of int8 with a scale for each channel."""
    count = shape[axis]
    return Tensor(shape, INT8, bytes(math.prod(shape)), (0.1,) * count, (0,) * count, axis)


GOOD = [
    (ADD, [computed(50, 2), computed(1, 1, 2)], computed(1, 50, 2)),
    (CONV_2D, [computed(1, 1, 50, 6), computed(8, 1, 7, 6), computed(8)], computed(1, 1, 50, 8)),
    (DEPTHWISE, [computed(1, 1, 50, 6), computed(1, 1, 7, 12), computed(12)], computed(1, 1, 50, 12)),
    (FULLY_CONNECTED, [computed(1, 50, 6), computed(2, 6), computed(2)], computed(50, 2)),
    (FULLY_CONNECTED, [computed(1, 6, kind=INT8), computed(2, 6, kind=INT8), computed(2, kind=INT32)], computed(1, 2)),
    (FULLY_CONNECTED, [computed(1, 6), computed(2, 6)], computed(1, 2)),
    (FULLY_CONNECTED, [computed(1, 6, kind=INT8), channelwise(2, 6, axis=0)], computed(1, 2)),
    (6, [channelwise(2, 6, axis=0)], computed(2, 6)),
    (RESHAPE, [computed(1, 12), whole(1, -1, 4)], computed(1, 3, 4)),
    (RESHAPE, [computed(1, 12)], computed(3, 4)),
    (PAD, [computed(1, 50, 6), whole((0, 0), (3, 4), (0, 0))], computed(1, 57, 6)),
    (TRANSPOSE, [computed(1, 50, 6), whole(0, 2, 1)], computed(1, 6, 50)),
    (MEAN, [computed(1, 1, 50, 6), whole(1, -2)], computed(1, 6)),
    (STRIDED_SLICE, [computed(1, 50, 6), whole(0, 0), whole(0, 5), whole(1, 1)], computed(1, 5, 6)),
    (SLICE, [computed(1, 50, 6), whole(0, 0, 3), whole(1, -1, 3)], computed(1, 50, 3)),
    (EXPAND_DIMS, [computed(50, 6), whole(-3)], computed(1, 50, 6)),
    (MEAN, [computed(1, 50, 6), computed(1, kind=INT32)], computed(1, 6)),  # Axes that are computed.
    (126, [computed(3), computed(7)], computed(9)),  # An operator that the table does not have.
]
BAD = [
    (ADD, [computed(50, 2), computed(1, 1, 3)], computed(1, 50, 2)),
    (ADD, [computed(50, 2), computed(50, 2, kind=INT8)], computed(50, 2)),
    (CONV_2D, [computed(1, 1, 50, 6), computed(9, 1, 7, 6), computed(8)], computed(1, 1, 50, 8)),
    (CONV_2D, [computed(1, 1, 50, 6), computed(8, 1, 7, 4), computed(8)], computed(1, 1, 50, 8)),
    (CONV_2D, [computed(1, 1, 50, 6), computed(8, 42), computed(8)], computed(1, 1, 50, 8)),
    (CONV_2D, [computed(1, 1, 50, 6), computed(8, 1, 7, 6), computed(7)], computed(1, 1, 50, 8)),
    (CONV_2D, [computed(1, 1, 50, 6), computed(8, 1, 7, 6), computed(8, kind=INT32)], computed(1, 1, 50, 8)),
    (CONV_2D, [computed(1, 1, 50, 6), computed(8, 1, 7, 0), computed(8)], computed(1, 1, 50, 8)),
    (DEPTHWISE, [computed(1, 1, 50, 6), computed(2, 1, 7, 12), computed(12)], computed(1, 1, 50, 12)),
    (DEPTHWISE, [computed(1, 1, 50, 6), computed(1, 1, 7, 13), computed(13)], computed(1, 1, 50, 13)),
    (FULLY_CONNECTED, [computed(1, 50, 6), computed(2, 7), computed(2)], computed(50, 2)),
    (FULLY_CONNECTED, [computed(1, 50, 6), computed(2, 0), computed(2)], computed(50, 2)),
    (FULLY_CONNECTED, [computed(1, 50, 6), computed(2, 6), computed(3)], computed(50, 2)),
    (FULLY_CONNECTED, [computed(1, 50, 6), computed(2, 6, kind=INT32)], computed(50, 2)),
    (FULLY_CONNECTED, [computed(1, 50, 6)], computed(50, 2)),
    (FULLY_CONNECTED, [computed(1, 6, kind=INT8), channelwise(2, 6, axis=1)], computed(1, 2)),
    (ADD, [computed(50, 2, kind=INT8), channelwise(50, 2, axis=1)], computed(50, 2, kind=INT8)),
    (25, [channelwise(50, 2, axis=1)], computed(50, 2, kind=INT8)),
    (RESHAPE, [computed(1, 12), whole(1, 5, 4)], computed(1, 3, 4)),
    (RESHAPE, [computed(1, 12), whole(-1, -1, 4)], computed(1, 3, 4)),
    (RESHAPE, [computed(1, 12), whole(-7, 3, 4)], computed(1, 3, 4)),
    (RESHAPE, [computed(1, 12), Tensor((3,), FLOAT32, bytes(12))], computed(1, 3, 4)),
    (RESHAPE, [computed(1, 12)], computed(3, 5)),
    (PAD, [computed(1, 50, 6), whole(0, 0, 3, 4)], computed(1, 57, 6)),
    (PAD, [computed(1, 50, 6), whole((0, 0), (-3, 10), (0, 0))], computed(1, 57, 6)),
    (TRANSPOSE, [computed(1, 50, 6), whole(0, 2, 2)], computed(1, 6, 50)),
    (TRANSPOSE, [computed(1, 50, 6), whole(0, 9, 1)], computed(1, 6, 50)),
    (MEAN, [computed(1, 1, 50, 6), whole(1, 9)], computed(1, 6)),
    (MEAN, [computed(1, 1, 50, 6), whole(1, 3)], computed(1, 6)),
    (MEAN, [computed(1, 1, 50, 6), Tensor((2,), INT8, bytes(2))], computed(1, 6)),
    (STRIDED_SLICE, [computed(1, 50, 6), whole(0, 0), whole(0, 5), whole(1, 0)], computed(1, 5, 6)),
    (STRIDED_SLICE, [computed(1, 50, 6), whole(0, 0), whole(0), whole(1, 1)], computed(1, 5, 6)),
    (SLICE, [computed(1, 50, 6), whole(0, 0, 5), whole(1, -1, 3)], computed(1, 50, 3)),
    (SLICE, [computed(1, 50, 6), whole(0, -1, 3), whole(1, -1, 3)], computed(1, 50, 3)),
    (EXPAND_DIMS, [computed(50, 6), whole(7)], computed(1, 50, 6)),
]


@pytest.mark.parametrize(("code", "inputs", "output"), GOOD)
def test_what_an_operator_asks_for_passes(code: int, inputs: list[Tensor], output: Tensor) -> None:
    assert inputs_fit(code, inputs, output)


@pytest.mark.parametrize(("code", "inputs", "output"), BAD)
def test_what_does_not_fit_an_operator_is_refused(code: int, inputs: list[Tensor], output: Tensor) -> None:
    assert not inputs_fit(code, inputs, output)


def foreign_constants(content: bytes) -> Iterator[bytes]:
    """Copies of a model, in each of which one constant input is another constant, of another size or type."""
    reader = FlatbufferReader(content)
    (graph,) = reader.tables(reader.root, 2)
    sizes = [reader.length(buffer, 0, 1) for buffer in reader.tables(reader.root, 4)]
    codes = [reader.scalar(code, 3, "i") for code in reader.tables(reader.root, 1)]
    kinds = {
        number: (reader.numbers(tensor, 0, "i") or (), reader.scalar(tensor, 1, "b"))
        for number, tensor in enumerate(reader.tables(graph, 0))
        if sizes[reader.scalar(tensor, 2, "I")]
    }
    for operator in reader.tables(graph, 3):
        start, count = reader.vector(operator, 1, 4)
        taken = reader.numbers(operator, 1, "i") or ()
        for place in range(count):
            code = codes[reader.scalar(operator, 0, "I")]
            if taken[place] in kinds and code not in BROADCASTS:
                for other, kind in kinds.items():
                    if not alike(kind, kinds[taken[place]], code == CONV_2D):
                        copy = bytearray(content)
                        copy[start + 4 * place : start + 4 * place + 4] = other.to_bytes(4, "little")
                        yield bytes(copy)


def alike(one: tuple[tuple[int, ...], int], other: tuple[tuple[int, ...], int], is_convolution: bool) -> bool:
    """Whether a constant may stand for another: as many elements, or as many filters of another kernel."""
    (shape, kind), (other_shape, other_kind) = one, other
    filters = is_convolution and len(shape) == len(other_shape) == 4 and shape[0] == other_shape[0]
    return kind == other_kind and (filters or math.prod(shape) == math.prod(other_shape))


@pytest.mark.parametrize("name", ["anywhere-micro", "waist"])
def test_a_model_with_a_constant_of_another_operator_is_refused(name: str) -> None:
    content = (files("har_runtime.pretrained") / f"{name}.tflite").read_bytes()
    tried = 0
    for damaged in foreign_constants(content):
        with pytest.raises(ModelError, match="weights, axes or sizes that do not fit its result"):
            check_graph(damaged, name)
        tried += 1
    assert tried > 300
