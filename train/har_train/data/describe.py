"""Describes a data set: people, minutes of each activity, rates, gaps, and whether gravity has the right size."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_runtime.contract import MAX_GAP_NS
from har_runtime.recording import CutRecording, Recording, cut_recording
from har_runtime.signal.report import SensorReport
from har_runtime.signal.units import SCALE_TOLERANCE, scale_error

STILL = ("sitting", "standing", "lying")
"""Activities at rest, in which the accelerometer should read only gravity."""


@dataclass(frozen=True)
class ActivityShare:
    """How much there is of one activity."""

    label: str
    minutes: float
    users: int
    windows: int
    """Windows of 1 s, every half second, whose samples all carry the label."""


@dataclass(frozen=True)
class Rest:
    """What the accelerometer reads in an activity at rest, m/s^2."""

    label: str
    magnitude: float
    """Median over the samples; about 9.81 if the units are right and gravity is included."""
    x: float
    y: float
    z: float
    up: str
    """Axis that points up in the median sample, such as "+x"."""
    agreement: float
    """Fraction of the recordings with this activity in which that axis is up."""

    @property
    def plausible(self) -> bool:
        return abs(scale_error(self.magnitude)) <= SCALE_TOLERANCE


@dataclass(frozen=True)
class SensorSummary:
    """What the resampler found in one sensor's samples, over all recordings."""

    samples: int
    counts: dict[str, int]
    """What was wrong with samples, by `SensorReport.named_counts`."""
    slowest_hz: float | None
    """Lowest rate of a recording, measured by the resampler; None if every recording is too short to measure it."""
    median_hz: float | None
    fastest_hz: float | None


@dataclass(frozen=True)
class Description:
    """A data set in figures."""

    name: str
    users: int
    recordings: int
    hours: float
    """Without gaps."""
    placements: tuple[str, ...]
    nominal_hz: tuple[float, ...]
    activities: tuple[ActivityShare, ...]
    unlabelled_minutes: float
    windows: int
    """Of 1 s, every half second, labelled or not."""
    accelerometer: SensorSummary
    gyroscope: SensorSummary
    without_gyroscope: int
    """Recordings of devices that have no gyroscope."""
    rest: tuple[Rest, ...]

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        return asdict(self)


def describe(name: str, recordings: Sequence[Recording], activities: tuple[str, ...] = ()) -> Description:
    """Describe recordings, resampled and cut into windows as for training.

    Args:
        name: name of the data set.
        recordings: at least one.
        activities: order in which labels are listed; others follow by name.
    """
    seconds: dict[str, float] = {}
    wearers: dict[str, set[str]] = {}
    windows: dict[str | None, int] = {}
    reports = []
    for recording in recordings:
        for label, length in _seconds_by_label(recording).items():
            seconds[label] = seconds.get(label, 0.0) + length
            wearers.setdefault(label, set()).add(recording.user or recording.name)
        cut: CutRecording = cut_recording(recording)
        reports.append(cut.report)
        for label in cut.labels:
            windows[label] = windows.get(label, 0) + 1
    known = [label for label in activities if label in seconds]
    order = known + sorted(label for label in seconds if label and label not in known)
    return Description(
        name=name,
        users=len({recording.user or recording.name for recording in recordings}),
        recordings=len(recordings),
        hours=sum(seconds.values()) / 3600,
        placements=tuple(sorted({recording.placement for recording in recordings if recording.placement})),
        nominal_hz=tuple(sorted({recording.source_rate_hz for recording in recordings if recording.source_rate_hz})),
        activities=tuple(
            ActivityShare(label, seconds[label] / 60, len(wearers[label]), windows.get(label, 0)) for label in order
        ),
        unlabelled_minutes=seconds.get("", 0.0) / 60,
        windows=sum(windows.values()),
        accelerometer=_summary([report.accelerometer for report in reports]),
        gyroscope=_summary([report.gyroscope for report in reports]),
        without_gyroscope=sum(recording.gyro is None for recording in recordings),
        rest=tuple(rest for label in STILL if (rest := _rest(label, recordings))),
    )


