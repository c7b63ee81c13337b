"""`har-export inspect FILE`: shows what is in a model file."""

import argparse
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from har_export import flatbuffer, onnx_file
from har_export.flatbuffer import TensorInfo
from har_runtime.errors import ModelError
from har_runtime.model.card import METADATA_NAME, ModelCard, card_from_json
from har_runtime.model.load import read_model
from har_runtime.model.tflite_metadata import read_metadata
from har_runtime.text import MAX_LINE, clean


@dataclass(frozen=True)
class Inspection:
    """The contents of a model file."""

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
    """Read a .tflite or .onnx, whichever program made it.

    Raises:
        ModelError: the file is missing, damaged or not a model.
    """
    content = read_model(path)
    is_onnx = path.suffix == ".onnx"
    card = onnx_file.read_card(content, path) if is_onnx else read_metadata(content, path).get(METADATA_NAME)
    parsed = None if card is None else card_from_json(card, str(path))
    reader = onnx_file if is_onnx else flatbuffer
    try:
        counts, tensors = reader.operators(content), reader.tensors(content)
    except ImportError:
        raise
    except Exception as error:  # The libraries check nothing: on damaged bytes they raise errors of any type.
        raise ModelError(f"{path}: the model is damaged or cut off; copy or export it again") from error
    return Inspection("onnx" if is_onnx else "tflite", len(content), parsed, counts, tensors)


def run(options: argparse.Namespace) -> int:
    """Run `har-export inspect`; returns the exit code."""
    found = inspect(options.file)
    if options.json:
        print(json.dumps({**asdict(found), "weight_bytes": found.weight_bytes}, indent=1, allow_nan=False))
        return 0
    from rich.console import Console

    console = Console(highlight=False, markup=False)
    for line in _head(options.file, found):
        console.print(clean(line, MAX_LINE), soft_wrap=True)
    console.print(_table("operators", ("operator", "count"), [(clean(k), str(n)) for k, n in found.operators.items()]))
    console.print(_table("tensors", ("tensor", "shape", "type", "bytes in the file", "scale"), _rows(found.tensors)))
    return 0


def _head(path: Path, found: Inspection) -> list[str]:
    lines = [f"{path}: {found.format}, {found.size:,} bytes, of which {found.weight_bytes:,} are weights"]
    card = found.card
    if card is None:
        return [*lines, "no model card inside: the file is not from har-export"]
    training = card.training
    lines += [
        f"card: {card.name} {card.version}, placement {card.placement}, labels {', '.join(card.labels)}",
        f"  input: {card.window} samples at {card.sample_rate_hz} Hz, every {card.hop} samples: "
        + ", ".join(f"{name} {unit}" for name, unit in zip(card.channels, card.units, strict=True)),
        f"  trained with {training.recipe} on {training.data} ({len(training.trained_on)} users; {training.licence})",
    ]
    lines += [
        f"  {kind}: macro-F1 {100 * score.macro_f1:.2f} % on {score.windows:,} windows of "
        f"{len(training.never_seen)} unseen users"
        for kind, score in card.scores.items()
    ]
    return lines


def _rows(tensors: Sequence[TensorInfo]) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for tensor in tensors:
        scale = "" if not tensor.scale else f"{tensor.scale[0]:.3g}" + (" ..." if len(tensor.scale) > 1 else "")
        shape = " x ".join(str(size) for size in tensor.shape)
        rows.append((clean(tensor.name[-60:]), shape, tensor.type, f"{tensor.size:,}" if tensor.size else "", scale))
    return rows


def _table(title: str, columns: tuple[str, ...], rows: list[tuple[str, ...]]) -> object:
    from rich.table import Table

    table = Table(*columns, title=title, title_justify="left")
    for row in rows:
        table.add_row(*row)
    return table
