"""What is measured: a model by its name or path, with its graph and, where it has one, its card."""

from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from importlib.resources import as_file, files
from pathlib import Path

from har_bench.graphs.graph import Graph
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import ModelError
from har_runtime.model.card import METADATA_NAME
from har_runtime.model.load import pretrained_names, read_card
from har_runtime.model.tflite_metadata import read_metadata

INPUT = (1, WINDOW, len(CHANNELS))
INPUT_TYPES = ("float32", "int8")


@dataclass(frozen=True)
class Subject:
    """One model to measure."""

    name: str
    """Unlike that of any other in the run."""
    path: Path
    format: str
    """tflite, onnx, pt2, checkpoint; or "forest", which `peers` makes."""
    graph: Graph | None
    """None where there is no graph to count."""
    macro_f1: float | None = None
    """What its card says this number format reaches on people it never saw."""

    @property
    def file_bytes(self) -> int:
        return self.path.stat().st_size


def open_subjects(names: Sequence[str], stack: ExitStack) -> list[Subject]:
    """The models of a command line, each under a name of its own.

    Args:
        names: pretrained names, .tflite, .onnx, .pt2, .safetensors of har-train or the folders of its runs.
        stack: closes what lies inside the package's archive.

    Raises:
        ModelError: not there, not a model, one that takes other windows, or two that cannot be told apart.
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
            raise ModelError(f"{name}: given twice, or two of the same name in folders of the same name; rename one")
    return [open_subject(path, name) for name, (_, path) in zip(longer, paths, strict=True)]


def open_subject(path: Path, name: str) -> Subject:
    """Read a model's graph and card.

    Raises:
        ModelError: not there, not a model, or one that takes other windows.
    """
    format = _format(path)
    if format == "checkpoint":
        path = path / "model.safetensors" if path.is_dir() else path
    try:
        content = path.read_bytes()
    except OSError as error:
        known = ", ".join(pretrained_names())
        raise ModelError(
            f"{path}: cannot be read ({error.strerror}); give a .tflite, .onnx, .pt2, a run of har-train or a "
            f"pretrained name ({known})"
        ) from error
    graph = _read_graph(path, format, content)
    if graph is not None and (graph.input_shape != INPUT or graph.input_type not in INPUT_TYPES):
        raise ModelError(
            f"{path}: takes {graph.input_type} {graph.input_shape}; har-bench feeds windows, float32 or int8 {INPUT}"
        )
    number_format = graph.number_format if graph is not None else "fp32"
    return Subject(name, path, format, graph, _macro_f1(path, format, content, number_format))


def _format(path: Path) -> str:
    if path.suffix == ".safetensors" or path.is_dir():
        return "checkpoint"
    format = path.suffix.removeprefix(".")
    if format not in ("tflite", "onnx", "pt2"):
        known = ", ".join(pretrained_names())
        raise ModelError(
            f"{path}: no model; give a .tflite, .onnx, .pt2, a run of har-train or a pretrained name ({known})"
        )
    return format


def _read_graph(path: Path, format: str, content: bytes) -> Graph | None:
    if format == "tflite":
        from har_bench.graphs import tflite_graph

        return tflite_graph.read_graph(content, path)
    if format == "onnx":
        try:
            import onnx  # noqa: F401
        except ImportError:
            return None  # ONNX Runtime needs it not, and a Pi has seldom both.
        from har_bench.graphs import onnx_graph

        return onnx_graph.read_graph(content, path)
    try:
        from har_bench.graphs import torch_graph
    except ImportError as error:
        raise ModelError(
            f"{path}: needs PyTorch, which is not installed here; pip install 'haredge[export]'"
        ) from error
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
