"""The encoder of Saeed, Ozcelebi and Lukkien, the trunk of their Transformation Prediction Network (IMWUT 2019, arXiv
1907.11879): three convolutions, then the largest value over time. `multi_task_ssl` and `clusterclhar` train it."""

import itertools

import torch
from torch import Tensor, nn

from har_train.methods.base import require_window

FILTERS = (32, 64, 96)
KERNELS = (24, 16, 8)
"""Samples. The convolutions have no padding, which leaves 5 of 50 samples."""
DROPOUT = 0.1
WEIGHT_PENALTY = 1e-4
"""Of the squared weights of the convolutions."""


class TpnEncoder(nn.Module):
    """(batch, window, channels) to (batch, 96).

    Raises:
        ModelError: the window is too short for the convolutions.
    """

    def __init__(self, channels: int, window: int):
        super().__init__()
        require_window("TPN", window, sum(KERNELS) - len(KERNELS) + 1)
        self.width = FILTERS[-1]
        pairs = itertools.pairwise((channels, *FILTERS))
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, (1, kernel)) for (a, b), kernel in zip(pairs, KERNELS, strict=True)
        )
        self.dropout = nn.Dropout(DROPOUT)

    def forward(self, x: Tensor) -> Tensor:
        y = x.unsqueeze(1).permute(0, 3, 1, 2)
        for convolution in self.convolutions:
            y = self.dropout(convolution(y).relu())
        return y.amax(dim=(2, 3))


def weight_penalty(encoder: nn.Module) -> Tensor:
    """What is added to a loss: 1e-4 times the sum of the squared weights of the encoder's convolutions, a number."""
    weights = [module.weight for module in encoder.modules() if isinstance(module, nn.Conv2d)]
    return WEIGHT_PENALTY * torch.stack([weight.square().sum() for weight in weights]).sum()
