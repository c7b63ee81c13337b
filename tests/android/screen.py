"""Draws the picture of `android_demo/README.md`: `python -m tests.android.screen`.

The app's own code makes the screen, with the real model and a simulated wearer; stand-ins for Android's views lay it
out and draw it, so no phone's fonts, buttons and bars are in it.
"""

import os
import sys
import tempfile
from pathlib import Path

from tests.android.assets import gather_assets
from tests.android.conftest import write_wearer
from tests.android.jdk import APP, HERE, ROOT, class_path, java, javac, litert_library, sources
from tests.android.resources import write_r

PICTURE = ROOT / "android_demo" / "screen.png"


def draw(out: Path) -> None:
    """Compile all and draw into a PNG."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "classes").mkdir()
        (folder / "assets").mkdir()
        files = [write_r(folder), *sources(APP / "java", HERE / "standins", HERE / "java")]
        javac(files, folder / "classes", "-cp", class_path())
        write_wearer(folder / "wearer.csv")
        properties = {
            "haredge.litert": litert_library(),
            "haredge.assets": gather_assets(folder / "assets"),
            "haredge.res": APP / "res",
            "haredge.wearer": folder / "wearer.csv",
            "user.timezone": "UTC",
        }
        flags = [f"-D{key}={value}" for key, value in properties.items()]
        java(*flags, "-cp", class_path(folder / "classes"), "io.haredge.app.Picture", os.fspath(out))


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else PICTURE)
