"""Table 4 of the paper, counted again: parameters, FLOPs and memory of three networks on the shapes of three data sets.

    har-bench table4 [--measure] [--json F] [--markdown F]

The paper says neither what its FLOPs count nor what its memory is. Each figure is therefore counted in the ways of the
common tools and compared with the printed one; the nearest count is shown first, the others after it.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from torch import nn

from har_bench import tables
from har_bench.graphs.counting import CONVENTIONS, count, file_bytes, memory, weight_bytes
from har_bench.measure.options import measure_settings
from har_bench.progress import step_display
from har_bench.results import describe_machine, write_result
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.files import write_bytes
from har_train.fit.network import Architecture, HarNetwork, parameter_count
from har_train.methods.base import LinearClassifier
from har_train.methods.csshar import SETTINGS, Csshar
from har_train.methods.deepconvlstm import DeepConvLSTMEncoder

COLUMNS = {"mobiact": "MobiAct", "uci-har": "UCI HAR", "usc-had": "USC-HAD"}
CLASSES = {"mobiact": 11, "uci-har": 6, "usc-had": 12}
"""Table 1. All three are cut into windows of 50 samples of 6 channels (section 4.1.3)."""
PAPER = {
    ("DeepConvLSTM", "parameters"): (458.00e3, 458.00e3, 458.00e3),
    ("DeepConvLSTM", "FLOPs"): (53.20e6, 53.20e6, 53.20e6),
    ("DeepConvLSTM", "memory"): (2.35e6, 2.35e6, 2.35e6),
    ("CSSHAR", "parameters"): (9.30e6, 5.40e6, 6.60e6),
    ("CSSHAR", "FLOPs"): (823.70e6, 491.44e6, 614.75e6),
    ("CSSHAR", "memory"): (48.40e6, 26.98e6, 31.59e6),
    ("MultiSupConHAR", "parameters"): (565.60e3, 566.00e3, 566.40e3),
    ("MultiSupConHAR", "FLOPs"): (48.50e6, 48.50e6, 48.50e6),
    ("MultiSupConHAR", "memory"): (2.20e6, 2.20e6, 2.20e6),
}
"""Table 4 of the paper, in the order of COLUMNS."""
MIB = 1e6 / 2**20
"""Converts bytes to the paper's "M" times a million, if that "M" means MiB."""
REPRODUCED = 1.0
"""Per cent; a figure counts as reproduced if a count is nearer to it."""

Counts = dict[tuple[str, str], float]
"""The counts of one network on one data set, by quantity of the table and by the way of counting."""


@dataclass(frozen=True)
class Row:
    """One quantity of one network, counted in one way, and the paper's value; values are in the order of COLUMNS."""

    network: str
    quantity: str
    """parameters, FLOPs or memory."""
    counted: str
    """Which parts of the network, and by which convention."""
    ours: tuple[float, ...]

    @property
    def paper(self) -> tuple[float, ...]:
        return PAPER[self.network, self.quantity]

    @property
    def differences(self) -> tuple[float, ...]:
        """In per cent of the printed figure."""
        return tuple(100 * (ours / paper - 1) for ours, paper in zip(self.ours, self.paper, strict=True))

    @property
    def distance(self) -> float:
        """Mean absolute difference."""
        return sum(map(abs, self.differences)) / len(self.differences)

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        columns = zip(COLUMNS, self.ours, self.paper, self.differences, strict=True)
        return {
            "network": self.network,
            "quantity": self.quantity,
            "counted": self.counted,
            "values": {
                name: {"ours": ours, "paper": paper, "difference_percent": round(difference, 3)}
                for name, ours, paper, difference in columns
            },
        }


def run(options: argparse.Namespace) -> int:
    """Run `har-bench table4`; returns the exit code."""
    settings = measure_settings(options)
    result = report(rows())
    if options.measure:
        from har_bench.training.table4_cost import measure_table4

        with step_display() as show_step:
            result["measured"] = measure_table4(settings, show_step)
    text = markdown({"machine": describe_machine(), **result})
    if options.json:
        write_result(options.json, result)
    if options.markdown:
        write_bytes(options.markdown, text.encode())
    print(text, end="")
    return 0


def rows() -> list[Row]:
    """Every count of every network; the counts of a quantity are sorted by their distance from the paper."""
    found: list[Row] = []
    for network, counted in (("DeepConvLSTM", _deepconvlstm), ("CSSHAR", _csshar), ("MultiSupConHAR", _multisupconhar)):
        columns = [counted(name) for name in COLUMNS]
        mine = [Row(network, *key, tuple(column[key] for column in columns)) for key in columns[0]]
        for quantity in ("parameters", "FLOPs", "memory"):
            found += sorted((row for row in mine if row.quantity == quantity), key=lambda row: row.distance)
    return found


