"""The results of smoothing, other placements and left-out activities as Markdown."""

from typing import Any

SCORES = (
    "energy",
    "largest probability",
    "largest probability, smoothed",
    "network features",
    "window statistics",
    "verdict",
)
"""See `scores`."""
METHODS = {"none": "no smoothing", "hysteresis": "hysteresis", "hmm": "HMM filter"}


def smoothing(result: dict[str, Any]) -> str:
    """Answers for whole recordings, with each kind of smoothing."""
    lines = [
        "| answers | macro-F1, the six activities | macro-F1, posture changes as unknown | answered | median delay "
        "| starts an hour |",
        "|---|---|---|---|---|---|",
    ]
    for row in sorted(result["rows"], key=lambda row: (row["doubt"], list(METHODS).index(row["smoothing"]))):
        delay = row["median_delay_s"]
        method = METHODS[row["smoothing"]] + (", with rejection" if row["doubt"] else "")
        lines.append(
            f"| {method} | {100 * row['known_macro_f1']:.1f} | {100 * row['macro_f1']:.1f} "
            f"| {100 * row['answered']:.1f} % | {'none' if delay is None else f'{delay:.2f} s'} "
            f"| {row['starts_per_hour']:.0f} |"
        )
    changes = result["rows"][0]["changes"]
    return "\n".join(lines) + (
        f"\n\n{result['recordings']} recordings, {result['hours']:.1f} hours, of {len(result['users'])} unseen "
        f"people; {changes / result['hours']:.0f} true changes an hour, which the protocol prescribed.\n"
    )


def other_placements(result: dict[str, Any]) -> str:
    """Windows of other placements, compared with those of the test users at the waist."""
    return _areas("windows of", [{**row, "name": row["unknown"]} for row in result["rows"]]) + (
        f"\nOf {result['known_windows']:,} windows of unseen people with the model's placement, "
        f"{100 * result['known_called_unknown']:.1f} % were called unknown.\n"
    )


def left_out_activities(result: dict[str, Any]) -> str:
    """Windows of the activity that each network never learnt, compared with those of the others."""
    rows = [{**row, "name": row["left_out"]} for row in result["rows"]]
    mean = {
        "name": "**mean**",
        "windows": sum(row["windows"] for row in rows),
        "auc": {score: sum(row["auc"][score] for row in rows) / len(rows) for score in SCORES},
        "called_unknown": sum(row["called_unknown"] for row in rows) / len(rows),
    }
    wrongly = 100 * sum(row["known_called_unknown"] for row in rows) / len(rows)
    return _areas("never learnt", [*rows, mean]) + (
        f"\nOf the windows of the learnt activities, {wrongly:.1f} % were called unknown on average.\n"
    )


def _areas(what: str, rows: list[dict[str, Any]]) -> str:
    lines = [
        f"| {what} | windows | {' | '.join(SCORES)} | called unknown |",
        f"|---|---|{'---|' * len(SCORES)}---|",
    ]
    for row in rows:
        cells = " | ".join(f"{row['auc'][score]:.3f}" for score in SCORES)
        lines.append(f"| {row['name']} | {row['windows']:,} | {cells} | {100 * row['called_unknown']:.0f} % |")
    return "\n".join(lines) + "\n"
