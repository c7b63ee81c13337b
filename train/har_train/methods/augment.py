"""Random changes to whole batches of windows at once: the paper's five for the contrastive views, and others that help
a classifier on people it never saw.

Every function takes and returns (batch, time, channel). Each sample draws its own parameters, without a loop over
samples, so that an augmentation costs very little beside the network.
"""

import math

import numpy as np
import torch
from scipy.interpolate import CubicSpline
from torch import Tensor
from torch.nn.functional import normalize

from har_runtime.contract import SAMPLE_RATE_HZ, STANDARD_GRAVITY
from har_train.recipe import AugmentConfig, ClassifierAugmentConfig

CLIP = 2 * STANDARD_GRAVITY
"""m/s^2."""


def jitter(x: Tensor, std: float | Tensor) -> Tensor:
    """Add Gaussian noise."""
    return x + torch.randn_like(x) * std


def scale(x: Tensor, std: float) -> Tensor:
    """Multiply each window by one random factor."""
    return x * (1 + torch.randn(len(x), 1, 1, device=x.device) * std)


def shuffle_channels(x: Tensor) -> Tensor:
    """Permute the channels of each window."""
    order = torch.rand(len(x), x.shape[2], device=x.device).argsort(dim=1)
    return x.gather(2, order[:, None, :].expand_as(x))


def rotate(x: Tensor) -> Tensor:
    """Invert the sign of each channel with probability one half: what the paper calls rotation."""
    return x * (torch.randint(0, 2, (len(x), 1, x.shape[2]), device=x.device) * 2 - 1)


