"""`--axes x=-y,y=x,z=z`: turns the axes of a sensor into the contract's frame."""

import itertools
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import SourceError
from har_runtime.samples import SampleChunk

NAMES = "xyz"


@dataclass(frozen=True)
class Axes:
    """A rotation by quarter turns: which axis of the sensor each axis of the contract's frame is.

    >>> axes = parse_axes("x=-y,y=x,z=z")
    >>> axes.turn(np.array([[1.0, 2.0, 3.0]])).tolist()
    [[-2.0, 1.0, 3.0]]
    >>> str(axes)
    'x=-y,y=x,z=z'
    """

    order: tuple[int, int, int]
    """For each axis of the frame, the sensor's axis: 0, 1 or 2."""
    signs: tuple[int, int, int]
    """For each axis of the frame, 1 or -1."""

    def __str__(self) -> str:
        given = zip(NAMES, self.order, self.signs, strict=True)
        return ",".join(f"{name}={'-' if sign < 0 else ''}{NAMES[axis]}" for name, axis, sign in given)

    def turn(self, vectors: NDArray[np.float64]) -> NDArray[np.float64]:
        """Vectors of the sensor in the contract's frame, shape (n, 3) or (3,)."""
        return vectors[..., self.order] * np.array(self.signs, np.float64)

    def after(self, first: "Axes") -> "Axes":
        """`first` and then this one, combined."""
        given = list(zip(self.order, self.signs, strict=True))
        order, signs = [first.order[axis] for axis, _ in given], [first.signs[axis] * sign for axis, sign in given]
        return Axes((order[0], order[1], order[2]), (signs[0], signs[1], signs[2]))

    @property
    def mirrors(self) -> bool:
        """Whether it is a mirror image instead of a rotation."""
        odd = [self.order[0] > self.order[1], self.order[0] > self.order[2], self.order[1] > self.order[2]]
        return (sum(odd) % 2 == 1) != (self.signs[0] * self.signs[1] * self.signs[2] < 0)


IDENTITY = Axes((0, 1, 2), (1, 1, 1))


def parse_axes(text: str) -> Axes:
    """Parse `x=-y,y=x,z=z`: the contract's x is the sensor's -y, and so on.

    Raises:
        SourceError: not each axis once on either side, or a mirror image.
    """
    sources: dict[str, str] = {}
    for part in text.replace(" ", "").lower().split(","):
        name, _, source = part.partition("=")
        sources[name if name not in sources else ""] = source
    axes = [source.lstrip("+-") for source in sources.values()]
    if sorted(sources) != list(NAMES) or sorted(axes) != list(NAMES) or any(len(s) > 2 for s in sources.values()):
        raise SourceError(
            f"--axes {text}: each of x, y and z must be given once on each side, with or without a minus, e.g. "
            "x=-y,y=x,z=z"
        )
    order = [NAMES.index(sources[name].lstrip("+-")) for name in NAMES]
    signs = [-1 if sources[name].startswith("-") else 1 for name in NAMES]
    found = Axes((order[0], order[1], order[2]), (signs[0], signs[1], signs[2]))
    if found.mirrors:
        advice = "change one sign, or swap two axes"
        if found.signs == (-1, -1, -1) and found.order == IDENTITY.order:
            advice = "if acceleration has Apple's sign, add sign=apple to the source's options"
        raise SourceError(
            f"--axes {text}: this is a mirror image, which no mounting makes, and it would reverse the gyroscope: "
            f"{advice}"
        )
    return found


def turns() -> Iterator[Axes]:
    """All 24 rotations by quarter turns."""
    for order in itertools.permutations(range(3)):
        for signs in itertools.product((1, -1), repeat=3):
            axes = Axes((order[0], order[1], order[2]), (signs[0], signs[1], signs[2]))
            if not axes.mirrors:
                yield axes


def turned(
    chunks: Iterable[SampleChunk], axes: Axes, gyro_bias: tuple[float, float, float] = (0.0, 0.0, 0.0)
) -> Iterator[SampleChunk]:
    """The chunks in the contract's frame, with the gyroscope's bias (rad/s, in that frame) subtracted."""
    bias = np.array(gyro_bias)
    for chunk in chunks:
        acc = None if chunk.acc is None else axes.turn(chunk.acc)
        gyro = None if chunk.gyro is None else axes.turn(chunk.gyro) - bias
        yield replace(chunk, acc=acc, gyro=gyro)


def degrees_between(one: Iterable[float], other: Iterable[float]) -> float:
    """The angle between two directions, each a unit vector of three numbers.

    >>> degrees_between((0, 0, 1), (0, 1, 0))
    90.0
    """
    (x, y, z), (a, b, c) = one, other
    return math.degrees(math.acos(min(1.0, max(-1.0, x * a + y * b + z * c))))
