"""The folder that `har-export page` makes: whole or not at all, with everything in it and a policy that it keeps."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest

from har_export import page
from har_export.cli import main
from har_export.page import LOADER, RUNTIME, check_folder, make_page, npm_command, pinned_versions, site_files
from har_runtime.errors import DataError, HarError, ModelError


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """npm's packages with the right versions and made-up contents."""
    return fake_packages(tmp_path_factory.mktemp("npm") / "node_modules")


def fake_packages(folder: Path, **versions: str) -> Path:
    for name, pin in (pinned_versions() | versions).items():
        (folder / name).mkdir(parents=True)
        (folder / name / "package.json").write_text(json.dumps({"name": name, "version": pin}))
    for package, path in RUNTIME.values():
        (folder / package / path).parent.mkdir(exist_ok=True)
        (folder / package / path).write_text(path)
    return folder


def test_everything_that_the_page_names_is_in_the_folder(packages: Path, tmp_path: Path) -> None:
    content = make_page("anywhere", tmp_path / "site", packages)
    written = {
        file.relative_to(tmp_path / "site").as_posix() for file in (tmp_path / "site").rglob("*") if file.is_file()
    }
    assert written == set(content)
    for name, data in content.items():
        assert (tmp_path / "site" / name).read_bytes() == data
    html = content["index.html"].decode()
    named = {*re.findall(r'(?:href|src)="([^"]+)"', html)}
    named |= {entry["src"] for entry in json.loads(content["manifest.webmanifest"])["icons"]}
    named |= {path.removeprefix("./") for path in page.IMPORTS.values()} | {f"litert/{LOADER}"}
    for name, data in content.items():
        if name.endswith(".js") and not name.startswith("litert/"):
            for imported in re.findall(r'from "(\.[^"]+)"', data.decode()):
                named.add((Path("/") / name).parent.joinpath(imported).resolve().as_posix().lstrip("/"))
    assert named <= written, named - written


def test_every_file_is_kept_for_use_offline_and_another_file_makes_another_cache(packages: Path) -> None:
    first, second = (site_files(model, packages, None) for model in ("anywhere", "waist"))
    kept = json.loads(re.search(r"FILES = (\[.*\])", first["service-worker.js"].decode())[1])  # type: ignore[index]
    assert {*kept} == {*first, "./"} - {"index.html", "service-worker.js"}
    names = [
        re.search(r'CACHE = "(haredge-[0-9a-f]{16})"', each["service-worker.js"].decode()) for each in (first, second)
    ]
    assert names[0] and names[1] and names[0][1] != names[1][1]
    assert first == site_files("anywhere", packages, None)


def policy(content: dict[str, bytes]) -> dict[str, list[str]]:
    """The sources of each directive."""
    found = re.search(r'Security-Policy" content="([^"]+)"', content["index.html"].decode())
    assert found is not None
    return {words[0]: words[1:] for words in (directive.split() for directive in found[1].split("; "))}


def test_the_policy_allows_this_site_alone_and_the_import_map_by_its_digest(packages: Path) -> None:
    content = site_files("anywhere", packages, None)
    given = policy(content)
    imports = re.search(r'<script type="importmap">(.*?)</script>', content["index.html"].decode())
    assert imports is not None
    digest = base64.b64encode(hashlib.sha256(imports[1].encode()).digest()).decode()
    assert given.pop("script-src") == ["'self'", "'wasm-unsafe-eval'", f"'sha256-{digest}'"]
    assert given.pop("default-src") == given.pop("base-uri") == given.pop("form-action") == ["'none'"]
    assert all(sources == ["'self'"] for sources in given.values())


def test_the_page_may_send_only_where_the_command_says(packages: Path) -> None:
    content = site_files("anywhere", packages, "wss://192.168.1.20:8443/")
    assert policy(content)["connect-src"] == ["'self'", "wss://192.168.1.20:8443"]
    assert json.loads(content["site.json"])["send_to"] == "wss://192.168.1.20:8443"


@pytest.mark.parametrize(
    "address",
    [
        "192.168.1.20",
        "https://pi.local",
        "ws://192.168.1.20:8443",
        "wss://*",
        "wss://pi.local; script-src *",
        "wss://pi.local 'unsafe-inline'",
        'wss://"onload="x',
        "wss://me@pi.local",
        "wss://pi.local/path",
        "wss://pi.local:x",
        "wss://",
    ],
)
def test_an_address_that_is_none_is_refused_and_never_reaches_the_policy(packages: Path, address: str) -> None:
    with pytest.raises(DataError, match=r"^--send-to .*wss://"):
        site_files("anywhere", packages, address)


def test_without_the_web_runtime_the_line_has_the_command_that_installs_it(tmp_path: Path, capsys) -> None:
    assert main(["page", "anywhere", "--out", str(tmp_path / "site"), "--node-modules", str(tmp_path)]) == 2
    line = capsys.readouterr().err
    assert npm_command() in line and line.count("\n") == 1
    assert npm_command() == "npm install --no-save @litertjs/core@2.5.3 @litertjs/wasm-utils@2.5.3"
    assert not (tmp_path / "site").exists()


