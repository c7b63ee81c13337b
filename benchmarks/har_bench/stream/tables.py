"""The results of upright_reference, turns and step_counts as Markdown."""

from typing import Any


def upright_reference(result: dict[str, Any]) -> str:
    """How soon and how well gait shows which way is up, on each data set and place; and what that costs."""
    lines = [
        "| data set | people | mountings | hours | within 10 degrees after gait of, median (90th percentile) "
        "| after labelled walking of | of the mountings | windows over 30 degrees off | wrong references an hour "
        "| turned device noticed after gait of, median (90th percentile) | within 10 s |",
        "|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        near, noticed = row["near_after"], row["noticed_after"]
        cells = [
            f"{row['set']}, {row['placement']}",
            f"{row['users']}",
            f"{row['mountings']}",
            f"{row['hours']:.1f}",
            _times(near["gait_s"]),
            _times(near["walking_s"]),
            _percent(near["gait_s"]["finite"] / near["gait_s"]["count"]),
            _shares(row["wrong_share"]),
            _numbers(row["wrong_an_hour"]),
            _times(noticed["gait_s"]),
            _shares(row["noticed_soon"]),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    cost, machine = result["cost"], result["machine"]
    us, reasons = cost["us"], cost["noise"]["reasons"]
    quiet = f"TOO NOISY: {'; '.join(reasons)}" if reasons else "nothing else running"
    return "\n".join(lines) + (
        f"\n\nA window costs {us['tracker']:.0f} µs in the tracker, {us['turning_back']:.0f} µs to be turned back for "
        f"what judges the device, and {us['activity_and_place']:.0f} µs in the filter of activity and place, which "
        f"replaces that of activity alone ({us['activity_alone']:.0f} µs): {cost['added_us']:.0f} µs are added, on one "
        f"core of {machine['cpu']}, {quiet}.\n"
    )


def step_counts(result: dict[str, Any]) -> str:
    """Steps against those counted by eye, and steps where there are none."""
    lines = ["| stretch | seconds | by eye | counted | error |", "|---|---|---|---|---|"]
    for row in result["stretches"]:
        error = 100 * (row["steps"] - row["by_eye"]) / row["by_eye"]
        lines.append(f"| {row['stretch']} | {row['seconds']:.1f} | {row['by_eye']} | {row['steps']} | {error:+.0f} % |")
    lines += [
        "",
        f"{result['within_5_percent']} of {len(result['stretches'])} are within 5 %; the median absolute error is "
        f"{result['median_absolute_error_percent']:.1f} %, the mean {result['mean_absolute_error_percent']:.1f} %, the "
        f"worst {result['worst_absolute_error_percent']:.0f} %; all together {result['total_error_percent']:+.1f} %.",
        "",
        "| without a step | hours | steps an hour, by the counter alone | in the answers |",
        "|---|---|---|---|",
    ]
    for name, row in result["without_steps"].items():
        alone, answers = (f"{row[key] / row['hours']:.0f}" for key in ("alone", "answers"))
        lines.append(f"| {name} | {row['hours']:.2f} | {alone} | {answers} |")
    return "\n".join(lines) + "\n"


def turns(result: dict[str, Any]) -> str:
    """Whether answers to turned recordings stay the same."""
    lines = [
        f"| `{result['model']}` on | people | recordings | turned by | same answer (95 % interval over people) "
        "| in the worst turn | macro-F1 | its change, mean (largest) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for row in result["rows"]:
        for kind in ("quarter_turns", "random_turns"):
            found = row[kind]
            cells = [
                row["set"],
                f"{row['users']}",
                f"{row['recordings']}",
                kind.replace("_", " "),
                _shares({"value": found["same"], "interval": found["interval"]}, 2),
                _percent(found["same_in_the_worst"], 2),
                f"{100 * row['macro_f1']:.2f}",
                f"{100 * found['macro_f1_change']:+.2f} ({100 * found['macro_f1_change_largest']:+.2f})",
            ]
            lines.append(f"| {' | '.join(cells)} |")
    who = "everybody" if result["everybody"] else "the people whom the model never saw"
    windows = sum(row["windows_with_reference"] for row in result["rows"])
    return "\n".join(lines) + (
        f"\n\nOf {who}, over {windows:,} windows after it was found which way is up, each turned 47 times.\n"
    )


def adapt(result: dict[str, Any]) -> str:
    """With and without `--adapt`."""
    found = result["summary"]
    return (
        f"Over {found['hours']:.1f} hours of {found['people']} people that {result['model']} never saw, mean macro-F1 "
        f"after smoothing is {100 * found['adapt']:.1f} % with `--adapt` and {100 * found['shipped']:.1f} % without; "
        f"the largest gain of a person is {100 * found['largest_gain']:.1f} points, the largest loss "
        f"{100 * found['largest_loss']:.1f}.\n"
    )


def _percent(value: float | None, places: int = 0) -> str:
    return "" if value is None else f"{100 * value:.{places}f} %"


def _shares(found: dict[str, Any], places: int = 1) -> str:
    if found["value"] is None or found["interval"] is None:
        return _percent(found["value"], places)
    low, high = (f"{100 * end:.{places}f}" for end in found["interval"])
    return f"{_percent(found['value'], places)} ({low} to {high})"


def _numbers(found: dict[str, Any]) -> str:
    if found["value"] is None or found["interval"] is None:
        return "" if found["value"] is None else f"{found['value']:.2f}"
    low, high = (f"{end:.2f}" for end in found["interval"])
    return f"{found['value']:.2f} ({low} to {high})"


def _times(found: dict[str, Any]) -> str:
    if not found["count"]:
        return ""
    median, p90 = ("never" if time is None else f"{time:.1f} s" for time in (found["median"], found["p90"]))
    return f"{median} ({p90})"
