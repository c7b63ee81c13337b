"""TFLite models: float32 by litert-torch, float16 and int8 by ai-edge-quantizer."""

import re
from collections.abc import Mapping, MutableMapping
from typing import Any, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from har_export.converters import conversion, quiet_converter
from har_export.flatbuffer import output_count, tensors
from har_export.inference import BackEnd, FrontEnd
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import DataError

Extremes: TypeAlias = MutableMapping[str, Any]
"""What the quantizer knows about a tensor: "min" and "max", and here "mins" and "maxs" of each window."""

CALIBRATION_WINDOWS = 2000
CALIBRATION_QUANTILE = 0.95
"""Chosen on validation users (`uci-har`, seed 1): 99.5 % of the int8 answers then equal float32's, and 98.5 % with
extremes."""


def to_tflite(network: nn.Module) -> bytes:
    """The float32 model, batch 1.

    Args:
        network: (batch, 50, 6) windows to the outputs of a model, in evaluation mode.

    Raises:
        ModelError: the network has an operator that TFLite lacks.
    """
    with conversion("tflite"):
        import litert_torch

        return litert_torch.convert(network, (torch.zeros(1, WINDOW, len(CHANNELS)),)).model_content()


def to_float16(float_model: bytes) -> bytes:
    """The model with float16 weights and float32 arithmetic: half the size, no calibration."""
    with quiet_converter():
        from ai_edge_quantizer import qtyping, quantizer, recipe_manager
        from ai_edge_quantizer.algorithm_manager import AlgorithmName

        recipe = recipe_manager.RecipeManager()
        recipe.add_quantization_config(
            ".*",
            qtyping.TFLOperationName.ALL_SUPPORTED,
            qtyping.OpQuantizationConfig(
                weight_tensor_config=qtyping.TensorQuantizationConfig(num_bits=16, dtype=qtyping.TensorDataType.FLOAT),
                compute_precision=qtyping.ComputePrecision.FLOAT,
                explicit_dequantize=True,
            ),
            algorithm_key=AlgorithmName.FLOAT_CASTING,
        )
        worker = quantizer.Quantizer(float_model, recipe.get_quantization_recipe())
        return bytes(worker.quantize(enable_progress_report=False).quantized_model)  # pyright: ignore[reportArgumentType]


def to_int8(float_model: bytes, calibration: NDArray[np.float32]) -> bytes:
    """The model with int8 weights (one scale per output channel) and activations, float32 input and output.

    `FrontEnd` and `BackEnd` stay in float32. `_ranges` chooses the ranges.

    Args:
        calibration: windows of training users in SI units, shape (n, 50, 6).

    Raises:
        DataError: no calibration windows.
    """
    if not len(calibration):
        raise DataError("no calibration windows: int8 needs windows of the training users")
    with quiet_converter():
        from ai_edge_quantizer import qtyping, quantizer, recipe_manager
        from ai_edge_quantizer.algorithm_manager import AlgorithmName
        from ai_edge_quantizer.calibrator import Calibrator
        from ai_edge_quantizer.utils import tfl_interpreter_utils

        recipe = recipe_manager.RecipeManager()
        operation = qtyping.TFLOperationName
        recipe.add_static_config(".*", operation.ALL_SUPPORTED, activation_num_bits=8, weight_num_bits=8)
        for name in (operation.INPUT, operation.OUTPUT):
            recipe.add_quantization_config(".*", name, algorithm_key=AlgorithmName.NO_QUANTIZE)
        for scope in _float_scopes(float_model):
            recipe.add_quantization_config(scope, operation.ALL_SUPPORTED, algorithm_key=AlgorithmName.NO_QUANTIZE)
        interpreter = tfl_interpreter_utils.create_tfl_interpreter(float_model)
        signature, ends = next(iter(interpreter.get_signature_list().items()))
        calibrator = Calibrator(float_model, num_threads=1, qsv_update_func=_collect_extremes)
        calibrator.calibrate({signature: [{ends["inputs"][0]: window[None]} for window in calibration]}, recipe)
        worker = quantizer.Quantizer(float_model, recipe.get_quantization_recipe())
        result = worker.quantize(_ranges(float_model, calibrator.get_model_qsvs()), enable_progress_report=False)
        return bytes(result.quantized_model)  # pyright: ignore[reportArgumentType]


def _float_scopes(model: bytes) -> list[str]:
    """Patterns of the operators that stay in float32: of their names, which the converter makes of PyTorch's modules.

    Those that give an output of the model have its name, whatever module they are of; those of `BackEnd` give the first
    three of a model that tells places.
    """
    outputs = [tensor.name for tensor in tensors(model)[1:4]] if output_count(model) >= 3 else []
    return [*(f".*{end.__name__}.*" for end in (FrontEnd, BackEnd)), *map(re.escape, outputs)]


def _collect_extremes(seen: Extremes, new: Extremes) -> Extremes:
    """Collect the extremes of each window for `_ranges`; the quantizer calls this for each tensor and window."""
    if not seen:
        return dict(new)
    if "mins" not in seen:
        seen = {**seen, "mins": [seen["min"]], "maxs": [seen["max"]]}
    seen["mins"].append(new["min"])
    seen["maxs"].append(new["max"])
    return {**seen, "min": np.minimum(seen["min"], new["min"]), "max": np.maximum(seen["max"], new["max"])}


def _ranges(model: bytes, extremes: Mapping[str, Extremes]) -> dict[str, Extremes]:
    """The range of each tensor, from the extremes of each calibration window.

    Feature maps get the range that contains CALIBRATION_QUANTILE of the windows: a single fast turn reaches three to
    five times as far as an ordinary window, and a scale made for it is too coarse to tell sitting from standing.
    Features and logits keep their extremes: clipping logits would spoil the calibrated probabilities.
    """
    from ai_edge_quantizer.utils import tfl_flatbuffer_utils

    content: Any = tfl_flatbuffer_utils.read_model(model)  # Its type stubs say that every field is None.
    maps = {tensor.name.decode() for tensor in content.subgraphs[0].tensors if len(tensor.shape) >= 3}
    ranges: dict[str, Extremes] = {}
    for name, seen in extremes.items():
        if "mins" not in seen:  # A constant, seen once.
            ranges[name] = seen
            continue
        low, high = seen["min"], seen["max"]
        if name in maps:
            lows = [float(np.min(value)) for value in seen["mins"]]
            highs = [float(np.max(value)) for value in seen["maxs"]]
            low = np.full_like(low, min(0, np.quantile(lows, 1 - CALIBRATION_QUANTILE)))
            high = np.full_like(high, np.quantile(highs, CALIBRATION_QUANTILE))
        ranges[name] = {"min": low, "max": high}
    return ranges


def calibration_windows(x: NDArray[np.float32], seed: int = 0) -> NDArray[np.float32]:
    """A random choice of training windows, enough to reach the extremes of every layer."""
    order = np.random.default_rng(seed).permutation(len(x))
    return x[order[:CALIBRATION_WINDOWS]]
