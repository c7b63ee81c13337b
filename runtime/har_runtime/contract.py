"""The signal contract: the input of every haredge model, in Python, Java and JavaScript alike.

Acceleration in m/s^2 with gravity, angular rate in rad/s, device axes in the Android convention (a phone lying face
up at rest reads about +9.81 on z). Windows of 1 s at 50 Hz that overlap by half are the paper's (section 4.1.3).
"""

from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from har_runtime.errors import DataError

SAMPLE_RATE_HZ: Final = 50
PERIOD_NS: Final = 1_000_000_000 // SAMPLE_RATE_HZ
WINDOW: Final = 50
"""Samples in a window (1 s)."""
HOP: Final = 25
"""Samples between the starts of two windows (0.5 s)."""
HOP_S: Final = HOP / SAMPLE_RATE_HZ
"""Seconds between two answers, and the time that each stands for: windows overlap by the rest."""
MAX_GAP_NS: Final = 100_000_000
"""A longer gap (0.1 s) between two samples ends a segment: nothing is interpolated across it."""
MIN_RATE_HZ: Final = 20

CHANNELS: Final = ("acc_x", "acc_y", "acc_z", "gyro_x", "gyro_y", "gyro_z")
UNITS: Final = ("m/s^2", "m/s^2", "m/s^2", "rad/s", "rad/s", "rad/s")
FRAMES: Final = ("device", "upright")
"""What a window's axes are: those of the device in the Android convention (right-handed; the axis that points up reads
about +9.81 at rest), or those turned so that the wearer's up is +z, see `signal.upright`."""
PLACES: Final = ("torso", "thigh", "wrist")
"""Parts of the body that a sensor is worn on, as far as they differ in what they show of an activity."""
PLACE_OF: Final = {
    "waist": "torso",
    "hip": "torso",
    "chest": "torso",
    "pocket": "thigh",
    "thigh": "thigh",
    "wrist": "wrist",
}
"""The part of the body of each placement that recordings and users name."""
FAMILIES: Final = {
    "resting": ("sitting", "lying"),
    "still": ("standing", "sitting", "lying"),
    "on_foot": ("walking", "running", "stairs_up", "stairs_down"),
}
"""Answers that stand for several activities, the narrowest first; a card's families have those that the model knows."""
STANDARD_GRAVITY: Final = 9.80665
"""m/s^2 in one g (ISO 80000-3); data sets in g are multiplied by it."""


def to_ns(times: ArrayLike) -> NDArray[np.int64]:
    """Sensor times as int64 nanoseconds.

    Args:
        times: shape (n,), float seconds or integer nanoseconds. NaN and infinite times become the smallest int64,
            which the resampler drops and counts as not finite.

    Raises:
        DataError: a float time beyond +-292 years, which cannot be seconds.
    """
    array = np.atleast_1d(np.asarray(times))
    if np.issubdtype(array.dtype, np.integer):
        return array.astype(np.int64, copy=False)
    seconds = array.astype(np.float64, copy=False)
    finite = np.isfinite(seconds)
    if np.any(np.abs(seconds[finite]) > 9.2e9):
        worst = seconds[finite][np.argmax(np.abs(seconds[finite]))]
        raise DataError(f"time {worst:g} s is out of range: give float seconds or integer nanoseconds")
    out = np.full(seconds.shape, np.iinfo(np.int64).min, dtype=np.int64)
    out[finite] = np.rint(seconds[finite] * 1e9).astype(np.int64)
    return out
