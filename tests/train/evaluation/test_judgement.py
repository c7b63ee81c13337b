"""Scores, intervals and calibration against literal loops and hand-made cases; damaged tables are refused."""

import copy
import json
from typing import Any

import numpy as np
import pytest
from numpy.typing import ArrayLike, NDArray

from har_runtime.errors import DataError
from har_runtime.scores import score, score_confusion
from har_train.evaluation.judgement import (
    BINS,
    Judgement,
    Predictions,
    drawn_users,
    interval_of,
    joined,
    judge,
    judgement_from_dict,
    macro_f1,
)

LABELS = ("walking", "stairs_up", "sitting")


def predictions(
    accuracy: ArrayLike, windows: int = 60, labels: tuple[str, ...] = LABELS, seed: int = 0, truth_seed: int = 0
) -> Predictions:
    """Users u00, u01, ... who are recognised with these accuracies, every class as often as the others."""
    skill = np.asarray(accuracy, np.float64)
    rng, truth_rng = np.random.default_rng(seed), np.random.default_rng(truth_seed)
    y = np.concatenate([truth_rng.permutation(np.arange(windows) % len(labels)) for _ in skill])
    right = rng.random(len(y)) < np.repeat(skill, windows)
    guess = np.where(right, y, (y + rng.integers(1, len(labels), len(y))) % len(labels))
    probabilities = np.full((len(y), len(labels)), 0.3 / (len(labels) - 1), np.float32)
    probabilities[np.arange(len(y)), guess] = 0.7
    user = np.repeat([f"u{number:02d}" for number in range(len(skill))], windows)
    return Predictions(y, probabilities, user, labels)


def two_classes(confidence: ArrayLike, right: ArrayLike) -> Predictions:
    """Windows of one user with these confidences, each recognised rightly or wrongly."""
    sure = np.array(confidence, np.float32)
    y = np.where(right, 0, 1)
    return Predictions(y, np.stack([sure, 1 - sure], axis=1), np.full(len(y), "u"), ("a", "b"))


def test_the_scores_are_those_of_har_runtime_over_all_windows_and_over_each_user() -> None:
    given = predictions([0.9, 0.5, 0.7])
    guess = given.probabilities.argmax(axis=1)
    found = judge(given)
    assert found.scores == score(given.y, guess, LABELS)
    for name, user in found.users.items():
        mine = given.user == name
        own = score(given.y[mine], guess[mine], LABELS)
        assert (user.macro_f1, user.accuracy, user.windows) == (own.macro_f1, own.accuracy, 60)
        assert user.confusion == own.confusion


def test_the_interval_is_that_of_a_literal_loop_over_drawn_users() -> None:
    given = predictions([0.95, 0.4, 0.7, 0.8], labels=(*LABELS, "never there"))
    # One class that only one user has: it drops out of the groups without that user.
    given.y[(given.user == "u01") & (given.y == 2)] = 3
    guess = given.probabilities.argmax(axis=1)
    names = ["u00", "u01", "u02", "u03"]
    times_drawn = np.random.default_rng(7).multinomial(4, [0.25] * 4, size=300)
    values = []
    for row in times_drawn:
        windows = np.concatenate(
            [np.flatnonzero(given.user == name) for name, times in zip(names, row, strict=True) for _ in range(times)]
        )
        values.append(score(given.y[windows], guess[windows], given.labels).macro_f1)
    found = judge(given, seed=7, replicates=300)
    assert found.interval == pytest.approx(np.quantile(values, [0.025, 0.975]), abs=1e-12)
    counts = found.user_confusions()
    assert macro_f1(drawn_users(counts, 7, 300)) == pytest.approx(values, abs=1e-12)


def test_macro_f1_of_many_matrices_ignores_classes_that_do_not_occur() -> None:
    counts = np.random.default_rng(0).integers(0, 4, (50, 4, 4))
    counts[:20, 2], counts[:20, :, 2] = 0, 0
    counts[0] = 0
    wanted = [score_confusion(matrix, ("a", "b", "c", "d")).macro_f1 for matrix in counts]
    assert macro_f1(counts) == pytest.approx(wanted, abs=1e-12)


