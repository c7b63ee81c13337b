"""Reads a .onnx into a `Graph` with the packages onnx and onnxruntime, for one window.

Exporters leave some shapes open, such as the steps of a recurrent layer. The model is therefore run once with every
tensor as an output, which gives all shapes.
"""

import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_bench.graphs.graph import Graph, Operator
from har_runtime.errors import ModelError

IN_PLACE = {"Reshape", "Squeeze", "Unsqueeze", "Flatten", "Identity"}
RECURRENT = {"LSTM", "GRU", "RNN"}
UNCOUNTED = {
    "Attention",
    "ConvInteger",
    "ConvTranspose",
    "DeformConv",
    "Einsum",
    "If",
    "Loop",
    "MatMulInteger",
    "QLinearConv",
    "QLinearMatMul",
    "Scan",
}
"""Operators that may multiply in ways that are not counted here."""
STANDARD_DOMAINS = ("", "ai.onnx", "ai.onnx.ml")
NUMBER_FORMATS = {1: "fp32", 11: "fp64", 10: "fp16", 2: "int8", 3: "int8"}
"""Of weights, by TensorProto.DataType: float, double, float16, uint8, int8."""
Shape = tuple[int, ...]


def read_graph(content: bytes, where: Path | str) -> Graph:
    """Read the graph of a .onnx, with its free dimensions set to one.

    Raises:
        ModelError: onnx or onnxruntime is not installed; not an ONNX model, damaged, or not with exactly one input.
    """
    try:
        import onnx
        import onnxruntime
    except ImportError as error:
        raise ModelError(f"{where}: its graph cannot be read; pip install onnx onnxruntime") from error
    from google.protobuf.message import DecodeError

    try:
        model = onnx.load_model_from_string(content)
    except DecodeError as error:
        raise ModelError(f"{where}: not an ONNX model, or a damaged one") from error
    if not model.graph.node:
        raise ModelError(f"{where}: not an ONNX model, or an empty one")
    weights = {entry.name for entry in model.graph.initializer}
    inputs = [entry for entry in model.graph.input if entry.name not in weights]
    if len(inputs) != 1:
        raise ModelError(f"{where}: takes {len(inputs)} inputs; expected one, of windows")
    kind = inputs[0].type.tensor_type
    x = np.zeros([size.dim_value or 1 for size in kind.shape.dim], onnx.helper.tensor_dtype_to_np_dtype(kind.elem_type))
    outputs = tuple(entry.name for entry in model.graph.output)
    del model.graph.output[:]
    names = list(dict.fromkeys(name for node in model.graph.node for name in node.output if name))
    model.graph.output.extend(onnx.ValueInfoProto(name=name) for name in names)
    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    try:
        session: Any = onnxruntime.InferenceSession(model.SerializeToString(), options, ["CPUExecutionProvider"])
        values = session.run(None, {inputs[0].name: x})
    except Exception as error:  # Its own classes have no common base.
        raise ModelError(f"{where}: ONNX Runtime cannot run it ({' '.join(str(error).split())[:200]})") from error
    if not all(isinstance(value, np.ndarray) for value in values):
        raise ModelError(f"{where}: computes sequences or maps, which har-bench cannot count")
    return _graph(model.graph, {inputs[0].name: x, **dict(zip(names, values, strict=True))}, inputs[0].name, outputs)


def _graph(graph: Any, values: dict[str, NDArray[Any]], input_name: str, outputs: tuple[str, ...]) -> Graph:
    constants = {entry.name: tuple(entry.dims) for entry in graph.initializer}
    real = [entry for entry in graph.initializer if entry.data_type in NUMBER_FORMATS]
    largest = max(real, key=lambda entry: math.prod(entry.dims), default=None)
    operators: list[Operator] = []
    for node in graph.node:
        computed = tuple(name for name in node.input if name and name not in constants)
        made = tuple(name for name in node.output if name)
        if not computed:
            constants.update((name, values[name].shape) for name in made)
            continue
        shapes = [constants.get(name) or np.shape(values.get(name, ())) for name in node.input]
        macs = _macs(node, shapes, values[made[0]].shape)
        operators.append(Operator(node.op_type, computed, made, macs, node.op_type in IN_PLACE))
    names = {input_name, *(name for operator in operators for name in operator.outputs)}
    return Graph(
        operators=tuple(operators),
        inputs=(input_name,),
        outputs=outputs,
        sizes={name: values[name].nbytes for name in names},
        parameters=sum(math.prod(entry.dims) for entry in real),
        number_format=NUMBER_FORMATS[largest.data_type] if largest is not None else "fp32",
        input_shape=values[input_name].shape,
        input_type=values[input_name].dtype.name,
    )


def _macs(node: Any, inputs: list[Shape], output: Shape) -> int | None:
    """Multiply-accumulates of a node, from the shapes of its inputs and of its first output."""
    kind = node.op_type
    if node.domain not in STANDARD_DOMAINS or kind in UNCOUNTED:
        return None
    if kind == "Conv":  # The filter is (out, in / groups, ...).
        return math.prod(output) * math.prod(inputs[1][1:])
    if kind in ("MatMul", "Gemm"):
        transposed = any(entry.name == "transA" and entry.i for entry in node.attribute)
        return math.prod(output) * inputs[0][0 if transposed else -1]
    if kind in RECURRENT:  # x (steps, batch, in); weights (directions, gates x units, in) and (directions, ..., units).
        return inputs[0][0] * inputs[0][1] * (math.prod(inputs[1]) + math.prod(inputs[2]))
    return 0
