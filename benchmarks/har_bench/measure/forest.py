"""The random forest of har_train's controls, to be measured in scikit-learn, and as ONNX behind the same statistics."""

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from har_bench.measure.loaded_model import OnnxRuntime
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import ModelError
from har_train.evaluation.controls import Control, window_statistics

SEED = 0


class Fitted:
    """The forest in scikit-learn, fitted here: files of scikit-learn are pickled, and nothing here unpickles.

    Args:
        path: of the forest as ONNX; the windows that it is fitted on lie beside it as .npz.
    """

    dtype = "float32"
    fitted_here = True

    def __init__(self, path: Path):
        from har_train.data.windows import load_windows

        self._control = Control("random-forest", load_windows(path.with_suffix(".npz")), SEED)

    def __call__(self, window: NDArray[Any]) -> object:
        return self._control.probabilities(window)


class Converted(OnnxRuntime):
    """The forest in ONNX Runtime; the statistics of the window in numpy, as for scikit-learn."""

    def __call__(self, window: NDArray[Any]) -> object:
        return super().__call__(window_statistics(window))


def to_onnx(control: Control) -> bytes:
    """A forest as ONNX: statistics, shape (n, 78), to labels and probabilities.

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
    """What a forest as ONNX says to windows, shape (n, 50, 6) to (n, classes)."""
    import onnxruntime

    session: Any = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
    return session.run(None, {session.get_inputs()[0].name: window_statistics(x)})[1]


def nodes(control: Control) -> int:
    """Of all trees together, leaves included."""
    forest: Any = control.model
    return sum(tree.tree_.node_count for tree in forest.estimators_)
