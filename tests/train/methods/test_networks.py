"""The networks match their papers: the published sizes, and the function of each part."""

from typing import Any

import pytest
import torch
from tests.train.methods.small_networks import cnn_har, deepconvlstm, tinierhar, tinyhar
from torch import nn

from har_bench.graphs.counting import count
from har_runtime.errors import ModelError
from har_train.fit.network import parameter_count
from har_train.methods.cnn_har import CnnHarEncoder, ResponseNorm
from har_train.methods.csshar import SETTINGS, Csshar, position_encoding
from har_train.methods.deepconvlstm import DeepConvLSTMEncoder
from har_train.methods.tinierhar import TinierHarEncoder
from har_train.methods.tinyhar import ChannelAttention, TemporalAttention, TinyHarEncoder

ALL = (cnn_har, Csshar, deepconvlstm, tinierhar, tinyhar)


# TinierHAR and TinyHAR: `Run_logs/macs_params.txt` of github.com/zhaxidele/TinierHAR. CNN-HAR and DeepConvLSTM: the
# WHAR Arena's Table 2, in thousands.
@pytest.mark.parametrize(
    ("make", "window", "channels", "classes", "parameters"),
    [
        (tinierhar, 400, 6, 12, 7_483),
        (tinierhar, 128, 9, 6, 9_589),
        (tinierhar, 200, 12, 6, 11_893),
        (tinyhar, 400, 6, 12, 27_674),
        (tinyhar, 128, 9, 6, 29_828),
        (cnn_har, 128, 6, 5, pytest.approx(63_200, abs=50)),
        (deepconvlstm, 128, 6, 5, pytest.approx(457_900, abs=50)),
    ],
)
def test_parameters_are_as_published(make: Any, window: int, channels: int, classes: int, parameters: Any) -> None:
    assert parameter_count(make(channels, window, classes)) == parameters


@pytest.mark.parametrize(
    ("make", "parameters", "macs"),
    [
        (tinierhar, 7_285, 120_756),
        (tinyhar, 27_428, 763_000),
        (cnn_har, 63_566, 1_525_800),
        (deepconvlstm, 458_054, 27_466_752),
        (Csshar, 6_448_486, 244_286_336),
    ],
)
def test_the_cost_of_a_window_of_one_second(make: Any, parameters: int, macs: int) -> None:
    network = make(6, 50, 6)
    assert (parameter_count(network), count(network, 50, 6).macs) == (parameters, macs)


@pytest.mark.parametrize("make", ALL)
@pytest.mark.parametrize(("window", "channels", "classes"), [(50, 6, 6), (128, 9, 12)])
def test_the_logits_of_a_window_do_not_depend_on_the_batch(make: Any, window: int, channels: int, classes: int) -> None:
    torch.manual_seed(0)
    network = make(channels, window, classes).eval()
    x = torch.randn(3, window, channels)
    with torch.inference_mode():
        together = network(x)
        alone = torch.cat([network(part) for part in x.split(1)])
    assert together.shape == (3, classes)
    assert torch.allclose(together, alone, atol=1e-5)


@pytest.mark.parametrize("make", ALL)
def test_every_weight_is_trained(make: Any) -> None:
    torch.manual_seed(0)
    network = make(6, 50, 6)
    network(torch.randn(4, 50, 6)).square().sum().backward()
    assert not [name for name, parameter in network.named_parameters() if parameter.grad is None]


@pytest.mark.parametrize(("make", "shortest"), [(deepconvlstm, 17), (tinyhar, 25), (tinierhar, 4), (cnn_har, 30)])
def test_windows_too_short_for_a_network_are_refused(make: Any, shortest: int) -> None:
    assert make(6, shortest, 6).eval()(torch.zeros(1, shortest, 6)).shape == (1, 6)
    with pytest.raises(ModelError, match=f"window of {shortest - 1} samples is too short"):
        make(6, shortest - 1, 6)


