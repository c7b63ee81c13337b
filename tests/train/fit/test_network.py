"""The network is the paper's: its sizes, its branches, and what each loss may touch."""

import pytest
import torch
from torch import nn

from har_runtime.errors import DataError
from har_train.fit.network import Architecture, HarNetwork, enlarge, parameter_count


def test_the_encoder_has_the_paper_s_480768_parameters() -> None:
    assert parameter_count(HarNetwork(Architecture(classes=6)).encoder) == 480_768


def test_encoder_and_classifier_come_within_0_3_percent_of_table_4() -> None:
    for classes, printed in ((11, 565_600), (6, 566_000), (12, 566_400)):
        network = HarNetwork(Architecture(classes=classes))
        total = parameter_count(network.encoder) + parameter_count(network.classifier)
        assert total == pytest.approx(printed, rel=0.003)


def test_the_encoder_equals_its_one_dimensional_form() -> None:
    """Convolutions of kernel (1, k) over (batch, channel, 1, time) are Conv1d over (batch, channel, time)."""
    torch.manual_seed(0)
    encoder = HarNetwork(Architecture(classes=6)).encoder.eval()
    x = torch.randn(4, 50, 6)
    y = x.transpose(1, 2)
    for block in encoder.blocks:
        branch = y
        for index, (convolution, norm) in enumerate(zip(block.convolutions, block.norms, strict=True)):
            weight = convolution.weight.squeeze(2)
            branch = nn.functional.conv1d(branch, weight, padding=weight.shape[2] // 2)
            branch = norm(branch.unsqueeze(2)).squeeze(2)
            branch = branch.relu() if index < 2 else branch
        convolution, norm = block.shortcut
        shortcut = y if isinstance(convolution, nn.Identity) else nn.functional.conv1d(y, convolution.weight.squeeze(2))
        y = (branch + norm(shortcut.unsqueeze(2)).squeeze(2)).relu()
    assert torch.allclose(encoder(x), y.mean(dim=2), atol=1e-5)


def test_normalisation_is_part_of_the_network() -> None:
    network = HarNetwork(Architecture(classes=6)).eval()
    x = torch.randn(3, 50, 6)
    plain = network(x)
    network.mean.fill_(2.0)
    network.std.fill_(3.0)
    assert torch.allclose(network(x * 3 + 2), plain, atol=1e-5)


def test_enlarging_shows_stillness_in_its_own_units_and_bounds_what_moves() -> None:
    torch.manual_seed(0)
    gravity, unit = torch.tensor([0.0, 0.0, 9.8, 0, 0, 0]), torch.tensor([0.02, 0.02, 0.02, 0.01, 0.01, 0.01])
    still = enlarge(gravity + torch.randn(64, 50, 6) * unit, unit)
    assert still.std(dim=(0, 1)).tolist() == pytest.approx([1.0] * 6, rel=0.2)
    assert still.mean(dim=1).abs().max() < 0.5  # Gravity is gone.
    moving = enlarge(gravity + torch.randn(64, 50, 6) * 100 * unit, unit)
    assert float(moving.abs().max()) == pytest.approx(3.0, abs=1e-3)


def test_the_unit_of_stillness_is_how_much_the_quieter_windows_move() -> None:
    torch.manual_seed(0)
    network = HarNetwork(Architecture(classes=6, fine_scale=True))
    loudness = torch.linspace(0.01, 1.0, 400)[:, None, None]
    network.measure(torch.randn(400, 50, 6) * loudness)
    assert network.stillness.tolist() == pytest.approx([0.26] * 6, rel=0.15)
    assert network.encoder_input(torch.randn(3, 50, 6)).shape == (3, 50, 12)
    assert HarNetwork(Architecture(classes=6)).encoder_input(torch.randn(3, 50, 6)).shape == (3, 50, 6)


def test_embeddings_have_length_one() -> None:
    z = HarNetwork(Architecture(classes=6)).project(torch.randn(8, 128))
    assert torch.allclose(z.norm(dim=1), torch.ones(8))


def test_the_contrastive_branch_reaches_encoder_and_projector_and_not_the_classifier() -> None:
    network = HarNetwork(Architecture(classes=6))
    network.project(network.encoder(torch.randn(8, 50, 6))).square()[:, 0].sum().backward()
    assert all(parameter.grad is not None for parameter in network.encoder.parameters())
    assert all(parameter.grad is not None for parameter in network.projector.parameters())
    assert all(parameter.grad is None for parameter in network.classifier.parameters())


def test_without_a_projector_the_embedding_is_the_features_direction() -> None:
    network = HarNetwork(Architecture(classes=6, projector=False))
    features = torch.randn(8, 128)
    assert torch.allclose(network.project(features) * features.norm(dim=1, keepdim=True), features, atol=1e-5)
    assert parameter_count(network.projector) == 0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"classes": 0}, "architecture: 0 classes"),
        ({"kernels": (8, 5, 3)}, r"model\.kernels is \[8, 5, 3\]; kernels must be odd"),
        ({"dropout": 1.0}, r"model\.dropout is 1\.0"),
        ({"backbone": "fcn", "filters": (8,)}, "an fcn has one kernel for each of its filters"),
        ({"head": ()}, r"model\.head is \[\]; give 1 to 32 sizes"),
    ],
)
def test_an_impossible_architecture_is_refused(wrong, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Architecture(**{"classes": 6, **wrong})
