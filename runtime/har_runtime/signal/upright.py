"""Which way is up for the wearer, found from their own gait, and windows turned so that it is +z.

A device can be worn any way up. While its wearer walks, the mean acceleration is gravity as the device feels it on an
upright body: within a few degrees of the direction while standing. With that reference a posture shows, which no
window's own gravity can show: lying is a quarter turn away from standing.
"""

import math
from collections import deque
from collections.abc import Iterable, Sequence

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import HOP, PERIOD_NS, SAMPLE_RATE_HZ, WINDOW
from har_runtime.signal.axes import degrees_between
from har_runtime.signal.window import Up, Window, stacked

GAIT_SPREAD = (1.0, 6.0)
"""m/s^2, standard deviation of the magnitude of acceleration while walking or on stairs."""
GAIT_HZ = (1.2, 2.4)
"""Steps a second while walking or on stairs: the strongest frequency of that magnitude. Running is faster: its mean
acceleration is less steady."""
GAIT_GRAVITY = (7.0, 13.0)
"""m/s^2, length of the mean acceleration over a second of gait."""
FREQUENCIES_HZ = np.arange(3, 41) / 5
"""Frequencies compared, 0.6 to 8 Hz."""
FOUND_AFTER = 8
"""Windows of gait that agree, after which their direction is up: the first four seconds alone can be 50 degrees off."""
MOVED_AFTER = 12
"""Windows of gait that agree with each other but not with the reference, after which the device sits another way."""
WITHIN = 3
"""Times as many windows as these, within which they must come: on stairs only every other window may look like gait."""
AGREEMENT_DEGREES = 15.0
"""Largest mean angle between windows of gait and their mean direction that counts as agreement."""
MOVED_DEGREES = 45.0
"""Larger angles between gait and the reference mean another mounting; smaller ones refine the reference."""
FORGETTING = 0.99
"""Weight of the earlier windows of gait when one is added: the reference is the mean over about the last minute."""
GIVEN_WEIGHT = 40.0
"""Windows of gait that a reference from outside weighs as much as."""
FREE_FALL = 1.0
"""m/s^2. A mean acceleration shorter than this has no direction."""
NEARLY_DOWN = -0.99
"""The third part of a unit vector that is nearly -z."""

_PHASES = 2 * np.pi * FREQUENCIES_HZ[:, None] * np.arange(WINDOW) / SAMPLE_RATE_HZ
_WAVES = np.concatenate([np.cos(_PHASES), np.sin(_PHASES)])
_TRIED = len(FREQUENCIES_HZ)
_GAIT_INDICES = frozenset(np.flatnonzero((GAIT_HZ[0] <= FREQUENCIES_HZ) & (GAIT_HZ[1] >= FREQUENCIES_HZ)).tolist())
_MEAN = np.full(WINDOW, 1 / WINDOW)
_WITHIN_MOVED = math.cos(math.radians(MOVED_DEGREES)) + 1e-9
"""A larger cosine is a smaller angle than `MOVED_DEGREES`, whatever the rounding."""
Vector = tuple[float, float, float]


