"""The day as a picture: a timeline by the hour, minutes of each activity, and how often one came after another.

Drawn by Vega through altair, in this process and without a network. An SVG follows the reader's light or dark mode.
"""

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.palette import COLOURS, NOT_WORN, activity_colours
from har_runtime.cli.activity_log import Diary, local, said
from har_runtime.errors import HarError
from har_runtime.files import write_bytes

if TYPE_CHECKING:
    import altair as alt

APART: Final = (UNKNOWN, NOT_WORN)
"""No activities: they come last."""
WIDTH: Final = 720
DARK: Final = (
    "<style>@media (prefers-color-scheme: dark) {"
    "svg > rect { fill: #0d1117 } text { fill: #d8dee6 }"
    ".role-axis-grid line { stroke: #30363d } .role-axis-tick line, .role-axis-domain line { stroke: #8b949e }"
    "}</style>"
)
PNG_SCALE: Final = 2
MOST_BARS: Final = 20_000
"""In a timeline: more cannot be told apart, and would take minutes to draw."""


def check_format(path: Path) -> None:
    """Make sure that a picture of this name can be drawn.

    Raises:
        HarError: it ends with another format than .svg or .png, or the libraries are not installed.
    """
    if path.suffix.lower() not in (".svg", ".png"):
        raise HarError(f"{path}: a picture is .svg or .png")
    try:
        import altair  # noqa: F401
        import vl_convert  # noqa: F401
    except ImportError as error:
        raise HarError(f"{path}: pictures need altair and vl-convert; pip install 'haredge[report]'") from error


def draw(diary: Diary, path: Path) -> None:
    """Draw the picture into a file.

    Raises:
        HarError: the file cannot be written.
    """
    from io import BytesIO, StringIO

    chart = _chart(diary)
    if path.suffix.lower() == ".svg":
        text = StringIO()
        chart.save(text, format="svg")
        head, opened, rest = text.getvalue().partition(">")
        write_bytes(path, f"{head}{opened}{DARK}{rest}".encode())
    else:
        data = BytesIO()
        chart.save(data, format="png", scale_factor=PNG_SCALE)
        write_bytes(path, data.getvalue())


def _chart(diary: Diary) -> "alt.VConcatChart":
    import altair as alt

    first, last = local(diary.spans[0].start_unix_s), local(diary.spans[-1].end_unix_s)
    days = [f"{moment.day} {moment:%B %Y}" for moment in (first, last)]
    title = f"{first:%A}, {days[0]}" if days[0] == days[1] else " to ".join(days)
    colours = activity_colours(sorted(name for name in diary.seconds if name not in APART))
    shown = {name: colour for name, colour in colours.items() if name in diary.seconds}
    scale = alt.Scale(domain=[said(name) for name in shown], range=list(shown.values()))
    colour = alt.Color("activity:N", scale=scale, title=None, legend=alt.Legend(orient="top", symbolType="square"))
    parts = [_minutes(diary, list(shown), colour)]
    if diary.transitions:
        parts.append(_transitions(diary))
    return (
        alt.vconcat(_timeline(diary, colour), alt.hconcat(*parts, spacing=60), spacing=30)
        .properties(
            title=alt.TitleParams(title, subtitle=f"{diary.rows:,} answers; times in {first:%Z}", anchor="start"),
            padding=16,
            background="white",
        )
        .configure_view(stroke=None)
        .configure_axis(labelFontSize=12, titleFontSize=12, titleFontWeight="normal", labelLimit=200)
        .configure_legend(labelFontSize=12)
        .configure_title(fontSize=16, subtitleFontSize=12, fontWeight="bold")
    )


def _timeline(diary: Diary, colour: "alt.Color") -> "alt.Chart":
    """A band for each day, from the hour of the first answer to that of the last."""
    import altair as alt

    spans = sorted(diary.spans, key=lambda span: span.start_unix_s - span.end_unix_s)[:MOST_BARS]
    bars = [
        {
            "day": f"{local(span.start_unix_s):%a %d %b}",
            "date": local(span.start_unix_s).date().isoformat(),
            "activity": said(span.activity),
            "start": _of_day_ms(span.start_unix_s, span.start_unix_s),
            "end": _of_day_ms(span.end_unix_s, span.start_unix_s),
        }
        for span in spans
    ]
    return (
        alt.Chart(alt.Data(values=bars))
        .mark_bar(height=alt.RelativeBandSize(0.8))
        .encode(
            x=alt.X(
                "start:T",
                scale=alt.Scale(type="utc", domain=_hours(bars), nice=False),
                axis=alt.Axis(title=None, format="%H:%M", grid=True, labelOverlap=True),
            ),
            x2="end:T",
            y=alt.Y("day:N", title=None, sort=alt.EncodingSortField("date"), axis=alt.Axis(domain=False, ticks=False)),
            color=colour,
        )
        .properties(width=WIDTH, height=alt.Step(48))
    )


def _of_day_ms(unix_s: float, of_unix_s: float) -> float:
    """Milliseconds since midnight of the day of `of_unix_s`, by the clock on the wall."""
    midnight = datetime.combine(local(of_unix_s).date(), datetime.min.time())
    return (local(unix_s).replace(tzinfo=None) - midnight) / timedelta(milliseconds=1)


def _hours(bars: list[dict[str, Any]]) -> list[float]:
    """From where to where the timeline goes: whole hours, or whole minutes where it all took less than one."""
    start, end = min(bar["start"] for bar in bars), max(bar["end"] for bar in bars)
    unit = 3_600_000 if end - start > 3_600_000 else 60_000
    return [start // unit * unit, max(-(-end // unit), start // unit + 1) * unit]


def _minutes(diary: Diary, names: list[str], colour: "alt.Color") -> "alt.LayerChart | alt.FacetChart":
    import altair as alt

    seconds = diary.seconds
    bars = [
        {"activity": said(name), "minutes": seconds[name] / 60, "said": f"{seconds[name] / 60:,.1f}"}
        for name in sorted(names, key=lambda name: (name in APART, -seconds[name]))
    ]
    base = alt.Chart(alt.Data(values=bars)).encode(
        x=alt.X("minutes:Q", title="minutes", axis=alt.Axis(grid=False, tickCount=5)),
        y=alt.Y("activity:N", title=None, sort=None, axis=alt.Axis(domain=False, ticks=False)),
    )
    numbers = base.mark_text(align="left", dx=5, fontSize=12).encode(text="said:N")
    return alt.layer(base.mark_bar().encode(color=colour), numbers, width=250, height=alt.Step(28))


def _transitions(diary: Diary) -> "alt.LayerChart | alt.FacetChart":
    import altair as alt

    names = sorted({name for pair in diary.transitions for name in pair})
    cells = [
        {"before": said(before), "after": said(after), "count": count}
        for (before, after), count in diary.transitions.items()
    ]
    order = [said(name) for name in names]
    base = alt.Chart(alt.Data(values=cells)).encode(
        x=alt.X("after:N", title="to", sort=order, axis=alt.Axis(labelAngle=-40, domain=False, ticks=False)),
        y=alt.Y("before:N", title="changes from", sort=order, axis=alt.Axis(domain=False, ticks=False)),
    )
    # Never so strong that the number on it cannot be read, whether that is dark or light.
    strength = alt.Opacity("count:Q", scale=alt.Scale(domainMin=0, range=[0.1, 0.55]), legend=None)
    cell = base.mark_rect(color=COLOURS["walking"]).encode(opacity=strength)
    numbers = base.mark_text(fontSize=12).encode(text="count:Q")
    return alt.layer(cell, numbers, width=alt.Step(40), height=alt.Step(28))
