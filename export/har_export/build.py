"""Makes the bytes of each format from a network and calibration windows; checks and writes nothing."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from torch import nn

from har_export import flatbuffer, onnx_conversion, onnx_file, tflite
from har_export.inference import InferenceNetwork, Normalised
from har_runtime.errors import ModelError
from har_runtime.model.card import ModelCard, QuantisedEnds
from har_train.recipe import ModelConfig

DERIVED = {"c": "tflite-int8"}
"""Formats with the bytes of another format."""


@dataclass(frozen=True)
class Built:
    """Models without a card."""

    models: dict[str, bytes]
    """By format, without those of `DERIVED`."""
    ends: QuantisedEnds | None
    """Scales and offsets of "tflite-int8-io"; None if it was not built."""

    def sealed(self, format: str, card: ModelCard) -> bytes:
        """The bytes of a format's file with the card inside."""
        model = self.models[DERIVED.get(format, format)]
        return onnx_file.seal(model, card) if format == "onnx" else flatbuffer.seal(model, card)


def why_float_ends(network: ModelConfig) -> str | None:
    """Why a network must have float32 input and output; None if they can be int8."""
    if network.fine_scale or network.yaw_invariant:
        return "a network with fine_scale or yaw_invariant computes its input in float32, which int8 input cannot carry"
    return "a network that tells places computes its outputs in float32" if network.places else None


def build(
    network: nn.Module,
    formats: Collection[str],
    training_windows: NDArray[np.float32],
    for_int8: nn.Module | None = None,
    progress: Callable[[str], None] = lambda step: None,
) -> Built:
    """Convert and quantise.

    Args:
        network: (batch, 50, 6) windows in SI units to the outputs of a model, in evaluation mode; for
            "tflite-int8-io" an `InferenceNetwork`.
        formats: keys of `FORMATS`.
        training_windows: windows of training users in SI units for the calibration, shape (n, 50, 6).
        for_int8: another network for the int8 files, fine-tuned for quantisation; None for the same one.
        progress: called with the name of each step.

    Raises:
        ModelError: a format lacks an operator of the network or cannot carry its ends.
        DataError: no calibration windows.
    """
    wanted = {DERIVED.get(format, format) for format in formats}
    models: dict[str, bytes] = {}
    ends: QuantisedEnds | None = None
    if "onnx" in wanted:
        progress("converting to ONNX")
        models["onnx"] = onnx_conversion.to_onnx(network)
    if wanted != {"onnx"}:
        progress("converting to TFLite")
        float_model = tflite.to_tflite(network)
        if "tflite" in wanted:
            models["tflite"] = float_model
        if "tflite-fp16" in wanted:
            models["tflite-fp16"] = tflite.to_float16(float_model)
        if wanted & {"tflite-int8", "tflite-int8-io"}:
            progress("quantising to int8")
            float_model = float_model if for_int8 is None else tflite.to_tflite(for_int8)
            models["tflite-int8"] = tflite.to_int8(float_model, tflite.calibration_windows(training_windows))
        if "tflite-int8-io" in wanted:
            models["tflite-int8-io"], ends = _with_int8_ends(models["tflite-int8"], network)
            if "tflite-int8" not in wanted:
                del models["tflite-int8"]
    return Built(models, ends)


def _with_int8_ends(int8_model: bytes, network: nn.Module) -> tuple[bytes, QuantisedEnds]:
    assert isinstance(network, InferenceNetwork)
    if reason := why_float_ends(network.architecture):
        raise ModelError(f"tflite-int8-io: {reason}")
    front = network.front.channels
    assert isinstance(front, Normalised)
    core, scale, zero = flatbuffer.without_float_ends(int8_model)
    # The input of the core is (x - mean) * gain = scale * (q - zero).
    steps = scale / front.gain.double().numpy()
    offset = front.mean.double().numpy() - zero * steps
    return core, QuantisedEnds(tuple(steps.tolist()), tuple(offset.tolist()))
