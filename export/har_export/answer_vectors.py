"""Golden vectors of answers: what a model makes of each window, and the activity, family and place that follow.

The outputs are made up, from a seeded generator: a model that is trained well hardly ever doubts, and the rules for
doubt are what a port gets wrong. The card is the model's own, or, if it tells no places, one made from it that does.
"""

import base64
import itertools
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.answering import Answering
from har_runtime.answers.place import GAIT
from har_runtime.answers.rejection import Rejector, window_statistics
from har_runtime.classify import Prediction
from har_runtime.contract import FAMILIES, HOP, PERIOD_NS, PLACES, WINDOW
from har_runtime.model.card import ModelCard, PlaceFilter, Rejection
from har_runtime.signal.window import Up, Window

DECIMALS = 4
"""Of the outputs: short in the file, and more than an int8 model gives."""
HOP_NS = HOP * PERIOD_NS
LASTING = 0.98
"""Probability that a movement lasts for another hop, in a card made up."""
UNKNOWN_SHARE = 0.05
"""Of movements like no activity, in a card made up."""


@dataclass(frozen=True)
class Part:
    """Windows of one movement."""

    likely: str
    """A label, a family, whose labels share the probability, or "anything"."""
    place: str
    count: int
    sure: float = 0.92
    """Probability of the label, or of the family's together."""
    step_ns: int = HOP_NS
    """From the end of each window to that of the next."""
    like: bool = True
    """Whether the windows are like the training data."""
    posture_shows: bool = True
    """Whether it is known which way is up."""


@dataclass(frozen=True)
class Case:
    """A stream of windows, and how it is answered."""

    name: str
    about: str
    parts: tuple[Part, ...]
    place: str | None = None
    """Given by the user."""
    coarse: bool = True
    smoothed: bool = True
    """Whether the card has transitions."""
    thresholds: bool = True
    """Whether it says what is unsure and what is unlike."""


_FAMILIES = (Part("on_foot", "thigh", 12), Part("resting", "thigh", 10), Part("still", "thigh", 10))
CASES = (
    Case(
        "places",
        "The phone moves from the pocket to the wrist, which only gait shows.",
        (Part("walking", "thigh", 14), Part("sitting", "wrist", 8), Part("walking", "wrist", 24, 0.97)),
    ),
    Case("families", "Labels of a family share the belief.", _FAMILIES),
    Case("labels-only", "The same, and families are not wanted.", _FAMILIES, coarse=False),
    Case("given-place", "The user has said that it is the pocket.", _FAMILIES, place="thigh"),
    Case("unsmoothed", "A card without transitions: only the place is filtered.", _FAMILIES, smoothed=False),
    Case("no-thresholds", "A card without thresholds: nothing is in doubt.", _FAMILIES, thresholds=False),
    Case(
        "no-reference",
        "Postures cannot be told apart before gait has shown which way is up.",
        (
            Part("sitting", "torso", 6, posture_shows=False),
            Part("resting", "torso", 6, posture_shows=False),
            Part("on_foot", "torso", 8, posture_shows=False),
            Part("standing", "torso", 8),
        ),
    ),
    Case(
        "no-reference-labels",
        "The same, and families are not wanted.",
        (Part("sitting", "torso", 6, posture_shows=False), Part("standing", "torso", 6)),
        coarse=False,
    ),
    Case(
        "like-nothing",
        "Movements that are none of the activities, and windows unlike the training data.",
        (
            Part("unknown", "thigh", 8, 0.97),
            Part("walking", "thigh", 8),
            Part("walking", "thigh", 3, like=False),
            Part("anything", "thigh", 12, 1.0),
        ),
    ),
    Case(
        "gaps",
        "Gaps of all lengths, and a clock that is set back.",
        tuple(
            Part(likely, "torso", 1, 0.7, round(gap_s * 1e9))
            for likely, gap_s in zip(
                itertools.cycle(("walking", "sitting", "on_foot")),
                (0.5, 0.74, 0.76, 2.0, 5.0, 59.9, 61.0, 3600.0, -10.0, 0.5),
                strict=False,
            )
        ),
    ),
    Case(
        "extremes",
        "Outputs of 0 and 1, as an int8 model gives them.",
        (Part("walking", "wrist", 6, 1.0), Part("lying", "torso", 6, 1.0)),
    ),
)


def answer_vectors(card: ModelCard, upright: NDArray[np.float32]) -> dict[str, Any]:
    """All cases as plain JSON-able values.

    Args:
        card: of the model, with smoothing and rejection; if it tells places, of the frame "upright".
        upright: windows of somebody who walks, sits and stands, in that frame, shape (n, 50, 6).
    """
    card = replace(card if card.places else with_places(card, upright), sha256=None)
    assert card.rejection is not None
    rejector = Rejector(card.rejection, card.frame)
    like = upright[rejector.distances(upright).argmin()]
    windows = [like, like * np.float32(3)]
    return {
        "card": json.loads(card.to_json()),
        "windows": [
            {
                "imu": base64.b64encode(window.astype("<f4").tobytes()).decode(),
                "distance": float(rejector.distances(window[None])[0]),
            }
            for window in windows
        ],
        "cases": [_case(card, case, windows, np.random.default_rng(seed)) for seed, case in enumerate(CASES)],
    }


