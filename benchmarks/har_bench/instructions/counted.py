"""Models and the instructions of one inference of each: what `har-bench instructions` shows."""

from collections.abc import Callable, Sequence
from contextlib import ExitStack
from typing import Any

from har_bench.instructions.counters import COUNTERS
from har_bench.measure.measured_model import MeasuredModel, open_models
from har_bench.measure.runtimes import RUNTIMES
from har_bench.measure.worker_client import Task
from har_bench.tables import Table
from har_runtime.errors import ModelError


def open_tflites(names: Sequence[str], stack: ExitStack) -> list[MeasuredModel]:
    """Open models as `open_models` does.

    Raises:
        ModelError: a model is missing, damaged, or no .tflite.
    """
    models = open_models(names, stack)
    for model in models:
        if model.format != "tflite":
            raise ModelError(f"{model.path}: instructions are counted in LiteRT; give a .tflite or a pretrained name")
    return models


def count_models(
    names: Sequence[str], counter: str, show_step: Callable[[str], None] = lambda step: None
) -> dict[str, Any]:
    """Count models with one counter of `COUNTERS`.

    Returns:
        Plain JSON-able values: "counter", "litert" (its version) and "models", each with its "instructions".

    Raises:
        ModelError: a model cannot be run.
        HarError: the counter failed.
    """
    rows: list[dict[str, Any]] = []
    with ExitStack() as stack:
        for model in open_tflites(names, stack):
            show_step(f"{model.name} by {counter}")
            count = COUNTERS[counter].count(Task("litert", model.path, 1))
            rows.append({**model.to_dict(), "instructions": count})
    return {"counter": counter, "litert": RUNTIMES["litert"].version, "models": rows}


def table(result: dict[str, Any]) -> Table:
    """The models with their counts."""
    columns = ("model", "weights", "MACs", "instructions")
    rows = tuple(
        (
            model["name"],
            model["number_format"] or "",
            "" if model["macs"] is None else f"{model['macs']:,}",
            f"{model['instructions']:,}",
        )
        for model in result["models"]
    )
    return Table("instructions of one inference", columns, rows)


def remark(result: dict[str, Any]) -> str:
    """What counted."""
    return f"LiteRT {result['litert']}, one thread; counted by {COUNTERS[result['counter']].description}"
