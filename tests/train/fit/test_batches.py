"""Who is drawn how often: every window once, or rare sets, places and activities more often."""

import functools
import itertools
import operator
from dataclasses import replace

import numpy as np
import pytest

from har_train.data.windows import NO_PLACE, WindowSet
from har_train.fit.batches import BalancedBatches, ClientBatches, ShuffledBatches, sampling_weights
from har_train.methods.base import FederatedLoss, Visit
from har_train.recipe import OptimiserConfig
from har_train.recipe_file import load_recipe


def test_each_epoch_shows_every_window_once_in_an_order_of_its_own() -> None:
    batches = ShuffledBatches(size=101, batch=10, seed=3)
    first = list(batches)
    batches.set_epoch(1)
    second = list(batches)
    assert sorted(functools.reduce(operator.iadd, second, []))[0:5] == [0, 1, 2, 3, 4]
    assert len(first) == len(batches) == 10
    assert first != second
    batches.set_epoch(0)
    assert list(batches) == first


def labelled(*groups: tuple[str, int, int, int]) -> WindowSet:
    """Windows of groups of a set, a place, an activity and a number."""
    rows = [row for dataset, place, y, count in groups for row in [(dataset, place, y)] * count]
    names, places, y = (np.array(column) for column in zip(*rows, strict=True))
    x = np.zeros((len(rows), 50, 6), np.float32)
    return WindowSet(x, y, names, names, np.zeros(len(rows), np.int64), names, places, ("a", "b"), (("a", "b"),))


@pytest.mark.parametrize(
    ("groups", "shares"),
    [
        # Each set with one activity at one place: alike, however large it is.
        ([("big", 0, 0, 900), ("small", 1, 1, 100)], [0.5, 0.5]),
        # Within a set by the root of the number.
        ([("one", 0, 0, 900), ("one", 0, 1, 100)], [0.75, 0.25]),
        # A place of an activity is a group of its own, and so is a choice.
        ([("one", 0, 0, 400), ("one", 1, 0, 400), ("one", 0, 2, 100)], [0.4, 0.4, 0.2]),
        # A set with more activities weighs more: by the root of their shares, added up.
        ([("one", 0, 0, 200), ("one", 0, 1, 200), ("two", 0, 0, 50)], [0.29, 0.29, 0.42]),
        ([("one", NO_PLACE, 0, 100), ("one", 0, 0, 100)], [0.5, 0.5]),
    ],
)
def test_rare_sets_places_and_activities_are_drawn_more_often(groups, shares) -> None:
    windows = labelled(*groups)
    batches = BalancedBatches(sampling_weights(windows), 20_000, 100, seed=0)
    drawn = np.concatenate(list(batches))
    starts = np.cumsum([0, *(group[3] for group in groups)])
    found = [((drawn >= begin) & (drawn < end)).mean() for begin, end in itertools.pairwise(starts)]
    assert found == pytest.approx(shares, abs=0.015)


def test_balanced_batches_depend_on_seed_and_epoch_alone() -> None:
    weights = np.arange(1.0, 51.0)
    batches = BalancedBatches(weights, 105, 10, seed=3)
    first = list(batches)
    assert [len(batch) for batch in first] == [10] * 10 == [10] * len(batches)
    assert list(batches) == first
    batches.set_epoch(1)
    assert list(batches) != first
    assert list(batches) == list(BalancedBatches(10 * weights, 105, 10, seed=3, epoch=1))
    batches.set_epoch(0)
    assert list(batches) == first
    assert list(BalancedBatches(weights, 105, 10, seed=4)) != first
    assert len(list(BalancedBatches(weights, 3, 10, seed=0))) == 1


class Pair(FederatedLoss):
    """Two clients in each of three rounds: one with all of its windows, one with some in a row."""

    rounds = 3

    @staticmethod
    def visits(people: int, settings: OptimiserConfig, random: np.random.Generator) -> list[Visit]:
        return [Visit(0), Visit(1, 4, consecutive=True)]


def test_a_client_has_windows_of_its_own_and_in_a_row_none_is_missing_between_them() -> None:
    windows = labelled(("first", 0, 0, 5), ("second", 0, 0, 20), ("first", 0, 0, 3))
    hops = np.r_[0:5, 0:6, 9:12, 20:31, 0:3]  # The second has runs of 6, 3 and 11 windows.
    windows = replace(windows, start_ns=hops * 500_000_000)
    recipe = load_recipe("uci-har")
    batches = ClientBatches(windows, Pair, recipe, seed=0)
    drawn = list(batches)
    assert len(drawn) == len(batches) == 6
    for whole, row in zip(drawn[::2], drawn[1::2], strict=True):
        assert sorted(whole) == [0, 1, 2, 3, 4, 25, 26, 27]
        assert len(row) in (3, 4)
        assert {windows.user[index] for index in row} == {"second"}
        assert set(np.diff(hops[row])) == {1}
    again = ClientBatches(windows, Pair, recipe, seed=0, epoch=1)
    assert list(again) != drawn
    again.set_epoch(0)
    assert list(again) == drawn
