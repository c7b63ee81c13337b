"""Which broker and topic a URI names, and with what rights: `mqtt://[USER@]HOST[:PORT]/TOPIC`, `mqtts://...`."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, unquote, urlsplit

from har_runtime.errors import SourceError
from har_runtime.uri import Uri

PORTS = {"mqtt": 1883, "mqtts": 8883}
PASSWORD_VARIABLE = "HAREDGE_MQTT_PASSWORD"
LONGEST_TOPIC = 200
"""Bytes; MQTT would take more, but /answer and Home Assistant's part come on top."""


@dataclass(frozen=True)
class MqttAddress:
    """A broker, a topic, and who one is there."""

    name: str
    """For messages."""
    host: str
    port: int
    topic: str
    """Above /answer, /state, /event and /status."""
    tls: bool
    cafile: str | None = None
    """The certificates that are trusted; None for the system's."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_address(uri: Uri) -> MqttAddress:
    """The address in a URI; the password from the environment or the file that `password-file=` names.

    Raises:
        SourceError: no address, no topic, a password in the URI or without a user, or a file that cannot be read.
    """
    tls = uri.kind == "mqtts"
    uri.only(*(("cafile", "password-file") if tls else ("password-file",)))
    parts, port = _split(uri)
    if parts.password is not None:
        raise SourceError(
            f"{uri.kind}: no password in the URI, where every process list shows it; set {PASSWORD_VARIABLE} or give "
            "password-file=FILE"
        )
    name = f"{uri.kind}:{uri.target}"
    topic = unquote(parts.path.removeprefix("/"))
    if not topic or topic.endswith("/") or topic.startswith("$") or set(topic) & set("+#\0"):
        raise SourceError(f"{name}: '{topic}' is no topic; write {_shape(uri)}, such as {uri.kind}://broker/home/wrist")
    if len(topic.encode()) > LONGEST_TOPIC:
        raise SourceError(f"{uri.kind}: the topic is over {LONGEST_TOPIC} bytes; give a shorter one")
    user = unquote(parts.username) if parts.username else None
    password = _password(uri, name)
    if password is not None and user is None:
        raise SourceError(f"{name}: a password but no user; write {uri.kind}://USER@{parts.netloc}{parts.path}")
    cafile = uri.options.get("cafile")
    return MqttAddress(name, parts.hostname or "", port, topic, tls, cafile, user, password)


def _split(uri: Uri) -> tuple[SplitResult, int]:
    try:
        parts = urlsplit(uri.target)
        port = parts.port
    except ValueError as error:
        raise SourceError(f"{uri.kind}:{uri.target} is no address ({error}); write {_shape(uri)}") from error
    if not uri.target.startswith("//") or not parts.hostname:
        raise SourceError(f"{uri.kind}:{uri.target} is no address; write {_shape(uri)}")
    return parts, PORTS[uri.kind] if port is None else port


def _shape(uri: Uri) -> str:
    return f"{uri.kind}://[USER@]HOST[:PORT]/TOPIC"


def _password(uri: Uri, name: str) -> str | None:
    path = uri.options.get("password-file")
    if path is None:
        return os.environ.get(PASSWORD_VARIABLE)
    try:
        return Path(path).read_text(encoding="utf-8").rstrip("\r\n")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SourceError(f"{name}: password-file={path} cannot be read ({why})") from error
