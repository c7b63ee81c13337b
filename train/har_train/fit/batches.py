"""Which windows make a batch: every one once in an epoch, or those of rare sets, places and activities more often."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from torch.utils.data import Sampler

from har_runtime.contract import SAMPLE_RATE_HZ
from har_train.data.windows import WindowSet
from har_train.methods.base import FederatedLoss, Visit
from har_train.recipe import Recipe


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


class ClientBatches(Sampler[list[int]]):
    """The windows of one client, for each client of each round of an epoch of a federated system.

    They depend on the seed and the epoch alone.
    """

    def __init__(self, train: WindowSet, loss: type[FederatedLoss], recipe: Recipe, seed: int, epoch: int = 0):
        self._loss, self._settings, self.seed, self.epoch = loss, recipe.optimiser, seed, epoch
        people, number = np.unique(train.user, return_inverse=True)
        self._windows = [np.flatnonzero(number == person) for person in range(len(people))]
        hop_ns = recipe.data.hop / SAMPLE_RATE_HZ * 1e9
        # A window follows the one before if it is of the same recording and no window between them is missing.
        follows = (train.recording[1:] == train.recording[:-1]) & (np.diff(train.start_ns) < 1.5 * hop_ns)
        self._run = np.concatenate([[0], np.cumsum(~follows)])

    def set_epoch(self, epoch: int) -> None:
        """Called by Lightning at the start of each epoch."""
        self.epoch = epoch

    def __iter__(self) -> Iterator[list[int]]:
        random = np.random.default_rng((self.seed, self.epoch))
        for _ in range(self._loss.rounds):
            for visit in self._loss.visits(len(self._windows), self._settings, random):
                yield self._draw(visit, random).tolist()

    def _draw(self, visit: Visit, random: np.random.Generator) -> NDArray[np.int64]:
        windows = self._windows[visit.person]
        if visit.consecutive:
            run = windows[self._run[windows] == self._run[random.choice(windows)]]
            begin = random.integers(max(1, len(run) - visit.windows + 1))
            return run[begin : begin + visit.windows]
        return random.permutation(windows)[: visit.windows or None]

    def __len__(self) -> int:
        visits = self._loss.visits(len(self._windows), self._settings, np.random.default_rng(0))
        return self._loss.rounds * len(visits)


def sampling_weights(train: WindowSet) -> NDArray[np.float64]:
    """Weight of each window, shape (n,): the inverse square root of the number of its data set's windows, times that of
    the windows of its data set, place and activity."""
    _, dataset = np.unique(train.dataset, return_inverse=True)
    group = (dataset * (train.y.max() + 1) + train.y) * (train.place.max() + 2) + train.place + 1
    weights = np.ones(len(train.y))
    for numbers in (dataset, group):
        weights /= np.sqrt(np.bincount(numbers)[numbers])
    return weights
