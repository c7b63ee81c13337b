"""What the operators of a .tflite ask of their inputs: element counts, types and values of weights, axes and shapes.

LiteRT takes constants as they are: axes that no tensor has, or weights of other sizes than the layer's, end the process
or read memory that is not the model's. Numbers of operators are those of TFLite's schema
(tensorflow/lite/schema/schema.fbs); an operator that is not in `RULES` is left to the interpreter.
"""

import math
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass

FLOAT32, INT32, UINT8, INT64, INT16, INT8, INT4 = 0, 2, 3, 4, 7, 9, 17


@dataclass(frozen=True)
class Tensor:
    """One tensor of a graph."""

    shape: tuple[int, ...]
    """Empty for a scalar, and for a result whose shape only the interpreter knows."""
    type: int
    constant: bytes
    """Its value; empty if it is computed."""
    scales: tuple[float, ...] = ()
    zero_points: tuple[int, ...] = ()
    axis: int = 0
    """Of the scales, if there are several."""
    is_variable: bool = False
    """Whether it keeps its value from one run to the next."""

    @property
    def size(self) -> int:
        """How many elements it has."""
        return math.prod(self.shape)


DEQUANTIZE = 6
LAYERS = (3, 4, 9, 67, 126)
"""CONV_2D, DEPTHWISE_CONV_2D, FULLY_CONNECTED, TRANSPOSE_CONV, BATCH_MATMUL."""

Rule = Callable[[Sequence[Tensor], Tensor], bool]
"""Whether an operator's inputs fit its (first) output. Inputs that are missing at the end are left out."""


def inputs_fit(code: int, inputs: Sequence[Tensor], output: Tensor) -> bool:
    """Whether an operator gets what it asks for, as far as `RULES` knows."""
    # Only weights have a scale for each channel.
    if any(len(tensor.scales) > 1 for tensor in (output, *(inputs[:1] if code in LAYERS else inputs))):
        return code == DEQUANTIZE
    rule = RULES.get(code)
    return rule is None or not output.shape or rule(inputs, output)


def _integers(tensor: Tensor) -> tuple[int, ...] | None:
    """The values of a constant of whole numbers, such as axes; None if it is something else."""
    code = {INT32: "i", INT64: "q"}.get(tensor.type)
    size = tensor.size
    if code is None or len(tensor.constant) != size * struct.calcsize(code):
        return None
    return struct.unpack(f"<{size}{code}", tensor.constant)


def _layer_fits(inputs: Sequence[Tensor], axis: int) -> bool:
    """Whether weights and bias are of types that go with the input's, and there is a bias for each unit.

    Args:
        axis: of the units in the weights' shape.
    """
    data, weights, bias = inputs[0], inputs[1], inputs[2] if len(inputs) > 2 else None
    weight_types, bias_types = _LAYER_TYPES.get(data.type, ((), ()))
    if weights.type not in weight_types or (len(weights.scales) > 1 and weights.axis != axis):
        return False
    return bias is None or (bias.type in bias_types and bias.size == weights.shape[axis])


_LAYER_TYPES: dict[int, tuple[tuple[int, ...], tuple[int, ...]]] = {
    FLOAT32: ((FLOAT32, INT8, UINT8, INT4), (FLOAT32,)),
    INT8: ((INT8, INT4), (INT32,)),
    UINT8: ((UINT8,), (INT32,)),
    INT16: ((INT8, INT4), (INT32, INT64)),
}
"""Types of weights and of the bias, by the type of a layer's input."""


def _fully_connected(inputs: Sequence[Tensor], output: Tensor) -> bool:
    if len(inputs) < 2 or len(inputs[1].shape) != 2:
        return False
    units, width = inputs[1].shape
    rows = inputs[0].size // width if width else 0
    return (
        output.shape[-1] == units
        and rows * width == inputs[0].size
        and rows * units == output.size
        and _layer_fits(inputs, 0)
    )


def _convolution(inputs: Sequence[Tensor], output: Tensor) -> bool:
    if len(inputs) < 2 or any(len(tensor.shape) != 4 for tensor in (*inputs[:2], output)):
        return False
    filters, *_, channels = inputs[1].shape
    return output.shape[3] == filters and channels > 0 and inputs[0].shape[3] % channels == 0 and _layer_fits(inputs, 0)


def _depthwise_convolution(inputs: Sequence[Tensor], output: Tensor) -> bool:
    if len(inputs) < 2 or any(len(tensor.shape) != 4 for tensor in (*inputs[:2], output)):
        return False
    one, *_, filters = inputs[1].shape
    channels = inputs[0].shape[3]
    return (
        one == 1 and output.shape[3] == filters and channels > 0 and filters % channels == 0 and _layer_fits(inputs, 3)
    )


