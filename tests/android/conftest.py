"""Compiles the app once and runs its JUnit tests once for all tests of this folder."""

import json
from pathlib import Path

import pytest
from tests.android.app_answers import write_answers
from tests.android.assets import gather_assets, write_wearer
from tests.android.faulty import faulty_cases
from tests.android.jdk import QUICK_START, ROOT, compile_app, java_properties, require_jdk, run_junit
from tests.android.places_model import write_outputs, write_places_model

from har_runtime.model.load import load_model


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The app's assets, as the Gradle task copies them."""
    return gather_assets(tmp_path_factory.mktemp("assets"))


@pytest.fixture(scope="session")
def classes(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The compiled app, stand-ins for Android and Java tests."""
    require_jdk()
    return compile_app(tmp_path_factory.mktemp("classes"))


@pytest.fixture(scope="session")
def properties(classes: Path, assets: Path, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """System properties that name the files used by the Java tests and stand-ins."""
    folder = tmp_path_factory.mktemp("made")
    (folder / "faulty.json").write_text(json.dumps({"cases": faulty_cases()}), encoding="ascii")
    write_wearer(folder / "wearer.csv")
    write_answers(folder / "wearer.csv", folder / "answers.json", folder / "anna.json")
    write_places_model(folder)
    for name, model in (("anyplace", folder / "anyplace.tflite"), ("anywhere", "anywhere")):
        write_outputs(load_model(model), folder / f"{name}-outputs.json")
    return [
        *java_properties(assets, folder / "wearer.csv"),
        f"-Dharedge.vectors={ROOT / 'export' / 'vectors.json'}",
        f"-Dharedge.faulty={folder / 'faulty.json'}",
        f"-Dharedge.pretrained={ROOT / 'runtime' / 'har_runtime' / 'pretrained'}",
        f"-Dharedge.answers={folder / 'answers.json'}",
        f"-Dharedge.places={folder}",
        f"-Dharedge.out={folder}",
    ]


@pytest.fixture(scope="session")
def made(properties: list[str]) -> Path:
    """The folder that the Java tests write to, when they have run."""
    return Path(properties[-1].partition("=")[2])


@pytest.fixture(scope="session")
def junit(classes: Path, properties: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The results of the Java tests without the tag "slow": see `run_junit`."""
    flags = [*QUICK_START, *properties]
    return run_junit(classes, flags, tmp_path_factory.mktemp("junit"), "--exclude-tag=slow")


@pytest.fixture(scope="session")
def slow_junit(classes: Path, properties: list[str], tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The results of the Java tests with the tag "slow": see `run_junit`."""
    return run_junit(classes, properties, tmp_path_factory.mktemp("junit"), "--include-tag=slow")
