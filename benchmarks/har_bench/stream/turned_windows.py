"""Windows as the same device would have given them if it had been mounted another way."""

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.transform import Rotation

from har_runtime.signal.axes import turns
from har_runtime.signal.window import Window


def quarter_turns() -> list[NDArray[np.float64]]:
    """All 24 rotations by quarter turns, the identity first, each of shape (3, 3)."""
    found = [axes.turn(np.eye(3)).T for axes in turns()]
    return sorted(found, key=lambda rotation: -np.trace(rotation))


def random_turns(count: int, seed: int) -> list[NDArray[np.float64]]:
    """Rotations drawn evenly from all, each of shape (3, 3)."""
    return list(Rotation.random(count, np.random.default_rng(seed)).as_matrix())


def turned(window: Window, rotation: NDArray[np.float64]) -> Window:
    """A window of the device turned so that its vectors are `rotation` times what they were.

    Resampling treats each axis alike and adds up samples, so this is, but for rounding, what comes of turned samples.
    """
    imu = (window.imu.reshape(-1, 3).astype(np.float64) @ rotation.T).astype(np.float32).reshape(window.imu.shape)
    imu.flags.writeable = False
    return Window(window.segment, window.start_ns, imu)
