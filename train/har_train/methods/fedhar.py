"""FedHAR (Yu, Chen, Zhang, Chen, Zhuang, Xiong and Cheng, IEEE TMC 2023): federated, with labels from few people.

In each round some clients with labels send the gradient of the cross-entropy, others, without labels, that of the
distance between the logits of windows that follow each other: people seldom change what they do. The server mixes both
means and takes a step of Adam. Another paper has the same name (Presotto, Civitarese and Bettini 2021); the volume and
pages in Table 3's reference are those of this one.

The public code that fits its abstract, github.com/fedhar/fedhar, names no author; network, losses and settings are its.
"""

import itertools
import math

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from har_runtime.errors import ModelError
from har_train.methods.base import Batch, FederatedLoss, Sizes, System, Update, Visit
from har_train.recipe import OptimiserConfig

WIDTHS = (64, 128, 256)
"""Of the layers that see each frequency of a sensor."""
SENSOR = 64
MERGED = 32
FEATURES = 16
DROPOUT = 0.2
LAST_DROPOUT = 0.4
AXES = 3
"""Channels of a sensor."""
LABELLED = 8 / 30
"""Share of the people who give labels, the most that the code tries for UCI HAR."""
CLIENTS = 9
"""People without labels in a round."""
LABELLED_WINDOWS = 128
UNLABELLED_WEIGHT = 0.2
"""Of the gradient without labels, in the end."""
RAMP = 400
"""Rounds until then, from 0."""
LABELLED_CLIP = 100.0
UNLABELLED_CLIP = 1.0
"""Largest lengths of a client's gradient."""
BETAS = (0.9, 0.99)
"""Of the server's Adam."""


class Attention(nn.Module):
    """(batch, n, width) to (batch, width): the sum over n by weights that each of the n gives itself."""

    def __init__(self, width: int):
        super().__init__()
        self.weight = nn.Linear(width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return (self.weight(x).tanh().softmax(dim=1) * x).sum(dim=1)


class FedHarEncoder(nn.Module):
    """(batch, window, channels) to (batch, 16): attention over the frequencies of each sensor, then over sensors.

    A frequency is the real and the imaginary part of a discrete Fourier transform of the sensor's three axes.

    Raises:
        ModelError: the channels are not sensors of three axes.
    """

    transform: Tensor

    def __init__(self, channels: int, window: int):
        super().__init__()
        if channels < AXES or channels % AXES:
            raise ModelError(f"FedHAR: {channels} channels; it needs sensors of {AXES} axes each")
        self.width = FEATURES
        angle = 2 * math.pi / window * torch.outer(torch.arange(window // 2 + 1), torch.arange(window))
        # As a product of matrices it converts to TFLite; with unit variance in each frequency of white noise.
        transform = torch.stack([angle.cos(), -angle.sin()]) / math.sqrt(window)
        self.register_buffer("transform", transform, persistent=False)
        self.sensors = nn.ModuleList(self._of_sensor() for _ in range(channels // AXES))
        self.attention = Attention(MERGED)
        self.merge = nn.Sequential(nn.Linear(SENSOR, MERGED), nn.Dropout(DROPOUT), nn.LeakyReLU())
        self.last = nn.Sequential(
            nn.Dropout(DROPOUT), nn.Linear(MERGED, FEATURES), nn.Dropout(LAST_DROPOUT), nn.LeakyReLU()
        )

    @staticmethod
    def _of_sensor() -> nn.Sequential:
        layers = (
            (nn.Linear(a, b), nn.Dropout(DROPOUT), nn.LeakyReLU()) for a, b in itertools.pairwise((2 * AXES, *WIDTHS))
        )
        return nn.Sequential(
            *itertools.chain.from_iterable(layers),
            Attention(WIDTHS[-1]),
            nn.Dropout(DROPOUT),
            nn.Linear(WIDTHS[-1], SENSOR),
            nn.Dropout(DROPOUT),
            nn.LeakyReLU(),
        )

    def forward(self, x: Tensor) -> Tensor:
        real, imaginary = self.transform[0] @ x, self.transform[1] @ x
        parts = [
            sensor(torch.cat([real[:, :, begin : begin + AXES], imaginary[:, :, begin : begin + AXES]], dim=2))
            for begin, sensor in zip(range(0, x.shape[2], AXES), self.sensors, strict=True)
        ]
        return self.last(self.attention(self.merge(torch.stack(parts, dim=1))))


class FedHarLoss(FederatedLoss):
    """Clients that send gradients, with labels or without, and a server that mixes them."""

    rounds = 40
    done: Tensor
    """Rounds so far."""

    def __init__(self, encoder: nn.Module, sizes: Sizes):
        super().__init__(encoder, sizes)
        self._people = sizes.users
        self.register_buffer("done", torch.zeros((), dtype=torch.int64))

    @staticmethod
    def visits(people: int, settings: OptimiserConfig, random: np.random.Generator) -> list[Visit]:
        first = labelled(people)
        chosen = first + random.permutation(people - first)[:CLIENTS]
        visits = [Visit(person, LABELLED_WINDOWS) for person in range(first)]
        return visits + [Visit(person, settings.batch_size, consecutive=True) for person in chosen.tolist()]

    def client(self, encoder: nn.Module, classifier: nn.Sequential, batch: Batch, settings: OptimiserConfig) -> Update:
        first = labelled(self._people)
        share = UNLABELLED_WEIGHT * min(1.0, (int(self.done) + 1) / RAMP)
        logits = classifier(encoder(batch.x))
        if int(batch.user[0]) < first:
            loss, clip, weight = cross_entropy(logits, batch.activity), LABELLED_CLIP, (1 - share) / first
        else:
            loss, clip = changes(logits), UNLABELLED_CLIP
            weight = share / min(CLIENTS, self._people - first)
        parameters = [*encoder.parameters(), *classifier.parameters()]
        gradient = torch.autograd.grad(loss, parameters)
        length = torch.stack([part.norm() for part in gradient]).norm()
        factor = (clip / (length + 1e-6)).clamp(max=1)
        return Update([factor * part for part in gradient], weight)

    def server(self, parameters: list[nn.Parameter], settings: OptimiserConfig) -> torch.optim.Optimizer:
        return torch.optim.Adam(parameters, settings.learning_rate, BETAS, weight_decay=settings.weight_decay)

    def end_round(self, encoder: nn.Module, classifier: nn.Sequential) -> None:
        self.done += 1


def labelled(people: int) -> int:
    """How many of the people give labels: those with the first numbers."""
    return max(1, round(LABELLED * people))


def changes(logits: Tensor) -> Tensor:
    """Mean squared difference of the logits of windows that follow each other, shape (n, classes); 0 for one window."""
    return mse_loss(logits[1:], logits[:-1]) if len(logits) > 1 else 0 * logits.sum()


SYSTEM = System(
    title="FedHAR",
    paper="Yu, Chen, Zhang, Chen, Zhuang, Xiong and Cheng, IEEE TMC 2023, 22(6):3318-3332",
    followed="spectra, attention, both losses, clients of a round, the server's mix and Adam of the code that fits it",
    readings="one gradient of a client without labels in a round, not 40; the same people give labels; not personal",
    loss=FedHarLoss,
    printed={"uci-har": 79.34},
    copied=True,
)
