"""Checkpoints of har-train and programs of torch.export (.pt2): opened as modules and read into a `Graph`.

torch.export.load unpickles what it finds. An archive with anything in it that would make it is refused here, and
tensors are loaded by weights alone. That leaves expressions in the graph, which PyTorch evaluates: a stranger's .pt2 is
no file to open.
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

WEIGHTS_ALONE = "TORCH_FORCE_WEIGHTS_ONLY_LOAD"
"""The variable by which torch.load refuses to unpickle, whatever its caller asks for."""
PLAIN = re.compile(
    r"[^/]+/(data/(weights/weight_\d+|constants/tensor_\d+|(weights|constants)/\w+_config\.json|sample_inputs/\w+\.pt)"
    r"|models/\w+\.json|archive_format|archive_version|byteorder|\.data/\w+)"
)
"""Files of an archive that hold a graph and tensors; others hold pickled objects or compiled code."""
SAME = {"aten.dropout.default", "aten.contiguous.default", "aten.detach.default"}
"""Operators that hand on their input when nothing is trained."""


class Probabilities(nn.Module):
    """A checkpoint's network as it is: (batch, 50, 6) windows in SI units to (batch, classes) probabilities."""

    def __init__(self, network: HarNetwork, temperature: float):
        super().__init__()
        network.projector = nn.Identity()
        self.network, self.temperature = network, temperature

    def forward(self, imu: Tensor) -> Tensor:
        return (self.network(imu) / self.temperature).softmax(dim=1)


def open_module(path: Path) -> nn.Module:
    """A module in evaluation mode that takes (1, 50, 6).

    Raises:
        ModelError: damaged, pickled, or no checkpoint or program.
    """
    return _open_program(path).module() if path.suffix == ".pt2" else _open_checkpoint(path)


def read_graph(path: Path) -> Graph:
    """The graph of a checkpoint or a .pt2, as PyTorch runs it without compiling.

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
    fed = [node for node in program.graph.nodes if node.name in signature.user_inputs]
    if len(fed) != 1 or not isinstance(fed[0].meta.get("val"), Tensor):
        raise ModelError(f"{path}: takes {len(fed)} inputs; needed is one, of windows")
    operators: list[Operator] = []
    sizes: dict[TensorName, int | None] = {fed[0].name: _bytes(fed[0].meta["val"])}
    for node in program.graph.nodes:
        given = tuple(entry.name for entry in node.all_input_nodes if entry.name in sizes)
        if node.op != "call_function" or not given:
            continue
        sizes[node.name] = _bytes(node.meta.get("val"))
        operators.append(Operator(str(node.target), given, (node.name,), in_place=_is_view(node.target)))
    shape = tuple(int(size) for size in fed[0].meta["val"].shape)
    if shape == (1, WINDOW, len(CHANNELS)):
        # One operator stands for all: PyTorch's own counter counts the module.
        operators[0] = replace(operators[0], macs=count(module, WINDOW, len(CHANNELS)).macs)
    return Graph(
        operators=tuple(operators),
        inputs=(fed[0].name,),
        outputs=tuple(str(name) for name in signature.user_outputs),
        sizes=sizes,
        parameters=parameter_count(module),
        number_format="fp32",
        input_shape=shape,
        input_type=str(fed[0].meta["val"].dtype).removeprefix("torch."),
    )


def _open_checkpoint(path: Path) -> nn.Module:
    checkpoint = load_checkpoint(path)
    return Probabilities(checkpoint.network, checkpoint.record.temperature).eval()


def _open_program(path: Path) -> torch.export.ExportedProgram:
    try:
        with zipfile.ZipFile(path) as archive:
            foreign = [name for name in archive.namelist() if not PLAIN.fullmatch(name)]
    except (OSError, zipfile.BadZipFile) as error:
        raise ModelError(f"{path}: not a program of torch.export ({error})") from error
    if foreign:
        raise ModelError(
            f"{path}: holds '{foreign[0]}', which is neither graph nor tensor: opening it could run code; save the "
            "model with torch.export.save of the PyTorch that is here"
        )
    with _weights_alone():
        try:
            return torch.export.load(path)
        except Exception as error:  # Whatever its parsers come across.
            raise ModelError(f"{path}: PyTorch cannot open it ({' '.join(str(error).split())[:200]})") from error


@contextmanager
def _weights_alone() -> Iterator[None]:
    before = os.environ.get(WEIGHTS_ALONE)
    os.environ[WEIGHTS_ALONE] = "1"
    try:
        yield
    finally:
        if before is None:
            del os.environ[WEIGHTS_ALONE]
        else:
            os.environ[WEIGHTS_ALONE] = before


def _bytes(value: Any) -> int | None:
    """Of a tensor, or of the several that an operator like an LSTM gives."""
    if isinstance(value, Tensor):
        return math.prod(value.shape) * value.element_size()
    if isinstance(value, (tuple, list)):
        return sum(_bytes(part) or 0 for part in value)
    return 0


def _is_view(target: Any) -> bool:
    if isinstance(target, torch._ops.OpOverload):
        return target.is_view or str(target) in SAME
    return getattr(target, "__name__", "") == "getitem"
