"""The simulated wearer: seeded, plausible and labelled."""

import itertools

import numpy as np
import pytest
from tests.conftest import simulated_recording

from har_runtime.contract import PERIOD_NS
from har_runtime.sources.simulated.wearer import NEXT, TOUR, Wearer


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
