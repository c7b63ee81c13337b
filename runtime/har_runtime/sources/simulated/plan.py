"""What the simulated wearer does one after the other, and when the device is moved."""

from collections.abc import Iterator, Sequence

import numpy as np

from har_runtime.sources.simulated.carry import Carry
from har_runtime.sources.simulated.people import people

TOUR = ("standing", "walking", "stairs_up", "stairs_down", "sitting", "lying")
"""The first bouts, so that even a short run shows every activity; after them NEXT applies."""
NEXT = {
    "lying": ("sitting",),
    "sitting": ("lying", "standing"),
    "standing": ("sitting", "walking"),
    "walking": ("standing", "stairs_up", "stairs_down"),
    "stairs_up": ("walking", "stairs_down"),
    "stairs_down": ("walking", "stairs_up"),
}
BOUT_S = (8.0, 16.0)
WALK_S = (12.0, 15.0)
"""With the device in a pocket, and before and after a move, the wearer walks first: gait shows which way is up."""
TOUR_AFTER_WALK = (*TOUR[2:4], *TOUR[:1], *TOUR[4:])
SHORT_TOUR_AFTER_WALK = TOUR_AFTER_WALK[1:]
"""After a move."""
TOUR_BOUT_S = (8.0, 10.0)
"""Length of their bouts, so that with a move between them both tours take two minutes."""
TRANSITION_S = 1.5
"""One activity fades into the next over this time, which has no label."""


def plan_with_move(seed: int, first: Carry, at_s: float, then: Carry) -> Iterator[tuple[str, float] | Carry]:
    """An endless plan for a `Wearer` who moves the device once, and walks first before and after it.

    Args:
        seed: chooses the bouts.
        first: how the device is carried at first.
        at_s: seconds after which the move begins.
        then: how it is carried afterwards.
    """
    rng = np.random.default_rng((seed, 1))
    begin = 0.0
    for activity, seconds in walk_first(rng, first.place):
        left = at_s - begin
        if left < seconds + TRANSITION_S + TOUR_BOUT_S[0]:  # Another bout before the move would be too short.
            yield activity, left
            break
        yield activity, seconds
        begin += seconds + TRANSITION_S
    yield then
    yield from walk_first(rng, then.place, SHORT_TOUR_AFTER_WALK)


def usual(rng: np.random.Generator, place: str) -> Iterator[tuple[str, float]]:
    """All activities that are known of a place, endlessly, with their seconds: the tour first."""
    return _bouts(rng, place, [(activity, BOUT_S) for activity in TOUR])


def walk_first(
    rng: np.random.Generator, place: str, tour: tuple[str, ...] = TOUR_AFTER_WALK
) -> Iterator[tuple[str, float]]:
    """The same, but the wearer walks for some time and then tours through the others in shorter bouts."""
    return _bouts(rng, place, [("walking", WALK_S), *((activity, TOUR_BOUT_S) for activity in tour)])


def _bouts(
    rng: np.random.Generator, place: str, tour: Sequence[tuple[str, tuple[float, float]]]
) -> Iterator[tuple[str, float]]:
    """A tour, each activity with the limits of its seconds, and then any that can follow each other, endlessly."""
    known = people()[place][0]
    activity = ""
    for activity, seconds in ((name, seconds) for name, seconds in tour if name in known):
        yield activity, rng.uniform(*seconds)
    while True:
        activity = str(rng.choice([name for name in NEXT[activity] if name in known]))
        yield activity, rng.uniform(*BOUT_S)
