"""CCIL's loss is its formula, and the means follow the concepts slowly."""

import torch
from torch import nn

from har_train.methods.base import Batch, Sizes
from har_train.methods.ccil import MOMENTUM, WEIGHT, CcilLoss

SIZES = Sizes(channels=6, window=50, width=5, hidden=4, classes=3, users=2)


def test_the_loss_is_cross_entropy_and_the_distance_of_each_concept_to_the_mean_of_its_class() -> None:
    torch.manual_seed(0)
    encoder, classifier = nn.Linear(2, 5), nn.Sequential(nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
    loss = CcilLoss(encoder, SIZES)
    means: dict[int, torch.Tensor] = {}
    for _ in range(2):
        x, activity = torch.randn(8, 2), torch.randint(0, 3, (8,))
        found = loss(encoder, classifier, Batch(x, activity, torch.zeros(8, dtype=torch.int64)))
        hidden = classifier[:2](encoder(x))
        weight, bias = classifier[2].weight, classifier[2].bias
        concepts = [[[weight[k, j] * z[j] for j in range(4)] for k in range(3)] for z in hidden]
        matrices = torch.stack([torch.stack([torch.stack(row) for row in matrix]) for matrix in concepts])
        for label in set(activity.tolist()):
            mean = matrices[activity == label].mean(dim=0).detach()
            means[label] = mean if label not in means else (1 - MOMENTUM) * means[label] + MOMENTUM * mean
        wanted = torch.zeros(())
        for matrix, label in zip(matrices, activity.tolist(), strict=True):
            logits = matrix.sum(dim=1) + bias
            distance = ((matrix - means[label]) ** 2).sum() / matrix.numel()
            wanted = wanted - logits.log_softmax(0)[label] + WEIGHT * distance
        torch.testing.assert_close(found, wanted / 8)
