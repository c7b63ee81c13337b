"""`har-data convert`: any recording in our own header."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from tests.runtime.sources.replay.tables import DEGREES, FIRST_UNIX_NS, WEARER, G, cells, own, read, table

from har_train.data.cli import main, write_replay


def convert(*arguments: object) -> int:
    return main(["convert", *map(str, arguments)])


def test_files_of_several_recordings_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(own())
    assert convert(tmp_path / "a.csv", tmp_path / "b.csv", "--out", tmp_path / "own.csv") == 2
    said = "a, b: each is a whole recording; give one, or the tables of one recording's sensors"
    assert capsys.readouterr().err == f"har-data convert: {said}\n"
    assert convert(tmp_path / "a.csv", tmp_path / "absent.csv", "--out", tmp_path / "own.csv") == 2
    assert "absent.csv: cannot be read (No such file or directory)" in capsys.readouterr().err


def test_a_recording_of_another_format_reads_back_as_the_same_samples(tmp_path: Path, capsys) -> None:
    theirs, ours = tmp_path / "log.txt", tmp_path / "own.csv"
    theirs.write_text(
        table(
            "t_ms\tAccX(g)\tAccY(g)\tAccZ(g)\tAsX(°/s)\tAsY(°/s)\tAsZ(°/s)\tactivity",
            lambda i, _, acc, __: cells(20 * i, *[a / G for a in acc], *DEGREES[i].tolist(), "Jogging", mark="\t"),
        ),
        encoding="utf-8",
    )
    assert convert(theirs, "--out", ours) == 0
    text = capsys.readouterr().err
    assert "600 rows, 12.0 s, written to" in text
    assert "units: acceleration in g (by the header), angular rate in deg/s (by the header)" in text
    assert "labels: Jogging is running" in text
    assert ours.read_text().startswith("time,acc_x,acc_y,acc_z,gyro_x,gyro_y,gyro_z,label\n0.0,")
    first, second = read(theirs), read(ours)
    for name in ("times_ns", "acc", "gyro", "labels"):
        assert np.array_equal(getattr(first, name), getattr(second, name))


def test_a_table_for_each_sensor_is_one_recording_with_its_date(tmp_path: Path) -> None:
    for name, values in (("TotalAcceleration", WEARER.acc), ("Gyroscope", WEARER.gyro)):
        assert values is not None
        rows = values.tolist()
        (tmp_path / f"{name}.csv").write_text(
            table(
                "time,seconds_elapsed,x,y,z",
                lambda i, t, _, __, rows=rows: cells(FIRST_UNIX_NS + 20_000_000 * i, t, *rows[i]),
            )
        )
    files = [tmp_path / "TotalAcceleration.csv", tmp_path / "Gyroscope.csv"]
    assert convert(*files, "--out", tmp_path / "own.csv") == 0
    found = read(tmp_path / "own.csv")
    assert found.replay.report.unix_offset_ns == 0
    assert int(found.times_ns[0]) == pytest.approx(FIRST_UNIX_NS, abs=1000)
    np.testing.assert_allclose(found.acc, WEARER.acc, atol=1e-6)
    np.testing.assert_allclose(found.gyro, WEARER.gyro, atol=1e-6)


def test_without_a_gyroscope_there_are_no_columns_for_one(tmp_path: Path, capsys) -> None:
    (tmp_path / "walk.csv").write_text(table("", lambda _, __, acc, ___: cells(*acc)))
    out = tmp_path / "own.csv"
    assert convert(tmp_path / "walk.csv", "--out", out) == 2
    assert capsys.readouterr().err.endswith("it has no times: add --rate N, the samples a second\n")
    assert not out.exists()
    assert convert(tmp_path / "walk.csv", "--rate", 50, "--out", out, "--json") == 0
    result = json.loads(capsys.readouterr().out)
    assert (result["rows"], result["gyroscope"], result["file"]) == (600, False, str(out))
    assert out.read_text().startswith("time,acc_x,acc_y,acc_z\n0.0,")


@pytest.mark.parametrize(
    ("option", "message"),
    [
        (("--unit", "stone"), "--unit stone is not valid (it can be g, mg, m/s2 or the counts of a g"),
        (("--labels", "walking"), "--labels walking is not valid (write it as 1:walking,2:stairs_up"),
        (("--rate", "0"), "--rate 0 is not valid (must be 1 to 2000)"),
        (("--unit", "g"), "it fits m/s2: add --unit m/s2"),
    ],
)
def test_an_option_that_does_not_fit_is_refused_in_the_words_of_the_command(
    tmp_path: Path, capsys, option, message
) -> None:
    (tmp_path / "walk.csv").write_text(own())
    assert convert(tmp_path / "walk.csv", "--out", tmp_path / "own.csv", *option) == 2
    text = capsys.readouterr().err
    assert message in text
    assert text.count("\n") == 1


def test_a_recording_is_never_written_over_itself(tmp_path: Path, capsys) -> None:
    path = tmp_path / "walk.csv"
    path.write_text("time,acc_x,acc_y,acc_z\n" + "".join(f"{k / 50},0,0,9.81\n" for k in range(500)))
    before = path.read_bytes()
    assert main(["convert", str(path), "--out", str(path)]) == 2
    assert "is the recording itself; give another name" in capsys.readouterr().err
    assert path.read_bytes() == before
    assert main(["convert", str(path), "--out", str(tmp_path / "own.csv")]) == 0
    assert "for Apple's: --sign apple" in capsys.readouterr().err


def test_labels_with_commas_and_quotes_stay_cells(tmp_path: Path) -> None:
    write_replay(replace(WEARER, labels=np.full(600, 'by bus, "slowly"')), tmp_path / "walk.csv")
    assert convert(tmp_path / "walk.csv", "--out", tmp_path / "own.csv") == 0
    labels = read(tmp_path / "own.csv").labels
    assert labels is not None
    assert set(labels.tolist()) == {'by bus, "slowly"'}


def test_a_file_without_a_sensor_beside_a_recording_is_said_to_be_passed_over(tmp_path: Path, capsys) -> None:
    (tmp_path / "a.csv").write_text(own())
    (tmp_path / "notes.txt").write_text("walked to the shop and back\n")
    assert convert(tmp_path / "a.csv", tmp_path / "notes.txt", "--out", tmp_path / "own.csv") == 0
    assert "recording a.csv (time: s, 50.0 Hz; not read: notes.txt)\n" in capsys.readouterr().err
