"""What a torch module costs for one window: weights, multiply-accumulates, memory, and FLOPs as each tool counts them.

Multiply-accumulates (MACs) are those of PyTorch's FlopCounterMode, run on the meta device: there nothing is computed,
and recurrent layers and attention are split into matrix products. On a CPU, LSTM and attention are one operator each,
which it counts as zero (pytorch/pytorch issue 195460). Hooks count what it skips and other tools count: biases,
normalisation, activation and pooling layers, and the inside of recurrent cells.

Tools disagree on what a FLOP is, by a factor of two and more. A `Convention` says what it counts, and how often.
"""

import copy
import io
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd
from torch.utils.flop_counter import FlopCounterMode

ACTIVATIONS = (nn.ReLU, nn.GELU, nn.Sigmoid, nn.Tanh)
POOLS = (nn.MaxPool1d, nn.MaxPool2d, nn.AvgPool1d, nn.AvgPool2d, nn.AdaptiveAvgPool1d, nn.AdaptiveAvgPool2d)
CELL = {nn.LSTM: 18, nn.GRU: 13, nn.RNN: 3}
"""Additions and products of one unit in one step besides its matrix products, with biases, as ptflops counts them."""


@dataclass(frozen=True)
class Work:
    """The arithmetic of one window, by kind: first multiply-accumulates, then elements."""

    convolution: int
    dense: int
    """Fully connected layers."""
    recurrent: int
    """LSTM and GRU."""
    projection: int
    """The fully connected layers inside `nn.MultiheadAttention`."""
    product: int
    """Activations times activations: the scores of attention, and the values that they weight."""
    bias: int = 0
    """Elements that a bias is added to."""
    batch_norm: int = 0
    layer_norm: int = 0
    activation: int = 0
    """Outputs of activation layers. Functions called in `forward` are not counted, as in these tools."""
    pooling: int = 0
    """Inputs of pooling layers."""
    cell: int = 0
    """Additions and products inside recurrent cells."""
    softmax: int = 0
    """Scores of attention, and its queries, which are scaled."""

    @property
    def macs(self) -> int:
        """Multiply-accumulates of convolutions and of all matrix products."""
        return self.convolution + self.dense + self.recurrent + self.projection + self.product


@dataclass(frozen=True)
class Convention:
    """What counts as a FLOP."""

    name: str
    description: str
    weights: dict[str, int]
    """FLOPs for each unit of a kind in `Work`; missing kinds count zero."""

    def flops(self, work: Work) -> int:
        """FLOPs of one window."""
        return sum(weight * getattr(work, kind) for kind, weight in self.weights.items())


_MATRICES = {"convolution": 1, "dense": 1, "recurrent": 1, "projection": 1, "product": 1}


def _twice(**weights: int) -> dict[str, int]:
    return {kind: 2 * weight for kind, weight in weights.items()}


CONVENTIONS = {
    "macs": Convention("MACs", "multiply-accumulates of convolutions and matrix products, one each", _MATRICES),
    "torch": Convention("2 x MACs", "as PyTorch's FlopCounterMode counts", _twice(**_MATRICES)),
    "fvcore": Convention(
        "fvcore",
        "0.1.5: one for a MAC, none in LSTM, GRU and attention's products; 2 for an element in batch norm, 5 in layer "
        "norm, 1 in pooling",
        {"convolution": 1, "dense": 1, "projection": 1, "batch_norm": 2, "layer_norm": 5, "pooling": 1},
    ),
    "thop": Convention(
        "2 x thop",
        "0.1.1: one for a MAC, none in attention layers; 4 for an element in batch and layer norm",
        _twice(convolution=1, dense=1, recurrent=1, batch_norm=4, layer_norm=4, cell=1),
    ),
    "ptflops": Convention(
        "2 x ptflops",
        "0.7, its pytorch backend: one for a MAC and for a bias; 2 for an element in batch norm, 1 in layer norm, "
        "attention's softmax, activation and pooling layers (the tool counts the last two as layers and again as "
        "functions; here they count once)",
        _twice(**_MATRICES, bias=1, batch_norm=2, layer_norm=1, activation=1, pooling=1, cell=1, softmax=1),
    ),
}
"""Within 0.1 % of what the tools print for the networks of Table 4."""


@dataclass(frozen=True)
class Memory:
    """Bytes for one window in the module's own number format."""

    weights: int
    file: int
    """Size of its state in a file of `torch.save`: weights, buffers, names."""
    outputs: int
    """Outputs of all layers that have weights."""
    widest: int
    """The largest input and output of one layer, the minimum to hold at a time."""


