"""The first moments of every program: Ctrl-C ends it with code 130 and not a word, whatever it imports just then."""

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from har_runtime.cli import start as start_module
from har_runtime.cli.start import start

PROGRAMS = ("har_runtime", "har_train", "har_train.data", "har_export", "har_bench")
HEAVY = ("numpy", "rich", "ai_edge_litert", "torch", "tensorflow")


def run(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("program", PROGRAMS)
def test_an_entry_point_imports_nothing_heavy(program: str) -> None:
    code = f"import {program}.__main__ as entry, sys; print([name for name in {HEAVY} if name in sys.modules])"
    if program == "har_runtime":  # Its entry point is the function, which `python -m` calls as well.
        code = code.replace(".__main__", ".cli.stream")
    assert run(code).stdout == "[]\n"


def test_ctrl_c_in_an_import_ends_it_without_a_traceback(tmp_path: Path, ctrl_c: None) -> None:
    (tmp_path / "interrupted.py").write_text(
        "import os, signal\n"
        "try:\n    os.kill(os.getpid(), signal.SIGINT)\n"
        "except BaseException:\n    raise ImportError('C code does this')\n"
        "def main(arguments): return 0\n"
    )
    result = run(
        f"import sys; sys.path.insert(0, {str(tmp_path)!r}); "
        "from har_runtime.cli.start import start; sys.exit(start('interrupted'))"
    )
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "")


@pytest.mark.parametrize("program", PROGRAMS)
def test_ctrl_c_in_the_imports_of_a_program_ends_it_without_a_traceback(program: str, ctrl_c: None) -> None:
    code = (
        "import os, runpy, signal, sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'har_runtime.cli.common': os.kill(os.getpid(), signal.SIGINT)\n"
        "sys.meta_path.insert(0, Finder())\n"
        f"runpy.run_module('{program}', run_name='__main__')\n"
    )
    result = run(code, "--help")
    assert (result.returncode, result.stdout, result.stderr) == (130, "", "")


def test_a_handler_of_the_caller_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        monkeypatch.setattr(start_module, "import_module", lambda module: pytest)
        monkeypatch.setattr(pytest, "main", lambda arguments: 7)
        assert start("any", []) == 7
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_the_public_names_are_there_and_others_are_not() -> None:
    import har_runtime

    assert all(getattr(har_runtime, name).__name__ == name for name in har_runtime.__all__ if name != "UNKNOWN")
    assert har_runtime.UNKNOWN == "unknown"
    assert set(har_runtime.__all__) <= set(dir(har_runtime))
    with pytest.raises(AttributeError, match="no attribute 'absent'"):
        har_runtime.absent  # noqa: B018
