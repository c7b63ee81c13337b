"""What a person wrote in Sensor Logger while it recorded labels the samples from then on."""

from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import FIRST_UNIX_NS, ROWS, read
from tests.runtime.sources.replay.test_folders import ANDROID, laid_out

from har_runtime.sources.replay.annotations import MAX_MARKS, annotations_of
from har_train.datasets import load

HEADER = "time,seconds_elapsed,text,millisecond_press_duration\n"


def written(*notes: tuple[int, str]) -> dict[str, str]:
    """The tables of an Android phone, with a text written at each of these samples."""
    rows = [f"{FIRST_UNIX_NS + 20_000_000 * at},{at / 50},{text},90\n" for at, text in notes]
    return {**ANDROID, "Annotation.csv": HEADER + "".join(rows)}


def stretches(labels: np.ndarray | None) -> list[tuple[str, int]]:
    """Labels with the number of the sample at which each begins."""
    assert labels is not None and len(labels) == ROWS
    changes = [0, *(np.flatnonzero(labels[1:] != labels[:-1]) + 1).tolist()]
    return [(str(labels[at]), at) for at in changes]


@pytest.mark.parametrize("packed", [False, True])
def test_each_counts_until_the_next(tmp_path: Path, packed: bool) -> None:
    notes = ((300, "stop"), (50, "Walking"), (120, "going upstairs"), (400, '"rowing, hard"'), (500, ""))
    found = read(laid_out(tmp_path, written(*notes), packed))
    assert stretches(found.labels) == [
        *(("", 0), ("walking", 50), ("stairs_up", 120), ("", 300), ("rowing hard", 400), ("", 500)),
    ]
    assert "labels of its Annotation.csv" in found.replay.description
    assert found.replay.report.labels == {"Walking": "walking", "going upstairs": "stairs_up"}


def test_a_table_given_alone_has_those_beside_it_and_options_give_them_other_words(tmp_path: Path) -> None:
    folder = laid_out(tmp_path, written((100, "A")), packed=False)
    found = read(folder / "TotalAcceleration.csv", "&labels=A:walking")
    assert stretches(found.labels) == [("", 0), ("walking", 100)]


def test_they_are_labels_to_train_on(tmp_path: Path) -> None:
    laid_out(tmp_path, written((0, "walk"), (200, "sit")), packed=False).rename(tmp_path / "monday")
    (tmp_path / "data" / "anna").mkdir(parents=True)
    (tmp_path / "monday").rename(tmp_path / "data" / "anna" / "monday")
    (recording,) = load("csv-folder", tmp_path / "data")
    assert stretches(recording.labels) == [("walking", 0), ("sitting", 200)]


def test_hostile_ones_are_bounded_and_clean(tmp_path: Path) -> None:
    long = "x" * 5000
    found = read(laid_out(tmp_path, written((100, "a\x1b[2J\u202eb"), (200, long)), packed=True))
    assert stretches(found.labels) == [("", 0), ("a?[2J?b", 100), ("x" * 80, 200)]
    many = HEADER + f"{FIRST_UNIX_NS},0,a,1\n" * (MAX_MARKS + 5)
    (tmp_path / "many").mkdir()
    (tmp_path / "many" / "Annotation.csv").write_text(many)
    assert len(annotations_of(tmp_path / "many")) <= MAX_MARKS


@pytest.mark.parametrize(
    "text",
    [
        "",
        HEADER,
        "time,seconds_elapsed\n1,2\n",
        HEADER + "soon,0,walking,1\n12,0,walking,1\n99999999999999999999,0,walking,1\n",
        '"' + "z" * 200_000,
    ],
)
def test_a_file_without_any_changes_nothing(tmp_path: Path, text: str) -> None:
    found = read(laid_out(tmp_path, {**ANDROID, "Annotation.csv": text}, packed=False))
    assert found.labels is None and not found.replay.labelled
