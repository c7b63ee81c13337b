"""`--still`: checks a sensor, from any source, by five seconds of standing still.

It measures the gyroscope's bias, checks the unit and scale of acceleration, and finds which way up the sensor is. A
model of the frame "upright" takes that as it is; for any other it is compared with the model's training data. Without a
gyroscope, acceleration alone is looked at.
"""

import math
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import SAMPLE_RATE_HZ, STANDARD_GRAVITY
from har_runtime.errors import SourceError
from har_runtime.model.card import ModelCard
from har_runtime.samples import SampleChunk
from har_runtime.signal.axes import NAMES, Axes, degrees_between, turns
from har_runtime.signal.resample import Resampler
from har_runtime.signal.units import SCALE_TOLERANCE, scale_error, unit_problem
from har_runtime.signal.window import Up

STILL_S = 5
MAX_WAIT_S = 30
"""Time of the sensors within which there must be five seconds without a gap."""
MAX_ACC_SPREAD = 0.5
MAX_GYRO_SPREAD = 0.2
"""Standard deviation over the five seconds, m/s^2 and rad/s, of all axes together. In HAPT, whose people wear the phone
on a belt, nine of ten stretches of standing stay below; all of walking exceed it, by factors of four and two."""
MAX_BIAS = 0.35
"""rad/s: 20 deg/s, the zero-rate tolerance of the least accurate common part (MPU-6050, datasheet section 6.1)."""
MAX_TILT_DEGREES = 30.0
"""HAPT's people wear it up to 25 degrees from their mean when standing, and up to 32 degrees when sitting."""


@dataclass(frozen=True)
class Still:
    """The readings of a sensor whose wearer stands still, in the frame of the samples."""

    gravity: tuple[float, float, float]
    """Mean acceleration, m/s^2."""
    gyro_bias: tuple[float, float, float] | None
    """Mean angular rate, rad/s; None without a gyroscope."""
    acc_spread: float
    """Standard deviation of all axes together, m/s^2."""
    gyro_spread: float | None
    """The same of the gyroscope, rad/s."""

    @property
    def magnitude(self) -> float:
        """Magnitude of gravity, m/s^2."""
        return math.hypot(*self.gravity)

    @property
    def scale_error(self) -> float:
        """Relative error of gravity: the error of the scale, if the accelerometer has no offset."""
        return scale_error(self.magnitude)

    @property
    def up(self) -> Up:
        """Which way is up, for a recognizer of a model of the frame "upright"."""
        x, y, z = (value / self.magnitude for value in self.gravity)
        return Up((x, y, z), "given")

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return {**asdict(self), "magnitude": self.magnitude, "scale_error": self.scale_error}


def measure_still(chunks: Iterable[SampleChunk], gyroscope: bool = True) -> Still:
    """Read five seconds without a gap, and no more, while the wearer stands still.

    Args:
        gyroscope: whether the sensor has one; without it, acceleration alone shows whether the wearer stands still.

    Raises:
        SourceError: the source ended or always had gaps, the wearer moved, or acceleration is not in m/s^2.
    """
    still = _check(_five_seconds(chunks, gyroscope), gyroscope)
    if problem := unit_problem(still.magnitude):
        raise SourceError(f"--still: {problem}")
    return still


def _five_seconds(chunks: Iterable[SampleChunk], gyroscope: bool) -> NDArray[np.float64]:
    """Shape (250, 6)."""
    resampler = Resampler(gyroscope=gyroscope)
    wanted = STILL_S * SAMPLE_RATE_HZ
    parts: list[NDArray[np.float32]] = []
    segment = -1
    rate_hz = 0.0
    for chunk in chunks:
        for uniform in resampler.push(chunk.times_ns, chunk.acc, chunk.gyro):
            if uniform.segment != segment:
                segment, parts = uniform.segment, []
            parts.append(uniform.imu)
        if sum(map(len, parts)) >= wanted:
            return np.concatenate(parts)[:wanted].astype(np.float64)
        report = resampler.report
        received = max(report.accelerometer.received, report.gyroscope.received)
        rate_hz = max(report.accelerometer.rate_hz or 0.0, report.gyroscope.rate_hz or 0.0)
        if received > MAX_WAIT_S * max(rate_hz, SAMPLE_RATE_HZ):
            break
    acc, gyro = resampler.report.accelerometer, resampler.report.gyroscope
    expected = {"accelerometer": acc, **({"gyroscope": gyro} if gyroscope else {})}
    missing = " and ".join(name for name, sensor in expected.items() if not sensor.received)
    if missing:
        raise SourceError(f"--still: no samples of the {missing}; is it switched on?")
    raise SourceError(
        f"--still: {STILL_S} seconds without a gap are needed, and the source gave {sum(map(len, parts)) / 50:.1f} "
        f"({acc.received} samples at {rate_hz:.0f} Hz, {max(acc.gaps, gyro.gaps)} gaps over 0.1 s); see har-stream "
        "doctor --source URI"
    )


