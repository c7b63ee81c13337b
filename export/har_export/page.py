"""`har-export page MODEL --out SITE`: a folder of static files that recognises activities in the browser of a phone.

The folder holds everything that the page needs: the page, the signal path in JavaScript, the model with its card, and
LiteRT's web runtime, which npm installs. The page requests nothing from elsewhere, which its Content-Security-Policy
enforces, and works offline once it was opened.
"""

import base64
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from importlib.metadata import files as distribution_files
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from har_export.icon import icon_png
from har_export.inspection import inspect
from har_runtime.errors import DataError, HarError, ModelError
from har_runtime.files import UNFINISHED
from har_runtime.model.card import ModelCard
from har_runtime.model.load import load_model, pretrained_names, read_model
from har_runtime.tables import TableError, parse_json, read_bounded
from har_runtime.text import clean
from har_runtime.uri import is_loopback

MADE_BY: Final = "har-export page"
CORE: Final = "@litertjs/core"
RUNTIME: Final = {
    # The build without relaxed SIMD runs in every browser, and computes the same everywhere.
    "litert_wasm_compat_internal.js": (CORE, "wasm/litert_wasm_compat_internal.js"),
    "litert_wasm_compat_internal.wasm": (CORE, "wasm/litert_wasm_compat_internal.wasm"),
    "core.js": (CORE, "dist/index.js"),
    "wasm-utils.js": ("@litertjs/wasm-utils", "dist/index.js"),
}
"""Files of npm's packages that the page loads: package and path in it, by name in the site's folder `litert`."""
LOADER: Final = "litert_wasm_compat_internal.js"
IMPORTS: Final = {"litert": "./litert/core.js", "@litertjs/wasm-utils": "./litert/wasm-utils.js"}
"""The import map: what the page and LiteRT's own files call these modules."""
AT_ROOT: Final = ("index.html", "service-worker.js", "manifest.webmanifest", "icon.svg")
"""Files of the folder `page` that lie at the root of the site."""
ICON_SIZES: Final = (192, 512)
MAX_RUNTIME_BYTES: Final = 64 * 2**20
"""Of a file of the web runtime."""
LITERT_SOURCE: Final = "https://github.com/google-ai-edge/LiteRT"


def make_page(model: str, out: Path, node_modules: Path | None = None, send_to: str | None = None) -> dict[str, bytes]:
    """Write the site; returns its files.

    Args:
        model: a pretrained model or the path of a .tflite.
        out: the folder to make; one that an earlier call has made is replaced.
        node_modules: where npm has installed the web runtime; None for `node_modules` in the current folder.
        send_to: address of a har-stream that the page may send to, e.g. wss://192.168.1.20:8443; None for none.

    Raises:
        ModelError: the model has no card or is unusable, or is no .tflite.
        DataError: the web runtime is not installed or has another version, or the address is none.
        HarError: the folder cannot be written, or holds something else.
    """
    check_folder(out)
    content = site_files(model, node_modules or Path("node_modules"), send_to)
    write_folder(out, content)
    return content


def site_files(model: str, node_modules: Path, send_to: str | None) -> dict[str, bytes]:
    """The files of the site by their path in it; see `make_page`."""
    address = None if send_to is None else checked_address(send_to)
    card, weights, number_format = _model(model)
    runtime = runtime_files(node_modules)
    web, har_runtime = files("har_export") / "web", files("har_runtime")
    settings = {
        "made_by": MADE_BY,
        "haredge": _version(),
        "litert": pinned_versions()[CORE],
        "litert_loader": LOADER,
        "number_format": number_format,
        "send_to": address,
    }
    content = {
        **{f"page/{name}": data for name, data in _folder(web / "page").items()},
        **{f"core/{name}": data for name, data in _folder(web / "core").items() if name.endswith(".js")},
        **{f"page/{name}": (har_runtime / "web" / name).read_bytes() for name in ("theme.css", "parts.js")},
        **{
            f"sensor/{name}": (har_runtime / "sources" / "web" / "page" / name).read_bytes()
            for name in ("motion.js", "sender.js")
        },
        **{f"litert/{name}": data for name, data in runtime.items()},
        **{f"icon-{size}.png": icon_png(size) for size in ICON_SIZES},
        "model/model.tflite": weights,
        "model/model.json": card.to_json().encode(),
        "site.json": (json.dumps(settings, indent=1, allow_nan=False) + "\n").encode(),
        "licences.txt": _licences(card).encode(),
    }
    content |= {name: content.pop(f"page/{name}") for name in AT_ROOT}
    imports = json.dumps({"imports": IMPORTS}, allow_nan=False)
    page = content["index.html"].decode().replace("@IMPORTS@", imports).replace("@POLICY@", _policy(imports, address))
    content["index.html"] = page.encode()
    worker = content.pop("service-worker.js").decode()
    return content | {"service-worker.js": _filled_worker(worker, content)}


