"""csv: writes a table for a spreadsheet: its columns, its header, and the same values as jsonl:."""

import csv
import io
import json
from dataclasses import replace
from pathlib import Path

import pytest
from tests.runtime import fake_model
from tests.runtime.sinks.files.test_sink import rows_of, write_some
from tests.runtime.sinks.made_answers import CARD, make_answer, stream_info

from har_runtime.answers.answer import UNKNOWN
from har_runtime.cli.stream import main
from har_runtime.errors import SourceError
from har_runtime.sinks import open_sink

PLAIN = [
    "unix_s", "version", "start_s", "end_s", "segment", "activity", "confidence", "reason",
    "window_label", "window_confidence", "truth",
]  # fmt: skip


def test_the_columns_are_the_plain_values_and_two_for_each_label(tmp_path: Path) -> None:
    write_some(f"csv:{tmp_path / 'day.csv'}", range(1))
    header = (tmp_path / "day.csv").read_text().splitlines()[0].split(",")
    probabilities = [f"probability_{label}" for label in CARD.labels]
    of_the_window = [f"window_probability_{label}" for label in CARD.labels]
    assert header == [*PLAIN, *probabilities, *of_the_window]


def test_the_values_are_those_of_the_json_lines(tmp_path: Path) -> None:
    arguments = ["--source", "simulated:?seconds=30&speed=max"]
    assert main([*arguments, "--sink", f"csv:{tmp_path / 'day.csv'}", "--sink", f"jsonl:{tmp_path / 'day.jsonl'}"]) == 0
    tables, lines = rows_of(tmp_path / "day.csv"), rows_of(tmp_path / "day.jsonl")
    assert len(tables) == len(lines) == 59
    for cells, row in zip(tables, lines, strict=True):
        assert [cells[name] for name in PLAIN] == [str(row.get(name, "")) for name in PLAIN]
        for label in CARD.labels:
            assert float(cells[f"probability_{label}"]) == row["probabilities"][label]
            assert float(cells[f"window_probability_{label}"]) == row["window_probabilities"][label]


def test_the_place_is_a_column_if_the_model_tells_places(tmp_path: Path) -> None:
    sink = open_sink(f"csv:{tmp_path / 'day.csv'}", replace(stream_info(), card=fake_model.CARD))
    for answer in fake_model.answered(("gait", "thigh", 20)):
        sink.append(sink.encode(answer))
    sink.close()
    rows = rows_of(tmp_path / "day.csv")
    assert list(rows[0])[5:9] == ["activity", "confidence", "reason", "place"]
    assert {row["activity"] for row in rows} == {"on_foot"}
    assert (rows[0]["place"], rows[-1]["place"]) == ("", "thigh")


def test_only_an_unknown_activity_has_a_reason(tmp_path: Path) -> None:
    write_some(f"csv:{tmp_path / 'day.csv'}", range(1))
    write_some(f"csv:{tmp_path / 'day.csv'}", range(1), activity=UNKNOWN, reason="not worn", truth="sitting")
    assert [(row["activity"], row["reason"], row["truth"]) for row in rows_of(tmp_path / "day.csv")] == [
        ("walking", "", ""),
        (UNKNOWN, "not worn", "sitting"),
    ]


def test_a_file_has_one_header_however_often_the_program_starts(tmp_path: Path) -> None:
    for _ in range(3):
        write_some(f"csv:{tmp_path / 'day.csv'}", range(2))
    lines = (tmp_path / "day.csv").read_text().splitlines()
    assert len(lines) == 7
    assert [line.startswith("unix_s") for line in lines] == [True] + 6 * [False]


def test_every_file_of_a_rotated_table_has_the_header(tmp_path: Path) -> None:
    write_some(f"csv:{tmp_path / 'day.csv'}?rotate=10kB", range(100))
    tables = sorted(tmp_path.iterdir())
    assert len(tables) > 1
    assert len({path.read_text().splitlines()[0] for path in tables}) == 1
    assert sum(len(rows_of(path)) for path in tables) == 100


def test_a_table_of_another_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    write_some(f"csv:{path}", range(2))
    info = replace(stream_info(), card=replace(CARD, labels=("still", "moving")))
    with pytest.raises(SourceError, match="answers of another model or an earlier version"):
        open_sink(f"csv:{path}", info)


def test_a_table_on_standard_output_has_the_header_first(capsys) -> None:
    assert main(["--source", "simulated:?seconds=6&speed=max", "--sink", "csv:-", "--json"]) == 0
    out = capsys.readouterr().out
    table, result = out[: out.index("{")], json.loads(out[out.index("{") :])
    assert len(list(csv.DictReader(io.StringIO(table)))) == result["windows"] == 11


def test_a_label_with_a_comma_stays_in_its_cell(tmp_path: Path) -> None:
    info = replace(stream_info(), card=replace(CARD, labels=("sitting, upright", *CARD.labels[1:])))
    sink = open_sink(f"csv:{tmp_path / 'day.csv'}", info)
    sink.append(sink.encode(make_answer(0, activity="sitting, upright")))
    sink.close()
    (row,) = rows_of(tmp_path / "day.csv")
    assert row["activity"] == "sitting, upright"
    assert float(row["probability_sitting, upright"]) == pytest.approx(0.9)


def test_a_table_of_an_earlier_version_is_refused_and_unchanged(tmp_path: Path) -> None:
    path = tmp_path / "day.csv"
    plain = "unix_s,start_s,end_s,segment,activity,confidence,reason,label,raw_confidence,truth"
    labels = [f"{kind}_{label}" for kind in ("probability", "smoothed") for label in CARD.labels]
    content = ",".join([plain, *labels]) + "\n"
    path.write_text(content)
    with pytest.raises(SourceError) as caught:
        open_sink(f"csv:{path}", stream_info())
    assert str(caught.value) == (
        f"{path}: holds something else, or answers of another model or an earlier version of haredge; give another file"
    )
    assert path.read_text() == content