def test_users_who_differ_make_a_wide_interval_and_users_who_do_not_a_narrow_one() -> None:
    apart, alike = judge(predictions([0.5, 1.0] * 10)).interval, judge(predictions([0.75] * 20)).interval
    assert apart is not None
    assert alike is not None
    assert apart[1] - apart[0] > 2 * (alike[1] - alike[0]) > 0


@pytest.mark.parametrize(("users", "least", "most"), [(6, 0.76, 0.89), (30, 0.90, 0.97)])
def test_the_interval_covers_the_truth_about_as_often_as_it_says_and_less_often_with_few_users(
    users: int, least: float, most: float
) -> None:
    rng = np.random.default_rng(0)

    def some_users(count: int) -> NDArray[np.int64]:
        """Confusion matrices of 30 windows for each of 3 classes; how well each goes differs between the users."""
        skill = rng.beta(8, 1.2, (count, 3))[..., None]
        share = skill * np.eye(3) + (1 - skill) * np.array([[0, 0.9, 0.1], [0.9, 0, 0.1], [0.5, 0.5, 0]])
        return rng.multinomial(30, share)

    truth = macro_f1(some_users(20_000).sum(axis=0))
    intervals = [interval_of(macro_f1(drawn_users(some_users(users), trial, 300))) for trial in range(400)]
    assert least < np.mean([low <= truth <= high for low, high in intervals]) < most


def test_identical_users_leave_no_uncertainty() -> None:
    one = predictions([0.8])
    same = [Predictions(one.y, one.probabilities, np.full(60, name), LABELS) for name in ("a", "b", "c")]
    found = judge(joined(same))
    assert found.interval == (found.scores.macro_f1, found.scores.macro_f1)


def test_one_user_alone_gives_no_interval() -> None:
    assert judge(predictions([0.8])).interval is None


def test_the_same_seed_gives_the_same_judgement_and_another_seed_another_interval() -> None:
    given = predictions(np.linspace(0.5, 1, 12))
    assert judge(given, seed=3) == judge(given, seed=3)
    assert judge(given, seed=3).interval != judge(given, seed=4).interval


def test_the_order_of_the_windows_does_not_matter() -> None:
    given = predictions([0.9, 0.6, 0.8])
    order = np.random.default_rng(0).permutation(len(given.y))
    mixed = judge(Predictions(given.y[order], given.probabilities[order], given.user[order], LABELS))
    plain = judge(given)
    assert (mixed.users, mixed.scores, mixed.interval) == (plain.users, plain.scores, plain.interval)
    assert mixed.calibration.ece == pytest.approx(plain.calibration.ece, abs=1e-12)


def test_the_worst_user_has_the_lowest_macro_f1_and_of_equals_the_first_name() -> None:
    assert judge(predictions([0.9, 0.5, 0.7])).worst_user == "u01"
    assert judge(predictions([1.0, 1.0])).worst_user == "u00"


def test_overconfidence_is_the_distance_between_confidence_and_accuracy() -> None:
    calibration = judge(two_classes([0.9] * 10, [True] * 6 + [False] * 4)).calibration
    assert calibration.ece == pytest.approx(0.3, abs=1e-6)
    assert calibration.negative_log_likelihood == pytest.approx(-(0.6 * np.log(0.9) + 0.4 * np.log(0.1)), abs=1e-6)
    (filled,) = (entry for entry in calibration.bins if entry.count)
    assert (filled.count, filled.confidence, filled.accuracy) == (10, pytest.approx(0.9), 0.6)


def test_the_calibration_error_weights_bins_by_their_windows() -> None:
    # Bin (0.6, 0.667]: 3 windows, 0.65 sure, 1/3 right. Bin (0.933, 1]: 1 window, 0.95 sure, right.
    calibration = judge(two_classes([0.65, 0.65, 0.65, 0.95], [True, False, False, True])).calibration
    assert calibration.ece == pytest.approx((3 * abs(1 / 3 - 0.65) + 1 * abs(1 - 0.95)) / 4, abs=1e-6)


