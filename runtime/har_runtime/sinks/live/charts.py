"""The charts of the live page as Bokeh models: signal, probabilities over time, timeline of the day.

They contain no data: the page fills their data sources and sets the colours of its light or dark mode.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from bokeh.core.types import ID
from bokeh.embed import json_item
from bokeh.models import (
    Axis,
    BasicTicker,
    CategoricalAxis,
    CategoricalScale,
    ColumnDataSource,
    DatetimeAxis,
    DatetimeTicker,
    DatetimeTickFormatter,
    FactorRange,
    FixedTicker,
    Grid,
    HBar,
    Line,
    LinearAxis,
    NumeralTickFormatter,
    Plot,
    Range1d,
    Ticker,
    VArea,
)

from har_runtime.contract import HOP_S, SAMPLE_RATE_HZ
from har_runtime.sinks.live.state import HISTORY_ROWS, SIGNAL_ROWS

AXIS_COLOURS = ("#4477AA", "#EE6677", "#228833")
"""Of x, y and z: from Paul Tol's bright scheme, so that no axis has the colour of an activity."""
FONT = "system-ui, sans-serif"
FONT_SIZE = "13px"
QUARTERS = (0.0, 0.25, 0.5, 0.75, 1.0)


def charts(labels: Sequence[str], colours: Mapping[str, str]) -> dict[str, Any]:
    """The JSON of each chart, by the id of its element on the page.

    Args:
        labels: of the model, in order.
        colours: of every possible activity, from the top to the bottom of the timeline.
    """
    plots = {
        "acceleration-chart": _signal("acceleration", range(3)),
        "rotation-chart": _signal("rotation", range(3, 6)),
        "probabilities-chart": _probabilities(labels, colours),
        "timeline-chart": _timeline(colours),
    }
    return {element: json_item(plot, ID(element)) for element, plot in plots.items()}


def _signal(name: str, channels: Sequence[int]) -> Plot:
    """Acceleration or rotation; columns of the source: x (seconds relative to now) and the channel numbers."""
    length_s = SIGNAL_ROWS // SAMPLE_RATE_HZ
    plot = _plot(name, Range1d(start=-length_s, end=0), Range1d(start=-1, end=1))
    _add_seconds(plot, range(-length_s, 1, 2))
    _add_axis(plot, "left", LinearAxis, BasicTicker(desired_num_ticks=4), grid=True)
    source = _source("x", *map(str, channels))
    for channel, colour in zip(channels, AXIS_COLOURS, strict=True):
        plot.add_glyph(source, Line(x="x", y=str(channel), line_color=colour, line_width=1.5))
    return plot


def _probabilities(labels: Sequence[str], colours: Mapping[str, str]) -> Plot:
    """Stacked areas; columns of the source: x (seconds relative to now) and the edges 0 to n of n areas."""
    length_s = round(HISTORY_ROWS * HOP_S)
    plot = _plot("probabilities", Range1d(start=-length_s, end=0), Range1d(start=0, end=1))
    _add_seconds(plot, range(-length_s, 1, 30))
    share = NumeralTickFormatter(format="0 %")
    _add_axis(plot, "left", LinearAxis, FixedTicker(ticks=list(QUARTERS)), grid=True, formatter=share)
    source = _source("x", *map(str, range(len(labels) + 1)))
    for index, label in enumerate(labels):
        plot.add_glyph(source, VArea(x="x", y1=str(index), y2=str(index + 1), fill_color=colours[label]))
    return plot


def _timeline(colours: Mapping[str, str]) -> Plot:
    """Columns of the source: activity, left and right (milliseconds of local time) and colour."""
    rows = [activity.replace("_", " ") for activity in reversed(tuple(colours))]
    plot = _plot("timeline", Range1d(start=0, end=1), FactorRange(factors=rows))
    plot.y_scale = CategoricalScale()
    to_minutes = dict.fromkeys(("minutes", "hourmin", "hours", "days", "months", "years"), "%H:%M")
    to_seconds = dict.fromkeys(("milliseconds", "seconds", "minsec"), "%H:%M:%S")
    times = DatetimeTickFormatter(**to_minutes, **to_seconds)
    _add_axis(plot, "below", DatetimeAxis, DatetimeTicker(), grid=True, formatter=times)
    _add_axis(plot, "left", CategoricalAxis)
    bar = HBar(y="activity", left="left", right="right", height=0.8, fill_color="colour", line_color="colour")
    plot.add_glyph(_source("activity", "left", "right", "colour"), bar)
    return plot


def _plot(name: str, x_range: Range1d, y_range: Range1d | FactorRange) -> Plot:
    """An empty plot that fills its element; without tools, so that a finger on it scrolls the page."""
    return Plot(
        name=name,
        x_range=x_range,
        y_range=y_range,
        min_border=4,
        min_border_left=52,
        min_border_right=16,
        sizing_mode="stretch_both",
        toolbar_location=None,
        background_fill_color=None,
        border_fill_color=None,
        outline_line_color=None,
    )


def _source(*columns: str) -> ColumnDataSource:
    return ColumnDataSource({column: [] for column in columns}, name="source")


def _add_seconds(plot: Plot, ticks: Sequence[int]) -> None:
    words = {tick: f"{tick} s".replace("-", "\N{MINUS SIGN}") for tick in ticks}
    _add_axis(plot, "below", LinearAxis, FixedTicker(ticks=list(ticks)), major_label_overrides=words)


def _add_axis(
    plot: Plot, place: Any, kind: type[Axis], ticker: Ticker | None = None, grid: bool = False, **options: Any
) -> None:
    if ticker is not None:
        options["ticker"] = ticker
    axis = kind(
        major_label_text_font=FONT,
        major_label_text_font_size=FONT_SIZE,
        minor_tick_line_color=None,
        major_tick_line_color=None,
        axis_line_color=None,
        **options,
    )
    plot.add_layout(axis, place)
    if grid:
        plot.add_layout(Grid(dimension=0 if place == "below" else 1, ticker=ticker))
