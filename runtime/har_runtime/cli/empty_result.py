"""A run that ends without any answer is a failure: one line says why, as far as that is established."""

from typing import Final

import numpy as np

from har_runtime.contract import MIN_RATE_HZ, SAMPLE_RATE_HZ, WINDOW
from har_runtime.model.card import ModelCard
from har_runtime.signal.axes import degrees_between
from har_runtime.signal.report import SensorReport
from har_runtime.signal.upright import FREE_FALL
from har_runtime.stream import StreamResult

MAX_OFF_DEGREES: Final = 45.0
"""A larger angle between a wearer's mean acceleration and the model's data means another way up: HAPT's people are 32
degrees from their own mean at most, except when lying."""
WINDOW_S: Final = WINDOW / SAMPLE_RATE_HZ
REASONS = {
    "unsure": "too unsure to say",
    "unlike": "unlike everything that the model was trained on",
    "not worn": "not worn",
}
"""The reasons of answers without an activity, as they are explained."""


def why_empty(result: StreamResult, card: ModelCard, gyroscope: bool) -> str | None:
    """Why a run has no answer, as one line; None if it has any, even if that is only that the sensor was not worn.

    Args:
        card: of the model that answered.
        gyroscope: whether the source has one.
    """
    if not result.windows:
        return f"no window: {_why_no_window(result, gyroscope)}"
    if sum(result.unknown.values()) < result.windows or result.not_worn_s:
        return None
    counts = sorted(result.unknown.items(), key=lambda item: -item[1])
    text = f"no activity in any of {result.windows} windows: " + ", ".join(
        f"{count} {REASONS[reason]}" for reason, count in counts
    )
    if result.up_found is False:
        text += "; which way is up was not found, which takes some seconds of walking, or --still"
    return text + _worn_another_way(result, card)


def _worn_another_way(result: StreamResult, card: ModelCard) -> str:
    """For a model that is used to one way up: if gravity points elsewhere, by how much, and the options for that."""
    if card.frame != "device" or card.gravity is None or result.gravity is None:
        return ""
    gravity = np.array(result.gravity)
    length = float(np.linalg.norm(gravity))
    if not length > FREE_FALL:  # False for NaN.
        return ""
    off = degrees_between(gravity / length, card.gravity)
    if off <= MAX_OFF_DEGREES:
        return ""
    text = f"; gravity points {off:.0f} degrees away from the model's data: turn the axes with --axes"
    if off >= 180 - MAX_OFF_DEGREES:
        text += ", or if acceleration has Apple's sign, add sign=apple to the source's options"
    return text


def _why_no_window(result: StreamResult, gyroscope: bool) -> str:
    report = result.report
    acc, gyro = report.accelerometer, report.gyroscope
    if not (acc.received or gyro.received):
        return "the source ended without a sample"
    sensors = {"accelerometer": acc, **({"gyroscope": gyro} if gyroscope else {})}
    for name, sensor in sensors.items():
        if not sensor.received:
            return f"there is no sample of the {name}"
    for name, sensor in sensors.items():
        if problem := _why_unusable(name, sensor):
            return problem
    counted = " and ".join(f"{sensor.received} samples of the {name}" for name, sensor in sensors.items())
    return f"no second without a gap in {counted}" + (" at the same time" if gyroscope else "")


def _why_unusable(name: str, sensor: SensorReport) -> str | None:
    if sensor.dropped - sensor.unpaired >= sensor.received:
        counts = ((what, count) for what, count in sensor.named_counts().items() if count)
        listed = ", ".join(f"{count} {what}" for what, count in counts)
        return f"no sample of the {name} can be used: {listed}"
    if sensor.rate_hz is not None and sensor.rate_hz < MIN_RATE_HZ:
        return f"the {name} has {sensor.rate_hz:.3g} samples a second, and {MIN_RATE_HZ} are needed"
    if sensor.gaps == 0 and sensor.rate_hz is not None and sensor.received < WINDOW_S * sensor.rate_hz:
        return f"{sensor.received} samples of the {name} are shorter than the second of a window"
    if sensor.gaps:
        return f"the {name} has {sensor.gaps} gaps over 0.1 s in {sensor.received} samples"
    return None
