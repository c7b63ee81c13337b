"""Times of day and dates with words in them, in the figures that `cells` reads.

Computers write them by the language of their owner: `2. Okt. 2026 07:48:51`, `2026/10/2 下午 7:48:51`, `7:48:51 p. m.`,
`Fri Oct 02 2026 07:48:51 GMT+0200 (CEST)`, `0 days 00:00:00.02`.
"""

import re
import unicodedata
from typing import Final

MAX_LENGTH: Final = 90
"""Characters of a cell that may be a time."""
_DIGIT: Final = re.compile(r"\d")
_HALVES: Final = (
    (re.compile(r"(?<![a-z])a\.?\s?m(?:\.|(?![a-z]))|上午|午前|오전|π\.\s?μ\."), "AM"),
    (re.compile(r"(?<![a-z])p\.?\s?m(?:\.|(?![a-z]))|下午|午後|오후|μ\.\s?μ\."), "PM"),
)
_DAY: Final = re.compile(r"(\d{4})\s*[年년]\s*(\d{1,2})\s*[月월]\s*(\d{1,2})\s*[日일]")
_CLOCK_LETTERS: Final = re.compile(
    r"(\d{1,2})\s*[h時时시]\s*(\d{1,2})\s*[m分분]\s*(\d{1,2}(?:[.,]\d+)?)\s*(?:s\b|[秒초])"
)
_DAYS: Final = re.compile(r"\d+ days?,? (?=\d)")
"""Python's lengths of time; a time of day goes on over midnight by itself."""
_CLOCK: Final = re.compile(r"(?<!\d)(\d{1,2}):(\d{1,2}):(\d{1,2})([.,:]\d{1,9})?(?!\d)")
_ZONE: Final = re.compile(r"(?:gmt|utc)?([+-])(\d{1,2})(?::?(\d{2}))?(?!\d)|(?<![a-z])([a-z]{1,4})(?![a-z])")
_ZONES: Final = {
    **dict.fromkeys(("z", "utc", "gmt", "wet"), 0), **dict.fromkeys(("cet", "mez", "west"), 1),
    **dict.fromkeys(("cest", "mesz", "eet"), 2), "eest": 3, "jst": 9, "kst": 9,
    "edt": -4, **dict.fromkeys(("est", "cdt"), -5), "cst": -6, "mdt": -6, "mst": -7, "pdt": -7, "pst": -8,
}  # fmt: skip
"""Hours ahead of UTC: RFC 822's, Central Europe's and East Asia's. Any other name is taken for the wearer's zone."""
_NUMBERS: Final = re.compile(r"(\d{1,4})\s?([-/.])\s?(\d{1,2})\s?\2\s?(\d{1,4})(?!\d)")
_LETTERS: Final = re.compile(r"[a-z]{3,}")
_MONTHS: Final = tuple(
    (number, beginning)
    for number, beginnings in enumerate(
        (
            *(
                "jan gen ene",
                "feb fev",
                "mar maa mrz",
                "apr avr abr",
                "may mai mag mei",
                "jun juin giu",
                "jul juil lug",
            ),
            *("aug aou ago", "sep set", "oct okt ott out", "nov", "dec dez dic"),
        ),
        1,
    )
    for beginning in beginnings.split()
)
"""How the names of months begin in English, German, French, Spanish, Italian, Portuguese and Dutch."""
_RUN_TOGETHER: Final = re.compile(
    r"((?:19|20)\d\d)(0[1-9]|1[0-2])([0-2]\d|3[01])([01]\d|2[0-3])([0-5]\d)([0-5]\d)(\d{3})"
)
"""Seventeen digits, which no count of seconds or their parts since 1970 has in these years."""


def in_figures(cell: str) -> str:
    """A date or time of day in figures; anything else as it is.

    >>> in_figures("2. Okt. 2026 07:48:51,020"), in_figures("2/10/26 7:48:51 p. m.")
    ('2026-10-02 07:48:51,020', '2/10/2026 7:48:51 PM')
    >>> in_figures("Fri Oct 02 2026 07:48:51 GMT+0200 (CEST)"), in_figures("午後7:48:51.5"), in_figures("walking")
    ('2026-10-02 07:48:51 +0200', '7:48:51.5 PM', 'walking')
    """
    if match := _RUN_TOGETHER.fullmatch(cell.strip()):
        return "{}-{}-{} {}:{}:{}.{}".format(*match.groups())
    if len(cell) > MAX_LENGTH or not _DIGIT.search(cell):
        return cell
    text = unicodedata.normalize("NFKC", cell).lower()
    text = "".join(one for one in unicodedata.normalize("NFD", text) if not unicodedata.combining(one))
    text = unicodedata.normalize("NFC", text).split("(")[0]
    half = ""
    for pattern, name in _HALVES:
        text, count = pattern.subn(" ", text)
        half = half or f" {name}" * bool(count)
    text = _DAYS.sub("", _CLOCK_LETTERS.sub(r"\1:\2:\3", _DAY.sub(r"\1-\2-\3 ", text)))
    clock = _CLOCK.search(text)
    if clock is None:
        return cell
    before, after = text[: clock.start()], text[clock.end() :]
    zone, after = _zone_in(after)
    date = _date_in(f"{before} {after}")
    time = f"{clock[1]}:{clock[2]:0>2}:{clock[3]:0>2}{clock[4] or ''}"
    return cell if date is None else f"{date} {time}{half}{zone}".strip()


def _zone_in(text: str) -> tuple[str, str]:
    """The zone that stands after a time, as hours and minutes, and the text without it."""
    for match in _ZONE.finditer(text):
        if match[1]:
            return f" {match[1]}{int(match[2]):02d}{match[3] or '00'}", text[: match.start()] + text[match.end() :]
        if match[4] in _ZONES:
            return f" {_ZONES[match[4]]:+03d}00", text[: match.start()] + text[match.end() :]
    return "", text


def _date_in(text: str) -> str | None:
    """The date that stands around a time; empty if there is none, None if it cannot be read."""
    months = [number for word in _LETTERS.findall(text) for number in [_month(word)] if number]
    if match := _NUMBERS.search(text):
        first, mark, second, last = match.groups()
        if len(first) == 4 or len(last) == 4:
            return f"{first}{mark}{second}{mark}{last}"
        # Of 26-10-02 either end may be the year.
        return f"{first}{mark}{second}{mark}20{last}" if len(last) == 2 and mark != "-" else None
    numbers = re.findall(r"\d+", text)
    if not numbers:
        return ""
    years = [number for number in numbers if len(number) == 4]
    days = [number for number in numbers if len(number) < 3]
    if not months or len(years) != 1 or len(days) != 1 or len(numbers) != 2:
        return None
    return f"{years[0]}-{months[-1]:02d}-{int(days[0]):02d}"  # "mar. 6 oct." begins with a day of the week.


def _month(word: str) -> int | None:
    """The month that a word is; the longest beginning tells June from July."""
    fits = [(len(beginning), number) for number, beginning in _MONTHS if word.startswith(beginning)]
    return max(fits)[1] if fits else None
