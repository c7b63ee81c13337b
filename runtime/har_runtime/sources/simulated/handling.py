"""The signal while a hand takes a device out, turns it, and puts it in elsewhere."""

import itertools

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import SAMPLE_RATE_HZ
from har_runtime.sources.simulated.rotation import matrix, smallest

HANDLING_S = 2.0
WOBBLE_RADIANS = 0.25
"""How far the device turns to and fro on its way. With WOBBLE_HZ, its angular rates (root mean square 1 to 2 rad/s) are
those of the ends of MotionSense's trials, in which phones come out of pockets."""
WOBBLE_HZ = (0.5, 1.5)
SHAKE = 1.3
"""m/s^2, standard deviation of what the hand adds to gravity at its liveliest, by the same trials."""
SHAKE_HZ = 2.0
"""The hand shakes no faster: it is slow beside a step's impact."""


def handling(start: NDArray[np.float64], end: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    """Gravity goes from `start` to `end` in the device's axes, and the gyroscope tells of the same turn.

    Args:
        start: acceleration at rest before, m/s^2, shape (3,).
        end: the same afterwards.
        rng: chooses the way and how the hand shakes.

    Returns:
        m/s^2 and rad/s at 50 Hz for `HANDLING_S`, shape (100, 6).
    """
    samples = round(HANDLING_S * SAMPLE_RATE_HZ)
    done = np.arange(samples + 1)[:, None] / samples
    lively, share = np.sin(np.pi * done) ** 2, 0.5 - 0.5 * np.cos(np.pi * done)
    wobble = WOBBLE_RADIANS * lively * _sway(rng, samples + 1, WOBBLE_HZ)
    turns = [matrix(rest) @ matrix(turn) for rest, turn in zip(wobble, share * smallest(start, end), strict=True)]
    length = np.linalg.norm(start) + share * (np.linalg.norm(end) - np.linalg.norm(start))
    gravity = length * np.array([turn @ start for turn in turns]) / np.linalg.norm(start)
    shake = np.sqrt(2) * SHAKE * lively * _sway(rng, samples + 1, (WOBBLE_HZ[0], SHAKE_HZ))
    # The world turns by `between` in the device's axes, so the device turns by its inverse.
    between = [after @ before.T for before, after in itertools.pairwise(turns)]
    rates = [-_small_rotation(turn) * SAMPLE_RATE_HZ for turn in between]
    return np.concatenate([(gravity + shake)[:-1], np.array(rates)], axis=1)


def _sway(rng: np.random.Generator, samples: int, hz: tuple[float, float]) -> NDArray[np.float64]:
    """A sine for each axis, of its own frequency and phase, shape (samples, 3)."""
    times = np.arange(samples)[:, None] / SAMPLE_RATE_HZ
    return np.sin(2 * np.pi * (rng.uniform(*hz, 3) * times + rng.uniform(size=3)))


def _small_rotation(turn: NDArray[np.float64]) -> NDArray[np.float64]:
    """The rotation vector of a matrix that turns by few degrees, shape (3,)."""
    return np.array([turn[2, 1] - turn[1, 2], turn[0, 2] - turn[2, 0], turn[1, 0] - turn[0, 1]]) / 2
