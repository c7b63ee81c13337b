"""CAE (Haresamudram, Anderson and Plötz, ISWC 2019): a convolutional auto-encoder, then a classifier on its code.

A window is an image of time and channels. Blocks of two convolutions and a pooling, as in VGG, make 100 numbers of it,
from which the same blocks in reverse draw it again. Then a classifier learns on the frozen encoder. Filters, code,
decoder and schedule are those of the authors' public code, github.com/harkash/on-the-role-of-features-in-har.
"""

import itertools

from torch import Tensor, nn
from torch.nn.functional import mse_loss

from har_runtime.errors import ModelError
from har_train.methods.base import Batch, OwnLoss, Sizes, System

FILTERS = (64, 128, 256, 512)
POOLING = ((2, 2), (2, 2), (2, 1), (2, 1))
"""Of time and channels, after each block: six channels are one after two blocks."""
CODE = 100
LARGEST = 4.0
"""Standard deviations that are 1 for the decoder, whose last layer is a hyperbolic tangent."""


def sizes_of_image(channels: int, window: int) -> list[tuple[int, int]]:
    """Time and channels before the first block and after each.

    Raises:
        ModelError: nothing would be left.
    """
    sizes = [(window, channels)]
    for time, channel in POOLING:
        sizes.append((sizes[-1][0] // time, sizes[-1][1] // channel))
    if 0 in sizes[-1]:
        raise ModelError(f"CAE: windows of {window} samples and {channels} channels are too small for its poolings")
    return sizes


class CaeEncoder(nn.Module):
    """(batch, window, channels) to (batch, 100)."""

    def __init__(self, channels: int, window: int):
        super().__init__()
        self.width = CODE
        rest = sizes_of_image(channels, window)[-1]
        blocks: list[nn.Module] = []
        for (before, after), pooling in zip(itertools.pairwise((1, *FILTERS)), POOLING, strict=True):
            blocks += [*_convolution(before, after), *_convolution(after, after), nn.MaxPool2d(pooling)]
        self.blocks = nn.Sequential(*blocks)
        self.code = nn.Sequential(nn.Linear(FILTERS[-1] * rest[0] * rest[1], CODE), nn.BatchNorm1d(CODE), nn.ReLU())
        self.apply(_xavier)

    def forward(self, x: Tensor) -> Tensor:
        return self.code(self.blocks(x.unsqueeze(1)).flatten(1))


class CaeLoss(OwnLoss):
    """Mean squared error of the window that the decoder draws, in [-1, 1]."""

    def __init__(self, encoder: nn.Module, sizes: Sizes):
        super().__init__(encoder, sizes)
        *images, rest = sizes_of_image(sizes.channels, sizes.window)
        flat = FILTERS[-1] * rest[0] * rest[1]
        blocks: list[nn.Module] = [nn.Linear(CODE, flat), nn.BatchNorm1d(flat), nn.ReLU()]
        blocks.append(nn.Unflatten(1, (FILTERS[-1], *rest)))
        for (before, after), image in zip(itertools.pairwise((*FILTERS[::-1], FILTERS[0])), images[::-1], strict=True):
            blocks += [nn.Upsample(image), *_convolution(before, before), *_convolution(before, after)]
        self.decoder = nn.Sequential(*blocks, nn.Conv2d(FILTERS[0], 1, 3, padding=1), nn.Tanh())
        self.decoder.apply(_xavier)

    def forward(self, encoder: nn.Module, classifier: nn.Sequential, batch: Batch) -> Tensor:
        drawn = self.decoder(encoder(batch.x)).squeeze(1)
        return mse_loss(drawn.float(), (batch.x / LARGEST).clamp(-1, 1))


def _convolution(before: int, after: int) -> list[nn.Module]:
    return [nn.Conv2d(before, after, 3, padding=1), nn.BatchNorm2d(after), nn.ReLU()]


def _xavier(module: nn.Module) -> None:
    if isinstance(module, nn.Conv2d | nn.Linear):
        nn.init.xavier_uniform_(module.weight)


SYSTEM = System(
    title="CAE",
    paper="Haresamudram, Anderson and Plötz, ISWC 2019",
    followed="blocks of two convolutions, a code of 100, the reversed decoder with nearest upsampling, the squared "
    "error, then a classifier of 2048 and 512 on the frozen encoder",
    readings="one-second windows of six channels are pooled in time alone after the second block; windows are cut at "
    "four standard deviations and divided by these for the decoder; batch norm in the classifier stands for "
    "standardised features",
    loss=CaeLoss,
    pretrains=True,
    printed={"uci-har": 79.82, "mobiact": 78.75, "usc-had": 49.88},
)
