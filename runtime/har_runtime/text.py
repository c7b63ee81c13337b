"""Texts from outside, made fit for a terminal, a log or a message: on one line, without control characters and secrets,
bounded."""

import re

MAX_SHOWN = 80
"""Characters of a name or a value that are shown."""
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
