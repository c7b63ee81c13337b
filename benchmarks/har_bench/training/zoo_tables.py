"""The comparison of the systems of Table 3 as Markdown: what they score and what they cost."""

from typing import Any

from har_bench import tables
from har_bench.results import RESULTS, read_result
from har_train.evaluation.zoo_report import TITLES, cells_of, notes

COST = "zoo_cost.json"


def systems(result: dict[str, Any]) -> str:
    """A line for each system: what is printed, what was found, and what a window costs.

    Args:
        result: the document of `har-train zoo`.
    """
    cost = _cost_of_systems()
    lines = [
        f"| {' | '.join((*TITLES, 'FLOPs', 'int8 µs'))} |",
        f"|{'---|' * (len(TITLES) + 2)}",
    ]
    names = dict.fromkeys(row["system"] for row in result["rows"])
    for name, cells in zip(names, cells_of(result), strict=True):
        lines.append(f"| {' | '.join((*cells, *cost.get(name, ('', ''))))} |")
    return "\n".join(lines) + f"\n\n{notes(result)}\n"


def costs(result: dict[str, Any]) -> str:
    """Every int8 file in LiteRT on one thread, the fastest first.

    Args:
        result: the document of `har_bench.training.zoo_cost`.
    """
    models = {model["name"]: model for model in result["models"]}
    lines = [
        "| int8, one thread | MACs | file | p50 µs | p99 µs | x anywhere (95 % interval) |",
        "|---|---|---|---|---|---|",
    ]
    for run in sorted(_int8_runs(result), key=lambda run: run["latency_us"]["p50"]):
        model = models[run["model"]]
        cells = (
            run["model"].removesuffix(".tflite"),
            f"{model['macs']:,}",
            f"{model['file_bytes'] / 1024:,.0f} KiB",
            f"{run['latency_us']['p50']:,.1f}",
            f"{run['latency_us']['p99']:,.1f}",
            tables.times_first(run, result["runs"][0]),
        )
        lines.append(f"| {' | '.join(cells)} |")
    machine, dots = result["machine"], " and ".join(result["dot_products_here"]) or "no dot products of int8"
    remarks = [f"By turns on {machine['cpu']}, {machine['cores']} cores, with {dots}. The weights of all but the"]
    remarks.append("shipped models are random, which does not change the cost.")
    remarks += [f"TOO NOISY: {'; '.join(result['noise']['reasons'])}."] if result["noise"]["reasons"] else []
    missing = [f"{row['system']} ({row['not_exported']})" for row in result["systems"] if row["not_exported"]]
    remarks += [f"Not exported: {'; '.join(missing)}."] if missing else []
    return "\n".join(lines) + f"\n\n{' '.join(remarks)}\n"


def _int8_runs(result: dict[str, Any]) -> list[dict[str, Any]]:
    int8 = {model["name"] for model in result["models"] if model["number_format"] == "int8"}
    return [
        run for run in result["runs"] if run["model"] in int8 and run["runtime"] == "LiteRT" and run["threads"] == 1
    ]


def _cost_of_systems() -> dict[str, tuple[str, str]]:
    """FLOPs and latency of a window, by system."""
    path = RESULTS / COST
    if not path.exists():
        return {}
    result = read_result(path)
    latency = {run["model"]: f"{run['latency_us']['p50']:,.0f}" for run in _int8_runs(result)}
    return {
        row["system"]: (f"{row['flops'] / 1e6:.2f} M", latency.get(f"{row['system']}.tflite", "not exported"))
        for row in result["systems"]
    }
