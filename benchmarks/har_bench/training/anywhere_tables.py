"""The result of `anywhere` as Markdown: macro-F1 in % over the activities that model and data set share."""

from typing import Any

NOTHING = "Not measured yet.\n"


def left_out(result: dict[str, Any]) -> str:
    """Each data set left out, for each size of the network."""
    lines = [
        "| left out | people | model | one window | smoothed | place given | smoothed, without gyroscope "
        "| another label is a miss | place found |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for (name, placement), rows in _by_set(result["models"]).items():
        for model, row in rows.items():
            blind = next((other["smoothed"] for other in row["others"]), None)
            cells = [
                f"{name}, {placement}",
                f"{row['users']}",
                model,
                _with_interval(row["windows"]),
                f"**{_with_interval(row['smoothed'])}**",
                _with_interval(row.get("smoothed_given_place")),
                _with_interval(blind),
                _percent(row["smoothed"]["macro_f1"]),
                f"{_percent(row['place_found'])} %" if "place_found" in row else "",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


SUMMARISED = ("anywhere-large", "anywhere")
"""What the short table compares."""


def summary(result: dict[str, Any]) -> str:
    """Each data set left out, in few columns."""
    lines = [
        "| data set left out | people | model | one window | smoothed | place given | smoothed, without gyroscope |",
        "|---|---|---|---|---|---|---|",
    ]
    for (name, placement), rows in _by_set(result["models"]).items():
        for model in SUMMARISED:
            if (row := rows.get(model)) is None:
                continue
            blind = next((other["smoothed"] for other in row["others"]), None)
            scores = row["windows"], row["smoothed"], row.get("smoothed_given_place"), blind
            cells = [f"{name}, {placement}", f"{row['users']}", model, *map(_with_interval, scores)]
            lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def ladder(result: dict[str, Any]) -> str:
    """One frame after the other: one window, and smoothed."""
    if not result["ladder"]:
        return NOTHING
    sets = _by_set([*result["ladder"], *result["models"]])
    lines = [
        f"| one window / smoothed | {' | '.join(f'{name}, {placement}' for name, placement in sets)} |",
        f"|---|{'---|' * len(sets)}",
    ]
    for entry in [*result["ladder"], *(row for row in result["models"] if row["name"] == "anywhere")]:
        rows = [rows.get(entry["name"]) for rows in sets.values()]
        cells = ["" if row is None else f"{_score(row['windows'])} / **{_score(row['smoothed'])}**" for row in rows]
        lines.append(f"| {entry['name']} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def groups(result: dict[str, Any]) -> str:
    """Ten groups of people: `anywhere` on all data sets, the others on each alone."""
    if not result["groups"]:
        return NOTHING
    everything = next((entry for entry in result["groups"] if entry["name"] == "anywhere"), None)
    alone: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for entry in result["groups"]:
        if entry is not everything:
            (row,) = entry["sets"]
            alone.setdefault((row["set"], row["placement"]), {})[entry["name"].partition(", ")[0]] = row
    lines = [
        "| people of | people | anywhere, one window | anywhere, smoothed | anywhere, place given "
        "| hapt-robust, one window | hapt-robust, smoothed | random forest, one window |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in [] if everything is None else everything["sets"]:
        others = alone.get((row["set"], row["placement"]), {})
        robust, forest = others.get("hapt-robust", {}), others.get("random forest", {})
        scores = [
            *(row.get(key) for key in ("windows", "smoothed", "smoothed_given_place")),
            *(robust.get(key) for key in ("windows", "smoothed")),
            forest.get("windows"),
        ]
        cells = [f"{row['set']}, {row['placement']}", f"{row['users']}", *map(_with_interval, scores)]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def _by_set(entries: list[dict[str, Any]]) -> dict[tuple[str, str], dict[str, dict[str, Any]]]:
    """The row of each entry for each data set and place; in its "others" the rows without the gyroscope."""
    found: dict[tuple[str, str], dict[str, dict[str, Any]]] = {}
    for entry in entries:
        for row in entry["sets"]:
            rows = found.setdefault((row["set"], row["placement"]), {})
            if row.get("gyroscope", True):
                rows[entry["name"]] = {**row, "others": []}
            else:
                rows[entry["name"]]["others"].append(row)
    return found


def _score(scores: dict[str, Any]) -> str:
    return _percent(scores["macro_f1_among_shared"])


def _with_interval(scores: dict[str, Any] | None) -> str:
    if scores is None:
        return ""
    interval = scores["interval_among_shared"]
    return _score(scores) + ("" if interval is None else f" ({_percent(interval[0])} to {_percent(interval[1])})")


def _percent(value: float) -> str:
    return f"{100 * value:.1f}"
