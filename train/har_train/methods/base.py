"""What a system of the comparison is made of: an encoder, what it minimises, and what is known about it.

A system's module says all about it; `har_train.fit` trains every one with the same windows, splits, trainer, checkpoint
and report. `recipe.model.backbone` chooses the encoder and `recipe.method` what it minimises.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np
import torch
from torch import Tensor, nn

from har_runtime.errors import ModelError
from har_train.recipe import OptimiserConfig


class Encoder(Protocol):
    """A module from (batch, window, channels) to (batch, width) features; the channels are normalised."""

    width: int

    def __call__(self, x: Tensor) -> Tensor: ...


class LinearClassifier(nn.Module):
    """An encoder and a linear layer, as the papers of small networks have them: (batch, window, channels) to (batch,
    classes) logits."""

    def __init__(self, encoder: nn.Module, classes: int):
        super().__init__()
        self.encoder = encoder
        self.output = nn.Linear(int(encoder.width), classes)  # pyright: ignore[reportArgumentType] - of every encoder.

    def forward(self, x: Tensor) -> Tensor:
        return self.output(self.encoder(x))


def require_window(system: str, window: int, shortest: int) -> None:
    """Make sure that an encoder's layers leave something of a window.

    Args:
        system: its name, for the message.
        window: samples.
        shortest: samples of the shortest window that will do.

    Raises:
        ModelError: the window is shorter.
    """
    if window < shortest:
        raise ModelError(f"{system}: a window of {window} samples is too short; it needs {shortest}")


@dataclass(frozen=True)
class Sizes:
    """What the parts of a system must fit."""

    channels: int
    """Of the encoder's input."""
    window: int
    """Samples."""
    width: int
    """Features of the encoder."""
    hidden: int
    """Inputs of the classifier's last layer."""
    classes: int
    users: int
    """People who train."""


@dataclass(frozen=True)
class Batch:
    """Windows of a training step."""

    x: Tensor
    """The encoder's input, normalised, shape (n, window, channels)."""
    activity: Tensor
    """Class of each window, shape (n,)."""
    user: Tensor
    """Number of each window's person, from 0, shape (n,)."""


class OwnLoss(nn.Module):
    """What a system minimises in a step. Parts that only training needs live here; no checkpoint of a model has them.

    Args:
        encoder: what it trains; not kept, as `forward` gets it again.
        sizes: what its parts must fit.
    """

    def __init__(self, encoder: nn.Module, sizes: Sizes):
        super().__init__()

    def forward(self, encoder: nn.Module, classifier: nn.Sequential, batch: Batch) -> Tensor:
        """The loss of a batch, a number.

        Args:
            encoder: (n, window, channels) to (n, width).
            classifier: (n, width) to (n, classes) logits; its last layer is linear.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class Visit:
    """What a client of a federated system, the device of one person, computes on in a round."""

    person: int
    """Number from 0."""
    windows: int = 0
    """How many, drawn at random; 0 for all of the person's."""
    consecutive: bool = False
    """Whether they follow each other in one recording; there may be fewer then."""


@dataclass(frozen=True)
class Update:
    """What a client sends back."""

    steps: list[Tensor]
    """For each parameter of the encoder, then of the classifier, what the server subtracts, or the gradient for its
    optimiser: the server takes the mean over the clients."""
    weight: float
    """Of this client in the mean."""


class FederatedLoss(OwnLoss):
    """A system in whose training windows stay with the people, the clients.

    In each round some clients compute an update from their own windows and the network as it is at the round's start,
    and the server applies the mean of the updates. What is kept between rounds must be a buffer. `client` takes the
    place of `forward`.
    """

    rounds = 1
    """In an epoch."""

    @staticmethod
    def visits(people: int, settings: OptimiserConfig, random: np.random.Generator) -> list[Visit]:
        """Who takes part in a round and with what; always as many."""
        raise NotImplementedError

    def client(self, encoder: nn.Module, classifier: nn.Sequential, batch: Batch, settings: OptimiserConfig) -> Update:
        """The update of one client, whose windows the batch has; neither network is changed."""
        raise NotImplementedError

    def server(self, parameters: list[nn.Parameter], settings: OptimiserConfig) -> torch.optim.Optimizer:
        """What applies the mean of the updates: they are subtracted (FedAvg, McMahan et al. 2017)."""
        return torch.optim.SGD(parameters, 1.0)

    def end_round(self, encoder: nn.Module, classifier: nn.Sequential) -> None:
        """Called after the server's step; may change both networks."""


MakeEncoder = Callable[[int, int], nn.Module]
"""An `Encoder` for channels and window."""


@dataclass(frozen=True)
class System:
    """A system of the paper's Table 3."""

    title: str
    paper: str
    """Authors, where, year, DOI or arXiv number."""
    followed: str
    """What is built as its paper or its authors' code has it."""
    readings: str
    """What they leave open or do otherwise, and how it is read here."""
    loss: type[OwnLoss] | None = None
    """None: cross-entropy alone."""
    pretrains: bool = False
    """Whether `loss` trains the encoder first, and cross-entropy then a classifier on the frozen encoder. Otherwise
    `loss` is the whole objective of the only stage."""
    printed: dict[str, float] = field(default_factory=dict)
    """Macro-F1 in % of Table 3, by data set: uci-har, mobiact, usc-had."""
    copied: bool = False
    """Whether the paper copied those figures from the system's own paper (its mark *)."""

    @property
    def federated(self) -> type[FederatedLoss] | None:
        """The loss, if the system trains in rounds of clients."""
        return self.loss if self.loss is not None and issubclass(self.loss, FederatedLoss) else None
