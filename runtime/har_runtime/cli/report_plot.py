"""The day as a picture: a timeline by the hour, the minutes of each activity, and how often one followed another.

Drawn with matplotlib, without a display. An SVG follows the reader's light or dark mode and is the same for the same
rows.
"""

import logging
import warnings
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.palette import COLOURS, NOT_WORN, activity_colours
from har_runtime.cli.activity_log import ActivityLog, display_name, local, place_name
from har_runtime.cli.spans import Span
from har_runtime.errors import HarError
from har_runtime.files import write_bytes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from matplotlib.path import Path as Outline

LAST: Final = (UNKNOWN, NOT_WORN)
"""Not activities: shown last."""
WIDTH: Final = 11.5
DAY_HEIGHT: Final = 0.65
ROW_HEIGHT: Final = 0.36
COLUMN_WIDTH: Final = 0.55
"""All sizes in inches."""
DPI: Final = 144
BAND: Final = 0.4
"""Half of the height of a day's band, of the distance between two."""
MAX_BARS: Final = 20_000
"""In a timeline: more could not be told apart, and would take minutes to draw."""
MAX_NAME: Final = 24
"""Characters of an activity that are shown."""
STEPS: Final = (*(minutes * 60 for minutes in (1, 2, 5, 10, 15, 30, 60, 120, 180, 240)), 86_400)
"""Seconds between the ticks of a timeline."""
MAX_TICKS: Final = 13
SETTINGS: Final[dict[Any, Any]] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],  # It comes with matplotlib.
    "font.size": 10,
    "text.parse_math": False,  # A dollar sign in an activity's name is one.
    "svg.fonttype": "none",
    "svg.hashsalt": "haredge",
}
DARK: Final = (
    "<style>@media (prefers-color-scheme: dark) {"
    "#background path { fill: #0d1117 !important } text { fill: #d8dee6 !important } "
    "[id^=xtick] path { stroke: #30363d !important }"
    "}</style>"
)


def check_format(path: Path) -> None:
    """Make sure that a picture of this name can be drawn.

    Raises:
        HarError: the name ends in neither .svg nor .png.
        ModuleNotFoundError: matplotlib is not installed.
    """
    if path.suffix.lower() not in (".svg", ".png"):
        raise HarError(f"{path}: a picture is .svg or .png")
    logging.getLogger("matplotlib").setLevel(logging.ERROR)  # Before the import, which may already log.
    import matplotlib  # noqa: F401


def draw(log: ActivityLog, path: Path) -> None:
    """Draw the picture into a file.

    Raises:
        HarError: as of `check_format`, or the file cannot be written.
    """
    check_format(path)
    from matplotlib import rc_context

    data = BytesIO()
    with warnings.catch_warnings(), rc_context(SETTINGS):
        warnings.simplefilter("ignore")  # A letter that the font lacks is drawn as a box.
        figure = make_figure(log)
        if path.suffix.lower() == ".png":
            figure.savefig(data, format="png", dpi=DPI)
            write_bytes(path, data.getvalue())
        else:
            figure.savefig(data, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))
            svg = data.getvalue().decode()
            head, end, body = svg[svg.index("<svg") :].partition(">")
            write_bytes(path, f"{head}{end}{DARK}{body}".encode())


def make_figure(log: ActivityLog) -> "Figure":
    """The picture of a log with at least one span."""
    from matplotlib.figure import Figure
    from matplotlib.layout_engine import ConstrainedLayoutEngine
    from matplotlib.patches import Patch

    first, last = local(log.spans[0].start_unix_s), local(log.spans[-1].end_unix_s)
    days = [f"{moment.day} {moment:%B %Y}" for moment in (first, last)]
    title = f"{first:%A}, {days[0]}" if days[0] == days[1] else " to ".join(days)
    colours = activity_colours(sorted(name for name in log.seconds if name not in LAST))
    colours = {name: colour for name, colour in colours.items() if name in log.seconds}
    followed = sorted({name for pair in log.transitions for name in pair})

    timeline_height = 1.4 + DAY_HEIGHT * len(log.days)
    lower_height = 0.8 + ROW_HEIGHT * max(len(colours), len(followed) + 2 if followed else 0)
    layout = ConstrainedLayoutEngine(h_pad=0.1, w_pad=0.1)
    figure = Figure((WIDTH, timeline_height + lower_height), layout=layout, facecolor="white")
    figure.patch.set_gid("background")
    parts: Any = figure.subfigures(2, 1, height_ratios=(timeline_height, lower_height))
    upper, lower = parts
    for part in (upper, lower):
        part.set_facecolor("none")
    upper.suptitle(title, x=0.015, ha="left", weight="bold", size=14)
    axes = upper.subplots()
    _timeline(axes, log, colours)
    axes.set_title(f"{log.rows:,} answers{_places(log)}; times in {first:%Z}", loc="left", size=10, pad=34)
    legend = axes.legend(
        handles=[Patch(color=colour, label=_short(name)) for name, colour in colours.items()],
        loc="lower left",
        bbox_to_anchor=(0, 1),
        ncols=8,
        frameon=False,
        handlelength=0.9,
        handleheight=0.9,
    )
    legend.set_gid("legend")
    matrix_width = 1.6 + COLUMN_WIDTH * len(followed)
    minutes, matrix = lower.subplots(1, 2, width_ratios=(max(3.0, WIDTH - matrix_width), matrix_width))
    _minutes(minutes, log, colours)
    _transitions(matrix, log, followed)
    return figure