def permute_segments(x: Tensor, segments: int | Tensor) -> Tensor:
    """Cut each window into equal segments (the last one takes the rest) and put them in a random order.

    Args:
        segments: how many; or how many of each window, shape (n, 1).
    """
    length = x.shape[1]
    segment = (torch.arange(length, device=x.device) * segments // length).expand(len(x), length)
    most = segments if isinstance(segments, int) else int(segments.max())
    rank = torch.rand(len(x), most, device=x.device).argsort(dim=1)
    order = rank.gather(1, segment).argsort(dim=1, stable=True)
    return x.gather(1, order[:, :, None].expand_as(x))


def sometimes(changed: Tensor, unchanged: Tensor, probability: float) -> Tensor:
    """Each window changed with a probability, and otherwise unchanged."""
    return torch.where(torch.rand(len(changed), 1, 1, device=changed.device) < probability, changed, unchanged)


def augment(x: Tensor, config: AugmentConfig) -> Tensor:
    """One random view of each normalised window, for the contrastive task."""
    view = x
    if config.scaling:
        view = sometimes(scale(view, config.scaling_std), view, config.probability)
    if config.channel_shuffle:
        view = sometimes(shuffle_channels(view), view, config.probability)
    if config.rotation:
        view = sometimes(rotate(view), view, config.probability)
    if config.permutation:
        view = sometimes(permute_segments(view, config.permutation_segments), view, config.probability)
    return jitter(view, config.jitter_std)


def turn(x: Tensor, axis: Tensor, angle: Tensor) -> Tensor:
    """Rotate accelerometer and gyroscope together, as if the device sat otherwise on the body.

    Args:
        x: shape (n, time, 6), SI units or any that the three axes of a sensor share.
        axis: unit vectors, shape (n, 3).
        angle: radians, shape (n,).
    """
    # Rodrigues' formula: R = cos I + sin K + (1 - cos) a a^T.
    a, zero = axis.unbind(1), torch.zeros_like(angle)
    cross = torch.stack([zero, -a[2], a[1], a[2], zero, -a[0], -a[1], a[0], zero], dim=1).view(-1, 3, 3)
    cos, sin = angle.cos()[:, None, None], angle.sin()[:, None, None]
    matrix = cos * torch.eye(3, device=x.device) + sin * cross + (1 - cos) * axis[:, :, None] * axis[:, None, :]
    return (x.unflatten(2, (2, 3)) @ matrix.transpose(1, 2)[:, None]).flatten(2)


def tilt(x: Tensor, degrees: float) -> Tensor:
    """Rotate each window about a random axis by an angle of standard deviation `degrees`."""
    axis = normalize(torch.randn(len(x), 3, device=x.device), dim=1)
    return turn(x, axis, torch.randn(len(x), device=x.device) * math.radians(degrees))


def yaw(x: Tensor, degrees: float) -> Tensor:
    """Rotate each window about its own direction of gravity by up to `degrees` either way.

    The axis that points up still points up: the device has slid round the body.
    """
    axis = normalize(x[:, :, :3].mean(dim=1), dim=1)
    return turn(x, axis, (torch.rand(len(x), device=x.device) * 2 - 1) * math.radians(degrees))


def scale_movement(x: Tensor, std: float) -> Tensor:
    """Multiply the movement by one random factor for each window; the mean, gravity, stays."""
    mean = x.mean(dim=1, keepdim=True)
    return mean + scale(x - mean, std)


def as_sensed(x: Tensor, stretch: float, slow_sensor: float) -> Tensor:
    """Windows as faster or slower people and slower sensors would give them.

    Args:
        x: shape (n, time, channel).
        stretch: each window's time is multiplied by a factor between 1 / stretch and stretch, about its middle; beyond
            its ends it is mirrored.
        slow_sensor: share of the windows that are sampled at 20 to 33 Hz and interpolated linearly. The runtime's
            resampler follows such samples by a cubic, which is a little sharper.
    """
    count, length = x.shape[:2]
    time = torch.arange(length, dtype=x.dtype, device=x.device)
    step = SAMPLE_RATE_HZ / (20 + 13 * torch.rand(count, 1, device=x.device))
    step = torch.where(torch.rand(count, 1, device=x.device) < slow_sensor, step, 1.0)
    offset = torch.where(step > 1, torch.rand(count, 1, device=x.device) * step, 0.0)
    before = ((time + offset) / step).floor() * step - offset
    share = ((time - before) / step).unsqueeze(2)
    factor = stretch ** (torch.rand(count, 1, device=x.device) * 2 - 1)
    middle = (length - 1) / 2
    first, second = (values_at(x, middle + (at - middle) * factor) for at in (before, before + step))
    return first + share * (second - first)


def values_at(x: Tensor, position: Tensor) -> Tensor:
    """Windows (n, time, channel) at fractional positions (n, time), mirrored beyond their ends."""
    last = x.shape[1] - 1
    position = last - (last - position.abs()).abs()
    low = position.floor().clamp(0, last - 1)
    share = (position - low).unsqueeze(2)
    low = low.long().unsqueeze(2).expand(-1, -1, x.shape[2])
    return x.gather(1, low) * (1 - share) + x.gather(1, low + 1) * share


def warp_time(x: Tensor, std: float, knots: int) -> Tensor:
    """Let time run faster and slower within each window, whose first and last sample stay.

    Its speed is a cubic spline through random numbers around 1: at both ends, and at `knots` places between them.

    Args:
        std: of the speed at each of those places.
    """
    length = x.shape[1]
    places = np.linspace(0, length - 1, knots + 2)
    spline = CubicSpline(places, np.eye(knots + 2))(np.arange(length))
    speed = (1 + std * torch.randn(len(x), knots + 2, device=x.device)) @ torch.from_numpy(spline).T.to(x)
    position = speed.cumsum(dim=1) - speed[:, :1]
    return values_at(x, position * ((length - 1) / position[:, -1:]))


def mix_users(x: Tensor, activity: Tensor, user: Tensor, alpha: float) -> Tensor:
    """Blend each window with one of the same activity and another user of the batch, if there is one.

    Args:
        activity: shape (n,).
        user: shape (n,).
        alpha: the share is drawn from Beta(alpha, alpha).
    """
    fits = (activity[:, None] == activity[None, :]) & (user[:, None] != user[None, :])
    partner = torch.where(fits, torch.rand(fits.shape, device=x.device), -1.0).argmax(dim=1)
    gamma = torch.distributions.Gamma(alpha, 1.0)
    one, other = gamma.sample((2, len(x))).to(x.device)
    share = torch.where(fits.any(dim=1), one / (one + other), 1.0)[:, None, None]
    return share * x + (1 - share) * x[partner]


def augment_for_classifier(
    x: Tensor, activity: Tensor, user: Tensor, std: Tensor, config: ClassifierAugmentConfig
) -> Tensor:
    """The windows that the classifier is trained on.

    Args:
        x: shape (n, 50, 6), SI units.
        std: of each channel over the training users, shape (6,): the unit of the jitter.
    """
    if config.mix_users > 0:
        x = mix_users(x, activity, user, config.mix_users)
    if config.scaling_std > 0:
        x = scale_movement(x, config.scaling_std)
    if config.tilt_degrees > 0:
        x = tilt(x, config.tilt_degrees)
    if config.yaw_degrees > 0:
        x = yaw(x, config.yaw_degrees)
    if config.stretch > 1 or config.slow_sensor > 0:
        x = as_sensed(x, config.stretch, config.slow_sensor)
    if config.amplitude > 0:
        mean = x.mean(dim=1, keepdim=True)
        x = mean + (x - mean) * (1 + config.amplitude * (2 * torch.rand(len(x), 1, 1, device=x.device) - 1))
    if config.clip_2g > 0:
        clipped = torch.cat([x[:, :, :3].clamp(-CLIP, CLIP), x[:, :, 3:]], dim=2)
        x = torch.where(torch.rand(len(x), 1, 1, device=x.device) < config.clip_2g, clipped, x)
    if config.no_gyroscope > 0:
        without = torch.cat([x[:, :, :3], torch.zeros_like(x[:, :, 3:])], dim=2)
        x = torch.where(torch.rand(len(x), 1, 1, device=x.device) < config.no_gyroscope, without, x)
    return jitter(x, config.jitter_std * std) if config.jitter_std > 0 else x
