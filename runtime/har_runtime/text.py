"""Texts from outside, made fit for a terminal, a log or a message: on one line, without control characters, bounded."""

MAX_SHOWN = 80
"""Characters of a name or a value that are shown."""
MAX_LINE = 2000
"""Characters of a line for a person."""


def clean(text: str, limit: int = MAX_SHOWN) -> str:
    """A text without control characters, which could steer the terminal, and shortened.

    >>> clean("a\\x1b[31mb\\n"), clean("abcdef", 3)
    ('a?[31mb?', 'abc...')
    """
    shown = "".join(letter if letter.isprintable() else "?" for letter in text[: limit + 1])
    return shown if len(shown) <= limit else f"{shown[:limit]}..."
