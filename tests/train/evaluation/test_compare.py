"""Two models on the same users: the difference is paired, and evaluations that cannot be paired are refused."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.train.evaluation.test_judgement import LABELS, predictions

from har_runtime.errors import DataError
from har_runtime.scores import score
from har_train.evaluation.compare import compare, comparison_lines, read_evaluation
from har_train.evaluation.judgement import Judgement, Predictions, judge
from har_train.evaluation.report import write_report

HARD = [0.5, 0.55, 0.6, 0.9, 0.95, 0.97, 0.7, 0.85, 0.65, 0.8, 0.99, 0.45]
"""Users who differ much more from each other than two models do."""


def judged(accuracy: list[float], seed: int = 0) -> Judgement:
    return judge(predictions(accuracy, windows=300, seed=seed), replicates=500)


def test_a_model_does_not_differ_from_itself() -> None:
    side = judged(HARD)
    result = compare(side, side)
    assert (result.difference, result.interval) == (0, (0, 0))
    assert (result.better, result.worse, result.equal) == (0, 0, 12)
    assert not result.excludes_zero


def test_the_interval_is_that_of_a_literal_loop_with_the_same_users_on_both_sides() -> None:
    sides = predictions([0.9, 0.5, 0.7], seed=1), predictions([0.8, 0.7, 0.7], seed=2)
    times_drawn = np.random.default_rng(5).multinomial(3, [1 / 3] * 3, size=200)
    differences = []
    for row in times_drawn:
        macro = []
        for side in sides:
            drawn = zip(("u00", "u01", "u02"), row, strict=True)
            windows = np.concatenate([np.flatnonzero(side.user == name) for name, n in drawn for _ in range(n)])
            macro.append(score(side.y[windows], side.probabilities[windows].argmax(axis=1), LABELS).macro_f1)
        differences.append(macro[1] - macro[0])
    result = compare(*(judge(side) for side in sides), seed=5, replicates=200)
    assert result.interval == pytest.approx(np.quantile(differences, [0.025, 0.975]), abs=1e-12)


def test_a_small_gain_for_every_user_shows_though_users_differ_much_more() -> None:
    a, b = judged(HARD, 1), judged([value + 0.04 * (value < 0.96) for value in HARD], 1)
    result = compare(a, b)
    assert result.interval is not None
    assert a.interval is not None
    assert b.interval is not None
    assert result.excludes_zero
    assert result.better >= 9
    assert a.interval[0] < b.scores.macro_f1 < a.interval[1]
    width = result.interval[1] - result.interval[0]
    unpaired = np.hypot(a.interval[1] - a.interval[0], b.interval[1] - b.interval[0])
    assert width < unpaired / 3


def test_the_interval_of_two_equally_good_models_includes_zero() -> None:
    result = compare(judged(HARD, 1), judged(HARD, 2))
    assert result.difference != 0
    assert not result.excludes_zero


def test_swapping_the_sides_changes_the_sign() -> None:
    a, b = judged(HARD, 1), judged(HARD[::-1], 2)
    there, back = compare(a, b), compare(b, a)
    assert there.interval is not None
    assert back.interval is not None
    assert there.difference == -back.difference
    assert there.interval == pytest.approx((-back.interval[1], -back.interval[0]), abs=1e-12)
    assert (there.better, there.worse) == (back.worse, back.better)
    assert there.users == {name: -value for name, value in back.users.items()}


def test_differences_of_users_are_counted() -> None:
    a, b = judged([0.5, 0.9, 1.0]), judged([0.9, 0.5, 1.0])
    result = compare(a, b)
    assert (result.better, result.worse, result.equal) == (1, 1, 1)
    assert result.users["u00"] == pytest.approx(b.users["u00"].macro_f1 - a.users["u00"].macro_f1)


def test_one_user_gives_a_difference_without_an_interval() -> None:
    result = compare(judged([0.5]), judged([0.9]))
    assert result.interval is None
    assert not result.excludes_zero
    assert "an interval needs more than one user" in comparison_lines(result)[-1]


def test_other_users_other_labels_and_other_windows_are_refused() -> None:
    a = judged([0.9, 0.8, 0.7])
    fewer = replace(a, users={name: a.users[name] for name in ("u00", "u01")})
    with pytest.raises(DataError, match="only A was tested on u02"):
        compare(a, fewer)
    with pytest.raises(DataError, match="only B was tested on u02"):
        compare(fewer, a)
    renamed = judge(predictions([0.9, 0.8, 0.7], windows=300, labels=("walking", "stairs_up", "lying")))
    with pytest.raises(DataError, match="A has the labels walking, stairs_up, sitting, B walking, stairs_up, lying"):
        compare(a, renamed)
    with pytest.raises(DataError, match="user u00 has 100 windows of walking in A and 20 in B"):
        compare(a, judge(predictions([0.9, 0.8, 0.7], windows=60)))


def test_an_equal_number_of_windows_of_other_classes_is_refused() -> None:
    one = predictions([0.9, 0.8])
    y = one.y.copy()
    y[np.flatnonzero((one.user == "u01") & (y == 0))[0]] = 2
    other = Predictions(y, one.probabilities, one.user, LABELS)
    with pytest.raises(DataError, match="user u01 has 20 windows of walking in A and 19 in B"):
        compare(judge(one), judge(other))


def test_the_lines_say_which_is_better_and_whether_that_is_more_than_chance() -> None:
    a, b = judged(HARD, 1), judged([min(1, value + 0.1) for value in HARD], 1)
    lines = comparison_lines(compare(a, b), "uci-har", "random-forest")
    assert lines[-1] == "B is better: the interval excludes 0"
    assert any("random-forest" in line for line in lines)
    assert comparison_lines(compare(b, a))[-1] == "A is better: the interval excludes 0"
    assert comparison_lines(compare(a, a))[-1] == "no difference shown: the interval includes 0"
    few = comparison_lines(compare(judged([0.5, 0.6]), judged([0.9, 0.9])))
    assert few[-2].endswith("(too narrow with fewer than 20 users)")


def test_a_comparison_is_plain_json() -> None:
    table = json.loads(json.dumps(compare(judged([0.5, 0.6]), judged([0.9, 0.9])).to_dict()))
    assert table["better"] == 2
    assert table["excludes_zero"] is True


def test_a_written_evaluation_is_read_back_from_its_file_or_its_folder(tmp_path: Path) -> None:
    side = judged([0.9, 0.5])
    document = {"recipe": "uci-har", "dataset": "hapt", "seed": 3, "folds": [{"fold": 0, "users": ["u00"]}]}
    write_report(tmp_path, document, side, None)
    for place in (tmp_path, tmp_path / "report.json"):
        stored = read_evaluation(place)
        assert stored.document == document
        assert stored.judgement == side


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "no such file; give the report.json of har-train evaluate"),
        (b"", "not a JSON file"),
        (b'{"format": "haredge-eval', "not a JSON file"),
        (b"\xff\xfe\x00", "not a JSON file"),
        (b"[" * 100_000, "not a JSON file"),
        (b"[1, 2]", "not an evaluation"),
        (b'{"format": "haredge-card-1"}', "not an evaluation .format haredge-evaluation-1 is missing"),
        (b'{"format": "haredge-evaluation-1"}', "the judgement in it is damaged"),
    ],
)
def test_a_file_that_is_not_an_evaluation_is_refused(tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "report.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=message) as caught:
        read_evaluation(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert "\n" not in str(caught.value)


def test_a_folder_without_an_evaluation_is_reported(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"report\.json: no such file"):
        read_evaluation(tmp_path)
