"""GILE (Qian, Pan and Miao, AAAI 2021): what a person does and who does it, in two codes that shall know nothing of
each other.

A window is encoded twice, as a Gaussian over an activity code and one over a person code; a decoder rebuilds the window
from both, learned priors say where the codes of an activity and of a person lie, and each code is classified. Only the
activity's encoder and classifier are kept. "Independent excitation" asks that neither code tell what the other is for.

The authors' code, github.com/Hangwei12358/cross-person-HAR, computes that term of one-hot guesses without a gradient;
its second optimiser then only applies the gradients of the other terms once more. `GileAsCodeLoss` is that; `GileLoss`
has a term that can be minimised.
"""

import itertools

import torch
from torch import Tensor, nn
from torch.distributions import Normal
from torch.nn.functional import cross_entropy, max_pool2d, mse_loss, softplus

from har_train.methods.base import Batch, OwnLoss, Sizes, System, require_window

FILTERS = (128, 128, 128, 64)
"""The code has 1024, 512, 128, 64, with twenty times the work."""
KERNEL = 5
"""Samples, of the first convolution; the others see one step each."""
CODE = 50
PRIOR_WEIGHT = 1.0
"""Of the divergence of each code from its prior."""
CLASS_WEIGHT = 1000.0
"""Of the cross-entropy of each code's classifier."""
INDEPENDENCE_WEIGHT = 1000.0
"""Of the independence of the codes, as of the code's `weight_false`."""
SMALLEST = 1e-7
"""Added to standard deviations."""


