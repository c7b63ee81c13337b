"""Writes networks that are only measured or scored, with cards, without the checks of har-export."""

from dataclasses import replace
from importlib.metadata import version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_export.build import build
from har_export.formats import FORMATS
from har_export.inference import InferenceNetwork
from har_runtime.files import write_all
from har_runtime.model.card import ModelCard, Training
from har_train.fit.network import HarNetwork

WRITTEN = ("tflite-int8", "tflite", "onnx")


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
        network: takes SI units.
        card: with the name and the temperature.
        calibration: windows in SI units for int8, shape (n, 50, 6).
        folder: folder of the files.

    Returns:
        The paths by format of har-export.

    Raises:
        ModelError: a format lacks an operator.
    """
    built = build(InferenceNetwork(network, card.temperature), WRITTEN, calibration)
    paths: dict[str, Path] = {}
    files: dict[Path, bytes] = {}
    for format in WRITTEN:
        own = replace(card, name=card.name + FORMATS[format].suffix)
        paths[format] = folder / f"{own.name}{FORMATS[format].extension}"
        files[paths[format]] = built.sealed(format, own)
    write_all(files)
    return paths
