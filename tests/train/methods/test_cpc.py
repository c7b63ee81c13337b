"""CPC's loss is its formula, and its encoder foretells the samples that follow what it has seen."""

import pytest
import torch
from torch import nn

from har_runtime.errors import ModelError
from har_train.methods import cpc
from har_train.methods.base import Batch, Sizes
from har_train.methods.cpc import AHEAD, CpcEncoder, CpcLoss, info_nce

SIZES = Sizes(channels=6, window=50, width=256, hidden=4, classes=3, users=2)
LABELS = torch.zeros(3, dtype=torch.int64)


def test_info_nce_tells_each_true_vector_from_those_of_the_other_windows_at_that_sample() -> None:
    torch.manual_seed(0)
    foretold, true = torch.randn(2, 4, 5, 3, dtype=torch.float64)
    wanted = 0.0
    for window in range(4):
        for sample in range(5):
            exponentials = [float((foretold[window, sample] @ true[other, sample]).exp()) for other in range(4)]
            wanted -= float(torch.tensor(exponentials[window] / sum(exponentials)).log()) / (4 * 5)
    assert float(info_nce(foretold, true)) == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("seed", range(3))
def test_one_linear_map_for_each_of_the_next_samples_is_compared_with_them(
    seed: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(seed)
    given: list[tuple[torch.Tensor, torch.Tensor]] = []
    monkeypatch.setattr(cpc, "info_nce", lambda *pair: given.append(pair) or torch.zeros(()))
    encoder = CpcEncoder(6, 50).eval()
    loss = CpcLoss(encoder, SIZES)
    x = torch.randn(3, 50, 6)
    loss(encoder, nn.Sequential(), Batch(x, LABELS, LABELS))
    ((foretold, true),) = given
    latent = encoder.latent(x)
    begins = [at for at in range(50 - AHEAD + 1) if torch.equal(latent[:, at : at + AHEAD], true)]
    assert len(begins) == 1
    assert begins[0] >= 1
    output = encoder.gru(latent)[0][:, begins[0] - 1]  # The GRU has seen nothing of what it foretells.
    for ahead in range(AHEAD):
        rows = slice(128 * ahead, 128 * (ahead + 1))
        mapped = output @ loss.foretell.weight[rows].T + loss.foretell.bias[rows]
        torch.testing.assert_close(foretold[:, ahead], mapped, rtol=0, atol=1e-5)


def test_it_needs_its_own_encoder_and_a_window_that_is_long_enough() -> None:
    with pytest.raises(ModelError, match="trains its own encoder"):
        CpcLoss(nn.Linear(1, 1), SIZES)
    with pytest.raises(ModelError, match="a window of 28 samples is too short"):
        CpcLoss(CpcEncoder(6, 28), Sizes(channels=6, window=28, width=256, hidden=4, classes=3, users=2))
