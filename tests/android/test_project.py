"""The Gradle project, its manifest and resources, as far as they can be checked without Gradle."""

import hashlib
import itertools
import json
import re
import shutil
import subprocess
import tomllib
from pathlib import Path
from xml.etree import ElementTree

import pytest
from tests.android.assets import BUILD_SCRIPT, asset_sources
from tests.android.jdk import APP, ROOT, class_path, javac, sources
from tests.android.resources import resource_names

from har_runtime.answers.answer import UNKNOWN
from har_runtime.answers.palette import COLOURS, NOT_WORN, SPARE
from har_runtime.contract import FAMILIES, PLACE_OF, PLACES
from har_runtime.model.load import load_model

PROJECT = ROOT / "android_demo"
README = (PROJECT / "README.md").read_text(encoding="utf-8")
ANDROID = "{http://schemas.android.com/apk/res/android}"
MANIFEST = APP / "AndroidManifest.xml"
FRAMEWORK = Path("/usr/share/android-framework-res/framework-res.apk")


def _build_script() -> str:
    return BUILD_SCRIPT.read_text(encoding="utf-8")


def test_litert_is_the_only_library_and_is_pinned() -> None:
    libraries = re.findall(r'(?:implementation|api|runtimeOnly|compileOnly)\("([^"]+)"\)', _build_script())
    (library,) = libraries
    assert re.fullmatch(r"com\.google\.ai\.edge\.litert:litert:\d+\.\d+\.\d+", library)


def test_the_app_supports_android_8_to_16_and_has_the_version_of_haredge() -> None:
    text = _build_script()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    for setting in ("minSdk = 26", "targetSdk = 36", "compileSdk = 36", f'versionName = "{version}"'):
        assert setting in text
    activity = (APP / "java/io/haredge/demo/BenchmarkActivity.java").read_text(encoding="utf-8")
    assert f'APP_VERSION = "{version}"' in activity


