"""The network is the paper's: its sizes, its branches, and what each loss may touch."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn

from har_runtime.errors import DataError
from har_train.fit.network import Architecture, HarNetwork, enlarge, parameter_count, yaw_invariant
from har_train.methods.augment import turn


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
        ({"head": (0,)}, r"model\.head is \[0\]; give 0 to 32 sizes"),
        ({"halvings": 3}, r"model\.halvings is 3; give fewer than the 3 blocks"),
        ({"places": ("wrist",)}, "give two of torso, thigh, wrist or more"),
    ],
)
def test_an_impossible_architecture_is_refused(wrong, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Architecture(**{"classes": 6, **wrong})


PLACES = ("torso", "thigh", "wrist")
SMALL = Architecture(filters=(4, 6, 8), head=(5,), classes=4, places=PLACES, projector=False)


def moving(count: int = 16, seed: int = 0) -> Tensor:
    """Windows of the frame "upright", shape (count, 50, 6)."""
    generator = torch.Generator().manual_seed(seed)
    return 4 * torch.randn(count, 50, 6, generator=generator) + torch.tensor([0.0, 0.0, 9.8, 0.0, 0.0, 0.0])


def yawed(x: Tensor, radians: float) -> Tensor:
    """Both sensors turned about the vertical."""
    return turn(x, torch.tensor([[0.0, 0.0, 1.0]]).expand(len(x), 3), torch.full((len(x),), radians))


@given(st.integers(0, 1000), st.floats(-math.pi, math.pi))
def test_no_turn_about_the_vertical_changes_the_invariant_channels(seed: int, radians: float) -> None:
    x = moving(seed=seed)
    assert torch.allclose(yaw_invariant(yawed(x, radians)), yaw_invariant(x), rtol=1e-4, atol=2e-3)


def test_the_invariant_channels_tell_everything_but_the_yaw() -> None:
    """Lengths and vertical parts are the window's; a mirror image, which is no turn, has another cross product."""
    x = moving()
    acc_z, gyro_z, acc_level, gyro_level, dot, cross = yaw_invariant(x).unbind(2)
    assert torch.equal(acc_z, x[:, :, 2])
    assert torch.equal(gyro_z, x[:, :, 5])
    assert torch.allclose(acc_level, x[:, :, :2].norm(dim=2), atol=1e-2)
    assert torch.allclose(gyro_level, x[:, :, 3:5].norm(dim=2), atol=1e-2)
    assert torch.allclose(dot**2 + cross**2, (acc_level * gyro_level) ** 2, rtol=1e-2, atol=0.1)
    mirrored = x * torch.tensor([1.0, -1.0, 1.0, 1.0, -1.0, 1.0])
    assert torch.allclose(yaw_invariant(mirrored)[:, :, 5], -cross)


@pytest.mark.parametrize("fine_scale", [False, True])
def test_a_network_on_invariant_channels_gives_the_same_for_any_yaw(fine_scale: bool) -> None:
    torch.manual_seed(0)
    settings = {"fine_scale": fine_scale, "filters": (4, 6, 8), "head": (5,), "classes": 4, "places": PLACES}
    x = moving(64)
    outputs: dict[bool, list[float]] = {}
    for invariant in (True, False):
        network = HarNetwork(Architecture(**settings, yaw_invariant=invariant)).eval()
        network.measure(x)
        whole = torch.cat([part.flatten(1) for part in network.logits(network.features(x)) if part is not None], dim=1)
        outputs[invariant] = []
        for degrees in (1, 90, 180, 217):
            turned = network.logits(network.features(yawed(x, math.radians(degrees))))
            parts = torch.cat([part.flatten(1) for part in turned if part is not None], dim=1)
            outputs[invariant].append(float((parts - whole).abs().max()))
    assert max(outputs[True]) < 1e-4
    assert min(outputs[False][1:]) > 1e-3


def test_an_invariant_network_normalises_the_channels_that_it_sees() -> None:
    network = HarNetwork(Architecture(classes=4, yaw_invariant=True))
    x = moving(200)
    network.measure(x)
    seen = network.normalise(x)
    assert torch.allclose(seen.mean(dim=(0, 1)), torch.zeros(6), atol=1e-4)
    assert torch.allclose(seen.std(dim=(0, 1)), torch.ones(6), atol=1e-3)


@pytest.mark.parametrize(("halvings", "lengths"), [(0, [50, 50, 50]), (1, [50, 25, 25]), (2, [50, 25, 12])])
def test_time_is_averaged_by_two_after_the_first_blocks(halvings: int, lengths: list[int]) -> None:
    network = HarNetwork(Architecture(filters=(4, 6, 8), head=(5,), classes=4, halvings=halvings)).eval()
    seen: list[int] = []
    for block in network.encoder.blocks:
        if not isinstance(block, nn.AvgPool2d):
            block.register_forward_hook(lambda _, inputs, output: seen.append(inputs[0].shape[3]))
    assert network(moving(3)).shape == (3, 4)
    assert seen == lengths
    plain = HarNetwork(Architecture(filters=(4, 6, 8), head=(5,), classes=4))
    assert parameter_count(network) == parameter_count(plain)


def test_a_network_with_places_gives_the_logarithm_of_probabilities_over_all_places() -> None:
    torch.manual_seed(0)
    network = HarNetwork(SMALL).eval()
    assert network.heads is not None
    nn.init.normal_(network.heads.own.weight)
    x = moving()
    logits, places = network.logits(network.features(x))
    assert places is not None
    assert (logits.shape, places.shape) == ((16, 3, 4), (16, 3))
    wanted = torch.einsum("np,npc->nc", places.softmax(1), logits.softmax(2))
    assert torch.allclose(network(x).exp(), wanted, atol=1e-6)
    assert torch.allclose(wanted.sum(dim=1), torch.ones(16), atol=1e-6)


def test_at_first_every_place_judges_alike_as_without_places() -> None:
    torch.manual_seed(0)
    network = HarNetwork(SMALL).eval()
    features = network.features(moving())
    logits, _ = network.logits(features)
    shared = network.classifier(features)
    for place in range(3):
        assert torch.equal(logits[:, place], shared)
    assert torch.allclose(network(moving()).exp(), shared.softmax(dim=1), atol=1e-6)


def test_a_place_learns_half_as_much_of_its_own_as_what_all_share() -> None:
    network = HarNetwork(SMALL).eval()
    assert network.heads is not None
    logits, _ = network.logits(network.features(moving()))
    logits[:, 1, 2].sum().backward()
    own = network.heads.own.bias.grad
    shared = network.classifier[-1].bias.grad
    assert own is not None and isinstance(shared, Tensor)
    assert own.unflatten(0, (3, 4))[1, 2] == 0.5 * shared[2]
    assert int((own != 0).sum()) == 1


def test_a_posture_that_nobody_recorded_at_a_place_starts_ten_times_as_rare_there() -> None:
    network = HarNetwork(Architecture(classes=3, places=("torso", "thigh"))).eval()
    assert network.heads is not None
    features = network.features(torch.randn(4, 50, 6))
    before, _ = network.logits(features)
    network.heads.start_rare(torch.tensor([[False, False, False], [False, True, False]]))
    after, _ = network.logits(features)
    odds = (after - before).exp()
    torch.testing.assert_close(odds[:, 1, 1], torch.full((4,), 0.1))
    odds[:, 1, 1] = 1
    torch.testing.assert_close(odds, torch.ones_like(odds))
