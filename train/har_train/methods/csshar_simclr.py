"""CSSHAR, self-supervised (Khaertdinov, Ghaleb and Asteriadis, IJCB 2021): SimCLR on the encoder of `csshar`.

Two random views of each window are drawn together and away from all others; then a classifier learns on the frozen
encoder. Views, projector and temperature are those of the authors' public code for UCI HAR.
"""

import torch
from torch import Tensor, nn

from har_train.methods.augment import jitter, permute_segments, sometimes
from har_train.methods.base import Batch, OwnLoss, Sizes, System
from har_train.methods.losses import nt_xent

TEMPERATURE = 0.1
PROJECTED = 256
PROBABILITY = 0.5
"""Of each change of a view."""
JITTER_STD = 0.5
SCALING_STD = 0.5
"""Of each sample's own factor, around 1."""
MOST_SEGMENTS = 5


def view(x: Tensor) -> Tensor:
    """A random view of each normalised window: noise, a factor for each sample of each channel, permuted segments."""
    x = sometimes(jitter(x, JITTER_STD), x, PROBABILITY)
    x = sometimes(x * (1 + SCALING_STD * torch.randn_like(x)), x, PROBABILITY)
    segments = torch.randint(1, MOST_SEGMENTS + 1, (len(x), 1), device=x.device)
    return sometimes(permute_segments(x, segments), x, PROBABILITY)


class CssharSimclrLoss(OwnLoss):
    """NT-Xent of two views of each window, behind a linear projector."""

    def __init__(self, encoder: nn.Module, sizes: Sizes):
        super().__init__(encoder, sizes)
        self.projector = nn.Linear(sizes.width, PROJECTED)

    def forward(self, encoder: nn.Module, classifier: nn.Sequential, batch: Batch) -> Tensor:
        return nt_xent(torch.cat([self.projector(encoder(view(batch.x))) for _ in range(2)]), TEMPERATURE)


SYSTEM = System(
    title="CSSHAR, self-supervised",
    paper="Khaertdinov, Ghaleb and Asteriadis, IJCB 2021",
    followed="encoder, views (noise, a factor for each sample, permuted segments, each with probability one half), "
    "projector, NT-Xent at temperature 0.1, then a classifier on the frozen encoder, of the authors' code for UCI HAR",
    readings="Adam without LARC, which no library used here has; one to five equal segments; the classifier's learning "
    "rate is that of the supervised CSSHAR",
    loss=CssharSimclrLoss,
    pretrains=True,
    printed={"uci-har": 90.51, "mobiact": 80.22, "usc-had": 60.57},
)
