"""The script that times reports, on days of a few minutes."""

import json
from pathlib import Path

import pytest

from har_bench.stream import report_speed


@pytest.mark.slow
def test_each_report_is_measured_and_files_by_change_are_much_smaller(tmp_path: Path) -> None:
    out = tmp_path / "speed.json"
    assert report_speed.main(["--out", str(out), "--days", "2", "--windows", "600"]) == 0
    result = json.loads(out.read_text())
    reports = {row["report"]: row for row in result["reports"]}
    assert list(reports) == ["a day", "all days", "all days, with a picture", "all days, by change"]
    assert all(row["seconds"] > 0 and row["peak_mib"] > 10 for row in reports.values())
    assert reports["all days, by change"]["bytes"] < reports["all days"]["bytes"] / 10
