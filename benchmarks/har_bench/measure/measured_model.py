"""The model to measure, by its name or path, with its graph and the score on its card."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from har_bench.graphs.graph import Graph
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import ModelError
from har_runtime.model.card import METADATA_NAME
from har_runtime.model.load import pretrained_names, read_card
from har_runtime.model.tflite_metadata import read_metadata

INPUT = (1, WINDOW, len(CHANNELS))
INPUT_TYPES = ("float32", "int8")


@dataclass(frozen=True)
class MeasuredModel:
    """One model to measure."""

    name: str
    """Unique in the run."""
    path: Path
    format: str
    """tflite, onnx, pt2, checkpoint; "forest", which `peers` makes; or "peak", a product of `int8_peak`."""
    graph: Graph | None
    """None if the graph cannot be counted."""
    macro_f1: float | None = None
    """Score of this number format on people the model never saw, from its card."""

    @property
    def file_bytes(self) -> int:
        return self.path.stat().st_size

    @property
    def is_int8(self) -> bool:
        return self.graph is not None and self.graph.number_format == "int8"

    def to_dict(self) -> dict[str, Any]:
        """As plain JSON-able values."""
        graph = self.graph
        return {
            "name": self.name,
            "format": self.format,
            "number_format": graph.number_format if graph else None,
            "parameters": graph.parameters if graph else None,
            "macs": graph.macs if graph else None,
            "flops": 2 * graph.macs if graph and graph.macs is not None else None,
            "uncounted": graph.uncounted if graph else (),
            "file_bytes": self.file_bytes,
            "peak_activation_bytes": graph.peak_activation_bytes if graph else None,
            "macro_f1": self.macro_f1,
        }


def open_models(names: Sequence[str], stack: ExitStack) -> list[MeasuredModel]:
    """Open the models of a command line, each under a unique name.

    Args:
        names: pretrained names, .tflite, .onnx, .pt2, .safetensors of har-train or folders of its runs.
        stack: closes the files that lie inside the package's archive.

    Raises:
        ModelError: missing, not a model, one that takes other windows, or two with the same name.
    """
    paths: list[tuple[str, Path]] = []
    for name in names:
        if name in pretrained_names():
            paths.append((name, stack.enter_context(as_file(files("har_runtime.pretrained") / f"{name}.tflite"))))
        else:
            paths.append((Path(name).name, Path(name)))
    shown = [name for name, _ in paths]
    longer = [f"{path.absolute().parent.name}/{name}" if shown.count(name) > 1 else name for name, path in paths]
    for name in longer:
        if longer.count(name) > 1:
            raise ModelError(f"{name}: given twice, or two have this name and folder; rename one")
    return [open_model(path, name) for name, (_, path) in zip(longer, paths, strict=True)]


def open_model(path: Path, name: str) -> MeasuredModel:
    """Read a model's graph and card.

    Raises:
        ModelError: missing, not a model, or one that takes other windows.
    """
    format = _format(path)
    if format == "checkpoint":
        path = path / "model.safetensors" if path.is_dir() else path
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ModelError(f"{path}: cannot be read ({error.strerror}); {_what_to_give()}") from error
    graph = _read_graph(path, format, content)
    if graph is not None and (graph.input_shape != INPUT or graph.input_type not in INPUT_TYPES):
        raise ModelError(
            f"{path}: takes {graph.input_type} {graph.input_shape}; har-bench gives it windows, float32 or int8 {INPUT}"
        )
    number_format = graph.number_format if graph is not None else "fp32"
    return MeasuredModel(name, path, format, graph, _macro_f1(path, format, content, number_format))


def _format(path: Path) -> str:
    if path.suffix == ".safetensors" or path.is_dir():
        return "checkpoint"
    format = path.suffix.removeprefix(".")
    if format not in ("tflite", "onnx", "pt2"):
        raise ModelError(f"{path}: not a model; {_what_to_give()}")
    return format


def _what_to_give() -> str:
    known = ", ".join(pretrained_names())
    return f"give a .tflite, .onnx, .pt2, a run of har-train or a pretrained name ({known})"


def _read_graph(path: Path, format: str, content: bytes) -> Graph | None:
    if format == "tflite":
        from har_bench.graphs import tflite_graph

        return tflite_graph.read_graph(content, path)
    if format == "onnx":
        try:
            import onnx  # noqa: F401
        except ImportError:
            return None  # ONNX Runtime does not need it, and a Pi rarely has both.
        from har_bench.graphs import onnx_graph

        return onnx_graph.read_graph(content, path)
    try:
        from har_bench.graphs import torch_graph
    except ImportError as error:
        raise ModelError(f"{path}: needs PyTorch, which is not installed; pip install 'haredge[export]'") from error
    return torch_graph.read_graph(path)


def _macro_f1(path: Path, format: str, content: bytes, number_format: str) -> float | None:
    if format == "checkpoint":
        from har_train.fit.checkpoint import load_checkpoint

        return load_checkpoint(path).record.test_macro_f1
    if format not in ("tflite", "onnx"):
        return None
    embedded = _onnx_metadata(content) if format == "onnx" else read_metadata(content, path).get(METADATA_NAME)
    card = read_card(path, content, embedded)
    return card.scores[number_format].macro_f1 if card and number_format in card.scores else None


def _onnx_metadata(content: bytes) -> str | None:
    try:
        import onnx
    except ImportError:
        return None
    model = onnx.load_model_from_string(content)
    return {entry.key: entry.value for entry in model.metadata_props}.get(METADATA_NAME)
