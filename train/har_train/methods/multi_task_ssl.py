"""Multi-task self-supervision (Saeed, Ozcelebi and Lukkien, IMWUT 2019, arXiv 1907.11879): which change was made?

Each window also comes changed in eight ways, and the encoder of `tpn` has a head for each way, which tells whether an
input was changed in that way. Then a classifier learns on the frozen encoder. The authors published no code; sizes and
strengths are as in reimplementations of it, e.g. that of SelfHAR, github.com/iantangc/SelfHAR.
"""

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, normalize

from har_train.methods.augment import jitter, permute_segments, shuffle_channels, turn, warp_time
from har_train.methods.base import Batch, OwnLoss, Sizes, System
from har_train.methods.tpn import weight_penalty

NOISE_STD = 0.05
SCALING_STD = 0.1
SEGMENTS = 4
WARP_STD = 0.2
WARP_KNOTS = 4
HIDDEN = 256
"""Of each head."""


def _scaled(x: Tensor) -> Tensor:
    """Each channel of a window with its own factor."""
    return x * (1 + SCALING_STD * torch.randn(len(x), 1, x.shape[2], device=x.device))


def _rotated(x: Tensor) -> Tensor:
    """Both sensors about one random axis by any angle; of 12 channels, each six alike."""
    axis = normalize(torch.randn(len(x), 3, device=x.device), dim=1)
    angle = (2 * torch.rand(len(x), device=x.device) - 1) * math.pi
    return torch.cat([turn(part, axis, angle) for part in x.split(6, dim=2)], dim=2)


CHANGES: tuple[Callable[[Tensor], Tensor], ...] = (
    lambda x: jitter(x, NOISE_STD),
    _scaled,
    _rotated,
    lambda x: -x,
    lambda x: x.flip(1),
    lambda x: permute_segments(x, SEGMENTS),
    lambda x: warp_time(x, WARP_STD, WARP_KNOTS),
    shuffle_channels,
)
"""Noise, factors, a rotation, the other sign, reversed, permuted and warped time, and permuted channels."""


class MultiTaskSslLoss(OwnLoss):
    """Binary cross-entropy, the sum over the changes of its mean over the windows and all their changed versions."""

    def __init__(self, encoder: nn.Module, sizes: Sizes):
        super().__init__(encoder, sizes)
        self.heads = nn.ModuleList(
            nn.Sequential(nn.Linear(sizes.width, HIDDEN), nn.ReLU(), nn.Linear(HIDDEN, 1)) for _ in CHANGES
        )

    def forward(self, encoder: nn.Module, classifier: nn.Sequential, batch: Batch) -> Tensor:
        features = encoder(torch.cat([batch.x, *(change(batch.x) for change in CHANGES)]))
        logits = torch.cat([head(features) for head in self.heads], dim=1).float()
        # Nobody changed the first rows; then there is a block for each head.
        changed = torch.eye(len(CHANGES) + 1, device=logits.device)[:, 1:].repeat_interleave(len(batch.x), dim=0)
        losses = binary_cross_entropy_with_logits(logits, changed, reduction="none")
        return losses.mean(dim=0).sum() + weight_penalty(encoder)


SYSTEM = System(
    title="Multi-task SSL",
    paper="Saeed, Ozcelebi and Lukkien, IMWUT 2019, 3(2):61, arXiv 1907.11879",
    followed="the trunk, eight changes with a head each, binary cross-entropy summed over the heads, a classifier with "
    "one hidden layer of 1024",
    readings="the whole encoder is frozen for the classifier, where the authors go on with the last convolution; every "
    "head sees all versions; a window has one rotation and one warp for all channels; dropout and epochs of the "
    "classifier are ours",
    loss=MultiTaskSslLoss,
    pretrains=True,
    printed={"uci-har": 82.30, "mobiact": 76.40, "usc-had": 49.83},
)
