"""`har-export inspect FILE`: what is in a model file."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from har_export import flatbuffer, onnx_file
from har_export.flatbuffer import TensorInfo
from har_runtime.errors import ModelError
from har_runtime.model.card import METADATA_NAME, ModelCard, card_from_json
from har_runtime.model.tflite_metadata import read_metadata


@dataclass(frozen=True)
class Inspection:
    """A model file taken apart."""

    format: str
    size: int
    """Bytes."""
    card: ModelCard | None
    operators: dict[str, int]
    tensors: list[TensorInfo]
    """Input and output first."""

    @property
    def weight_bytes(self) -> int:
        return sum(tensor.size for tensor in self.tensors)


def inspect(path: Path) -> Inspection:
    """Take a .tflite or .onnx apart, whoever made it.

    Raises:
        ModelError: not there, not such a file, or a damaged one.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror})") from error
    if path.suffix == ".onnx":
        card = onnx_file.read_card(content, path)
        counts, tensors = onnx_file.operators(content), onnx_file.tensors(content)
    else:
        card = read_metadata(content, path).get(METADATA_NAME)
        counts, tensors = flatbuffer.operators(content), flatbuffer.tensors(content)
    parsed = None if card is None else card_from_json(card, str(path))
    return Inspection("onnx" if path.suffix == ".onnx" else "tflite", len(content), parsed, counts, tensors)


def run(options: argparse.Namespace) -> int:
    """Run `har-export inspect`; returns the exit code."""
    found = inspect(options.file)
    if options.json:
        print(json.dumps({**asdict(found), "weight_bytes": found.weight_bytes}, indent=1))
        return 0
    from rich.console import Console

    console = Console(highlight=False)
    for line in _head(options.file, found):
        console.print(line, markup=False)
    console.print(_table("operators", ("operator", "how many"), [(k, str(n)) for k, n in found.operators.items()]))
    console.print(_table("tensors", ("tensor", "shape", "type", "bytes in the file", "scale"), _rows(found.tensors)))
    return 0


def _head(path: Path, found: Inspection) -> list[str]:
    lines = [f"{path}: {found.format}, {found.size:,} bytes, of which {found.weight_bytes:,} are weights"]
    card = found.card
    if card is None:
        return [*lines, "no model card inside: not exported by har-export"]
    training = card.training
    lines += [
        f"card: {card.name} {card.version}, placement {card.placement}, labels {', '.join(card.labels)}",
        f"  fed {card.window} samples at {card.sample_rate_hz} Hz, each {card.hop}: "
        + ", ".join(f"{name} {unit}" for name, unit in zip(card.channels, card.units, strict=True)),
        f"  trained by {training.recipe} on {training.data} ({len(training.trained_on)} users; {training.licence})",
    ]
    lines += [
        f"  {kind}: macro-F1 {100 * score.macro_f1:.2f} % on {score.windows:,} windows of "
        f"{len(training.never_seen)} users it never saw"
        for kind, score in card.scores.items()
    ]
    return lines


def _rows(tensors: Sequence[TensorInfo]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for tensor in tensors:
        scale = "" if not tensor.scale else f"{tensor.scale[0]:.3g}" + (" ..." if len(tensor.scale) > 1 else "")
        shape = " x ".join(str(size) for size in tensor.shape)
        rows.append((tensor.name[-60:], shape, tensor.type, f"{tensor.size:,}" if tensor.size else "", scale))
    return rows


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> object:
    from rich.table import Table

    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    return table
