"""ClusterCLHAR's loss is its formula, and its views are slower versions of the windows."""

import math

import pytest
import torch
from torch import nn

from har_train.methods import clusterclhar
from har_train.methods.base import Batch, Sizes
from har_train.methods.clusterclhar import TEMPERATURE, ClusterClharLoss, clusters, resampled
from har_train.methods.tpn import TpnEncoder

SIZES = Sizes(channels=6, window=50, width=96, hidden=4, classes=2, users=2)
LABELS = torch.zeros(5, dtype=torch.int64)


def test_the_loss_is_nt_xent_without_negatives_of_the_own_cluster_and_the_penalty(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    cluster = [0, 0, 1, 1, 0, 0, 1, 1, 1, 0]
    monkeypatch.setattr(clusterclhar, "clusters", lambda embeddings, count: torch.tensor(cluster))
    monkeypatch.setattr(clusterclhar, "resampled", lambda x: 2 * x)
    encoder = TpnEncoder(6, 50).eval()
    loss = ClusterClharLoss(encoder, SIZES)
    x = torch.randn(5, 50, 6)
    found = float(loss(encoder, nn.Sequential(), Batch(x, LABELS, LABELS)).detach())
    embeddings = loss.projector(encoder(torch.cat([x, 2 * x]))).detach().double()
    z = [row / row.norm() for row in embeddings]
    wanted = 0.0
    for i in range(10):
        own = (i + 5) % 10
        among = [own, *(j for j in range(10) if j not in (i, own) and cluster[j] != cluster[i])]
        denominator = sum(math.exp(float(z[i] @ z[j]) / TEMPERATURE) for j in among)
        wanted -= math.log(math.exp(float(z[i] @ z[own]) / TEMPERATURE) / denominator) / 10
    wanted += 1e-4 * sum(float((layer.weight.detach() ** 2).sum()) for layer in encoder.convolutions)
    assert found == pytest.approx(wanted, rel=1e-5)


def test_embeddings_of_two_directions_are_two_clusters_whatever_their_lengths() -> None:
    torch.manual_seed(0)
    centre = torch.eye(2).repeat(10, 4)
    found = clusters((centre + 0.01 * torch.randn(20, 8)) * torch.rand(20, 1).add(0.5), 2)
    assert len(found.unique()) == 2
    assert torch.equal(found[0::2], found[:1].expand(10))
    assert torch.equal(found[1::2], found[1:2].expand(10))


def test_fewer_clusters_than_asked_for_are_no_reason_to_warn() -> None:
    assert clusters(torch.ones(8, 4), 3).tolist() == [0] * 8


def test_a_view_runs_slower_by_two_three_halves_or_four_thirds_from_any_place_in_the_window() -> None:
    torch.manual_seed(0)
    time = torch.arange(50.0).expand(40, 6, 50).transpose(1, 2)
    speeds: set[float] = set()
    for _ in range(20):
        seen = resampled(time)
        step = seen.diff(dim=1)
        speed = float(step.mean())
        torch.testing.assert_close(step, torch.full_like(step, speed), rtol=0, atol=1e-4)
        starts = seen[:, 0, 0]
        assert len(starts.unique()) > 5
        assert 0 <= float(seen.min()) < float(seen.max()) <= 49
        speeds.add(round(speed, 3))
    assert speeds == {0.5, 0.667, 0.75}
