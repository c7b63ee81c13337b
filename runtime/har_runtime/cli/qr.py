"""The command `har-stream qr`: the address that a phone's browser opens, token included, as a code for its camera."""

import argparse
import io

from har_runtime.sources.web.address import address_of


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """The options of `har-stream qr`."""
    parser.add_argument("source", metavar="URI", help="the web: source, as har-stream --source has it")
    parser.add_argument(
        "--host", help="name or address of this computer in the phone's network (default: the one it reaches others by)"
    )


def run(options: argparse.Namespace) -> int:
    """Print the address and its code; returns the exit code.

    Raises:
        SourceError: it is no `web:` source, its token cannot be read, or a phone cannot open it.
        ModuleNotFoundError: segno is not installed.
    """
    import segno

    address = address_of(options.source, options.host)
    code = io.StringIO()
    segno.make_qr(address, error="l").terminal(code, compact=True)
    print(f"{address}\n\n{code.getvalue()}", end="")
    return 0
