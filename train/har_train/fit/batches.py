"""Which windows make a batch: every one once in an epoch, or those of rare sets, places and activities more often."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from har_train.data.windows import WindowSet


class ShuffledBatches(Sampler[list[int]]):
    """Random batches whose order depends on the seed and the epoch alone.

    A last batch of one window is skipped, because batch norm has no variance over it.
    """

    def __init__(self, size: int, batch: int, seed: int, epoch: int = 0):
        self.size, self.batch, self.seed, self.epoch = size, batch, seed, epoch

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning at the start of each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        order = np.random.default_rng((self.seed, self.epoch)).permutation(self.size).tolist()
        batches = (order[begin : begin + self.batch] for begin in range(0, self.size, self.batch))
        return (batch for batch in batches if len(batch) > 1)

    def __len__(self) -> int:
        whole, rest = divmod(self.size, self.batch)
        return whole + (rest > 1)


class BalancedBatches(Sampler[list[int]]):
    """Batches of windows drawn with replacement, by weights, that depend on the seed and the epoch alone."""

    def __init__(self, weights: NDArray[np.float64], size: int, batch: int, seed: int, epoch: int = 0):
        self._cumulative = np.cumsum(weights / weights.sum())
        self.size, self.batch, self.seed, self.epoch = size, batch, seed, epoch

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning at the start of each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        draws = np.random.default_rng((self.seed, self.epoch)).random((len(self), self.batch))
        last = len(self._cumulative) - 1
        return (row.tolist() for row in np.minimum(np.searchsorted(self._cumulative, draws), last))

    def __len__(self) -> int:
        return max(1, self.size // self.batch)


def sampling_weights(train: WindowSet) -> NDArray[np.float64]:
    """Weight of each window, shape (n,): the inverse square root of the number of its data set's windows, times that of
    the windows of its data set, place and activity."""
    _, dataset = np.unique(train.dataset, return_inverse=True)
    group = (dataset * (train.y.max() + 1) + train.y) * (train.place.max() + 2) + train.place + 1
    weights = np.ones(len(train.y))
    for numbers in (dataset, group):
        weights /= np.sqrt(np.bincount(numbers)[numbers])
    return weights
