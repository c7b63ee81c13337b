"""Compiles and runs the app and its Java tests with the JDK alone, without Gradle and Android."""

import shutil
import subprocess
import xml.etree.ElementTree as ElementTree
from importlib.util import find_spec
from pathlib import Path

import pytest
from tests.android.resources import APP, write_r

ROOT = Path(__file__).parents[2]
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
    "json-android.jar",
)
"""From the Debian packages junit5, libjna-java and libandroid-json-org-java (org.json as Android has it)."""
TIMEOUT_S = 300
QUICK_START = ("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
"""For runs of seconds: full optimisation would take more time than it saves."""


def require_jdk() -> None:
    """Skip the test if the JDK or one of Debian's Java packages is not installed."""
    if shutil.which("javac") is None:
        pytest.skip("no javac: apt install openjdk-17-jdk-headless")
    missing = [name for name in NEEDED_JARS if not (JARS / name).is_file()]
    if missing:
        pytest.skip(f"no {', '.join(missing)} in {JARS}: apt install junit5 libjna-java libandroid-json-org-java")


def litert_library() -> Path:
    """libLiteRt.so in the ai-edge-litert wheel."""
    spec = find_spec("ai_edge_litert")
    assert spec is not None and spec.origin is not None
    return Path(spec.origin).parent / "libLiteRt.so"


def sources(*folders: Path) -> list[Path]:
    """The Java files in folders."""
    return sorted(path for folder in folders for path in folder.rglob("*.java"))


def class_path(*folders: Path) -> str:
    """A class path of folders and the jars."""
    return ":".join(str(path) for path in (*folders, *(JARS / name for name in NEEDED_JARS)))


def javac(files: list[Path], out: Path, *options: str) -> None:
    """Compile without warnings, for the Java version of the Gradle build."""
    command = ["javac", *(f"-J{flag}" for flag in QUICK_START), "--release", "17", "-encoding", "UTF-8"]
    command += ["-Xlint:all,-processing,-path", "-Werror", "-d", str(out), *options, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def compile_app(out: Path) -> Path:
    """Compile the app, the stand-ins for Android and the Java tests into a folder."""
    javac([write_r(out), *sources(APP / "java", HERE / "standins", HERE / "java")], out, "-cp", class_path())
    return out


def java_properties(assets: Path, wearer: Path) -> list[str]:
    """System properties that name the files which the app uses on the stand-ins."""
    values = {
        "user.timezone": "UTC",
        "haredge.litert": litert_library(),
        "haredge.assets": assets,
        "haredge.res": APP / "res",
        "haredge.wearer": wearer,
    }
    return [f"-D{name}={value}" for name, value in values.items()]


def java(*arguments: str, expected: int | None = 0) -> subprocess.CompletedProcess[str]:
    """Run Java; `expected` is the exit code it must have, None for any."""
    done = subprocess.run(["java", *arguments], capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert expected is None or done.returncode == expected, done.stdout + done.stderr
    return done


def run_junit(classes: Path, flags: list[str], reports: Path, *selection: str) -> dict[str, str]:
    """Run Java tests; returns "" for each "Class.method" that passed, and the reason for each that did not."""
    launcher = "org.junit.platform.console.ConsoleLauncher"
    scan = [f"--scan-classpath={classes}", f"--reports-dir={reports}", "--disable-banner", "--details=none", *selection]
    ran = java("-Xmx512m", *flags, "-cp", class_path(classes), launcher, *scan, expected=None)
    print(ran.stdout)
    results: dict[str, str] = {}
    for report in reports.glob("TEST-junit-jupiter.xml"):
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            faults = (case.find(kind) for kind in ("failure", "error", "skipped"))
            fault = next((fault for fault in faults if fault is not None), None)
            name = f"{case.attrib['classname'].rpartition('.')[2]}.{case.attrib['name'].partition('(')[0]}"
            results[name] = "" if fault is None else (fault.text or "skipped")
    assert results, ran.stdout + ran.stderr
    return results
