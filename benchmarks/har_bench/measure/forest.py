"""The random forest of har_train's controls, measured in scikit-learn, and as ONNX behind the same statistics."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_bench.measure.loaded_model import OnnxRuntime
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import ModelError
from har_train.evaluation.controls import Control, window_statistics

SEED = 0


class FittedForest:
    """The forest in scikit-learn, fitted when it is loaded: scikit-learn stores pickles, and nothing here unpickles.

    Args:
        path: the forest as ONNX; the windows to fit it to are in the .npz beside it.
    """

    dtype = "float32"
    fitted_here = True

    def __init__(self, path: Path):
        from har_train.data.windows import load_windows

        self._control = Control("random-forest", load_windows(path.with_suffix(".npz")), SEED)

    def __call__(self, window: NDArray[Any]) -> object:
        return self._control.probabilities(window)


class OnnxForest(OnnxRuntime):
    """The forest in ONNX Runtime; the statistics of the window are computed in numpy, as for scikit-learn."""

    def __call__(self, window: NDArray[Any]) -> object:
        return super().__call__(window_statistics(window))


def to_onnx(control: Control) -> bytes:
    """Convert a forest to ONNX: statistics, shape (n, 78), to labels and probabilities.

    Raises:
        ModelError: skl2onnx is not installed.
    """
    try:
        import skl2onnx
    except ImportError as error:
        raise ModelError("a forest as ONNX needs skl2onnx; pip install skl2onnx") from error
    example = window_statistics(np.zeros((1, WINDOW, len(CHANNELS)), np.float32))
    model: Any = skl2onnx.to_onnx(control.model, example, options={"zipmap": False})
    return model.SerializeToString()


def probabilities(model: bytes, x: NDArray[np.float32]) -> NDArray[np.float32]:
    """Run a forest in ONNX on windows, shape (n, 50, 6) to (n, classes)."""
    import onnxruntime

    session: Any = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: window_statistics(x)})[1]


def node_count(control: Control) -> int:
    """Nodes of all trees together, including the leaves."""
    forest: Any = control.model
    return sum(tree.tree_.node_count for tree in forest.estimators_)
