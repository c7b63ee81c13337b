"""`terminal:` - the current activity, live; without a terminal, one line for each change.

rich is imported in the functions that use it, so that importing the runtime stays quick.
"""

import threading
import time
from collections import deque
from typing import Any

import numpy as np

from har_runtime.answers.answer import UNKNOWN, Answer
from har_runtime.answers.totals import duration_text
from har_runtime.classify import Prediction
from har_runtime.contract import HOP
from har_runtime.errors import SourceError
from har_runtime.sinks.base import UNAVAILABLE, Sink, StreamInfo
from har_runtime.uri import Uri

WIDTH = 72
BAR_WIDTH = 32
SPARKS = "▁▂▃▄▅▆▇█"
SPARKS_PER_WINDOW = 3
"""Characters for the half second that a window adds: enough to see steps."""
SIGNAL_S = 10
SHORTEST_S = 0.1
"""From one drawing to the next, at least."""
LOOK_S = 0.5
"""How often it is looked whether trouble has come or gone, if there is no answer."""
JOIN_S = 0.5
"""How long closing waits for a drawing."""
MIN_RANGE = 2.0
"""m/s^2 from the lowest to the highest character: a smaller range is noise, which must not look like movement."""


def open_terminal(uri: Uri, info: StreamInfo) -> Sink:
    """The sink of a `terminal:` URI."""
    from rich.console import Console

    uri.only()
    if uri.target:
        raise SourceError(f"terminal: takes no target, not '{uri.target}'")
    console = Console(stderr=True, highlight=False, markup=False, emoji=False)  # Names are shown as they are.
    return LiveTerminal(console, info) if console.is_terminal else PlainLines(console, info)


class PlainLines:
    """One line for each change of activity or place."""

    def __init__(self, console: Any, info: StreamInfo):
        self._console = console
        self._shown: tuple[str, str | None] | None = None
        console.print(f"{info.source} -> model {info.card.name}")

    def write(self, answer: Answer) -> None:
        shown = f"{answer.activity} ({answer.reason})" if answer.reason else answer.activity
        if (shown, answer.place) != self._shown:
            self._shown = shown, answer.place
            sure = "" if answer.reason else f"{100 * answer.confidence:5.1f} %"
            place = f"  at the {answer.place}" if answer.place else ""
            self._console.print(f"{answer.prediction.end_s:10.2f} s  {shown:20} {sure:7}{place}".rstrip())

    def silence(self, since_unix_s: float) -> None:
        self._shown = None
        self._console.print(f"{UNAVAILABLE}: no answer since {_clock(since_unix_s)}")

    def close(self) -> None:
        """Nothing to release."""


class LiveTerminal:
    """Activity, probabilities, signal, truth, place and state of the sensor, redrawn at the same position."""

    def __init__(self, console: Any, info: StreamInfo):
        from rich.live import Live

        self._info = info
        self._signal = Sparkline()
        self._newest: tuple[Answer, str] | None = None
        """The newest answer and the signal up to it. Written by the sink's thread, read by that of the view."""
        self._silent_since_s: float | None = None
        self._changes = 0
        """Of the two above."""
        self._drawn: tuple[int, str | None] | None = None
        """The changes and the trouble that the panel shows."""
        self._panel: Any = None
        self._live = Live(console=console, auto_refresh=False, transient=False, get_renderable=self._current)
        self._live.start(refresh=True)
        self._news, self._is_ending = threading.Event(), threading.Event()
        # Its own thread, as a terminal may be paused, and not Live's, which draws all the time.
        self._thread = threading.Thread(target=self._draw, name="terminal view", daemon=True)
        self._thread.start()

    def write(self, answer: Answer) -> None:
        self._signal.push(answer.prediction)
        self._newest, self._silent_since_s = (answer, str(self._signal)), None
        self._changes += 1
        self._news.set()

    def silence(self, since_unix_s: float) -> None:
        self._silent_since_s = since_unix_s
        self._changes += 1
        self._news.set()

    def _draw(self) -> None:
        """Draw what has changed, ten times a second at most."""
        while not self._is_ending.is_set():
            self._news.wait(LOOK_S)
            self._news.clear()
            if self._drawn != self._state:
                self._live.refresh()
                self._is_ending.wait(SHORTEST_S)

    @property
    def _state(self) -> tuple[int, str | None]:
        return self._changes, self._info.report.trouble

    def _current(self) -> Any:
        """What to show now: trouble may come, and go, without an answer."""
        drawn = self._state
        if self._drawn != drawn:
            self._drawn = drawn
            newest, silent_since_s = self._newest, self._silent_since_s
            self._panel = (
                waiting(self._info, silent_since_s)
                if newest is None
                else panel(self._info, *newest, silent_since_s=silent_since_s)
            )
        return self._panel

    def close(self) -> None:
        self._is_ending.set()
        self._news.set()
        self._thread.join(JOIN_S)
        self._live.stop()


class Sparkline:
    """The magnitude of acceleration over the last ten seconds, as characters."""

    def __init__(self) -> None:
        self._levels: deque[float] = deque(maxlen=SIGNAL_S * 2 * SPARKS_PER_WINDOW)
        self._segment: int | None = None

    def push(self, prediction: Prediction) -> None:
        """Add the new samples of a window."""
        window = prediction.window
        if self._segment not in (None, window.segment):
            self._levels.append(np.nan)  # A gap.
        self._segment = window.segment
        magnitude = np.linalg.norm(window.imu[-HOP:, :3], axis=1)
        self._levels.extend(float(part.mean()) for part in np.array_split(magnitude, SPARKS_PER_WINDOW))

    def __str__(self) -> str:
        levels = np.array(self._levels)
        if not len(levels):
            return ""
        low, high = np.nanmin(levels), np.nanmax(levels)
        low = min(low, (low + high - MIN_RANGE) / 2)
        step = max(high - low, MIN_RANGE) / (len(SPARKS) - 1)
        # Rounded down, so that noise stays within one character, that of the middle of the minimum range.
        return "".join(" " if np.isnan(level) else SPARKS[int((level - low) / step + 1e-9)] for level in levels)


