"""The bytes of each format, from a network and calibration windows; nothing is checked or written yet."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from har_export import flatbuffer, onnx_file, tflite
from har_export.inference import InferenceNetwork
from har_runtime.errors import ModelError
from har_runtime.model.card import ModelCard, QuantisedEnds

DERIVED = {"c": "tflite-int8"}
"""Formats that hold the bytes of another."""


@dataclass(frozen=True)
class Built:
    """Models without their card."""

    models: dict[str, bytes]
    """By format, those of `DERIVED` left out."""
    ends: QuantisedEnds | None
    """Of "tflite-int8-io", where it is built."""

    def sealed(self, format: str, card: ModelCard) -> bytes:
        """The file of a format, with its card inside."""
        model = self.models[DERIVED.get(format, format)]
        return onnx_file.seal(model, card) if format == "onnx" else flatbuffer.seal(model, card)


def build(
    network: nn.Module,
    formats: Collection[str],
    training_windows: NDArray[np.float32],
    for_int8: nn.Module | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Built:
    """Convert and quantise.

    Args:
        network: (batch, 50, 6) windows in SI units to (batch, classes) probabilities, in evaluation mode; for
            "tflite-int8-io" an `InferenceNetwork`.
        training_windows: windows in SI units of training users, shape (n, 50, 6), to calibrate.
        for_int8: a network that was trained for quantisation, where the int8 files are not to be those of `network`.

    Raises:
        ModelError: an operator that a format lacks.
        DataError: no calibration windows.
    """
    wanted = {DERIVED.get(format, format) for format in formats}
    models: dict[str, bytes] = {}
    ends: QuantisedEnds | None = None
    if "onnx" in wanted:
        progress("converting to ONNX")
        models["onnx"] = onnx_file.to_onnx(network)
    if wanted != {"onnx"}:
        progress("converting to TFLite")
        float_model = tflite.to_tflite(network)
        if "tflite" in wanted:
            models["tflite"] = float_model
        if "tflite-fp16" in wanted:
            models["tflite-fp16"] = tflite.to_float16(float_model)
        if wanted & {"tflite-int8", "tflite-int8-io"}:
            progress("quantising to int8")
            robust = float_model if for_int8 is None else tflite.to_tflite(for_int8)
            models["tflite-int8"] = tflite.to_int8(robust, tflite.calibration_windows(training_windows))
        if "tflite-int8-io" in wanted:
            models["tflite-int8-io"], ends = _with_int8_ends(models["tflite-int8"], network)
            if "tflite-int8" not in wanted:
                del models["tflite-int8"]
    return Built(models, ends)


def _with_int8_ends(int8_model: bytes, network: nn.Module) -> tuple[bytes, QuantisedEnds]:
    assert isinstance(network, InferenceNetwork)
    front = network.front
    if front.unit is not None:
        raise ModelError(
            "tflite-int8-io: a network with fine_scale makes its input in float32 arithmetic, which int8 input cannot "
            "carry; leave tflite-int8-io out of --formats (TFLM runs tflite-int8 as well)"
        )
    core, scale, zero = flatbuffer.without_float_ends(int8_model)
    # The core is fed (x - mean) * gain = scale * (q - zero).
    steps = scale / front.gain.double().numpy()
    offset = front.mean.double().numpy() - zero * steps
    return core, QuantisedEnds(tuple(steps.tolist()), tuple(offset.tolist()))
