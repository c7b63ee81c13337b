"""The summary of a run of `har-stream`: activities, losses and, if the truth is known, scores; as text and JSON."""

from dataclasses import asdict
from typing import Any

from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.effort import INTENSITIES
from har_runtime.scores import Scores
from har_runtime.sinks import StreamInfo
from har_runtime.stream import StreamResult
from har_runtime.text import clean

TRUTHS_SHOWN = 6
"""Labels that the model does not know, as listed in the summary."""


def to_dict(result: StreamResult, info: StreamInfo, still: dict[str, Any] | None) -> dict[str, Any]:
    """As plain JSON-able values.

    Args:
        still: the result of `--still`; None without it.
    """
    found = info.report
    return {
        "model": info.card.name,
        "source": info.source,
        "units": found.units,
        "range": found.range,
        "gyroscope": found.gyroscope,
        "labels": found.labels,
        "lost": dict(found.lost),
        "reconnections": found.reconnections,
        "sinks": [asdict(sink) for sink in info.sinks],
        "still": still,
        **result.to_dict(),
    }


def summary(result: StreamResult, info: StreamInfo) -> list[str]:
    """The lines printed at the end of a run."""
    report = result.report
    lines = [f"{_windows(result.windows)} of {info.source}"]
    if result.windows:
        shares = sorted(result.seconds.items(), key=lambda item: (item[0] == UNKNOWN, -item[1]))
        parts = [f"{activity} {_seconds(seconds)}" for activity, seconds in shares]
        parts += [f"not worn {_seconds(result.not_worn_s)}"] if result.not_worn_s else []
        lines.append("  " + ", ".join(parts))
        if result.places:
            places = sorted(result.places.items(), key=lambda item: (item[0] == UNKNOWN, -item[1]))
            lines.append("  worn at: " + ", ".join(f"{place} {_seconds(seconds)}" for place, seconds in places))
        lines.append(f"  transitions: {result.transitions} (smoothing: {result.smoothing})")
    if result.steps:
        effort = ", ".join(f"{name} {_seconds(result.effort[name])}" for name in INTENSITIES if name in result.effort)
        lines.append(f"  steps: {result.steps} ({effort})")
    if result.drifted:
        moved = [
            f"{clean(one.label)}{f' ({one.place})' if one.place else ''} by {one.moved:.2f} in {_windows(one.windows)}"
            for one in result.drifted
        ]
        lines.append(f"  adapted, in standard deviations of a feature: {', '.join(moved)}")
    for name, sensor in (("accelerometer", report.accelerometer), ("gyroscope", report.gyroscope)):
        if lost := [f"{count} {what}" for what, count in sensor.named_counts().items() if count]:
            lines.append(f"  {name}: " + ", ".join(lost))
    found = info.report
    labels = ", ".join(f"{clean(theirs)} is {clean(ours)}" for theirs, ours in found.labels.items())
    for name, value in (("units", found.units), ("range", found.range), ("labels", labels)):
        if value:
            lines.append(f"  {name}: {value}")
    if found.lost:
        lines.append("  lost at the source: " + ", ".join(f"{count} x {why}" for why, count in found.lost.items()))
    if found.reconnections:
        lines.append(f"  reconnections: {found.reconnections}")
    lines += [f"  {sink}" for sink in info.sinks if sink.dropped or sink.trouble]
    if result.scores is not None:
        lines.append(f"  each window by itself against the source's labels, {_scored(result.scores)}")
        if result.answered is not None:
            share = result.answered.windows / result.scores.windows
            lines.append(f"  an activity was answered to {100 * share:.1f} % of these, {_scored(result.answered)}")
        if result.families is not None:
            families = result.families
            share = families.windows / result.scores.windows
            right = families.right / families.windows
            lines.append(
                f"  a family was answered to {100 * share:.1f} % of these, {_windows(families.windows)}, neither right "
                f"nor wrong: {100 * right:.1f} % of the families contain the label"
            )
    if result.other_truths:
        lines.append(f"  {_other_truths(result.other_truths)}")
    return lines


def _other_truths(truths: dict[str, int]) -> str:
    """The labels that the model does not know, which have no scores."""
    names = ", ".join(f"{clean(name)} ({_windows(count)})" for name, count in list(truths.items())[:TRUTHS_SHOWN])
    more = f" and {len(truths) - TRUTHS_SHOWN} more" if len(truths) > TRUTHS_SHOWN else ""
    advice = "; name numbers with labels=1:walking,2:stairs_up" if all(name.isdecimal() for name in truths) else ""
    return f"labels that the model does not know: {names}{more}{advice}"


def _windows(count: int) -> str:
    return f"{count} window{'' if count == 1 else 's'}"


def _seconds(seconds: float) -> str:
    """Whole seconds, but not 0 for the half second of a single window."""
    return f"{seconds:.0f} s" if seconds >= 1 else f"{seconds:.1f} s"


def _scored(scores: Scores) -> str:
    return f"{_windows(scores.windows)}: accuracy {100 * scores.accuracy:.2f} %, macro-F1 {100 * scores.macro_f1:.2f} %"
