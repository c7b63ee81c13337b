"""The comparison of the systems as files, as text and as a plot: a line for each system."""

from pathlib import Path
from statistics import mean
from typing import TYPE_CHECKING, Any

from har_runtime.files import atomic_path, write_bytes
from har_train.evaluation.plots import BLUE, GREY, VERMILLION
from har_train.evaluation.report import (
    ends_of_seeds,
    json_text,
    markdown_table,
    score_of_seeds,
    seeds_of,
    text_table,
    trained_on,
)
from har_train.evaluation.zoo import AUTHORS, BUDGET, DOCUMENT

if TYPE_CHECKING:
    from matplotlib.figure import Figure

FORMAT = "haredge-zoo-1"
TITLES = ("system", "printed", "authors' schedule", "same budget", "core-minutes", "steps", "parameters")
PRINTED_AS = {"hapt": "uci-har"}
"""Data sets of the paper's tables, by the names of those that stand for them here."""
COLUMNS = (
    "Macro-F1 in % on people that the system never saw. *Printed*: in the paper's Table 3, with * if the paper copied "
    "it from the system's own paper, whose protocol differs. *Authors' schedule* and *same budget*: trained here, the "
    "mean of all seeds; in brackets the 95 % interval over users with one seed, else the lowest and the highest seed. "
    "*Core-minutes* and *steps*: processor time of a training and its steps of the optimiser, with the same budget or, "
    "without one, with the authors' schedule. *Parameters*: of encoder and classifier."
)


def write_zoo_report(out: Path, document: dict[str, Any]) -> list[Path]:
    """Write `zoo.json`, `zoo.md` and `zoo.png` into `out`, each atomically; returns the files written.

    Raises:
        HarError: `out` cannot be written to.
    """
    written = [out / DOCUMENT, out / "zoo.md", out / "zoo.png"]
    table = markdown_table(list(TITLES), cells_of(document))
    write_bytes(written[0], f"{json_text({'format': FORMAT, **document})}\n".encode())
    write_bytes(written[1], f"# {_subject(document)}\n\n{table}\n\n![Systems](zoo.png)\n\n{notes(document)}\n".encode())
    with atomic_path(written[2]) as temporary:
        zoo_plot(document).savefig(temporary, format="png", metadata={"Software": None})
    return written


def zoo_lines(document: dict[str, Any]) -> list[str]:
    """The table as text for the terminal."""
    lines = [list(TITLES), *cells_of(document)]
    return [f"{_subject(document)}, macro-F1 in %", "", *text_table(lines), "", trained_on(document["rows"])]


def notes(document: dict[str, Any]) -> str:
    """What the columns are, and where the rows come from."""
    return f"{COLUMNS} {trained_on(document['rows'])}"


def cells_of(document: dict[str, Any]) -> list[list[str]]:
    """The table's rows, in the order of the document."""
    return [
        [
            known["title"],
            _printed_text(known),
            _score(schedules.get(AUTHORS)),
            _score(schedules.get(BUDGET)),
            f"{known['core_minutes']:.1f}" if known["core_minutes"] else "",
            _steps(known),
            f"{known['parameters']:,}" if known["parameters"] else "",
        ]
        for schedules in _by_system(document).values()
        for known in [_known(schedules)]
    ]


def zoo_plot(document: dict[str, Any]) -> "Figure":
    """Macro-F1 of every system, the best above, with its interval and what the paper prints."""
    from matplotlib.figure import Figure

    systems = sorted(_by_system(document).values(), key=lambda schedules: _known(schedules)["macro_f1"])
    figure = Figure(figsize=(7.2, 1.6 + 0.3 * len(systems)), layout="constrained")
    axes = figure.subplots()
    axes.set_yticks(range(len(systems)), [_known(schedules)["title"] for schedules in systems])
    for schedule, words, colour, shift in (
        (BUDGET, "same budget", BLUE, 0.12),
        (AUTHORS, "authors' schedule", GREY, -0.12),
    ):
        rows = {place: schedules[schedule] for place, schedules in enumerate(systems) if schedule in schedules}
        if rows:
            found = [100 * row["macro_f1"] for row in rows.values()]
            ends = [ends_of_seeds(row) or (row["macro_f1"], row["macro_f1"]) for row in rows.values()]
            bars = [
                [max(0.0, value - 100 * low) for value, (low, _) in zip(found, ends, strict=True)],
                [max(0.0, 100 * high - value) for value, (_, high) in zip(found, ends, strict=True)],
            ]
            label = f"{words}, {next(iter(rows.values()))['dataset']}"
            axes.errorbar(found, [place + shift for place in rows], xerr=bars, fmt="o", color=colour, label=label)
    printed = {place: value for place, schedules in enumerate(systems) if (value := _printed(_known(schedules)))}
    if printed:
        axes.plot(list(printed.values()), list(printed), "D", color=VERMILLION, label="printed, UCI HAR")
    axes.set_xlabel("macro-F1 (%), users that the system never saw")
    axes.set_title(_subject(document), fontsize=9)
    axes.grid(axis="x", alpha=0.3)
    figure.legend(fontsize=8, loc="outside lower center", ncols=3)
    return figure


def _subject(document: dict[str, Any]) -> str:
    datasets = ", ".join(dict.fromkeys(row["dataset"] for row in document["rows"]))
    return f"Systems on {datasets}, {document['protocol']}, {seeds_of(document)}"


def _by_system(document: dict[str, Any]) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows of each system by their schedule."""
    systems: dict[str, dict[str, dict[str, Any]]] = {}
    for row in document["rows"]:
        systems.setdefault(row["system"], {})[row["schedule"]] = row
    return systems


def _known(schedules: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """The row that stands for a system."""
    return schedules.get(BUDGET) or schedules[AUTHORS]


def _printed(row: dict[str, Any]) -> float | None:
    return row["printed"].get(PRINTED_AS.get(row["dataset"], row["dataset"]))


def _printed_text(row: dict[str, Any]) -> str:
    value = _printed(row)
    return "" if value is None else f"{value:.2f}{' *' if row['copied'] else ''}"


def _steps(row: dict[str, Any]) -> str:
    steps = [sum(seed["steps"]) for seed in row["seeds"] if seed["steps"]]
    return f"{mean(steps):,.0f}" if steps else ""


def _score(row: dict[str, Any] | None) -> str:
    return "" if row is None else score_of_seeds(row)
