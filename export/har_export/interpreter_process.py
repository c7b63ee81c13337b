"""Run as a script by another Python: answers of its TFLite interpreter, with nothing of haredge needed there.

    python interpreter_process.py MODULE MODEL WINDOWS.npy ANSWERS.npy

prints the interpreter's version. Kept to what Python 3.8 and numpy 1 understand.
"""

import importlib
import sys

import numpy as np


def main(module: str, model: str, windows: str, answers: str) -> None:
    """Run every window through the model."""
    package = importlib.import_module(module)
    interpreter = getattr(package, "lite", package).Interpreter(model_path=model)
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0]["index"], interpreter.get_output_details()[0]["index"]
    rows = []
    for window in np.load(windows, allow_pickle=False):
        interpreter.set_tensor(taken, window[None])
        interpreter.invoke()
        rows.append(interpreter.get_tensor(given)[0])
    np.save(answers, np.stack(rows))
    version = getattr(package, "__version__", None)
    print(version or getattr(importlib.import_module(module.split(".")[0]), "__version__", "unknown"))


if __name__ == "__main__":
    main(*sys.argv[1:])
