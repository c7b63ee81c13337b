"""CNN-HAR (Yang et al., IJCAI 2015): one-dimensional convolutions of each channel, then one over all channels.

A plain convolutional network, and the best on average in the WHAR Arena (Burzer et al. 2026, arXiv 2606.13194). Its
sections and filters are those of section 3.2 and Figure 1; kernels, pooling and normalisation are those of the authors'
public code, `fcnn.m` of github.com/jianboyang/CNNHAR. There 30 samples become one step; for longer
windows the maximum over the steps goes to the output layer, as in the WHAR Arena.
"""

from torch import Tensor, nn

from har_train.methods.base import require_window

FILTERS = (50, 40, 20)
KERNELS = (5, 5, 3)
POOL, POOL_STRIDE = 4, 2
"""After the first two convolutions."""
UNIFICATION_FILTERS = 400
"""Filters over all channels: the unification layer."""
MIN_WINDOW = 30


class CnnHarEncoder(nn.Module):
    """(batch, window, channels) to (batch, 400): the largest of each filter over the steps.

    Raises:
        ModelError: the window is shorter than the paper's.
    """

    def __init__(self, channels: int, window: int):
        super().__init__()
        require_window("CNN-HAR", window, MIN_WINDOW)
        self.width = UNIFICATION_FILTERS
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
            nn.Conv2d(third, UNIFICATION_FILTERS, (1, channels)),
            nn.ReLU(),
            ResponseNorm(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.features(x.unsqueeze(1)).amax(dim=(2, 3))


class ResponseNorm(nn.Module):
    """Local response normalisation across the filters of (batch, filter, step, channel): [5, 1, 1e-4 / 5, 0.75]."""

    def forward(self, x: Tensor) -> Tensor:
        # PyTorch divides alpha by the size. For a 3-D input it pools in 2-D, which TFLite can do; for 4-D, in 3-D.
        flat = nn.functional.local_response_norm(x.flatten(2), size=5, alpha=1e-4, beta=0.75, k=1.0)
        return flat.reshape(x.shape)
