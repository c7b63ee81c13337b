"""The studies of the paper's parts as files and as text: a table for each, and a plot for each figure."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from har_runtime.files import atomic_path, write_bytes
from har_train.evaluation.ablation import DOCUMENT
from har_train.evaluation.plots import BLUE, VERMILLION
from har_train.evaluation.report import ends_of_seeds, json_text, markdown_table, score_of_seeds, seeds_of, trained_on

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMAT = "haredge-ablation-1"
NOTES = (
    "Macro-F1 in % on people that the network never saw: the mean of all seeds, in brackets the 95 % interval over "
    "users with one seed, else the lowest and the highest seed. *Printed*: in the paper for UCI HAR, leaving one "
    "person out; its Figures 4 to 7 have no numbers, and only its own setting is known from Table 8."
)


def write_ablation_report(out: Path, document: dict[str, Any]) -> list[Path]:
    """Write `ablation.json`, `ablation.md` and a picture for each figure into `out`, each atomically; returns the files
    written.

    Raises:
        HarError: `out` cannot be written to.
    """
    drawn = [study for study in document["studies"] if study["axis"]]
    parts = [f"# {_subject(document)}"]
    for study in document["studies"]:
        parts += [f"## {study['title']}", markdown_table(["", "printed", "found"], _cells(study))]
        if study in drawn:
            parts.append(f"![{study['title']}]({study['study']}.png)")
    written = [out / DOCUMENT, out / "ablation.md", *(out / f"{study['study']}.png" for study in drawn)]
    write_bytes(written[0], f"{json_text({'format': FORMAT, **document})}\n".encode())
    write_bytes(written[1], ("\n\n".join([*parts, f"{NOTES} {trained_on(_points(document))}"]) + "\n").encode())
    for path, study in zip(written[2:], drawn, strict=True):
        with atomic_path(path) as temporary:
            study_plot(document, study).savefig(temporary, format="png", metadata={"Software": None})
    return written


def ablation_lines(document: dict[str, Any]) -> list[str]:
    """The tables as text for the terminal."""
    lines = [f"{_subject(document)}, macro-F1 in %"]
    for study in document["studies"]:
        cells = _cells(study)
        width = max(len(cell[0]) for cell in cells)
        lines += ["", study["title"], *(f"{name:{width}}  {printed:>7}  {found}" for name, printed, found in cells)]
    return [*lines, "", trained_on(_points(document))]


def study_plot(document: dict[str, Any], study: dict[str, Any]) -> "Figure":
    """Macro-F1 against what is varied, with intervals, and what the paper prints."""
    from matplotlib.figure import Figure

    points = study["points"]
    positions = range(len(points))
    found = [100 * point["macro_f1"] for point in points]
    ends = [ends_of_seeds(point) or (point["macro_f1"], point["macro_f1"]) for point in points]
    figure = Figure(figsize=(6.4, 3.6), layout="constrained")
    axes = figure.subplots()
    bars = [
        [max(0.0, value - 100 * low) for value, (low, _) in zip(found, ends, strict=True)],
        [max(0.0, 100 * high - value) for value, (_, high) in zip(found, ends, strict=True)],
    ]
    axes.errorbar(positions, found, bars, fmt="o-", color=BLUE, capsize=4, label=points[0]["dataset"])
    known = [position for position in positions if points[position]["printed"] is not None]
    printed = [points[position]["printed"] for position in known]
    axes.plot(known, printed, "D", color=VERMILLION, label="printed: UCI HAR, one person left out")
    axes.set_xticks(list(positions), [point["label"] for point in points])
    axes.set_xlabel(study["axis"])
    axes.set_ylabel("macro-F1 (%)")
    axes.set_title(f"{study['title']}\n{_subject(document)}", fontsize=9)
    axes.grid(axis="y", alpha=0.3)
    axes.legend(fontsize=8)
    return figure


def _points(document: dict[str, Any]) -> list[dict[str, Any]]:
    return [point for study in document["studies"] for point in study["points"]]


def _subject(document: dict[str, Any]) -> str:
    datasets = ", ".join(dict.fromkeys(point["dataset"] for point in _points(document)))
    return f"{datasets}, {document['protocol']}, {document['schedule']} schedule, {seeds_of(document)}"


def _cells(study: dict[str, Any]) -> list[list[str]]:
    return [
        [
            point["label"],
            "" if point["printed"] is None else f"{point['printed']:.2f}",
            score_of_seeds(point),
        ]
        for point in study["points"]
    ]
