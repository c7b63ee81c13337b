"""The address of a `web:` source that a phone's browser opens, token included."""

import re
import socket
from typing import Final

from har_runtime.errors import SourceError
from har_runtime.secret import BROWSER_TOKEN, token_of
from har_runtime.sources.web.source import DEFAULT_PORT
from har_runtime.text import clean
from har_runtime.uri import is_loopback, parse_uri

EVERYWHERE: Final = ("0.0.0.0", "::", "")
"""Addresses to listen on that no phone can open."""
ELSEWHERE: Final = ("192.0.2.1", 9)
"""An address of no host (RFC 5737): which of our own would reach it is known without sending anything."""

_HOST: Final = re.compile(r"[\w.:%-]{1,253}")
"""Names, also in letters of other languages, and addresses, also of IPv6 with a zone."""


def address_of(source: str, host: str | None = None) -> str:
    """What the browser of a phone opens to be the sensor of a source.

    Args:
        source: its URI.
        host: of this computer; None for where the source listens, or if that is everywhere, its address in the network.

    Raises:
        SourceError: it is no `web:` source, its token cannot be read, or a phone cannot open it.

    >>> address_of("web://192.168.1.20:8443?token=0123456789abcdef&certificate=c.pem&key=k.pem")
    'https://192.168.1.20:8443/#0123456789abcdef'
    """
    uri = parse_uri(source, "web://0.0.0.0:8443")
    if uri.kind != "web":
        raise SourceError(f"{uri.kind}: no page for a phone; give a web: source, such as web://0.0.0.0:8443")
    bound, port = uri.address("127.0.0.1", DEFAULT_PORT)
    if host is None:
        if is_loopback(bound):
            raise SourceError(
                f"web: {bound} is this computer alone, which no phone can open; listen on 0.0.0.0, or give --host if a "
                "tunnel leads there"
            )
        host = _own_address() if bound in EVERYWHERE else bound
    if not _HOST.fullmatch(host):
        raise SourceError(f"web: '{clean(host)}' is no name or address of a computer; give it as --host")
    token = token_of(uri, BROWSER_TOKEN)
    scheme = "https" if "certificate" in uri.options else "http"
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{port}/{f'#{token}' if token else ''}"


def _own_address() -> str:
    """This computer's address in its network, or its name if it is in none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(ELSEWHERE)
        except OSError:
            return socket.gethostname()
        return probe.getsockname()[0]