def _check(imu: NDArray[np.float64], gyroscope: bool) -> Still:
    mean = imu.mean(axis=0).tolist()
    acc_spread, gyro_spread = (float(np.sqrt(part.var(axis=0).sum())) for part in (imu[:, :3], imu[:, 3:]))
    gravity, bias = (mean[0], mean[1], mean[2]), (mean[3], mean[4], mean[5])
    still = Still(gravity, bias if gyroscope else None, acc_spread, gyro_spread if gyroscope else None)
    # Relative to gravity, so that the limit also holds for a sensor in g.
    acc_limit = MAX_ACC_SPREAD / STANDARD_GRAVITY * still.magnitude
    if acc_spread > acc_limit or gyro_spread > MAX_GYRO_SPREAD:
        turned = f"; angular rate by {gyro_spread:.2f} rad/s, at most {MAX_GYRO_SPREAD}" if gyroscope else ""
        raise SourceError(
            f"--still: the sensor moved (acceleration by {acc_spread:.2f}, at most {acc_limit:.2f}{turned}): "
            f"stand still for {STILL_S} seconds and try again"
        )
    bias = math.hypot(*bias)
    if bias > MAX_BIAS:
        raise SourceError(
            f"--still: at rest the gyroscope reads {bias:.2f}, more than any bias in rad/s ({MAX_BIAS}): it turns "
            "steadily, or its unit is deg/s"
        )
    return still


@dataclass(frozen=True)
class Placement:
    """The orientation of a sensor, compared with a model's training data."""

    up: str
    """The axis that points up, e.g. "+x"."""
    tilt_degrees: float
    """Angle between that axis and the vertical."""
    off_degrees: float | None
    """Angle between the vertical and the model's; None if the card does not say which way is up."""
    suggestions: tuple[Axes, ...]
    """Turns that would set the sensor upright as in the model's data, the smallest first: four, since gravity does not
    show the turn about the vertical. Empty if it is upright already, or under no turn."""

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values, the suggestions as `--axes` reads them."""
        return {**asdict(self), "suggestions": [str(axes) for axes in self.suggestions]}


def judge_placement(still: Still, gravity: tuple[float, float, float] | None, axes: Axes) -> Placement:
    """Compare with the direction of gravity in the model's data.

    Args:
        gravity: unit vector of an upright wearer, in the contract's frame; None if unknown, or if any will do.
        axes: applied to the samples of `still`; suggestions replace them.
    """
    vertical = np.array(still.gravity) / still.magnitude
    axis = int(np.argmax(np.abs(vertical)))
    up = ("+" if vertical[axis] > 0 else "-") + NAMES[axis]
    tilt = degrees_between(np.abs(vertical), np.eye(3)[axis])
    if gravity is None:
        return Placement(up, tilt, None, ())
    wanted = np.array(gravity)
    off = degrees_between(vertical, wanted)
    # The axis nearest the vertical becomes the model's vertical axis.
    main = int(np.argmax(np.abs(wanted)))
    upright = [turn for turn in turns() if turn.order[main] == axis and turn.turn(vertical)[main] * wanted[main] > 0]
    upright.sort(key=lambda turn: -_trace(turn))
    best = min(degrees_between(turn.turn(vertical), wanted) for turn in upright)
    if off <= MAX_TILT_DEGREES or best > MAX_TILT_DEGREES:
        return Placement(up, tilt, off, ())
    return Placement(up, tilt, off, tuple(turn.after(axes) for turn in upright))


def describe(still: Still, placement: Placement, card: ModelCard) -> list[str]:
    """The results as lines of text."""
    if still.gyro_bias is None:
        lines = ["still: no gyroscope, so there is no bias to remove"]
    else:
        bias = ", ".join(f"{math.degrees(value):+.2f}" for value in still.gyro_bias)
        lines = [f"still: gyroscope bias {bias} deg/s, subtracted from now on"]
    gravity = f"  gravity reads {still.magnitude:.2f} m/s^2, {100 * still.scale_error:+.1f} %"
    if abs(still.scale_error) > SCALE_TOLERANCE:
        gravity += ": the unit is right, but scale or offset are not; calibrate the accelerometer"
    lines.append(gravity)
    if card.frame == "upright":
        return [*lines, f"  up is the sensor's {placement.up} ({placement.tilt_degrees:.0f} degrees off) from now on"]
    sits = f"  up is the sensor's {placement.up} ({placement.tilt_degrees:.0f} degrees off)"
    worn = f"of {card.name} ({card.placement or 'placement unknown'})"
    if placement.off_degrees is None:
        return [*lines, f"{sits}; the card {worn} does not say which way was up in its data, so this cannot be checked"]
    if placement.off_degrees <= MAX_TILT_DEGREES:
        return [*lines, f"{sits}, as in the data {worn}: {placement.off_degrees:.0f} degrees apart"]
    lines.append(f"{sits}, {placement.off_degrees:.0f} degrees from the data {worn}")
    if not placement.suggestions:
        return [*lines, f"  no quarter turns bring it within {MAX_TILT_DEGREES:.0f} degrees: mount the sensor straight"]
    first, *others = placement.suggestions
    lines.append(f"  to set it upright: --axes {first}")
    return [
        *lines,
        "  gravity does not show the turn about the vertical; if the answers are wrong, try "
        + " or ".join(map(str, others)),
    ]


def _trace(turn: Axes) -> int:
    """The trace of its matrix: the larger, the smaller the turn."""
    return sum(sign for index, (axis, sign) in enumerate(zip(turn.order, turn.signs, strict=True)) if axis == index)
