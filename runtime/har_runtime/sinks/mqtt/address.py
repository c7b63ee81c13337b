"""The broker, topic and user in a URI: `mqtt://[USER@]HOST[:PORT]/TOPIC`, `mqtts://...`."""

import os
from dataclasses import dataclass, field
from urllib.parse import SplitResult, unquote, urlsplit

from har_runtime.errors import SourceError
from har_runtime.secret import secret_of_file
from har_runtime.text import hide_secrets
from har_runtime.uri import Uri

PORTS = {"mqtt": 1883, "mqtts": 8883}
PASSWORD_VARIABLE = "HAREDGE_MQTT_PASSWORD"
MAX_TOPIC_BYTES = 200
"""MQTT allows more, but /answer and the part of Home Assistant are added."""


@dataclass(frozen=True)
class MqttAddress:
    """A broker, a topic and a user."""

    name: str
    """For messages."""
    host: str
    port: int
    topic: str
    """Without /answer, /state, /event or /status."""
    tls: bool
    cafile: str | None = None
    """The trusted certificates; None for those of the system."""
    user: str | None = None
    password: str | None = field(default=None, repr=False)


def parse_address(uri: Uri) -> MqttAddress:
    """Parse a URI; the password comes from the environment or the file of `password-file=`.

    Raises:
        SourceError: the address or topic is missing or invalid, the password is in the URI or has no user, or its file
            cannot be read.
    """
    tls = uri.kind == "mqtts"
    uri.only(*(("cafile", "password-file") if tls else ("password-file",)))
    parts, port = _split(uri)
    if parts.password is not None:
        raise SourceError(
            f"{uri.kind}: a password in the URI would show in process lists; set {PASSWORD_VARIABLE} or give "
            "password-file=FILE instead"
        )
    name = f"{uri.kind}:{uri.target}"
    topic = unquote(parts.path.removeprefix("/"))
    if not topic or topic.endswith("/") or topic.startswith("$") or set(topic) & set("+#\0"):
        raise SourceError(
            f"{name}: '{topic}' is not a valid topic; write {_shape(uri)}, such as {uri.kind}://broker/home/wrist"
        )
    if len(topic.encode()) > MAX_TOPIC_BYTES:
        raise SourceError(f"{uri.kind}: the topic is longer than {MAX_TOPIC_BYTES} bytes; give a shorter one")
    user = unquote(parts.username) if parts.username else None
    password = _password(uri, name)
    if password is not None and user is None:
        raise SourceError(
            f"{name}: there is a password but no user; write {uri.kind}://USER@{parts.netloc}{parts.path}"
        )
    cafile = uri.options.get("cafile")
    return MqttAddress(name, parts.hostname or "", port, topic, tls, cafile, user, password)


def _split(uri: Uri) -> tuple[SplitResult, int]:
    name = hide_secrets(f"{uri.kind}:{uri.target}")
    try:
        parts = urlsplit(uri.target)
        port = parts.port
    except ValueError as error:
        raise SourceError(f"{name} is not a valid address ({error}); write {_shape(uri)}") from error
    if not uri.target.startswith("//") or not parts.hostname or port == 0 or not _is_host(parts.hostname):
        raise SourceError(f"{name} is not a valid address; write {_shape(uri)}")
    return parts, PORTS[uri.kind] if port is None else port


def _is_host(host: str) -> bool:
    """Whether this can be a host's name; the resolver raises an error of another kind about others."""
    try:
        return host.isprintable() and " " not in host and bool(host.encode("idna"))
    except UnicodeError:
        return False


def _shape(uri: Uri) -> str:
    return f"{uri.kind}://[USER@]HOST[:PORT]/TOPIC"


def _password(uri: Uri, name: str) -> str | None:
    path = uri.options.get("password-file")
    if path is None:
        return os.environ.get(PASSWORD_VARIABLE)
    return secret_of_file(path, f"{name}: password-file")
