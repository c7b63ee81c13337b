"""What a person showed moves the answers at the place where they showed it, and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
from tests.runtime.personal.people import KNOWN, PERSONAL_CARD, PROTOTYPES, features_model, predictions, window

from har_runtime.answers.smoothing import place_smoother
from har_runtime.classify import classify
from har_runtime.errors import DataError
from har_runtime.model.load import Model
from har_runtime.personal.head import PrototypeHead, posterior
from har_runtime.personal.learn import learn, place_of, why_not
from har_runtime.personal.model import personalised
from har_runtime.personal.profile import Learnt, Profile, empty_profile


def learnt(label: str, at: tuple[float, float], windows: int = 20, place: str = "thigh") -> Learnt:
    return learn(label, predictions("walking", at, windows, place), PERSONAL_CARD, place, "test", 0.0)


def profile(*entries: Learnt) -> Profile:
    return empty_profile(PERSONAL_CARD).with_learnt(entries)


def answers(model: Model, *at: tuple[float, float], move: str = "walking", place: str = "thigh") -> list[str]:
    """The likeliest label at a place, of windows with these features."""
    windows = [window(move, one, number, place) for number, one in enumerate(at)]
    index = PERSONAL_CARD.places.index(place)
    found = classify(model, windows)
    return [model.card.labels[int(one.by_place[index].argmax())] for one in found if one.by_place is not None]


def test_a_profile_without_entries_answers_bit_by_bit_as_shipped() -> None:
    imu = np.stack([window("sitting", at).imu for at in KNOWN.values()])
    shipped, personal = (model.outputs(imu) for model in (features_model(), personalised(features_model(), profile())))
    for name, output in vars(shipped).items():
        np.testing.assert_array_equal(output, getattr(personal, name))


def test_the_prototype_is_the_conjugate_mean() -> None:
    means, places = posterior(PROTOTYPES, [learnt("walking", (2.0, 1.0), windows=15)])
    np.testing.assert_allclose(means["thigh", "walking"][:2], [15 * 2.0 / 20, 15 * 1.0 / 20], atol=1e-3)
    np.testing.assert_allclose(means["thigh", "sitting"][:2], KNOWN["sitting"])
    assert places == {"thigh"}


def test_what_a_person_showed_moves_their_answers() -> None:
    odd = (4.0, 1.0)  # This person walks as others climb stairs, and climbs beyond it.
    ordinary = personalised(features_model(), profile(learnt("sitting", KNOWN["sitting"])))
    assert answers(ordinary, odd) == ["stairs_up"]
    own = profile(learnt("walking", odd, 100), learnt("stairs_up", (9.0, 0.0), 100))
    assert answers(personalised(features_model(), own), odd, (8.0, 0.0)) == ["walking", "stairs_up"]


def test_other_places_answer_as_before() -> None:
    own = personalised(features_model(), profile(learnt("walking", (4.0, 1.0), 100)))
    imu = np.stack([window("standing", (4.0, 1.0), place="wrist").imu])
    shipped, personal = features_model().outputs(imu), own.outputs(imu)
    assert shipped.by_place is not None and personal.by_place is not None
    for place in ("torso", "wrist"):
        index = PERSONAL_CARD.places.index(place)
        np.testing.assert_array_equal(shipped.by_place[:, index], personal.by_place[:, index])
    assert np.abs(shipped.by_place[:, 1] - personal.by_place[:, 1]).max() > 0.1


def test_an_activity_without_a_prototype_is_left_to_the_network() -> None:
    own = personalised(features_model(), profile(learnt("walking", KNOWN["walking"])))
    assert answers(own, KNOWN["walking"], move="lying") == ["lying"]
    assert answers(own, KNOWN["walking"], move="walking") == ["walking"]


@pytest.mark.parametrize("share", [0.0, 0.5])
def test_a_new_activity_is_answered_near_its_prototype_and_nowhere_else(share: float) -> None:
    card = replace(PERSONAL_CARD, prototypes=replace(PROTOTYPES, network_share=share))
    own = personalised(features_model(card), profile(learnt("rowing", (12.0, 4.0), 40)))
    assert own.card.labels == (*PERSONAL_CARD.labels, "rowing")
    assert answers(own, (12.0, 4.0), (11.0, 4.5)) == ["rowing", "rowing"]
    assert answers(own, KNOWN["walking"]) == ["walking"]
    outputs = own.outputs(window("walking", (12.0, 4.0)).imu[None])
    assert outputs.by_place is not None
    np.testing.assert_allclose(outputs.probabilities.sum(), 1, atol=1e-5)
    np.testing.assert_allclose(outputs.by_place.sum(axis=2), 1, atol=1e-5)


@pytest.mark.parametrize("share", [0.0, 0.3])
def test_a_window_is_answered_bit_by_bit_alike_alone_and_together_with_others(share: float) -> None:
    card = replace(PERSONAL_CARD, prototypes=replace(PROTOTYPES, network_share=share))
    entries = [
        learnt("walking", (3.1, 0.7)),
        learnt("rowing", (5.3, 4.9)),
        learnt("sitting", (0.3, 7.7), place="torso"),
    ]
    own = personalised(features_model(card), profile(*entries))
    imu = np.stack([window("walking", (number / 10, 7 - number / 7)).imu for number in range(60)])
    together, alone = own.outputs(imu), [own.outputs(one[None]) for one in imu]
    for name, output in vars(together).items():
        np.testing.assert_array_equal(output, np.concatenate([getattr(one, name) for one in alone]))


def test_probabilities_of_the_network_may_add_up_to_more_than_one() -> None:
    card = replace(PERSONAL_CARD, prototypes=replace(PROTOTYPES, network_share=0.3))
    head = PrototypeHead(card, card.labels, {("thigh", "walking"): np.zeros(4)}, ["thigh"])
    by_place = np.full((1, 3, 6), 0.202, np.float32)  # As an int8 model may round.
    by_place[:, :, card.labels.index("walking")] = 0
    places, features = np.eye(3, dtype=np.float32)[1:2], np.ones((1, 4), np.float32)
    found = head.outputs([by_place[:, 1], places, by_place, features])[0]
    np.testing.assert_allclose(found[0], [0, 0.2, 0.2, 0.2, 0.2, 0.2], atol=1e-4)


def test_smoothing_takes_new_activities() -> None:
    own = personalised(features_model(), profile(learnt("rowing", (12.0, 4.0)), learnt("juggling", (15.0, 15.0))))
    smoothing = own.card.smoothing
    assert smoothing is not None
    np.testing.assert_allclose(np.array(smoothing.transitions).sum(axis=1), 1, atol=1e-9)
    np.testing.assert_allclose(np.diag(smoothing.transitions)[:6], np.diag(PERSONAL_CARD.smoothing.transitions))
    assert min(map(min, smoothing.transitions)) > 0
    smoother = place_smoother(own.card, "hmm", "thigh")
    for one in classify(own, [window("walking", (12.0, 4.0), number) for number in range(6)]):
        assert one.places is not None and one.by_place is not None
        smoothed = smoother.step(one.probabilities, one.places, one.by_place, one.window.end_ns)
    assert own.card.labels[smoothed.index] == "rowing"


def test_windows_of_a_new_activity_are_no_longer_unlike() -> None:
    own = personalised(features_model(), profile(learnt("rowing", (12.0, 4.0), 40)))
    assert own.card.rejection is not None and PERSONAL_CARD.rejection is not None
    assert len(own.card.rejection.means) == len(PERSONAL_CARD.rejection.means) + 1


def test_a_profile_of_another_model_is_refused() -> None:
    other = replace(profile(learnt("walking", (1.0, 1.0))), model="waist")
    with pytest.raises(DataError, match=r"it was made for waist, and the model is anyplace: make it again"):
        personalised(features_model(), other)


def test_a_stretch_of_something_else_is_noticed() -> None:
    assert why_not("walking", predictions("walking", (0.0, 0.0), 10), PERSONAL_CARD) is None
    assert why_not("stairs_up", predictions("walking", (0.0, 0.0), 10), PERSONAL_CARD) is None
    lying = predictions("lying", (0.0, 0.0), 10)
    assert why_not("walking", lying, PERSONAL_CARD) == "walking: that looked like lying, in 10 of 10 windows"
    assert why_not("rowing", lying, PERSONAL_CARD) is None
    few = why_not("walking", predictions("walking", (0.0, 0.0), 3), PERSONAL_CARD)
    assert few == "walking: 3 whole windows, 4 are needed: 2.5 s without a gap"


def test_gait_shows_the_place() -> None:
    assert place_of(predictions("walking", (0.0, 0.0), 10, "wrist"), PERSONAL_CARD) == "wrist"
    assert place_of(predictions("walking", (0.0, 0.0), 10, "wrist"), PERSONAL_CARD, "pocket") == "thigh"
    with pytest.raises(DataError, match="give --place, or walk"):
        place_of(predictions("lying", (0.0, 0.0), 10, "wrist"), PERSONAL_CARD)