def test_the_core_needs_only_java_and_org_json() -> None:
    core = sources(APP / "java/io/haredge/demo/core")
    assert len(core) > 10
    for path in core:
        imports = re.findall(r"^import (?:static )?([\w.]+);", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert all(name.startswith(("java.", "org.json.")) for name in imports), path.name


def test_the_assets_are_the_pretrained_model_its_card_and_its_float32_version() -> None:
    files = {path.name: path for path in asset_sources()}
    assert sorted(files) == ["anywhere-fp32.tflite", "anywhere.json", "anywhere.tflite"]
    models = ROOT / "runtime" / "har_runtime" / "pretrained"
    card = json.loads(files["anywhere.json"].read_text(encoding="utf-8"))
    assert files["anywhere.json"].read_bytes() == (models / "anywhere.json").read_bytes()
    assert hashlib.sha256(files["anywhere.tflite"].read_bytes()).hexdigest() == card["sha256"]
    assert not list(APP.glob("assets/*")), "each build copies the assets"


def test_an_activity_has_the_same_colour_as_in_har_stream() -> None:
    colours = {node.attrib["name"]: node.text for node in ElementTree.parse(APP / "res/values/colors.xml").getroot()}
    shown = {name.partition("_")[2]: colour for name, colour in colours.items() if name.startswith("activity_")}
    assert shown == {name: f"#FF{colour[1:]}" for name, colour in COLOURS.items() if name != NOT_WORN}
    app = (APP / "java/io/haredge/demo/ActivityColours.java").read_text(encoding="utf-8")
    (spare,) = re.findall(r"SPARE = \{(.*?)\};", app, re.DOTALL)
    assert tuple(COLOURS[name] for name in re.findall(r"activity_(\w+)", spare)) == SPARE


def test_every_activity_family_and_place_has_a_name_and_a_colour() -> None:
    names = (APP / "java/io/haredge/demo/ActivityNames.java").read_text(encoding="utf-8")
    colours = (APP / "java/io/haredge/demo/ActivityColours.java").read_text(encoding="utf-8")
    labels = {label for model in ("anywhere", "waist") for label in load_model(model).card.labels}
    activities = {*labels, *FAMILIES, *itertools.chain(*FAMILIES.values()), UNKNOWN}
    for activity in activities:
        assert f'case "{activity}":\n                return context.getString(R.string.{activity});' in names
        assert f'case "{activity}":\n                return R.color.activity_{activity};' in colours
    for place in PLACES:
        assert f'case "{place}":\n                return context.getString(R.string.at_{place});' in names
    settings = (APP / "java/io/haredge/demo/Settings.java").read_text(encoding="utf-8")
    (choices,) = re.findall(r"PLACES = List\.of\((.*?)\);", settings)
    assert {PLACE_OF[choice] for choice in re.findall(r'"(\w+)"', choices)} == set(PLACES)
    for choice in re.findall(r'"(\w+)"', choices):
        assert f'case "{choice}":\n                return context.getString(R.string.carried_{choice});' in names


def test_the_float32_version_is_from_the_same_training() -> None:
    from har_runtime.model.card import METADATA_NAME
    from har_runtime.model.tflite_metadata import read_metadata

    def training(name: str) -> object:
        (path,) = [path for path in asset_sources() if path.name == name]
        return json.loads(read_metadata(path.read_bytes(), path)[METADATA_NAME])["training"]

    assert training("anywhere-fp32.tflite") == training("anywhere.tflite")


def test_the_app_has_no_internet_permission_and_the_readme_explains_the_others() -> None:
    asked = [entry.attrib[f"{ANDROID}name"] for entry in ElementTree.parse(MANIFEST).getroot().iter("uses-permission")]
    assert "android.permission.INTERNET" not in asked
    for name in asked:
        assert f"| `{name.rpartition('.')[2]}` |" in README, name
    assert len(re.findall(r"^\| `[A-Z_]+` \|", README, re.MULTILINE)) == len(asked)


def test_the_service_is_of_type_health_and_not_exported() -> None:
    (service,) = ElementTree.parse(MANIFEST).getroot().iter("service")
    assert service.attrib[f"{ANDROID}foregroundServiceType"] == "health"
    assert service.attrib[f"{ANDROID}exported"] == "false"


def test_every_class_in_the_manifest_exists() -> None:
    for kind in ("activity", "service"):
        for entry in ElementTree.parse(MANIFEST).getroot().iter(kind):
            name = entry.attrib[f"{ANDROID}name"].removeprefix(".")
            assert (APP / f"java/io/haredge/demo/{name}.java").is_file()


def test_every_resource_is_used() -> None:
    texts = [path.read_text(encoding="utf-8") for path in [*sources(APP / "java"), MANIFEST, *APP.glob("res/*/*.xml")]]
    everything = "\n".join(texts)
    for kind, names in resource_names().items():
        for name in names:
            used = rf"R\.{kind}\.{name}\b|@{kind}/{name}\b"
            assert re.search(used, everything), f"{kind}/{name}"


def test_the_dark_theme_replaces_all_colours_except_those_of_activities() -> None:
    by_day, by_night = (
        {entry.attrib["name"] for entry in ElementTree.parse(APP / "res" / folder / "colors.xml").getroot()}
        for folder in ("values", "values-night")
    )
    assert by_night <= by_day
    assert all(name.startswith("activity_") for name in by_day - by_night)


def test_aapt_compiles_the_resources_and_the_manifest(tmp_path: Path) -> None:
    if shutil.which("aapt") is None or not FRAMEWORK.is_file():
        pytest.skip("no aapt or no framework-res.apk: apt install aapt android-framework-res")
    text = MANIFEST.read_text(encoding="utf-8").replace("<manifest ", '<manifest package="io.haredge.demo" ', 1)
    # Debian's framework is that of Android 10, which has no foreground services of type health.
    (tmp_path / "AndroidManifest.xml").write_text(text.replace('="health"', '="dataSync"'), encoding="utf-8")
    command = ["aapt", "package", "-f", "-M", tmp_path / "AndroidManifest.xml", "-S", APP / "res", "-I", FRAMEWORK]
    command += ["--min-sdk-version", "26", "-J", tmp_path, "-F", tmp_path / "app.apk"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    r = (tmp_path / "R.java").read_text(encoding="utf-8")
    for kind, names in resource_names().items():
        (block,) = re.findall(rf"class {kind} \{{(.*?)\n    \}}", r, re.DOTALL)
        assert sorted(re.findall(r"int (\w+)=", block)) == names


def test_the_example_of_the_readme_compiles_in_30_lines(classes: Path, tmp_path: Path) -> None:
    (example,) = re.findall(r"```java\n(.*?)```", README, re.DOTALL)
    assert len(example.splitlines()) <= 30
    path = tmp_path / "Example.java"
    path.write_text(example, encoding="utf-8")
    javac([path], tmp_path, "-cp", class_path(classes))
