"""The app's assets, put together from the files that the Gradle task names."""

import re
import shutil
from pathlib import Path

from tests.android.jdk import APP, ROOT

BUILD_SCRIPT = APP.parents[1] / "build.gradle.kts"


def asset_sources() -> list[Path]:
    """The files of the repository that `copyModels` in the build script copies."""
    text = BUILD_SCRIPT.read_text(encoding="utf-8")
    (block,) = re.findall(r"^val models = listOf\((.*?)\)", text, re.DOTALL | re.MULTILINE)
    names = re.findall(r'"([^"]+)"', block)
    assert names, "build.gradle.kts names no models"
    return [ROOT / name for name in names]


def gather_assets(folder: Path) -> Path:
    """Copies of them in a folder."""
    for source in asset_sources():
        shutil.copy(source, folder / source.name)
    return folder