@pytest.mark.parametrize("name", SETTINGS)
def test_csshar_keeps_the_features_of_every_step(name: str) -> None:
    network = Csshar(6, 50, 6, SETTINGS[name]).eval()
    with torch.inference_mode():
        features = network.encoder(torch.zeros(2, 50, 6))
    assert features.shape == (2, 50 * SETTINGS[name].filters[-1])
    assert len(network.encoder.transformer) == SETTINGS[name].layers


def test_the_layers_of_csshar_have_different_initial_weights() -> None:
    encoder = Csshar(6, 50, 6).encoder
    first, second = (encoder.get_parameter(f"transformer.{layer}.linear1.weight") for layer in (0, 1))
    assert not torch.equal(first, second)


def test_the_similarity_of_positions_depends_only_on_their_distance() -> None:
    positions = position_encoding(50, 128)
    assert positions[0].tolist() == [0.0, 1.0] * 64
    similarity = positions @ positions.T
    for distance in range(1, 49):
        along = similarity.diagonal(distance)
        assert torch.allclose(along, along[:1].expand_as(along), atol=1e-3)
        assert along[0] < similarity[0, 0] - 0.1


def test_the_channel_attention_of_tinyhar_is_unscaled() -> None:
    torch.manual_seed(0)
    attention = ChannelAttention(20)
    x = torch.randn(2, 7, 6, 20)
    assert torch.equal(attention(x), x)  # Before training its factor is 0.
    nn.init.constant_(attention.gamma, 0.5)
    mixed = nn.functional.scaled_dot_product_attention(
        attention.query(x), attention.key(x), attention.value(x), scale=1.0
    )
    assert torch.allclose(attention(x), x + 0.5 * mixed, atol=1e-5)


def test_tinyhar_adds_a_mean_of_the_steps_to_the_last() -> None:
    torch.manual_seed(0)
    attention = TemporalAttention(40)
    nn.init.constant_(attention.gamma, 1.0)
    same = torch.randn(2, 1, 40).expand(2, 7, 40)
    assert torch.allclose(attention(same), 2 * same[:, 0], atol=1e-5)  # The weights sum to 1.


def test_the_blocks_of_tinierhar_halve_the_window_twice() -> None:
    assert TinierHarEncoder(6, 50).eval().blocks(torch.zeros(1, 1, 50, 6)).shape == (1, 8, 12, 6)


@pytest.mark.parametrize("make", [DeepConvLSTMEncoder, TinyHarEncoder, TinierHarEncoder, CnnHarEncoder])
def test_convolutions_treat_all_channels_alike(make: Any) -> None:
    torch.manual_seed(0)
    encoder = make(6, 50).eval()
    convolutions = {
        "DeepConvLSTMEncoder": lambda: encoder.convolutions[0],
        "TinyHarEncoder": lambda: encoder.convolutions,
        "TinierHarEncoder": lambda: encoder.blocks,
        "CnnHarEncoder": lambda: encoder.features[:11],
    }[make.__name__]()
    x, order = torch.randn(2, 1, 50, 6), torch.tensor([3, 1, 5, 0, 2, 4])
    with torch.inference_mode():
        assert torch.allclose(convolutions(x[..., order]), convolutions(x)[..., order], atol=1e-5)


def test_response_normalisation_follows_krizhevsky() -> None:
    torch.manual_seed(0)
    x = 50 * torch.randn(2, 9, 4, 3)  # Large, so that its small constant matters.
    wanted = torch.empty_like(x)
    for filter_ in range(9):
        near = x[:, max(0, filter_ - 2) : filter_ + 3]
        wanted[:, filter_] = x[:, filter_] / (1 + 1e-4 / 5 * near.square().sum(dim=1)) ** 0.75
    assert torch.allclose(ResponseNorm()(x), wanted, rtol=1e-5)
    assert not torch.allclose(wanted, x, rtol=0.01)
