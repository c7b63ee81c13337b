"""The result of leaving one data set out as files and as text: a table of the sets."""

from pathlib import Path
from typing import Any

from har_runtime.files import write_bytes
from har_train.evaluation.report import REPORT, json_text, markdown_table, percent, text_table

FORMAT = "haredge-left-out-sets-1"
NOTES = (
    "Each set was scored by a model that all sets but this one trained; its people decided nothing. Macro-F1 in %: of "
    "each window alone, of the smoothed answers, and of these if the model is told where the sensor is worn, all over "
    "the activities that the set shares with the others; an answer with any other activity is a miss. *Among shared*: "
    "of the smoothed answers, with the others ruled out, and its 95 % interval over users. *Place found*: share of the "
    "windows. *Unknown*: share of the windows of shared activities."
)
TITLES = (
    "set",
    "placement",
    "gyroscope",
    "users",
    "windows",
    "smoothed",
    "place given",
    "among shared",
    "95 % interval",
    "place found",
    "unknown",
)


def write_set_report(out: Path, document: dict[str, Any]) -> list[Path]:
    """Write `report.json` and `report.md` into `out`, each atomically; returns the files written.

    Args:
        out: folder.
        document: of `left_out_sets.leave_one_set_out`.

    Raises:
        HarError: `out` cannot be written to.
    """
    rows = document["sets"]
    names = list(dict.fromkeys(name for row in rows for name in row["smoothed"]["f1"]))
    classes = [[*_which(row), *(_percent(row["smoothed"]["f1"].get(name)) for name in names)] for row in rows]
    parts = [
        f"# {_subject(document)}",
        markdown_table(list(TITLES), _cells(rows)),
        NOTES,
        "## F1 of each activity, smoothed (%)",
        markdown_table([*TITLES[:3], *names], classes),
    ]
    written = [out / REPORT, out / "report.md"]
    write_bytes(written[0], f"{json_text({'format': FORMAT, **document})}\n".encode())
    write_bytes(written[1], ("\n\n".join(parts) + "\n").encode())
    return written


def set_report_lines(document: dict[str, Any]) -> list[str]:
    """The table as text for the terminal."""
    lines = [list(TITLES), *_cells(document["sets"])]
    return [f"{_subject(document)}, macro-F1 in %", "", *text_table(lines)]


def _subject(document: dict[str, Any]) -> str:
    return f"{document['recipe']}, {document['protocol']}, seed {document['seed']}"


def _cells(rows: list[dict[str, Any]]) -> list[list[str]]:
    return [
        [
            *_which(row),
            str(row["users"]),
            percent(row["windows"]["macro_f1"]),
            percent(row["smoothed"]["macro_f1"]),
            _percent(row.get("smoothed_given_place", {}).get("macro_f1")),
            percent(row["smoothed"]["macro_f1_among_shared"]),
            _interval(row["smoothed"]["interval_among_shared"]),
            _percent(row.get("place_found")),
            _percent(row.get("unknown")),
        ]
        for row in rows
    ]


def _which(row: dict[str, Any]) -> list[str]:
    return [row["set"], row["placement"] or "unknown", "yes" if row["gyroscope"] else "no"]


def _percent(value: float | None) -> str:
    return "" if value is None else percent(value)


def _interval(ends: tuple[float, float] | None) -> str:
    return "" if ends is None else " to ".join(percent(end) for end in ends)