def waiting(info: StreamInfo, silent_since_s: float | None = None) -> Any:
    """The panel before the first answer.

    Args:
        silent_since_s: when the stream began, if no answer has come for too long, seconds since 1970.
    """
    from rich.panel import Panel
    from rich.text import Text

    text = Text("waiting for samples", style="dim") if silent_since_s is None else _unavailable(silent_since_s)
    if info.report.trouble:
        trouble = Text(info.report.trouble, style="bold yellow")
        text = trouble if silent_since_s is None else Text("\n").join((text, trouble))
    return Panel(text, title=_title(info), subtitle=f"model {info.card.name}", width=WIDTH)


def _title(info: StreamInfo) -> str:
    """The source, short enough for the panel's width: a longer title would make the panel as wide as the terminal."""
    room = WIDTH - 6
    return info.source if len(info.source) <= room else f"{info.source[: room - 1]}…"


def panel(info: StreamInfo, answer: Answer, signal: str = "", silent_since_s: float | None = None) -> Any:
    """One answer as a rich panel.

    Args:
        signal: the text of a `Sparkline` up to this answer.
        silent_since_s: when it came, if none has come for too long, seconds since 1970.
    """
    from rich.console import Group
    from rich.panel import Panel
    from rich.table import Table
    from rich.text import Text

    prediction = answer.prediction
    if silent_since_s is not None:
        headline = _unavailable(silent_since_s)
    elif answer.activity == UNKNOWN:
        headline = Text(f"unknown: {answer.reason}", style="bold yellow")
    else:
        headline = Text(_spaced(answer.activity), style="bold green")
        headline.append(f"   {100 * answer.confidence:.0f} %", style="bold")
    if silent_since_s is None:
        headline.append(f"   this window: {_spaced(prediction.label)}", style="dim")
        if answer.truth:
            headline.append(f"   truth: {_spaced(answer.truth)}", style="dim")
    chosen_labels = info.card.families.get(answer.activity, (answer.activity,))
    bars = Table.grid(padding=(0, 1))
    for label, value in zip(info.card.labels, answer.probabilities.tolist(), strict=True):
        chosen = label in chosen_labels
        bars.add_row(
            Text(_spaced(label), style="bold" if chosen else ""),
            Text("█" * round(BAR_WIDTH * value), style="green" if chosen else "blue"),
            Text(f"{100 * value:5.1f} %", style="" if chosen else "dim"),
        )
    lines = [Text(f"signal {signal}", style="cyan", no_wrap=True)] if signal else []
    lines += [Text(line, style="dim") for line in _state(info, answer)]
    lines += [Text(line, style="red") for line in _losses(info, answer)]
    if info.report.trouble:
        lines.append(Text(info.report.trouble, style="bold yellow"))
    return Panel(
        Group(headline, Text(), bars, Text(), *lines),
        title=_title(info),
        subtitle=f"model {info.card.name}",
        width=WIDTH,
    )


def _unavailable(since_unix_s: float) -> Any:
    """The headline while no answers come."""
    from rich.text import Text

    return Text(f"{UNAVAILABLE}: no answer since {_clock(since_unix_s)}", style="bold red")


def _clock(unix_s: float) -> str:
    """The local time of day."""
    return time.strftime("%H:%M:%S", time.localtime(unix_s))


def _spaced(label: str) -> str:
    return label.replace("_", " ")


def _state(info: StreamInfo, answer: Answer) -> list[str]:
    """State of the sensor and totals of the day."""
    acc = answer.report.accelerometer
    rate = "measuring" if acc.rate_hz is None else f"{acc.rate_hz:.1f} Hz"
    rate += "" if info.report.gyroscope else " without gyroscope"
    latency = "" if answer.latency_s is None else f"   latency {1000 * answer.latency_s:.1f} ms"
    tells_places = answer.prediction.places is not None
    place = f"   worn at the {answer.place}" if answer.place else "   place not known yet" if tells_places else ""
    totals = answer.totals
    active = sum(seconds for activity, seconds in totals.seconds.items() if activity != UNKNOWN)
    cadence = "" if answer.cadence is None else f"   {answer.cadence:.0f} steps/min, {answer.intensity}"
    return [
        f"{answer.prediction.end_s:.1f} s   sensor {rate}{latency}{place}",
        f"today {duration_text(active)} known, {duration_text(totals.seconds.get(UNKNOWN, 0.0))} unknown, "
        f"{duration_text(totals.not_worn_s)} not worn, {totals.transitions} changes",
        f"{totals.steps} steps{cadence}",
    ]


def _losses(info: StreamInfo, answer: Answer) -> list[str]:
    """Everything lost at the source and in the samples, and sinks that miss answers."""
    losses = ", ".join(f"{count} {reason}" for reason, count in info.losses(answer.report).items())
    sinks = [str(sink) for sink in info.sinks if sink.dropped or sink.trouble]
    return [losses, *sinks] if losses else sinks
