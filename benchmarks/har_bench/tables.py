"""Shows a result of `measure` as tables: on a terminal with rich, on a page as Markdown."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

PIPED_WIDTH = 120
"""Columns if the output is not a terminal."""


@dataclass(frozen=True)
class Table:
    """Rows of text under a title."""

    title: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def markdown(self) -> str:
        """As Markdown, without the title."""
        lines = [self.columns, ("---",) * len(self.columns), *self.rows]
        return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def tables(result: dict[str, Any]) -> list[Table]:
    """Tables of the models, their latency and what they need; empty columns are skipped."""
    models = [
        {
            "model": model["name"],
            "weights": model["number_format"] or "",
            "parameters": _count(model["parameters"]),
            "MACs": _count(model["macs"]),
            "FLOPs": _count(model["flops"]),
            "file": _bytes(model["file_bytes"]),
            "activations": _bytes(model["peak_activation_bytes"]),
            "TFLM arena": _bytes(model["tflm_arena_bytes"]),
            "macro-F1": "" if model["macro_f1"] is None else f"{100 * model['macro_f1']:.1f}",
        }
        for model in result["models"]
    ]
    runs = [
        {"model": run["model"], "runtime": run["runtime"], "threads": str(run["threads"])} for run in result["runs"]
    ]
    speed = [
        {
            **run,
            "p50 µs": f"{found['latency_us']['p50']:,.1f}",
            "p90 µs": f"{found['latency_us']['p90']:,.1f}",
            "p99 µs": f"{found['latency_us']['p99']:,.1f}",
            "x first": times_first(found, result["runs"][0]),
            "windows/s": f"{found['windows_per_second']:,.0f}",
            "of int8 peak": _percent(found["share_of_int8_peak"], 0),
            "sum of 10,000": "" if found["check"] is None else f"{found['check']['difference_percent']:+.1f} %",
        }
        for run, found in zip(runs, result["runs"], strict=True)
    ]
    other = [
        {
            **run,
            "load ms": _shown(found["load_seconds"], lambda value: f"{1e3 * value:.0f}"),
            "memory": _bytes(found["rss_above_empty_bytes"]),
            "of a core": _percent(found["share_of_core"], 3),
            "energy µJ": "" if found["energy"] is None else f"{found['energy']['microjoules']:,.0f}",
            "above idle µJ": "" if found["energy"] is None else f"{found['energy']['above_idle_microjoules']:,.0f}",
        }
        for run, found in zip(runs, result["runs"], strict=True)
    ]
    return [
        _table("models", models),
        _table("latency of one window", speed),
        _table("load time, memory and processor", other),
    ]


def remarks(result: dict[str, Any]) -> list[str]:
    """What a reader of the tables needs to know: machine, noise, energy, what was skipped."""
    machine, state, noise = result["machine"], result["state"], result["noise"]
    versions = dict.fromkeys(f"{run['runtime']} {run['version']}" for run in result["runs"])
    shown = [
        f"governor {state['before']['governor']}" if state["before"]["governor"] else "",
        f"{state['before']['clock_mhz']} MHz" if state["before"]["clock_mhz"] else "",
        _heat(state),
    ]
    state_text = ", ".join(part for part in shown if part) or "this machine does not show governor, clock, temperature"
    lines = [
        f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}, {', '.join(versions)}; {state_text}"
    ]
    if noise["reasons"]:
        lines.append(f"TOO NOISY: {'; '.join(noise['reasons'])}. Stop other programs and measure again.")
        if "times_first" in result["runs"][0]:
            lines.append("x first holds all the same: it compares turns that were taken side by side")
    else:
        lines.append(f"quiet: a fixed loop varied by {100 * noise['spread']:.1f} % over the run")
    if result["int8_peak"]:
        lines.append(
            f"int8 peak, one thread: {result['int8_peak']['macs_per_second'] / 1e9:,.0f} GMAC/s, of LiteRT's fastest "
            "int8 matrix product on this machine"
        )
    if result["energy"]["meter"]:
        lines.append(f"energy: {result['energy']['meter']}, including everything else that ran")
    else:
        lines.append(f"energy: {result['energy']['why_not']}")
    lines.append(
        f"memory is that above an empty process of {_bytes(result['empty_process_bytes'])}; the share of a core is for "
        "one window each 0.5 s; macro-F1 in % is from the card, on people that the model never saw"
    )
    lines.append(result["convention"])
    if any(run["runtime"] == "TFLM" for run in result["runs"]):
        lines.append("TFLM's kernels for this processor are not optimised; microcontrollers have other latencies")
    for model in result["models"]:
        if model["uncounted"]:
            lines.append(f"{model['name']}: MACs not counted, because it has {', '.join(model['uncounted'])}")
        elif model["format"] == "onnx" and model["macs"] is None:
            lines.append(f"{model['name']}: its graph is not counted, because onnx is not installed; pip install onnx")
    lines += [f"skipped: {reason}" for reason in result["left_out"]]
    return lines


def markdown(result: dict[str, Any]) -> str:
    """All tables and the remarks."""
    parts = [table.markdown() for table in tables(result)]
    return "\n".join([*parts, "".join(f"- {line}\n" for line in remarks(result))])


def show(shown: Iterable[Table], lines: Iterable[str]) -> None:
    """Print tables and lines."""
    from rich import box
    from rich.console import Console
    from rich.table import Table as RichTable

    console = Console(highlight=False)
    if not console.is_terminal:
        console.width = PIPED_WIDTH
    for table in shown:
        rich = RichTable(title=table.title, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
        for number, column in enumerate(table.columns):
            if number < 2:
                rich.add_column(column, overflow="fold", min_width=10)
            else:
                rich.add_column(column, justify="right", no_wrap=True)
        for row in table.rows:
            rich.add_row(*row)
        console.print(rich)
    for line in lines:
        console.print(line, markup=False)


def _table(title: str, rows: list[dict[str, str]]) -> Table:
    columns = tuple(name for name in rows[0] if any(row[name] for row in rows))
    return Table(title, columns, tuple(tuple(row[name] for name in columns) for row in rows))


def times_first(run: dict[str, Any], first: dict[str, Any]) -> str:
    """How many times the latency of the first one, with its interval if it has one; results of 0.1.0 have none."""
    ratio = run.get("times_first", {"median": run["latency_us"]["p50"] / first["latency_us"]["p50"], "interval": None})
    interval = None if run is first else ratio["interval"]
    return f"{ratio['median']:.2f}" + ("" if interval is None else f" ({interval[0]:.2f} to {interval[1]:.2f})")


def _heat(state: dict[str, Any]) -> str:
    before, after = state["before"]["temperature_c"], state["after"]["temperature_c"]
    return "" if before is None or after is None else f"{before:.0f} to {after:.0f} degrees C"


def _shown(value: float | None, shown: Callable[[float], str]) -> str:
    return "" if value is None else shown(value)


def _percent(value: float | None, places: int) -> str:
    return "" if value is None else f"{100 * value:.{places}f} %"


def _count(value: int | None) -> str:
    return _shown(value, lambda number: f"{number / 1e6:.2f} M" if number >= 1e6 else f"{number / 1e3:.1f} k")


def _bytes(value: int | None) -> str:
    return _shown(value, lambda size: f"{size / 2**20:.1f} MiB" if size >= 2**20 else f"{size / 2**10:.1f} KiB")
