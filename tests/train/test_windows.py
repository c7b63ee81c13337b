"""Users are divided, never shared."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.conftest import simulated_recording

from har_runtime.errors import DataError
from har_train.windows import UserSplit, cut_windows, split_users


@given(st.integers(5, 60), st.integers(0, 1000))
def test_every_user_stands_in_exactly_one_part(count: int, seed: int) -> None:
    users = [f"u{number}" for number in range(count)]
    split = split_users(users, seed)
    assert sorted(split.train + split.validation + split.test) == sorted(users)


def test_thirty_users_divide_into_18_6_and_6_and_another_seed_divides_otherwise() -> None:
    users = [f"u{number:02d}" for number in range(30)]
    splits = [split_users(users, seed) for seed in range(3)]
    assert {(len(s.train), len(s.validation), len(s.test)) for s in splits} == {(18, 6, 6)}
    assert len({s.test for s in splits}) == 3
    assert splits[0] == split_users(reversed(users), 0)


def test_a_user_in_two_parts_is_refused() -> None:
    with pytest.raises(DataError, match="user b stands in two parts"):
        UserSplit(("a", "b"), ("c",), ("b",))


def test_too_few_users_to_divide_are_refused() -> None:
    with pytest.raises(DataError, match="too few to divide"):
        split_users(["a", "b"], 0)


def test_windows_of_some_users_are_theirs_alone() -> None:
    windows = cut_windows([simulated_recording(seed, 1000) for seed in range(3)], ("standing", "walking"))
    chosen = windows.of_users(["wearer-1"])
    assert set(chosen.user.tolist()) == {"wearer-1"}
    assert len(chosen.y) == len(chosen.x) < len(windows.y)
