"""Writes the measured figures and the pictures into the READMEs; none of them is typed by hand.

    python -m har_bench.readme.figures          # after a benchmark has written its JSON
    python -m har_bench.readme.figures --text   # the figures alone: the pictures take minutes
    python -m har_bench.readme.figures --check  # exit code 2 if a README differs from the JSON

A block starts with `<!-- figures: NAME -->` and ends with `<!-- end -->`.
"""

import argparse
import json
import re
import sys
import textwrap

from har_bench.readme.blocks import BLOCKS
from har_bench.results import REPOSITORY, RESULTS
from har_bench.script import run_script, script_parser
from har_runtime.errors import DataError
from har_runtime.files import write_bytes

PAGES = sorted([*REPOSITORY.glob("*.md"), *REPOSITORY.glob("*/*.md")])
WIDTH = 120
BLOCK = re.compile(r"(?<=<!-- figures: )([a-z0-9_]+)( -->\n).*?(?=<!-- end -->)", re.DOTALL)


def main(arguments: list[str] | None = None) -> int:
    """Entry point; returns the exit code."""
    parser = script_parser("readme.figures", "Write measured figures into the READMEs.")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--text", action="store_true", help="leave the pictures, which take minutes, as they are")
    what.add_argument("--check", action="store_true", help="change nothing; fail if something would change")
    return run_script(parser, arguments, _run)


def _run(options: argparse.Namespace) -> int:
    for path in PAGES:
        text = path.read_text(encoding="utf-8")
        wanted = BLOCK.sub(lambda match: f"{match[1]}{match[2]}{render(match[1])}", text)
        if wanted != text:
            if options.check:
                page = path.relative_to(REPOSITORY)
                raise DataError(f"{page} differs from benchmarks/results; run python -m har_bench.readme.figures")
            write_bytes(path, wanted.encode())
    if not (options.check or options.text):
        from har_bench.readme.pictures import draw_pictures

        draw_pictures()
    return 0


def render(name: str) -> str:
    """The Markdown of a block.

    Raises:
        DataError: there is no such block.
    """
    if name not in BLOCKS:
        raise DataError(f"unknown figures '{name}'; known: {', '.join(BLOCKS)}")
    result, renderer = BLOCKS[name]
    path = RESULTS / f"{result}.json"
    if not path.exists():
        return "Not measured yet.\n"
    return "".join(map(_wrapped, renderer(json.loads(path.read_text(encoding="utf-8"))).splitlines(keepends=True)))


def _wrapped(line: str) -> str:
    """A line in lines of at most 120 characters, unless it is a row of a table."""
    if len(line) <= WIDTH or line.startswith("|"):
        return line
    indent = "  " if line.startswith("- ") else ""
    wrapped = textwrap.fill(line, WIDTH, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)
    return wrapped + "\n"


if __name__ == "__main__":
    sys.exit(main())