def report(found: list[Row]) -> dict[str, Any]:
    """The rows as plain JSON-able values, with the shapes that they are counted for."""
    return {
        "window": WINDOW,
        "channels": len(CHANNELS),
        "classes": CLASSES,
        "conventions": {convention.name: convention.description for convention in CONVENTIONS.values()},
        "rows": [row.to_dict() for row in found],
    }


def markdown(result: dict[str, Any]) -> str:
    """A `report` as two tables, the nearest count of each printed figure and all others; then the measured cost."""
    nearest: list[dict[str, Any]] = []
    others: list[dict[str, Any]] = []
    for row in result["rows"]:
        seen = any((row["network"], row["quantity"]) == (other["network"], other["quantity"]) for other in nearest)
        (others if seen else nearest).append(row)
    off = [f"{row['network']}'s {row['quantity']}" for row in nearest if _worst(row) > REPRODUCED]
    lines = [
        f"One window of {result['window']} samples and {result['channels']} channels, float32: counted / printed in "
        "Table 4 (difference). The paper does not say how it counted; these ways of counting come nearest:",
        "",
        *_table(nearest),
        "",
        *([f"No way to count comes within {REPRODUCED:g} % of {' and '.join(off)}.", ""] if off else []),
        "All others:",
        "",
        *_table(others),
        "",
        *(f"- {name}: {description}" for name, description in result["conventions"].items()),
    ]
    if "measured" in result:
        measured = {"machine": result["machine"], **result["measured"]}
        lines += ["", "Measured:", "", tables.markdown(measured).rstrip(), f"- {measured['remark']}"]
    return "\n".join(lines) + "\n"


def _worst(row: dict[str, Any]) -> float:
    return max(abs(value["difference_percent"]) for value in row["values"].values())


def _table(chosen: list[dict[str, Any]]) -> Iterator[str]:
    yield f"| network | | {' | '.join(COLUMNS.values())} | counted |"
    yield "|---|---|---|---|---|---|"
    for row in chosen:
        cells = " | ".join(_cell(row["values"][name]) for name in COLUMNS)
        yield f"| {row['network']} | {row['quantity']} | {cells} | {row['counted']} |"


def _cell(value: dict[str, float]) -> str:
    unit, factor = ("k", 1e3) if value["paper"] < 1e6 else ("M", 1e6)
    ours, paper = value["ours"] / factor, value["paper"] / factor
    difference = round(value["difference_percent"], 2) + 0.0  # No "-0.00".
    return f"{ours:.2f} / {paper:.2f} {unit} ({difference:+.2f} %)"


def _deepconvlstm(column: str) -> Counts:
    network = LinearClassifier(DeepConvLSTMEncoder(len(CHANNELS), WINDOW), CLASSES[column])
    return {**_parameters("all weights", network), **_flops("", network), **_memory(network)}


def _multisupconhar(column: str) -> Counts:
    network = HarNetwork(Architecture(classes=CLASSES[column], projector=False))
    return {
        **_parameters("encoder and classifier", network),
        **_parameters("encoder", network.encoder),
        **_flops("", network),
        **_memory(network),
    }


def _csshar(column: str) -> Counts:
    """The encoder with and without the layer that its authors' code never runs, and with its classifier."""
    network = Csshar(len(CHANNELS), WINDOW, CLASSES[column], SETTINGS[column])
    encoder, unused = network.encoder, network.encoder.transformer[0]
    return {
        **_parameters("encoder and the layer left unused", encoder, unused),
        **_parameters("encoder", encoder),
        **_parameters("encoder and classifier", network),
        **_parameters("encoder, classifier and the layer left unused", network, unused),
        **_parameters("classifier", network.classifier),
        **_flops("encoder and classifier: ", network),
        **_flops("encoder: ", encoder),
        **_memory(network, unused),
    }


def _parameters(counted: str, *parts: nn.Module) -> Counts:
    return {("parameters", counted): sum(map(parameter_count, parts))}


def _flops(of: str, network: nn.Module) -> Counts:
    work = count(network, WINDOW, len(CHANNELS))
    return {("FLOPs", of + convention.name): convention.flops(work) for convention in CONVENTIONS.values()}


def _memory(network: nn.Module, *unused: nn.Module) -> Counts:
    """All that "memory" may mean.

    Args:
        unused: layers that are stored with the network but never run.
    """
    held = memory(network, WINDOW, len(CHANNELS))
    weights = held.weights + sum(map(weight_bytes, unused))
    file = held.file + sum(map(file_bytes, unused))
    what = "everything, the unused layer too: " if unused else ""
    return {
        ("memory", f"{what}the file torch.save writes, MiB"): file * MIB,
        ("memory", f"{what}weights, MiB"): weights * MIB,
        ("memory", f"{what}weights, MB"): weights,
        ("memory", f"{what}weights and the widest layer's input and output, MiB"): (weights + held.widest) * MIB,
        ("memory", f"{what}weights and the outputs of all layers, MB"): weights + held.outputs,
        ("memory", f"{what}weights and twice the outputs of all layers, MB: torchinfo's estimate"): weights
        + 2 * held.outputs,
    }
