"""The token of a web address: given by a file, the environment or the URI, and never shown.

A token in a URI shows in the list of processes, which every user of the computer can see.
"""

import logging
import os
import stat
from pathlib import Path
from typing import Final

from har_runtime.errors import SourceError
from har_runtime.files import read_at_most
from har_runtime.text import clean
from har_runtime.uri import Uri

_LOG = logging.getLogger(__name__)
TOKEN_BYTES: Final = 24
"""Of a fresh token: 192 bits, as 32 characters."""
MIN_TOKEN_LENGTH: Final = 16
"""Characters. One of four digits is guessed in seconds."""
MAX_SECRET_BYTES: Final = 1024
"""Of a token or a password, far below the limits of HTTP's and MQTT's heads."""
TOKEN_OPTIONS: Final = ("token", "token-file")
PHONE_TOKEN: Final = "HAREDGE_SENSORLOGGER_TOKEN"
"""The environment variable with the token of `sensorlogger:`."""
BROWSER_TOKEN: Final = "HAREDGE_WEB_TOKEN"
"""The environment variable with the token of `web:`."""
PAGE_TOKEN: Final = "HAREDGE_LIVE_TOKEN"
"""The environment variable with the token of `live:`."""


def fresh_token() -> str:
    """A random token of 32 characters that need no escapes in a URL."""
    import secrets  # It loads OpenSSL, 3.4 MB, and few runs need a token.

    return secrets.token_urlsafe(TOKEN_BYTES)


def token_of(uri: Uri, variable: str) -> str | None:
    """The token by the options `token-file` or `token` of a URI, else by an environment variable; None without any.

    Args:
        uri: of a source or sink.
        variable: name of the environment variable.

    Raises:
        SourceError: it is too short or not a single word, its file cannot be read, or both options are given.
    """
    given = [name for name in TOKEN_OPTIONS if name in uri.options]
    if len(given) > 1:
        raise SourceError(f"{uri.kind}: the token is given twice; omit the option token and keep token-file")
    if given == ["token-file"]:
        path = uri.options["token-file"]
        token, where = secret_of_file(path, f"{uri.kind}: token-file"), f"token-file={clean(path)}"
    elif given:
        token, where = uri.options["token"], "the option token"
    elif variable in os.environ:
        token, where = os.environ[variable], variable
    else:
        return None
    if len(token) < MIN_TOKEN_LENGTH:
        raise SourceError(
            f"{uri.kind}: {where} has fewer than {MIN_TOKEN_LENGTH} characters, which can be guessed; "
            "`har-stream token` prints a new one"
        )
    if len(token) > MAX_SECRET_BYTES or not token.isprintable() or " " in token:
        raise SourceError(f"{uri.kind}: {where} must be one word; `har-stream token` prints a new one")
    return token


def secret_of_file(path: str, name: str) -> str:
    """The text of a file without the line ends after it; warns if every user of this computer can read the file.

    Args:
        path: of the file.
        name: of the option, for messages, e.g. "live: token-file".

    Raises:
        SourceError: it cannot be read, is not UTF-8, or is longer than `MAX_SECRET_BYTES`.
    """
    shown = f"{name}={clean(path)}"
    try:
        content, mode = read_at_most(Path(path), MAX_SECRET_BYTES + 1)
        readable = stat.S_ISREG(mode) and mode & stat.S_IROTH
        text = content.decode()
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a path with a null character.
        why = "not UTF-8" if isinstance(error, UnicodeDecodeError) else getattr(error, "strerror", None) or error
        raise SourceError(f"{shown} cannot be read ({why})") from error
    if len(content) > MAX_SECRET_BYTES:
        raise SourceError(f"{shown} has more than {MAX_SECRET_BYTES} bytes; it must be the secret alone")
    if readable:
        _LOG.warning("%s can be read by every user of this computer: chmod o-r FILE", shown)
    return text.rstrip("\r\n")
