"""The unit file and its configuration, by systemd's own tools and by har-stream itself."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from har_runtime.cli import main

SERVICE = Path(__file__).parents[2] / "runtime" / "service"
UNIT = SERVICE / "haredge.service"
MOST_EXPOSURE = 1.5
"""Of 10, by systemd's own count. A service of Debian has 9 as a rule; "OK" begins at 5, and network and a serial port
alone cost 1.3."""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None, reason="no systemd-analyze here (Debian package systemd)"
)


@needs_systemd
def test_systemd_finds_nothing_wrong_with_the_unit(tmp_path: Path) -> None:
    program = Path(sys.executable).parent / "har-stream"
    assert program.exists()
    unit = tmp_path / UNIT.name  # Where the unit expects the program, there is none here.
    unit.write_text(UNIT.read_text().replace("/opt/haredge/bin/har-stream", str(program)))
    result = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", str(unit)], capture_output=True, text=True, timeout=60, check=False
    )
    assert (result.returncode, result.stdout + result.stderr) == (0, "")


@needs_systemd
def test_systemd_counts_little_that_the_service_could_do_harm_with() -> None:
    command = ["systemd-analyze", "security", "--offline=yes", f"--threshold={10 * MOST_EXPOSURE:.0f}", str(UNIT)]
    result = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert result.returncode == 0, result.stdout[-200:] + result.stderr
    command[3] = "--threshold=5"
    assert subprocess.run(command, capture_output=True, timeout=60, check=False).returncode != 0


def test_the_configuration_of_the_service_is_one_that_har_stream_takes(tmp_path: Path, monkeypatch, capsys) -> None:
    text = (SERVICE / "haredge.toml").read_text()
    assert 'source = "serial:auto"' in text
    config = tmp_path / "haredge.toml"
    config.write_text(text.replace("# axes", "axes"))  # What is proposed must be right as well.
    monkeypatch.chdir(tmp_path)
    arguments = ["--config", str(config), "--source", "simulated:?seed=0&seconds=10&speed=max"]
    assert main(arguments) == 0
    assert len((tmp_path / "day.jsonl").read_text().splitlines()) == 19


def test_the_model_runs_without_memory_that_is_writable_and_executable(tmp_path: Path) -> None:
    """As MemoryDenyWriteExecute= demands; the kernel itself refuses it here (PR_SET_MDWE, Linux 6.3)."""
    script = (
        "import ctypes, sys\n"
        "if ctypes.CDLL(None).prctl(65, 1, 0, 0, 0): sys.exit(77)\n"
        "from har_runtime.cli import main\n"
        "sys.exit(main(['--source', 'simulated:?seconds=5&speed=max', '--sink', 'jsonl:-']))"
    )
    result = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False)
    if result.returncode == 77:
        pytest.skip("this kernel cannot refuse such memory: it is older than 6.3")
    assert result.returncode == 0, result.stderr
    assert len(result.stdout.splitlines()) == 9
