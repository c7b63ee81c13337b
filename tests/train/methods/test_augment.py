"""Each augmentation does what the paper says of it, to each window on its own."""

import math

import numpy as np
import pytest
import torch

from har_runtime.signal.resample import Resampler
from har_train.methods.augment import (
    CLIP,
    AugmentConfig,
    ClassifierAugmentConfig,
    as_sensed,
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


def changed(**settings: float) -> torch.Tensor:
    """The classifier's windows with some settings, the same random numbers each time."""
    torch.manual_seed(0)
    labels = torch.zeros(256, dtype=torch.long)
    return augment_for_classifier(IMU, labels, labels, torch.ones(6), ClassifierAugmentConfig(**settings))


def share_of_windows(differ: torch.Tensor) -> float:
    return float(differ.any(dim=2).any(dim=1).float().mean())


def test_a_sensor_that_is_fast_enough_and_a_wearer_at_their_own_pace_change_nothing() -> None:
    torch.manual_seed(0)
    assert torch.equal(as_sensed(IMU, stretch=1.0, slow_sensor=0.0), IMU)


def test_a_slow_sensor_gives_nearly_what_the_resampler_makes_of_its_samples(monkeypatch: pytest.MonkeyPatch) -> None:
    """With random numbers of 0: 20 Hz, from the first sample on. It interpolates linearly, the resampler by a cubic."""
    monkeypatch.setattr(torch, "rand", lambda *size, device: torch.zeros(size, device=device))
    grid, samples = np.arange(50) / 50, np.arange(20) / 20
    phases = np.random.default_rng(0).uniform(0, 2 * np.pi, (8, 1, 6))
    x = np.sin(2 * np.pi * 2.5 * grid[:, None] + phases).astype(np.float32)
    sensed = as_sensed(torch.from_numpy(x), stretch=1.0, slow_sensor=1.0).numpy()
    for given, felt in zip(sensed, np.sin(2 * np.pi * 2.5 * samples[:, None] + phases), strict=True):
        resampler = Resampler()
        chunks = [*resampler.push(samples, felt[:, :3], felt[:, 3:]), *resampler.finish()]
        resampled = np.concatenate([chunk.imu for chunk in chunks])
        assert len(resampled) == 48  # The last sample of the sensor is at 0.95 s.
        np.testing.assert_allclose(given[:48], resampled, atol=0.12)
        np.testing.assert_allclose(given[:48:5], felt[::2], atol=0.03)  # Every second sample is on the grid.


def test_slow_sensors_are_the_share_that_was_asked_for_and_lose_what_is_fast() -> None:
    slow = changed(slow_sensor=0.3)
    assert share_of_windows(slow != IMU) == pytest.approx(0.3, abs=0.06)
    torch.manual_seed(0)
    all_slow = as_sensed(IMU, 1.0, 1.0)
    assert float(all_slow.diff(dim=1).std()) < 0.7 * float(IMU.diff(dim=1).std())
    assert float(all_slow.max()) <= float(IMU.max())


@pytest.mark.parametrize("slow_sensor", [0.0, 1.0])
def test_stretched_time_keeps_the_middle_and_shows_other_frequencies(slow_sensor: float) -> None:
    torch.manual_seed(0)
    time = torch.arange(50, dtype=torch.float32)
    slope = (time - 24.5)[None, :, None].expand(512, 50, 6)
    stretched = as_sensed(slope, 1.25, slow_sensor)[:, 20:30]  # Far from the ends, where time is mirrored.
    factor = (stretched[:, 9] - stretched[:, 0])[:, 0] / 9
    assert torch.allclose(stretched, factor[:, None, None] * slope[:, 20:30], atol=1e-3)
    assert 1 / 1.25 - 1e-3 <= float(factor.min()) < 0.83
    assert 1.2 < float(factor.max()) <= 1.25 + 1e-3


def test_beyond_its_ends_a_stretched_window_is_mirrored() -> None:
    torch.manual_seed(0)
    time = torch.arange(50, dtype=torch.float32)
    stretched = as_sensed(time[None, :, None].expand(512, 50, 6), 1.25, 0.0)
    assert float(stretched.min()) >= 0
    assert float(stretched.max()) <= 49
    compressed = stretched[stretched[:, 25, 0] - stretched[:, 24, 0] > 1.2, :, 0]
    assert len(compressed) > 10
    assert bool((compressed[:, 1] < compressed[:, 0]).all())  # Time runs back to the window's start.
    assert bool((compressed[:, -1] < compressed[:, -2]).all())


def test_amplitude_multiplies_the_movement_and_leaves_the_mean() -> None:
    vigorous = changed(amplitude=0.4)
    assert torch.allclose(vigorous.mean(dim=1), IMU.mean(dim=1), atol=1e-4)
    factor = vigorous.std(dim=1) / IMU.std(dim=1)
    assert torch.allclose(factor, factor[:, :1].expand_as(factor), atol=1e-4)
    assert 0.6 <= float(factor.min()) < 0.65
    assert 1.35 < float(factor.max()) <= 1.4 + 1e-4


def test_some_windows_are_clipped_at_2_g_in_acceleration_alone() -> None:
    loud = 10 * IMU
    torch.manual_seed(0)
    labels = torch.zeros(256, dtype=torch.long)
    clipped = augment_for_classifier(loud, labels, labels, torch.ones(6), ClassifierAugmentConfig(clip_2g=0.5))
    differ = clipped != loud
    assert share_of_windows(differ) == pytest.approx(0.5, abs=0.1)
    assert torch.equal(clipped[:, :, 3:], loud[:, :, 3:])
    assert pytest.approx(19.6133) == CLIP
    quiet = ~differ.any(dim=2).any(dim=1)
    assert torch.equal(clipped[~quiet], torch.cat([loud[~quiet, :, :3].clamp(-CLIP, CLIP), loud[~quiet, :, 3:]], 2))
    assert float(loud[quiet, :, :3].max()) > CLIP


def test_some_windows_lose_their_gyroscope_and_nothing_else() -> None:
    without = changed(no_gyroscope=0.4)
    assert torch.equal(without[:, :, :3], IMU[:, :, :3])
    lost = (without[:, :, 3:] == 0).all(dim=2).all(dim=1)
    assert float(lost.float().mean()) == pytest.approx(0.4, abs=0.08)
    assert torch.equal(without[~lost], IMU[~lost])
