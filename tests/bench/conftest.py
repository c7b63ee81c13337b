"""A small network that tells places, untrained, in every format that is measured; made once for all tests."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import torch

from har_bench.training.model_files import write_models
from har_runtime.contract import CHANNELS, PLACES, STANDARD_GRAVITY, WINDOW
from har_runtime.model.card import ModelCard, PlaceFilter, Training
from har_train.fit.card import families_of
from har_train.fit.network import Architecture, HarNetwork
from har_train.fit.place_answers import uniform_smoothing
from har_train.recipe_file import load_recipe


@dataclass(frozen=True)
class Untrained:
    """The network and its files, as `anywhere` would have them."""

    network: HarNetwork
    card: ModelCard
    folder: Path
    """With `toy.tflite` (int8), `toy-fp32.tflite` and `toy.onnx`, each with its card inside."""


@pytest.fixture(scope="session")
def place_network() -> HarNetwork:
    """The architecture of `anywhere`, but with a few filters; random weights."""
    recipe = load_recipe("anywhere", ("model.filters=[4, 6, 8]", "model.head=[8]"))
    torch.manual_seed(0)
    network = HarNetwork(Architecture(classes=len(recipe.data.activities), **vars(recipe.model)))
    network.measure(torch.from_numpy(standing_about()))
    return network.eval()


@pytest.fixture(scope="session")
def untrained(place_network: HarNetwork, tmp_path_factory: pytest.TempPathFactory) -> Untrained:
    """The network, exported."""
    labels = load_recipe("anywhere").data.activities
    card = ModelCard(
        name="toy",
        version="0.2",
        labels=labels,
        placement=None,
        temperature=1.5,
        training=Training("toy", "hapt, difronzo", "none", "nobody", 0, ("a",), ("b",), ("hapt-03",), "0.2"),
        scores={},
        frame="upright",
        gyroscope="optional",
        places=PLACES,
        place_filter=PlaceFilter(1e-4, 0.2),
        families=families_of(labels),
        smoothing=uniform_smoothing(len(labels), 10.0, 0.5),
    )
    folder = tmp_path_factory.mktemp("untrained")
    write_models(place_network, card, standing_about(), folder)
    return Untrained(place_network, card, folder)


def standing_about() -> np.ndarray:
    """Windows of somebody who moves a little, shape (64, 50, 6), z up."""
    x = np.random.default_rng(0).normal(0, 2, (64, WINDOW, len(CHANNELS))).astype(np.float32)
    x[:, :, 2] += STANDARD_GRAVITY
    return x
