"""Opens checkpoints of har-train and programs of torch.export (.pt2) as modules, and reads them into a `Graph`.

torch.export.load unpickles what it finds. An archive that contains a pickle is therefore refused here, and tensors are
loaded in PyTorch's weights-only mode. Expressions in the graph remain, which PyTorch evaluates: do not open a .pt2 that
you do not trust.
"""

import math
import os
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from har_bench.graphs.counting import count
from har_bench.graphs.graph import Graph, Operator, TensorName
from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import ModelError
from har_train.fit.checkpoint import load_checkpoint
from har_train.fit.network import HarNetwork, parameter_count

WEIGHTS_ONLY = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
"""The variable that makes torch.load refuse to unpickle, whatever its caller asks for."""
SAFE_FILES = re.compile(
    r"[^/]+/(data/(weights/weight_\d+|constants/tensor_\d+|(weights|constants)/\w+_config\.json|sample_inputs/\w+\.pt)"
    r"|models/\w+\.json|archive_format|archive_version|byteorder|\.data/\w+)"
)
"""Files of an archive that hold a graph or tensors; others may hold pickled objects or compiled code."""
IDENTITIES = {"aten.dropout.default", "aten.contiguous.default", "aten.detach.default"}
"""Operators that return their input in evaluation mode."""


class Probabilities(nn.Module):
    """A checkpoint's network: (batch, 50, 6) windows in SI units to (batch, classes) probabilities; with places also to
    probabilities of the places, (batch, places), and of the classes at each place, (batch, places, classes)."""

    def __init__(self, network: HarNetwork, temperature: float):
        super().__init__()
        network.projector = nn.Identity()
        self.network, self.temperature = network, temperature

    def forward(self, imu: Tensor) -> Tensor | tuple[Tensor, Tensor, Tensor]:
        logits, places = self.network.logits(self.network.features(imu))
        if places is None:
            return (logits / self.temperature).softmax(dim=1)
        at, given = places.softmax(dim=1), (logits / self.temperature).softmax(dim=2)
        return (at.unsqueeze(2) * given).sum(dim=1), at, given


def open_module(path: Path) -> nn.Module:
    """Open a module in evaluation mode that takes (1, 50, 6).

    Raises:
        ModelError: damaged, pickled, or neither a checkpoint nor a program.
    """
    return _open_program(path).module() if path.suffix == ".pt2" else _open_checkpoint(path)


def read_graph(path: Path) -> Graph:
    """Read the graph of a checkpoint or a .pt2, as PyTorch runs it without compiling.

    Raises:
        ModelError: it cannot be opened, or it takes other windows.
    """
    if path.suffix == ".pt2":
        program = _open_program(path)
        module = program.module()
    else:
        module = _open_checkpoint(path)
        program = torch.export.export(module, (torch.zeros(1, WINDOW, len(CHANNELS)),))
    signature = program.graph_signature
    inputs = [node for node in program.graph.nodes if node.name in signature.user_inputs]
    if len(inputs) != 1 or not isinstance(inputs[0].meta.get("val"), Tensor):
        raise ModelError(f"{path}: takes {len(inputs)} inputs; expected one, of windows")
    operators: list[Operator] = []
    sizes: dict[TensorName, int | None] = {inputs[0].name: _bytes(inputs[0].meta["val"])}
    for node in program.graph.nodes:
        given = tuple(entry.name for entry in node.all_input_nodes if entry.name in sizes)
        if node.op != "call_function" or not given:
            continue
        sizes[node.name] = _bytes(node.meta.get("val"))
        operators.append(Operator(str(node.target), given, (node.name,), in_place=_is_view(node.target)))
    shape = tuple(int(size) for size in inputs[0].meta["val"].shape)
    if shape == (1, WINDOW, len(CHANNELS)):
        # PyTorch's own counter counts the whole module; its result is stored in the first operator.
        operators[0] = replace(operators[0], macs=count(module, WINDOW, len(CHANNELS)).macs)
    return Graph(
        operators=tuple(operators),
        inputs=(inputs[0].name,),
        outputs=tuple(str(name) for name in signature.user_outputs),
        sizes=sizes,
        parameters=parameter_count(module),
        number_format="fp32",
        input_shape=shape,
        input_type=str(inputs[0].meta["val"].dtype).removeprefix("torch."),
    )


def _open_checkpoint(path: Path) -> nn.Module:
    checkpoint = load_checkpoint(path)
    return Probabilities(checkpoint.network, checkpoint.record.temperature).eval()


def _open_program(path: Path) -> torch.export.ExportedProgram:
    try:
        with zipfile.ZipFile(path) as archive:
            unsafe = [name for name in archive.namelist() if not SAFE_FILES.fullmatch(name)]
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: not a program of torch.export ({error})") from error
    if unsafe:
        raise ModelError(
            f"{path}: holds '{unsafe[0]}', which is neither graph nor tensor; opening it could run code. Save the "
            "model with torch.export.save of the installed PyTorch"
        )
    with _weights_only():
        try:
            return torch.export.load(path)
        except Exception as error:  # Its parsers raise many kinds.
            raise ModelError(f"{path}: PyTorch cannot open it ({' '.join(str(error).split())[:200]})") from error


@contextmanager
def _weights_only() -> Iterator[None]:
    before = os.environ.get(WEIGHTS_ONLY)
    os.environ[WEIGHTS_ONLY] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[WEIGHTS_ONLY]
        else:
            os.environ[WEIGHTS_ONLY] = before


def _bytes(value: Any) -> int | None:
    """Bytes of a tensor, or of the several tensors that an operator such as an LSTM returns."""
    if isinstance(value, Tensor):
        return math.prod(value.shape) * value.element_size()
    if isinstance(value, (tuple, list)):
        return sum(_bytes(part) or 0 for part in value)
    return 0


def _is_view(target: Any) -> bool:
    if isinstance(target, torch._ops.OpOverload):
        return target.is_view or str(target) in IDENTITIES
    return getattr(target, "__name__", "") == "getitem"