def description_lines(found: Description) -> list[str]:
    """The description as text tables."""
    worn = ", ".join(found.placements) or "unknown"
    lines = [
        f"{found.name}: {found.users} users, {found.recordings} recordings, {found.hours:.2f} h, worn at: {worn}",
        "",
        f"{'activity':16} {'minutes':>8} {'users':>6} {'windows':>8}",
        *(f"{row.label:16} {row.minutes:8.1f} {row.users:6} {row.windows:8}" for row in found.activities),
    ]
    labelled = sum(row.windows for row in found.activities)
    lines.append(f"{'(no label)':16} {found.unlabelled_minutes:8.1f} {'':6} {found.windows - labelled:8}")
    nominal = " or ".join(f"{rate:g}" for rate in found.nominal_hz)
    lines += ["", f"nominal rate: {f'{nominal} Hz' if nominal else 'not known'}"]
    for name, sensor in (("accelerometer", found.accelerometer), ("gyroscope", found.gyroscope)):
        if name == "gyroscope" and found.without_gyroscope == found.recordings:
            lines.append("gyroscope:     none")
            continue
        if sensor.median_hz is None:
            rate = "too short to measure a rate"
        else:
            rate = f"{sensor.median_hz:.1f} Hz ({sensor.slowest_hz:.1f} to {sensor.fastest_hz:.1f})"
        odd = (
            ", ".join(f"{count} {what}" for what, count in sensor.counts.items() if count) or "nothing wrong with them"
        )
        lines.append(f"{name + ':':14} {rate}, {sensor.samples} samples: {odd}")
    if 0 < found.without_gyroscope < found.recordings:
        lines.append(f"recordings without a gyroscope: {found.without_gyroscope}")
    lines += ["", f"{'at rest (m/s^2)':16} {'size':>6} {'x':>7} {'y':>7} {'z':>7}  up"]
    for row in found.rest:
        doubt = "" if row.plausible else "   not 9.81: check the units, and that gravity is included"
        lines.append(
            f"{row.label:16} {row.magnitude:6.2f} {row.x:7.2f} {row.y:7.2f} {row.z:7.2f}  {row.up} in "
            f"{100 * row.agreement:.0f} % of recordings{doubt}"
        )
    if not found.rest:
        lines.append(f"no {' or '.join(STILL)}: gravity was not checked")
    return lines


def stretches(labels: NDArray[np.str_]) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """First sample of each stretch of one label, and the sample after its last."""
    starts = np.flatnonzero(np.concatenate([[True], labels[1:] != labels[:-1]]))
    return starts, np.append(starts[1:], len(labels))


def _seconds_by_label(recording: Recording) -> dict[str, float]:
    """Seconds of each label, "" for none: a sample counts for the time to the next one, a gap does not count."""
    if len(recording.times_ns) < 2:
        return {}
    span = np.diff(recording.times_ns)
    span = np.append(span, span[-1])
    span = np.where((span < 0) | (span > MAX_GAP_NS), 0, span) / 1e9
    if recording.labels is None:
        return {"": float(span.sum())}
    starts, _ = stretches(recording.labels)
    seconds: dict[str, float] = {}
    for label, length in zip(recording.labels[starts].tolist(), np.add.reduceat(span, starts).tolist(), strict=True):
        seconds[label] = seconds.get(label, 0.0) + length
    return seconds


def _summary(reports: Sequence[SensorReport]) -> SensorSummary:
    rates = [report.rate_hz for report in reports if report.rate_hz]
    return SensorSummary(
        samples=sum(report.received for report in reports),
        counts={name: sum(report.named_counts()[name] for report in reports) for name in SensorReport().named_counts()},
        slowest_hz=min(rates, default=None),
        median_hz=float(np.median(rates)) if rates else None,
        fastest_hz=max(rates, default=None),
    )


def _rest(label: str, recordings: Sequence[Recording]) -> Rest | None:
    parts = [recording.acc[recording.labels == label] for recording in recordings if recording.labels is not None]
    parts = [finite for part in parts if len(finite := part[np.isfinite(part).all(axis=1)])]
    if not parts:
        return None
    everything = np.concatenate(parts)
    median = np.median(everything, axis=0)
    up = _up(median)
    agreement = sum(_up(np.median(part, axis=0)) == up for part in parts) / len(parts)
    magnitude = float(np.median(np.linalg.norm(everything, axis=1)))
    return Rest(label, magnitude, float(median[0]), float(median[1]), float(median[2]), up, agreement)


def _up(acc: NDArray[np.float64]) -> str:
    axis = int(np.argmax(np.abs(acc)))
    return ("+" if acc[axis] >= 0 else "-") + "xyz"[axis]
