"""Each augmentation does what the paper says of it, to each window on its own."""

import math

import pytest
import torch

from har_train.fit.augment import (
    AugmentConfig,
    ClassifierAugmentConfig,
    augment,
    augment_for_classifier,
    jitter,
    mix_users,
    permute_segments,
    rotate,
    scale,
    scale_movement,
    shuffle_channels,
    tilt,
    turn,
    yaw,
)

X = torch.arange(64 * 50 * 6, dtype=torch.float32).reshape(64, 50, 6) + 1


def test_jitter_adds_noise_of_the_given_strength() -> None:
    torch.manual_seed(0)
    noise = jitter(X, 0.3) - X
    assert float(noise.std()) == pytest.approx(0.3, rel=0.1)


def test_scaling_multiplies_each_window_by_one_number() -> None:
    torch.manual_seed(0)
    factor = scale(X, 0.1) / X
    assert torch.allclose(factor, factor[:, :1, :1].expand_as(factor))
    assert len(set(factor[:, 0, 0].tolist())) > 60


def test_channel_shuffle_permutes_whole_channels() -> None:
    torch.manual_seed(0)
    shuffled = shuffle_channels(X)
    assert torch.equal(shuffled.sort(dim=2).values, X)
    orders = {tuple(row.tolist()) for row in (shuffled[:, 0] - X[:, 0, :1]).int()}
    assert len(orders) > 30
    assert torch.equal(shuffled[:, 1] - shuffled[:, 0], torch.full((64, 6), 6.0))


def test_rotation_inverts_the_sign_of_whole_channels() -> None:
    torch.manual_seed(0)
    sign = rotate(X) / X
    assert set(sign.unique().tolist()) == {-1.0, 1.0}
    assert torch.equal(sign, sign[:, :1].expand_as(sign))


@pytest.mark.parametrize("segments", [2, 5, 7])
def test_permutation_reorders_segments_and_keeps_each_whole(segments: int) -> None:
    torch.manual_seed(0)
    permuted = permute_segments(X, segments)
    assert torch.equal(permuted.sort(dim=1).values, X)
    breaks = (permuted[:, 1:, 0] - permuted[:, :-1, 0] != 6).sum(dim=1)
    assert int(breaks.max()) <= segments - 1
    assert int(breaks.max()) > 0


def test_only_jitter_is_certain() -> None:
    torch.manual_seed(0)
    view = augment(X, AugmentConfig(probability=0.0, jitter_std=1e-3))
    assert 0 < float((view - X).abs().max()) < 0.1
    untouched = augment(X, AugmentConfig(probability=0.5, jitter_std=0.0))
    same = (untouched == X).all(dim=(1, 2)).sum()
    assert 0 < int(same) < 32


def test_two_views_of_a_window_differ_and_a_seed_repeats_them() -> None:
    torch.manual_seed(1)
    first, second = augment(X, AugmentConfig()), augment(X, AugmentConfig())
    assert not torch.equal(first, second)
    torch.manual_seed(1)
    assert torch.equal(augment(X, AugmentConfig()), first)


IMU = torch.randn(256, 50, 6, generator=torch.Generator().manual_seed(0)) + torch.tensor([9.8, 0, 1, 0, 0, 0])


def test_turning_is_a_rotation_of_both_sensors_together() -> None:
    axis = torch.tensor([[0.0, 0.0, 1.0]]).expand(256, 3)
    turned = turn(IMU, axis, torch.full((256,), math.pi / 2))
    x, y, z, gx, gy, gz = IMU.unbind(2)
    assert torch.allclose(turned, torch.stack([-y, x, z, -gy, gx, gz], dim=2), atol=1e-5)


def test_tilting_keeps_magnitudes_and_turns_by_the_given_angle() -> None:
    torch.manual_seed(0)
    tilted = tilt(IMU, 15.0)
    for sensor in (slice(0, 3), slice(3, 6)):
        assert torch.allclose(tilted[:, :, sensor].norm(dim=2), IMU[:, :, sensor].norm(dim=2), atol=1e-4)
    axis = torch.nn.functional.normalize(torch.randn(5000, 3), dim=1)
    across = torch.nn.functional.normalize(torch.cross(axis, torch.randn(5000, 3), dim=1), dim=1)
    angle = torch.randn(5000) * math.radians(15)
    turned = turn(torch.cat([across, across], dim=1)[:, None], axis, angle)[:, 0, :3]
    assert torch.allclose((turned * across).sum(dim=1), angle.cos(), atol=1e-4)


def test_yaw_leaves_gravity_where_it_is() -> None:
    torch.manual_seed(0)
    turned = yaw(IMU, 180.0)
    assert torch.allclose(turned[:, :, :3].mean(dim=1), IMU[:, :, :3].mean(dim=1), atol=1e-3)
    assert float((turned - IMU).abs().max()) > 1


def test_scaling_the_movement_leaves_its_mean_and_multiplies_the_rest() -> None:
    torch.manual_seed(0)
    scaled = scale_movement(IMU, 0.2)
    assert torch.allclose(scaled.mean(dim=1), IMU.mean(dim=1), atol=1e-4)
    factor = scaled.std(dim=1) / IMU.std(dim=1)
    assert torch.allclose(factor, factor[:, :1].expand_as(factor), atol=1e-4)
    assert float(factor[:, 0].std()) == pytest.approx(0.2, rel=0.2)


def test_mixing_blends_one_activity_of_two_users_and_leaves_the_lonely_alone() -> None:
    torch.manual_seed(0)
    activity, user = torch.tensor([0, 0, 1, 1, 2]), torch.tensor([0, 1, 0, 0, 1])
    x = torch.arange(5.0)[:, None, None].expand(5, 50, 6)
    mixed = mix_users(x, activity, user, 1.0)
    assert torch.equal(mixed[2:], x[2:])  # Nobody else does activity 1, and user 1 is alone with activity 2.
    assert bool(((mixed[:2] > 0) & (mixed[:2] < 1)).all())
    assert torch.equal(mixed, mixed[:, :1, :1].expand_as(mixed))


def test_the_classifier_s_windows_stay_as_they_are_unless_a_recipe_changes_them() -> None:
    labels = torch.zeros(256, dtype=torch.long)
    assert not ClassifierAugmentConfig().any()
    assert torch.equal(augment_for_classifier(IMU, labels, labels, torch.ones(6), ClassifierAugmentConfig()), IMU)
    config = ClassifierAugmentConfig(jitter_std=0.1)
    torch.manual_seed(0)
    noise = augment_for_classifier(IMU, labels, labels, torch.arange(1.0, 7.0), config) - IMU
    assert noise.std(dim=(0, 1)).tolist() == pytest.approx([0.1 * n for n in range(1, 7)], rel=0.1)
