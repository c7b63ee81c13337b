"""A report names all scores, and its plots show them."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tests.train.evaluation.test_judgement import LABELS, predictions

from har_runtime.errors import DataError, HarError
from har_train.evaluation import plots
from har_train.evaluation.judgement import Judgement, judge
from har_train.evaluation.plots import Embedding, embed, subsample
from har_train.evaluation.report import PLOTS, report_lines, write_report

pytestmark = pytest.mark.slow

DOCUMENT: dict[str, Any] = {
    "recipe": "uci-har",
    "dataset": "hapt",
    "protocol": "3 subject groups",
    "seed": 0,
    "labels": list(LABELS),
    "never_seen": ["u00", "u01", "u02"],
    "licence": "CC BY 4.0 | by its page",
    "folds": [
        {"fold": 0, "users": ["u00"], "windows": 1060, "macro_f1": 0.91234},
        {"fold": 1, "users": ["u01", "u02"], "windows": 120, "macro_f1": 0.5, "temperature": 1.23456},
    ],
    "transfer": [
        {
            "dataset": "motionsense",
            "placement": "pocket",
            "activities": ["walking", "sitting"],
            "windows": 12345,
            "users": 24,
            "macro_f1": 0.4,
            "interval": [0.3, 0.5],
        }
    ],
}


@pytest.fixture(scope="module")
def judgement() -> Judgement:
    return judge(predictions([0.9, 0.5, 0.8]), replicates=100)


@pytest.fixture(scope="module")
def report(judgement: Judgement, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a whole report, in a folder that did not exist before."""
    out = tmp_path_factory.mktemp("report") / "new" / "out"
    write_report(out, DOCUMENT, judgement, features())
    return out


def features(count: int = 90) -> Embedding:
    """Three classes of windows, each a cloud of its own, of three users."""
    rng = np.random.default_rng(0)
    y = np.arange(count) % 3
    return Embedding(
        (rng.normal(size=(count, 8)) + 20 * np.eye(8)[y]).astype(np.float32),
        y,
        np.array([f"u{index // 3 % 3:02d}" for index in range(count)]),
    )


def pixels(path: Path) -> np.ndarray:
    from matplotlib.image import imread

    return np.asarray(imread(path))


def section(text: str, title: str) -> list[str]:
    """The table rows under a heading."""
    part = text.split(f"\n## {title}")[1].split("\n## ")[0]
    return [line for line in part.splitlines() if line.startswith("| ")]


def test_a_report_is_json_markdown_and_plots_that_show_something(report: Path) -> None:
    names = ["report.json", "report.md", *(f"plots/{name}.png" for name in PLOTS)]
    assert sorted(path for path in report.rglob("*") if path.is_file()) == sorted(report / name for name in names)
    text = (report / "report.md").read_text(encoding="utf-8")
    for path in (report / name for name in names[2:]):
        picture = pixels(path)[..., :3]
        assert min(picture.shape[:2]) > 300
        assert picture.std() > 0.03
        assert len(np.unique(picture.reshape(-1, 3), axis=0)) > 20
        assert f"(plots/{path.name})" in text


def test_the_report_names_the_worst_user_the_interval_and_every_class_and_user(judgement, report: Path) -> None:
    text = (report / "report.md").read_text(encoding="utf-8")
    low, high = (f"{100 * end:.2f}" for end in judgement.interval)
    assert text.startswith("# uci-har on hapt, 3 subject groups\n")
    assert f"**Macro-F1 {100 * judgement.scores.macro_f1:.2f} %**" in text
    assert f"{low} to {high} %" in text
    assert "Worst user: **u01**" in text
    assert f"| expected calibration error | {100 * judgement.calibration.ece:.2f} % |" in text
    classes = section(text, "Classes")
    assert [row.split(" | ")[0] for row in classes[2:]] == [
        *(f"| {label}" for label in LABELS),
        "| accuracy",
        "| macro average",
        "| weighted average",
    ]
    first = judgement.scores.classes[0]
    numbers = " | ".join(f"{100 * value:.2f}" for value in (first.precision, first.recall, first.f1))
    assert classes[2] == f"| walking | {numbers} | 60 |"
    assert f"{100 * judgement.scores.macro_f1:.2f} | 180 |" in classes[6]
    assert [row.split(" | ")[0] for row in section(text, "Users")[2:]] == ["| u01", "| u02", "| u00"]


