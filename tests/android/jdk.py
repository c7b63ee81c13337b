"""Compiles the app and the tests' Java with javac, and runs it: no Gradle and no Android here."""

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
APP = ROOT / "android_demo" / "app" / "src" / "main"
HERE = Path(__file__).parent
JARS = Path("/usr/share/java")
NEEDED_JARS = (
    "junit-jupiter-api.jar",
    "junit-jupiter-engine.jar",
    "junit-jupiter-params.jar",
    "junit-platform-commons.jar",
    "junit-platform-engine.jar",
    "junit-platform-launcher.jar",
    "junit-platform-console.jar",
    "junit-platform-reporting.jar",
    "opentest4j.jar",
    "apiguardian-api.jar",
    "picocli.jar",
    "jna.jar",
)
"""Of Debian's packages junit5 and libjna-java."""
TIMEOUT_S = 300


def require_jdk() -> None:
    """Skip, with the reason, where the JDK or Debian's Java packages are not installed."""
    if shutil.which("javac") is None:
        pytest.skip("no javac: apt install openjdk-17-jdk-headless")
    missing = [name for name in NEEDED_JARS if not (JARS / name).is_file()]
    if missing:
        pytest.skip(f"no {', '.join(missing)} in {JARS}: apt install junit5 libjna-java")


def litert_library() -> Path:
    """libLiteRt.so of the ai-edge-litert wheel."""
    spec = find_spec("ai_edge_litert")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "libLiteRt.so"


def sources(*folders: Path) -> list[Path]:
    """Java files of folders."""
    return sorted(path for folder in folders for path in folder.rglob("*.java"))


def class_path(*folders: Path) -> str:
    """Folders of classes, and the jars."""
    return ":".join(str(path) for path in (*folders, *(JARS / name for name in NEEDED_JARS)))


def javac(files: list[Path], out: Path, *options: str) -> None:
    """Compile without a warning, for the Java that Android's tools are given too."""
    command = [
        "javac",
        "--release",
        "17",
        "-Xlint:all,-processing,-path",
        "-Werror",
        "-encoding",
        "UTF-8",
        "-d",
        str(out),
    ]
    done = subprocess.run(
        [*command, *options, *map(str, files)], capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def java(*arguments: str, wanted: int | None = 0) -> subprocess.CompletedProcess[str]:
    """Run Java; `wanted` is the exit code it must have, None for any."""
    done = subprocess.run(["java", *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert wanted is None or done.returncode == wanted, done.stdout + done.stderr
    return done
