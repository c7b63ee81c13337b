"""What a training step minimises, as Lightning modules: the joint objective, and the two stages of its ablation."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import lightning
import numpy as np
import torch
from torch import Tensor, nn
from torch.optim.lr_scheduler import OneCycleLR, ReduceLROnPlateau, StepLR
from torchmetrics.classification import MulticlassF1Score

from har_runtime.contract import CHANNELS
from har_train.fit.distributed import encode
from har_train.fit.network import HarNetwork
from har_train.fit.targets import Targets
from har_train.methods import base as methods
from har_train.methods.augment import augment, augment_for_classifier
from har_train.methods.base import Sizes
from har_train.methods.losses import Views, contrastive_loss, pair_masks
from har_train.methods.registry import SYSTEMS
from har_train.recipe import DistillationConfig, Recipe

Batch = tuple[Tensor, Tensor, Tensor, Tensor]
"""Windows in SI units (n, 50, 6), activities or choices of them (n,), users as numbers (n,), places (n,)."""
PLACE_WEIGHT = 0.3
"""Of the loss of the place in the whole."""
RESTING_PLACE_WEIGHT = 0.2
"""Of that loss in windows without gait, which show little of the place."""
IMPOSSIBLE = -1e9
"""Logit of what is left out of a softmax."""
PLAIN = Targets()
"""Of windows that have one class each, and no place."""


@dataclass(frozen=True)
class Teacher:
    """A trained network to learn from."""

    network: HarNetwork
    config: DistillationConfig


class MultiTask(lightning.LightningModule):
    """L_CE + lambda L_CL (section 3.2.4): raw windows to the classifier, two views to the projector."""

    def __init__(
        self,
        network: HarNetwork,
        recipe: Recipe,
        seed: int,
        targets: Targets = PLAIN,
        teacher: Teacher | None = None,
        people: int = 1,
    ):
        """`people`: how many train, whose numbers the batches have."""
        super().__init__()
        self.network, self.recipe, self.seed, self.targets, self.people = network, recipe, seed, targets, people
        self._teacher = teacher  # Inside a dataclass its weights are no part of this module's checkpoints.
        smoothing = recipe.optimiser.label_smoothing
        self.classification_loss = nn.CrossEntropyLoss(targets.class_weights, label_smoothing=smoothing)
        self.macro_f1 = MulticlassF1Score(len(recipe.data.activities), average="macro")

    def on_fit_start(self) -> None:
        self.targets = self.targets.to(self.device)
        if self._teacher is not None:
            self._teacher.network.to(self.device)

    def on_train_batch_start(self, batch: object, batch_idx: int) -> None:
        # Not in on_train_epoch_start: Lightning skips that in the first epoch after a resumption.
        if batch_idx == 0:
            torch.manual_seed(int(np.random.SeedSequence((self.seed, self.current_epoch)).generate_state(1)[0]))

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        loss = self._classification_loss(batch)
        weight = self.recipe.contrastive.weight
        return loss + weight * self._contrastive_loss(batch) if weight > 0 else loss

    def _classification_loss(self, batch: Batch) -> Tensor:
        x, activity, user, place = batch
        config = self.recipe.classifier_augment
        if config.any():
            x = augment_for_classifier(x, activity, user, self.network.std, config)
        features = encode(self.network.encoder, self.network.encoder_input(self.network.normalise(x)))
        logits, places = self.network.logits(features)
        loss = self._loss_of(logits.float(), places, activity, place)
        if self._teacher is not None:
            weight = self._teacher.config.weight
            loss = (1 - weight) * loss + weight * self._loss_from(self._teacher, x, logits.float(), places)
        self._log_mean("loss_ce", loss, len(x))
        return loss

    def _loss_of(self, logits: Tensor, places: Tensor | None, activity: Tensor, place: Tensor) -> Tensor:
        """How far the probability of the true activity, or of the choice it is among, is from 1; with places, of the
        activity at the true place, and of that place."""
        allowed, seen, gait = self.targets.allowed, self.targets.seen, self.targets.gait
        if allowed is None:
            return self.classification_loss(logits, activity)
        if places is None:
            return choice_loss(logits, allowed[activity])
        assert seen is not None
        assert gait is not None
        at_place = logits[torch.arange(len(place), device=place.device), place].masked_fill(~seen[place], IMPOSSIBLE)
        weight = torch.where(gait[activity], 1.0, RESTING_PLACE_WEIGHT)
        place_loss = (nn.functional.cross_entropy(places.float(), place, reduction="none") * weight).mean()
        return choice_loss(at_place, allowed[activity]) + PLACE_WEIGHT * place_loss

    def _loss_from(self, teacher: Teacher, x: Tensor, logits: Tensor, places: Tensor | None) -> Tensor:
        """How far the softened probabilities are from the teacher's (Hinton et al. 2015, section 2)."""
        with torch.no_grad():
            wanted, wanted_places = teacher.network.logits(teacher.network.features(x))
        soft = teacher.config.temperature
        loss = divergence(logits / soft, wanted.float() / soft).mean()
        if places is not None and wanted_places is not None:
            loss = loss + PLACE_WEIGHT * divergence(places.float() / soft, wanted_places.float() / soft).mean()
        return soft**2 * loss

    def _contrastive_loss(self, batch: Batch) -> Tensor:
        x, activity, user, _ = batch
        config = self.recipe.contrastive
        x = self.network.normalise(x)
        # The classifier is used on raw windows, so that only they update the running statistics of batch norm.
        with frozen_running_statistics(self.network):
            features = [
                encode(self.network.encoder, self.network.encoder_input(augment(x, self.recipe.augment)))
                for _ in range(2)
            ]
            z = torch.cat([self.network.project(view).float() for view in features])
        twice = activity.repeat(2)
        allowed = None if self.targets.allowed is None else self.targets.allowed[twice]
        views = Views(twice, user.repeat(2), torch.arange(len(x), device=x.device).repeat(2), allowed)
        with torch.autocast(x.device.type, enabled=False):
            positive, among = pair_masks(views, config.pairs, config.own_view)
            loss = contrastive_loss(z, positive, among, config.temperature, config.reduction)
        self._log_mean("loss_cl", loss, len(x))
        return loss

    def _log_mean(self, name: str, value: Tensor, size: int) -> None:
        self.log(name, value, on_step=False, on_epoch=True, batch_size=size)

    def validation_step(self, batch: tuple[Tensor, Tensor], batch_index: int) -> None:
        x, activity = batch
        with torch.autocast(x.device.type, enabled=False):
            self.macro_f1.update(self.network(x), activity)

    def on_validation_epoch_end(self) -> None:
        self.log("val_macro_f1", self.macro_f1.compute(), prog_bar=True)
        self.macro_f1.reset()

    def configure_optimizers(self) -> Any:
        settings = self.recipe.optimiser
        return self._scheduled(self._adamw(settings.learning_rate), settings.schedule)

    def _scheduled(self, optimiser: torch.optim.Optimizer, schedule: str) -> Any:
        """What Lightning asks of `configure_optimizers`, for a schedule of `recipe.SCHEDULES`."""
        settings = self.recipe.optimiser
        if schedule == "step":
            return {"optimizer": optimiser, "lr_scheduler": StepLR(optimiser, 25, 0.8)}
        if schedule == "plateau":
            plateau = ReduceLROnPlateau(optimiser, "max", 0.5, patience=10)
            return {"optimizer": optimiser, "lr_scheduler": {"scheduler": plateau, "monitor": "val_macro_f1"}}
        if schedule == "one-cycle":
            # The cycle spans the recipe's epochs, even if a short try asks for fewer.
            steps = int(self.trainer.estimated_stepping_batches) // (self.trainer.max_epochs or 1) * settings.epochs
            cycle = OneCycleLR(optimiser, settings.learning_rate, total_steps=steps)
            return {"optimizer": optimiser, "lr_scheduler": {"scheduler": cycle, "interval": "step"}}
        return optimiser

    def _adamw(self, learning_rate: float) -> torch.optim.AdamW:
        return torch.optim.AdamW(self.parameters(), learning_rate, weight_decay=self.recipe.optimiser.weight_decay)


