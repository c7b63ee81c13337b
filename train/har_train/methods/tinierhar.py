"""TinierHAR (Bian et al., ISWC 2025, arXiv 2507.07949): separable convolutions, a small GRU, attention over time.

Separable convolution, shortcut, GRU and temporal aggregation are those of the paper; numbers and widths are those of
the authors' public code, github.com/zhaxidele/TinierHAR: `models/TinierHAR.py` and `configs/model.yaml`.
"""

import itertools

from torch import Tensor, nn

from har_train.methods.base import require_window

FILTERS = 4
HALVING_BLOCKS = 2
PLAIN_BLOCKS = 4
KERNEL = 5
UNITS = 16
"""Of the GRU, in each direction."""
DROPOUT = 0.3


class TinierHarEncoder(nn.Module):
    """(batch, window, channels) to (batch, 32): the mean over the steps, weighted by their attention.

    Raises:
        ModelError: the window is too short to be halved twice.
    """

    def __init__(self, channels: int, window: int):
        super().__init__()
        require_window("TinierHAR", window, 2**HALVING_BLOCKS)
        self.width = 2 * UNITS
        widths = (1, FILTERS, *[2 * FILTERS] * (HALVING_BLOCKS + PLAIN_BLOCKS - 1))
        self.blocks = nn.Sequential(
            *(SeparableBlock(a, b, index < HALVING_BLOCKS) for index, (a, b) in enumerate(itertools.pairwise(widths)))
        )
        self.dropout = nn.Dropout(DROPOUT)
        self.gru = nn.GRU(widths[-1] * channels, UNITS, batch_first=True, bidirectional=True)
        self.attention = nn.Linear(2 * UNITS, 1)

    def forward(self, x: Tensor) -> Tensor:
        # (batch, filter, step, channel) to (batch, step, filters x channels).
        steps = self.blocks(x.unsqueeze(1)).permute(0, 2, 3, 1).flatten(2)
        steps = self.gru(self.dropout(steps))[0]
        return (self.attention(steps).softmax(dim=1) * steps).sum(dim=1)


class SeparableBlock(nn.Module):
    """Depthwise and pointwise convolution with a shortcut, over (batch, filter, step, channel); may halve the steps."""

    def __init__(self, width_in: int, width: int, halve: bool):
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(width_in, width_in, (KERNEL, 1), padding=(KERNEL // 2, 0), groups=width_in),
            nn.Conv2d(width_in, width, 1),
            nn.BatchNorm2d(width),
            nn.ReLU(),
        )
        self.shortcut = (
            nn.Sequential(nn.Conv2d(width_in, width, 1), nn.BatchNorm2d(width)) if width_in != width else nn.Identity()
        )
        self.pool = nn.MaxPool2d((2, 1)) if halve else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        # Pooled before the addition, as in the authors' code; pooling the sum would give other numbers.
        return self.pool(self.branch(x)) + self.pool(self.shortcut(x))