def test_lists_of_tables_in_the_document_become_tables(judgement: Judgement, tmp_path: Path) -> None:
    write_report(tmp_path, {**DOCUMENT, "extra": []}, judgement, None)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert section(text, "Folds") == [
        "| fold | users | windows | macro-F1 (%) | temperature |",
        "| --- | --- | --- | --- | --- |",
        "| 0 | u00 | 1,060 | 91.23 |  |",
        "| 1 | u01, u02 | 120 | 50.00 | 1.235 |",
    ]
    assert section(text, "Transfer")[2] == (
        "| motionsense | pocket | walking, sitting | 12,345 | 24 | 40.00 | 30.00 to 50.00 |"
    )
    assert "| licence | CC BY 4.0 \\| by its page |" in text
    assert "extra" not in text


def test_one_user_alone_is_reported_without_an_interval(tmp_path: Path) -> None:
    write_report(tmp_path, {"model": "waist"}, judge(predictions([0.8])), None)
    text = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "no interval: it needs more than one user" in text
    assert json.loads((tmp_path / "report.json").read_text())["judgement"]["interval"] is None
    assert "no interval: it needs more than one user" in report_lines({}, judge(predictions([0.8])))[-1]


def test_the_most_frequent_error_of_each_user_is_named(tmp_path: Path) -> None:
    write_report(tmp_path, {}, judge(predictions([1.0, 0.9]), replicates=10), None)
    rows = section((tmp_path / "report.md").read_text(encoding="utf-8"), "Users")
    assert rows[-1].endswith("| none |")
    assert " taken for " in rows[2]


def test_the_same_input_gives_the_same_bytes_and_returns_the_files(judgement, report: Path, tmp_path: Path) -> None:
    written = write_report(tmp_path, DOCUMENT, judgement, features())
    names = ["report.json", "report.md", *(f"plots/{name}.png" for name in PLOTS)]
    assert [path.relative_to(tmp_path).as_posix() for path in written] == names
    for file in names:
        assert (report / file).read_bytes() == (tmp_path / file).read_bytes(), file


def test_the_json_has_each_row_of_a_confusion_matrix_on_one_line(judgement: Judgement, tmp_path: Path) -> None:
    write_report(tmp_path, {**DOCUMENT, "note": 'brackets [ ] { } and "quotes"\n'}, judgement, None)
    text = (tmp_path / "report.json").read_text(encoding="utf-8")
    row = ", ".join(str(count) for count in judgement.scores.confusion[0])
    assert f"   [{row}],\n" in text
    table = json.loads(text)
    assert table["note"] == 'brackets [ ] { } and "quotes"\n'
    assert {key: table[key] for key in DOCUMENT} == DOCUMENT


def test_a_number_that_json_lacks_is_not_written(judgement: Judgement, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="Out of range float"):
        write_report(tmp_path, {"loss": float("nan")}, judgement, None)
    assert not list(tmp_path.iterdir())


def test_a_plot_of_an_older_report_does_not_stay(judgement: Judgement, report: Path, tmp_path: Path) -> None:
    shutil.copytree(report, tmp_path, dirs_exist_ok=True)
    write_report(tmp_path, DOCUMENT, judgement, None)
    assert not (tmp_path / "plots" / "tsne_user.png").exists()
    assert "tsne" not in (tmp_path / "report.md").read_text(encoding="utf-8")


def test_a_handful_of_windows_is_reported_without_a_plot_of_their_features(judgement: Judgement, tmp_path) -> None:
    assert not any("tsne" in path.name for path in write_report(tmp_path, DOCUMENT, judgement, features(9)))
    assert set(plots.embedding_plots(features(9), LABELS, 0)) == set()
    assert set(plots.embedding_plots(features(12), LABELS, 0)) == {"activity", "user"}


