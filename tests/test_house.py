"""The house rules that a tool can hold: lint, types, one-way imports, and a README whose figures are measured."""

import ast
import re
import subprocess
import sys
from pathlib import Path

import pytest
from tests.conftest import simulated_recording

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    "command",
    [
        ["ruff", "check", "."],
        ["ruff", "format", "--check", "."],
        pytest.param(["basedpyright", "--warnings", "--pythonpath", sys.executable], marks=pytest.mark.slow),
        ["lint-imports"],
    ],
    ids=lambda command: command[0],
)
def test_the_code_is_clean(command: list[str]) -> None:
    tool = Path(sys.executable).parent / command[0]
    result = subprocess.run([tool, *command[1:]], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


@pytest.mark.slow
def test_the_readmes_show_the_figures_of_the_results() -> None:
    result = subprocess.run(
        [sys.executable, "-m", "har_bench.readme.figures", "--check"], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr


def test_no_file_names_a_machine_and_none_is_large() -> None:
    tracked = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for name in filter(None, tracked.split("\0")):
        content = (ROOT / name).read_bytes()
        assert len(content) < 3_000_000, name
        if name != "tests/test_house.py":
            assert b"/work/" not in content, name


def test_json_is_written_without_nan_which_it_does_not_have() -> None:
    for room in ("runtime", "train", "export", "benchmarks"):
        for path in (ROOT / room).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Call) and ast.unparse(node.func) in ("json.dump", "json.dumps"):
                    strict = {ast.unparse(word.value) for word in node.keywords if word.arg == "allow_nan"}
                    assert strict == {"False"}, f"{path}:{node.lineno}: json without allow_nan=False"


def test_the_library_example_of_the_readme_runs() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"```python\n(.*?)```", text, re.DOTALL)
    assert len(example.splitlines()) <= 10
    recording = simulated_recording(0, 200)
    sensor = [(recording.times_ns, recording.acc, recording.gyro)]
    printed: list[tuple[object, ...]] = []
    exec(example, {"sensor": sensor, "print": lambda *values: printed.append(values)})
    assert len(printed) == 7
    assert printed[0][:2] == (0.98, "still")  # Nobody has walked yet: postures cannot be told apart.
