"""What a card says of a network that was trained on several sets, and that it is one that the runtime takes."""

from dataclasses import replace
from pathlib import Path

import pytest
from tests.train.toy_sets import PLACEMENTS

from har_runtime.errors import ModelError
from har_runtime.model.card import PlaceFilter, Rejection, card_from_json
from har_train.data.windows import WindowSet
from har_train.fit.answer_parameters import Answers
from har_train.fit.card import card_of, families_of, gravity_of
from har_train.fit.checkpoint import TrainingRecord, load_checkpoint
from har_train.fit.place_answers import uniform_smoothing

STATISTICS = 7
REJECTION = Rejection(0.6, 0.6, 5.0, ((0.0,) * STATISTICS,), ((1.0,) * 28,))


@pytest.fixture(scope="module")
def record(toy_run: Path) -> TrainingRecord:
    return load_checkpoint(toy_run).record


def test_a_card_says_frame_places_families_and_that_a_gyroscope_is_optional(record: TrainingRecord) -> None:
    answers = Answers(uniform_smoothing(7, 10.0, 0.5), REJECTION, PlaceFilter(1e-4, 0.2))
    card = card_of(record, "anyplace", answers, gravity=(1.0, 0.0, 0.0))
    assert (card.name, card.frame, card.gyroscope, card.placement) == ("anyplace", "upright", "optional", None)
    assert card.places == ("torso", "thigh", "wrist")
    assert card.families == {
        "resting": ("sitting", "lying"),
        "still": ("standing", "sitting", "lying"),
        "on_foot": ("walking", "stairs_up", "stairs_down"),
    }
    assert card.gravity is None, "it is +z in this frame"
    assert (card.smoothing, card.rejection, card.place_filter) == (answers.smoothing, REJECTION, answers.place_filter)
    assert card_from_json(card.to_json(), "anyplace") == card


def test_its_training_names_every_set_its_terms_and_its_people(record: TrainingRecord) -> None:
    training = card_of(record, "anyplace").training
    assert training.data == ", ".join(PLACEMENTS)
    assert training.licence == "; ".join(f"{name}: terms of {name}" for name in PLACEMENTS)
    assert training.citation == "; ".join(f"{name}: who made {name}" for name in PLACEMENTS)
    assert (training.trained_on, training.chosen_on) == (record.split.train, record.split.validation)
    assert training.never_seen == record.split.test


def test_a_set_of_which_one_placement_trained_is_named_with_it(record: TrainingRecord) -> None:
    data = replace(record.recipe.data, datasets=("toy-waist", "toy-wrist/wrist"))
    some = replace(record, recipe=replace(record.recipe, data=data))
    assert card_of(some, "x").training.data == "toy-waist, toy-wrist/wrist"
    one = replace(data, datasets=(), dataset="toy-wrist", placement="wrist")
    assert card_of(replace(record, recipe=replace(record.recipe, data=one)), "x").training.data == "toy-wrist"


def test_a_network_that_always_had_a_gyroscope_requires_one(record: TrainingRecord) -> None:
    augment = replace(record.recipe.classifier_augment, no_gyroscope=0.0)
    card = card_of(replace(record, recipe=replace(record.recipe, classifier_augment=augment)), "x")
    assert card.gyroscope == "required"


def test_a_card_of_the_frame_device_has_gravity_and_neither_places_nor_families(record: TrainingRecord) -> None:
    recipe = record.recipe
    device = replace(recipe, data=replace(recipe.data, frame="device"), model=replace(recipe.model, places=()))
    card = card_of(replace(record, recipe=device), "x", gravity=(0.0, 1.0, 0.0))
    assert (card.frame, card.gravity, card.families, card.places) == ("device", (0.0, 1.0, 0.0), {}, ())
    assert card.place_filter is None


def test_a_card_of_places_without_their_filter_is_refused_by_the_runtime(record: TrainingRecord) -> None:
    with pytest.raises(ModelError, match="places and place_filter of the card do not fit"):
        card_from_json(card_of(record, "x").to_json(), "x")


def test_families_have_the_labels_that_the_model_knows_and_two_or_more() -> None:
    assert families_of(("walking", "sitting", "unknown")) == {}
    assert families_of(("walking", "running", "lying", "sitting")) == {
        "resting": ("sitting", "lying"),
        "still": ("sitting", "lying"),
        "on_foot": ("walking", "running"),
    }


def test_gravity_is_up_as_people_stand(of_toys: WindowSet) -> None:
    found = gravity_of(of_toys)
    assert found is not None
    assert found[2] > 0.99
    assert gravity_of(of_toys.select(of_toys.y != of_toys.labels.index("standing"))) is None
    assert gravity_of(replace(of_toys, labels=("still", *of_toys.labels[1:]))) is None
