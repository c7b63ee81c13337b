"""A synthetic wearer with true labels, who carries a device in a place, any way up, and can move it."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import PERIOD_NS, SAMPLE_RATE_HZ
from har_runtime.errors import SourceError
from har_runtime.samples import ImuChunk
from har_runtime.sources.simulated.carry import AT_THE_WAIST, Carry
from har_runtime.sources.simulated.handling import handling
from har_runtime.sources.simulated.people import people
from har_runtime.sources.simulated.plan import TRANSITION_S, usual, walk_first

FADE = round(TRANSITION_S * SAMPLE_RATE_HZ)


class Wearer:
    """One synthetic person.

    >>> chunk = next(iter(Wearer(seed=3)))
    >>> chunk.acc.shape[1], str(chunk.labels[0])
    (3, 'standing')
    """

    def __init__(
        self, seed: int = 0, plan: Iterable[tuple[str, float] | Carry] | None = None, carry: Carry = AT_THE_WAIST
    ):
        """A wearer.

        Args:
            seed: chooses the person and the random numbers.
            plan: activities and their seconds, and between them how the device is carried from then on; None for all
                activities that are known of the place, endlessly.
            carry: how the device is carried at first.
        """
        self._seed, self._plan, self._carry = seed, plan, carry

    def __iter__(self) -> Iterator[ImuChunk]:
        """A chunk for each bout, with the transition from the one before; times start at 0.

        A move of the device is a chunk without labels: the wearer stands still, and a hand takes it from one place to
        the other.
        """
        rng = np.random.default_rng(self._seed)
        rise = (0.5 - 0.5 * np.cos(np.pi * np.arange(FADE) / FADE))[:, None]
        start = 0
        leaving: NDArray[np.float64] | None = None
        worn = _Worn(self._seed, self._carry)
        plan = self._plan
        if plan is None:
            place = self._carry.place
            plan = usual(rng, place) if place == AT_THE_WAIST.place else walk_first(rng, place)
        for item in plan:
            if isinstance(item, Carry):
                before, worn = worn, _Worn(self._seed, item)
                signal = _moved(before, worn, rng)
                labels = np.full(len(signal) - FADE, "")
            else:
                activity, seconds = item
                samples = round(seconds * SAMPLE_RATE_HZ)
                signal = worn.signal(activity, samples + 2 * FADE, rng)
                labels = np.full(samples + FADE, activity)
            if leaving is None:
                signal, labels = signal[FADE:], labels[FADE:]
            else:
                signal[:FADE] = (1 - rise) * leaving + rise * signal[:FADE]
                labels[:FADE] = ""
            leaving = signal[-FADE:]
            now = signal[:-FADE]
            times = (start + np.arange(len(now), dtype=np.int64)) * PERIOD_NS
            start += len(now)
            yield ImuChunk(times, now[:, :3], now[:, 3:], labels)


class _Worn:
    """What the device measures on one person, carried in one way."""

    def __init__(self, seed: int, carry: Carry):
        measured = people()[carry.place]
        self._place = carry.place
        self._activities = measured[seed % len(measured)]
        self._rotation = carry.rotation(self._activities["walking"].mean[:3])

    def signal(self, activity: str, samples: int, rng: np.random.Generator) -> NDArray[np.float64]:
        """Shape (samples, 6).

        Raises:
            SourceError: an activity that nobody was measured in, with the device at this place.
        """
        if activity not in self._activities:
            raise SourceError(
                f"the simulated wearer cannot do '{activity}' with place {self._place}; choose from "
                f"{', '.join(self._activities)}"
            )
        return self._turned(self._activities[activity].signal(samples, rng))

    def rest(self) -> NDArray[np.float64]:
        """Mean while standing, shape (6,)."""
        return self._turned(self._activities["standing"].mean)

    def _turned(self, signal: NDArray[np.float64]) -> NDArray[np.float64]:
        return (signal.reshape(-1, 3) @ self._rotation.T).reshape(signal.shape)


def _moved(before: _Worn, after: _Worn, rng: np.random.Generator) -> NDArray[np.float64]:
    """The wearer stands, moves the device, and stands: `FADE` samples, those of `handling`, and `FADE` samples."""
    moving = handling(before.rest()[:3], after.rest()[:3], rng)
    standing, standing_again = (worn.signal("standing", FADE + len(moving), rng) for worn in (before, after))
    share = np.arange(len(moving))[:, None] / len(moving)
    trembling = (1 - share) * (standing[FADE:] - before.rest()) + share * (standing_again[:-FADE] - after.rest())
    return np.concatenate([standing[:FADE], moving + trembling, standing_again[-FADE:]])