def count(module: nn.Module, window: int, channels: int) -> Work:
    """Count the arithmetic of a forward pass in evaluation mode.

    Args:
        module: takes (1, window, channels); it is not changed.
    """
    elements: Counter[str] = Counter()
    counter = FlopCounterMode(display=False)
    with counter:
        _pass(module, window, channels, "meta", lambda *observed: elements.update(_elements(*observed)))
    flops = {name: Counter({str(op): n for op, n in ops.items()}) for name, ops in counter.get_flop_counts().items()}
    total = flops.get("Global", Counter())
    recurrent = sum(_inside(module, flops, nn.RNNBase).values())
    attention = _inside(module, flops, nn.MultiheadAttention)
    projection = sum(attention.values()) - attention["aten.bmm"]
    product, convolution = total["aten.bmm"], total["aten.convolution"]
    dense = sum(total.values()) - convolution - product - recurrent - projection
    # FlopCounterMode counts two for a multiply-accumulate.
    return Work(convolution // 2, dense // 2, recurrent // 2, projection // 2, product // 2, **elements)


def memory(module: nn.Module, window: int, channels: int) -> Memory:
    """Measure the memory of a forward pass in evaluation mode.

    Args:
        module: takes (1, window, channels); it is not changed.
    """
    outputs, widest = 0, 0

    def observe(layer: nn.Module, given: Tensor, result: Tensor) -> None:
        nonlocal outputs, widest
        if next(layer.children(), None) is None:
            widest = max(widest, given.nbytes + result.nbytes)
            outputs += result.nbytes if next(layer.parameters(), None) is not None else 0

    _pass(module, window, channels, "cpu", observe)  # Faster than "meta", which splits recurrent layers into steps.
    return Memory(weight_bytes(module), file_bytes(module), outputs, widest)


def weight_bytes(module: nn.Module) -> int:
    """Bytes of the weights."""
    return sum(parameter.nbytes for parameter in module.parameters())


def file_bytes(module: nn.Module) -> int:
    """Size of a module's state in a file of `torch.save`."""
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    return file.tell()


Observer = Callable[[nn.Module, Tensor, Tensor], None]
"""Called with each layer, its first input and its first output."""


def _pass(module: nn.Module, window: int, channels: int, device: str, observe: Observer) -> None:
    """Run a forward pass of a copy in evaluation mode."""
    twin = copy.deepcopy(module).to(device).eval()

    def hook(layer: nn.Module, given: tuple[Any, ...], result: Any) -> None:
        observe(layer, given[0], result[0] if isinstance(result, tuple) else result)

    for layer in twin.modules():
        layer.register_forward_hook(hook)
    dtype = next((parameter.dtype for parameter in twin.parameters()), torch.float32)
    with torch.no_grad():
        twin(torch.zeros(1, window, channels, device=device, dtype=dtype))


def _inside(module: nn.Module, flops: dict[str, Counter[str]], kind: type[nn.Module]) -> Counter[str]:
    """FLOPs by operator of the layers of one kind; FlopCounterMode's names start with the class of the root module."""
    total: Counter[str] = Counter()
    for name, layer in module.named_modules():
        if isinstance(layer, kind):
            total += flops.get(".".join(filter(None, (type(module).__name__, name))), Counter())
    return total


def _elements(layer: nn.Module, given: Tensor, result: Tensor) -> dict[str, int]:
    """Operations of a layer besides its matrix products, by kind in `Work`."""
    if isinstance(layer, nn.MultiheadAttention):
        steps = given.shape[-2]
        projected = 3 * given.numel() + result.numel() if layer.in_proj_bias is not None else 0
        return {"bias": projected, "softmax": given.numel() + layer.num_heads * steps * steps}
    if isinstance(layer, nn.RNNBase):
        return {"cell": CELL[type(layer)] * layer.num_layers * result.numel()}
    if isinstance(layer, (_ConvNd, nn.Linear)):
        return {"bias": result.numel() if layer.bias is not None else 0}
    kinds: list[tuple[str, tuple[type[nn.Module], ...], Tensor]] = [
        ("batch_norm", (_BatchNorm,), given),
        ("layer_norm", (nn.LayerNorm,), given),
        ("activation", ACTIVATIONS, result),
        ("pooling", POOLS, given),
    ]
    return {kind: tensor.numel() for kind, types, tensor in kinds if isinstance(layer, types)}
