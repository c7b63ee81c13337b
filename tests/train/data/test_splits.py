"""Users are divided, never windows, and no user is in two parts."""

from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from har_runtime.errors import DataError
from har_train.data.splits import Protocol, UserSplit, folds, parse_protocol, set_folds, split_users
from har_train.data.windows import cut_windows
from har_train.datasets import find, load
from har_train.recipe_file import load_recipe

USERS = [f"u{number:02d}" for number in range(30)]
PROTOCOLS = ["holdout", "loso", "groups:10", "groups:5", "official"]


@given(st.integers(5, 60), st.integers(0, 1000))
def test_every_user_is_in_exactly_one_part(count: int, seed: int) -> None:
    users = [f"u{number}" for number in range(count)]
    split = split_users(users, seed)
    assert sorted(split.train + split.validation + split.test) == sorted(users)


def test_thirty_users_divide_into_18_6_and_6_and_another_seed_divides_otherwise() -> None:
    splits = [split_users(USERS, seed) for seed in range(3)]
    assert {(len(s.train), len(s.validation), len(s.test)) for s in splits} == {(18, 6, 6)}
    assert len({s.test for s in splits}) == 3
    assert splits[0] == split_users(reversed(USERS), 0)


def test_a_user_in_two_parts_is_refused() -> None:
    with pytest.raises(DataError, match="user b is in two parts"):
        UserSplit(("a", "b"), ("c",), ("b",))


def test_three_users_are_enough_for_three_parts() -> None:
    split = split_users(["a", "b", "c"], 0, validation=0.1)
    assert (len(split.train), len(split.validation), len(split.test)) == (1, 1, 1)


def test_too_few_users_to_divide_are_refused() -> None:
    with pytest.raises(DataError, match="too few to divide"):
        split_users(["a", "b"], 0)


@pytest.mark.parametrize("name", PROTOCOLS)
@given(seed=st.integers(0, 1000))
def test_in_every_fold_each_user_is_in_one_part_and_no_user_is_tested_twice(name: str, seed: int) -> None:
    splits = folds(parse_protocol(name), USERS, seed, official_test=USERS[:9])
    for split in splits:
        assert sorted(split.train + split.validation + split.test) == USERS
    tested = [user for split in splits for user in split.test]
    assert len(tested) == len(set(tested))


@pytest.mark.parametrize(("name", "count", "tested"), [("loso", 30, 1), ("groups:10", 10, 3), ("groups:30", 30, 1)])
def test_loso_and_groups_test_every_user(name: str, count: int, tested: int) -> None:
    splits = folds(parse_protocol(name), USERS, seed=0)
    assert len(splits) == count
    assert {len(split.test) for split in splits} == {tested}
    assert sorted(user for split in splits for user in split.test) == USERS


def test_groups_may_differ_by_one_person() -> None:
    assert sorted(len(split.test) for split in folds(Protocol("groups", 4), USERS, 0)) == [7, 7, 8, 8]


def test_the_official_protocol_tests_the_official_test_users() -> None:
    users = [f"hapt-{number:02d}" for number in range(1, 31)]
    (split,) = folds(parse_protocol("official"), users, 0, official_test=find("hapt").official_test)
    assert [int(user[-2:]) for user in split.test] == [2, 4, 9, 10, 12, 13, 18, 20, 24]


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("groups:31", "groups:31: 30 users make 2 to 30 groups"),
        ("groups:1", "groups:1: 30 users make 2 to 30 groups"),
        ("official", "no official test users"),
        ("loocv", "unknown protocol 'loocv': give holdout, loso, groups:K"),
        ("leave-one-set-out", "leave-one-set-out divides data sets, not users"),
    ],
)
def test_an_impossible_protocol_is_refused(name: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        folds(parse_protocol(name), USERS, 0)


SETS = {"a": USERS[:4], "b": USERS[4:11], "c": USERS[11:]}


@given(seed=st.integers(0, 1000))
def test_leaving_a_set_out_tests_all_of_its_people_and_nobody_else(seed: int) -> None:
    splits = set_folds(SETS, seed)
    assert list(splits) == list(SETS)
    for name, split in splits.items():
        assert list(split.test) == SETS[name]
        assert sorted(split.train + split.validation + split.test) == USERS
        assert len(split.validation) == 6


@pytest.mark.parametrize(
    ("sets", "message"),
    [
        ({"a": USERS}, "leave-one-set-out: the recipe has one data set; give two or more in data.datasets"),
        ({"a": USERS[:5], "b": USERS[4:]}, "leave-one-set-out: user u04 is in two data sets"),
    ],
)
def test_sets_that_cannot_be_left_out_are_refused(sets, message: str) -> None:
    with pytest.raises(DataError, match=message):
        set_folds(sets, 0)


@pytest.mark.parametrize("name", ["holdout", "loso", "groups:3"])
@pytest.mark.parametrize("hop", [10, 25])
def test_no_window_shares_a_sample_with_one_of_another_part(small_hapt, name: str, hop: int) -> None:
    config = load_recipe("uci-har", [f"data.hop={hop}"]).data
    windows = cut_windows(load("hapt", small_hapt), config)
    for split in folds(parse_protocol(name), windows.user.tolist(), 0):
        parts = [windows.of_users(users) for users in (split.train, split.validation, split.test)]
        assert sum(len(part.y) for part in parts) == len(windows.y)
        for one, other in combinations(parts, 2):
            assert not covered(one, config.window) & covered(other, config.window)


def covered(windows, length: int) -> set[tuple[str, int]]:
    """Every sample that some window holds."""
    steps = np.arange(length) * 20_000_000
    starts = zip(windows.recording.tolist(), windows.start_ns.tolist(), strict=True)
    return {(name, int(time)) for name, start in starts for time in start + steps}
