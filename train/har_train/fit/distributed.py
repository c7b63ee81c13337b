"""Training in several processes that gives the numbers of one process.

Every process gets the whole batch and draws the same random numbers, but its encoder, where the work is, computes only
its share. Batch norm uses the mean and variance over all shares, and the features are gathered, so that classifier,
projector and both losses see the whole batch in every process: a contrastive loss over a share would have other pairs.
The collectives are differentiable: each process's gradient of the encoder is its part of the whole times the number of
processes, which the mean of DistributedDataParallel corrects.
"""

import torch
import torch.distributed as dist
from torch import Tensor, nn


def world_size() -> int:
    """Number of processes that train together."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def wait_for_all() -> None:
    """Go on when all processes that train together have come here."""
    if world_size() > 1:
        dist.barrier()


class _Sum(torch.autograd.Function):
    """The sum over all processes, whose gradient is the sum of their gradients."""

    @staticmethod
    def forward(ctx: object, x: Tensor) -> Tensor:
        total = x.clone()
        dist.all_reduce(total)
        return total

    @staticmethod
    def backward(ctx: object, *gradients: Tensor) -> Tensor:
        total = gradients[0].clone()
        dist.all_reduce(total)
        return total


def _sum(x: Tensor) -> Tensor:
    total = _Sum.apply(x)
    assert isinstance(total, Tensor)
    return total


def encode(encoder: nn.Module, x: Tensor) -> Tensor:
    """Features of the whole batch, (batch, 50, channels) to (batch, width), each process computing its share."""
    if world_size() == 1:
        return encoder(x)
    share = torch.tensor_split(torch.arange(len(x), device=x.device), world_size())[dist.get_rank()]
    mine = encoder(x[share]).float()
    whole = mine.new_zeros(len(x), mine.shape[1]).index_copy(0, share, mine)
    return _sum(whole)  # A row is zero except in the process that computed it.


class SyncedBatchNorm2d(nn.BatchNorm2d):
    """Batch norm over the shares of all processes; torch's own SyncBatchNorm needs GPUs."""

    def forward(self, input: Tensor) -> Tensor:
        if not self.training or world_size() == 1:
            return super().forward(input)
        x = input.float()
        count = _sum(x.new_tensor(float(x.numel() // x.shape[1])))
        mean = _sum(x.sum((0, 2, 3))) / count
        centred = x - mean[:, None, None]
        variance = _sum(centred.square().sum((0, 2, 3))) / count
        assert self.running_mean is not None
        assert self.running_var is not None
        assert self.num_batches_tracked is not None
        with torch.no_grad():
            self.num_batches_tracked += 1
            share = 1 / float(self.num_batches_tracked) if self.momentum is None else self.momentum
            self.running_mean.lerp_(mean, share)
            self.running_var.lerp_(variance * count / (count - 1), share)
        normalised = centred * (variance + self.eps).rsqrt()[:, None, None]
        return (normalised * self.weight[:, None, None] + self.bias[:, None, None]).to(input.dtype)


def synchronise_batch_norm(encoder: nn.Module) -> None:
    """Make every batch norm of the encoder use the whole batch, in place; names and weights stay."""
    for module in encoder.modules():
        if type(module) is nn.BatchNorm2d:
            module.__class__ = SyncedBatchNorm2d
