"""The results of smoothing, other placements, left-out activities and profiles as Markdown."""

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


def personal(result: dict[str, Any]) -> str:
    """Before and after a model has learnt some seconds of each activity from a person."""
    lines = [
        "| learnt | mean macro-F1 | median | worst person | gap closed | people worse by over 1 point | largest loss |",
        "|---|---|---|---|---|---|---|",
    ]
    names = {"shipped": "nothing", "place_given": "nothing, place given", "bound": "all of the first half"}
    for name, row in result["summary"].items():
        compared = name not in ("shipped", "place_given")
        gap = row["gap_closed"]
        cells = [
            names.get(name, f"{name} s of each activity"),
            f"{100 * row['mean']:.1f}",
            f"{100 * row['median']:.1f}",
            f"{100 * row['worst']:.1f} ({row['worst_person']})",
            f"{100 * gap:.0f} %" if compared and gap is not None else "",
            str(row["worse_people"]) if compared else "",
            f"{100 * row['largest_loss']:.1f}" if compared else "",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    people, cost = result["people"], result["cost"]
    places = {place: sum(row["place"] == place for row in people) for place in ("torso", "thigh", "wrist")}
    shares = ", ".join(f"{count} at the {place}" for place, count in places.items() if count)
    lines += [
        "",
        f"{len(people)} people and places ({shares}) of {len(result['users'])} users that {result['model']} never saw, "
        f"{sum(row['windows'] for row in people):,} windows scored.",
        "",
        "| new activity | at the | people | recall | macro-F1 of the others, before | after | their windows taken |",
        "|---|---|---|---|---|---|---|",
    ]
    lines += [
        f"| {row['activity']} | {row['place']} | {row['people']} | {100 * row['recall']:.1f} % "
        f"| {100 * row['others_before']:.1f} | {100 * row['others_after']:.1f} | {100 * row['others_taken']:.1f} % |"
        for row in result["new_activities"]
    ]
    before, after = cost["window_us"], cost["personal_window_us"]
    learning = f"Learning {cost['activities']} activities took {1000 * cost['learning_s']:.0f} ms"
    lines += [
        "",
        f"{learning} of processor time after the last sample, on one core of {result['machine']['cpu']}. A window of a "
        f"stream, from samples to answer, takes {after:.0f} microseconds instead of {before:.0f} "
        f"({100 * cost['more']:+.1f} %).",
    ]
    return "\n".join(lines) + "\n"


def personal_sets(result: dict[str, Any]) -> str:
    """The same on data sets that taught the network nothing."""
    lines = [
        "| left out | people and places | place given | 3 s of each | 10 s | 30 s | own bound | gap closed at 10 s "
        "| worst person, before | 10 s | worse by over 1 point at 10 s |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        found = row["summary"]
        medians = (f"{100 * found[name]['median']:.1f}" for name in ("place_given", "3", "10", "30", "bound"))
        gap = found["10"]["gap_closed"]
        cells = [
            row["set"],
            str(row["people"]),
            *medians,
            "" if gap is None else f"{100 * gap:.0f} %",
            f"{100 * found['place_given']['worst']:.1f}",
            f"{100 * found['10']['worst']:.1f}",
            str(found["10"]["worse_people"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    windows = sum(row["windows"] for row in result["rows"])
    return "\n".join(lines) + (
        f"\n\nMedian macro-F1 over the people; networks of the recipe `{result['recipe']}`, float32, "
        f"{windows:,} windows scored.\n"
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
