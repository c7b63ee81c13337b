"""Lets har_train train another network instead of ours, and har_export's converters export it."""

import copy
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from torch import Tensor, nn

from har_export.build import build
from har_export.formats import FORMATS
from har_export.inference import FrontEnd, InferenceNetwork
from har_runtime.files import write_all
from har_runtime.model.card import ModelCard, Training
from har_train.fit.network import Architecture, HarNetwork

WRITTEN = ("tflite-int8", "tflite", "onnx")


class OtherNetwork(HarNetwork):
    """Another network behind our normalisation: raw windows in SI units to logits; all of it counts as the encoder.

    Args:
        network: (batch, 50, 6) normalised windows to (batch, classes) logits.
        classes: number of activities.
    """

    def __init__(self, network: nn.Module, classes: int):
        super().__init__(Architecture(classes=classes, filters=(1,), kernels=(1,), head=(1,), projector=False))
        self.add_module("encoder", network)
        self.add_module("classifier", nn.Identity())


class _Deployed(nn.Module):
    """(batch, 50, 6) windows in SI units to (batch, classes) probabilities, like `InferenceNetwork` for our network."""

    def __init__(self, network: OtherNetwork, temperature: float):
        super().__init__()
        network = copy.deepcopy(network).eval()
        self.front, self.network, self.temperature = FrontEnd(network), network.encoder, temperature
        self.eval()

    def forward(self, imu: Tensor) -> Tensor:
        return (self.network(self.front(imu)[0]) / self.temperature).softmax(dim=1)


def untrained_card(name: str, classes: int) -> ModelCard:
    """The card of a network with random weights."""
    untrained = Training(
        "none: random weights, to measure the cost", "none", "none", "none", 0, (), (), (), version("haredge")
    )
    labels = tuple(f"class {number}" for number in range(classes))
    return ModelCard(name, version("haredge"), labels, None, 1.0, untrained, {})


def write_models(
    network: HarNetwork, card: ModelCard, calibration: NDArray[np.float32], folder: Path
) -> dict[str, Path]:
    """Write an int8 and a float32 .tflite and a float32 .onnx, each with its card inside.

    Args:
        network: an `OtherNetwork` or ours; takes SI units.
        card: with the name and the temperature.
        calibration: windows in SI units for int8, shape (n, 50, 6).
        folder: folder of the files.

    Returns:
        The paths by format of har-export.

    Raises:
        ModelError: a format lacks an operator.
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
