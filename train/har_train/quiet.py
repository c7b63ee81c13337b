"""Keeps the log lines of TensorFlow and CUDA off the terminal."""

import os
import sys
from types import ModuleType


def quiet_tensorflow() -> None:
    """Silence TensorFlow's C++ code, and let TensorBoard write its files without importing TensorFlow.

    Call it before anything imports TensorFlow. The processes that this one starts inherit it; a TF_CPP_MIN_LOG_LEVEL
    that the user has set is kept.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    # TensorBoard looks for this module (see tensorboard.compat.tf) and then uses its own small stub: importing
    # TensorFlow takes several seconds and writes to the terminal.
    sys.modules.setdefault("tensorboard.compat.notf", ModuleType("tensorboard.compat.notf"))
