"""Files for the app: its assets, taken from the files that the Gradle task names, and a simulated wearer."""

import re
import shutil
from pathlib import Path

import numpy as np
from tests.android.jdk import APP, ROOT
from tests.conftest import simulated_recording

BUILD_SCRIPT = APP.parents[1] / "build.gradle.kts"


def asset_sources() -> list[Path]:
    """The files of the repository that `copyModels` in the build script copies."""
    text = BUILD_SCRIPT.read_text(encoding="utf-8")
    (block,) = re.findall(r"^val models = listOf\((.*?)\)", text, re.DOTALL | re.MULTILINE)
    names = re.findall(r'"([^"]+)"', block)
    assert names, "build.gradle.kts names no models"
    return [ROOT / name for name in names]


def gather_assets(folder: Path) -> Path:
    """Copy them into a folder."""
    for source in asset_sources():
        shutil.copy(source, folder / source.name)
    return folder


def write_wearer(path: Path) -> None:
    """Write two minutes of a simulated wearer at 50 Hz: standing, walking, stairs, sitting, lying."""
    recording = simulated_recording(seed=7, samples=6000)
    assert recording.gyro is not None
    np.savetxt(path, np.concatenate([recording.acc, recording.gyro], axis=1), fmt="%.5f", delimiter=",")
