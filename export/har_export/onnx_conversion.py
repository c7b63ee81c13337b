"""Converts networks to ONNX with torch.onnx: any batch size, nothing about the machine that made the file."""

from typing import Any

import torch
from torch import nn

from har_export.converters import conversion
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.model.outputs import AT_PLACES, FEATURES, PROBABILITIES

OPSET = 20


def to_onnx(network: nn.Module) -> bytes:
    """The float32 model with a free batch size.

    Args:
        network: (batch, 50, 6) windows to the outputs of `har_runtime.model.outputs`, in evaluation mode.

    Raises:
        ModelError: the network has an operator that ONNX lacks.
    """
    tells_places = getattr(network, "at_places", None) is not None
    features = (FEATURES,) if getattr(network, "gives_features", False) else ()
    with conversion("onnx"):
        program = torch.onnx.export(
            network,
            # Two windows: torch treats a batch size of one as a constant.
            (torch.zeros(2, WINDOW, len(CHANNELS)),),
            dynamo=True,
            opset_version=OPSET,
            input_names=["imu"],
            output_names=(*PROBABILITIES, *(AT_PLACES if tells_places else ()), *features),
            dynamic_shapes=({0: torch.export.Dim("batch")},),
            verbose=False,
        )
        assert program is not None  # For the type checker: dynamo=True always returns a program.
        program.optimize()
        model: Any = program.model_proto
    _forget_tracing(model)
    return model.SerializeToString(deterministic=True)


def _forget_tracing(model: Any) -> None:
    """Remove the exporter's notes, e.g. stack traces with file names, which make up half of the file."""
    del model.metadata_props[:], model.functions[:]
    graph = model.graph
    del graph.metadata_props[:], graph.value_info[:]
    graph.doc_string = ""
    for entry in (*graph.node, *graph.initializer, *graph.input, *graph.output):
        del entry.metadata_props[:]
        entry.doc_string = ""
