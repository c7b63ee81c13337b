"""Smoothing: the forward algorithm to the letter, steady answers, and gaps that let it forget."""

import itertools
import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from tests.conftest import VECTORS
from tests.runtime.answers.toy_card import CARD, HOP_NS, SMOOTHING

from har_runtime.answers.smoothing import MAX_STEPS, SMOOTHERS, HmmFilter, Hysteresis, NoSmoothing, default_smoothing
from har_runtime.errors import ModelError
from har_runtime.model.load import load_model

ROWS = arrays(np.float64, st.tuples(st.integers(1, 12), st.just(3)), elements=st.floats(0.0, 1.0))


def believed(rows: np.ndarray, steps_ns: list[int] | None = None) -> np.ndarray:
    """The filter's belief after each of the rows."""
    hmm, beliefs, end_ns = HmmFilter(SMOOTHING), [], 0
    for row, step_ns in zip(rows, steps_ns or [HOP_NS] * len(rows), strict=True):
        end_ns += step_ns
        beliefs.append(hmm.step(row, end_ns).probabilities)
    return np.array(beliefs)


def test_it_is_the_sum_over_all_ways_to_get_there() -> None:
    rows = np.array([[0.7, 0.2, 0.1], [0.1, 0.5, 0.4], [0.2, 0.3, 0.5], [0.3, 0.6, 0.1]])
    transitions, prior = np.array(SMOOTHING.transitions), np.array(SMOOTHING.prior)
    likelihood = (rows / prior) ** SMOOTHING.evidence
    total = np.zeros(3)
    for path in itertools.product(range(3), repeat=len(rows) + 1):  # The state before the first window, and at each.
        weight = prior[path[0]]
        for before, after, own in zip(path[:-1], path[1:], likelihood, strict=True):
            weight *= transitions[before, after] * own[after]
        total[path[-1]] += weight
    np.testing.assert_allclose(believed(rows)[-1], total / total.sum(), rtol=1e-12)


@given(ROWS, st.data())
def test_the_belief_is_a_distribution_whatever_comes(rows: np.ndarray, data) -> None:
    steps = data.draw(st.lists(st.integers(-(10**12), 10**13), min_size=len(rows), max_size=len(rows)))
    beliefs = believed(rows, steps)
    np.testing.assert_allclose(beliefs.sum(axis=1), 1, rtol=1e-9)
    assert (beliefs >= 0).all()


def test_a_single_odd_window_changes_no_answer_and_two_or_three_do() -> None:
    still, walking = [0.9, 0.05, 0.05], [0.05, 0.9, 0.05]
    answers = believed(np.array([still] * 4 + [walking] + [still] * 3 + [walking] * 4)).argmax(axis=1)
    assert answers[:8].tolist() == [0] * 8
    assert answers[-1] == 1


def test_a_window_that_rules_an_activity_out_does_not_do_so_for_good() -> None:
    beliefs = believed(np.array([[1.0, 0.0, 0.0]] * 5 + [[0.0, 1.0, 0.0]] * 2))
    assert beliefs[-1].argmax() == 1


@pytest.mark.parametrize(
    ("gap_ns", "steps"),
    [
        (HOP_NS, 1),
        (740_000_000, 1),
        (760_000_000, 2),
        (5_000_000_000, 10),
        (10**15, MAX_STEPS),
        (-(10**9), 1),
        (0, 1),
    ],
)
def test_a_gap_counts_for_its_hops(gap_ns: int, steps: int) -> None:
    rows = np.array([[0.9, 0.05, 0.05], [0.2, 0.3, 0.5]])
    first, second = believed(rows, [HOP_NS, gap_ns])
    carried = first @ np.linalg.matrix_power(np.array(SMOOTHING.transitions), steps)
    wanted = carried * (rows[1] / np.array(SMOOTHING.prior)) ** SMOOTHING.evidence
    np.testing.assert_allclose(second, wanted / wanted.sum(), rtol=1e-9)


def test_reset_forgets() -> None:
    hmm = HmmFilter(SMOOTHING)
    first = hmm.step(np.array([0.2, 0.3, 0.5]), 0).probabilities
    hmm.step(np.array([0.9, 0.05, 0.05]), HOP_NS)
    hmm.reset()
    assert hmm.step(np.array([0.2, 0.3, 0.5]), 0).probabilities.tolist() == first.tolist()


def test_the_golden_sequences_are_what_it_gives() -> None:
    smoothing = load_model("waist").card.smoothing
    assert smoothing is not None
    hmm = HmmFilter(smoothing)
    for case in json.loads(VECTORS.read_bytes())["smoothing"]:
        hmm.reset()
        for window in case["windows"]:
            found = hmm.step(np.array(window["probabilities"], np.float32), window["end_ns"])
            np.testing.assert_allclose(found.probabilities, window["belief"], rtol=1e-9, atol=1e-15)
            assert found.index == window["label"]


def held(likeliest: list[int], ends_ns: list[int] | None = None, hold: int = 3) -> list[int]:
    hysteresis = Hysteresis(hold)
    ends = ends_ns or [HOP_NS * number for number in range(len(likeliest))]
    return [hysteresis.step(np.eye(3)[index], end).index for index, end in zip(likeliest, ends, strict=True)]


def test_hysteresis_changes_with_the_third_window_in_a_row() -> None:
    assert held([0, 1, 1, 0, 1, 1, 1, 1, 0]) == [0, 0, 0, 0, 0, 0, 1, 1, 1]
    assert held([0, 1, 2, 1, 2, 2, 2]) == [0, 0, 0, 0, 0, 0, 2]


def test_hysteresis_starts_anew_after_a_gap() -> None:
    assert held([0, 0, 1], [0, HOP_NS, 20 * HOP_NS]) == [0, 0, 1]


def test_no_smoothing_is_the_window_itself() -> None:
    row = np.array([0.1, 0.7, 0.2], np.float32)
    found = NoSmoothing().step(row, 0)
    assert found.index == 1
    assert found.probabilities.tolist() == row.tolist()


def test_a_card_without_transitions_is_smoothed_only_where_none_are_needed() -> None:
    bare = replace(CARD, smoothing=None)
    assert (default_smoothing(CARD), default_smoothing(bare)) == ("hmm", "none")
    with pytest.raises(ModelError, match="no transitions for hmm; give --smoothing hysteresis or none"):
        SMOOTHERS["hmm"](bare)
    for name in ("hysteresis", "none"):
        assert SMOOTHERS[name](bare).step(np.eye(3)[2], 0).index == 2


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("name", SMOOTHERS)
def test_no_smoother_keeps_nan(name: str, value: float) -> None:
    smoother = SMOOTHERS[name](replace(CARD, smoothing=SMOOTHING))
    rows = [[0.7, 0.2, 0.1], [value, 0.2, 0.1], [value] * 3, [0.7, 0.2, 0.1]]
    found = [smoother.step(np.array(row), number * HOP_NS) for number, row in enumerate(rows)]
    assert np.isfinite(found[-1].probabilities).all()
    assert found[-1].probabilities.argmax() == 0
