"""A model that tells places and families, without a network: its windows say what it should make of them.

Two channels of the gyroscope, which are constant while somebody does the same, number the movement and the place.
"""

import itertools
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.answer import Answer
from har_runtime.answers.answering import Answering
from har_runtime.classify import Prediction, classify
from har_runtime.contract import PERIOD_NS, PLACES
from har_runtime.model.card import STATISTICS, ModelCard, PlaceFilter, Rejection, Smoothing, Training
from har_runtime.model.load import Model
from har_runtime.recording import Recording
from har_runtime.signal.window import Up, Window

LABELS: tuple[str, ...] = ("walking", "stairs_up", "sitting", "standing", "lying", "unknown")
FAMILIES = {
    "resting": ("sitting", "lying"),
    "still": ("standing", "sitting", "lying"),
    "on_foot": ("walking", "stairs_up"),
}
HOP_NS = 500_000_000
_LASTING = np.full((6, 6), 0.02) + 0.88 * np.eye(6)
BARE_CARD = ModelCard(
    name="anyplace",
    version="1",
    labels=LABELS,
    placement=None,
    temperature=1.0,
    training=Training("fake", "fake", "none", "nobody", 0, ("a",), ("b",), ("c",), "0.2"),
    scores={},
    places=PLACES,
    place_filter=PlaceFilter(change=0.001, evidence=0.5),
    families=FAMILIES,
    smoothing=Smoothing(tuple(map(tuple, _LASTING.tolist())), (1 / 6,) * 6, 0.5),
)
"""Without thresholds."""
CARD = replace(
    BARE_CARD,
    rejection=Rejection(
        confidence=0.7,
        raw_confidence=0.6,
        distance=1e3,  # Only a window with values that no sensor has is unlike.
        means=((0.0,) * STATISTICS,) * len(LABELS),
        whitening=(tuple(np.eye(STATISTICS)[np.tril_indices(STATISTICS)].tolist()),) * len(LABELS),
    ),
)
MOVES: dict[str, tuple[dict[str, float], ...]] = {
    **{label: ({label: 0.95},) * 3 for label in LABELS},
    "gait": ({"walking": 0.5, "stairs_up": 0.46},) * 3,
    "rest": ({"sitting": 0.5, "lying": 0.46},) * 3,
    "posture": ({"sitting": 0.31, "lying": 0.28, "standing": 0.38},) * 3,
    "anything": ({},) * 3,
    # A hip that is level lies, a thigh that is level sits, a wrist may do both.
    "level": ({"lying": 0.95}, {"sitting": 0.95}, {"sitting": 0.48, "lying": 0.48}),
}
"""Probability of labels if the sensor is worn at each of the places, by the name of the movement."""
_SCALE = 0.1
"""rad/s for each number."""


class FakeBackend:
    """Reads the movement and the place from the angular rates of a window."""

    def outputs(self, windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        moves, places = np.rint(windows[:, :, 3:5].mean(axis=1) / _SCALE).astype(int).T
        by_place = np.array([_table(list(MOVES)[min(move, len(MOVES) - 1)]) for move in moves])
        at = np.array([_sure(len(PLACES), {min(place, len(PLACES) - 1): 0.9}) for place in places])
        outputs = np.einsum("np,npc->nc", at, by_place), at, by_place
        return [output.astype(np.float32) for output in outputs]


def fake_model(card: ModelCard = CARD) -> Model:
    """The model."""
    return Model(card, FakeBackend())


def imu(move: str, place: str = "thigh", samples: int = 50, seed: int = 0) -> NDArray[np.float32]:
    """Samples of a movement, shape (samples, 6); the acceleration is that of somebody who moves."""
    values = np.random.default_rng(seed).normal([0, 0, 9.81, 0, 0, 0], [1, 1, 1, 0, 0, 0], (samples, 6))
    values[:, 3:5] = _SCALE * list(MOVES).index(move), _SCALE * PLACES.index(place)
    return values.astype(np.float32)


def predictions(moves: Sequence[str], place: str = "thigh", up: Up | None = None, begin: int = 0) -> list[Prediction]:
    """Of consecutive windows with these movements.

    Args:
        up: of every window.
        begin: number of the first window.
    """
    return classify(
        fake_model(),
        [Window(0, (begin + index) * HOP_NS, imu(move, place), up) for index, move in enumerate(moves)],
    )


def answered(
    *parts: tuple[str, str, int],
    card: ModelCard = CARD,
    smoothing: str | None = None,
    up: Up | None = None,
    begin_s: float = 1_700_000_000.0,
    **options: Any,
) -> list[Answer]:
    """Answers to movements, each with its place and number of windows, at two a second.

    Args:
        up: of every window.
        begin_s: of the computer's clock.
        options: others of `Answering`.
    """
    found: list[Prediction] = []
    for move, place, count in parts:
        found += predictions([move] * count, place, up, begin=len(found))
    clock = itertools.count(2 * begin_s)
    answering = Answering(card, smoothing, lambda: next(clock) / 2, **options)
    return [answering.step(prediction) for prediction in found]


def recording(*parts: tuple[str, str, float]) -> Recording:
    """A recording of movements, each with its place and its seconds."""
    values = np.concatenate(
        [imu(move, place, round(50 * seconds), seed) for seed, (move, place, seconds) in enumerate(parts)]
    ).astype(np.float64)
    labels = np.concatenate(
        [[move if move in LABELS else "" for _ in range(round(50 * seconds))] for move, _, seconds in parts]
    )
    return Recording("fake", np.arange(len(values)) * PERIOD_NS, values[:, :3], values[:, 3:], labels)


def _table(move: str) -> NDArray[np.float64]:
    """Probabilities of the labels at each place, shape (places, classes)."""
    return np.array(
        [_sure(len(LABELS), {LABELS.index(label): sure for label, sure in row.items()}) for row in MOVES[move]]
    )


def _sure(count: int, sure: dict[int, float]) -> NDArray[np.float64]:
    """Probabilities that sum to 1: those given, and what is left shared by the others."""
    row = np.full(count, (1 - sum(sure.values())) / max(count - len(sure), 1))
    row[list(sure)] = list(sure.values())
    return row