def choice_loss(logits: Tensor, allowed: Tensor) -> Tensor:
    """Minus the logarithm of the probability of the allowed classes together, mean over the windows.

    Args:
        logits: shape (n, classes).
        allowed: shape (n, classes); with one class in each row this is the cross-entropy.
    """
    log_probabilities = logits.log_softmax(dim=1)
    return -log_probabilities.masked_fill(~allowed, IMPOSSIBLE).logsumexp(dim=1).mean()


def divergence(logits: Tensor, wanted: Tensor) -> Tensor:
    """Kullback-Leibler divergence of the softmax over the last axis from that of `wanted`: (..., n) to (...)."""
    log_wanted = wanted.log_softmax(-1)
    return (log_wanted.exp() * (log_wanted - logits.log_softmax(-1))).sum(-1)


class ContrastivePretraining(MultiTask):
    """The first stage of a two-stage method: encoder and projector, by the contrastive loss alone."""

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        return self._contrastive_loss(batch)

    def configure_optimizers(self) -> Any:
        settings = self.recipe.pretraining
        return self._scheduled(self._adamw(settings.learning_rate), settings.schedule)


class OwnObjective(MultiTask):
    """What a system of `methods` minimises in its only stage."""

    def __init__(self, network: HarNetwork, recipe: Recipe, *arguments: Any, **options: Any):
        super().__init__(network, recipe, *arguments, **options)
        own = SYSTEMS[recipe.method].loss
        assert own is not None
        architecture, width = network.architecture, int(network.encoder.width)  # pyright: ignore[reportArgumentType]
        sizes = Sizes(
            channels=len(CHANNELS) * (2 if architecture.fine_scale else 1),
            window=architecture.window,
            width=width,
            hidden=(width, *architecture.head)[-1],
            classes=architecture.classes,
            users=self.people,
        )
        self.own = own(network.encoder, sizes)

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        x, activity, user, _ = batch
        x = self.network.encoder_input(self.network.normalise(x))
        loss = self.own(self.network.encoder, self.network.classifier, methods.Batch(x, activity, user))
        self._log_mean("loss_own", loss, len(x))
        return loss


class OwnPretraining(OwnObjective, ContrastivePretraining):
    """The first stage of a system of `methods` that learns without labels first."""


class FrozenEncoder(MultiTask):
    """The second stage: a classifier on an encoder that does not change (section 4.4.2)."""

    def on_train_batch_start(self, batch: object, batch_idx: int) -> None:
        super().on_train_batch_start(batch, batch_idx)
        self.network.encoder.requires_grad_(False).eval()

    def training_step(self, batch: Batch, batch_index: int) -> Tensor:
        return self._classification_loss(batch)


@contextmanager
def frozen_running_statistics(network: nn.Module) -> Iterator[None]:
    """Let batch norm normalise by the batch without updating its running mean and variance."""
    norms = [module for module in network.modules() if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0
    try:
        yield
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