class GileEncoder(nn.Module):
    """(batch, window, channels) to (batch, 50): the mean of the code, after ReLU as the classifier takes it.

    Raises:
        ModelError: the window is too short for the convolution.
    """

    def __init__(self, channels: int, window: int):
        super().__init__()
        require_window("GILE", window, KERNEL)
        self.width = CODE
        kernels = (KERNEL, *[1] * (len(FILTERS) - 1))
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, (1, kernel))
            for (a, b), kernel in zip(itertools.pairwise((channels, *FILTERS)), kernels, strict=True)
        )
        self.lengths = [window - KERNEL + 1]
        """Steps before each pooling, and after the last one; a rest of one step is pooled alone."""
        for _ in FILTERS:
            self.lengths.append(-(-self.lengths[-1] // 2))
        self.mean = nn.Linear(FILTERS[-1] * self.lengths[-1], CODE)
        for module in (*self.convolutions, self.mean):
            _start(module)

    def forward(self, x: Tensor) -> Tensor:
        return self.mean(self.steps(x)[0]).relu()

    def steps(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The convolutions' features (batch, 64 x steps), and the step that each pooling took."""
        y = x.unsqueeze(1).permute(0, 3, 1, 2)
        taken: list[Tensor] = []
        for convolution in self.convolutions:
            y, index = max_pool2d(convolution(y).relu(), (1, 2), ceil_mode=True, return_indices=True)
            taken.append(index)
        return y.flatten(1), taken


class Decoder(nn.Module):
    """Both codes (batch, 100) to windows (batch, window, channels), through the steps that the poolings took."""

    def __init__(self, encoder: GileEncoder, channels: int, positive: bool):
        """`positive`: whether no value of a window is below 0, as in the code."""
        super().__init__()
        self.lengths, self.positive = encoder.lengths, positive
        width = FILTERS[-1] * encoder.lengths[-1]
        self.dense = nn.Sequential(nn.Linear(2 * CODE, width, bias=False), nn.BatchNorm1d(width), nn.ReLU())
        kernels = (*[1] * (len(FILTERS) - 1), KERNEL)
        self.convolutions = nn.ModuleList(
            nn.ConvTranspose2d(a, b, (1, kernel))
            for (a, b), kernel in zip(itertools.pairwise((*reversed(FILTERS), channels)), kernels, strict=True)
        )
        for module in (self.dense[0], *self.convolutions):
            _start(module)

    def forward(self, codes: Tensor, taken: list[Tensor]) -> Tensor:
        y = self.dense(codes).view(len(codes), FILTERS[-1], 1, self.lengths[-1])
        for number, convolution in enumerate(self.convolutions, 1):
            # torch's own max_unpool2d is no deterministic operation; these steps are all different.
            wide = y.new_zeros(*y.shape[:3], self.lengths[-1 - number])
            y = convolution(wide.scatter(3, taken[-number], y))
            if self.positive or number < len(FILTERS):
                y = y.relu()
        return y.squeeze(2).transpose(1, 2)


class Prior(nn.Module):
    """Where the code of an activity or a person lies: numbers (batch,) to a Gaussian over (batch, 50)."""

    def __init__(self, count: int):
        super().__init__()
        self.count = count
        self.dense = nn.Sequential(nn.Linear(count, CODE, bias=False), nn.BatchNorm1d(CODE), nn.ReLU())
        self.mean, self.scale = nn.Linear(CODE, CODE), nn.Linear(CODE, CODE)
        for module in (self.dense[0], self.mean, self.scale):
            _start(module)

    def forward(self, number: Tensor) -> Normal:
        hidden = self.dense(nn.functional.one_hot(number, self.count).float())
        return _gaussian(self.mean(hidden), self.scale(hidden))


class GileLoss(OwnLoss):
    """Reconstruction, divergence from the priors, both classifiers, and the independence of the codes."""

    independence_weight = INDEPENDENCE_WEIGHT
    positive = False
    """Whether the decoder gives no value below 0."""

    def __init__(self, encoder: nn.Module, sizes: Sizes):
        super().__init__(encoder, sizes)
        assert isinstance(encoder, GileEncoder)
        self.person_encoder = GileEncoder(sizes.channels, sizes.window)
        self.person_scale = nn.Linear(self.person_encoder.mean.in_features, CODE)
        self.activity_scale = nn.Linear(encoder.mean.in_features, CODE)
        self.person_classifier = nn.Linear(CODE, sizes.users)
        self.person_prior, self.activity_prior = Prior(sizes.users), Prior(sizes.classes)
        self.decoder = Decoder(encoder, sizes.channels, self.positive)
        for module in (self.person_scale, self.activity_scale, self.person_classifier):
            _start(module)

    def forward(self, encoder: nn.Module, classifier: nn.Sequential, batch: Batch) -> Tensor:
        assert isinstance(encoder, GileEncoder)
        steps, taken = encoder.steps(batch.x)
        activity = _gaussian(encoder.mean(steps), self.activity_scale(steps))
        steps, _ = self.person_encoder.steps(batch.x)
        person = _gaussian(self.person_encoder.mean(steps), self.person_scale(steps))
        activity_code, person_code = activity.rsample(), person.rsample()

        rebuilt = self.decoder(torch.cat([person_code, activity_code], dim=1), taken)
        loss = mse_loss(rebuilt, batch.x)
        loss = loss + PRIOR_WEIGHT * divergence(activity, self.activity_prior(batch.activity), activity_code)
        loss = loss + PRIOR_WEIGHT * divergence(person, self.person_prior(batch.user), person_code)
        for head, code, label in (
            (classifier, activity_code, batch.activity),
            (self.person_classifier, person_code, batch.user),
        ):
            loss = loss + CLASS_WEIGHT * cross_entropy(head(code.relu()), label, reduction="sum")
        if self.independence_weight > 0:
            wrong = (self.person_classifier(activity_code.relu()), classifier(person_code.relu()))
            loss = loss - self.independence_weight * (entropy(wrong[0]) + entropy(wrong[1]))
        return loss


class GileAsCodeLoss(GileLoss):
    """The same without the independence of the codes, which has no gradient in the authors' code."""

    independence_weight = 0.0
    positive = True


def divergence(code: Normal, prior: Normal, sample: Tensor) -> Tensor:
    """The Kullback-Leibler divergence of Gaussians over codes from their priors by one sample of each, summed."""
    return (code.log_prob(sample) - prior.log_prob(sample)).sum()


def entropy(logits: Tensor) -> Tensor:
    """The entropy of the softmax of each row, summed: shape (n, classes) to a number."""
    log_probabilities = logits.log_softmax(dim=1)
    return -(log_probabilities.exp() * log_probabilities).sum()


def _gaussian(mean: Tensor, scale: Tensor) -> Normal:
    return Normal(mean, softplus(scale) + SMALLEST, validate_args=False)


def _start(module: nn.Module) -> None:
    """Xavier's first weights, as in the code, and a dense layer's bias 0."""
    assert isinstance(module, nn.Linear | nn.Conv2d | nn.ConvTranspose2d)
    nn.init.xavier_uniform_(module.weight)
    if isinstance(module, nn.Linear) and module.bias is not None:
        nn.init.zeros_(module.bias)


_PAPER = "Qian, Pan and Miao, AAAI 2021, 35(13):11921-11929"
SYSTEM = System(
    title="GILE",
    paper=_PAPER,
    followed="two encoders, a decoder, learned priors and two classifiers, with the weights of the authors' code",
    readings="independence is a classifier's entropy on the other code; narrower convolutions; a domain is a person",
    loss=GileLoss,
    printed={"uci-har": 88.17},
    copied=True,
)
AS_CODE = System(
    title="GILE, as its code",
    paper=_PAPER,
    followed="its code: no gradient of the independence, and two steps of Adam at 1e-4 and 1e-3 with the same gradient",
    readings="these are one step at 1.1e-3; narrower convolutions; the epoch is chosen in validation, not on the test",
    loss=GileAsCodeLoss,
    printed={"uci-har": 88.17},
    copied=True,
)
