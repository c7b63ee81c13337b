"""ProtoHAR (Cheng, Zhang, Bu, Wang, Wu and Song, JBHI 2023): federated, with a head for each person and common
prototypes.

In each round a few clients train on their own windows: first their own head on the network they were sent, then the
network under that head, by cross-entropy and the distance of each window's features to the prototype of its class. The
server averages the networks by windows, and the clients' mean features of each class to the new prototypes. Sizes, loss
and schedule are those of the authors' code, github.com/cheng-haha/ProtoHAR.

As published it is personal: every tested person has trained a head on other windows of its own. Here the tested people
are strangers, and get the mean of all heads.
"""

import copy
import itertools

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, max_pool2d
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from har_runtime.errors import ModelError
from har_train.methods.base import Batch, FederatedLoss, Sizes, System, Update, Visit
from har_train.recipe import OptimiserConfig

FILTERS = (16, 32, 64)
KERNEL = 9
"""Samples, without padding."""
FEATURES = 384
"""Of the prototypes: a twentieth of the flat features of USC-HAD's windows in the code."""
SHARE = 0.15
"""Of the people who train in a round."""
HEAD_EPOCHS = 1
EPOCHS = 5
"""Of the network under the head, in a client's visit."""
HEAD_RATE = 10.0
"""Learning rate of a head, in units of the network's."""
MOMENTUM = 0.9
CLIP = 50.0
"""Largest length of a gradient."""
PROTOTYPE_WEIGHT = 1.0


class ProtoHarEncoder(nn.Module):
    """(batch, window, channels) to (batch, 384).

    Raises:
        ModelError: the window is too short, or the channels are too few, for the convolutions and poolings.
    """

    def __init__(self, channels: int, window: int):
        super().__init__()
        steps = ((window - 2 * (KERNEL - 1)) // 2 - KERNEL + 1) // 2
        if steps < 1 or channels < 4:
            raise ModelError(f"ProtoHAR: {window} samples of {channels} channels are too few for its convolutions")
        self.width = FEATURES
        widths = itertools.pairwise((1, *FILTERS))
        self.convolutions = nn.ModuleList(nn.Conv2d(a, b, (KERNEL, 1)) for a, b in widths)
        self.dense = nn.Linear(FILTERS[-1] * steps * (channels // 4), FEATURES)

    def forward(self, x: Tensor) -> Tensor:
        y = x.unsqueeze(1)
        for number, convolution in enumerate(self.convolutions):
            y = convolution(y).relu()
            if number > 0:
                y = max_pool2d(y, 2)
        return self.dense(y.flatten(1)).relu()


class ProtoHarLoss(FederatedLoss):
    """Clients with heads of their own, and a server that keeps the prototypes."""

    prototypes: Tensor
    """Mean features of each class over the last round's clients that had it, shape (classes, features)."""
    known: Tensor
    """Which classes have a prototype, shape (classes,)."""
    heads: Tensor
    """Weights of each person's head in one row."""
    begun: Tensor
    """Who has a head, shape (people,)."""

    def __init__(self, encoder: nn.Module, sizes: Sizes):
        super().__init__(encoder, sizes)
        self.register_buffer("prototypes", torch.zeros(sizes.classes, sizes.width))
        self.register_buffer("known", torch.zeros(sizes.classes, dtype=torch.bool))
        self.register_buffer("heads", torch.zeros(sizes.users, (sizes.width + 1) * sizes.classes))
        self.register_buffer("begun", torch.zeros(sizes.users, dtype=torch.bool))
        self._of_round: list[tuple[Tensor, Tensor]] = []

    @staticmethod
    def visits(people: int, settings: OptimiserConfig, random: np.random.Generator) -> list[Visit]:
        chosen = random.permutation(people)[: max(1, round(SHARE * people))]
        return [Visit(person) for person in chosen.tolist()]

    def client(self, encoder: nn.Module, classifier: nn.Sequential, batch: Batch, settings: OptimiserConfig) -> Update:
        own, head = copy.deepcopy(encoder), copy.deepcopy(classifier)
        person = int(batch.user[0])
        if self.begun[person]:
            vector_to_parameters(self.heads[person], head.parameters())
        self._train(own, head, batch, settings, head_only=True)
        self._train(own, head, batch, settings, head_only=False)
        self.heads[person] = parameters_to_vector(head.parameters()).detach()
        self.begun[person] = True
        with torch.no_grad():
            own.eval()
            self._of_round.append(class_means(own(batch.x), batch.activity, len(self.known)))
            steps = [before - after for before, after in zip(encoder.parameters(), own.parameters(), strict=True)]
            steps += [torch.zeros_like(parameter) for parameter in classifier.parameters()]  # See `end_round`.
        return Update(steps, len(batch.x))

    def _train(
        self, encoder: nn.Module, head: nn.Sequential, batch: Batch, settings: OptimiserConfig, head_only: bool
    ) -> None:
        part, rate, epochs = (head, HEAD_RATE, HEAD_EPOCHS) if head_only else (encoder, 1.0, EPOCHS)
        parameters = list(part.parameters())
        optimiser = torch.optim.SGD(parameters, rate * settings.learning_rate, MOMENTUM)
        for _ in range(epochs):
            for rows in torch.randperm(len(batch.x)).split(settings.batch_size):
                features = encoder(batch.x[rows])
                activity = batch.activity[rows]
                loss = cross_entropy(head(features.detach() if head_only else features), activity)
                if not head_only:
                    loss = loss + PROTOTYPE_WEIGHT * self.distance(features, activity)
                for parameter, gradient in zip(parameters, torch.autograd.grad(loss, parameters), strict=True):
                    parameter.grad = gradient
                nn.utils.clip_grad_norm_(parameters, CLIP)
                optimiser.step()

    def distance(self, features: Tensor, activity: Tensor) -> Tensor:
        """Mean squared distance of features (n, width) to the prototypes of their classes; 0 without a prototype."""
        known = self.known[activity].unsqueeze(1)
        return torch.where(known, features - self.prototypes[activity], 0.0).square().mean()

    def end_round(self, encoder: nn.Module, classifier: nn.Sequential) -> None:
        counts = torch.stack([known for _, known in self._of_round]).sum(dim=0)
        total = torch.stack([means for means, _ in self._of_round]).sum(dim=0)
        self.known.copy_(counts > 0)
        self.prototypes.copy_(total / counts.clamp(min=1).unsqueeze(1))
        self._of_round.clear()
        with torch.no_grad():
            vector_to_parameters(self.heads[self.begun].mean(dim=0), classifier.parameters())


def class_means(features: Tensor, activity: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """The mean features of each class, (classes, width), 0 for one that is missing; and whether each is there."""
    member = nn.functional.one_hot(activity, classes).to(features.dtype)
    counts = member.sum(dim=0)
    return member.T @ features / counts.clamp(min=1).unsqueeze(1), counts > 0


SYSTEM = System(
    title="ProtoHAR",
    paper="Cheng, Zhang, Bu, Wang, Wu and Song, IEEE JBHI 2023, 27(8):3900-3911",
    followed="network, loss, heads of each client, prototypes, rounds and schedule of the authors' code for USC-HAD",
    readings="strangers get the mean of all heads; prototypes are means after a client trained; heads have one epoch",
    loss=ProtoHarLoss,
    printed={"usc-had": 71.71},
    copied=True,
)
