"""The contrastive loss against its formula, written out anchor by anchor."""

import math

import pytest
import torch

from har_train.losses import user_aware_supcon


def literal(z, activity, user, tau, window=None) -> list[float]:
    """Section 3.2.3 (d), one loss for each anchor that has a positive."""
    losses = []
    for i in range(len(z)):
        positives = [
            p
            for p in range(len(z))
            if p != i
            and ((activity[p] == activity[i] and user[p] != user[i]) or (window is not None and window[p] == window[i]))
        ]
        negatives = [n for n in range(len(z)) if activity[n] != activity[i] and user[n] == user[i]]
        if not positives:
            continue
        denominator = sum(math.exp(float(z[i] @ z[a]) / tau) for a in positives + negatives)
        logs = [math.log(math.exp(float(z[i] @ z[p]) / tau) / denominator) for p in positives]
        losses.append(-sum(logs) / len(positives))
    return losses


def batch(seed: int, n: int = 24):
    generator = torch.Generator().manual_seed(seed)
    z = torch.nn.functional.normalize(torch.randn(n, 8, generator=generator, dtype=torch.float64), dim=1)
    activity = torch.randint(0, 4, (n,), generator=generator)
    user = torch.randint(0, 3, (n,), generator=generator)
    return z, activity, user


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("tau", [0.1, 1.0])
def test_it_is_the_mean_or_the_sum_of_the_formula_over_anchors(seed: int, tau: float) -> None:
    z, activity, user = batch(seed)
    wanted = literal(z, activity, user, tau)
    assert float(user_aware_supcon(z, activity, user, tau)) == pytest.approx(sum(wanted) / len(wanted))
    assert float(user_aware_supcon(z, activity, user, tau, "sum")) == pytest.approx(sum(wanted))


def test_the_other_reading_counts_the_own_second_view_as_a_positive() -> None:
    z, activity, user = batch(7, n=12)
    z2 = torch.nn.functional.normalize(z + 0.1, dim=1)
    both, a, u, w = torch.cat([z, z2]), activity.repeat(2), user.repeat(2), torch.arange(12).repeat(2)
    wanted = literal(both, a, u, 0.1, w)
    assert len(wanted) == 24
    got = user_aware_supcon(both, a, u, 0.1, window=w)
    assert float(got) == pytest.approx(sum(wanted) / len(wanted))


def test_its_gradient_is_the_numerical_one() -> None:
    z, activity, user = batch(3, n=10)
    assert torch.autograd.gradcheck(
        lambda free: user_aware_supcon(free, activity, user, 0.5), z.clone().requires_grad_(True)
    )


def test_an_anchor_without_a_positive_says_nothing() -> None:
    z, _, user = batch(5, n=4)
    different = torch.arange(4)
    loss = user_aware_supcon(z.requires_grad_(True), different, user)
    assert loss.item() == 0
    loss.backward()
    assert float(z.grad.abs().sum()) == 0


def test_pulling_other_users_of_the_same_activity_together_lowers_it() -> None:
    activity, user = torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1])
    east, north = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    by_activity = user_aware_supcon(torch.stack([east, east, north, north]), activity, user)
    by_user = user_aware_supcon(torch.stack([east, north, east, north]), activity, user)
    assert by_activity < 0.01 < by_user
