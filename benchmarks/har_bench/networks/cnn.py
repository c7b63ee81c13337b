"""CNN-HAR (Yang et al., IJCAI 2015): one-dimensional convolutions, the same for each channel, then joined.

A plain convolutional network, and the best on average in the WHAR Arena (Burzer et al. 2026, arXiv 2606.13194). Its
sections and filters are those of section 3.2 and Figure 1; kernels, pooling and normalisation are those of the authors'
public code, `fcnn.m` of github.com/jianboyang/CNNHAR. There 30 samples shrink to one step; of longer windows the
largest value over the steps is taken before the output, as the WHAR Arena does.
"""

from torch import Tensor, nn

from har_runtime.errors import ModelError

FILTERS = (50, 40, 20)
KERNELS = (5, 5, 3)
POOL, POOL_STRIDE = 4, 2
"""After the first two convolutions."""
JOINED = 400
"""Filters that see all channels at once: the unification layer."""
SHORTEST = 30


class CnnHar(nn.Module):
    """(batch, window, channels) to (batch, classes) logits.

    Raises:
        ModelError: the window is shorter than the paper's.
    """

    def __init__(self, channels: int, window: int, classes: int):
        super().__init__()
        if window < SHORTEST:
            raise ModelError(f"CNN-HAR: a window of {window} samples is too short: {SHORTEST} are the least")
        first, second, third = FILTERS
        self.features = nn.Sequential(
            nn.Conv2d(1, first, (KERNELS[0], 1)),
            nn.ReLU(),
            nn.MaxPool2d((POOL, 1), (POOL_STRIDE, 1)),
            ResponseNorm(),
            nn.Conv2d(first, second, (KERNELS[1], 1)),
            nn.ReLU(),
            nn.MaxPool2d((POOL, 1), (POOL_STRIDE, 1)),
            ResponseNorm(),
            nn.Conv2d(second, third, (KERNELS[2], 1)),
            nn.ReLU(),
            ResponseNorm(),
            nn.Conv2d(third, JOINED, (1, channels)),
            nn.ReLU(),
            ResponseNorm(),
        )
        self.output = nn.Linear(JOINED, classes)

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.features(x.unsqueeze(1)).amax(dim=(2, 3)))


class ResponseNorm(nn.Module):
    """Local response normalisation across the filters of (batch, filter, step, channel): [5, 1, 1e-4 / 5, 0.75]."""

    def forward(self, x: Tensor) -> Tensor:
        # PyTorch divides alpha by the size itself. Of three dimensions it pools two, which TFLite can, of four three.
        flat = nn.functional.local_response_norm(x.flatten(2), size=5, alpha=1e-4, beta=0.75, k=1.0)
        return flat.reshape(x.shape)
