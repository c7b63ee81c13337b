"""The model card of a trained network, without the scores of its files."""

import numpy as np

from har_runtime.contract import FAMILIES
from har_runtime.model.card import ModelCard, Training
from har_train.data.windows import WindowSet
from har_train.fit.answer_parameters import Answers
from har_train.fit.checkpoint import TrainingRecord


def card_of(
    record: TrainingRecord,
    name: str,
    answers: Answers | None = None,
    gravity: tuple[float, float, float] | None = None,
) -> ModelCard:
    """The card of a training record.

    Args:
        name: of the model.
        answers: smoothing and thresholds; None for a card without them.
        gravity: see `gravity_of`; left out of cards of the frame "upright", where it is +z.
    """
    recipe = record.recipe
    training = Training(
        recipe=recipe.name,
        data=", ".join(recipe.data.datasets or (recipe.data.dataset,)),
        licence=record.data_licence,
        citation=record.data_citation,
        seed=record.seed,
        trained_on=record.split.train,
        chosen_on=record.split.validation,
        never_seen=record.split.test,
        version=record.version,
        commit=record.commit,
    )
    upright = recipe.data.frame == "upright"
    return ModelCard(
        name=name,
        version=record.version,
        labels=record.labels,
        placement=record.placement,
        temperature=record.temperature,
        training=training,
        scores={},
        frame=recipe.data.frame,
        gyroscope="optional" if recipe.classifier_augment.no_gyroscope > 0 else "required",
        places=recipe.model.places,
        place_filter=answers and answers.place_filter,
        families=families_of(record.labels) if upright else {},
        smoothing=answers and answers.smoothing,
        rejection=answers and answers.rejection,
        gravity=None if upright else gravity,
    )


def families_of(labels: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    """The families of which a model knows two activities or more, each with those that it knows.

    >>> families_of(("standing", "sitting", "walking"))
    {'still': ('standing', 'sitting')}
    """
    known = {family: tuple(label for label in members if label in labels) for family, members in FAMILIES.items()}
    return {family: members for family, members in known.items() if len(members) > 1}


def gravity_of(windows: WindowSet) -> tuple[float, float, float] | None:
    """Mean over users of each one's mean direction of acceleration while standing; None without standing windows."""
    if "standing" not in windows.labels:
        return None
    standing = windows.select(windows.y == windows.labels.index("standing"))
    users = np.unique(standing.user)
    people = [standing.of_users([user]).x[:, :, :3].mean(axis=(0, 1), dtype=np.float64) for user in users]
    if not people:
        return None
    mean = np.mean([one / np.linalg.norm(one) for one in people], axis=0)
    x, y, z = (mean / np.linalg.norm(mean)).round(4).tolist()
    return x, y, z
