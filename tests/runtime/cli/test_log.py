"""The log: on stderr with times, in the journal with priorities, and never hidden by a live view."""

import logging
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console
from rich.live import Live

from har_runtime.cli.log import set_up_log

LOG = logging.getLogger("har_runtime.test")
ARGUMENTS = ["--source", "simulated:?seed=0&seconds=3&speed=max", "--sink", "jsonl:/dev/null"]


@pytest.mark.parametrize(("level", "count"), [("debug", 4), ("info", 3), ("warning", 2), ("error", 1)])
def test_a_level_is_the_minimum_severity(level: str, count: int, capsys) -> None:
    set_up_log(level)
    for number in (logging.DEBUG, logging.INFO, logging.WARNING, logging.ERROR):
        LOG.log(number, "the %s moved", "sensor")
    lines = capsys.readouterr().err.splitlines()
    assert len(lines) == count
    assert re.fullmatch(r"\d\d:\d\d:\d\d ERROR: the sensor moved", lines[-1])


def test_setting_it_up_again_repeats_nothing(capsys) -> None:
    set_up_log("info")
    set_up_log("info")
    LOG.info("once")
    assert capsys.readouterr().err.count("once") == 1


def test_with_a_live_view_a_line_appears_above_it(capsys) -> None:
    set_up_log("warning")
    with Live("the view", console=Console(file=sys.stderr, force_terminal=True), auto_refresh=False):
        LOG.warning("sensor gone")
    text = capsys.readouterr().err
    assert text.index("sensor gone") < text.rindex("the view")


def stream(tmp_path: Path, journal: bool) -> list[str]:
    """The log of har-stream at level info, in a file that JOURNAL_STREAM names, or names another instead."""
    with (tmp_path / "stderr").open("wb") as file:
        there = os.fstat(file.fileno())
        name = f"{there.st_dev}:{there.st_ino + (0 if journal else 1)}"
        command = [sys.executable, "-m", "har_runtime", *ARGUMENTS, "--log-level", "info"]
        environment = {**os.environ, "JOURNAL_STREAM": name}
        subprocess.run(command, stderr=file, env=environment, check=True, timeout=60)
    return (tmp_path / "stderr").read_text().splitlines()


def test_the_journal_gets_priorities_and_no_times(tmp_path: Path) -> None:
    model, source, *_ = stream(tmp_path, journal=True)
    assert model.startswith("<6>model anywhere ")
    assert source == "<6>source: simulated wearer (synthetic signals, seed 0)"


def test_without_the_journal_lines_have_times_even_if_its_name_is_set(tmp_path: Path) -> None:
    model, *_ = stream(tmp_path, journal=False)
    assert re.match(r"\d\d:\d\d:\d\d INFO: model anywhere ", model)
