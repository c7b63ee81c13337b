"""FedHAR's gradients are those of its formulas, mixed as its server does; its spectra are Fourier transforms."""

import itertools

import numpy as np
import torch
from torch import Tensor, nn

from har_train.methods.base import Batch, Sizes, Update
from har_train.methods.fedhar import (
    CLIENTS,
    LABELLED_WINDOWS,
    RAMP,
    UNLABELLED_CLIP,
    UNLABELLED_WEIGHT,
    FedHarEncoder,
    FedHarLoss,
    changes,
    labelled,
)
from har_train.recipe import OptimiserConfig

SIZES = Sizes(channels=6, window=50, width=4, hidden=4, classes=3, users=30)
SETTINGS = OptimiserConfig(batch_size=24)


def update_of(person: int, done: int, scale: float = 1.0) -> tuple[Update, Tensor, list[nn.Parameter]]:
    torch.manual_seed(0)
    encoder, classifier = nn.Linear(2, 4), nn.Sequential(nn.Linear(4, 3))
    loss = FedHarLoss(encoder, SIZES)
    loss.done.fill_(done)
    batch = Batch(scale * torch.randn(6, 2), torch.randint(0, 3, (6,)), torch.full((6,), person))
    logits = classifier(encoder(batch.x))
    value = torch.zeros(())
    if person < labelled(30):
        for row, label in zip(logits, batch.activity.tolist(), strict=True):
            value = value - row.log_softmax(0)[label] / 6
    else:
        for before, after in itertools.pairwise(logits):
            value = value + ((after - before) ** 2).sum() / (5 * 3)
    return loss.client(encoder, classifier, batch, SETTINGS), value, [*encoder.parameters(), *classifier.parameters()]


def test_a_client_with_labels_sends_the_gradient_of_its_cross_entropy() -> None:
    update, value, parameters = update_of(person=0, done=0)
    for found, wanted in zip(update.steps, torch.autograd.grad(value, parameters), strict=True):
        torch.testing.assert_close(found, wanted)


def test_a_client_without_labels_sends_the_gradient_of_the_changes_of_its_logits_shortened() -> None:
    for scale in (0.1, 10.0):
        update, value, parameters = update_of(person=8, done=0, scale=scale)
        wanted = torch.autograd.grad(value, parameters)
        length = torch.cat([part.flatten() for part in wanted]).norm()
        for found, part in zip(update.steps, wanted, strict=True):
            torch.testing.assert_close(found, part * min(1.0, UNLABELLED_CLIP / float(length)), rtol=1e-4, atol=1e-5)
    assert float(length) > UNLABELLED_CLIP


def test_the_weight_without_labels_grows_over_the_first_rounds_and_all_weights_sum_to_one() -> None:
    for done, share in (
        (0, UNLABELLED_WEIGHT / RAMP),
        (RAMP // 2 - 1, UNLABELLED_WEIGHT / 2),
        (RAMP, UNLABELLED_WEIGHT),
    ):
        without = update_of(person=29, done=done)[0].weight
        assert abs(CLIENTS * without - share) < 1e-9
        assert abs(CLIENTS * without + 8 * update_of(person=7, done=done)[0].weight - 1) < 1e-9


def test_one_window_has_no_changes() -> None:
    assert float(changes(torch.randn(1, 3))) == 0


def test_all_people_with_labels_take_part_in_a_round_and_some_others_with_windows_in_a_row() -> None:
    visits = FedHarLoss.visits(30, SETTINGS, np.random.default_rng(0))
    assert [(visit.person, visit.windows) for visit in visits[:8]] == [(n, LABELLED_WINDOWS) for n in range(8)]
    assert [(visit.windows, visit.consecutive) for visit in visits[8:]] == [(24, True)] * CLIENTS
    assert min(visit.person for visit in visits[8:]) >= 8
    assert len(FedHarLoss.visits(4, SETTINGS, np.random.default_rng(0))) == 4


def test_the_encoder_sees_the_fourier_transform_of_each_axis() -> None:
    encoder, x = FedHarEncoder(6, 50), torch.randn(2, 50, 6)
    wanted = np.fft.rfft(x.numpy(), axis=1) / np.sqrt(50)
    np.testing.assert_allclose((encoder.transform[0] @ x).numpy(), wanted.real, atol=1e-5)
    np.testing.assert_allclose((encoder.transform[1] @ x).numpy(), wanted.imag, atol=1e-5)
