"""Federated training in one process: a step is one client of a round, and a round ends with a step of the server."""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from har_runtime.errors import HarError
from har_train.fit.distributed import world_size
from har_train.fit.network import HarNetwork
from har_train.fit.objective import Batch, OwnObjective
from har_train.methods import base as methods
from har_train.methods.base import FederatedLoss
from har_train.recipe import Recipe


class FederatedObjective(OwnObjective):
    """A federated system of `methods`, whose batches are those of `ClientBatches`.

    Raises:
        HarError: what a federated training cannot have: batch norm, a schedule or average, several processes.
    """

    def __init__(self, network: HarNetwork, recipe: Recipe, *arguments: Any, **options: Any):
        super().__init__(network, recipe, *arguments, **options)
        assert isinstance(self.own, FederatedLoss)
        self.federated = self.own
        self.automatic_optimization = False
        settings = recipe.optimiser
        if any(isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) for module in network.modules()):
            raise HarError(
                f"{recipe.name}: clients share no statistics; choose a backbone and a head without batch norm"
            )
        if settings.schedule != "constant" or settings.averaging or settings.balanced_windows:
            raise HarError(
                f"{recipe.name}: a federated system needs optimiser.schedule constant, averaging 0, balanced_windows 0"
            )
        self._visits = len(self.federated.visits(self.people, settings, np.random.default_rng(0)))
        self._sum: list[Tensor] = []
        self._weight = 0.0

    def on_fit_start(self) -> None:
        super().on_fit_start()
        if world_size() > 1:
            raise HarError(f"{self.recipe.name}: a federated system trains in one process")

    def training_step(  # pyright: ignore[reportIncompatibleMethodOverride] - no loss for Lightning to minimise.
        self, batch: Batch, batch_index: int
    ) -> None:
        x, activity, user, _ = batch
        network = self.network
        with torch.no_grad():
            x = network.encoder_input(network.normalise(x))
        update = self.federated.client(
            network.encoder, network.classifier, methods.Batch(x, activity, user), self.recipe.optimiser
        )
        if batch_index % self._visits == 0:
            self._sum, self._weight = [torch.zeros_like(step) for step in update.steps], 0.0
        for total, step in zip(self._sum, update.steps, strict=True):
            total.add_(step, alpha=update.weight)
        self._weight += update.weight
        if batch_index % self._visits == self._visits - 1:
            self._end_round()

    def _end_round(self) -> None:
        for parameter, total in zip(self._trained(), self._sum, strict=True):
            parameter.grad = total / self._weight
        server: Any = self.optimizers()
        server.step()
        server.zero_grad()
        self.federated.end_round(self.network.encoder, self.network.classifier)

    def _trained(self) -> list[nn.Parameter]:
        return [*self.network.encoder.parameters(), *self.network.classifier.parameters()]

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.federated.server(self._trained(), self.recipe.optimiser)