def _element_by_element(inputs: Sequence[Tensor], output: Tensor) -> bool:
    if len(inputs) != 2 or inputs[0].type != inputs[1].type:
        return False
    rank = max(len(tensor.shape) for tensor in inputs)
    first, second = ((1,) * (rank - len(tensor.shape)) + tensor.shape for tensor in inputs)
    together = tuple(max(one, other) for one, other in zip(first, second, strict=True))
    return together == output.shape and all(
        one == other or 1 in (one, other) for one, other in zip(first, second, strict=True)
    )


def _reshape(inputs: Sequence[Tensor], output: Tensor) -> bool:
    if inputs[0].size != output.size:
        return False
    if len(inputs) < 2 or not inputs[1].constant:
        return True
    wanted = _integers(inputs[1])
    if wanted is None or len(wanted) != len(output.shape) or wanted.count(-1) > 1:
        return False
    return all(one in (-1, size) for one, size in zip(wanted, output.shape, strict=True))


def _reduction(inputs: Sequence[Tensor], output: Tensor) -> bool:
    if len(inputs) != 2 or not inputs[1].constant:
        return len(inputs) == 2
    axes, shape = _integers(inputs[1]), inputs[0].shape
    if axes is None or not all(-len(shape) <= axis < len(shape) for axis in axes):
        return False
    gone = {axis % len(shape) for axis in axes}
    return math.prod(size for axis, size in enumerate(shape) if axis not in gone) == output.size


def _transposition(inputs: Sequence[Tensor], output: Tensor) -> bool:
    if len(inputs) != 2 or not inputs[1].constant:
        return len(inputs) == 2
    axes, shape = _integers(inputs[1]), inputs[0].shape
    if axes is None or sorted(axes) != list(range(len(shape))):
        return False
    return output.shape == tuple(shape[axis] for axis in axes)


def _padding(inputs: Sequence[Tensor], output: Tensor) -> bool:
    if len(inputs) < 2 or not inputs[1].constant:
        return len(inputs) >= 2
    widths, shape = _integers(inputs[1]), inputs[0].shape
    if widths is None or len(widths) != 2 * len(shape) or min(widths, default=0) < 0:
        return False
    return output.shape == tuple(sum(sizes) for sizes in zip(shape, widths[::2], widths[1::2], strict=True))


def _slice(inputs: Sequence[Tensor], output: Tensor) -> bool:
    if len(inputs) != 3 or not (inputs[1].constant and inputs[2].constant):
        return len(inputs) == 3
    begins, sizes, shape = _integers(inputs[1]), _integers(inputs[2]), inputs[0].shape
    if begins is None or sizes is None or not len(begins) == len(sizes) == len(shape) == len(output.shape):
        return False
    return all(
        begin >= 0 and size in (-1, out) and begin + out <= has
        for begin, size, out, has in zip(begins, sizes, output.shape, shape, strict=True)
    )


def _strided_slice(inputs: Sequence[Tensor], output: Tensor) -> bool:
    if len(inputs) != 4 or output.size > inputs[0].size or output.type != inputs[0].type:
        return False
    known = [_integers(tensor) for tensor in inputs[1:] if tensor.constant]
    strides = _integers(inputs[3]) if inputs[3].constant else (1,)
    lengths = {len(values) for values in known if values is not None}
    return None not in known and len(lengths) <= 1 and max(lengths, default=0) <= 8 and 0 not in (strides or (0,))


def _expansion(inputs: Sequence[Tensor], output: Tensor) -> bool:
    if len(inputs) != 2 or inputs[0].size != output.size:
        return False
    axis = _integers(inputs[1]) if inputs[1].constant else (0,)
    return axis is not None and len(axis) == 1 and -len(output.shape) <= axis[0] < len(output.shape)


RULES: dict[int, Rule] = {
    **dict.fromkeys((0, 18, 41, 42, 55, 57, 99), _element_by_element),
    # ADD, MUL, SUB, DIV, MAXIMUM, MINIMUM, SQUARED_DIFFERENCE.
    3: _convolution,  # CONV_2D
    4: _depthwise_convolution,  # DEPTHWISE_CONV_2D
    9: _fully_connected,  # FULLY_CONNECTED
    22: _reshape,  # RESHAPE
    **dict.fromkeys((34, 60, 100), _padding),  # PAD, PADV2, MIRROR_PAD
    39: _transposition,  # TRANSPOSE
    **dict.fromkeys((40, 74, 81, 82, 89), _reduction),  # MEAN, SUM, REDUCE_PROD, REDUCE_MAX, REDUCE_MIN
    45: _strided_slice,  # STRIDED_SLICE
    65: _slice,  # SLICE
    70: _expansion,  # EXPAND_DIMS
}
"""By the number of the operator."""
