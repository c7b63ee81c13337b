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
        {"prior": [1.0, 0.0]},
        {"prior": [0.5]},
        {"evidence": 0},
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
        {"whitening": [[1.0] * 3] * 2},
        {"confidence": 1.5},
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
        (changed(training={}), r"damaged or incomplete \('training.recipe' is missing"),
        (changed(scores=3), "'scores' must be a table, not 3"),
        (
            changed(scores={"int8": {"macro_f1": True, "accuracy": 0.5, "windows": 3}}),
            "macro_f1' must be a finite number",
        ),
        (
            changed(scores={"int8": {"macro_f1": 0.5, "accuracy": 0.5, "windows": 3.5}}),
            "must be a whole number, not 3.5",
        ),
        ("[]", r"'ModelCard' must be a table, not \[\]"),
        ("{", "damaged or incomplete"),
        (CARD.to_json()[:200], "damaged or incomplete"),
        (b"\xff\xfe\x00", "damaged or incomplete"),
        (changed(name=3), "'name' must be text, not 3"),
        (changed(name="x" * 5000), "'name' has 5,000 characters"),
        (changed(name="a\x1b[2Jb"), "'name' has control characters: 'a[?]"),
        (changed(name="a\u202eb"), r"'name' has control characters: 'a\?b'"),
        (changed(labels=["a\u2066b"]), "has control characters|text of 1 to 100 characters"),
        (changed(version=""), "version of the card must be text of 1 to 100 characters"),
        (changed(labels="abcdef"), "'labels' must be a list, not 'abcdef'"),
        (changed(labels=[1, 2]), r"'labels\[0\]' must be text, not 1"),
        (changed(labels=["still", {"a": 1}]), r"'labels\[1\]' must be text"),
        (changed(labels=["still", "x" * 101]), "labels of the card must be text of 1 to 100 characters"),
        (changed(labels=3), "'labels' must be a list, not 3"),
        (changed(labels=["still"] * 30_000), "'labels' has 30,000 entries"),
        (changed(placement=["waist"]), "'placement' must be text"),
        (changed(places=3), "'places' must be a list"),
        (changed(gravity=3), "'gravity' must be a list, not 3"),
        (changed(gravity=[0, 1]), "'gravity' must be a list of 3"),
        (changed(gravity=["0", "0", "1"]), r"'gravity\[0\]' must be a finite number, not '0'"),
        (changed(gravity=[0, 0, 5]), "gravity must be of length 1"),
        (changed(temperature=-1), "temperature must be above 0"),
        (changed(temperature=float("nan")), "NaN is not a number of JSON"),
        (changed(temperature=float("inf")), "Infinity is not a number of JSON"),
        (changed(temperature=10**400), "'temperature' must be a finite number, not 1000"),
        (changed(temperature=True), "'temperature' must be a finite number, not True"),
        (changed().replace("1.5", "1" + "0" * 5000), "it is not JSON"),
        (changed(training={**asdict(CARD.training), "seed": 2**70}), "'training.seed' must be a whole number"),
        (changed(training={**asdict(CARD.training), "trained_on": "abc"}), "'training.trained_on' must be a list"),
        (changed(families={"f": ["walking", 3]}), r"'families.f\[1\]' must be text"),
        (changed(smoothing=3), "'smoothing' must be a table, not 3"),
        (changed(smoothing={**asdict(SMOOTHING), "transitions": [["a", "b"]]}), r"'smoothing.transitions\[0\]\[0\]'"),
        (changed(rejection={**asdict(REJECTION), "whitening": None}), "'rejection.whitening' must be a list"),
    ],
)
def test_a_card_that_does_not_fit_is_refused_in_one_line(text: str, message: str) -> None:
    refused(text, message)


@pytest.mark.parametrize("text", ["[", '{"a":'])
def test_what_is_nested_deeply_is_refused(text: str) -> None:
    refused(text * 100_000, "nested too deeply")
    refused(changed(later=json.loads("[" * 50 + "]" * 50)), "nested more than 16 deep")


def test_a_card_of_a_megabyte_is_refused() -> None:
    refused(" " * 1_000_001, "larger than 1,000,000 bytes")


def test_long_values_are_shortened_in_the_message() -> None:
    refused(changed(frame="y" * 3000), "needs frame y+[.][.][.] and")
    refused(changed(units=["x" * 3000]), "needs units")


def refused(text: str | bytes, message: str) -> None:
    with pytest.raises(ModelError, match=message) as caught:
        card_from_json(text, "toy.json")
    assert str(caught.value).startswith("toy.json: ")
    assert len(str(caught.value)) < 300 and str(caught.value).isprintable()


def test_brackets_in_a_text_of_the_card_nest_nothing() -> None:
    card = replace(CARD, training=replace(CARD.training, citation='"' + "[{" * 500 + "\\"))
    assert card_from_json(card.to_json(), "toy.json") == card


def test_a_family_inside_another_must_come_first() -> None:
    labels = ("standing", "sitting", "lying")
    resting, still = labels[1:], labels
    card = replace(CARD, labels=labels, families={"resting": resting, "still": still, "again": still})
    assert card_from_json(card.to_json(), "toy.json") == card
    turned = replace(card, families={"still": still, "resting": resting})
    with pytest.raises(ModelError, match="families of the card must stand the narrowest first: resting before still"):
        card_from_json(turned.to_json(), "toy.json")


def test_the_hash_is_part_of_the_card_beside_the_file_only() -> None:
    assert card_from_json(replace(CARD, sha256="00").to_json(), "toy.json").sha256 == "00"
    assert CARD.sha256 is None
