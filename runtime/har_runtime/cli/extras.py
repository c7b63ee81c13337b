"""Which extra of the distribution brings a library that is not installed."""

from collections.abc import Iterable, Mapping
from typing import Final

_TRAIN: Final = (
    *("torch", "lightning", "torchmetrics", "safetensors", "scipy", "sklearn", "matplotlib", "tensorboard", "pooch"),
)
EXTRAS: Final[Mapping[str, tuple[str, ...]]] = {
    "parquet": ("pyarrow",),
    "mqtt": ("paho",),
    "web": ("bokeh", "tornado", "segno"),
    "report": ("matplotlib",),
    "train": _TRAIN,
    "cluster": (*_TRAIN, "ray"),
    "onnx": ("onnxruntime",),
    "export": (
        *_TRAIN,
        *("onnxruntime", "litert_torch", "ai_edge_quantizer", "torchao", "onnx", "onnxscript", "tflite_micro"),
    ),
    "bench": ("matplotlib", "psutil"),
    "dev": ("tensorflow", "skl2onnx"),
}
"""The modules that each extra of pyproject.toml installs, by the name that is imported."""


def extra_of(module: str, preferred: Iterable[str] = ()) -> str | None:
    """The extra that installs a module; None if no extra does.

    Args:
        preferred: extras to choose from first, if several install it.

    >>> extra_of("torch"), extra_of("torch", ["export"]), extra_of("har_runtime.typo")
    ('train', 'export', None)
    """
    return next((extra for extra in (*preferred, *EXTRAS) if module in EXTRAS[extra]), None)
