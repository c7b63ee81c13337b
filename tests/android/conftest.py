"""The app compiled once, its JUnit tests run once, for all tests of this folder."""

import json
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import numpy as np
import pytest
from tests.android.assets import gather_assets
from tests.android.faulty import faulty_cases
from tests.android.jdk import APP, HERE, ROOT, class_path, java, javac, litert_library, require_jdk, sources
from tests.android.resources import write_r
from tests.conftest import simulated_recording


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assets as the Gradle task puts them together."""
    return gather_assets(tmp_path_factory.mktemp("assets"))


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """App, stand-ins for Android and Java tests, compiled without a warning."""
    require_jdk()
    out = tmp_path_factory.mktemp("classes")
    r = write_r(tmp_path_factory.mktemp("r"))
    javac([r, *sources(APP / "java", HERE / "standins", HERE / "java")], out, "-cp", class_path())
    return out


@pytest.fixture(scope="session")
def properties(classes: Path, assets: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """What the Java tests and stand-ins are told of the files they use."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "faulty.json").write_text(json.dumps({"cases": faulty_cases()}), encoding="ascii")
    write_wearer(folder / "wearer.csv")
    values = {
        "user.timezone": "UTC",
        "haredge.litert": litert_library(),
        "haredge.assets": assets,
        "haredge.res": APP / "res",
        "haredge.vectors": ROOT / "export" / "vectors.json",
        "haredge.faulty": folder / "faulty.json",
        "haredge.wearer": folder / "wearer.csv",
        "haredge.out": folder,
    }
    return [f"-D{name}={value}" for name, value in values.items()]


@pytest.fixture(scope="session")
def made(properties: list[str]) -> Path:
    """Folder of what the Java tests write, once `junit` has run."""
    return Path(properties[-1].partition("=")[2])


@pytest.fixture(scope="session")
def junit(classes: Path, properties: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What JUnit says of each test, as "Class.method": "" where it passed, else why not."""
    reports = tmp_path_factory.mktemp("junit")
    launcher = "org.junit.platform.console.ConsoleLauncher"
    scan = [f"--scan-classpath={classes}", f"--reports-dir={reports}", "--disable-banner", "--details=none"]
    ran = java("-Xmx512m", *properties, "-cp", class_path(classes), launcher, *scan, wanted=None)
    print(ran.stdout)
    results: dict[str, str] = {}
    for report in reports.glob("TEST-junit-jupiter.xml"):
        for case in ElementTree.parse(report).getroot().iter("testcase"):
            fault = next(
                (case.find(kind) for kind in ("failure", "error", "skipped") if case.find(kind) is not None), None
            )
            name = f"{case.attrib['classname'].rpartition('.')[2]}.{case.attrib['name'].partition('(')[0]}"
            results[name] = "" if fault is None else (fault.text or "skipped")
    assert results, ran.stdout + ran.stderr
    return results


def write_wearer(path: Path) -> None:
    """Two minutes of a simulated wearer at 50 Hz: standing, walking, stairs, sitting, lying."""
    recording = simulated_recording(seed=7, samples=6000)
    np.savetxt(path, np.concatenate([recording.acc, recording.gyro], axis=1), fmt="%.5f", delimiter=",")
