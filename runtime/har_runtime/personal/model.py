"""A model made personal: the shipped one with a prototype head behind it, new activities included."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from har_runtime.errors import DataError, ModelError
from har_runtime.model.card import ModelCard, Smoothing
from har_runtime.model.load import Backend, Model
from har_runtime.personal.drifting_head import DriftingBackend, DriftingHead
from har_runtime.personal.head import PrototypeHead, posterior
from har_runtime.personal.profile import Profile, read_profile, why_unusable
from har_runtime.text import clean


@dataclass(frozen=True)
class PersonalBackend:
    """Runs the shipped model, then the head."""

    shipped: Backend
    head: PrototypeHead

    def outputs(self, windows: NDArray[np.float32]) -> list[NDArray[np.float32]]:
        """Windows of shape (n, 50, 6) in SI units to the outputs for the person, each of shape (n, ...)."""
        return self.head.outputs(self.shipped.outputs(windows))


def personalised(model: Model, profile: Profile) -> Model:
    """The model of the person whose profile it is.

    Raises:
        DataError: the profile does not fit the model.
    """
    if problem := why_unusable(profile, model.card):
        raise DataError(f"the profile: {problem}")
    assert model.card.prototypes is not None
    card = _personal_card(model.card, profile)
    means, places = posterior(model.card.prototypes, profile.learnt)
    return Model(card, PersonalBackend(model.backend, PrototypeHead(model.card, card.labels, means, places)))


def drifting(model: Model) -> tuple[Model, DriftingHead]:
    """The model, shipped or personal, with a head that `Drift` moves. Until it does, it answers as the model does.

    Raises:
        ModelError: the model cannot be made personal.
    """
    card = model.card
    if card.prototypes is None:
        raise ModelError(f"--adapt: the model {card.name} does not give its features; use --model anywhere")
    if isinstance(model.backend, PersonalBackend):
        anchors = model.backend.head.means
    else:
        anchors, _ = posterior(card.prototypes, ())
    head = DriftingHead(card.prototypes, card.places or (None,), card.labels, anchors)
    return Model(card, DriftingBackend(model.backend, head)), head


def usable_profile(profile: Profile | Path | str | None, card: ModelCard) -> tuple[Profile | None, str | None]:
    """A profile, or, if it cannot be used with a model, None and why, one line.

    Args:
        profile: or the path of its file; None for none, which is no problem.
        card: of the shipped model.
    """
    if profile is None:
        return None, None
    where = "the profile" if isinstance(profile, Profile) else clean(str(profile))
    try:
        read = profile if isinstance(profile, Profile) else read_profile(Path(profile))
    except DataError as error:
        return None, f"{error}; {card.name} answers as it is shipped"
    problem = why_unusable(read, card)
    return (read, None) if problem is None else (None, f"{where}: {problem}; {card.name} answers as it is shipped")


def _personal_card(card: ModelCard, profile: Profile) -> ModelCard:
    """The card with the new activities, and with what windows like the person's look like."""
    new = tuple(dict.fromkeys(one.label for one in profile.learnt if one.label not in card.labels))
    rejection = card.rejection
    # In the frame "device" a card has one group for each label; there, only new ones have theirs.
    groups = [one.group for one in profile.learnt if one.group and (card.frame == "upright" or one.label in new)]
    if rejection is not None and groups:
        rejection = replace(
            rejection,
            means=(*rejection.means, *(group.mean for group in groups)),
            whitening=(*rejection.whitening, *(group.whitening for group in groups)),
        )
    smoothing = card.smoothing and _with_new(card.smoothing, len(new))
    return replace(card, labels=(*card.labels, *new), smoothing=smoothing, rejection=rejection)


def _with_new(smoothing: Smoothing, count: int) -> Smoothing:
    """Transitions and prior with new activities, which are as likely and as lasting as the others on average."""
    if not count:
        return smoothing
    old = np.array(smoothing.transitions)
    known = len(old)
    total = known + count
    matrix = np.zeros((total, total))
    leaves = np.concatenate([1 - np.diag(old), np.full(count, 1 - np.diag(old).mean())])
    to_new = leaves / (total - 1)
    matrix[:, known:] = to_new[:, None]
    # What an activity leaves to new ones it takes from those that it left to before.
    kept = leaves[:known] - count * to_new[:known]
    matrix[:known, :known] = (old - np.diag(np.diag(old))) * (kept / np.maximum(leaves[:known], 1e-12))[:, None]
    matrix[known:, :known] = to_new[known:, None]
    np.fill_diagonal(matrix, 1 - leaves)
    prior = np.concatenate([np.array(smoothing.prior) * known / total, np.full(count, 1 / total)])
    return Smoothing(tuple(map(tuple, matrix.tolist())), tuple((prior / prior.sum()).tolist()), smoothing.evidence)
