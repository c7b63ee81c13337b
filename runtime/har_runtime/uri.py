"""The URIs that name sources and sinks: `KIND:TARGET?option=value&option=value`."""

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from har_runtime.errors import SourceError

MIN_SPEED, MAX_SPEED = 0.001, 1e6
"""Times real time; beyond these one waits for ever, or not at all."""


@dataclass(frozen=True)
class Uri:
    """A parsed URI."""

    kind: str
    target: str
    options: dict[str, str]

    def option(self, name: str, kind: Callable[[str], Any], default: Any) -> Any:
        """The option `name`, converted by `kind`.

        Raises:
            SourceError: a value that `kind` rejects.
        """
        if name not in self.options:
            return default
        try:
            return kind(self.options[name])
        except ValueError as error:
            raise SourceError(f"{self.kind}: option {name}={self.options[name]} is not valid ({error})") from error

    def no_target(self) -> None:
        """Refuse a target.

        Raises:
            SourceError: there is one.
        """
        if self.target:
            raise SourceError(f"{self.kind}: takes no target, not '{self.target}'; its options follow a ?")

    def only(self, *names: str) -> None:
        """Refuse other options than these.

        Raises:
            SourceError: an unknown option.
        """
        for name in self.options:
            if name not in names:
                known = ", ".join(names) or "none"
                raise SourceError(f"{self.kind}: unknown option '{name}'; known: {known}")

    def address(self, host: str, port: int) -> tuple[str, int]:
        """Host and port of a target `//HOST:PORT`.

        >>> parse_uri("phyphox://192.168.1.20").address("", 80), parse_uri("phyphox://[::1]:8080").address("", 80)
        (('192.168.1.20', 80), ('::1', 8080))

        Args:
            host: if the target names none.
            port: if the target names none.

        Raises:
            SourceError: a target that is not an address.
        """
        try:
            parts = urlsplit(self.target)
            given = parts.port
        except ValueError as error:
            raise SourceError(f"{self.kind}:{self.target} is not an address ({error}); write {self._shape}") from error
        if (self.target and not self.target.startswith("//")) or parts.path.strip("/") or "@" in parts.netloc:
            raise SourceError(f"{self.kind}:{self.target} is not an address; write {self._shape}")
        return parts.hostname or host, port if given is None else given

    @property
    def _shape(self) -> str:
        return f"{self.kind}://HOST:PORT"


def parse_uri(text: str, example: str = "replay:walk.csv or simulated:") -> Uri:
    """Parse `replay:walk.csv?speed=10`.

    >>> parse_uri("replay:walk.csv?speed=10")
    Uri(kind='replay', target='walk.csv', options={'speed': '10'})

    Args:
        text: as the user wrote it.
        example: of what is wanted, for the message.

    Raises:
        SourceError: no kind, or options that are not `name=value`.
    """
    kind, colon, rest = text.partition(":")
    if not colon or not kind:
        shown = text.partition("?")[0]  # Options may be secret.
        raise SourceError(f"'{shown}' does not say what kind it is; write KIND:TARGET, such as {example}")
    target, _, query = rest.partition("?")
    try:
        options = dict(parse_qsl(query, keep_blank_values=True, strict_parsing=True)) if query else {}
    except ValueError as error:
        raise SourceError(f"'{kind}:{target}': the options after ? must be name=value, joined by &") from error
    if not all(map(is_file_name, (text, *options.values()))):
        raise SourceError(f"'{text}': holds a character that no name can have, such as %00")
    return Uri(kind, target, options)


def parse_sink(text: str) -> Uri:
    """`parse_uri` for a sink.

    Raises:
        SourceError: as there.
    """
    return parse_uri(text, "jsonl:day.jsonl or terminal:")


def is_file_name(text: str) -> bool:
    """Whether a text can be the name of a file, if only by its characters: no NUL, and no half of a surrogate pair.

    >>> is_file_name("día.csv"), is_file_name("a\\x00b"), is_file_name("\\ud800")
    (True, False, False)
    """
    try:
        return b"\0" not in os.fsencode(text)
    except UnicodeEncodeError:
        return False


def one_of(names: Sequence[str]) -> Callable[[str], str]:
    """A converter for `Uri.option` that accepts only these words."""

    def convert(text: str) -> str:
        if text not in names:
            raise ValueError(f"it can be {', '.join(names)}")
        return text

    return convert


def number(low: float, high: float) -> Callable[[str], float]:
    """A converter for `Uri.option` that accepts numbers from `low` to `high`.

    >>> number(0.5, 100)("2.5")
    2.5
    """

    def convert(text: str) -> float:
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not low <= value <= high:  # False for NaN.
            raise ValueError(f"must be {low:.12g} to {high:.12g}")
        return value

    return convert


def whole_number(low: int, high: int) -> Callable[[str], int]:
    """A converter for `Uri.option` that accepts whole numbers from `low` to `high`.

    >>> whole_number(1, 10)("7")
    7
    """

    def convert(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = low - 1
        if not low <= value <= high:
            raise ValueError(f"must be {low} to {high}")
        return value

    return convert


def speed_option(text: str) -> float:
    """A factor of real time; "max" is as fast as possible.

    >>> speed_option("max"), speed_option("4")
    (inf, 4.0)
    """
    if text == "max":
        return float("inf")
    try:
        return number(MIN_SPEED, MAX_SPEED)(text)
    except ValueError as error:
        raise ValueError(f"{error}, or max") from error


def is_loopback(host: str) -> bool:
    """Whether an address is one that only this computer can reach.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0"), is_loopback("pi.local")
    (True, True, False, False)
    """
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
