"""From labelled windows to what a profile holds of an activity, and whether they are of that activity at all."""

from collections.abc import Sequence

import numpy as np

from har_runtime.answers.place import MIN_BELIEF, PlaceFilter
from har_runtime.answers.rejection import Rejector, group_of, window_statistics
from har_runtime.classify import Prediction
from har_runtime.contract import FAMILIES, HOP_S, SAMPLE_RATE_HZ, WINDOW
from har_runtime.errors import DataError
from har_runtime.model.card import ModelCard
from har_runtime.personal.head import Whitener
from har_runtime.personal.profile import Learnt

MIN_WINDOWS = 4
"""2.5 s of an activity: with fewer, one odd window would count too much."""
GROUPS = (FAMILIES["still"], FAMILIES["on_foot"])
"""Activities that nobody takes for those of the other group, and a model hardly does."""
WRONG_SHARE = 0.6
"""Of the windows of a stretch: if so many are of the other group, the person did something else."""
UNLIKE_SHARE = 0.02
"""Of the windows of a known activity: if more are unlike everything the model knows, the profile says that they are
not."""
USUAL_WINDOWS = 40.0
"""Windows that the usual covariance weighs as much as, in the statistics of a person's windows."""


def why_not(label: str, predictions: Sequence[Prediction], card: ModelCard) -> str | None:
    """Why a stretch cannot be learnt as an activity, one line; None if it can.

    Args:
        predictions: of the shipped model, for the stretch's windows.
    """
    if len(predictions) < MIN_WINDOWS:
        seconds = WINDOW / SAMPLE_RATE_HZ + (MIN_WINDOWS - 1) * HOP_S
        return f"{label}: {len(predictions)} whole windows, {MIN_WINDOWS} are needed: {seconds:.1f} s without a gap"
    if label in FAMILIES["still"] and any(one.window.up and not one.window.up.shows_posture for one in predictions):
        return f"{label}: it is not known yet which way is up: stand still, or walk for some seconds, before"
    own = next((group for group in GROUPS if label in group), None)
    other = next((group for group in GROUPS if own is not None and group is not own), ())
    names = [one.label for one in predictions]
    wrong = [name for name in names if name in other]
    if len(wrong) < WRONG_SHARE * len(names):
        return None
    seen = max(set(wrong), key=wrong.count)
    return f"{label}: that looked like {seen}, in {len(wrong)} of {len(names)} windows"


def place_of(predictions: Sequence[Prediction], card: ModelCard, place: str | None = None) -> str | None:
    """Where the sensor was worn during consecutive windows; None if the model does not tell places.

    Args:
        place: as the user names it, if that is known.

    Raises:
        DataError: the windows do not show it.
        ModelError: the model does not know this place.
        HarError: there is no such place.
    """
    if not card.places:
        return None
    places = PlaceFilter(card, place)
    belief = places.start
    for one in predictions:
        assert one.places is not None
        belief = belief * places.likelihood(one.places, one.probabilities)
        belief = belief / belief.sum()
    if belief.max() < MIN_BELIEF:
        raise DataError("the windows do not show where the sensor is worn: give --place, or walk for a while as well")
    return card.places[int(belief.argmax())]


def learn(
    label: str, predictions: Sequence[Prediction], card: ModelCard, place: str | None, source: str, unix_s: float
) -> Learnt:
    """What a profile holds of an activity.

    Args:
        predictions: of the shipped model, for windows of this activity.
        card: of the shipped model.
        place: of the card's places.
    """
    assert card.prototypes is not None
    features = np.stack([one.features for one in predictions if one.features is not None])
    mean = Whitener(card.prototypes)(features).mean(axis=0)
    group = None
    if card.rejection is not None:
        rejector = Rejector(card.rejection, card.frame)
        imu = np.stack([one.window.imu for one in predictions])
        unlike = np.mean(~(rejector.distances(imu) <= card.rejection.distance))
        if label not in card.labels or unlike > UNLIKE_SHARE:
            group = group_of(window_statistics(imu, card.frame), rejector.usual, USUAL_WINDOWS)
    return Learnt(label, place, len(features), tuple(mean.round(3).tolist()), source, round(unix_s, 1), group)
