"""AFFAR (Qin, Wang, Chen, Lu and Jiang, ACM TIST 2022): what all people share and what groups of them have, fused.

One convolutional network serves a branch that is the same for all domains and a branch for each domain; a domain
classifier says how much each of the latter counts for a window. The maximum mean discrepancy draws the shared branch's
features of the domains together. A domain is a group of training people here, so that the network has one size however
many they are.

Only the abstract was found, so the terms of the loss are the usual ones of what it names, and all sizes and weights are
ours; the convolutions are those of the authors' other networks for activities (DIVERSIFY,
github.com/microsoft/robustlearn).
"""

import itertools

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from har_train.methods.base import Batch, OwnLoss, System, require_window

FILTERS = (16, 32)
KERNEL = 9
"""Samples, without padding."""
BRANCH = 64
"""Features of each branch."""
GROUPS = 4
"""Domains: a person's is the remainder of its number."""
DOMAIN_WEIGHT = 1.0
"""Of the domain classifier's cross-entropy. Not known."""
DISCREPANCY_WEIGHT = 1.0
"""Of the maximum mean discrepancy. Not known."""
BANDWIDTHS = (0.001, 0.01, 0.1, 1.0, 10.0, 100.0, 1000.0)
"""Factors of the squared distance in the kernel's exponents, as in DomainBed, which the authors' networks follow."""


class AffarEncoder(nn.Module):
    """(batch, window, channels) to (batch, 128): the shared branch, and the branches of the domains by their weights.

    Raises:
        ModelError: the window is too short for the convolutions.
    """

    def __init__(self, channels: int, window: int):
        super().__init__()
        require_window("AFFAR", window, 3 * KERNEL + 1)
        steps = ((window - KERNEL + 1) // 2 - KERNEL + 1) // 2
        self.width = 2 * BRANCH
        self.convolutions = nn.Sequential(
            *itertools.chain.from_iterable(
                (nn.Conv2d(a, b, (1, KERNEL)), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d((1, 2)))
                for a, b in itertools.pairwise((channels, *FILTERS))
            )
        )
        self.shared = nn.Linear(steps * FILTERS[-1], BRANCH)
        self.branches = nn.Linear(steps * FILTERS[-1], GROUPS * BRANCH)
        self.domain = nn.Linear(steps * FILTERS[-1], GROUPS)

    def forward(self, x: Tensor) -> Tensor:
        shared, fused, _ = self.parts(x)
        return torch.cat([shared, fused], dim=1)

    def parts(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features of the shared branch (batch, 64), those of the domains' branches by their weights (batch, 64), and
        the domain classifier's logits (batch, 4)."""
        features = self.convolutions(x.unsqueeze(1).permute(0, 3, 1, 2)).flatten(1)
        domain = self.domain(features)
        branches = self.branches(features).relu().unflatten(1, (GROUPS, BRANCH))
        fused = (domain.softmax(dim=1).unsqueeze(2) * branches).sum(dim=1)
        return self.shared(features).relu(), fused, domain


class AffarLoss(OwnLoss):
    """Cross-entropy of the activity, that of the domain, and the discrepancy of the shared features."""

    def forward(self, encoder: nn.Module, classifier: nn.Sequential, batch: Batch) -> Tensor:
        assert isinstance(encoder, AffarEncoder)
        group = batch.user % GROUPS
        shared, fused, domain = encoder.parts(batch.x)
        logits = classifier(torch.cat([shared, fused], dim=1))
        loss = cross_entropy(logits, batch.activity) + DOMAIN_WEIGHT * cross_entropy(domain, group)
        return loss + DISCREPANCY_WEIGHT * discrepancy(shared.float(), group)


def discrepancy(features: Tensor, group: Tensor) -> Tensor:
    """The squared maximum mean discrepancy of two groups of a batch, mean over all pairs of groups; 0 for one group.

    Args:
        features: shape (n, width).
        group: shape (n,).
    """
    products = features @ features.T
    lengths = products.diagonal()
    squares = (lengths[:, None] + lengths - 2 * products).clamp(min=0)
    kernel = torch.stack([(-gamma * squares).exp() for gamma in BANDWIDTHS]).sum(dim=0)
    member = (group[:, None] == group.unique()).float()
    share = member / member.sum(dim=0)
    means = share.T @ kernel @ share
    own = means.diagonal()
    pairs = own[:, None] + own - 2 * means
    count = len(own)
    return pairs.sum() / max(count * (count - 1), 1)


SYSTEM = System(
    title="AFFAR",
    paper="Qin, Wang, Chen, Lu and Jiang, ACM TIST 2022, 14(1), doi 10.1145/3552434, arXiv 2207.11221",
    followed="what all domains share and what each has of its own, fused by a domain classifier",
    readings="a domain is one of four groups of people; discrepancy, sizes, weights and schedule are ours, not known",
    loss=AffarLoss,
    printed={"usc-had": 72.58},
    copied=True,
)
