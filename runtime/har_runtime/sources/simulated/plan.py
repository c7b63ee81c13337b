"""What the simulated wearer does one after the other, and when the device is moved."""

from collections.abc import Iterator

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
FRESH_TOUR = (*TOUR[1:4], *TOUR[:1], *TOUR[4:])
"""The first bouts with the device in a pocket, or after it was moved: walking shows first which way is up."""
FRESH_BOUT_S = (7.0, 10.0)
"""Their length, so that a tour before a move and one after it take two minutes."""
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
    for activity, seconds in bouts(rng, first.place, fresh=True):
        left = at_s - begin
        if left < seconds + TRANSITION_S + FRESH_BOUT_S[0]:  # Another bout before the move would be too short.
            yield activity, left
            break
        yield activity, seconds
        begin += seconds + TRANSITION_S
    yield then
    yield from bouts(rng, then.place, fresh=True)


def bouts(rng: np.random.Generator, place: str, fresh: bool) -> Iterator[tuple[str, float]]:
    """A tour through the activities that are known of a place, then any that can follow each other, endlessly."""
    known = people()[place][0]
    tour, bout_s = (FRESH_TOUR, FRESH_BOUT_S) if fresh else (TOUR, BOUT_S)
    activity = ""
    for activity in (name for name in tour if name in known):
        yield activity, rng.uniform(*bout_s)
    while True:
        activity = str(rng.choice([name for name in NEXT[activity] if name in known]))
        yield activity, rng.uniform(*BOUT_S)
