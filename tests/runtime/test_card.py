"""Model cards: whole, readable by later and earlier versions, and refused where they do not fit."""

import json
from dataclasses import replace

import pytest

from har_runtime.card import CardScore, ModelCard, Training, card_from_json
from har_runtime.errors import ModelError

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


def test_what_a_later_version_adds_is_passed_over() -> None:
    assert card_from_json(changed(colour="blue"), "toy.json") == CARD


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (changed(sample_rate_hz=100), "wants sample_rate_hz 100, this runtime feeds 50"),
        (changed(window=128), "wants window 128"),
        (changed(channels=["acc_x", "acc_y", "acc_z"]), "wants channels"),
        (changed(units=["g"] * 6), "wants units"),
        (changed(frame="ios"), "wants frame ios"),
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