class UprightTracker:
    """Takes the windows of a stream in order and turns each so that the wearer's up is +z.

    It looks at nothing but the windows so far, keeps a bounded number of them, and gives the same however the samples
    were cut into pushes. Until gait has shown which way is up, each window is turned by its own gravity.

    Args:
        up: which way is up, if it is known already.
    """

    def __init__(self, up: Up | None = None):
        self._given = up
        self.reset()

    def reset(self) -> None:
        """Start again, as if newly made."""
        self._up = self._given
        x, y, z = (0.0, 0.0, 0.0) if self._up is None else self._up.direction
        self._sum: Vector = GIVEN_WEIGHT * x, GIVEN_WEIGHT * y, GIVEN_WEIGHT * z
        self._gait: deque[Vector | None] = deque(maxlen=WITHIN * MOVED_AFTER)
        self._own: Vector = 0.0, 0.0, 1.0
        self._start_ns: int | None = None

    def interrupt(self) -> None:
        """The next window does not follow the last one: it may be of another recording, with a clock of its own."""
        self._gait.clear()
        self._start_ns = None

    @property
    def up(self) -> Up | None:
        """Which way is up; None until it is known."""
        return self._up

    def step(self, window: Window) -> Window:
        """Add the next window, axes of the device; returns it turned, with `up` set."""
        return self.push([window])[0]

    def push(self, windows: Sequence[Window]) -> list[Window]:
        """Add the next windows, one or more; the same as one after the other, in less time."""
        samples = stacked(windows).astype(np.float64)
        acc = samples[..., :3]
        means = (_MEAN @ acc).tolist()
        ups = [self._next(*one) for one in zip(windows, means, are_gait(acc), strict=True)]
        turned = _turned(samples, ups)
        return [
            Window(window.segment, window.start_ns, imu, up)
            for window, imu, up in zip(windows, turned, ups, strict=True)
        ]

    def _next(self, window: Window, mean: Vector, gait: bool) -> Up:
        """What is up in the next window.

        Args:
            mean: of its acceleration, m/s^2.
            gait: whether it looks like steps.
        """
        expected = None if self._start_ns is None else self._start_ns + HOP * PERIOD_NS
        if expected is not None and abs(window.start_ns - expected) > HOP * PERIOD_NS:
            self._gait.clear()  # After a gap the device may sit otherwise: only what follows may agree with itself.
        self._start_ns = window.start_ns
        x, y, z = mean
        length = math.sqrt(x * x + y * y + z * z)
        if FREE_FALL <= length < math.inf:  # False for NaN, which would stay.
            self._own = x / length, y / length, z / length
        if gait and GAIT_GRAVITY[0] <= length <= GAIT_GRAVITY[1]:
            self._step_gait(self._own)
        else:
            self._gait.append(None)
        return self._up or Up(self._own, "window")

    def _step_gait(self, direction: Vector) -> None:
        self._gait.append(direction)
        if self._up is not None and degrees_between(direction, self._up.direction) <= MOVED_DEGREES:
            x, y, z = (FORGETTING * before + now for before, now in zip(self._sum, direction, strict=True))
            length = math.sqrt(x * x + y * y + z * z)
            self._sum, self._up = (x, y, z), Up((x / length, y / length, z / length), self._up.found)
        wanted = FOUND_AFTER if self._up is None else MOVED_AFTER
        recent = [gait for gait in list(self._gait)[-WITHIN * wanted :] if gait is not None][-wanted:]
        if len(recent) < wanted or (self._up is not None and _all_near(recent, self._up.direction)):
            return
        directions = np.array(recent)
        total = directions.sum(axis=0)
        agreed = total / max(float(np.linalg.norm(total)), FREE_FALL)
        if np.degrees(np.arccos(np.clip(directions @ agreed, -1.0, 1.0))).mean() > AGREEMENT_DEGREES:
            return
        if self._up is None or degrees_between(agreed, self._up.direction) > MOVED_DEGREES:
            self._sum, self._up = _tuple(total), Up(_tuple(agreed), "gait")
            self._gait.clear()


def _all_near(directions: Iterable[Vector], up: Vector) -> bool:
    """Whether all of these are nearer to `up` than another mounting would be, and so is their mean."""
    up_x, up_y, up_z = up
    return all(x * up_x + y * up_y + z * up_z > _WITHIN_MOVED for x, y, z in directions)


def in_frame(windows: Iterable[Window], frame: str, up: Up | None = None) -> list[Window]:
    """The windows of a stream, in order, in a frame of `contract.FRAMES`.

    Args:
        up: which way is up, if it is known already; for the frame "upright".
    """
    if frame == "device":
        return list(windows)
    given = list(windows)
    return UprightTracker(up).push(given) if given else []


