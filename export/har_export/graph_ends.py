"""Adds operators before the input and after the output of a .tflite, so that it keeps the signal contract."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray


def scale_input(content: Any, factor: NDArray[np.float32], summand: NDArray[np.float32]) -> None:
    """Multiply each channel of the input, then add to it, before anything else.

    Args:
        content: a model by `flatbuffer.unpacked` with one float32 input, whose last dimension is the channels.
        factor: shape (channels,).
        summand: shape (channels,).
    """
    from ai_edge_litert import schema_py_generated as schema

    graph = content.subgraphs[0]
    target = int(graph.inputs[0])
    shape = graph.tensors[target].shape
    new_input = _tensor(content, shape)
    product = _tensor(content, shape)
    operators = [
        _operator(content, schema.BuiltinOperator.MUL, [new_input, _constant(content, factor)], product),
        _operator(content, schema.BuiltinOperator.ADD, [product, _constant(content, summand)], target),
    ]
    operators[0].builtinOptionsType = schema.BuiltinOptions.MulOptions
    operators[0].builtinOptions = schema.MulOptionsT()
    operators[1].builtinOptionsType = schema.BuiltinOptions.AddOptions
    operators[1].builtinOptions = schema.AddOptionsT()
    graph.operators = [*operators, *graph.operators]
    graph.inputs = np.array([new_input], np.int32)


def order_input(content: Any, order: Sequence[int]) -> None:
    """Give the input's channels the order that the graph expects, before anything else.

    Args:
        content: as for `scale_input`.
        order: of each channel of the graph, its place in the new input.
    """
    from ai_edge_litert import schema_py_generated as schema

    graph = content.subgraphs[0]
    target = int(graph.inputs[0])
    shape = graph.tensors[target].shape
    new_input = _tensor(content, shape)
    places = _constant(content, np.array(order, np.int32))
    operator = _operator(content, schema.BuiltinOperator.GATHER, [new_input, places], target)
    options: Any = schema.GatherOptionsT()
    options.axis = len(shape) - 1
    operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.GatherOptions, options
    graph.operators = [operator, *graph.operators]
    graph.inputs = np.array([new_input], np.int32)


def add_softmax(content: Any) -> None:
    """Turn the one float32 output, logits of shape (1, classes), into probabilities."""
    from ai_edge_litert import schema_py_generated as schema

    graph = content.subgraphs[0]
    logits = int(graph.outputs[0])
    probabilities = _tensor(content, graph.tensors[logits].shape)
    operator = _operator(content, schema.BuiltinOperator.SOFTMAX, [logits], probabilities)
    options: Any = schema.SoftmaxOptionsT()
    options.beta = 1.0
    operator.builtinOptionsType, operator.builtinOptions = schema.BuiltinOptions.SoftmaxOptions, options
    graph.operators = [*graph.operators, operator]
    graph.outputs = np.array([probabilities], np.int32)


def sign(content: Any) -> None:
    """Give a model one signature, which names its input and output, instead of those it has."""
    from ai_edge_litert import schema_py_generated as schema

    graph = content.subgraphs[0]
    signature: Any = schema.SignatureDefT()
    signature.signatureKey, signature.subgraphIndex = b"serving_default", 0
    signature.inputs = [_end(name, index) for name, index in zip((b"imu",), graph.inputs, strict=True)]
    signature.outputs = [_end(name, index) for name, index in zip((b"probabilities",), graph.outputs, strict=True)]
    content.signatureDefs = [signature]


def _end(name: bytes, tensor: int) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    end: Any = schema.TensorMapT()
    end.name, end.tensorIndex = name, int(tensor)
    return end


def _tensor(content: Any, shape: Any, data: bytes | None = None, is_whole: bool = False) -> int:
    """A new tensor; returns its index."""
    from ai_edge_litert import schema_py_generated as schema

    buffer: Any = schema.BufferT()
    buffer.data = None if data is None else np.frombuffer(data, np.uint8)
    content.buffers.append(buffer)
    tensor: Any = schema.TensorT()
    tensor.name, tensor.shape = b"", np.array(shape, np.int32)
    tensor.type = schema.TensorType.INT32 if is_whole else schema.TensorType.FLOAT32
    tensor.buffer = len(content.buffers) - 1
    tensors = content.subgraphs[0].tensors
    tensors.append(tensor)
    return len(tensors) - 1


def _constant(content: Any, values: NDArray[np.float32] | NDArray[np.int32]) -> int:
    is_whole = values.dtype == np.int32
    return _tensor(content, values.shape, values.astype("<i4" if is_whole else "<f4").tobytes(), is_whole)


def _operator(content: Any, kind: int, inputs: list[int], output: int) -> Any:
    from ai_edge_litert import schema_py_generated as schema

    codes = content.operatorCodes
    index = next((i for i, code in enumerate(codes) if max(code.builtinCode, code.deprecatedBuiltinCode) == kind), None)
    if index is None:
        code: Any = schema.OperatorCodeT()
        code.builtinCode = code.deprecatedBuiltinCode = kind
        code.version = 1
        codes.append(code)
        index = len(codes) - 1
    operator: Any = schema.OperatorT()
    operator.opcodeIndex = index
    operator.inputs, operator.outputs = np.array(inputs, np.int32), np.array([output], np.int32)
    return operator
