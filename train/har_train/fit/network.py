"""The network of MultiSupConHAR: encoder, classifier and projector. Only the model; `training` trains it.

Convolutions are written over (batch, channel, 1, time) with kernels (1, k): the same numbers as one-dimensional ones,
1.3 times as fast to train in channels-last layout on a CPU, and a graph that converts to TFLite without transposes.
"""

import itertools
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from har_runtime.contract import CHANNELS
from har_runtime.errors import ModelError

FINE_RANGE = 3.0
"""Enlarged stillness stays within about +-1; what saturates is at +-3, where the other channels' steps are."""
STILL_QUANTILE = 0.25
"""Of the windows' standard deviations: a quarter or more of what people are recorded doing is keeping still."""


@dataclass(frozen=True)
class Architecture:
    """Everything that decides the shapes of the weights."""

    classes: int
    backbone: str = "resnet"
    """"resnet" or "fcn": the two convolutional networks of Wang et al. 2017, the latter without shortcuts."""
    filters: tuple[int, ...] = (64, 128, 128)
    """Filters of each block (Wang et al. 2017, figure 1c; its fcn, figure 1b, has 128, 256, 128)."""
    kernels: tuple[int, ...] = (7, 5, 3)
    """Kernel of each convolution in a residual block; of each block in an fcn. Odd ones: 8 in Wang et al. is 7 here,
    which gives the paper's 481 k."""
    head: tuple[int, ...] = (256, 128, 128)
    """Hidden widths of the classifier. The paper does not print them; these come nearest to its Table 4."""
    projector: bool = True
    """Whether the contrastive loss sees the features through a projector, or as they are (Figure 6)."""
    projector_hidden: int = 256
    """Table 2."""
    projector_out: int = 128
    """Not in the paper; the width of the SupCon reference code."""
    dropout: float = 0.2
    """In classifier and projector. Not in the paper."""
    fine_scale: bool = False
    """Whether the encoder sees each window a second time, enlarged until stillness shows. Not in the paper."""

    def __post_init__(self) -> None:
        sizes = (self.classes, *self.filters, *self.kernels, *self.head, self.projector_hidden, self.projector_out)
        if min(sizes) < 1 or not 0 <= self.dropout < 1 or any(kernel % 2 == 0 for kernel in self.kernels):
            raise ModelError("architecture: sizes must be positive, kernels odd and dropout in [0, 1)")
        if self.backbone not in BACKBONES:
            raise ModelError(f"architecture: unknown backbone '{self.backbone}'; known: {', '.join(BACKBONES)}")
        if self.backbone == "fcn" and len(self.filters) != len(self.kernels):
            raise ModelError("architecture: an fcn has one kernel for each of its blocks")


