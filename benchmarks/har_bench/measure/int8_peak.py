"""The most int8 multiply-accumulates a second that this machine reaches with LiteRT, to compare models with.

Products of an int8 matrix with weights are written as .tflite files and run by LiteRT's XNNPACK kernels like any model.
Their sizes make one call long while everything still fits into the caches; the fastest of them is the peak. It is what
the best kernels for this processor reach on the shape that suits them best, not the figure of its data sheet. A model
is slower because of its shapes, its other operators and the call itself.
"""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.model.flatbuffer_reader import IDENTIFIER
from har_runtime.model.native_stderr import quiet_stderr

SIZES = ((64, 256), (128, 512), (256, 512), (256, 1024))
"""Rows of the input; its columns, which are also those of the output."""


class MatrixProduct:
    """An int8 matrix product in LiteRT; a call takes a window as models do, and ignores it.

    Args:
        number: index into `SIZES`.
    """

    dtype = "float32"

    def __init__(self, number: int, threads: int):
        from ai_edge_litert import interpreter

        model = product_model(*SIZES[number])
        with quiet_stderr():
            self._interpreter: Any = interpreter.Interpreter(model_content=model, num_threads=threads)
            self._interpreter.allocate_tensors()
        details = self._interpreter.get_input_details()[0]
        self._interpreter.set_tensor(details["index"], _noise(tuple(details["shape"])))

    def __call__(self, window: NDArray[Any]) -> object:
        self._interpreter.invoke()
        return None


def product_macs(number: int) -> int:
    """Multiply-accumulates of one call of a `MatrixProduct`."""
    rows, width = SIZES[number]
    return rows * width * width


def product_model(rows: int, width: int) -> bytes:
    """A .tflite of one fully connected layer: int8 (rows, width) to int8 (rows, width)."""
    import flatbuffers
    from ai_edge_litert import schema_py_generated as schema

    def tensor(name: str, shape: tuple[int, ...], kind: int, buffer: int, scale: float) -> Any:
        made: Any = schema.TensorT()
        made.name, made.shape, made.type, made.buffer = name, list(shape), kind, buffer
        made.quantization = schema.QuantizationParametersT()
        made.quantization.scale, made.quantization.zeroPoint = [scale], [0]
        return made

    def buffer(content: bytes) -> Any:
        made: Any = schema.BufferT()
        made.data = np.frombuffer(content, np.uint8)
        return made

    types = schema.TensorType
    operator: Any = schema.OperatorT()
    operator.inputs, operator.outputs = [0, 1, 2], [3]
    operator.builtinOptionsType = schema.BuiltinOptions.FullyConnectedOptions
    operator.builtinOptions = schema.FullyConnectedOptionsT()
    code: Any = schema.OperatorCodeT()
    code.builtinCode = code.deprecatedBuiltinCode = schema.BuiltinOperator.FULLY_CONNECTED
    code.version = 4
    graph: Any = schema.SubGraphT()
    graph.tensors = [
        tensor("input", (rows, width), types.INT8, 0, 0.1),
        tensor("weights", (width, width), types.INT8, 1, 0.01),
        tensor("bias", (width,), types.INT32, 2, 0.001),
        tensor("output", (rows, width), types.INT8, 0, 0.5),
    ]
    graph.inputs, graph.outputs, graph.operators = [0], [3], [operator]
    model: Any = schema.ModelT()
    model.version, model.subgraphs, model.operatorCodes = 3, [graph], [code]
    model.buffers = [buffer(b""), buffer(_noise((width, width)).tobytes()), buffer(bytes(4 * width))]
    builder = flatbuffers.Builder(1 << 20)
    builder.Finish(model.Pack(builder), IDENTIFIER)
    return bytes(builder.Output())


def _noise(shape: tuple[int, ...]) -> NDArray[np.int8]:
    return np.random.default_rng(0).integers(-127, 128, shape, np.int8)
