"""Recordings of a person share a mounting only if up points the same way in them."""

import numpy as np
import pytest

from har_runtime.recording import Recording
from har_train.datasets import load
from har_train.datasets.mounting import with_mountings

UPRIGHT = ("walking", "standing")
UP = {"right": (0.0, 9.8, 0.5), "leaning": (0.0, 9.0, 3.0), "upside down": (0.0, -9.8, 0.5), "none": (0.0, 0.0, 0.0)}


def made(*activities: tuple[str, str]) -> list[Recording]:
    """A second of each activity, with the phone one way or another."""
    rng = np.random.default_rng(0)
    return [
        Recording(
            f"{index}-{label}",
            np.arange(50) * 20_000_000,
            np.array(UP[way]) + rng.normal(0, 1, (50, 3)) * (way != "none"),
            None,
            np.full(50, label),
        )
        for index, (label, way) in enumerate(activities)
    ]


def mountings(*activities: tuple[str, str]) -> list[str | None]:
    return [one.mounting for one in with_mountings(made(*activities), "anna", UPRIGHT, 30)]


def test_recordings_that_agree_share_the_mounting_whatever_is_between_them() -> None:
    assert mountings(("walking", "right"), ("sitting", "leaning"), ("standing", "leaning")) == ["anna"] * 3


def test_a_recording_upside_down_has_another_mounting_and_the_smaller_group_gets_a_number() -> None:
    given = [("walking", "upside down"), ("standing", "right"), ("walking", "right"), ("standing", "upside down")]
    assert mountings(*given, ("standing", "right")) == ["anna-2", "anna", "anna", "anna-2", "anna"]


@pytest.mark.parametrize(("after", "mounting"), [("right", "anna"), ("upside down", None)])
def test_somebody_sitting_shares_what_is_before_and_after_if_that_is_one(after: str, mounting: str | None) -> None:
    assert mountings(("walking", "right"), ("sitting", "right"), ("walking", after))[1] == mounting


def test_at_the_ends_the_only_neighbour_decides() -> None:
    given = [("sitting", "right"), ("walking", "right"), ("walking", "upside down"), ("sitting", "right")]
    assert mountings(*given) == ["anna", "anna", "anna-2", "anna-2"]


def test_without_anybody_upright_each_recording_stands_alone() -> None:
    assert mountings(("sitting", "right"), ("walking", "none"), ("sitting", "right")) == [None] * 3


def test_the_recordings_are_otherwise_unchanged() -> None:
    before = made(("walking", "right"), ("sitting", "right"))
    for one, other in zip(before, with_mountings(before, "anna", UPRIGHT, 30), strict=True):
        assert (other.name, other.times_ns, other.acc) == (one.name, one.times_ns, one.acc)


@pytest.mark.slow
def test_motionsense_shares_most_trials_and_tells_those_with_the_phone_upside_down(data) -> None:
    """Angles between up in the trial and in most of the person's: 173 and 158 degrees; 3 for wlk_7 to wlk_8."""
    mounting = {one.name: one.mounting for one in load("motionsense", data)}
    assert mounting["motionsense-07-wlk_7"] == mounting["motionsense-07-wlk_8"] == "motionsense-07"
    assert mounting["motionsense-07-wlk_15"] == "motionsense-07-2"
    assert mounting["motionsense-15-ups_3"] == "motionsense-15-2"
    assert sum(shared == name[:14] for name, shared in mounting.items()) > 0.9 * 360


@pytest.mark.slow
def test_wisdm_tells_sessions_and_phones_that_were_put_back_upside_down(data) -> None:
    mounting = {one.name: one.mounting for one in load("wisdm", data)}
    assert mounting["wisdm-1634-phone-A"] == mounting["wisdm-1634-phone-C"] == "wisdm-1634-phone"
    assert mounting["wisdm-1634-phone-B"] == mounting["wisdm-1634-phone-E"] == "wisdm-1634-phone-2"
    assert mounting["wisdm-1634-phone-F"] is None  # Between E and C, which differ by 156 degrees.
    assert mounting["wisdm-1611-phone-E"] == "wisdm-1611-phone-session2"  # Three days later.
    assert {mounting[f"wisdm-1643-watch-{code}"] for code in "ABCDEFPR"} == {"wisdm-1643-watch"}