def pinned_versions() -> dict[str, str]:
    """The versions of npm's packages that were tested, by package."""
    return json.loads((files("har_export") / "web" / "package.json").read_bytes())["dependencies"]


def npm_command() -> str:
    """The command that installs the web runtime."""
    return " ".join(["npm install --no-save", *(f"{name}@{pin}" for name, pin in pinned_versions().items())])


def runtime_files(node_modules: Path) -> dict[str, bytes]:
    """The files of LiteRT's web runtime, by name.

    Raises:
        DataError: they are not there, or of another version; the message has the command that installs them.
    """
    advice = f"run `{npm_command()}`, which needs 40 MB there, or say with --node-modules where it is"
    for name, pin in pinned_versions().items():
        found = _package_version(node_modules / name)
        if found is None:
            raise DataError(f"{node_modules / name}: LiteRT's web runtime is not installed here; {advice}")
        if found != pin:
            raise DataError(f"{node_modules / name}: version {clean(found)} is not {pin}; {advice}")
    content = {}
    for name, (package, path) in RUNTIME.items():
        file = node_modules / package / path
        try:
            content[name] = read_bounded(file, MAX_RUNTIME_BYTES)
        except (OSError, TableError) as error:
            why = getattr(error, "strerror", None) or error
            raise DataError(f"{file}: cannot be read ({why}); {advice}") from error
    return content


def checked_address(text: str) -> str:
    """The address of a har-stream, as it stands in a Content-Security-Policy.

    >>> checked_address("wss://192.168.1.20:8443/"), checked_address("ws://localhost:8443")
    ('wss://192.168.1.20:8443', 'ws://localhost:8443')

    Raises:
        DataError: it is none.
    """
    try:
        parts = urlsplit(text)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        parts, host, port = urlsplit(""), "", None
    is_name = host.isascii() and all(character.isalnum() or character in "-._:" for character in host)
    if not host or not is_name or parts.scheme not in ("ws", "wss") or parts.path.strip("/") or "@" in parts.netloc:
        raise DataError(f"--send-to {clean(text)} is not an address of har-stream; write it as wss://HOST:PORT")
    if parts.scheme == "ws" and not is_loopback(host):
        raise DataError(f"--send-to {clean(text)}: a page that came over https may send only over wss://; write that")
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + ("" if port is None else f":{port}")


def check_folder(out: Path) -> None:
    """Refuse to replace anything but an empty folder and an earlier site.

    Raises:
        HarError: there is something else.
    """
    if not out.exists() and not out.is_symlink():
        return
    try:
        if out.is_dir() and not out.is_symlink() and (not any(out.iterdir()) or _is_site(out)):
            return
    except OSError as error:
        raise HarError(f"{out}: cannot be read ({error.strerror})") from error
    raise HarError(f"{out}: exists and is not a site that har-export page has made; give another folder")


def write_folder(out: Path, content: Mapping[str, bytes]) -> None:
    """Write a folder of files, which appears when all are written; an earlier one is replaced as a whole.

    Raises:
        HarError: it cannot be written; an earlier folder stays as it was.
    """
    parent = out.absolute().parent
    temporary: Path | None = None
    try:
        parent.mkdir(parents=True, exist_ok=True)
        temporary = Path(tempfile.mkdtemp(prefix=f".{out.name}.", suffix=UNFINISHED, dir=parent))
        new, old = temporary / "new", temporary / "old"
        for name, data in content.items():
            target = new / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(data)
        if out.exists():
            out.rename(old)
        try:
            new.rename(out)
        except OSError:
            if old.exists():
                old.rename(out)
            raise
    except OSError as error:
        raise HarError(f"{out}: cannot be written ({error.strerror or error})") from error
    finally:
        if temporary is not None:
            shutil.rmtree(temporary, ignore_errors=True)


