"""Golden vectors of personal models: a card with prototypes, a profile, a model's outputs, and those for the person.

Cards and outputs are made up, and small: `anywhere` has 32 features. The head multiplies in float32, so that the last
digits depend on the order of addition.
"""

import json
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.rejection import Group
from har_runtime.model.card import (
    STATISTICS,
    UPRIGHT_STATISTICS,
    ModelCard,
    PlaceFilter,
    Prototype,
    Prototypes,
    Rejection,
    Smoothing,
    Training,
)
from har_runtime.model.load import Model
from har_runtime.model.outputs import AT_PLACES, FEATURES, PROBABILITIES
from har_runtime.personal.head import Whitener
from har_runtime.personal.model import personalised
from har_runtime.personal.profile import FORMAT, Learnt, Profile, StillReference, profile_from_table, why_unusable
from har_runtime.tables import TableError

FEATURE_COUNT = 3
DECIMALS = 4
"""Of the outputs of the model: short in the file."""
PERSONAL_DECIMALS = 7
"""Of the outputs for the person: as many as float32 has."""


@dataclass(frozen=True)
class Case:
    """A card, a profile, and windows by what their whitened features are near to."""

    name: str
    about: str
    card: ModelCard
    profile: Profile
    near: tuple[tuple[float, ...], ...]


