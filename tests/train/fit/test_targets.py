"""What labels mean to the loss: the classes that they allow, where those were seen, and what is gait."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tests.train.toy_sets import PLACEMENTS, toy_recipe

from har_runtime.errors import DataError
from har_train.data.windows import NO_PLACE, WindowSet
from har_train.fit.targets import Targets, class_weights, place_numbers, targets_of
from har_train.recipe import OptimiserConfig, Recipe

PLACES = ("torso", "thigh", "wrist")


def test_targets_say_what_a_label_may_be_and_what_was_seen_at_each_place(toy: Recipe, of_toys: WindowSet) -> None:
    targets = targets_of(of_toys, toy)
    labels, places = of_toys.labels, toy.model.places
    assert targets.allowed is not None and targets.seen is not None and targets.gait is not None
    assert torch.equal(targets.allowed, torch.from_numpy(of_toys.allowed))
    unseen = {(places[place], labels[label]) for place, label in (~targets.seen).nonzero().tolist()}
    assert unseen == {("torso", "unknown"), ("thigh", "unknown"), ("wrist", "lying")}
    assert targets.rare is not None
    rare = {(places[place], labels[label]) for place, label in targets.rare.nonzero().tolist()}
    assert rare == {("wrist", "lying")}  # Unknown is no posture.
    gait = [*labels, "stairs"]
    assert [name for name, is_gait in zip(gait, targets.gait.tolist(), strict=True) if is_gait] == [
        *("walking", "stairs_up", "stairs_down", "stairs")
    ]


def test_a_choice_is_no_sight_of_its_members_where_one_of_them_was_recorded(toy: Recipe, of_toys: WindowSet) -> None:
    still = tuple(name in ("standing", "sitting", "lying") for name in of_toys.labels)
    choices = (*of_toys.choices, tuple(np.array(of_toys.labels)[np.array(still)].tolist()))
    at_wrist = of_toys.dataset == "toy-wrist"
    seconds = np.flatnonzero(at_wrist & (of_toys.y == of_toys.labels.index("sitting")))[::2]
    y = of_toys.y.copy()
    y[seconds] = len(of_toys.labels) + 1
    vague = replace(of_toys, y=y, choices=choices)
    seen = targets_of(vague, toy).seen
    assert seen is not None
    lying, standing = of_toys.labels.index("lying"), of_toys.labels.index("standing")
    assert not seen[2, lying] and seen[2, standing]
    alone = targets_of(vague.select(~at_wrist | (y == len(of_toys.labels) + 1)), toy).seen
    assert alone is not None
    assert alone[2].tolist() == list(still)  # Nothing else was recorded there: any of them may have been.


def test_without_choices_and_places_the_classes_are_the_labels(toy: Recipe, of_toys: WindowSet, tmp_path) -> None:
    plain = toy_recipe(tmp_path, "model.places=[]")
    assert vars(targets_of(of_toys.single, plain)) == vars(Targets())
    assert targets_of(of_toys, plain).seen is None
    balanced = replace(plain, data=replace(plain.data, choices={}), optimiser=OptimiserConfig(class_balance=True))
    weights = targets_of(of_toys.single, balanced).class_weights
    assert weights is not None
    assert weights.shape == (len(of_toys.labels),)


def test_places_are_numbered_as_the_recipe_lists_them_and_an_unknown_one_is_refused(of_toys: WindowSet) -> None:
    assert not place_numbers(of_toys, ()).any()
    numbers = place_numbers(of_toys, ("wrist", "torso", "thigh"))
    assert {name: set(numbers[of_toys.dataset == name].tolist()) for name in PLACEMENTS} == {
        "toy-waist": {1},
        "toy-pocket": {2},
        "toy-wrist": {0},
    }
    with pytest.raises(DataError, match=r"recording toy-wrist-0-walk: where it was worn is none of model\.places"):
        place_numbers(of_toys, ("torso", "thigh"))
    nowhere = replace(of_toys, place=np.full_like(of_toys.place, NO_PLACE))
    with pytest.raises(DataError, match="recording toy-waist-0-walk: where it was worn is none"):
        place_numbers(nowhere, PLACES)


def test_balanced_classes_weigh_the_same(of_toys: WindowSet) -> None:
    single = of_toys.single
    weights_of = class_weights(single)
    counts = torch.from_numpy(np.bincount(single.y))
    shares = weights_of * counts
    assert torch.allclose(shares, shares[:1].expand_as(shares))
    assert float(shares.sum() / counts.sum()) == pytest.approx(1)