def _model(name: str) -> tuple[ModelCard, bytes, str]:
    """The card of a model, the bytes of its file, and the format of its weights."""
    pretrained = files("har_runtime.pretrained")
    path = Path(os.fspath(pretrained.joinpath(f"{name}.tflite"))) if name in pretrained_names() else Path(name)  # type: ignore[arg-type]
    if path.suffix != ".tflite" and path.is_file():
        raise ModelError(f"{path}: the page runs .tflite files; export the model with --formats tflite-int8")
    card = load_model(name).card  # Checks file and card, and that the model runs.
    types = {tensor.type for tensor in inspect(path).tensors if tensor.size > 0}
    number_format = next((word for kind, word in (("int8", "int8"), ("float16", "fp16")) if kind in types), "fp32")
    return card, read_model(path), number_format


def _policy(imports: str, address: str | None) -> str:
    """The Content-Security-Policy: nothing from elsewhere, and nothing to elsewhere but to `address`."""
    digest = base64.b64encode(hashlib.sha256(imports.encode()).digest()).decode()
    # WebAssembly is compiled, and the import map stands in the page, as browsers load none from a file.
    return (
        f"default-src 'none'; script-src 'self' 'wasm-unsafe-eval' 'sha256-{digest}'; style-src 'self'; "
        f"img-src 'self'; connect-src 'self'{'' if address is None else f' {address}'}; manifest-src 'self'; "
        "worker-src 'self'; base-uri 'none'; form-action 'none'"
    )


def _filled_worker(worker: str, content: Mapping[str, bytes]) -> bytes:
    """The service worker with the list of the files that it keeps, and a name of its cache that changes with them."""
    digest = hashlib.sha256(worker.encode())
    for name in sorted(content):
        digest.update(f"{name}\n{len(content[name])}\n".encode() + content[name])
    kept = ["./", *sorted(name for name in content if name != "index.html")]
    names = json.dumps(kept, allow_nan=False)
    return worker.replace("@CACHE@", f"haredge-{digest.hexdigest()[:16]}").replace("@FILES@", names).encode()


def _licences(card: ModelCard) -> str:
    pin = pinned_versions()[CORE]
    return "\n".join(
        [
            "haredge, the page and the signal path: Apache License 2.0, below.",
            f"LiteRT's web runtime, npm {CORE} {pin}, in the folder litert: Apache License 2.0, below; its source is "
            f"{LITERT_SOURCE}.",
            f"The model {card.name} {card.version}: trained on {card.training.data}. Terms of that data: "
            f"{card.training.licence}. {card.training.citation}",
            "",
            _licence_text(),
        ]
    )


def _licence_text() -> str:
    """The text of the Apache License: beside the installed package, or at the root of a checkout."""
    try:
        installed = [file for file in distribution_files("haredge") or () if file.name == "LICENSE"]
        paths = [Path(os.fspath(file.locate())) for file in installed]
    except PackageNotFoundError:
        paths = []
    for path in (*paths, Path(__file__).parents[2] / "LICENSE"):
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise HarError("the file LICENSE of haredge is missing; install haredge again")


def _version() -> str:
    try:
        return version("haredge")
    except PackageNotFoundError:
        return "unknown"


def _package_version(folder: Path) -> str | None:
    """The version of an installed npm package; None if it is not there."""
    try:
        table = parse_json(read_bounded(folder / "package.json"))
    except (OSError, TableError):
        return None
    found: Any = table.get("version") if isinstance(table, dict) else None
    return found if isinstance(found, str) else None


def _is_site(folder: Path) -> bool:
    try:
        table = parse_json(read_bounded(folder / "site.json"))
    except (OSError, TableError):
        return False
    return isinstance(table, dict) and table.get("made_by") == MADE_BY


def _folder(folder: Traversable) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()}
