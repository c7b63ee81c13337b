"""The loss of multi-task self-supervision is its formula, and its eight changes are what they are called."""

import math

import pytest
import torch
from torch import nn

from har_train.methods import multi_task_ssl
from har_train.methods.base import Batch, Sizes
from har_train.methods.multi_task_ssl import CHANGES, MultiTaskSslLoss
from har_train.methods.tpn import TpnEncoder

SIZES = Sizes(channels=6, window=50, width=96, hidden=4, classes=3, users=2)
LABELS = torch.zeros(3, dtype=torch.int64)


def test_the_loss_is_the_sum_of_eight_binary_cross_entropies_and_the_penalty(monkeypatch: pytest.MonkeyPatch) -> None:
    torch.manual_seed(0)
    monkeypatch.setattr(multi_task_ssl, "CHANGES", tuple(lambda x, by=by: x + by for by in range(1, 9)))
    encoder = TpnEncoder(6, 50).eval()
    loss = MultiTaskSslLoss(encoder, SIZES)
    x = torch.randn(3, 50, 6)
    found = loss(encoder, nn.Sequential(), Batch(x, LABELS, LABELS))
    wanted = 0.0
    for task, head in enumerate(loss.heads, start=1):
        for version in range(9):
            for window in x:
                probability = float(head(encoder((window + version)[None])).sigmoid().detach())
                wanted -= math.log(probability if version == task else 1 - probability) / (9 * 3)
    weights = [convolution.weight for convolution in encoder.convolutions]
    wanted += 1e-4 * sum(float((weight.detach() ** 2).sum()) for weight in weights)
    assert float(found.detach()) == pytest.approx(wanted, rel=1e-5)


def test_each_change_is_what_it_is_called() -> None:
    torch.manual_seed(0)
    x = torch.randn(200, 50, 6)
    noisy, scaled, rotated, negated, reversed_, permuted, warped, shuffled = (change(x) for change in CHANGES)
    assert float((noisy - x).std()) == pytest.approx(0.05, rel=0.05)
    factor = scaled / x
    assert float(factor.var(dim=1).max()) < 1e-6
    assert float(factor[:, 0].std()) == pytest.approx(0.1, rel=0.1)
    for sensor in (slice(0, 3), slice(3, 6)):
        torch.testing.assert_close(rotated[:, :, sensor].norm(dim=2), x[:, :, sensor].norm(dim=2))
    assert float((rotated - x).abs().mean()) > 0.5
    assert torch.equal(negated, -x)
    assert torch.equal(reversed_, torch.stack([x[:, 49 - at] for at in range(50)], dim=1))
    assert torch.equal(permuted.sort(dim=1)[0], x.sort(dim=1)[0])
    assert torch.equal(shuffled.sort(dim=2)[0], x.sort(dim=2)[0])
    torch.testing.assert_close(warped[:, [0, 49]], x[:, [0, 49]], rtol=0, atol=1e-4)


def test_warped_time_runs_on_from_the_first_sample_to_the_last_at_changing_speed() -> None:
    torch.manual_seed(0)
    time = torch.arange(50.0).expand(100, 6, 50).transpose(1, 2)
    warped = CHANGES[6](time)[:, :, 0]
    speed = warped.diff(dim=1)
    assert float(speed.min()) > 0
    assert float(speed.mean()) == pytest.approx(1, abs=1e-4)
    assert 0.1 < float(speed.std()) < 0.25
    assert float(speed.diff(dim=1).abs().mean()) < 0.05  # Smoothly.
