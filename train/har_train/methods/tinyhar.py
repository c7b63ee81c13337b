"""TinyHAR (Zhou et al., ISWC 2022): convolutions for each channel, attention across channels, an LSTM over time.

Five parts, in the paper's order: individual convolutional subnet, cross-channel interaction, cross-channel fusion,
global temporal extraction, global temporal enhancement. If its text and the authors' public code differ
(github.com/teco-kit/ISWC22-HAR, `models/TinyHAR.py`), this follows the code, which Bian et al. 2025 used too: every
second convolution halves the steps, not each (50 samples would be too few); the interaction is unscaled attention times
a trained factor, without a feed-forward network. The 20 filters are those of its `configs/model.yaml`.
"""

import itertools

import torch
from torch import Tensor, nn

from har_train.methods.base import require_window

FILTERS = 20
FUSED = 2 * FILTERS
"""F* = 2 F in the paper."""
KERNEL = 5
STRIDES = (1, 2, 1, 2)
DROPOUT = 0.1


class TinyHarEncoder(nn.Module):
    """(batch, window, channels) to (batch, 40): the last step and a mean of all.

    Raises:
        ModelError: the window is too short for the convolutions.
    """

    def __init__(self, channels: int, window: int):
        super().__init__()
        shortest = 1
        for stride in reversed(STRIDES):
            shortest = (shortest - 1) * stride + KERNEL
        require_window("TinyHAR", window, shortest)
        self.width = FUSED
        widths = (1, *[FILTERS] * len(STRIDES))
        self.convolutions = nn.Sequential(
            *itertools.chain.from_iterable(
                (nn.Conv2d(a, b, (KERNEL, 1), (stride, 1)), nn.ReLU(), nn.BatchNorm2d(b))
                for (a, b), stride in zip(itertools.pairwise(widths), STRIDES, strict=True)
            )
        )
        self.interaction = ChannelAttention(FILTERS)
        self.dropout = nn.Dropout(DROPOUT)
        self.fusion = nn.Linear(channels * FILTERS, FUSED)
        self.lstm = nn.LSTM(FUSED, FUSED, batch_first=True)
        self.enhancement = TemporalAttention(FUSED)

    def forward(self, x: Tensor) -> Tensor:
        features = self.convolutions(x.unsqueeze(1)).permute(0, 2, 3, 1)  # (batch, step, channel, filter)
        steps = self.fusion(self.dropout(self.interaction(features)).flatten(2)).relu()
        return self.enhancement(self.lstm(steps)[0])


class ChannelAttention(nn.Module):
    """Attention across channels at each step, added to its input; (batch, step, channel, width)."""

    def __init__(self, width: int):
        super().__init__()
        self.query = nn.Linear(width, width, bias=False)
        self.key = nn.Linear(width, width, bias=False)
        self.value = nn.Linear(width, width, bias=False)
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        weights = (self.query(x) @ self.key(x).transpose(2, 3)).softmax(dim=3)
        return x + self.gamma * (weights @ self.value(x))


class TemporalAttention(nn.Module):
    """The last step plus a factor times the weighted mean of all steps: (batch, step, width) to (batch, width)."""

    def __init__(self, width: int):
        super().__init__()
        self.score = nn.Sequential(nn.Linear(width, width), nn.Tanh(), nn.Linear(width, 1, bias=False))
        self.gamma = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        context = (self.score(x).softmax(dim=1) * x).sum(dim=1)
        return x[:, -1] + self.gamma * context
