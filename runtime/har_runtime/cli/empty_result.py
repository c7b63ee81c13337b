"""A run that ends without any answer is a failure: one line says why, as far as that is established."""

from har_runtime.contract import MIN_RATE_HZ, SAMPLE_RATE_HZ, WINDOW
from har_runtime.signal.report import SensorReport
from har_runtime.stream import StreamResult

WINDOW_S = WINDOW / SAMPLE_RATE_HZ
REASONS = {
    "unsure": "too unsure to say",
    "unlike": "unlike everything that the model was trained on",
    "not worn": "not worn",
}
"""The reasons of answers without an activity, as they are explained."""


def why_empty(result: StreamResult, gyroscope: bool) -> str | None:
    """Why a run has no answer, as one line; None if it has any, even if that is only that the sensor was not worn.

    Args:
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
