"""The runtimes that are measured, each behind one call: a window in, an answer out. Imported where they are opened."""

import importlib.metadata
import importlib.util
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from har_bench.measure.loaded_model import LiteRt, LoadedModel, OnnxRuntime, Tflm, Torch


@dataclass(frozen=True)
class Runtime:
    """One runtime."""

    name: str
    """As tables show it."""
    module: str
    """What must be importable."""
    package: str
    """What has its version."""
    formats: tuple[str, ...]
    """Of `Subject.format`."""
    open: Callable[[Path, int], LoadedModel]
    """A file and a number of threads to the loaded model."""
    threaded: bool = True

    @property
    def is_installed(self) -> bool:
        try:
            return importlib.util.find_spec(self.module) is not None
        except (ImportError, ValueError):
            return False

    @property
    def version(self) -> str:
        return importlib.metadata.version(self.package)


def _peak(path: Path, threads: int) -> LoadedModel:
    from har_bench.measure.int8_peak import Product

    return Product(int(path.name), threads)


def _forest_fitted(path: Path, threads: int) -> LoadedModel:
    from har_bench.measure.forest import Fitted

    return Fitted(path)


def _forest_converted(path: Path, threads: int) -> LoadedModel:
    from har_bench.measure.forest import Converted

    return Converted(path, threads)


RUNTIMES = {
    "litert": Runtime("LiteRT", "ai_edge_litert.interpreter", "ai-edge-litert", ("tflite",), LiteRt),
    "onnxruntime": Runtime("ONNX Runtime", "onnxruntime", "onnxruntime", ("onnx",), OnnxRuntime),
    "torch": Runtime("PyTorch", "torch", "torch", ("pt2", "checkpoint"), Torch),
    "tflm": Runtime("TFLM", "tflite_micro", "tflite-micro", ("tflite",), Tflm, threaded=False),
    "peak": Runtime("LiteRT", "ai_edge_litert.interpreter", "ai-edge-litert", ("peak",), _peak),
    "sklearn": Runtime("scikit-learn", "sklearn", "scikit-learn", ("forest",), _forest_fitted, threaded=False),
    "forest-onnx": Runtime("numpy and ONNX Runtime", "onnxruntime", "onnxruntime", ("forest",), _forest_converted),
}
CHOICES = ("litert", "onnxruntime", "torch", "tflm")
"""Those that a user chooses among."""