def are_gait(acc: NDArray[np.float64]) -> list[bool]:
    """Whether windows look like steps, by the magnitude of acceleration alone: shape (n, 50, 3), m/s^2.

    >>> bounce = 9.8 + 3 * np.sin(2 * np.pi * 1.8 * np.arange(50) / 50)
    >>> are_gait(np.stack([bounce[:, None] * np.array([0.6, 0.0, 0.8]), np.full((50, 3), 5.7)]))
    [True, False]
    """
    magnitude = np.sqrt(np.einsum("nti,nti->nt", acc, acc))
    magnitude -= np.add.reduce(magnitude, axis=1, keepdims=True) / magnitude.shape[1]
    powers = (np.add.reduce(magnitude * magnitude, axis=1) / magnitude.shape[1]).tolist()
    move = [GAIT_SPREAD[0] <= math.sqrt(power) <= GAIT_SPREAD[1] for power in powers]
    if not any(move):
        return move
    waves = _WAVES @ magnitude[..., None]  # A product for each window: that of a whole table has other rounding.
    waves *= waves
    strongest = (waves[:, :_TRIED] + waves[:, _TRIED:]).argmax(axis=1)[:, 0].tolist()
    return [moves and frequency in _GAIT_INDICES for moves, frequency in zip(move, strongest, strict=True)]


def turned_upright(imu: NDArray[np.float32], up: Up) -> NDArray[np.float32]:
    """A window turned by the smallest rotation that takes `up` to +z, both sensors alike; shape (50, 6), read-only."""
    return _turned(imu[None].astype(np.float64), [up])[0]


def _turned(samples: NDArray[np.float64], ups: Sequence[Up]) -> NDArray[np.float32]:
    """Shape (n, 50, 6), each turned by its own rotation."""
    rotations = np.array([_rotation(up.direction) for up in ups])
    vectors = samples.reshape(len(samples), -1, 3) @ rotations.transpose(0, 2, 1)
    turned = vectors.astype(np.float32).reshape(samples.shape)
    turned.flags.writeable = False
    return turned


def in_device_axes(window: Window) -> NDArray[np.float32]:
    """The samples of a window in the axes of the device, however it was turned; shape (50, 6)."""
    return window.imu if window.up is None else turned_back(window.imu, window.up)


def turned_back(imu: NDArray[np.float32], up: Up) -> NDArray[np.float32]:
    """The samples of a window that was turned so that `up` became +z, in the axes of the device; shape (50, 6)."""
    turned = imu.astype(np.float64).reshape(-1, 3) @ upright_rotation(up.direction)
    return turned.astype(np.float32).reshape(imu.shape)


def turned_by_gravity(window: Window) -> Window:
    """A window turned by its own gravity alone, as before there is a reference."""
    return UprightTracker().step(window)


def upright_rotation(up: Vector) -> NDArray[np.float64]:
    """The smallest rotation that takes a unit vector to +z, shape (3, 3); for -z half a turn about x.

    >>> np.allclose(upright_rotation((0.6, 0.0, 0.8)) @ [0.6, 0.0, 0.8], [0.0, 0.0, 1.0])
    True
    """
    return np.array(_rotation(up))


def _rotation(up: Vector) -> tuple[Vector, Vector, Vector]:
    x, y, z = up
    if z < -1 + 1e-12:
        return (1.0, 0.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, -1.0)
    # Rodrigues' formula with the axis up x z = (y, -x, 0), whose length is the sine of the angle, and the cosine z.
    # Near upside down 1 + z has lost the digits that x and y have.
    share = (1 - z) / (x * x + y * y) if z < NEARLY_DOWN else 1 / (1 + z)
    return (1 - share * x * x, -share * x * y, -x), (-share * x * y, 1 - share * y * y, -y), (x, y, z)


def _tuple(vector: NDArray[np.float64]) -> Vector:
    x, y, z = vector.tolist()
    return x, y, z
