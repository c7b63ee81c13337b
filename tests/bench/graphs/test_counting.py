"""Counts are the closed forms of each layer, and what the tools whose conventions they name print themselves."""

from collections.abc import Callable
from typing import Any

import pytest
import torch
from tests.train.methods.small_networks import deepconvlstm, tinierhar, tinyhar
from torch import Tensor, nn
from torch.utils.flop_counter import FlopCounterMode

from har_bench.graphs.counting import CONVENTIONS, count, file_bytes, memory
from har_train.fit.network import Architecture, HarNetwork
from har_train.methods.csshar import Csshar


def multisupconhar() -> HarNetwork:
    return HarNetwork(Architecture(classes=6, projector=False))


class Attends(nn.Module):
    """Self-attention as a module that takes one tensor."""

    def __init__(self, width: int, heads: int):
        super().__init__()
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.attention(x, x, x)[0]


class ChannelsFirst(nn.Module):
    """A convolution over (batch, time, channel)."""

    def __init__(self, convolution: nn.Module):
        super().__init__()
        self.convolution = convolution

    def forward(self, x: Tensor) -> Tensor:
        return self.convolution(x.transpose(1, 2))


@pytest.mark.parametrize(
    ("module", "wanted"),
    [
        (nn.Linear(6, 7), {"dense": 50 * 6 * 7, "bias": 50 * 7}),
        (nn.Linear(6, 7, bias=False), {"dense": 50 * 6 * 7}),
        (ChannelsFirst(nn.Conv1d(6, 8, 5)), {"convolution": 46 * 8 * 6 * 5, "bias": 46 * 8}),
        (ChannelsFirst(nn.Conv1d(6, 6, 3, groups=6, bias=False)), {"convolution": 48 * 6 * 3}),
        (ChannelsFirst(nn.BatchNorm1d(6)), {"batch_norm": 50 * 6}),
        (nn.LayerNorm(6), {"layer_norm": 50 * 6}),
        (nn.Sequential(nn.ReLU(), nn.Tanh()), {"activation": 2 * 50 * 6}),
        (ChannelsFirst(nn.MaxPool1d(2)), {"pooling": 50 * 6}),
        (
            nn.LSTM(6, 9, num_layers=2, batch_first=True),
            {"recurrent": 50 * 4 * 9 * ((6 + 9) + (9 + 9)), "cell": 50 * 2 * 9 * 18},
        ),
        (
            nn.GRU(6, 9, batch_first=True, bidirectional=True),
            {"recurrent": 50 * 2 * 3 * 9 * (6 + 9), "cell": 50 * 2 * 9 * 13},
        ),
        (
            Attends(6, 2),
            {
                "projection": 50 * 4 * 6 * 6,
                "product": 2 * 50 * 50 * 6,
                "bias": 50 * 4 * 6,
                "softmax": 2 * 50 * 50 + 50 * 6,
            },
        ),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, nn.Module) else "",
)
def test_the_work_of_a_layer_follows_its_closed_form(module: nn.Module, wanted: dict[str, int]) -> None:
    work = count(module, 50, 6)
    assert {kind: number for kind, number in vars(work).items() if number} == wanted
    assert work.macs == sum(wanted.get(kind, 0) for kind in CONVENTIONS["macs"].weights)


@pytest.mark.parametrize("make", [multisupconhar, lambda: tinierhar(6, 50, 6)], ids=["multisupconhar", "tinierhar"])
def test_two_flops_per_mac_are_what_flop_counter_mode_counts_in_a_real_pass(make: Callable[[], nn.Module]) -> None:
    network = make().eval()
    counter = FlopCounterMode(display=False)
    with torch.no_grad(), counter:
        network(torch.zeros(1, 50, 6))
    assert CONVENTIONS["torch"].flops(count(network, 50, 6)) == counter.get_total_flops()


# Printed by the tools for these networks, on PyTorch 2.13: fvcore 0.1.5.post20221221, thop 0.1.1.post2209072238,
# ptflops 0.7.5 with its pytorch backend.
@pytest.mark.parametrize(
    ("make", "fvcore", "thop", "ptflops"),
    [
        (lambda: deepconvlstm(6, 50, 6), 14_097_408, 27_606_016, 27_684_870),
        (lambda: Csshar(6, 50, 6), 239_700_736, 213_406_336, 245_732_294),
        (multisupconhar, 24_128_512, 24_257_664, 24_136_454),
    ],
    ids=["deepconvlstm", "csshar", "multisupconhar"],
)
def test_the_conventions_reproduce_the_output_of_the_tools(make: Any, fvcore: int, thop: int, ptflops: int) -> None:
    work = count(make(), 50, 6)
    assert CONVENTIONS["fvcore"].flops(work) == fvcore
    assert CONVENTIONS["thop"].flops(work) == pytest.approx(2 * thop, rel=1e-3)
    assert CONVENTIONS["ptflops"].flops(work) == pytest.approx(2 * ptflops, rel=1e-3)


# `Run_logs/macs_params.txt` of github.com/zhaxidele/TinierHAR: what its authors counted with ptflops. It counts the
# layers of activation and pooling twice, which is 6 % of a network as small as this.
@pytest.mark.parametrize(
    ("make", "window", "channels", "classes", "macs"),
    [
        (tinierhar, 400, 6, 12, 1_394_096),
        (tinierhar, 128, 9, 6, 637_414),
        (tinyhar, 400, 6, 12, 9_255_810),
        (tinyhar, 128, 9, 6, 3_859_938),
    ],
)
def test_published_counts_are_reproduced(make: Any, window: int, channels: int, classes: int, macs: int) -> None:
    work = count(make(channels, window, classes), window, channels)
    assert CONVENTIONS["ptflops"].flops(work) == pytest.approx(2 * macs, rel=0.06)


# torchinfo 1.8.0: its "forward/backward pass size" is twice the outputs of the layers with weights.
@pytest.mark.parametrize(
    ("make", "estimate"),
    [
        (lambda: deepconvlstm(6, 50, 6), 526_384),
        (lambda: Csshar(6, 50, 6), 7_964_720),
        (multisupconhar, 981_040),
    ],
    ids=["deepconvlstm", "csshar", "multisupconhar"],
)
def test_outputs_have_the_size_that_torchinfo_reports(make: Callable[[], nn.Module], estimate: int) -> None:
    assert 2 * memory(make(), 50, 6).outputs == estimate


def test_memory_is_in_bytes_of_the_number_format_of_the_module() -> None:
    network = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3))
    held = memory(network, 50, 6)
    assert held.weights == 4 * (6 * 8 + 8 + 8 * 3 + 3)
    assert held.outputs == 4 * 50 * (8 + 3)
    assert held.widest == 4 * 50 * (8 + 8)
    assert held.file == file_bytes(network) > held.weights
    assert memory(network.double(), 50, 6).weights == 2 * held.weights


def test_counting_does_not_change_the_module() -> None:
    network = tinyhar(6, 50, 6).train()
    before = {name: value.clone() for name, value in network.state_dict().items()}
    count(network, 50, 6)
    memory(network, 50, 6)
    assert network.training
    assert not any(layer._forward_hooks for layer in network.modules())
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
