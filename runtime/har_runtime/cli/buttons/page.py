"""Opens the page with buttons that the option `--page` asks for."""

import argparse
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Final

from har_runtime.cli.buttons.board import Board, Button
from har_runtime.errors import HarError, SourceError
from har_runtime.secret import PAGE_TOKEN, TOKEN_OPTIONS, token_of
from har_runtime.text import clean
from har_runtime.uri import parse_uri

HOST: Final = "127.0.0.1"
PORT: Final = 8765
PATIENCE_S: Final = 1.5
"""How long the end waits for the page to show it."""


def add_page(parser: argparse.ArgumentParser) -> None:
    """The option `--page`."""
    parser.add_argument(
        "--page",
        metavar="live:HOST:PORT?token-file=FILE",
        help=f"buttons on a page, for a phone without a keyboard; live: is http://{HOST}:{PORT}/ (see the sink live:)",
    )


@contextmanager
def open_page(
    uri: str | None, title: str, buttons: Sequence[Button], trouble: Callable[[], str | None] = lambda: None
) -> Iterator[Board | None]:
    """The board of the page while it is served; None without the option.

    Args:
        uri: the value of `--page`.
        title: what is done.
        buttons: what can be pressed.
        trouble: what keeps samples from coming, or None.

    Raises:
        SourceError: it is no such URI, Tornado is not installed, or it cannot listen there.
    """
    if uri is None:
        yield None
        return
    parsed = parse_uri(uri, "live:0.0.0.0:8765?token-file=FILE or live:")
    if parsed.kind != "live":
        raise SourceError(f"--page: '{clean(uri)}' is no page; write it as live:HOST:PORT?token-file=FILE, or live:")
    parsed.only(*TOKEN_OPTIONS)
    target = parsed.target if parsed.target.startswith("//") or not parsed.target else f"//{parsed.target}"
    host, port = replace(parsed, target=target).address(HOST, PORT)
    token = token_of(parsed, PAGE_TOKEN)
    try:
        from har_runtime.cli.buttons.server import ButtonServer
    except ImportError as error:
        raise SourceError(f"--page: needs Tornado ({error}): pip install 'haredge[web]'") from error
    board = Board(title, buttons, trouble)
    server = ButtonServer(host, port, board, token)
    secret = "" if token is None else "?token=... (the token that you gave)"
    print(f"page: {server.url}{secret}", file=sys.stderr, flush=True)
    try:
        yield board
    except HarError as error:
        board.end(str(error), patience_s=PATIENCE_S)
        raise
    except BaseException:
        board.end("stopped")
        raise
    else:
        board.end(patience_s=PATIENCE_S)
    finally:
        server.close()