def test_errors_of_opposite_sign_cancel_within_a_bin_and_not_across_bins() -> None:
    within = judge(two_classes([0.7, 0.7, 0.7, 0.7], [True, True, True, False])).calibration
    apart = judge(two_classes([0.6, 0.6, 0.8, 0.8], [True, True, True, False])).calibration
    assert within.ece == pytest.approx(0.05, abs=1e-6)
    assert apart.ece == pytest.approx((0.4 + 0.3) / 2, abs=1e-6)


def test_confidence_that_equals_accuracy_has_almost_no_calibration_error() -> None:
    rng = np.random.default_rng(0)
    confidence = rng.uniform(0.5, 1, 50_000)
    honest = judge(two_classes(confidence, rng.random(50_000) < confidence), replicates=1).calibration
    assert honest.ece < 0.01
    assert judge(two_classes(confidence, rng.random(50_000) < 0.5), replicates=1).calibration.ece > 0.2


def test_bins_are_equally_wide_and_a_confidence_of_1_belongs_to_the_last() -> None:
    bins = judge(two_classes([1.0, 0.94, 0.93, 0.67, 0.66, 0.5], [True] * 6)).calibration.bins
    assert len(bins) == BINS == 15
    # Edges at 14/15 = 0.933 and 10/15 = 0.667.
    assert [entry.count for entry in bins] == [0] * 7 + [1, 0, 1, 1, 0, 0, 1, 2]


def test_a_certain_mistake_has_a_finite_likelihood() -> None:
    assert judge(two_classes([1.0], [False])).calibration.negative_log_likelihood == pytest.approx(87.34, abs=0.01)


def test_folds_are_joined_in_order() -> None:
    first, second = predictions([0.9]), predictions([0.5])
    second = Predictions(second.y, second.probabilities, np.full(60, "other"), LABELS)
    both = joined([first, second])
    assert np.array_equal(both.y, np.concatenate([first.y, second.y]))
    assert sorted(judge(both).users) == ["other", "u00"]
    assert judge(both).users["other"].confusion == judge(second).users["other"].confusion


def test_folds_that_share_a_user_or_have_other_labels_are_not_joined() -> None:
    with pytest.raises(DataError, match="user u01 was tested in fold 0 and in fold 1"):
        part = predictions([0.9, 0.9])
        joined([part, Predictions(part.y, part.probabilities, np.full(120, "u01"), LABELS)])
    with pytest.raises(DataError, match="fold 1 has the labels a, b, fold 0 walking, stairs_up, sitting"):
        joined([predictions([0.9]), two_classes([0.9], [True])])
    with pytest.raises(DataError, match="no fold to join"):
        joined([])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"y": np.zeros(3, np.int64)}, r"y \(3,\), probabilities \(60, 3\) and user \(60,\) do not fit"),
        ({"labels": ("a", "b")}, "do not fit each other and 2 labels"),
        ({"labels": ("a", "b", "a")}, "a label occurs twice in a, b, a"),
        ({"y": np.full(60, 3)}, "y must be indices 0 to 2"),
        ({"y": np.full(60, -1)}, "y must be indices 0 to 2"),
        ({"y": np.zeros(60)}, "y must be indices 0 to 2"),
        ({"probabilities": np.full((60, 3), 4.0, np.float32)}, "between 0 and 1 and add up to 1: apply the softmax"),
        ({"probabilities": np.full((60, 3), np.nan, np.float32)}, "between 0 and 1"),
        ({"probabilities": np.full((60, 3), 0.1, np.float32)}, "add up to 1"),
    ],
)
def test_predictions_that_do_not_fit_together_are_refused(change: dict[str, object], message: str) -> None:
    good = predictions([0.9])
    values = {name: getattr(good, name) for name in ("y", "probabilities", "user", "labels")}
    with pytest.raises(DataError, match=message) as caught:
        Predictions(**{**values, **change})
    assert "\n" not in str(caught.value)


