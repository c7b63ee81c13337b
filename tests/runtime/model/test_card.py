"""Model cards: whole, readable by later and earlier versions, and refused where they do not fit."""

import json
from dataclasses import asdict, replace

import pytest

from har_runtime.errors import ModelError
from har_runtime.model.card import STATISTICS, CardScore, ModelCard, Rejection, Smoothing, Training, card_from_json

CARD = ModelCard(
    name="toy",
    version="1",
    labels=("still", "moving"),
    placement="waist",
    temperature=1.5,
    training=Training("toy", "hapt", "CC BY 4.0", "someone", 0, ("a", "b"), ("c",), ("d",), "0.1", None),
    scores={"int8": CardScore(0.9, 0.91, 100)},
)


def changed(**values) -> str:
    return json.dumps({**json.loads(CARD.to_json()), **values})


def test_a_card_reads_back_as_it_was() -> None:
    assert card_from_json(CARD.to_json(), "toy.json") == CARD


SMOOTHING = Smoothing(((0.9, 0.1), (0.2, 0.8)), (0.5, 0.5), 0.7)
REJECTION = Rejection(0.7, 0.5, 4.0, ((0.0,) * STATISTICS,) * 2, ((1.0,) * (STATISTICS * (STATISTICS + 1) // 2),) * 2)


def test_smoothing_and_rejection_read_back_as_they_were() -> None:
    card = replace(CARD, smoothing=SMOOTHING, rejection=REJECTION)
    assert card_from_json(card.to_json(), "toy.json") == card


def test_a_card_of_an_earlier_version_has_neither() -> None:
    table = json.loads(CARD.to_json())
    del table["smoothing"], table["rejection"]
    table["rejection_threshold"] = None
    card = card_from_json(json.dumps(table), "toy.json")
    assert (card.smoothing, card.rejection) == (None, None)


@pytest.mark.parametrize(
    "changes",
    [
        {"transitions": [[0.9, 0.1]]},
        {"transitions": [[0.9, 0.1], [0.2, 0.9]]},
        {"transitions": [[1.1, -0.1], [0.2, 0.8]]},
        {"transitions": [["a", "b"], [0.2, 0.8]]},
        {"transitions": 3},
        {"prior": [1.0, 0.0]},
        {"prior": [0.5]},
        {"evidence": 0},
        {"evidence": float("nan")},
    ],
)
def test_smoothing_that_does_not_fit_is_refused(changes: dict) -> None:
    with pytest.raises(ModelError, match=r"^toy.json: smoothing of the card does not fit"):
        card_from_json(changed(smoothing={**asdict(SMOOTHING), **changes}), "toy.json")


@pytest.mark.parametrize(
    "changes",
    [
        {"means": [[0.0] * STATISTICS]},
        {"means": [[0.0] * 12] * 2},
        {"means": [[float("inf")] * STATISTICS] * 2},
        {"whitening": [[1.0] * 3] * 2},
        {"whitening": None},
        {"confidence": 1.5},
        {"raw_confidence": "high"},
        {"distance": -1},
    ],
)
def test_rejection_that_does_not_fit_is_refused(changes: dict) -> None:
    with pytest.raises(ModelError, match=r"^toy.json: rejection of the card does not fit"):
        card_from_json(changed(rejection={**asdict(REJECTION), **changes}), "toy.json")


def test_lists_of_numbers_stand_on_one_line_each() -> None:
    text = replace(CARD, smoothing=SMOOTHING, rejection=REJECTION).to_json()
    assert "[0.9, 0.1]" in text
    assert len(text.splitlines()) < 120


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert card_from_json(changed(colour="blue"), "toy.json") == CARD


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (changed(sample_rate_hz=100), "needs sample_rate_hz 100, this runtime gives 50"),
        (changed(window=128), "needs window 128"),
        (changed(channels=["acc_x", "acc_y", "acc_z"]), "needs channels"),
        (changed(units=["g"] * 6), "needs units"),
        (changed(frame="ios"), "needs frame ios"),
        (changed(labels=["still", "still"]), "labels of the card are empty or repeat"),
        (changed(format="other"), "no model card"),
        (changed(training={}), "damaged or incomplete"),
        (changed(scores=3), "damaged or incomplete"),
        ("[]", "damaged or incomplete"),
        ("{", "damaged or incomplete"),
        (CARD.to_json()[:200], "damaged or incomplete"),
    ],
)
def test_a_card_that_does_not_fit_is_refused_in_one_line(text: str, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        card_from_json(text, "toy.json")
    assert str(caught.value).startswith("toy.json: ")


def test_the_hash_is_part_of_the_card_beside_the_file_only() -> None:
    assert card_from_json(replace(CARD, sha256="00").to_json(), "toy.json").sha256 == "00"
    assert CARD.sha256 is None
