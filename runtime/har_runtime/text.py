"""Texts from outside, made fit for a terminal, a log or a message: on one line, without control characters and secrets,
bounded."""

import re
import shutil
import sys
import textwrap
import unicodedata
from typing import TextIO

MAX_SHOWN = 80
"""Characters of a name or a value that are shown."""
MAX_NAME = 100
"""Characters of a label, a place, or the name of a model."""
MAX_LINE = 2000
"""Characters of a line for a person."""


_SECRET = re.compile(r"\b(token|password)=[^&\s'\"]+|(?<=//)[^\s/@:]*:[^\s/@]+(?=@)", re.IGNORECASE)
"""The options of URIs that are secret, and what stands before the @ of an address if it has a password."""


def clean(text: str, limit: int = MAX_SHOWN) -> str:
    """A text without control characters, which could steer the terminal, and without secrets of URIs; shortened.

    >>> clean("a\\x1b[31mb\\n"), clean("abcdef", 3), clean("live:?token=abc&x=y")
    ('a?[31mb?', 'abc...', 'live:?token=...&x=y')
    """
    whole = hide_secrets(text[: 2 * limit + 1])  # Some more, because hiding shortens it.
    shown = "".join(letter if letter.isprintable() else "?" for letter in whole[: limit + 1])
    return shown if len(shown) <= limit else f"{shown[:limit]}..."


def hide_secrets(text: str) -> str:
    """The same text without tokens and passwords that are in a URI.

    >>> hide_secrets("mqtt://me:secret@broker/home, live:?token=abc&x=y, token-file=a.txt")
    'mqtt://...@broker/home, live:?token=...&x=y, token-file=a.txt'
    """
    return _SECRET.sub(lambda found: f"{found[1]}=..." if found[1] else "...", text)


def print_lines(*lines: str, file: TextIO | None = None) -> None:
    """Print lines in which there may be names from outside: each cleaned, and shortened to `MAX_LINE` characters.

    Args:
        file: stdout if None.
    """
    out = file or sys.stdout
    print("\n".join(folded(clean(line, MAX_LINE), out) for line in lines), file=out, flush=True)


def wrap(text: str, width: int, indent: str = "") -> list[str]:
    """Lines of a text, broken at spaces alone, so that addresses, options and names stay whole.

    >>> wrap("give --token-file FILE", 14, "  ")
    ['give', '  --token-file', '  FILE']

    Args:
        width: characters of a line.
        indent: before every line but the first.
    """
    return textwrap.wrap(text, max(width, 1), subsequent_indent=indent, break_long_words=False, break_on_hyphens=False)


def folded(line: str, file: TextIO, indent: str = "    ") -> str:
    """A line for a person, folded between words if it goes to a terminal, which would break words.

    Args:
        line: what to print.
        file: where it goes.
        indent: before what follows a fold.
    """
    if not file.isatty():
        return line
    begin = line[: len(line) - len(line.lstrip())]
    lines = wrap(line.strip(), shutil.get_terminal_size().columns - 1 - len(begin), indent)
    return "\n".join(begin + part for part in lines)


def has_control(text: str) -> bool:
    """Whether a text has characters that steer a terminal, end or turn round a line, or cannot be written as UTF-8.

    >>> has_control("größer 走る"), has_control("a\\x1b[2J"), has_control("a\\nb"), has_control("\\ud800")
    (False, True, True, True)
    """
    if text.isprintable():
        return False
    return any(unicodedata.category(letter) in _CONTROL or letter in _TURNS for letter in text)


_CONTROL = ("Cc", "Cs", "Zl", "Zp")
"""Control characters, halves of surrogate pairs, and separators of lines and paragraphs."""
_TURNS = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
"""They turn round the order in which the rest of a line is shown, beyond the name that has them."""


def is_name(value: object) -> bool:
    """Whether a value can be a label, a place or the name of a model: short text without control characters."""
    return isinstance(value, str) and 0 < len(value) <= MAX_NAME and not has_control(value)