def _timeline(axes: "Axes", log: ActivityLog, colours: dict[str, str]) -> None:
    """A band for each day, from the hour of the first answer to that of the last."""
    from matplotlib.patches import PathPatch

    rows = {date: row for row, date in enumerate(log.days)}
    bars: dict[tuple[int, str], list[tuple[float, float]]] = {}
    for span in log.spans.longest(MAX_BARS):
        start_s, end_s = _of_day_s(span)
        key = rows[local(span.start_unix_s).date()], span.activity
        bars.setdefault(key, []).append((start_s, end_s - start_s))
    for (row, activity), ranges in sorted(bars.items()):
        axes.add_patch(PathPatch(_outline(ranges, row), facecolor=colours[activity], linewidth=0))
    start_s, end_s = _hours([bar for ranges in bars.values() for bar in ranges])
    step_s = next(step for step in STEPS if (end_s - start_s) / step < MAX_TICKS)
    ticks = [step * step_s for step in range(-int(-start_s // step_s), int(end_s // step_s) + 1)]
    axes.set_xticks(ticks, [f"{tick // 3600 % 24:02d}:{tick // 60 % 60:02d}" for tick in ticks])
    axes.set_xlim(start_s, end_s)
    axes.set_yticks(range(len(rows)), [f"{date:%a %d %b}" for date in rows])
    axes.set_ylim(len(rows) - 0.5, -0.5)
    axes.grid(axis="x", color="#dddddd")
    _plain(axes)


def _outline(bars: list[tuple[float, float]], row: int) -> "Outline":
    """Bars of a band, by start and length, as one path: as patches of their own they take a kilobyte each."""
    from matplotlib.path import Path as Outline

    starts, lengths = np.array(bars).T
    corners = np.empty((len(bars), 4, 2))
    corners[:, :, 0] = np.stack([starts, starts + lengths, starts + lengths, starts], axis=1)
    corners[:, :, 1] = row + BAND * np.array([-1, -1, 1, 1])
    return Outline.make_compound_path_from_polys(corners)


def _places(log: ActivityLog) -> str:
    """Where the sensor was worn, if the rows say it."""
    total = sum(log.places.values())
    shares = [f"{_short(place_name(name))} {100 * seconds / total:.0f} %" for name, seconds in log.places.items()]
    return f"; worn at: {', '.join(shares)}" if shares else ""


def _of_day_s(span: Span) -> tuple[float, float]:
    """Start and end in seconds since midnight of the day on which a span starts, by the clock on the wall."""
    midnight = datetime.combine(local(span.start_unix_s).date(), datetime.min.time())
    start_s, end_s = (
        (local(unix_s).replace(tzinfo=None) - midnight) / timedelta(seconds=1)
        for unix_s in (span.start_unix_s, span.end_unix_s)
    )
    return start_s, end_s


def _hours(bars: list[tuple[float, float]]) -> tuple[int, int]:
    """The limits of the timeline in seconds: whole hours, or whole minutes if everything took less than one hour."""
    start_s, end_s = min(start for start, _ in bars), max(start + length for start, length in bars)
    unit = 3600 if end_s - start_s > 3600 else 60
    first = int(start_s // unit)
    return first * unit, max(int(-(-end_s // unit)), first + 1) * unit


def _minutes(axes: "Axes", log: ActivityLog, colours: dict[str, str]) -> None:
    """A bar for the minutes of each activity, the longest first."""
    names = sorted(colours, key=lambda name: (name in LAST, -log.seconds[name]))
    minutes = [log.seconds[name] / 60 for name in names]
    bars = axes.barh(range(len(names)), minutes, color=[colours[name] for name in names])
    axes.bar_label(bars, [f"{value:,.1f}" for value in minutes], padding=5)
    axes.set_yticks(range(len(names)), [_short(name) for name in names])
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlim(0, 1.15 * max(minutes))
    axes.locator_params(axis="x", nbins=5)
    axes.set_xlabel("minutes")
    _plain(axes)


def _transitions(axes: "Axes", log: ActivityLog, names: list[str]) -> None:
    """A matrix of how often one activity came after another; nothing if no activity changed."""
    if not names:
        axes.set_axis_off()
        return
    most = max(log.transitions.values())
    for (before, after), count in sorted(log.transitions.items()):
        x, y = names.index(after), names.index(before)
        # Never so strong that the number cannot be read, on a light or a dark page.
        axes.broken_barh([(x - 0.5, 1)], (y - 0.5, 1), facecolors=COLOURS["walking"], alpha=0.1 + 0.45 * count / most)
        axes.text(x, y, str(count), ha="center", va="center")
    labels = [_short(name) for name in names]
    axes.set_xticks(range(len(names)), labels, rotation=40, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(names)), labels)
    axes.set_xlim(-0.5, len(names) - 0.5)
    axes.set_ylim(len(names) - 0.5, -0.5)
    axes.set_xlabel("to")
    axes.set_ylabel("changes from")
    _plain(axes)


def _plain(axes: "Axes") -> None:
    """No frame, and no ticks beside their labels."""
    axes.set_frame_on(False)
    axes.set_axisbelow(True)
    axes.tick_params(length=0)


def _short(activity: str) -> str:
    """The name of an activity for a label."""
    name = display_name(activity)
    return name if len(name) <= MAX_NAME else f"{name[: MAX_NAME - 1]}…"
