"""The network of MultiSupConHAR: encoder, classifier and projector. Only the model; `trainer` trains it.

Convolutions are written over (batch, channel, 1, time) with kernels (1, k): the same numbers as one-dimensional ones,
1.3 times as fast to train in channels-last layout on a CPU, and a graph that converts to TFLite without transposes.
"""

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from har_runtime.contract import CHANNELS, WINDOW
from har_runtime.errors import DataError
from har_train.methods.registry import ENCODERS
from har_train.recipe import ModelConfig

FINE_RANGE = 3.0
"""Enlarged stillness stays within about +-1; movement saturates at +-3, about where steps are in the other channels."""
STILL_QUANTILE = 0.25
"""Quantile of the windows' standard deviations that is taken for stillness: in a quarter of the recorded time or more,
people keep still."""
LEVEL = 1e-6
"""Added to squared lengths, in (m/s^2)^2 or (rad/s)^2, so that the square root has a slope at 0."""
OWN_SHARE = 0.5
"""Weight of a place's own part of the logits: below 1 it learns more slowly than what the places share."""
UNRECORDED = 0.1
"""How probable a posture is, at first, at a place where nobody recorded it, against what the places share."""
CONSTANT = 1e-4
"""Smallest standard deviation that a channel is divided by, in m/s^2 or rad/s: far below the noise of any sensor. A
channel below it says nothing, e.g. a gyroscope that is missing."""


@dataclass(frozen=True, kw_only=True)
class Architecture(ModelConfig):
    """Everything that decides the shapes of the weights.

    Raises:
        DataError: an impossible size.
    """

    classes: int
    window: int = WINDOW
    """Samples."""

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.classes < 1:
            raise DataError(f"architecture: {self.classes} classes; give 1 or more")


class ResidualBlock(nn.Module):
    """Convolutions with batch norm; the shortcut is batch norm, after a 1x1 convolution if the width changes."""

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


BLOCKS = {"resnet": _resnet, "fcn": _fcn}
"""Blocks of each backbone, from its widths (input channels first) and kernels."""


class Encoder(nn.Module):
    """A network of Wang et al. 2017 up to its pooling: (batch, 50, channels) to (batch, filters[-1]) features.

    With `halvings` the time is averaged by two after each of the first blocks, which the paper's network does not do.
    """

    def __init__(self, channels: int, architecture: Architecture):
        super().__init__()
        widths = (channels, *architecture.filters)
        blocks = BLOCKS[architecture.backbone](widths, architecture.kernels)
        for index in reversed(range(architecture.halvings)):
            blocks.insert(index + 1, nn.AvgPool2d((1, 2)))
        self.width = architecture.filters[-1]
        self.blocks = nn.Sequential(*blocks)
        self.pool = nn.AdaptiveAvgPool2d(1)

    def forward(self, x: Tensor) -> Tensor:
        # (batch, time, channel) is channels-last already: this only renames the axes.
        return self.pool(self.blocks(x.unsqueeze(1).permute(0, 3, 1, 2))).flatten(1)


def encoder_of(channels: int, architecture: Architecture) -> nn.Module:
    """The encoder that an architecture asks for, a `methods.base.Encoder`."""
    if architecture.backbone in BLOCKS:
        return Encoder(channels, architecture)
    return ENCODERS[architecture.backbone](channels, architecture.window)


def _classifier(width: int, hidden: tuple[int, ...], classes: int, dropout: float) -> nn.Sequential:
    layers: list[nn.Module] = []
    widths = (width, *hidden)
    for before, after in itertools.pairwise(widths):
        layers += [nn.Linear(before, after), nn.BatchNorm1d(after), nn.ReLU(), nn.Dropout(dropout)]
    return nn.Sequential(*layers, nn.Linear(widths[-1], classes))


def _projector(width: int, hidden: int, out: int, dropout: float) -> nn.Sequential:
    return nn.Sequential(nn.Linear(width, hidden), nn.ReLU(), nn.Dropout(dropout), nn.Linear(hidden, out))


def enlarge(x: Tensor, unit: Tensor) -> Tensor:
    """The movement in each window, in units of `unit` and squeezed into +-FINE_RANGE; shapes (n, time, 6) and (6,).

    A still body trembles by a hundredth of the acceleration of a step. On one scale, standing and sitting are the same
    flat line except for the direction of gravity, which depends on how each wearer's device sits.
    """
    moves = x - x.mean(dim=1, keepdim=True)
    return FINE_RANGE * (moves / (FINE_RANGE * unit)).tanh()


def yaw_invariant(x: Tensor) -> Tensor:
    """What no turn about the vertical changes in windows of the frame "upright": shape (n, time, 6) to (n, time, 6).

    The vertical parts of acceleration and of angular rate, the lengths of their horizontal parts, and the dot and cross
    product of those, in SI units.
    """
    acc_x, acc_y, acc_z, gyro_x, gyro_y, gyro_z = x.split(1, dim=2)
    acc_level = (acc_x * acc_x + acc_y * acc_y + LEVEL).sqrt()
    gyro_level = (gyro_x * gyro_x + gyro_y * gyro_y + LEVEL).sqrt()
    dot, cross = acc_x * gyro_x + acc_y * gyro_y, acc_x * gyro_y - acc_y * gyro_x
    return torch.cat([acc_z, gyro_z, acc_level, gyro_level, dot, cross], dim=2)


