"""Compares two results: the same models on two machines, or before and after a change."""

from pathlib import Path
from typing import Any

from har_bench.results import read_result
from har_bench.tables import Table
from har_runtime.errors import DataError


def read_measured(path: Path) -> dict[str, Any]:
    """Read a result that `har-bench --json` wrote.

    Raises:
        DataError: it is not one.
    """
    result = read_result(path)
    runs = result.get("runs")
    keys = {"model", "runtime", "threads", "latency_us", "turn_medians_us", "rss_above_empty_bytes"}
    if not isinstance(runs, list) or not all(isinstance(run, dict) and keys <= run.keys() for run in runs):
        raise DataError(f"{path}: not a result of har-bench; write one with har-bench MODEL --json {path}")
    return result


def compare(first: dict[str, Any], second: dict[str, Any]) -> Table:
    """Compare latency and memory of what both results contain.

    A difference is reported if the medians of the turns do not overlap (from their 10th to their 90th percentile).

    Raises:
        DataError: they have nothing in common.
    """
    keys = ("model", "runtime", "threads")
    seconds = {tuple(run[key] for key in keys): run for run in second["runs"]}
    rows: list[tuple[str, ...]] = []
    for run in first["runs"]:
        other = seconds.get(tuple(run[key] for key in keys))
        if other is None:
            continue
        before, after = run["latency_us"]["p50"], other["latency_us"]["p50"]
        rows.append(
            (
                run["model"],
                run["runtime"],
                str(run["threads"]),
                f"{before:.1f} µs",
                f"{after:.1f} µs",
                _difference(run["turn_medians_us"], other["turn_medians_us"], before / after),
                _memory(run["rss_above_empty_bytes"], other["rss_above_empty_bytes"]),
            )
        )
    if not rows:
        raise DataError("the two results share no model in the same runtime with as many threads")
    return Table("compared", ("model", "runtime", "threads", "A p50", "B p50", "B is", "B's memory"), tuple(rows))


def remarks(first: dict[str, Any], second: dict[str, Any]) -> list[str]:
    """What a reader of the comparison needs to know."""
    lines: list[str] = []
    for name, result in (("A", first), ("B", second)):
        machine, reasons = result["machine"], result.get("noise", {}).get("reasons", [])
        quiet = f"TOO NOISY: {'; '.join(reasons)}" if reasons else "quiet"
        lines.append(f"{name}: {machine['cpu']}, {machine['cores']} cores, {machine['date']}; {quiet}")
    a, b = first["machine"].get("versions", {}), second["machine"].get("versions", {})
    changed = [
        f"{name} {a.get(name, 'missing')} -> {b.get(name, 'missing')}"
        for name in sorted({*a, *b})
        if a.get(name) != b.get(name)
    ]
    return [*lines, *(["versions: " + ", ".join(changed)] if changed else [])]


def _difference(first: list[float], second: list[float], ratio: float) -> str:
    if first[0] <= second[1] and second[0] <= first[1]:
        return "the same within the spread of the turns"
    return f"{ratio:.2f} x faster" if ratio > 1 else f"{1 / ratio:.2f} x slower"


def _memory(first: int | None, second: int | None) -> str:
    return "" if first is None or second is None else f"{(second - first) / 2**20:+.1f} MiB"