class ResidualBlock(nn.Module):
    """Three convolutions with batch norm; the shortcut is batch norm, after a 1x1 convolution where the width grows."""

    def __init__(self, width_in: int, width: int, kernels: tuple[int, ...]):
        super().__init__()
        widths = [width_in, *[width] * len(kernels)]
        self.convolutions = nn.ModuleList(
            nn.Conv2d(before, after, (1, kernel), padding=(0, kernel // 2), bias=False)
            for before, after, kernel in zip(widths[:-1], widths[1:], kernels, strict=True)
        )
        self.norms = nn.ModuleList(nn.BatchNorm2d(width) for _ in kernels)
        self.shortcut = nn.Sequential(
            nn.Conv2d(width_in, width, 1, bias=False) if width_in != width else nn.Identity(), nn.BatchNorm2d(width)
        )

    def forward(self, x: Tensor) -> Tensor:
        y = x
        for convolution, norm in zip(self.convolutions[:-1], self.norms[:-1], strict=True):
            y = norm(convolution(y)).relu()
        y = self.norms[-1](self.convolutions[-1](y))
        return (y + self.shortcut(x)).relu()


class PlainBlock(nn.Module):
    """A convolution with batch norm and ReLU."""

    def __init__(self, width_in: int, width: int, kernel: int):
        super().__init__()
        self.convolution = nn.Conv2d(width_in, width, (1, kernel), padding=(0, kernel // 2), bias=False)
        self.norm = nn.BatchNorm2d(width)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(self.convolution(x)).relu()


def _resnet(widths: tuple[int, ...], kernels: tuple[int, ...]) -> list[nn.Module]:
    return [ResidualBlock(before, after, kernels) for before, after in itertools.pairwise(widths)]


def _fcn(widths: tuple[int, ...], kernels: tuple[int, ...]) -> list[nn.Module]:
    pairs = itertools.pairwise(widths)
    return [PlainBlock(before, after, kernel) for (before, after), kernel in zip(pairs, kernels, strict=True)]


BACKBONES = {"resnet": _resnet, "fcn": _fcn}
"""Blocks of an encoder, from its widths (input channels first) and kernels."""


class Encoder(nn.Module):
    """A network of Wang et al. 2017 up to its pooling: (batch, 50, channels) to (batch, filters[-1]) features."""

    def __init__(self, channels: int, architecture: Architecture):
        super().__init__()
        widths = (channels, *architecture.filters)
        self.blocks = nn.Sequential(*BACKBONES[architecture.backbone](widths, architecture.kernels))
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        # (batch, time, channel) is channels-last already: this only renames the axes.
        return self.pool(self.blocks(x.unsqueeze(1).permute(0, 3, 1, 2))).flatten(1)


def _classifier(width: int, hidden: tuple[int, ...], classes: int, dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    for before, after in zip((width, *hidden[:-1]), hidden, strict=True):
        layers += [nn.Linear(before, after), nn.BatchNorm1d(after), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(hidden[-1], classes))


def _projector(width: int, hidden: int, out: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, out))


def enlarge(x: Tensor, unit: Tensor) -> Tensor:
    """What moves in each window, in units of `unit` and squeezed into +-FINE_RANGE; shapes (n, time, 6) and (6,).

    A still body trembles by a hundredth of what a step shakes it: beside each other on one scale, standing and sitting
    are the same flat line but for the direction of gravity, which every wearer's device has otherwise.
    """
    moves = x - x.mean(dim=1, keepdim=True)
    return FINE_RANGE * (moves / (FINE_RANGE * unit)).tanh()


class HarNetwork(nn.Module):
    """Raw windows in SI units to logits; the projector serves the contrastive loss and is dropped at export."""

    mean: Tensor
    std: Tensor
    stillness: Tensor
    """Of architectures with `fine_scale`: how much each channel moves in the quieter windows, shape (6,)."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        width = architecture.filters[-1]
        self.register_buffer("mean", torch.zeros(len(CHANNELS)))
        self.register_buffer("std", torch.ones(len(CHANNELS)))
        channels = len(CHANNELS)
        if architecture.fine_scale:
            self.register_buffer("stillness", torch.ones(channels))
            channels *= 2
        self.encoder = Encoder(channels, architecture)
        self.classifier = _classifier(width, architecture.head, architecture.classes, architecture.dropout)
        self.projector = (
            _projector(width, architecture.projector_hidden, architecture.projector_out, architecture.dropout)
            if architecture.projector
            else nn.Identity()
        )
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    @torch.no_grad()
    def measure(self, x: Tensor) -> None:
        """Take the statistics of the training users' windows, shape (n, time, 6) in SI units."""
        self.mean.copy_(x.double().mean((0, 1)))
        self.std.copy_(x.double().std((0, 1), correction=0))
        if self.architecture.fine_scale:
            self.stillness.copy_(x.std(dim=1).quantile(STILL_QUANTILE, dim=0))

    def normalise(self, x: Tensor) -> Tensor:
        """Each channel to mean 0 and standard deviation 1 over the training users."""
        return (x - self.mean) / self.std

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 50, 6) in m/s^2 and rad/s to (batch, classes) logits."""
        return self.classifier(self.features(x))

    def features(self, x: Tensor) -> Tensor:
        """(batch, 50, 6) in m/s^2 and rad/s to the encoder's (batch, 128) features."""
        return self.encoder(self.encoder_input(self.normalise(x)))

    def encoder_input(self, x: Tensor) -> Tensor:
        """What the encoder is fed of normalised windows: themselves, and enlarged beside them where the architecture
        has it; (batch, 50, 6) to (batch, 50, 6 or 12)."""
        return torch.cat([x, enlarge(x, self.stillness / self.std)], dim=2) if self.architecture.fine_scale else x

    def project(self, features: Tensor) -> Tensor:
        """(batch, 128) features to (batch, 128) embeddings of length 1 (section 3.2.3 b)."""
        return nn.functional.normalize(self.projector(features), dim=1)


def parameter_count(module: nn.Module) -> int:
    """Trainable parameters."""
    return sum(parameter.numel() for parameter in module.parameters())
