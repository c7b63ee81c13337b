"""The auto-encoder draws windows of the size it was given, and its loss is the squared error."""

import pytest
import torch
from torch import nn

from har_runtime.errors import ModelError
from har_train.methods.base import Batch, Sizes
from har_train.methods.cae import CaeEncoder, CaeLoss


@pytest.mark.parametrize(("channels", "window"), [(6, 50), (12, 40)])
def test_the_loss_is_the_mean_squared_error_of_what_is_drawn(channels: int, window: int) -> None:
    torch.manual_seed(0)
    encoder = CaeEncoder(channels, window).eval()
    sizes = Sizes(channels=channels, window=window, width=100, hidden=4, classes=3, users=2)
    loss = CaeLoss(encoder, sizes).eval()
    x = 3 * torch.randn(2, window, channels)
    labels = torch.zeros(2, dtype=torch.int64)
    found = float(loss(encoder, nn.Sequential(), Batch(x, labels, labels)).detach())
    drawn = loss.decoder(encoder(x)).detach()
    assert drawn.shape == (2, 1, window, channels)
    errors = [
        (float(drawn[n, 0, t, c]) - min(1.0, max(-1.0, float(x[n, t, c]) / 4))) ** 2
        for n in range(2)
        for t in range(window)
        for c in range(channels)
    ]
    assert found == pytest.approx(sum(errors) / len(errors), rel=1e-4)


def test_windows_of_which_the_poolings_leave_nothing_are_an_error() -> None:
    with pytest.raises(ModelError, match="windows of 15 samples and 6 channels are too small"):
        CaeEncoder(6, 15)
