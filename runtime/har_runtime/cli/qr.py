"""The command `har-stream qr`: the address that a phone's browser opens, token included, as a code for its camera."""

import argparse
import io
import sys
from pathlib import Path

from har_runtime.errors import SourceError
from har_runtime.sources.web.address import address_of
from har_runtime.sources.web.source import HTTPS, certificate_of
from har_runtime.text import clean
from har_runtime.uri import Uri, parse_uri


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `har-stream qr`."""
    parser.add_argument("source", metavar="URI", help="the web: source, as har-stream --source has it")
    parser.add_argument(
        "--host", help="name or address of this computer in the phone's network (default: the one it reaches others by)"
    )


def run(options: argparse.Namespace) -> int:
    """Print the address and its code; returns the exit code: 1 if the output's encoding has no blocks for the code.

    Raises:
        SourceError: it is no `web:` source, its token or certificate cannot be read, or a phone cannot open it.
        ModuleNotFoundError: segno is not installed.
    """
    import segno

    address = address_of(options.source, options.host)
    _check_files(parse_uri(options.source))
    code = io.StringIO()
    segno.make_qr(address, error="l").terminal(code, compact=True)
    encoding = sys.stdout.encoding or "ascii"
    try:
        code.getvalue().encode(encoding)
    except UnicodeEncodeError:
        print(address.encode(encoding, "backslashreplace").decode(encoding))
        print(
            f"{options.label}: the output's encoding, {encoding}, has no blocks: PYTHONIOENCODING=utf-8 shows the code",
            file=sys.stderr,
        )
        return 1
    print(f"{address}\n\n{code.getvalue()}", end="")
    if address.startswith("http:") and options.host is None:
        print(f"{options.label}: {HTTPS}", file=sys.stderr)
    return 0


def _check_files(uri: Uri) -> None:
    """Raises SourceError if har-stream could not serve the page that the code leads to."""
    certificate = certificate_of(uri) or ()
    for name, path in zip(("certificate", "key"), certificate, strict=False):
        if not Path(path).is_file():
            raise SourceError(f"web: {name}={clean(path)}: there is no such file")
