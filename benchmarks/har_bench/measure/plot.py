"""Draws a result: accuracy against latency and against size."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from har_runtime.errors import DataError
from har_runtime.files import atomic_path

if TYPE_CHECKING:
    from matplotlib.axes import Axes

MARKERS = "o^sDPv*X"
"""One for each runtime."""
COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""One for each network; colour-blind readers can distinguish them (Okabe and Ito 2008)."""


def draw(result: dict[str, Any], path: Path) -> None:
    """Write a PNG.

    Raises:
        DataError: no model has a score.
        HarError: the file cannot be written.
        ModuleNotFoundError: matplotlib is not installed.
    """
    scores = {model["name"]: model["macro_f1"] for model in result["models"] if model["macro_f1"] is not None}
    if not scores:
        raise DataError(f"{path}: none of the measured models has a card with a score, so there is nothing to draw")
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter

    figure = Figure(figsize=(11, 4.5), layout="constrained")
    speed, size = figure.subplots(1, 2, sharey=True)
    runtimes = dict.fromkeys((run["runtime"], run["threads"]) for run in result["runs"])
    marker = {runtime: MARKERS[number % len(MARKERS)] for number, runtime in enumerate(runtimes)}
    families = dict.fromkeys(map(_family, scores))
    colour = {family: COLOURS[number % len(COLOURS)] for number, family in enumerate(families)}
    filled = {model["name"]: model["number_format"] == "int8" for model in result["models"]}

    def dot(axes: "Axes", x: float, name: str, shape: str) -> None:
        own = colour[_family(name)]
        axes.plot(x, 100 * scores[name], shape, color=own, markerfacecolor=own if filled[name] else "none")

    for run in result["runs"]:
        if run["model"] in scores:
            dot(speed, run["latency_us"]["p50"], run["model"], marker[run["runtime"], run["threads"]])
    for model in result["models"]:
        if model["name"] in scores:
            dot(size, model["file_bytes"] / 2**10, model["name"], "o")
    for (runtime, threads), shape in marker.items():
        speed.plot([], [], shape, color="#777777", label=f"{runtime}, {threads} thread{'s' if threads > 1 else ''}")
    for family in families:
        size.plot([], [], "o", color=colour[family], label=family)
    size.plot([], [], "o", color="#777777", markerfacecolor="none", label="hollow: not int8")
    speed.set(xscale="log", xlabel="one window, median (µs)", ylabel="macro-F1 on unseen people (%)")
    size.set(xscale="log", xlabel="file (KiB)")
    for axes in (speed, size):
        axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axes.xaxis.set_major_formatter("{x:,.0f}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.legend(fontsize=7)
    figure.suptitle(f"{result['machine']['cpu']}, {result['machine']['cores']} cores", fontsize=9)
    with atomic_path(path) as temporary:
        figure.savefig(temporary, format="png", dpi=150)


def _family(name: str) -> str:
    """The network that a file contains: "waist" for "waist-fp32.tflite"."""
    return Path(name).name.rpartition(".")[0].removesuffix("-fp32") or name
