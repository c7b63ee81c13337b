"""A script for another Python, which needs no haredge: runs windows through its TFLite interpreter.

    python interpreter_process.py MODULE

prints the interpreter's version. Then, for each line "MODEL<tab>WINDOWS.npy<tab>OUTPUTS.npy" on stdin, it writes the
outputs and prints "done". It works with Python 3.8 and numpy 1.
"""

import importlib
import os
import sys

import numpy as np


def main(module: str) -> None:
    """Serve until stdin ends."""
    replies = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # Whatever the libraries print must not mix with the replies.
    package = importlib.import_module(module)
    version = getattr(package, "__version__", None)
    print(version or getattr(importlib.import_module(module.split(".")[0]), "__version__", "unknown"), file=replies)
    replies.flush()
    for line in sys.stdin:
        model, windows, outputs = line.rstrip("\n").split("\t")
        np.save(outputs, run(getattr(package, "lite", package), model, np.load(windows, allow_pickle=False)))
        print("done", file=replies, flush=True)


def run(lite, model: str, windows: np.ndarray) -> np.ndarray:
    """All outputs of the model for windows, one window at a time: shape (n, numbers)."""
    interpreter = lite.Interpreter(model_path=model)
    interpreter.allocate_tensors()
    inputs = interpreter.get_input_details()[0]["index"]
    outputs = [entry["index"] for entry in interpreter.get_output_details()]
    rows = []
    for window in windows:
        interpreter.set_tensor(inputs, window[None])
        interpreter.invoke()
        rows.append(np.concatenate([interpreter.get_tensor(output).ravel() for output in outputs]))
    return np.stack(rows)


if __name__ == "__main__":
    main(*sys.argv[1:])
