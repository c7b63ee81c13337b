"""What a system of the comparison is made of: an encoder, what it minimises, and what is known about it.

A system's module says all about it; `har_train.fit` trains every one with the same windows, splits, trainer, checkpoint
and report. `recipe.model.backbone` chooses the encoder and `recipe.method` what it minimises.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from torch import Tensor, nn


class Encoder(Protocol):
    """A module from (batch, window, channels) to (batch, width) features; the channels are normalised."""

    width: int

    def __call__(self, x: Tensor) -> Tensor: ...


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
