"""Divides users into training, validation and test users: every protocol divides people, never windows."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from har_runtime.errors import DataError

LEAVE_ONE_SET_OUT = "leave-one-set-out"
"""The protocol that divides data sets, and with them their people: see `evaluation.left_out_sets`."""


@dataclass(frozen=True)
class UserSplit:
    """Users whose windows train the network, decide when to stop, and are only scored."""

    train: tuple[str, ...]
    validation: tuple[str, ...]
    test: tuple[str, ...]

    def __post_init__(self) -> None:
        everyone = [*self.train, *self.validation, *self.test]
        twice = sorted({user for user in everyone if everyone.count(user) > 1})
        if twice:
            raise DataError(f"user {twice[0]} is in two parts of the split; put each user in one")
        if not (self.train and self.validation and self.test):
            raise DataError(f"{len(everyone)} users are too few to divide into train, validation and test")


def split_users(users: Iterable[str], seed: int, validation: float = 0.2, test: float = 0.2) -> UserSplit:
    """Divide users at random, by default into the paper's 60/20/20 (section 4.1.3).

    Raises:
        DataError: too few users for three parts.

    >>> split = split_users([f"u{n}" for n in range(10)], seed=0)
    >>> len(split.train), len(split.validation), len(split.test)
    (6, 2, 2)
    """
    names = sorted(set(users))
    order = np.random.default_rng(seed).permutation(len(names))
    n_test, n_validation = (max(1, round(share * len(names))) for share in (test, validation))
    parts = np.split(order, [n_test, n_test + n_validation])
    chosen = [tuple(sorted(names[index] for index in part)) for part in parts]
    return UserSplit(train=chosen[2], validation=chosen[1], test=chosen[0])


@dataclass(frozen=True)
class Protocol:
    """How users are divided for a cross-validation."""

    kind: str
    """"holdout" (one split by fractions), "loso" (leave one subject out), "groups" (each of `groups` groups of users is
    tested once), "official" (the data set's own test users), "leave-one-set-out" (each data set's people are tested
    once, by what the other data sets teach)."""
    groups: int = 0

    def __str__(self) -> str:
        return f"{self.kind}:{self.groups}" if self.kind == "groups" else self.kind


def parse_protocol(text: str) -> Protocol:
    """A protocol from its name on the command line.

    >>> parse_protocol("groups:10")
    Protocol(kind='groups', groups=10)

    Raises:
        DataError: no such protocol.
    """
    if match := re.fullmatch(r"groups:(\d+)", text):
        return Protocol("groups", int(match[1]))
    if text in ("holdout", "loso", "official", LEAVE_ONE_SET_OUT):
        return Protocol(text)
    raise DataError(
        f"unknown protocol '{text}': give holdout, loso, groups:K (such as groups:10), official or {LEAVE_ONE_SET_OUT}"
    )


def folds(
    protocol: Protocol,
    users: Iterable[str],
    seed: int,
    validation: float = 0.2,
    test: float = 0.2,
    official_test: Sequence[str] = (),
) -> list[UserSplit]:
    """The splits of a protocol that divides users; no user is tested in two of them.

    Validation users are drawn separately for each fold from the users that it does not test: a fraction `validation` of
    all users, at least one.

    Args:
        users: all users, repetitions allowed.
        seed: decides the groups and the validation users.
        test: fraction of the users that "holdout" tests.
        official_test: the users that "official" tests.

    Raises:
        DataError: too few users for the protocol, a data set without an official split, or leave-one-set-out, which
            divides data sets.
    """
    names = sorted(set(users))
    if protocol.kind == "holdout":
        return [split_users(names, seed, validation, test)]
    if protocol.kind == "loso":
        tested = [(name,) for name in names]
    elif protocol.kind == "groups":
        if not 2 <= protocol.groups <= len(names):
            raise DataError(f"groups:{protocol.groups}: {len(names)} users make 2 to {len(names)} groups")
        order = np.random.default_rng(seed).permutation(len(names))
        tested = [tuple(sorted(names[index] for index in part)) for part in np.array_split(order, protocol.groups)]
    elif protocol.kind == LEAVE_ONE_SET_OUT:
        raise DataError(f"{LEAVE_ONE_SET_OUT} divides data sets, not users: see har_train.evaluation.left_out_sets")
    else:
        tested = [tuple(name for name in names if name in set(official_test))]
        if not official_test:
            raise DataError("official: this data set has no official test users; use groups:K, loso or holdout")
    return [_with_validation(names, part, seed, index, validation) for index, part in enumerate(tested)]


def set_folds(users: Mapping[str, Collection[str]], seed: int, validation: float = 0.2) -> dict[str, UserSplit]:
    """For each data set the split that tests its people; validation users are drawn as in `folds`.

    Args:
        users: of each data set.

    Raises:
        DataError: one data set alone, or a user of two data sets.

    >>> set_folds({"a": ["a1", "a2"], "b": ["b1", "b2", "b3"]}, seed=0)["a"].test
    ('a1', 'a2')
    """
    if len(users) < 2:
        raise DataError(f"{LEAVE_ONE_SET_OUT}: the recipe has one data set; give two or more in data.datasets")
    names = sorted(name for part in users.values() for name in set(part))
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise DataError(f"{LEAVE_ONE_SET_OUT}: user {twice[0]} is in two data sets")
    return {
        name: _with_validation(names, tuple(sorted(set(part))), seed, index, validation)
        for index, (name, part) in enumerate(users.items())
    }


def _with_validation(names: list[str], tested: tuple[str, ...], seed: int, fold: int, fraction: float) -> UserSplit:
    rest = [name for name in names if name not in set(tested)]
    order = np.random.default_rng((seed, fold)).permutation(len(rest)).tolist()
    count = max(1, round(fraction * len(names)))
    chosen = {rest[index] for index in order[:count]}
    return UserSplit(
        train=tuple(name for name in rest if name not in chosen),
        validation=tuple(name for name in rest if name in chosen),
        test=tested,
    )
