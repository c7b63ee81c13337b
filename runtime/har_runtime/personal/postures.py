"""Whether a stretch is of the posture that was asked for, as far as gravity and features can show it.

A posture is refused by its angle to upright where it is worn on the torso or the thigh. Over ten seconds, HAPT's people
(torso) sit at most 63 degrees from upright and lie at least 78; at the thigh (MotionSense, WISDM, DiFronzo) standing is
below 45 in 98 of 100 stretches, and sitting at least 70. At the wrist an angle shows nothing.

Sitting and standing at the torso can have the same angle. Then two stretches are compared: if neither gravity nor the
features tell them apart, that deserves a warning and no refusal, for it may be how the person is. In 59 recordings of
HAPT, 51 who go on standing instead of sitting down are warned, and one who does sit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_runtime.classify import Prediction
from har_runtime.contract import FAMILIES
from har_runtime.model.card import Prototypes
from har_runtime.personal.head import Whitener
from har_runtime.signal.axes import degrees_between
from har_runtime.signal.upright import FREE_FALL, MOVED_DEGREES, in_device_axes

POSTURES = FAMILIES["still"]
STEPS = ("walking", "stairs_up", "stairs_down")
"""Activities whose mean acceleration is up; that of running is less steady."""
ANGLES = {
    "torso": {"standing": (0.0, 45.0), "sitting": (0.0, 70.0), "lying": (70.0, 180.0)},
    "thigh": {"standing": (0.0, 45.0), "sitting": (45.0, 180.0), "lying": (45.0, 180.0)},
}
"""Degrees from upright between which a posture is, by the card's place."""
ALIKE_DEGREES = 6.0
"""Smaller angles between the gravity of two postures show no difference: who goes on standing stays within 2."""
ALIKE_DISTANCE = 6.0
"""The same for the means of whitened features, in standard deviations: between two stretches of the same standing 98 %
are nearer."""
_Z = np.array([0.0, 0.0, 1.0])


@dataclass(frozen=True)
class Posture:
    """What is compared of a stretch."""

    gravity: NDArray[np.float64]
    """Unit vector of its mean acceleration, axes of the device."""
    features: NDArray[np.float64]
    """The mean, whitened."""


def posture_of(predictions: Sequence[Prediction], prototypes: Prototypes) -> Posture | None:
    """That of a stretch; None if its acceleration has no direction."""
    gravity = mean_direction(predictions)
    if gravity is None:
        return None
    features = np.stack([one.features for one in predictions if one.features is not None])
    return Posture(gravity, Whitener(prototypes)(features).mean(axis=0))


def mean_direction(predictions: Sequence[Prediction]) -> NDArray[np.float64] | None:
    """Unit vector of the mean acceleration, axes of the device; None in free fall."""
    return _direction(np.stack([in_device_axes(one.window)[:, :3].mean(axis=0) for one in predictions]))


def why_another(label: str, predictions: Sequence[Prediction], place: str | None) -> str | None:
    """Why windows cannot be of a posture, one line; None if they can be, or if that cannot be known.

    Args:
        predictions: whose windows are turned so that up is +z.
        place: of the card's places; None if it is not known.
    """
    angles = ANGLES.get(place or "", {})
    if label not in angles or any(one.window.up is None for one in predictions):
        return None
    direction = _direction(np.stack([one.window.imu[:, :3].mean(axis=0) for one in predictions]))
    if direction is None:
        return None
    angle = degrees_between(direction, _Z)
    if _within(angle, angles[label]):
        return None
    seen = " or ".join(name for name, limits in angles.items() if _within(angle, limits))
    return f"{label}: that looked like {seen}, {angle:.0f} degrees from upright"


def why_not_upright(
    gait: NDArray[np.float64] | None, up: Sequence[float] | None, place: str | None, label: str = "standing"
) -> str | None:
    """Why a direction that was measured while standing is not up, one line; None if it is, or nothing shows it.

    Args:
        gait: mean direction while walking, axes of the device; None if nobody walked.
        up: measured while standing.
        place: of the card's places; None if it is not known.
    """
    if gait is None or up is None or place not in ANGLES:
        return None
    angle = degrees_between(gait, up)
    if angle <= MOVED_DEGREES:
        return None
    return f"{label}: that was {angle:.0f} degrees from upright, as walking shows it"


def alike(one: Posture, other: Posture) -> bool:
    """Whether neither gravity nor features tell two postures apart."""
    if degrees_between(one.gravity, other.gravity) >= ALIKE_DEGREES:
        return False
    return float(np.linalg.norm(one.features - other.features)) < ALIKE_DISTANCE


def _direction(means: NDArray[np.floating]) -> NDArray[np.float64] | None:
    mean = means.astype(np.float64).mean(axis=0)
    length = float(np.linalg.norm(mean))
    return mean / length if length >= FREE_FALL else None


def _within(angle: float, limits: tuple[float, float]) -> bool:
    return limits[0] <= angle <= limits[1]
