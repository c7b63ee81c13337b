"""A model that can be made personal, without a network: its features are numbers that its windows carry."""

import functools
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from tests.runtime.fake_model import CARD, HOP_NS, FakeBackend, imu

from har_runtime.classify import Prediction, classify
from har_runtime.model.card import ModelCard, Prototype, Prototypes
from har_runtime.model.load import Model
from har_runtime.signal.window import Window

WIDTH = 4
KNOWN = {"walking": (0.0, 0.0), "stairs_up": (4.0, 0.0), "sitting": (0.0, 8.0), "standing": (4.0, 8.0)}
"""Where the population's prototypes lie, at the thigh: the first two of four features."""
PROTOTYPES = Prototypes(
    whitening=tuple(np.eye(WIDTH)[np.tril_indices(WIDTH)].tolist()),
    prior_weight=5.0,
    sharpness=1.0,
    network_share=0.0,
    known=tuple(Prototype(label, "thigh", (*at, 0.0, 0.0), 100) for label, at in KNOWN.items()),
)
PERSONAL_CARD: ModelCard = replace(CARD, prototypes=PROTOTYPES)


class FeaturesBackend(FakeBackend):
    """Its features are what the windows' third angular rate says: two numbers, in hundredths and in units of 10."""

    def outputs(self, windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        number = np.rint(windows[:, 0, 5] * 1e3)
        features = np.zeros((len(windows), WIDTH), np.float32)
        features[:, 0], features[:, 1] = (number % 1000) / 10, number // 1000 / 10
        return [*super().outputs(windows), features]


def features_model(card: ModelCard = PERSONAL_CARD) -> Model:
    """The model."""
    return Model(card, FeaturesBackend())


def window(move: str, at: tuple[float, float], number: int = 0, place: str = "thigh") -> Window:
    """A window of a movement whose features begin with two numbers from 0 to 20, in steps of 0.1."""
    values = _samples(move, place).copy()
    values[:, 5] = (round(at[0] * 10) + 1000 * round(at[1] * 10)) / 1e3
    return Window(0, number * HOP_NS, values)


@functools.cache
def _samples(move: str, place: str) -> NDArray[np.float32]:
    return imu(move, place)


def predictions(move: str, at: tuple[float, float], count: int, place: str = "thigh") -> list[Prediction]:
    """What the shipped model makes of windows that are alike."""
    return classify(features_model(), [window(move, at, number, place) for number in range(count)])
