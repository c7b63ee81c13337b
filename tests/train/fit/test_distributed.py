"""Two processes that share a batch compute the loss and the gradients of one that has it alone."""

import os
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from safetensors.torch import load_file, save_file
from torch.multiprocessing.spawn import spawn
from torch.nn.parallel import DistributedDataParallel

from har_train.fit.distributed import synchronise_batch_norm
from har_train.fit.network import Architecture, HarNetwork
from har_train.fit.objective import Batch, MultiTask
from har_train.recipe_file import load_recipe

pytestmark = pytest.mark.slow


def one_step(weight: float) -> MultiTask:
    torch.manual_seed(0)
    recipe = load_recipe("uci-har", [f"contrastive.weight={weight}"])
    module = MultiTask(HarNetwork(Architecture(classes=6)), recipe, seed=0)
    module._log_mean = lambda *_: None  # type: ignore[method-assign] # There is no trainer to log to.
    return module


def batch() -> Batch:
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(31, 50, 6, generator=generator)  # An odd number: the shares are not equal.
    return x, torch.arange(31) % 6, torch.arange(31) % 4, torch.zeros(31, dtype=torch.int64)


class Step(torch.nn.Module):
    """What Lightning makes of a module under DDP: its forward is the training step."""

    def __init__(self, module: MultiTask):
        super().__init__()
        self.module = module

    def forward(self, *parts: torch.Tensor) -> torch.Tensor:
        torch.manual_seed(2)
        return self.module.training_step(parts, 0)  # type: ignore[arg-type]


def result_of(module: MultiTask, loss: torch.Tensor) -> dict[str, torch.Tensor]:
    gradients = {name: value.grad for name, value in module.named_parameters() if value.grad is not None}
    running = {name: value for name, value in module.named_buffers() if "running" in name}
    return {"loss": loss.detach(), **gradients, **running}


def share_a_batch(rank: int, folder: str, weight: float) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=f"file://{folder}/store", rank=rank, world_size=2)
    module = one_step(weight)
    synchronise_batch_norm(module.network.encoder)
    parallel = DistributedDataParallel(Step(module), find_unused_parameters=weight == 0)
    loss = parallel(*batch())
    loss.backward()
    if rank == 0:
        contiguous = {name: value.contiguous() for name, value in result_of(module, loss).items()}
        save_file(contiguous, Path(folder) / "shared.safetensors")
    # The end without the group's destructor: it joins threads that may still want the GIL it is called with, and with
    # torch 2.13 that is a deadlock one time in ten.
    os._exit(0)


@pytest.mark.parametrize("weight", [0.4, 0.0])
def test_two_shares_give_the_loss_gradients_and_running_statistics_of_the_whole(tmp_path: Path, weight: float) -> None:
    module = one_step(weight)
    loss = Step(module)(*batch())
    loss.backward()
    wanted = result_of(module, loss)
    spawn(share_a_batch, args=(str(tmp_path), weight), nprocs=2)
    shared = load_file(tmp_path / "shared.safetensors")
    assert shared.keys() == wanted.keys()
    for name, value in wanted.items():
        error = float((shared[name] - value).norm() / (value.norm() + 1e-4))
        assert error < 1e-2, f"{name}: {error}"
