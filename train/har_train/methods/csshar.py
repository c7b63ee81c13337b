"""CSSHAR (Khaertdinov, Ghaleb and Asteriadis, IJCB 2021): convolutions, then a transformer over the time steps.

Its encoder has three convolutions with batch norm and ReLU, a sinusoidal position encoding and transformer encoder
layers; a classifier with two hidden layers takes the features of all steps. Widths, kernels and layers for each data
set are those of the authors' public code, github.com/bulatkh/csshar_tfa: `configs/models/ssl/simclr` (in its first
version, without a class token), `models/transformer.py` and `models/mlp.py`.

That code keeps the layer that its transformer copies, and never runs it; a count of all parameters includes it.
"""

import itertools
import math
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from har_train.methods.base import System

HEADS = 8
FEED_FORWARD = 2048
"""PyTorch's default, which the authors' code does not change."""
DROPOUT = 0.1
HIDDEN = (256, 128)
"""Hidden layers of the classifier: `MLPDropout` of the authors' code."""
CLASSIFIER_DROPOUT = 0.2


@dataclass(frozen=True)
class CssharSettings:
    """What differs between the data sets."""

    filters: tuple[int, ...]
    """One number for each convolution; the last is the width of the transformer."""
    kernel: int
    layers: int
    """Of the transformer."""


SETTINGS = {
    "mobiact": CssharSettings((64, 128, 256), kernel=3, layers=6),
    "uci-har": CssharSettings((32, 64, 128), kernel=3, layers=8),
    "usc-had": CssharSettings((32, 64, 128), kernel=5, layers=10),
}


class CssharEncoder(nn.Module):
    """(batch, window, channels) to (batch, window x features), where features is the last number of filters."""

    positions: Tensor

    def __init__(self, channels: int, window: int, settings: CssharSettings = SETTINGS["uci-har"]):
        super().__init__()
        self.width = window * settings.filters[-1]
        widths = (channels, *settings.filters)
        kernel, padding = (1, settings.kernel), (0, settings.kernel // 2)
        self.convolutions = nn.Sequential(
            *itertools.chain.from_iterable(
                (nn.Conv2d(a, b, kernel, padding=padding), nn.BatchNorm2d(b), nn.ReLU())
                for a, b in itertools.pairwise(widths)
            )
        )
        self.register_buffer("positions", position_encoding(window, widths[-1]), persistent=False)
        self.dropout = nn.Dropout(DROPOUT)
        # nn.TransformerEncoder gives all layers the same initial weights, which a .tflite stores once: the file of an
        # untrained network would be a third of its real size.
        self.transformer = nn.Sequential(
            *(
                nn.TransformerEncoderLayer(widths[-1], HEADS, FEED_FORWARD, DROPOUT, batch_first=True)
                for _ in range(settings.layers)
            )
        )

    def forward(self, x: Tensor) -> Tensor:
        features = self.convolutions(x.unsqueeze(1).permute(0, 3, 1, 2)).squeeze(2).transpose(1, 2)
        return self.dropout(self.transformer(self.dropout(features + self.positions))).flatten(1)


class Csshar(nn.Module):
    """The encoder with its classifier: (batch, window, channels) to (batch, classes) logits."""

    def __init__(self, channels: int, window: int, classes: int, settings: CssharSettings = SETTINGS["uci-har"]):
        super().__init__()
        self.encoder = CssharEncoder(channels, window, settings)
        widths = (self.encoder.width, *HIDDEN)
        hidden = ((nn.Linear(a, b), nn.ReLU(), nn.Dropout(CLASSIFIER_DROPOUT)) for a, b in itertools.pairwise(widths))
        self.classifier = nn.Sequential(*itertools.chain.from_iterable(hidden), nn.Linear(HIDDEN[-1], classes))

    def forward(self, x: Tensor) -> Tensor:
        return self.classifier(self.encoder(x))


def position_encoding(window: int, width: int) -> Tensor:
    """Sines and cosines of the step number (Vaswani et al. 2017, section 3.5), shape (window, width); width even."""
    rate = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angle = torch.arange(window).unsqueeze(1) * rate
    return torch.stack([angle.sin(), angle.cos()], dim=2).flatten(1)


SYSTEM = System(
    title="CSSHAR, supervised",
    paper="Khaertdinov, Ghaleb and Asteriadis, IJCB 2021",
    followed="convolutions, positions, transformer layers and classifier of the authors' code for UCI HAR",
    readings="ReLU as in the code's first version, and batch norm before it in the classifier, as in all networks here",
    printed={"uci-har": 93.73, "mobiact": 82.97, "usc-had": 59.53},
)
