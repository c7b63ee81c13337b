"""AFFAR's loss is its formula, and its branches are fused by the domain classifier."""

import itertools
import math

import torch
from torch import Tensor, nn

from har_train.methods.affar import (
    BANDWIDTHS,
    BRANCH,
    DISCREPANCY_WEIGHT,
    DOMAIN_WEIGHT,
    GROUPS,
    AffarEncoder,
    AffarLoss,
    discrepancy,
)
from har_train.methods.base import Batch, Sizes

SIZES = Sizes(channels=6, window=50, width=128, hidden=128, classes=3, users=6)


def mean_kernel(one: Tensor, other: Tensor) -> float:
    pairs = list(itertools.product(one.tolist(), other.tolist()))
    return sum(math.exp(-gamma * math.dist(a, b) ** 2) for gamma in BANDWIDTHS for a, b in pairs) / len(pairs)


def literal_discrepancy(features: Tensor, group: Tensor) -> float:
    parts = [features[group == number].double() for number in sorted(set(group.tolist()))]
    values = [
        mean_kernel(one, one) + mean_kernel(other, other) - 2 * mean_kernel(one, other)
        for one, other in itertools.combinations(parts, 2)
    ]
    return sum(values) / len(values)


def test_the_discrepancy_is_the_mean_over_pairs_of_groups_that_are_in_the_batch() -> None:
    torch.manual_seed(0)
    features, group = torch.randn(12, 5), torch.tensor([0, 0, 1, 3, 3, 3, 1, 0, 1, 3, 0, 1])
    found = discrepancy(features, group)
    torch.testing.assert_close(float(found), literal_discrepancy(features, group), rtol=1e-4, atol=1e-5)


def test_the_discrepancy_of_one_group_is_zero_and_grows_as_groups_move_apart() -> None:
    torch.manual_seed(0)
    features, group = torch.randn(40, 3), torch.arange(40) % 2
    assert float(discrepancy(features, torch.zeros(40))) == 0
    apart = [float(discrepancy(features + step * group[:, None], group)) for step in (0.0, 1.0, 3.0)]
    assert apart == sorted(apart)


def test_the_loss_is_both_cross_entropies_and_the_discrepancy_of_the_shared_features() -> None:
    torch.manual_seed(0)
    encoder, classifier = AffarEncoder(6, 50).eval(), nn.Sequential(nn.Linear(128, 3))
    batch = Batch(torch.randn(10, 50, 6), torch.randint(0, 3, (10,)), torch.arange(10) % SIZES.users)
    found = AffarLoss(encoder, SIZES)(encoder, classifier, batch)
    features = encoder.convolutions(batch.x.transpose(1, 2).unsqueeze(2)).flatten(1)
    group = torch.tensor([user % GROUPS for user in batch.user.tolist()])
    wanted = torch.zeros(())
    for row, activity, number in zip(features, batch.activity, group, strict=True):
        domain = encoder.domain(row).softmax(0)
        fused = torch.zeros(BRANCH)
        for index in range(GROUPS):
            own = slice(index * BRANCH, (index + 1) * BRANCH)
            branch = encoder.branches.weight[own] @ row + encoder.branches.bias[own]
            fused = fused + domain[index] * branch.relu()
        logits = classifier(torch.cat([encoder.shared(row).relu(), fused]))
        wanted = wanted - logits.log_softmax(0)[activity] / 10 - DOMAIN_WEIGHT * domain.log()[number] / 10
    shared = encoder.shared(features).relu().detach()
    wanted = wanted + DISCREPANCY_WEIGHT * literal_discrepancy(shared, group)
    torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-4)
