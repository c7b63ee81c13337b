"""The runtimes in which models are measured."""

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
    """Its name in tables."""
    module: str
    """The module that must be importable."""
    package: str
    """The package whose version it has."""
    formats: tuple[str, ...]
    """What it runs; see `MeasuredModel.format`."""
    load: Callable[[Path, int], LoadedModel]
    """Loads a file with a number of threads."""
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
    from har_bench.measure.int8_peak import MatrixProduct

    return MatrixProduct(int(path.name), threads)


def _forest(path: Path, threads: int) -> LoadedModel:
    from har_bench.measure.forest import FittedForest

    return FittedForest(path)


def _onnx_forest(path: Path, threads: int) -> LoadedModel:
    from har_bench.measure.forest import OnnxForest

    return OnnxForest(path, threads)


RUNTIMES = {
    "litert": Runtime("LiteRT", "ai_edge_litert.interpreter", "ai-edge-litert", ("tflite",), LiteRt),
    "onnxruntime": Runtime("ONNX Runtime", "onnxruntime", "onnxruntime", ("onnx",), OnnxRuntime),
    "torch": Runtime("PyTorch", "torch", "torch", ("pt2", "checkpoint"), Torch),
    "tflm": Runtime("TFLM", "tflite_micro", "tflite-micro", ("tflite",), Tflm, threaded=False),
    "peak": Runtime("LiteRT", "ai_edge_litert.interpreter", "ai-edge-litert", ("peak",), _peak),
    "sklearn": Runtime("scikit-learn", "sklearn", "scikit-learn", ("forest",), _forest, threaded=False),
    "forest-onnx": Runtime("numpy and ONNX Runtime", "onnxruntime", "onnxruntime", ("forest",), _onnx_forest),
}
CHOICES = ("litert", "onnxruntime", "torch", "tflm")
"""The runtimes that a user can choose."""