class _GivenOutputs:
    """A model that has made these outputs of its windows."""

    def __init__(self, outputs: list[NDArray[np.float32]]):
        self._outputs = outputs

    def outputs(self, windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """The outputs that were given."""
        return self._outputs


def personal_vectors() -> list[dict[str, Any]]:
    """All cases as plain JSON-able values."""
    return [_vectors(case, np.random.default_rng(seed)) for seed, case in enumerate(_cases())]


def refused_profiles() -> list[dict[str, Any]]:
    """What makes the profile of the first case one that is refused, and why.

    `change` replaces entries of the profile; with `first`, the profile has only the first activity, with these entries
    replaced. The profile is damaged, or it does not fit the card.
    """
    case, *_ = _cases()
    whole = asdict(case.profile)
    refused: list[dict[str, Any]] = []
    for change, first in _changes():
        learnt = whole["learnt"] if first is None else [{**whole["learnt"][0], **first}]
        text = json.dumps({**whole, "learnt": learnt, **change}, allow_nan=False)
        try:
            profile = profile_from_table(json.loads(text))
        except TableError as error:
            why, damaged = str(error), True
        else:
            why, damaged = why_unusable(profile, case.card), False
        refused.append({"change": change, "first": first, "damaged": damaged, "why": why})
    return refused


def _changes() -> tuple[tuple[dict[str, Any], dict[str, Any] | None], ...]:
    """Entries of the profile, and of its first activity, that replace those of the first case."""
    twice = {"label": "walking", "place": None, "windows": 1, "mean": [0.0], "source": "", "unix_s": 0.0}
    return (
        ({"format": "haredge-profile-0"}, None),
        ({"signals": []}, None),
        ({"learnt": [twice, twice]}, None),
        ({"learnt": "walking"}, None),
        ({"still": {"up": [1.0, 1.0, 0.0], "axes": ""}}, None),
        ({"model": "waist"}, None),
        ({"sha256": "0" * 64}, None),
        ({}, {"label": ""}),
        ({}, {"windows": 0}),
        ({}, {"windows": 100_001}),
        ({}, {"windows": 1.5}),
        ({}, {"mean": []}),
        ({}, {"mean": [0.0, -1e7, 0.0]}),
        ({}, {"mean": [0.0, 1.0]}),
        ({}, {"place": None}),
        ({}, {"place": "ankle"}),
        ({}, {"group": {"mean": [0.0], "whitening": [1.0]}}),
        ({}, {"label": UNKNOWN}),
        ({}, {"label": "resting"}),
    )


def _cases() -> tuple[Case, ...]:
    return (
        Case(
            "places",
            "New activities, each at one place; activities without a prototype there; a place where nothing counts.",
            _upright_card(),
            _profile(
                "upright",
                Learnt("walking", "thigh", 20, (2.0, 0.5, -0.5), "made up", 1e9, _group(UPRIGHT_STATISTICS, 2.0)),
                Learnt("rowing", "thigh", 16, (-2.0, 3.0, 1.0), "made up", 1e9, _group(UPRIGHT_STATISTICS, 3.0)),
                Learnt("juggling", "wrist", 9, (3.0, -2.0, 2.0), "made up", 1e9),
                still=StillReference((0.0, 0.6, 0.8), "x=x,y=y,z=z"),
            ),
            ((2.0, 0.5, -0.5), (-2.0, 3.0, 1.0), (3.0, -2.0, 2.0), (0.0, 0.0, 4.0), (9.0, 9.0, -9.0)),
        ),
        Case(
            "no-places",
            "A card without places, in the frame of the device: a group of an activity that it knows does not count.",
            _device_card(),
            _profile(
                "device",
                Learnt("sitting", None, 5, (0.5, 0.5, 3.0), "made up", 1e9, _group(STATISTICS, 2.0)),
                Learnt("rowing", None, 16, (-2.0, 3.0, 1.0), "made up", 1e9, _group(STATISTICS, 3.0)),
            ),
            ((2.0, 0.0, 0.0), (0.5, 0.5, 3.0), (-2.0, 3.0, 1.0)),
        ),
    )


def _profile(model: str, *learnt: Learnt, still: StillReference | None = None) -> Profile:
    return Profile(FORMAT, model, "c0ffee" + "0" * 58, learnt, still)


def _group(size: int, mean: float) -> Group:
    """A group whose statistics do not depend on each other."""
    return Group((mean,) * size, _triangle(size))


def _triangle(size: int) -> tuple[float, ...]:
    return tuple(np.eye(size)[np.tril_indices(size)].tolist())


def _upright_card() -> ModelCard:
    known = (
        Prototype("walking", "thigh", (1.0, 0.0, 0.0), 100),
        Prototype("sitting", "thigh", (0.0, 0.0, 4.0), 100),
        Prototype("walking", "wrist", (1.0, -1.0, 0.5), 100),
        Prototype("sitting", "torso", (0.0, 1.0, 3.0), 100),
    )
    labels = ("walking", "sitting", "lying", UNKNOWN)
    transitions = ((0.9, 0.04, 0.03, 0.03), (0.05, 0.95, 0.0, 0.0), (0.0, 0.02, 0.98, 0.0), (0.2, 0.2, 0.2, 0.4))
    return replace(
        _card("upright", labels, known, 0.3),
        frame="upright",
        gyroscope="optional",
        places=("torso", "thigh", "wrist"),
        place_filter=PlaceFilter(0.001, 0.5),
        families={"resting": ("sitting", "lying")},
        smoothing=Smoothing(transitions, (0.4, 0.3, 0.2, 0.1), 0.5),
        rejection=Rejection(0.7, 0.6, 5.0, ((0.0,) * UPRIGHT_STATISTICS,), (_triangle(UPRIGHT_STATISTICS),)),
    )


def _device_card() -> ModelCard:
    known = (
        Prototype("walking", None, (1.0, 0.0, 0.0), 100),
        Prototype("sitting", None, (0.0, 0.0, 4.0), 100),
    )
    # In this frame, a card has one group for each label.
    groups = tuple((float(number),) * STATISTICS for number in range(len(known)))
    return replace(
        _card("device", tuple(one.label for one in known), known, 0.0),
        smoothing=Smoothing(((0.9, 0.1), (0.0, 1.0)), (0.6, 0.4), 0.5),
        rejection=Rejection(0.7, 0.6, 5.0, groups, (_triangle(STATISTICS),) * len(groups)),
    )


def _card(name: str, labels: tuple[str, ...], known: tuple[Prototype, ...], share: float) -> ModelCard:
    return ModelCard(
        name=name,
        version="0",
        labels=labels,
        placement=None,
        temperature=1.0,
        training=Training("none", "none", "none", "none", 0, (), (), (), "0"),
        scores={},
        prototypes=Prototypes((1.25, -0.5, 0.75, 0.25, 0.5, 2.0), 10.0, 0.25, share, known),
        sha256="c0ffee" + "0" * 58,
    )


def _vectors(case: Case, rng: np.random.Generator) -> dict[str, Any]:
    """A case, and what the person's model makes of it."""
    shipped = _made_up(case, rng)
    model = personalised(Model(case.card, _GivenOutputs(shipped)), case.profile)
    personal = model.backend.outputs(np.zeros((len(case.near), 50, 6), np.float32))
    names = (*PROBABILITIES, *(AT_PLACES if case.card.places else ()))
    given, made = dict(zip((*names, FEATURES), shipped, strict=True)), dict(zip(names, personal, strict=False))
    smoothing, rejection = model.card.smoothing, model.card.rejection
    assert smoothing is not None and rejection is not None
    return {
        "name": case.name,
        "about": case.about,
        "card": json.loads(case.card.to_json()),
        "profile": asdict(case.profile),
        "labels": list(model.card.labels),
        "transitions": [list(row) for row in smoothing.transitions],
        "prior": list(smoothing.prior),
        "means": [list(row) for row in rejection.means],
        "windows": [
            {
                **{name: _short(output[row], DECIMALS) for name, output in given.items()},
                "personal": {name: _short(output[row], PERSONAL_DECIMALS) for name, output in made.items()},
            }
            for row in range(len(case.near))
        ],
    }


def _made_up(case: Case, rng: np.random.Generator) -> list[NDArray[np.float32]]:
    """Outputs of a model for the windows, shape (n, ...) each, in the order of the card's outputs."""
    assert case.card.prototypes is not None
    count, classes, places = len(case.near), len(case.card.labels), len(case.card.places)
    matrix = Whitener(case.card.prototypes).matrix
    features = np.linalg.solve(matrix, np.array(case.near).T).T + 0.2 * rng.standard_normal((count, FEATURE_COUNT))
    if not places:
        outputs = [rng.dirichlet(np.ones(classes), count), features]
    else:
        at, by_place = rng.dirichlet(np.ones(places), count), rng.dirichlet(np.ones(classes), (count, places))
        outputs = [(at[:, None] @ by_place)[:, 0], at, by_place, features]
    return [output.round(DECIMALS).astype(np.float32) for output in outputs]


def _short(output: NDArray[np.float32], decimals: int) -> list[Any]:
    """As a list of decimals that are short."""
    return output.astype(np.float64).round(decimals).tolist()
