"""What a torch module costs for one window: weights, multiply-accumulates, memory, and FLOPs as each tool counts them.

Multiply-accumulates (MACs) are those of PyTorch's FlopCounterMode, run on the meta device: nothing is computed, and
recurrent layers and attention fall apart into the matrix products it knows. On a CPU, LSTM and attention are one
operator each, which it counts as nothing (pytorch/pytorch issue 195460). What it leaves out and other tools count
(biases, normalisation, activation and pooling layers, the inside of recurrent cells) is added up by hooks.

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
"""Additions and products of a unit in a step beside its matrix products, biases included, as ptflops counts them."""


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
    """Activations times activations: attention's scores, and what they weigh."""
    bias: int = 0
    """Elements that a bias is added to."""
    batch_norm: int = 0
    layer_norm: int = 0
    activation: int = 0
    """Elements that activation layers give. Functions called in `forward` are not seen, as by these tools."""
    pooling: int = 0
    """Elements that pooling layers take."""
    cell: int = 0
    """Additions and products inside recurrent cells."""
    softmax: int = 0
    """Attention's scores, and its queries, which are scaled."""

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
    """FLOPs for each of a kind in `Work`; kinds that are not named count nothing."""

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
"""Within 0.1 % of what the tools themselves print for the networks of Table 4."""


@dataclass(frozen=True)
class Memory:
    """Bytes for one window in the module's own number format."""

    weights: int
    file: int
    """What `torch.save` writes of its state: weights, buffers, names."""
    outputs: int
    """Outputs of all layers that have weights."""
    widest: int
    """The largest input and output of one layer: the least that must be held at a time."""


def count(module: nn.Module, window: int, channels: int) -> Work:
    """The arithmetic of a forward pass in evaluation mode.

    Args:
        module: takes (1, window, channels); it is left as it is.
    """
    elements: Counter[str] = Counter()
    flops = _pass(module, window, channels, lambda *seen: elements.update(_elements(*seen)))
    everywhere = flops["Global"]
    recurrent = sum(_inside(module, flops, nn.RNNBase).values())
    attention = _inside(module, flops, nn.MultiheadAttention)
    projection = sum(attention.values()) - attention["aten.bmm"]
    product, convolution = everywhere["aten.bmm"], everywhere["aten.convolution"]
    dense = sum(everywhere.values()) - convolution - product - recurrent - projection
    # FlopCounterMode counts two for a multiply-accumulate.
    return Work(convolution // 2, dense // 2, recurrent // 2, projection // 2, product // 2, **elements)


def memory(module: nn.Module, window: int, channels: int) -> Memory:
    """What a forward pass in evaluation mode holds.

    Args:
        module: takes (1, window, channels); it is left as it is.
    """
    outputs, widest = 0, 0

    def observe(layer: nn.Module, given: Tensor, result: Tensor) -> None:
        nonlocal outputs, widest
        if next(layer.children(), None) is None:
            widest = max(widest, given.nbytes + result.nbytes)
            outputs += result.nbytes if next(layer.parameters(), None) is not None else 0

    _pass(module, window, channels, observe)
    return Memory(weight_bytes(module), file_bytes(module), outputs, widest)


def weight_bytes(module: nn.Module) -> int:
    """Bytes of the weights."""
    return sum(parameter.nbytes for parameter in module.parameters())


def file_bytes(module: nn.Module) -> int:
    """Bytes that `torch.save` makes of a module's state."""
    file = io.BytesIO()
    torch.save(module.state_dict(), file)
    return file.tell()


Observer = Callable[[nn.Module, Tensor, Tensor], None]
"""Called with each layer, what it is given first, and what it gives first."""


def _pass(module: nn.Module, window: int, channels: int, observe: Observer) -> dict[str, Counter[str]]:
    """FLOPs by module and operator of a forward pass on the meta device; "Global" is all of it."""
    twin = copy.deepcopy(module).to("meta").eval()

    def hook(layer: nn.Module, given: tuple[Any, ...], result: Any) -> None:
        observe(layer, given[0], result[0] if isinstance(result, tuple) else result)

    for layer in twin.modules():
        layer.register_forward_hook(hook)
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        twin(torch.zeros(1, window, channels, device="meta"))
    counts = {name: Counter({str(op): n for op, n in ops.items()}) for name, ops in counter.get_flop_counts().items()}
    return {"Global": Counter(), **counts}


def _inside(module: nn.Module, flops: dict[str, Counter[str]], kind: type[nn.Module]) -> Counter[str]:
    """FLOPs by operator of the layers of one kind; FlopCounterMode's names start with the class of the whole."""
    total: Counter[str] = Counter()
    for name, layer in module.named_modules():
        if isinstance(layer, kind):
            total += flops.get(".".join(filter(None, (type(module).__name__, name))), Counter())
    return total


def _elements(layer: nn.Module, given: Tensor, result: Tensor) -> dict[str, int]:
    """What a layer does beside its matrix products, by kind in `Work`."""
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
