"""Steps and effort in answers and in the totals of the day."""

from dataclasses import replace

import pytest
from tests.runtime.answers.toy_card import CARD, predicted
from tests.runtime.signal.test_steps import gait, windows

from har_runtime.answers.answer import Answer
from har_runtime.answers.answering import Answering
from har_runtime.answers.effort import intensity_of, mets_of
from har_runtime.answers.totals import EarlierToday, RunningTotals

FOUND = windows(gait(1.9, of=20.0))


def answers(label: int, **options: object) -> list[Answer]:
    """Answers to a walk, of which the model is sure that it is this label: "still" or "walking"."""
    answering = Answering(CARD, "none", clock=lambda: 1_700_000_000.0, **options)  # type: ignore[arg-type]
    return [answering.step(replace(predicted(label, window.start_ns), window=window)) for window in FOUND]


def test_an_answer_has_steps_cadence_and_intensity() -> None:
    last = answers(1)[-1]
    assert (last.activity, last.steps, last.intensity) == ("walking", pytest.approx(1, abs=1), "moderate")
    assert last.cadence == pytest.approx(114, rel=0.01)


def test_the_day_adds_up_steps_and_the_seconds_of_their_effort() -> None:
    found = answers(1)
    totals = found[-1].totals
    assert totals.steps == sum(answer.steps for answer in found) > 25
    assert totals.effort == {"moderate": sum(answer.cadence is not None for answer in found) / 2}


def test_nobody_steps_while_still_even_if_the_hands_repeat_themselves() -> None:
    found = answers(0)
    assert {(answer.activity, answer.steps, answer.cadence) for answer in found} == {("still", 0, None)}
    assert (found[-1].totals.steps, found[-1].totals.effort) == (0, {})


def test_the_steps_of_an_earlier_run_count_on() -> None:
    running = RunningTotals(1_700_000_000.0)
    running.step("walking", None, False, steps=1000, cadence=135.0)
    earlier = EarlierToday(running.snapshot(), "walking")
    assert answers(1, earlier=earlier)[-1].totals.steps == 1000 + answers(1)[-1].totals.steps
    assert answers(1, earlier=earlier)[-1].totals.effort["vigorous"] == 0.5


@pytest.mark.parametrize(
    ("cadence", "mets", "intensity"),
    [(60, None, "light"), (100, 3, "moderate"), (110, 4, "moderate"), (120, 5, "moderate"), (130, 6, "vigorous")],
)
def test_thresholds_are_those_of_cadence_adults(cadence: float, mets: int | None, intensity: str) -> None:
    assert (mets_of(cadence), intensity_of(cadence)) == (mets, intensity)
