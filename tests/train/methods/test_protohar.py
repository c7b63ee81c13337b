"""A client of ProtoHAR trains as its formula says, and its server keeps heads and prototypes."""

import copy

import numpy as np
import torch
from torch import Tensor, nn

from har_train.methods.base import Batch, Sizes
from har_train.methods.protohar import EPOCHS, HEAD_EPOCHS, HEAD_RATE, MOMENTUM, PROTOTYPE_WEIGHT, ProtoHarLoss
from har_train.recipe import OptimiserConfig

SIZES = Sizes(channels=6, window=50, width=4, hidden=4, classes=3, users=5)
SETTINGS = OptimiserConfig(learning_rate=0.02, batch_size=4)


def parts() -> tuple[ProtoHarLoss, nn.Module, nn.Sequential]:
    torch.manual_seed(0)
    encoder, classifier = nn.Sequential(nn.Linear(2, 4), nn.ReLU()), nn.Sequential(nn.Linear(4, 3))
    return ProtoHarLoss(encoder, SIZES), encoder, classifier


def windows_of(person: int, count: int = 10) -> Batch:
    return Batch(torch.randn(count, 2), torch.randint(0, 2, (count,)), torch.full((count,), person))


def literal_loss(loss: ProtoHarLoss, features: Tensor, logits: Tensor, activity: Tensor, head_only: bool) -> Tensor:
    total = torch.zeros(())
    for feature, row, label in zip(features, logits, activity.tolist(), strict=True):
        total = total - row.log_softmax(0)[label] / len(features)
        if loss.known[label] and not head_only:
            total = total + PROTOTYPE_WEIGHT * ((feature - loss.prototypes[label]) ** 2).sum() / features.numel()
    return total


def literal_client(loss: ProtoHarLoss, encoder: nn.Module, head: nn.Module, batch: Batch) -> None:
    """Trains both in place, with the rule of momentum written out."""
    for part, rate, epochs in ((head, HEAD_RATE * 0.02, HEAD_EPOCHS), (encoder, 0.02, EPOCHS)):
        speed = [torch.zeros_like(parameter) for parameter in part.parameters()]
        for _ in range(epochs):
            order = torch.randperm(len(batch.x)).tolist()
            for rows in (order[begin : begin + 4] for begin in range(0, len(order), 4)):
                features = encoder(batch.x[rows])
                value = literal_loss(loss, features, head(features), batch.activity[rows], part is head)
                gradients = torch.autograd.grad(value, list(part.parameters()))
                for parameter, gradient, moving in zip(part.parameters(), gradients, speed, strict=True):
                    moving.mul_(MOMENTUM).add_(gradient)
                    parameter.data -= rate * moving


def test_a_client_trains_its_head_and_then_the_network_towards_the_prototypes() -> None:
    loss, encoder, classifier = parts()
    loss.prototypes.normal_()
    loss.known[:2] = torch.tensor([True, False])
    batch = windows_of(3)
    torch.manual_seed(1)
    update = loss.client(encoder, classifier, batch, SETTINGS)
    own, head = copy.deepcopy(encoder), copy.deepcopy(classifier)
    torch.manual_seed(1)
    literal_client(loss, own, head, batch)
    wanted = [before - after for before, after in zip(encoder.parameters(), own.parameters(), strict=True)]
    for found, step in zip(update.steps, wanted, strict=False):
        torch.testing.assert_close(found, step, rtol=1e-4, atol=1e-6)
    assert update.weight == 10
    weights = torch.cat([parameter.flatten() for parameter in head.parameters()])
    torch.testing.assert_close(loss.heads[3], weights, rtol=1e-4, atol=1e-6)
    assert loss.begun.tolist() == [False, False, False, True, False]


def test_a_round_leaves_the_mean_of_all_heads_and_the_mean_features_of_each_class_that_a_client_had() -> None:
    loss, encoder, classifier = parts()
    loss.heads[0], loss.begun[0] = 7.0, True
    batches = [windows_of(person) for person in (1, 2)]
    batches[0].activity.fill_(1)
    ends: list[Tensor] = []
    for batch in batches:
        update = loss.client(encoder, classifier, batch, SETTINGS)
        own = copy.deepcopy(encoder)
        for parameter, step in zip(own.parameters(), update.steps, strict=False):
            parameter.data -= step
        ends.append(own(batch.x))
    loss.end_round(encoder, classifier)
    assert loss.known.tolist() == [True, True, False]
    of_one = [end[batch.activity == 1].mean(dim=0) for end, batch in zip(ends, batches, strict=True)]
    torch.testing.assert_close(loss.prototypes[1], (of_one[0] + of_one[1]) / 2)
    torch.testing.assert_close(loss.prototypes[0], ends[1][batches[1].activity == 0].mean(dim=0))
    head = torch.cat([parameter.flatten() for parameter in classifier.parameters()])
    torch.testing.assert_close(head, (loss.heads[0] + loss.heads[1] + loss.heads[2]) / 3)


def test_a_person_s_head_goes_on_from_where_it_was() -> None:
    loss, encoder, classifier = parts()
    still = OptimiserConfig(learning_rate=1e-12, batch_size=4)
    loss.heads[2], loss.begun[2] = 0.5, True
    loss.client(encoder, classifier, windows_of(2), still)
    torch.testing.assert_close(loss.heads[2], torch.full((15,), 0.5))


def test_a_round_visits_a_share_of_the_people_each_once() -> None:
    rounds = [ProtoHarLoss.visits(20, SETTINGS, np.random.default_rng(seed)) for seed in range(20)]
    assert {len(visits) for visits in rounds} == {len({visit.person for visit in visits}) for visits in rounds} == {3}
    assert {visit.person for visits in rounds for visit in visits} == set(range(20))
