"""The comparison of the systems as files and as text: a line for each system."""

from pathlib import Path
from typing import Any

from har_runtime.files import write_bytes
from har_train.evaluation.report import json_text, markdown_table, score_of_seeds, text_table
from har_train.evaluation.zoo import AUTHORS, BUDGET, DOCUMENT

FORMAT = "haredge-zoo-1"
TITLES = ("system", "printed", "authors' schedule", "same budget", "core-minutes", "parameters")
PRINTED_AS = {"hapt": "uci-har"}
"""Data sets of the paper's tables, by the names of those that stand for them here."""
NOTES = (
    "Macro-F1 in % on people that the system never saw. *Printed*: in the paper's Table 3, with * if the paper copied "
    "it from the system's own paper, whose protocol differs. *Authors' schedule* and *same budget*: trained here, the "
    "mean of all seeds; in brackets the 95 % interval over users with one seed, else the lowest and the highest seed. "
    "*Core-minutes*: processor time of a training with the same budget, else with the authors' schedule. *Parameters*: "
    "of encoder and classifier."
)


def write_zoo_report(out: Path, document: dict[str, Any]) -> list[Path]:
    """Write `zoo.json` and `zoo.md` into `out`, each atomically; returns the files written.

    Raises:
        HarError: `out` cannot be written to.
    """
    written = [out / DOCUMENT, out / "zoo.md"]
    table = markdown_table(list(TITLES), _cells(document))
    write_bytes(written[0], f"{json_text({'format': FORMAT, **document})}\n".encode())
    write_bytes(written[1], f"# {_subject(document)}\n\n{table}\n\n{NOTES}\n".encode())
    return written


def zoo_lines(document: dict[str, Any]) -> list[str]:
    """The table as text for the terminal."""
    lines = [list(TITLES), *_cells(document)]
    return [f"{_subject(document)}, macro-F1 in %", "", *text_table(lines)]


def _subject(document: dict[str, Any]) -> str:
    datasets = ", ".join(dict.fromkeys(row["dataset"] for row in document["rows"]))
    seeds = ", ".join(map(str, document["seeds"]))
    return f"Systems on {datasets}, {document['protocol']}, seeds {seeds}"


def _cells(document: dict[str, Any]) -> list[list[str]]:
    systems: dict[str, dict[str, dict[str, Any]]] = {}
    for row in document["rows"]:
        systems.setdefault(row["system"], {})[row["schedule"]] = row
    return [
        [
            known["title"],
            _printed(known),
            _score(schedules.get(AUTHORS)),
            _score(schedules.get(BUDGET)),
            f"{known['core_minutes']:.1f}" if known["core_minutes"] else "",
            f"{known['parameters']:,}" if known["parameters"] else "",
        ]
        for schedules in systems.values()
        for known in [schedules.get(BUDGET) or schedules[AUTHORS]]
    ]


def _printed(row: dict[str, Any]) -> str:
    value = row["printed"].get(PRINTED_AS.get(row["dataset"], row["dataset"]))
    return "" if value is None else f"{value:.2f}{' *' if row['copied'] else ''}"


def _score(row: dict[str, Any] | None) -> str:
    return "" if row is None else score_of_seeds(row)
