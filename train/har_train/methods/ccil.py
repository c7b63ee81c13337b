"""CCIL (Xiong, Wang et al., AAAI 2025): features and logits of a class are drawn to that class's mean.

A sample's concept matrix has, for each class and each feature, the classifier's weight times the feature; a row sums to
the logit but for the bias. Each sample's matrix is drawn to the mean matrix of its class over all people, which a
momentum keeps. No code of the authors was found; RIDG (Chen et al., ICCV 2023) has the same mechanism, with code.
"""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from har_train.methods.base import Batch, OwnLoss, Sizes, System

WEIGHT = 0.01
"""Of the distance to the mean. Not known for CCIL; RIDG's."""
MOMENTUM = 0.001
"""Share of a batch's mean in the new mean. Not known for CCIL; RIDG's."""


class CcilLoss(OwnLoss):
    """Cross-entropy, and the mean squared distance of each concept matrix to the mean of its class."""

    means: Tensor
    """Mean concept matrix of each class, shape (classes, classes, features)."""
    known: Tensor
    """Which classes have a mean yet, shape (classes,)."""

    def __init__(self, encoder: nn.Module, sizes: Sizes):
        super().__init__(encoder, sizes)
        self.register_buffer("means", torch.zeros(sizes.classes, sizes.classes, sizes.hidden))
        self.register_buffer("known", torch.zeros(sizes.classes, dtype=torch.bool))

    def forward(self, encoder: nn.Module, classifier: nn.Sequential, batch: Batch) -> Tensor:
        hidden = classifier[:-1](encoder(batch.x))
        concepts = classifier[-1].weight * hidden.unsqueeze(1)
        self._follow(concepts.detach().float(), batch.activity)
        logits = classifier[-1](hidden)
        return cross_entropy(logits, batch.activity) + WEIGHT * mse_loss(concepts, self.means[batch.activity])

    def _follow(self, concepts: Tensor, activity: Tensor) -> None:
        for label in activity.unique():
            mean = concepts[activity == label].mean(dim=0)
            self.means[label] += (MOMENTUM if self.known[label] else 1.0) * (mean - self.means[label])
            self.known[label] = True


SYSTEM = System(
    title="CCIL",
    paper="Xiong, Wang et al., AAAI 2025, 39(1):923-931, arXiv 2412.13594",
    followed="cross-entropy and the distance of concept matrices to the mean of their class, kept by a momentum",
    readings="weight and momentum are RIDG's, as CCIL's are not known; the encoder is that of the paper's own method",
    loss=CcilLoss,
    printed={"usc-had": 57.5},
    copied=True,
)