def test_no_window_at_all_is_refused() -> None:
    with pytest.raises(DataError, match="no window to evaluate"):
        Predictions(np.zeros(0, np.int64), np.zeros((0, 3), np.float32), np.array([], np.str_), LABELS)


def test_the_softmax_of_an_int8_model_adds_up_nearly_to_one() -> None:
    given = predictions([0.9])
    steps = (np.floor(given.probabilities * 256) / 256).astype(np.float32)
    assert not np.allclose(steps.sum(axis=1), 1, atol=1e-3)
    assert judge(Predictions(given.y, steps, given.user, LABELS)).scores == judge(given).scores


@pytest.mark.parametrize("accuracy", [[0.8], [0.9, 0.5, 0.7], [1.0, 1.0]])
def test_a_judgement_reads_back_from_json_exactly(accuracy: list[float]) -> None:
    found = judge(predictions(accuracy), seed=5, replicates=100)
    assert judgement_from_dict(json.loads(json.dumps(found.to_dict())), "x.json") == found


def damaged(change: str) -> Any:
    """The table of a good judgement with one thing wrong in it."""
    table = json.loads(json.dumps(judge(predictions([0.9, 0.5]), replicates=10).to_dict()))
    changed: dict[str, Any] = copy.deepcopy(table)
    user, calibration = changed["users"]["u01"], changed["calibration"]
    match change:
        case "a list":
            return [table]
        case "nothing":
            return None
        case "no users":
            changed["users"] = {}
        case "no scores":
            del changed["scores"]
        case "users as a list":
            changed["users"] = ["u01"]
        case "a row too few":
            user["confusion"].pop()
        case "a column too many":
            user["confusion"][0].append(1)
        case "a negative count":
            user["confusion"][0][0] = -1
        case "half a window":
            user["confusion"][0][0] = 0.5
        case "a window more":
            user["confusion"][0][1] += 1
        case "a huge count":
            user["confusion"][0][0] = 10**30
        case "a better score":
            changed["scores"]["macro_f1"] = 0.99
        case "a word":
            calibration["ece"] = "small"
        case "not a number":
            calibration["ece"] = float("nan")
        case "no bins":
            del calibration["bins"]
        case "interval of three":
            changed["interval"] = [0.1, 0.2, 0.3]
        case "interval backwards":
            changed["interval"] = [0.9, 0.1]
        case "no seed":
            del changed["seed"]
    assert changed != table
    return changed


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("a list", "list indices"),
        ("nothing", "NoneType"),
        ("no users", "no user"),
        ("no scores", "'scores' is missing"),
        ("users as a list", "no attribute 'items'"),
        ("a row too few", "not 3 x 3"),
        ("a column too many", "not 3 x 3"),
        ("a negative count", "-1 is not a count"),
        ("half a window", "0.5 is not a count"),
        ("a window more", "windows of all users is 120, the confusion matrix says 121"),
        ("a huge count", "too large|too big"),
        ("a better score", "macro_f1 of all users is 0.99, the confusion matrix says 0"),
        ("a word", "'small' is not a number"),
        ("not a number", "nan is not a number"),
        ("no bins", "'bins' is missing"),
        ("interval of three", "too many values"),
        ("interval backwards", "runs from 0.9 to 0.1"),
        ("no seed", "'seed' is missing"),
    ],
)
def test_a_damaged_judgement_is_one_clear_line(change: str, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        judgement_from_dict(damaged(change), "a/report.json")
    assert str(caught.value).startswith("a/report.json: the judgement in it is damaged (")
    assert "\n" not in str(caught.value)


def test_an_interval_excludes_the_same_share_at_both_ends() -> None:
    assert interval_of(np.arange(1001.0)) == (25.0, 975.0)


def test_a_judgement_names_the_labels_of_its_matrices() -> None:
    found: Judgement = judge(predictions([0.9, 0.8]))
    assert found.labels == LABELS
    assert found.user_confusions().shape == (2, 3, 3)
