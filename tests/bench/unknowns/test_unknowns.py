"""Small runs of the benchmarks of answers: smoothing of whole recordings, and scores of unknown activities."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.fake_model import CARD, predictions

from har_bench.unknowns import smoothing, tables
from har_bench.unknowns.left_out_activities import score_without
from har_bench.unknowns.other_placements import tracks_of, without_overlap
from har_bench.unknowns.scores import SCORES, areas, unknown_share
from har_train.data.splits import UserSplit
from har_train.data.windows import cut_windows
from har_train.datasets import find, load
from har_train.fit.checkpoint import load_checkpoint
from har_train.fit.run import Run
from har_train.fit.trainer import fit
from har_train.recipe_file import load_recipe


@pytest.mark.slow
def test_every_smoothing_is_scored_with_and_without_rejection(small_hapt: Path, tmp_path: Path) -> None:
    out = tmp_path / "smoothing.json"
    assert smoothing.main(["--data", str(small_hapt), "--out", str(out)]) == 0
    result = json.loads(out.read_text())
    rows = {(row["smoothing"], row["doubt"]): row for row in result["rows"]}
    assert len(rows) == 6
    assert result["recordings"] == 2  # hapt-03 and hapt-05.
    for (_, doubt), row in rows.items():
        assert 0.3 < row["known_macro_f1"] <= 1
        assert doubt or row["answered"] == 1
    assert rows["hmm", False]["answer_changes_per_hour"] <= rows["none", False]["answer_changes_per_hour"]
    text = tables.smoothing(result)
    assert text.count("\n| ") == 6
    assert "HMM filter, with rejection" in text


def test_an_answer_that_a_family_would_be_is_unknown_where_labels_are_scored() -> None:
    labels = tuple(label for label in CARD.labels if label != "unknown")
    found, starts = smoothing._answered(CARD, labels, "none", predictions(["walking"] * 4 + ["rest"] * 4))
    assert found.tolist() == [labels.index("walking")] * 4 + [len(labels)] * 4
    assert starts == 1
    found, _ = smoothing._answered(CARD, labels, "none", predictions(["unknown"] * 4))
    assert found.tolist() == [len(labels)] * 4


def test_the_area_is_one_for_scores_that_separate_and_a_half_for_random_scores() -> None:
    rng = np.random.default_rng(0)
    known = {name: rng.uniform(0, 1, 500) for name in SCORES}
    other = {name: rng.uniform(0, 1, 300) for name in SCORES}
    other["energy"] = other["energy"] + 2
    found = areas(known, other)
    assert found["energy"] == 1
    assert all(abs(found[name] - 0.5) < 0.1 for name in SCORES if name != "energy")
    assert unknown_share({"verdict": np.array([0.5, 0.9, 1.1, 3.0])}) == 0.5


@pytest.fixture(scope="module")
def row(small_hapt: Path, tmp_path_factory: pytest.TempPathFactory) -> dict:
    """The row of a network trained for two epochs without lying."""
    recipe = load_recipe("uci-har-supervised")
    known = tuple(label for label in recipe.data.activities if label != "lying")
    recipe = replace(recipe, data=replace(recipe.data, activities=known))
    recordings = load("hapt", small_hapt)
    split = UserSplit(("hapt-01", "hapt-02", "hapt-03", "hapt-04"), ("hapt-05",), ("hapt-06",))
    out = tmp_path_factory.mktemp("left-out") / "lying"
    fit(recipe, [find("hapt")], cut_windows(recordings, recipe.data), "waist", Run(out, epochs=2), split)
    return score_without("lying", load_checkpoint(out), recordings)


@pytest.mark.slow
def test_lying_is_recognised_as_unknown(row: dict) -> None:
    assert row["left_out"] == "lying"
    assert row["windows"] > 20
    assert row["known_windows"] > 100
    assert set(row["auc"]) == set(SCORES)
    assert row["auc"]["window statistics"] > 0.95
    assert row["auc"]["verdict"] > 0.9
    assert row["called_unknown"] > row["known_called_unknown"]


@pytest.mark.slow
def test_a_table_has_a_row_for_each_activity_and_their_mean(row: dict) -> None:
    text = tables.left_out_activities({"rows": [row, row]})
    assert text.count("| lying |") == 2
    assert "**mean**" in text
    assert f"{row['auc']['energy']:.3f}" in text


def test_windows_without_overlap_share_no_samples(small_hapt: Path) -> None:
    (track, *_) = tracks_of(load("hapt", small_hapt)[:1])
    (halved,) = without_overlap([track])
    assert np.diff(halved.end_ns).min() == 1_000_000_000
    assert len(halved.windows) == len(halved.labels) == (len(track.windows) + 1) // 2