class PlaceHeads(nn.Module):
    """Where the sensor is worn, and how the activities' logits differ there.

    The classifier's logits are shared by all places; each place adds a small part of its own, from the same hidden
    features. It starts at 0, so that an activity never seen at a place is judged as elsewhere.

    Postures are the exception, as the same angle means another one elsewhere: a level hip lies, a level thigh sits. One
    that nobody recorded at a place starts as a rare one there.
    """

    def __init__(self, width: int, hidden: int, places: int, classes: int):
        super().__init__()
        self.place = nn.Linear(width, places)
        self.own = nn.Linear(hidden, places * classes)
        self.shape = (places, classes)
        nn.init.zeros_(self.own.weight)
        nn.init.zeros_(self.own.bias)

    @torch.no_grad()
    def start_rare(self, rare: Tensor) -> None:
        """Make activities rare at places, without ruling them out: shape (places, classes)."""
        self.own.bias[rare.flatten()] = math.log(UNRECORDED) / OWN_SHARE

    def forward(self, features: Tensor, hidden: Tensor, shared: Tensor) -> tuple[Tensor, Tensor]:
        """Logits of the classes at each place (batch, places, classes), and of the places (batch, places)."""
        own = self.own(hidden).unflatten(1, self.shape)
        return shared.unsqueeze(1) + OWN_SHARE * own, self.place(features)


class HarNetwork(nn.Module):
    """Raw windows in SI units to logits; the projector serves the contrastive loss and is dropped at export."""

    mean: Tensor
    std: Tensor
    stillness: Tensor
    """How much each channel moves in the quieter windows, shape (6,); only with `fine_scale`."""

    def __init__(self, architecture: Architecture):
        super().__init__()
        self.architecture = architecture
        self.register_buffer("mean", torch.zeros(len(CHANNELS)))
        self.register_buffer("std", torch.ones(len(CHANNELS)))
        channels = len(CHANNELS)
        if architecture.fine_scale:
            self.register_buffer("stillness", torch.ones(channels))
            channels *= 2
        self.encoder = encoder_of(channels, architecture)
        width = int(self.encoder.width)  # pyright: ignore[reportArgumentType] - a number in every encoder.
        self.classifier = _classifier(width, architecture.head, architecture.classes, architecture.dropout)
        self.heads = (
            PlaceHeads(width, (width, *architecture.head)[-1], len(architecture.places), architecture.classes)
            if architecture.places
            else None
        )
        self.projector = (
            _projector(width, architecture.projector_hidden, architecture.projector_out, architecture.dropout)
            if architecture.projector
            else nn.Identity()
        )
        self.to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]

    @torch.no_grad()
    def measure(self, x: Tensor) -> None:
        """Keep the statistics of the training users' windows, shape (n, time, 6) in SI units."""
        x = self.channels(x)
        self.mean.copy_(x.double().mean((0, 1)))
        self.std.copy_(x.double().std((0, 1), correction=0).clamp(min=CONSTANT))
        if self.architecture.fine_scale:
            self.stillness.copy_(x.std(dim=1).quantile(STILL_QUANTILE, dim=0).clamp(min=CONSTANT))

    def channels(self, x: Tensor) -> Tensor:
        """What the network sees of windows in SI units, both of shape (batch, 50, 6)."""
        return yaw_invariant(x) if self.architecture.yaw_invariant else x

    def normalise(self, x: Tensor) -> Tensor:
        """Windows in SI units to channels of mean 0 and standard deviation 1 over the training users."""
        return (self.channels(x) - self.mean) / self.std

    def forward(self, x: Tensor) -> Tensor:
        """(batch, 50, 6) in m/s^2 and rad/s to (batch, classes) logits.

        With places these are the logarithms of the probabilities, wherever the sensor may be worn.
        """
        logits, places = self.logits(self.features(x))
        if places is None:
            return logits
        return (places.log_softmax(1).unsqueeze(2) + logits.log_softmax(2)).logsumexp(1)

    def logits(self, features: Tensor) -> tuple[Tensor, Tensor | None]:
        """Logits of the classes from (batch, width) features, (batch, classes), and None; with places those of the
        classes at each place, (batch, places, classes), and those of the places, (batch, places)."""
        if self.heads is None:
            return self.classifier(features), None
        hidden = self.classifier[:-1](features)
        return self.heads(features, hidden, self.classifier[-1](hidden))

    def features(self, x: Tensor) -> Tensor:
        """(batch, 50, 6) in m/s^2 and rad/s to the encoder's features, (batch, width)."""
        return self.encoder(self.encoder_input(self.normalise(x)))

    def encoder_input(self, x: Tensor) -> Tensor:
        """The encoder's input for normalised windows, with `fine_scale` also enlarged: (batch, 50, 6) to (batch, 50, 6
        or 12)."""
        return torch.cat([x, enlarge(x, self.stillness / self.std)], dim=2) if self.architecture.fine_scale else x

    def project(self, features: Tensor) -> Tensor:
        """(batch, 128) features to (batch, 128) embeddings of length 1 (section 3.2.3 b)."""
        return nn.functional.normalize(self.projector(features), dim=1)


def parameter_count(module: nn.Module) -> int:
    """Trainable parameters."""
    return sum(parameter.numel() for parameter in module.parameters())
