"""The five augmentations of section 3.2.3 (a), over a whole batch of normalised windows at once.

Every function takes and returns (batch, time, channel). Each sample draws its own parameters; there is no loop over
samples or kinds, so switching one on costs next to nothing beside the network.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class AugmentConfig:
    """How strong and how likely. The paper fixes the kinds; the strengths are ours, in normalised units."""

    probability: float = 0.5
    """With which each of scaling, channel shuffle, rotation and permutation is applied to a sample."""
    jitter_std: float = 0.05
    """Standard deviation of the added noise. Jitter is always applied."""
    scaling_std: float = 0.1
    """Standard deviation of the factor, around 1."""
    permutation_segments: int = 5
    scaling: bool = True
    channel_shuffle: bool = True
    rotation: bool = True
    permutation: bool = True


def jitter(x: Tensor, std: float) -> Tensor:
    """Add Gaussian noise."""
    return x + torch.randn_like(x) * std


def scale(x: Tensor, std: float) -> Tensor:
    """Multiply each window by one random factor."""
    return x * (1 + torch.randn(len(x), 1, 1) * std)


def shuffle_channels(x: Tensor) -> Tensor:
    """Permute the channels of each window."""
    order = torch.rand(len(x), x.shape[2]).argsort(dim=1)
    return x.gather(2, order[:, None, :].expand_as(x))


def rotate(x: Tensor) -> Tensor:
    """Invert the sign of each channel with probability one half: what the paper calls rotation."""
    return x * (torch.randint(0, 2, (len(x), 1, x.shape[2])) * 2 - 1)


def permute_segments(x: Tensor, segments: int) -> Tensor:
    """Cut each window into equal segments (the last takes the rest) and put them in a random order."""
    length = x.shape[1]
    segment = (torch.arange(length) * segments // length).expand(len(x), length)
    rank = torch.rand(len(x), segments).argsort(dim=1)
    order = rank.gather(1, segment).argsort(dim=1, stable=True)
    return x.gather(1, order[:, :, None].expand_as(x))


def augment(x: Tensor, config: AugmentConfig) -> Tensor:
    """One random view of each window."""

    def sometimes(changed: Tensor, unchanged: Tensor) -> Tensor:
        return torch.where(torch.rand(len(x), 1, 1) < config.probability, changed, unchanged)

    view = x
    if config.scaling:
        view = sometimes(scale(view, config.scaling_std), view)
    if config.channel_shuffle:
        view = sometimes(shuffle_channels(view), view)
    if config.rotation:
        view = sometimes(rotate(view), view)
    if config.permutation:
        view = sometimes(permute_segments(view, config.permutation_segments), view)
    return jitter(view, config.jitter_std)
