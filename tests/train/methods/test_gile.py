"""GILE's losses are their formulas; two steps of its code are one; a decoder puts values where they were."""

import copy
import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.distributions import Normal

from har_train.methods.base import Batch, Sizes
from har_train.methods.gile import (
    CLASS_WEIGHT,
    INDEPENDENCE_WEIGHT,
    PRIOR_WEIGHT,
    SMALLEST,
    Decoder,
    GileAsCodeLoss,
    GileEncoder,
    GileLoss,
    Prior,
)

SIZES = Sizes(channels=2, window=13, width=50, hidden=50, classes=3, users=4)


def log_density(at: Tensor, mean: Tensor, std: Tensor) -> Tensor:
    return (-((at - mean) ** 2) / (2 * std**2) - std.log() - math.log(2 * math.pi) / 2).sum()


def softplus(x: Tensor) -> Tensor:
    return (1 + x.exp()).log() + SMALLEST


def literal_loss(loss: GileLoss, encoder: GileEncoder, classifier: nn.Sequential, batch: Batch) -> Tensor:
    """Window by window, in evaluation mode; draws as the loss does."""
    codes: list[list[tuple[Tensor, Tensor, Tensor]]] = []
    for network, scale in ((encoder, loss.activity_scale), (loss.person_encoder, loss.person_scale)):
        steps = [network.steps(x[None])[0][0] for x in batch.x]
        rows = [(network.mean(row), softplus(scale(row))) for row in steps]
        drawn = Normal(torch.stack([mean for mean, _ in rows]), torch.stack([std for _, std in rows])).sample()
        codes.append([(*row, sample) for row, sample in zip(rows, drawn, strict=True)])
    total = torch.zeros(())
    for index, x in enumerate(batch.x):
        activity, person = int(batch.activity[index]), int(batch.user[index])
        (mean_a, std_a, a), (mean_p, std_p, p) = codes[0][index], codes[1][index]
        rebuilt = loss.decoder(torch.cat([p, a])[None], encoder.steps(x[None])[1])[0]
        total = total + ((rebuilt - x) ** 2).sum() / batch.x.numel()
        for prior, label, mean, std, code in (
            (loss.activity_prior, activity, mean_a, std_a, a),
            (loss.person_prior, person, mean_p, std_p, p),
        ):
            where = prior(torch.tensor([label]))
            own = log_density(code, mean, std) - log_density(code, where.mean[0], where.stddev[0])
            total = total + PRIOR_WEIGHT * own
        of_activity, of_person = classifier(a.relu()).softmax(0), loss.person_classifier(p.relu()).softmax(0)
        total = total - CLASS_WEIGHT * (of_activity[activity].log() + of_person[person].log())
        if type(loss) is GileLoss:
            for wrong in (loss.person_classifier(a.relu()).softmax(0), classifier(p.relu()).softmax(0)):
                total = total - INDEPENDENCE_WEIGHT * sum(-share * share.log() for share in wrong)
    return total


def test_both_losses_are_their_formulas() -> None:
    for kind in (GileLoss, GileAsCodeLoss):
        torch.manual_seed(0)
        encoder, classifier = GileEncoder(2, 13), nn.Sequential(nn.Linear(50, 3))
        loss = kind(encoder, SIZES).eval()
        batch = Batch(torch.randn(5, 13, 2), torch.tensor([0, 1, 2, 0, 1]), torch.tensor([3, 2, 1, 0, 3]))
        torch.manual_seed(1)
        found = loss(encoder, classifier, batch)
        torch.manual_seed(1)
        wanted = literal_loss(loss, encoder, classifier, batch)
        torch.testing.assert_close(found, wanted, rtol=1e-4, atol=1e-2)


def test_the_independence_changes_what_the_person_encoder_learns_and_is_missing_in_the_code() -> None:
    torch.manual_seed(0)
    encoder, classifier = GileEncoder(2, 13), nn.Sequential(nn.Linear(50, 3))
    batch = Batch(torch.randn(5, 13, 2), torch.tensor([0, 1, 2, 0, 1]), torch.tensor([3, 2, 1, 0, 3]))
    gradients: list[Tensor] = []
    for kind in (GileLoss, GileAsCodeLoss):
        torch.manual_seed(1)
        loss = kind(encoder, SIZES)
        for weight in ("person_classifier", "person_prior"):  # The two other ways to the person's encoder.
            getattr(loss, weight).requires_grad_(False)
        torch.manual_seed(2)
        loss(encoder, classifier, batch).backward()
        gradient = loss.person_encoder.mean.weight.grad
        assert gradient is not None
        gradients.append(gradient)
    assert float((gradients[0] - gradients[1]).abs().max()) > 1


def test_a_decoder_puts_each_value_at_the_step_that_its_pooling_took() -> None:
    torch.manual_seed(0)
    encoder = GileEncoder(2, 13)
    decoder = Decoder(encoder, 2, positive=False).eval()
    codes = torch.randn(3, 100)
    _, taken = encoder.steps(torch.randn(3, 13, 2))
    y = decoder.dense(codes).view(3, -1, 1, encoder.lengths[-1])
    for number, convolution in enumerate(decoder.convolutions, 1):
        wide = torch.zeros(*y.shape[:3], encoder.lengths[-1 - number])
        for place in np.ndindex(*y.shape):  # As torch's max_unpool2d, which is not deterministic.
            wide[(*place[:3], int(taken[-number][place]))] = y[place]
        y = convolution(wide)
        y = y if number == len(taken) else y.relu()
    torch.testing.assert_close(decoder(codes, taken), y[:, :, 0].transpose(1, 2))


def test_two_steps_of_adam_with_one_gradient_are_one_step_at_the_sum_of_their_rates() -> None:
    torch.manual_seed(0)
    prior = Prior(3)
    other = copy.deepcopy(prior)
    both = [torch.optim.Adam(prior.parameters(), rate) for rate in (1e-4, 1e-3)]
    one = torch.optim.Adam(other.parameters(), 1.1e-3)
    for step in range(5):
        for module, optimisers in ((prior, both), (other, [one])):
            module.zero_grad()
            (module(torch.tensor([0, 1, 2])).mean ** 2 + step).sum().backward()
            for optimiser in optimisers:
                optimiser.step()
    for a, b in zip(prior.parameters(), other.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-5, atol=1e-7)
