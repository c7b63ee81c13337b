"""What is left by a training that is killed is whole, and goes on; what is not is found."""

import json
import sys
from pathlib import Path

import pytest

from har_bench.training import killed
from har_bench.training.killed import Killed, damaged_files, final_files, main, moment


def program(*codes: str) -> Killed:
    """A small program that writes into the folder named by --out: one code for each time it is started."""
    left = list(codes)

    class Small(Killed):
        def command(self, out: Path) -> list[str]:
            return [sys.executable, "-c", f"import time, pathlib\nout = pathlib.Path({str(out)!r})\n{left.pop(0)}"]

    return Small("small", (), None)


WRITES_AT_ONCE = "out.mkdir(exist_ok=True); (out / 'a.json').write_text('{}')"


def test_a_program_that_ends_whole_has_no_fault(tmp_path: Path) -> None:
    assert moment(program(WRITES_AT_ONCE, WRITES_AT_ONCE), tmp_path / "out", 60, {"a.json"}) == (False, [])


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (
            "out.mkdir(exist_ok=True); (out / 'a.json').write_text('{')",
            "a.json is half-written: it is not",
        ),
        ("out.mkdir(exist_ok=True)", "missing in the end: a.json"),
    ],
)
def test_what_is_half_written_or_missing_is_a_fault(tmp_path: Path, code: str, message: str) -> None:
    assert any(message in problem for problem in moment(program(code, code), tmp_path / "out", 60, {"a.json"})[1])


def test_a_program_that_does_not_go_on_is_a_fault(tmp_path: Path) -> None:
    stays = program("time.sleep(60)", "raise SystemExit('not empty')")
    was_killed, problems = moment(stays, tmp_path / "out", 0.1, set())
    assert was_killed
    assert problems == ["it does not go on: not empty"]


def test_files_that_are_being_written_and_logs_do_not_count(tmp_path: Path) -> None:
    for name in (".run.json.x.part", "logs/metrics.csv", "run.json"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text("{")
    assert list(final_files(tmp_path)) == ["run.json"]
    assert [name for name, _ in damaged_files(tmp_path)] == ["run.json"]


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.parametrize("name", killed.PROGRAMS)
def test_a_program_that_is_killed_leaves_nothing_half_written(name: str, tmp_path: Path) -> None:
    out = tmp_path / "killed.json"
    assert main(["--moments", "1", "--seed", "21", "--program", name, "--out", str(out)]) == 0
    (row,) = json.loads(out.read_text())["programs"]
    assert (row["moments"], row["killed"], row["faults"]) == (1, 1, [])