def with_places(card: ModelCard, upright: NDArray[np.float32]) -> ModelCard:
    """A card that tells places and families, and knows movements like no activity, made from one that does not.

    Args:
        card: with smoothing.
        upright: windows like which its training data were, in the frame "upright", shape (n, 50, 6).
    """
    assert card.smoothing is not None
    labels = (*card.labels, UNKNOWN)
    transitions = np.full((len(labels), len(labels)), (1 - LASTING) / (len(labels) - 1))
    np.fill_diagonal(transitions, LASTING)
    prior = (*(share * (1 - UNKNOWN_SHARE) for share in card.smoothing.prior), UNKNOWN_SHARE)
    families = {name: tuple(label for label in members if label in labels) for name, members in FAMILIES.items()}
    return replace(
        card,
        labels=labels,
        frame="upright",
        gyroscope="optional",
        places=PLACES,
        place_filter=PlaceFilter(change=0.001, evidence=0.5),
        families={name: members for name, members in families.items() if len(members) > 1},
        smoothing=replace(card.smoothing, transitions=tuple(map(tuple, transitions.tolist())), prior=prior),
        rejection=_rejection(upright),
    )


def _rejection(windows: NDArray[np.float32]) -> Rejection:
    """Thresholds for windows like these, which are one group whose statistics do not depend on each other."""
    statistics = window_statistics(windows, "upright")
    whitening = np.diag(1 / (statistics.std(axis=0) + 0.1))
    lower = whitening[np.tril_indices(len(whitening))]
    return Rejection(0.7, 0.6, 5.0, (tuple(statistics.mean(axis=0).tolist()),), (tuple(lower.tolist()),))


def _case(
    card: ModelCard, case: Case, windows: Sequence[NDArray[np.float32]], rng: np.random.Generator
) -> dict[str, Any]:
    smoothing = card.smoothing if case.smoothed else None
    card = replace(card, smoothing=smoothing, rejection=card.rejection if case.thresholds else None)
    place = None if case.place is None else _at(card, case.place)
    answering = Answering(card, clock=lambda: 0.0, place=place, coarse=case.coarse)
    rows: list[dict[str, Any]] = []
    end_ns = 980_000_000
    for part in case.parts:
        for _ in range(part.count):
            end_ns += part.step_ns
            probabilities, places, by_place = (
                output.round(DECIMALS).astype(np.float32) for output in _outputs(card, part, rng)
            )
            up = Up((0.0, 0.0, 1.0), "gait" if part.posture_shows else "window")
            window = Window(0, end_ns - (WINDOW - 1) * PERIOD_NS, windows[not part.like], up)
            best = int(probabilities.argmax())
            sure = float(probabilities[best])
            answer = answering.step(Prediction(window, card.labels[best], sure, probabilities, places, by_place))
            rows.append(
                {
                    "end_ns": end_ns,
                    "window": int(not part.like),
                    "found": up.found,
                    "probabilities": _short(probabilities),
                    "places": _short(places),
                    "by_place": _short(by_place),
                    "belief": answer.probabilities.tolist(),
                    "activity": answer.activity,
                    "confidence": answer.confidence,
                    "reason": answer.reason,
                    "place": answer.place,
                }
            )
    options = {"place": place, "coarse": case.coarse, "smoothed": case.smoothed, "thresholds": case.thresholds}
    return {"name": case.name, "about": case.about, **options, "windows": rows}


def _at(card: ModelCard, place: str) -> str:
    """A place of the card: this one, if the card has it."""
    return place if place in card.places else card.places[0]


def _outputs(card: ModelCard, part: Part, rng: np.random.Generator) -> tuple[NDArray[np.float64], ...]:
    """Probabilities, places and by_place for one window."""
    known = {part.likely} if part.likely in card.labels else set(card.families.get(part.likely, card.labels))
    likely = np.array([label in known for label in card.labels])
    at = card.places.index(_at(card, part.place))
    walks = not known.isdisjoint(card.families.get(GAIT, ()))
    place = 0.9 * np.eye(len(card.places))[at] + 0.1 * rng.dirichlet(np.ones(len(card.places)))
    places = place if walks else rng.dirichlet(np.full(len(card.places), 3.0))
    by_place = np.array([_row(likely, part.sure, rng) for _ in card.places])
    others = np.arange(len(card.places)) != at
    by_place[others] = 0.6 * by_place[others] + 0.4 * rng.dirichlet(np.ones(len(card.labels)), int(others.sum()))
    if part.sure == 1 and likely.sum() == 1:  # As an int8 model rounds what it is sure of.
        places, by_place = places.round(), by_place.round()
    return places @ by_place, places, by_place


def _row(likely: NDArray[np.bool_], sure: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """Probabilities of the labels, shape (classes,): `sure` shared by the likely ones, the rest by the others."""
    row = np.zeros(len(likely))
    row[likely] = sure * rng.dirichlet(np.full(likely.sum(), 4.0))
    if not likely.all():
        row[~likely] = (1 - sure) * rng.dirichlet(np.ones((~likely).sum()))
    return row


def _short(output: NDArray[np.float32]) -> list[Any]:
    """As a list of decimals that are short, and the same in float32."""
    return output.astype(np.float64).round(DECIMALS).tolist()
