"""Each augmentation does what the paper says of it, to each window on its own."""

import pytest
import torch

from har_train.augment import AugmentConfig, augment, jitter, permute_segments, rotate, scale, shuffle_channels

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
