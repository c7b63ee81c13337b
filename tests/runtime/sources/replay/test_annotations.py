"""What a person wrote in Sensor Logger while it recorded labels the samples from then on."""

import os
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


def test_a_date_far_from_the_times_of_the_samples_is_no_overflow(tmp_path: Path) -> None:
    dated = "".join(f"{FIRST_UNIX_NS},{8.5e9 + at / 50:.2f},9.81,0.1,0.2\n" for at in range(300))
    note = "4199999999000000000,0,walking,90\n"
    files = {"TotalAcceleration.csv": f"time,seconds_elapsed,z,y,x\n{dated}", "Annotation.csv": HEADER + note}
    found = read(laid_out(tmp_path, files, packed=False))
    assert found.labels is not None and set(found.labels.tolist()) == {""}


def test_what_is_beside_the_tables_and_cannot_be_read_changes_nothing(tmp_path: Path) -> None:
    files = written((100, "walking"))
    files |= {name: files[name] + "".join(map(str, range(2000))) for name in ("Metadata.csv", "Annotation.csv")}
    path = laid_out(tmp_path, files, packed=True)
    packed = path.read_bytes()
    for name in (b"export/Metadata.csv", b"export/Annotation.csv"):
        at = packed.index(name) + len(name)
        packed = packed[:at] + bytes(value ^ 0xFF for value in packed[at : at + 20]) + packed[at + 20 :]
    path.write_bytes(packed)
    assert read(path).labels is None

    path = laid_out(tmp_path, files, packed=False)
    for name in ("Metadata.csv", "Annotation.csv"):
        (path / name).unlink()
        os.mkfifo(path / name)  # Nobody writes to it: to open it would wait without end.
    assert read(path).labels is None