@pytest.mark.parametrize("document", ["README.md", "export/PAGE.md"])
def test_the_documents_have_the_same_command(document: str) -> None:
    assert npm_command() in (Path(__file__).parents[2] / document).read_text(encoding="utf-8")


def test_another_version_of_the_web_runtime_is_refused(tmp_path: Path) -> None:
    folder = fake_packages(tmp_path / "node_modules", **{"@litertjs/core": "2.5.2"})
    with pytest.raises(DataError, match=r"version 2\.5\.2 is not 2\.5\.3; run `npm install"):
        site_files("anywhere", folder, None)


def test_a_web_runtime_with_a_missing_file_is_refused(tmp_path: Path) -> None:
    folder = fake_packages(tmp_path / "node_modules")
    (folder / "@litertjs" / "core" / "wasm" / "litert_wasm_compat_internal.wasm").unlink()
    with pytest.raises(DataError, match=r"compat_internal\.wasm: cannot be read .*npm install"):
        site_files("anywhere", folder, None)


def test_a_model_without_a_card_is_refused_in_one_line(
    packages: Path, waist_without_card: Path, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="has no model card") as caught:
        make_page(str(waist_without_card), tmp_path / "site", packages)
    assert "\n" not in str(caught.value)
    assert not (tmp_path / "site").exists()


@pytest.fixture
def waist_without_card(tmp_path: Path) -> Path:
    from importlib.resources import files

    content = (files("har_runtime.pretrained") / "waist.tflite").read_bytes()
    path = tmp_path / "bare.tflite"
    path.write_bytes(content.replace(b"haredge_card", b"another_card"))
    return path


@pytest.mark.parametrize("name", ["absent", "absent.tflite"])
def test_a_model_that_is_not_there_is_refused(packages: Path, tmp_path: Path, name: str) -> None:
    with pytest.raises(ModelError, match="no such model"):
        make_page(name, tmp_path / "site", packages)


def test_an_onnx_file_is_refused_with_what_to_export_instead(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "model.onnx").write_bytes(b"x")
    with pytest.raises(ModelError, match=r"runs \.tflite files; export the model with --formats tflite-int8"):
        make_page(str(tmp_path / "model.onnx"), tmp_path / "site", packages)


def test_an_earlier_site_is_replaced_as_a_whole(packages: Path, tmp_path: Path) -> None:
    make_page("waist", tmp_path / "site", packages)
    (tmp_path / "site" / "of the earlier one").touch()
    make_page("anywhere", tmp_path / "site", packages)
    assert not (tmp_path / "site" / "of the earlier one").exists()
    assert b'"anywhere"' in (tmp_path / "site" / "model" / "model.json").read_bytes()
    assert [entry.name for entry in tmp_path.iterdir()] == ["site"]


def test_a_folder_of_something_else_is_never_touched(packages: Path, tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("mine")
    with pytest.raises(HarError, match="is not a site that har-export page has made"):
        make_page("anywhere", tmp_path, packages)
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.txt"]


@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_no_folder_is_never_touched(tmp_path: Path, kind: str) -> None:
    target = tmp_path / "site"
    if kind == "file":
        target.write_text("mine")
    else:
        target.symlink_to(tmp_path)
    with pytest.raises(HarError, match="give another folder"):
        check_folder(target)


def test_nothing_is_left_if_the_folder_cannot_be_written(packages: Path, tmp_path: Path, monkeypatch) -> None:
    make_page("waist", tmp_path / "site", packages)
    before = (tmp_path / "site" / "site.json").read_bytes()
    count = 0
    write = Path.write_bytes

    def full(path: Path, data: bytes) -> int:
        nonlocal count
        count += 1
        if count > 20:
            raise OSError(28, "No space left on device")
        return write(path, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(HarError, match="No space left on device"):
        make_page("anywhere", tmp_path / "site", packages)
    assert [entry.name for entry in tmp_path.iterdir()] == ["site"]
    assert (tmp_path / "site" / "site.json").read_bytes() == before


def test_a_hostile_card_stays_in_its_file(packages: Path, waist_with: Callable[..., Path]) -> None:
    path = waist_with('"><script>alert(1)<', labels=[f"<img src=x onerror=alert({n})>" for n in range(6)])
    content = site_files(str(path), packages, None)
    assert [name for name, data in content.items() if b"onerror=alert" in data] == ["model/model.json"]
    assert json.loads(content["model/model.json"])["labels"][0] == "<img src=x onerror=alert(0)>"


def test_the_licences_are_those_of_page_runtime_and_model(packages: Path) -> None:
    text = site_files("anywhere", packages, None)["licences.txt"].decode()
    for words in ("Apache License", "@litertjs/core 2.5.3", "CC BY 4.0", "Reyes-Ortiz"):
        assert words in text


def test_the_site_is_as_small_as_promised(folder: Path) -> None:
    sizes = {file.relative_to(folder).as_posix(): file.stat().st_size for file in folder.rglob("*") if file.is_file()}
    assert sum(sizes.values()) < 12e6
    assert sum(size for name, size in sizes.items() if not name.startswith("litert/")) < 1e6
