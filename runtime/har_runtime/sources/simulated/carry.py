"""Where on the body a simulated device is carried, and which way up."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from har_runtime.sources.simulated.rotation import matrix, smallest

PLACES = ("waist", "pocket")
"""Where real people were measured."""
AXES = {
    "x": (1.0, 0.0, 0.0),
    "-x": (-1.0, 0.0, 0.0),
    "y": (0.0, 1.0, 0.0),
    "-y": (0.0, -1.0, 0.0),
    "z": (0.0, 0.0, 1.0),
    "-z": (0.0, 0.0, -1.0),
}


@dataclass(frozen=True)
class Carry:
    """How the wearer carries the device."""

    place: str = PLACES[0]
    up: tuple[float, float, float] | None = None
    """The device's direction, of any length, that points up while the wearer walks; None for that of the person
    measured."""
    turn: float = 0.0
    """Degrees that the device is then turned about that direction, counter-clockwise seen from above."""

    def __str__(self) -> str:
        if self == Carry(self.place):
            return self.place
        up = "as measured" if self.up is None else direction_name(self.up)
        return f"{self.place}, up {up}" + (f", turned {self.turn:g} degrees" if self.turn else "")

    def rotation(self, measured: NDArray[np.float64]) -> NDArray[np.float64]:
        """From the device's axes on the person measured to those on this wearer, shape (3, 3).

        The smallest rotation to `up`, or half a turn about the axis of the device that is most level, and then `turn`.

        Args:
            measured: the direction that pointed up on the person measured, shape (3,).
        """
        if self == Carry(self.place):
            return np.eye(3)
        up = measured if self.up is None else np.array(self.up)
        # A device that turns one way sees the world turn the other way.
        turn = -math.radians(self.turn) / float(np.linalg.norm(up)) * up
        return matrix(turn) @ matrix(smallest(measured, up))


AT_THE_WAIST = Carry()


def parse_direction(text: str) -> tuple[float, float, float]:
    """A direction of the device: one of `AXES`, also with a +, or three numbers.

    >>> parse_direction("-y"), parse_direction("+x"), parse_direction("0,-0.9,0.4")
    ((0.0, -1.0, 0.0), (1.0, 0.0, 0.0), (0.0, -0.9, 0.4))

    Raises:
        ValueError: neither, or of no length.
    """
    name = text.strip().removeprefix("+")  # In the options of a URI, + is a space.
    if name in AXES:
        return AXES[name]
    try:
        x, y, z = (float(part) for part in name.split(","))
    except ValueError:
        x = y = z = math.nan
    if not 0.001 <= math.hypot(x, y, z) <= 1000:  # False for NaN.
        raise ValueError("give the axis that points up, such as -y, or a direction such as 0,-0.9,0.4")
    return x, y, z


def direction_name(direction: tuple[float, float, float]) -> str:
    """As `parse_direction` reads it.

    >>> direction_name((0.0, -1.0, 0.0)), direction_name((0.0, -0.9, 0.4))
    ('-y', '0,-0.9,0.4')
    """
    names = {axis: name for name, axis in AXES.items()}
    return names.get(direction, ",".join(f"{value:g}" for value in direction))
