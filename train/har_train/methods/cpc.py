"""CPC (Haresamudram, Essa and Plötz, IMWUT 2021, arXiv 2012.05333): the coming half second is foretold from the past.

Three convolutions give a latent vector for each sample, and a GRU sums up the past. From its output at a random sample,
the latent vectors of the next 28 samples are foretold, and must be told from those of the batch's other windows. Then a
classifier learns on the last output of the frozen GRU. Layers and schedule are those of the authors' published code,
github.com/harkash/contrastive-predictive-coding-for-har, whose windows are ours: 50 samples, every 25.
"""

import itertools

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from har_runtime.errors import ModelError
from har_train.methods.base import Batch, OwnLoss, Sizes, System

FILTERS = (32, 64, 128)
KERNEL = 3
UNITS = 256
GRU_LAYERS = 2
DROPOUT = 0.2
AHEAD = 28
"""Samples that are foretold."""


class CpcEncoder(nn.Module):
    """(batch, window, channels) to the (batch, 256) output of the GRU at the last sample."""

    def __init__(self, channels: int, window: int):
        super().__init__()
        self.width = UNITS
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, (1, KERNEL), padding=(0, KERNEL // 2), padding_mode="reflect", bias=False)
            for a, b in itertools.pairwise((channels, *FILTERS))
        )
        self.dropout = nn.Dropout(DROPOUT)
        self.gru = nn.GRU(FILTERS[-1], UNITS, GRU_LAYERS, batch_first=True, dropout=DROPOUT)

    def latent(self, x: Tensor) -> Tensor:
        """A vector for each sample: (batch, window, channels) to (batch, window, 128)."""
        y = x.unsqueeze(1).permute(0, 3, 1, 2)
        for convolution in self.convolutions:
            y = self.dropout(convolution(y).relu())
        return y.squeeze(2).transpose(1, 2)

    def summary(self, latent: Tensor) -> Tensor:
        """What the GRU keeps of some samples, (batch, samples, 128) to (batch, 256)."""
        return self.gru(latent)[0][:, -1]

    def forward(self, x: Tensor) -> Tensor:
        return self.summary(self.latent(x))


class CpcLoss(OwnLoss):
    """InfoNCE, the mean over the foretold samples: a foretold vector's product with the true one against its products
    with those of the batch's other windows at the same sample.

    Raises:
        ModelError: another encoder, or the window is too short to foretell so much of it.
    """

    def __init__(self, encoder: nn.Module, sizes: Sizes):
        super().__init__(encoder, sizes)
        if not isinstance(encoder, CpcEncoder):
            raise ModelError('CPC trains its own encoder: set model.backbone to "cpc"')
        if sizes.window <= AHEAD:
            raise ModelError(f"CPC: a window of {sizes.window} samples is too short to foretell {AHEAD} of them")
        self.foretell = nn.Linear(UNITS, AHEAD * FILTERS[-1])
        """A linear map for each of the next samples."""

    def forward(self, encoder: nn.Module, classifier: nn.Sequential, batch: Batch) -> Tensor:
        assert isinstance(encoder, CpcEncoder)
        latent = encoder.latent(batch.x)
        seen = int(torch.randint(1, latent.shape[1] - AHEAD + 1, ()))
        foretold = self.foretell(encoder.summary(latent[:, :seen])).unflatten(1, (AHEAD, FILTERS[-1]))
        with torch.autocast(latent.device.type, enabled=False):
            return info_nce(foretold.float(), latent[:, seen : seen + AHEAD].float())


def info_nce(foretold: Tensor, true: Tensor) -> Tensor:
    """Mean over windows and samples of the cross-entropy of the products of foretold and true vectors; both have the
    shape (n, samples, d)."""
    product = torch.einsum("iad,jad->aij", foretold, true)
    return cross_entropy(product.flatten(0, 1), torch.arange(len(true), device=true.device).repeat(true.shape[1]))


SYSTEM = System(
    title="CPC",
    paper="Haresamudram, Essa and Plötz, IMWUT 2021, 5(2):65, arXiv 2012.05333",
    followed="convolutions, GRU, 28 foretold samples from one random sample of each batch, InfoNCE, then a classifier "
    "on the frozen encoder, of the authors' code",
    readings="the last epoch of the first stage is kept, not that with the best loss in validation; the candidates are "
    "the true vectors of the batch's windows",
    loss=CpcLoss,
    pretrains=True,
    printed={"uci-har": 82.08, "mobiact": 81.54, "usc-had": 52.31},
)
