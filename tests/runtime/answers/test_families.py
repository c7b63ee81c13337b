"""Families: what contains what, and when a family is the answer."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.runtime.fake_model import CARD, FAMILIES, LABELS, imu

from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.families import Choice, Chooser, Families
from har_runtime.answers.smoothing import Smoothed, likeliest
from har_runtime.contract import FAMILIES as ALL_FAMILIES
from har_runtime.signal.window import Up, Window

STILL = [LABELS.index(label) for label in FAMILIES["still"]]
NAMES = (*LABELS, *FAMILIES)


def chosen(
    coarse: bool = True, minimum: float | None = 0.7, together=(), card: Any = CARD, **probabilities: Any
) -> Choice:
    """The answer to these probabilities of labels; the others share what is left."""
    left = (1 - sum(probabilities.values())) / (len(LABELS) - len(probabilities))
    row = np.array([probabilities.get(label, left) for label in LABELS])
    return Chooser(card, minimum, coarse).step(Smoothed(likeliest(row, together), row), together)


def told(choice: Choice) -> tuple[str, float, str | None]:
    return choice.activity, round(choice.confidence, 6), choice.reason


def test_a_family_covers_its_labels_and_narrower_families() -> None:
    families = Families(FAMILIES)
    covered = {wide: {narrow for narrow in NAMES if families.covers(wide, narrow)} for wide in FAMILIES}
    assert covered == {
        "resting": {"resting", "sitting", "lying"},
        "still": {"still", "resting", "standing", "sitting", "lying"},
        "on_foot": {"on_foot", "walking", "stairs_up"},
    }
    assert all(families.covers(label, other) == (label == other) for label in LABELS for other in NAMES)


@given(st.sampled_from(NAMES), st.sampled_from(NAMES))
def test_of_two_answers_that_may_both_be_right_one_is_the_narrower_in_any_order(one: str, other: str) -> None:
    families = Families(FAMILIES)
    narrower = families.narrower(one, other)
    assert narrower == families.narrower(other, one)
    assert (narrower is not None) == (families.covers(one, other) or families.covers(other, one))
    assert narrower is None or (families.covers(one, narrower) and families.covers(other, narrower))


def test_without_families_an_answer_covers_itself_alone() -> None:
    plain = Families()
    assert plain.covers("walking", "walking") and not plain.covers("on_foot", "walking")


def test_a_label_that_is_sure_enough_is_the_answer() -> None:
    assert told(chosen(walking=0.7, stairs_up=0.3)) == ("walking", 0.7, None)


def test_the_narrowest_family_that_is_sure_enough_is_the_answer_with_its_sum() -> None:
    assert told(chosen(walking=0.5, stairs_up=0.45)) == ("on_foot", 0.95, None)
    assert told(chosen(sitting=0.4, lying=0.35, standing=0.2)) == ("resting", 0.75, None)
    assert told(chosen(sitting=0.4, lying=0.25, standing=0.3)) == ("still", 0.95, None)
    assert told(chosen(walking=0.36, sitting=0.34, lying=0.3)) == (UNKNOWN, 0.36, "unsure")


def test_of_two_families_without_a_common_label_the_likelier_is_the_answer() -> None:
    assert told(chosen(minimum=0.4, walking=0.3, stairs_up=0.25, sitting=0.25, lying=0.2)) == ("on_foot", 0.55, None)


def test_only_if_no_family_is_sure_enough_the_activity_is_unknown() -> None:
    assert told(chosen(walking=0.5, sitting=0.5)) == (UNKNOWN, 0.5, "unsure")


def test_without_coarse_answers_or_thresholds_there_are_no_families() -> None:
    assert told(chosen(coarse=False, walking=0.5, stairs_up=0.45)) == (UNKNOWN, 0.5, "unsure")
    assert told(chosen(minimum=None, walking=0.5, stairs_up=0.45)) == ("walking", 0.5, None)
    assert told(chosen(card=replace(CARD, families={}), walking=0.5, stairs_up=0.45)) == (UNKNOWN, 0.5, "unsure")


def test_a_label_unknown_that_wins_is_unknown_since_the_window_is_like_nothing() -> None:
    assert told(chosen(unknown=0.9)) == (UNKNOWN, 0.9, "unlike")
    assert told(chosen(unknown=0.5)) == (UNKNOWN, 0.5, "unlike")
    assert told(chosen(minimum=None, unknown=0.5)) == (UNKNOWN, 0.5, "unlike")
    assert told(chosen(unknown=0.25, walking=0.24, stairs_up=0.5)) == ("on_foot", 0.74, None)


@pytest.mark.parametrize("minimum", [0.7, None])
def test_postures_that_cannot_be_told_apart_are_still(minimum: float | None) -> None:
    spread: dict[str, Any] = {"sitting": 0.3, "standing": 0.3, "lying": 0.3}
    assert told(chosen(minimum=minimum, together=STILL, **spread)) == ("still", 0.9, None)
    assert told(chosen(minimum=minimum, together=STILL, sitting=0.98)) == ("still", 0.988, None)
    assert told(chosen(False, minimum, STILL, sitting=0.98)) == (UNKNOWN, 0.98, "unsure")
    assert told(chosen(minimum=minimum, together=STILL, walking=0.9)) == ("walking", 0.9, None)


def test_together_they_are_likelier_than_an_activity_that_each_is_less_likely_than() -> None:
    assert told(chosen(minimum=0.5, together=STILL, walking=0.4, sitting=0.3, lying=0.3)) == ("still", 0.6, None)


def test_a_family_never_tells_postures_apart_that_the_window_does_not_show() -> None:
    assert told(chosen(minimum=0.65, together=STILL, sitting=0.34, lying=0.33, walking=0.3))[0] == "still"
    assert told(chosen(together=STILL, walking=0.4, stairs_up=0.35, sitting=0.2)) == ("on_foot", 0.75, None)


@pytest.mark.parametrize(
    ("up", "together"),
    [
        (None, []),
        (Up((0, 0, 1), "window"), STILL),
        (Up((0, 0, 1), "gait"), []),
        (Up((0, 0, 1), "given"), []),
    ],
)
def test_postures_count_together_until_it_is_known_which_way_is_up(up: Up | None, together: list[int]) -> None:
    window = Window(0, 0, imu("sitting"), up)
    assert list(Chooser(CARD, 0.7).together(window)) == together
    assert list(Chooser(replace(CARD, families={}), 0.7).together(window)) == []


@given(
    st.lists(st.floats(0.001, 1), min_size=6, max_size=6),
    st.sampled_from([None, 0.4, 0.7, 0.99]),
    st.booleans(),
    st.booleans(),
)
def test_whatever_comes_the_answer_is_sure_enough_or_unknown(row, minimum, coarse: bool, hidden: bool) -> None:
    probabilities, together = np.array(row) / sum(row), STILL if hidden else []
    choice = Chooser(CARD, minimum, coarse).step(Smoothed(likeliest(probabilities, together), probabilities), together)
    assert (choice.activity == UNKNOWN) == (choice.reason is not None)
    assert 0 <= choice.confidence <= 1
    if choice.reason is None and minimum is not None:
        assert choice.confidence >= minimum - 1e-9
    if not coarse or (minimum is None and not hidden):
        assert choice.activity in LABELS
    if hidden:
        assert choice.activity not in ("resting", *FAMILIES["still"])


def test_the_families_of_the_contract_come_the_narrowest_first() -> None:
    sizes = [len(labels) for labels in ALL_FAMILIES.values()]
    assert sizes == sorted(sizes)
