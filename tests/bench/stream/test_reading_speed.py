"""The reading of recordings is timed on files that hold what was written."""

import json
from pathlib import Path

import pytest

from har_bench.stream import reading_speed


@pytest.mark.slow
def test_every_kind_of_file_is_read_wholly_and_a_large_one_is_written_and_read_to_its_last_sample(
    tmp_path: Path, capsys
) -> None:
    out = tmp_path / "speed.json"
    assert reading_speed.main(["--out", str(out), "--seconds", "20", "--gigabytes", "0.001"]) == 0
    result = json.loads(out.read_text())
    assert [row["kind"] for row in result["read"]] == list(reading_speed.FILES)
    assert result["read"][0]["times_own_header"] == 1
    memory = result["memory"]
    assert memory["samples_read"] == memory["samples_written"] > result["samples"] >= 2000
    assert memory["bytes"] > 1e6
    assert 0 < memory["level_mib"] <= memory["most_mib"]
