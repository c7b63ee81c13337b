"""Ports of this computer."""

import socket


def free_port() -> int:
    """A port of this computer on which nothing listens."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def is_listening(port: int) -> bool:
    """Whether a server takes connections on a port of this computer."""
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return False
    return True