def test_a_folder_that_cannot_be_created_is_one_line(judgement: Judgement, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HarError, match="cannot be written"):
        write_report(tmp_path / "file", DOCUMENT, judgement, None)


def test_plots_change_with_the_data(report: Path, tmp_path: Path) -> None:
    write_report(tmp_path, DOCUMENT, judge(predictions([0.99, 0.95, 0.97]), replicates=100), None)
    for name in ("confusion", "reliability", "users"):
        a, b = (pixels(folder / "plots" / f"{name}.png") for folder in (report, tmp_path))
        assert a.shape != b.shape or np.abs(a - b).max() > 0.2, name


def test_the_cells_of_the_confusion_plot_hold_percent_of_each_row() -> None:
    found = judge(predictions([0.9, 0.5, 0.8]))
    (axes,) = plots.confusion_matrix(found.scores).axes
    counts = np.array(found.scores.confusion)
    shares = 100 * counts / counts.sum(axis=1, keepdims=True)
    shown = {text.get_position(): text.get_text() for text in axes.texts}
    assert shown == {(c, r): f"{shares[r, c]:.1f}" for r in range(3) for c in range(3) if counts[r, c]}
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["walking (60)", "stairs up (60)", "sitting (60)"]


def test_the_worst_user_stands_first_in_the_plot_of_users() -> None:
    found = judge(predictions([0.9, 0.5, 0.8]))
    (axes,) = plots.user_scores(found).axes
    assert [tick.get_text() for tick in axes.get_yticklabels()] == ["u01", "u02", "u00"]
    assert axes.yaxis_inverted()


def test_tsne_keeps_apart_what_is_apart() -> None:
    given = features()
    points = embed(given.features, 0)
    assert points.shape == (90, 2)
    distance = np.linalg.norm(points[:, None] - points[None], axis=2)
    np.fill_diagonal(distance, np.inf)
    nearest = distance.argmin(axis=1)
    assert (given.y[nearest] == given.y).all()


def test_a_large_embedding_is_thinned_by_class_and_the_same_way_for_the_same_seed() -> None:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], [8000, 1990, 10])
    large = Embedding(rng.normal(size=(10_000, 4)).astype(np.float32), y, np.full(10_000, "u"))
    thin = subsample(large, seed=1, limit=1000)
    assert np.bincount(thin.y).tolist() == [800, 199, 1]
    assert np.array_equal(thin.features, subsample(large, seed=1, limit=1000).features)
    assert not np.array_equal(thin.features, subsample(large, seed=2, limit=1000).features)
    assert subsample(large, seed=1, limit=20_000) is large


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ((np.zeros((20, 4)), np.zeros(19, int), np.full(20, "u")), r"features \(20, 4\), y \(19,\)"),
        ((np.full((20, 4), np.nan), np.zeros(20, int), np.full(20, "u")), "NaN or infinite"),
    ],
)
def test_an_embedding_that_cannot_be_drawn_is_refused(values: Any, message: str) -> None:
    with pytest.raises(DataError, match=message):
        Embedding(*values)


def test_comparing_and_reporting_do_not_load_what_only_plots_need() -> None:
    code = "import sys, har_train.evaluation.compare, har_train.evaluation.report; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "har_train.evaluation.report" in loaded
    assert not {"matplotlib", "sklearn", "scipy", "torch", "pandas"} & set(loaded)


def test_the_terminal_shows_classes_worst_user_transfer_and_the_interval(judgement: Judgement) -> None:
    lines = report_lines(DOCUMENT, judgement)
    assert [line.split()[0] for line in lines[1:4]] == list(LABELS)
    assert any(line.startswith("users: worst u01 ") for line in lines)
    assert any(line.startswith("transfer: dataset motionsense, placement pocket") for line in lines)
    assert judgement.interval is not None
    low, high = (f"{100 * end:.2f}" for end in judgement.interval)
    assert f"macro-F1 {100 * judgement.scores.macro_f1:.2f} % (95 % interval over users {low} to {high} %" in lines[-1]
    assert max(len(line) for line in lines) < 130
