"""Measures what Table 4 lacks: latency and memory of its networks as float32 and int8 TFLite and as ONNX, in one run.

The weights are random, because the cost does not depend on them. litert-torch has no recurrent layers and unrolls those
of DeepConvLSTM, which ONNX does not.
"""

import tempfile
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np
import torch

from har_bench.measure.measure import Settings, measure
from har_bench.measure.measured_model import open_model, open_models
from har_bench.training.model_files import untrained_card, write_models
from har_runtime.contract import CHANNELS, WINDOW
from har_train.fit.network import Architecture, HarNetwork
from har_train.methods.csshar import HIDDEN

CLASSES = 6
"""Activities of UCI HAR."""
NETWORKS = {
    "multisupconhar": Architecture(classes=CLASSES, projector=False),
    "deepconvlstm": Architecture(classes=CLASSES, projector=False, backbone="deepconvlstm", head=()),
    "csshar": Architecture(classes=CLASSES, projector=False, backbone="csshar", head=HIDDEN),
}
REMARK = (
    "the shapes are those of UCI HAR, the weights are random, and `waist` is the shipped model. litert-torch unrolls "
    "the recurrent layers of DeepConvLSTM step by step for .tflite"
)


def measure_table4(settings: Settings, progress: Callable[[str], None] = lambda step: None) -> dict[str, Any]:
    """Build the three networks, export and measure them; result and errors are those of `measure`."""
    torch.manual_seed(0)
    calibration = np.random.default_rng(0).normal(0, 1, (64, WINDOW, len(CHANNELS))).astype(np.float32)
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        models = open_models(["waist"], stack)
        for name, architecture in NETWORKS.items():
            progress(f"exporting {name}")
            network = HarNetwork(architecture).eval()
            for path in write_models(network, untrained_card(name, CLASSES), calibration, Path(folder)).values():
                models.append(open_model(path, path.name))
        return {"remark": REMARK, **measure(models, settings, progress)}
