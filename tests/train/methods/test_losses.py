"""The contrastive losses against their formulas, written out anchor by anchor."""

import math

import pytest
import torch

from har_train.methods.losses import Views, contrastive_loss, pair_masks
from har_train.recipe import PAIRS


def literal(z, views: Views, pairs: str, tau: float, own_view: str = "ignored") -> list[float]:
    """One loss for each anchor that has a positive: NT-Xent, SupCon, and section 3.2.3 (d) of the paper."""
    activity, user, window = (values.tolist() for values in (views.activity, views.user, views.window))
    losses = []
    for i in range(len(z)):
        others = [j for j in range(len(z)) if j != i]
        if pairs == "simclr":
            positives, among = [j for j in others if window[j] == window[i]], others
        elif pairs == "activity":
            positives, among = [j for j in others if activity[j] == activity[i]], others
        else:
            positives = [j for j in others if activity[j] == activity[i] and user[j] != user[i]]
            if own_view == "positive":
                positives += [j for j in others if window[j] == window[i]]
            among = positives + [j for j in others if activity[j] != activity[i] and user[j] == user[i]]
        if not positives:
            continue
        denominator = sum(math.exp(float(z[i] @ z[a]) / tau) for a in among)
        logs = [math.log(math.exp(float(z[i] @ z[p]) / tau) / denominator) for p in positives]
        losses.append(-sum(logs) / len(positives))
    return losses


def batch(seed: int, windows: int = 12) -> tuple[torch.Tensor, Views]:
    """Two views of each window, random embeddings of length 1."""
    generator = torch.Generator().manual_seed(seed)
    z = torch.randn(2 * windows, 8, generator=generator, dtype=torch.float64)
    activity = torch.randint(0, 4, (windows,), generator=generator)
    user = torch.randint(0, 3, (windows,), generator=generator)
    views = Views(activity.repeat(2), user.repeat(2), torch.arange(windows).repeat(2))
    return torch.nn.functional.normalize(z, dim=1), views


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("tau", [0.1, 1.0])
@pytest.mark.parametrize("pairs", PAIRS)
def test_each_is_the_mean_or_the_sum_of_its_formula_over_anchors(seed: int, tau: float, pairs: str) -> None:
    z, views = batch(seed)
    wanted = literal(z, views, pairs, tau)
    masks = pair_masks(views, pairs)
    assert float(contrastive_loss(z, *masks, tau)) == pytest.approx(sum(wanted) / len(wanted))
    assert float(contrastive_loss(z, *masks, tau, "sum")) == pytest.approx(sum(wanted))


def test_the_other_reading_counts_the_own_second_view_as_a_positive() -> None:
    z, views = batch(7)
    wanted = literal(z, views, "activity-user", 0.1, "positive")
    assert len(wanted) == 24
    got = contrastive_loss(z, *pair_masks(views, "activity-user", "positive"), 0.1)
    assert float(got) == pytest.approx(sum(wanted) / len(wanted))
    assert float(got) != pytest.approx(float(contrastive_loss(z, *pair_masks(views, "activity-user"), 0.1)))


@pytest.mark.parametrize("pairs", PAIRS)
def test_the_gradient_of_each_is_the_numerical_one(pairs: str) -> None:
    z, views = batch(3, windows=5)
    masks = pair_masks(views, pairs)
    assert torch.autograd.gradcheck(lambda free: contrastive_loss(free, *masks, 0.5), z.clone().requires_grad_(True))


def test_an_anchor_without_a_positive_says_nothing() -> None:
    z, views = batch(5, windows=2)
    lonely = Views(torch.arange(4), views.user, torch.arange(4))
    loss = contrastive_loss(z.requires_grad_(True), *pair_masks(lonely, "activity-user"))
    assert loss.item() == 0
    loss.backward()
    assert z.grad is not None
    assert float(z.grad.abs().sum()) == 0


def test_the_user_aware_loss_is_low_where_activities_gather_and_high_where_users_do() -> None:
    views = Views(torch.tensor([0, 0, 1, 1]), torch.tensor([0, 1, 0, 1]), torch.arange(4))
    masks = pair_masks(views, "activity-user")
    east, north = torch.tensor([1.0, 0.0]), torch.tensor([0.0, 1.0])
    by_activity = contrastive_loss(torch.stack([east, east, north, north]), *masks)
    by_user = contrastive_loss(torch.stack([east, north, east, north]), *masks)
    assert by_activity < 0.01 < by_user


def test_samples_that_may_be_of_one_activity_are_no_pair() -> None:
    """One walks, one goes up the stairs, two go up or down; all are of one user but the last of each kind."""
    walking, up, stairs = [True, False, False], [False, True, False], [False, True, True]
    views = Views(
        torch.tensor([0, 0, 1, 3, 3]),
        torch.tensor([0, 1, 0, 0, 1]),
        torch.arange(5),
        torch.tensor([walking, walking, up, stairs, stairs]),
    )
    positive, among = pair_masks(views, "activity-user")
    assert positive.nonzero().tolist() == [[0, 1], [1, 0]]
    assert (among & ~positive).nonzero().tolist() == [[0, 2], [0, 3], [1, 4], [2, 0], [3, 0], [4, 1]]
    positive, among = pair_masks(views, "activity")
    assert positive.nonzero().tolist() == [[0, 1], [1, 0]]
    assert not among[3, 4] and not among[2, 3] and among[0, 4]
    everything = pair_masks(
        Views(views.activity, views.user, views.window, torch.eye(4)[views.activity] > 0), "activity"
    )
    plain = pair_masks(Views(views.activity, views.user, views.window), "activity")
    assert all(torch.equal(one, other) for one, other in zip(everything, plain, strict=True))


def test_simclr_does_not_look_at_labels() -> None:
    z, views = batch(1)
    relabelled = Views(views.activity.flip(0), views.user.flip(0), views.window)
    one, other = (contrastive_loss(z, *pair_masks(v, "simclr")) for v in (views, relabelled))
    assert torch.equal(one, other)
