"""Another network in the place of ours: trained by har_train's stages, exported by har_export's converters."""

import copy
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from har_export.build import build
from har_export.formats import FORMATS
from har_export.inference import FrontEnd, InferenceNetwork
from har_runtime.files import write_all
from har_runtime.model.card import ModelCard
from har_train.fit.network import Architecture, HarNetwork

WRITTEN = ("tflite-int8", "tflite", "onnx")


class OtherNetwork(HarNetwork):
    """A network behind our normalisation: raw windows in SI units to logits, all of it the "encoder".

    Args:
        network: (batch, 50, 6) normalised windows to (batch, classes) logits.
        classes: how many.
    """

    def __init__(self, network: nn.Module, classes: int):
        super().__init__(Architecture(classes=classes, filters=(1,), kernels=(1,), head=(1,), projector=False))
        self.add_module("encoder", network)
        self.add_module("classifier", nn.Identity())


class _Deployed(nn.Module):
    """(batch, 50, 6) windows in SI units to (batch, classes) probabilities, as `InferenceNetwork` does for ours."""

    def __init__(self, network: OtherNetwork, temperature: float):
        super().__init__()
        network = copy.deepcopy(network).eval()
        self.front, self.network, self.temperature = FrontEnd(network), network.encoder, temperature
        self.eval()

    def forward(self, imu: Tensor) -> Tensor:
        return (self.network(self.front(imu)) / self.temperature).softmax(dim=1)


def write_models(
    network: HarNetwork, card: ModelCard, calibration: NDArray[np.float32], folder: Path
) -> dict[str, Path]:
    """Write an int8 and a float32 .tflite and a float32 .onnx, each with its card inside.

    Args:
        network: in SI units; an `OtherNetwork` or ours.
        card: gives name and temperature.
        calibration: windows in SI units for int8, shape (n, 50, 6).
        folder: where to write.

    Returns:
        The files by format of har-export.

    Raises:
        ModelError: an operator that a format lacks.
    """
    other = isinstance(network, OtherNetwork)
    deployed = _Deployed(network, card.temperature) if other else InferenceNetwork(network, card.temperature)
    built = build(deployed, WRITTEN, calibration)
    paths: dict[str, Path] = {}
    files: dict[Path, bytes] = {}
    for format in WRITTEN:
        own = replace(card, name=card.name + FORMATS[format].suffix)
        paths[format] = folder / f"{own.name}{FORMATS[format].extension}"
        files[paths[format]] = built.sealed(format, own)
    write_all(files)
    return paths
