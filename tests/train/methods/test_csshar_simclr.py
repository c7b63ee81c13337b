"""CSSHAR's self-supervised loss is its formula, and its views change about half of the windows in each way."""

import math

import pytest
import torch
from torch import nn

from har_train.methods import csshar_simclr
from har_train.methods.base import Batch, Sizes
from har_train.methods.csshar_simclr import TEMPERATURE, CssharSimclrLoss, view

SIZES = Sizes(channels=6, window=50, width=5, hidden=4, classes=3, users=2)
LABELS = torch.zeros(7, dtype=torch.int64)


def test_the_loss_is_nt_xent_of_the_projected_views(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    views = torch.randn(2, 7, 300)
    given = iter(views)
    monkeypatch.setattr(csshar_simclr, "view", lambda x: next(given))
    encoder = nn.Linear(300, 5)
    loss = CssharSimclrLoss(encoder, SIZES)
    found = loss(encoder, nn.Sequential(), Batch(torch.zeros(7, 50, 6), LABELS, LABELS))
    z = [row / row.norm() for row in loss.projector(encoder(views)).detach().double().flatten(0, 1)]
    wanted = 0.0
    for i in range(14):
        exponentials = [math.exp(float(z[i] @ z[j]) / TEMPERATURE) for j in range(14)]
        wanted -= math.log(exponentials[(i + 7) % 14] / (sum(exponentials) - exponentials[i])) / 14
    assert float(found.detach()) == pytest.approx(wanted, rel=1e-5)


def test_each_change_of_a_view_has_probability_one_half_and_segments_are_five_at_most() -> None:
    torch.manual_seed(0)
    x = torch.arange(1.0, 51).expand(4000, 6, 50).transpose(1, 2)
    seen = view(x)
    same_values = torch.isclose(seen.sort(dim=1)[0], x).all(dim=2).all(dim=1)
    assert float(same_values.float().mean()) == pytest.approx(0.25, abs=0.03)  # Neither noise nor factors.
    unchanged = (seen == x).all(dim=2).all(dim=1)
    in_order = sum(1 / math.factorial(count) for count in range(1, 6)) / 5
    assert float(unchanged.float().mean()) == pytest.approx(0.25 * (0.5 + 0.5 * in_order), abs=0.03)
    assert bool((seen[same_values] == seen[same_values][:, :, :1]).all())  # All channels in one order.
    starts = seen[same_values][:, 0, 0].unique().tolist()
    assert starts == sorted({1.0 + -(-50 * part // count) for count in range(1, 6) for part in range(count)})
