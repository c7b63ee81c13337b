"""The simulated wearer: seeded, plausible, labelled, and carrying the device in any place and way."""

import itertools

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.conftest import simulated_recording

from har_runtime.contract import PERIOD_NS
from har_runtime.errors import SourceError
from har_runtime.samples import ImuChunk
from har_runtime.sources.simulated.carry import Carry
from har_runtime.sources.simulated.plan import NEXT, TOUR
from har_runtime.sources.simulated.wearer import FADE, Wearer

POCKET_TOUR = ["walking", "stairs_up", "stairs_down", "standing", "sitting"]


def doing(activity: str, carry: Carry, seed: int = 0) -> ImuChunk:
    """A minute of one activity."""
    return next(iter(Wearer(seed, [(activity, 60)], carry)))


def up_of(chunk: ImuChunk) -> NDArray[np.float64]:
    mean = chunk.acc.mean(axis=0)
    return mean / np.linalg.norm(mean)


def degrees_between(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    return float(np.degrees(np.arccos(np.clip(one @ other, -1, 1))))


@pytest.mark.parametrize("seed", range(6))
def test_it_moves_like_a_person(seed: int) -> None:
    recording = simulated_recording(seed, 6000)
    assert recording.labels is not None
    assert np.array_equal(recording.times_ns, np.arange(6000) * PERIOD_NS)
    magnitude = np.linalg.norm(recording.acc, axis=1)
    for activity in TOUR:
        mine = magnitude[recording.labels == activity]
        assert np.median(mine) == pytest.approx(9.81, abs=1.5), activity
        assert (mine.std() > 0.8) == (activity in ("walking", "stairs_up", "stairs_down")), activity


def test_the_same_seed_gives_the_same_samples_and_another_seed_others() -> None:
    a, b, c = simulated_recording(3, 2000), simulated_recording(3, 2000), simulated_recording(4, 2000)
    assert np.array_equal(a.acc, b.acc)
    assert not np.array_equal(a.acc, c.acc)


def test_every_activity_comes_within_two_minutes_and_in_a_possible_order() -> None:
    bouts = [str(chunk.labels[-1]) for chunk in itertools.islice(Wearer(1), 40)]
    assert set(bouts[:6]) == set(NEXT)
    assert all(after in NEXT[before] for before, after in itertools.pairwise(bouts[5:]))


def test_the_time_between_two_activities_is_unlabelled() -> None:
    first, second = itertools.islice(Wearer(1), 2)
    assert set(first.labels.tolist()) == {"standing"}
    assert set(second.labels[:75].tolist()) == {""}
    assert set(second.labels[75:].tolist()) == {"walking"}


def test_a_wearer_without_wishes_gives_the_samples_of_version_0_1() -> None:
    recording = simulated_recording(0, 6000)
    assert recording.acc.sum(axis=0) == pytest.approx([44017.43811591, 218.59192165, 16333.95776366], rel=1e-9)
    assert recording.gyro is not None
    assert recording.gyro.sum(axis=0) == pytest.approx([44.63764994, 0.60473027, -14.11167534], rel=1e-6)
    assert recording.acc[-1] == pytest.approx([9.881891049897042, -2.4869960086626466, -0.12563309888297564], rel=1e-9)


def test_another_way_up_at_the_waist_turns_the_same_samples() -> None:
    for usual, turned in zip(
        itertools.islice(Wearer(2), 8), Wearer(2, carry=Carry(up=(0.3, -0.5, 0.8), turn=70)), strict=False
    ):
        assert np.array_equal(turned.labels, usual.labels)
        imu, other = np.concatenate([usual.acc, usual.gyro]), np.concatenate([turned.acc, turned.gyro])
        rotation = np.linalg.lstsq(imu, other, rcond=None)[0]
        assert np.allclose(rotation @ rotation.T, np.eye(3), atol=1e-9)
        assert np.linalg.det(rotation) == pytest.approx(1)
        assert np.allclose(imu @ rotation, other, atol=1e-9)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("place", ["waist", "pocket"])
def test_the_axis_asked_for_points_up_while_walking_and_postures_lean_from_it(place: str, seed: int) -> None:
    carry = Carry(place, (0.0, -1.0, 0.0))
    assert degrees_between(up_of(doing("walking", carry, seed)), np.array([0.0, -1.0, 0.0])) < 3
    assert degrees_between(up_of(doing("standing", carry, seed)), np.array([0.0, -1.0, 0.0])) < 20
    lean = degrees_between(up_of(doing("sitting", carry, seed)), np.array([0.0, -1.0, 0.0]))
    assert 55 < lean < 95 if place == "pocket" else lean < 45  # A thigh is level, a trunk is not.


def test_in_a_pocket_it_does_what_people_were_measured_in_and_walks_first() -> None:
    bouts = [str(chunk.labels[-1]) for chunk in itertools.islice(Wearer(1, carry=Carry("pocket")), 40)]
    assert bouts[:5] == POCKET_TOUR
    assert "lying" not in bouts
    with pytest.raises(SourceError, match=r"cannot do 'lying' with place pocket; choose from sitting, standing, walk"):
        list(Wearer(1, [("lying", 5)], Carry("pocket")))


def test_after_a_move_the_device_points_elsewhere_and_nothing_is_labelled_meanwhile() -> None:
    plan = [("walking", 10.0), Carry("waist", (0.0, 0.0, 1.0)), ("walking", 10.0)]
    before, moved, after = Wearer(0, plan, Carry("pocket", (0.0, -1.0, 0.0)))
    assert set(before.labels.tolist()) == set(after.labels[FADE:].tolist()) == {"walking"}
    assert set(moved.labels.tolist()) == set(after.labels[:FADE].tolist()) == {""}
    assert 3 < len(moved.times_ns) * PERIOD_NS / 1e9 < 4  # Two seconds in the hand, and stopping before.
    assert degrees_between(up_of(before), np.array([0.0, -1.0, 0.0])) < 3
    assert degrees_between(up_of(after.part(FADE, len(after.times_ns))), np.array([0.0, 0.0, 1.0])) < 3
    acc = np.concatenate([moved.acc[FADE:], after.acc[: FADE // 2]])
    assert np.abs(np.diff(acc, axis=0)).max() < 2  # It is moved, not thrown.
    times = np.concatenate([before.times_ns, moved.times_ns, after.times_ns])
    assert np.array_equal(times, np.arange(len(times)) * PERIOD_NS)
