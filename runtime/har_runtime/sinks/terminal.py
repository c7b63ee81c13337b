"""`terminal:` - the activity now, live; where there is no terminal, one line for each change.

rich is imported where it is used: importing the runtime must stay quick.
"""

from typing import Any

from har_runtime.answer import Answer
from har_runtime.errors import SourceError
from har_runtime.resample import ResampleReport
from har_runtime.sinks.base import Sink, StreamInfo
from har_runtime.uri import Uri

BAR_WIDTH = 32


def open_terminal(uri: Uri, info: StreamInfo) -> Sink:
    """The sink of a `terminal:` URI."""
    from rich.console import Console

    uri.only()
    if uri.target:
        raise SourceError(f"terminal: takes no target, not '{uri.target}'")
    console = Console(stderr=True, highlight=False)
    return LiveTerminal(console, info) if console.is_terminal else PlainLines(console, info)


class PlainLines:
    """One line for each change of activity."""

    def __init__(self, console: Any, info: StreamInfo):
        self._console = console
        self._label: str | None = None
        console.print(f"{info.source} -> model {info.card.name}")

    def write(self, answer: Answer) -> None:
        prediction = answer.prediction
        if prediction.label != self._label:
            self._label = prediction.label
            self._console.print(
                f"{prediction.end_s:10.2f} s  {prediction.label:12} {100 * prediction.confidence:5.1f} %"
            )

    def close(self) -> None:
        """Nothing to let go of."""


class LiveTerminal:
    """Activity, probability bars, truth and sensor state, redrawn in place."""

    def __init__(self, console: Any, info: StreamInfo):
        from rich.live import Live

        self._info = info
        self._live = Live(console=console, refresh_per_second=10, transient=False)
        self._live.start()

    def write(self, answer: Answer) -> None:
        self._live.update(panel(self._info, answer))

    def close(self) -> None:
        self._live.stop()


def panel(info: StreamInfo, answer: Answer) -> Any:
    """One answer as a rich panel."""
    prediction, truth, report = answer.prediction, answer.truth, answer.report
    from rich.console import Group
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    headline = Text(prediction.label.replace("_", " "), style="bold green")
    headline.append(f"   {100 * prediction.confidence:.0f} %", style="bold")
    if truth:
        headline.append(f"   truth: {truth.replace('_', ' ')}", style="dim")
    bars = Table.grid(padding=(0, 1))
    for label, value in zip(info.card.labels, prediction.probabilities.tolist(), strict=True):
        chosen = label == prediction.label
        bars.add_row(
            Text(label.replace("_", " "), style="bold" if chosen else ""),
            Text("█" * round(BAR_WIDTH * value), style="green" if chosen else "blue"),
            Text(f"{100 * value:5.1f} %", style="" if chosen else "dim"),
        )
    acc, gyro = report.accelerometer, report.gyroscope
    rate = "measuring" if acc.rate_hz is None else f"{acc.rate_hz:.1f} Hz"
    state = (
        f"{prediction.end_s:.1f} s   sensor {rate}   dropped {acc.dropped + gyro.dropped}   "
        f"gaps {max(acc.gaps, gyro.gaps)}"
    )
    losses = _losses(info, report)
    return Panel(
        Group(headline, Text(), bars, Text(), Text(state, style="dim"), *[Text(line, style="red") for line in losses]),
        title=info.source,
        subtitle=f"model {info.card.name}",
        width=72,
    )


def _losses(info: StreamInfo, report: ResampleReport) -> list[str]:
    """What else went wrong, a line for each kind of it."""
    lines: list[str] = []
    found = info.report
    if found.lost:
        lines.append("lost at the source: " + ", ".join(f"{count} x {why}" for why, count in found.lost.items()))
    acc, gyro = report.accelerometer, report.gyroscope
    counts = {
        "reconnected": found.reconnections,
        "clock jumps": max(acc.clock_jumps, gyro.clock_jumps),
        "stuck": acc.stuck + gyro.stuck,
        "at full scale": acc.full_scale + gyro.full_scale,
    }
    if any(counts.values()):
        lines.append("   ".join(f"{what} {count}" for what, count in counts.items() if count))
    return lines
