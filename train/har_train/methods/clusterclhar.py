"""ClusterCLHAR (Wang et al., 2023, arXiv 2203.12230): SimCLR in which windows of one cluster are no negatives.

The views are the window and its resampled version, the encoder is that of `tpn`, and BIRCH clusters the projections of
each batch: windows alike enough to be of one activity are not drawn apart. Then a linear classifier learns on the
frozen encoder. Sizes and schedule are those of the authors' published code.
"""

import warnings

import numpy as np
import torch
from sklearn.cluster import Birch
from sklearn.exceptions import ConvergenceWarning
from torch import Tensor, nn
from torch.nn.functional import normalize

from har_train.methods.augment import values_at
from har_train.methods.base import Batch, OwnLoss, Sizes, System
from har_train.methods.losses import nt_xent
from har_train.methods.tpn import weight_penalty

TEMPERATURE = 0.1
PROJECTED = 96
CLUSTER_RADIUS = 0.1
"""Largest radius of BIRCH's first, small clusters, of embeddings of length 1."""
RESAMPLINGS = ((1, 0), (2, 1), (3, 2))
"""Samples put between any two, and samples skipped after each that is kept: time runs slower by 2, 3/2 or 4/3."""


def resampled(x: Tensor) -> Tensor:
    """Each window slower by one of three factors for the whole batch, from a random place in each window."""
    put, skipped = RESAMPLINGS[int(torch.randint(len(RESAMPLINGS), ()))]
    length = x.shape[1]
    room = (length - 1) * (put + 1) + 1 - length * (skipped + 1)
    start = torch.randint(room + 1, (len(x), 1), device=x.device)
    kept = start + torch.arange(length, device=x.device) * (skipped + 1)
    return values_at(x, kept.to(x.dtype) / (put + 1))


def clusters(embeddings: Tensor, count: int) -> Tensor:
    """The cluster of each embedding: BIRCH, whose small clusters are joined until there are `count`."""
    points = normalize(embeddings.detach().float(), dim=1).cpu().numpy().astype(np.float64)
    with warnings.catch_warnings():
        # If fewer small clusters were found than asked for, those are the clusters.
        warnings.simplefilter("ignore", ConvergenceWarning)
        labels = Birch(threshold=CLUSTER_RADIUS, n_clusters=count).fit_predict(points)
    return torch.from_numpy(labels).to(embeddings.device)


class ClusterClharLoss(OwnLoss):
    """NT-Xent of a window and its resampled version, whose negatives are the samples of other clusters."""

    def __init__(self, encoder: nn.Module, sizes: Sizes):
        super().__init__(encoder, sizes)
        self.projector = nn.Sequential(
            nn.Linear(sizes.width, PROJECTED),
            nn.ReLU(),
            nn.Linear(PROJECTED, PROJECTED),
            nn.ReLU(),
            nn.Linear(PROJECTED, PROJECTED),
        )
        self.count = sizes.classes

    def forward(self, encoder: nn.Module, classifier: nn.Sequential, batch: Batch) -> Tensor:
        embeddings = self.projector(encoder(torch.cat([batch.x, resampled(batch.x)])))
        cluster = clusters(embeddings, self.count)
        return nt_xent(embeddings, TEMPERATURE, cluster[:, None] == cluster) + weight_penalty(encoder)


SYSTEM = System(
    title="ClusterCLHAR",
    paper="Wang et al. 2023, arXiv 2203.12230",
    followed="the trunk, resampled views, BIRCH with a threshold of 0.1 and as many clusters as activities, NT-Xent "
    "without negatives of one cluster, then a linear classifier on the frozen encoder",
    readings="both views of a batch are clustered together, as embeddings of length 1; three layers in the projector; "
    "the last epoch of the first stage is kept; the classifier's batch is ours",
    loss=ClusterClharLoss,
    pretrains=True,
    printed={"uci-har": 92.12, "usc-had": 58.85},
    copied=True,
)
