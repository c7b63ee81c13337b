"""The formats that a model is exported to, and how much each may differ from PyTorch."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Bound:
    """How much a file may differ from PyTorch on the test users before the export is refused."""

    worst: float | None = None
    """Largest difference of a probability."""
    macro_f1_loss: float | None = None
    """Largest loss of macro-F1, as a fraction."""
    agreement: float | None = None
    """Smallest share of windows with the same answer."""


@dataclass(frozen=True)
class Format:
    """One format."""

    suffix: str
    """Added to the model's name."""
    extension: str
    number_format: str
    """The key of its score in the card."""
    bound: Bound
    help: str


FLOAT = Bound(worst=1e-5)
HALF = Bound(worst=5e-2)
"""Weights of 11 bits: in a small network a probability changes by up to some hundredths."""
ROOTS = Bound(worst=1e-4)
"""Of float32 formats of a network with square roots in its input: they magnify rounding near 0."""
INT8 = Bound(macro_f1_loss=0.003, agreement=0.99)
FORMATS = {
    "tflite-int8": Format("", ".tflite", "int8", INT8, "int8 inside, float32 input and output: the one to embed"),
    "tflite": Format("-fp32", ".tflite", "fp32", FLOAT, "float32"),
    "tflite-fp16": Format("-fp16", ".tflite", "fp16", HALF, "float16 weights, float32 arithmetic"),
    "tflite-int8-io": Format("-int8-io", ".tflite", "int8", INT8, "int8 input and output too, for microcontrollers"),
    "onnx": Format("", ".onnx", "fp32", FLOAT, "float32, any batch"),
    "c": Format("", "", "int8", INT8, "model.h and model.cc for TFLM, with the bytes of tflite-int8"),
}
"""The int8 file is the one to embed, so it has the plain name."""


def bounds(square_roots: bool, int8: Bound = INT8) -> dict[str, Bound]:
    """The bound of each format.

    Args:
        square_roots: whether the network's input has square roots.
        int8: of the int8 formats.
    """
    own = {FLOAT: ROOTS if square_roots else FLOAT, INT8: int8}
    return {key: own.get(format.bound, format.bound) for key, format in FORMATS.items()}
