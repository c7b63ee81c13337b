"""A program for the box of `real_systemd`: a broker that floods its client, and 64 idle strangers at the live page.

It brings up the box's loopback, waits until the page answers, and then does harm until the broker has been connected to
often enough. Then it asks the page once with the token and once without, and prints what it saw as JSON. It needs
Python's own library only.
"""

import contextlib
import fcntl
import http.client
import json
import socket
import struct
import sys
import threading
import time
from collections.abc import Callable

BROKER_PORT, PAGE_PORT = 1883, 8765
STRANGERS, CONNECTIONS, DEADLINE_S = 64, 2, 60.0
HUGE_PUBLISH = bytes([0x30, 0xFF, 0xFF, 0xFF, 0x7F, 0, 1]) + b"t"
connections: list[int] = []


def bring_up_loopback() -> None:
    """ioctl SIOCSIFFLAGS with IFF_UP, see netdevice(7)."""
    with socket.socket() as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", 1))


def serve() -> None:
    """Accept each connection as a broker of MQTT 5 and send a message of 256 MB."""
    listening = socket.create_server(("127.0.0.1", BROKER_PORT))
    while True:
        client, _ = listening.accept()
        sent = 0
        with client, contextlib.suppress(OSError):
            client.settimeout(10)
            client.recv(4096)
            client.sendall(bytes([0x20, 3, 0, 0, 0]) + HUGE_PUBLISH)
            while sent < 2**28:
                sent += client.send(bytes(2**20))
        connections.append(sent)


def status_of(path: str) -> int:
    """The status of the page's answer; 0 if there is none."""
    connection = http.client.HTTPConnection("127.0.0.1", PAGE_PORT, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    except OSError:
        return 0
    finally:
        connection.close()


def wait_for(condition: Callable[[], bool]) -> None:
    end_s = time.monotonic() + DEADLINE_S
    while not condition() and time.monotonic() < end_s:
        time.sleep(0.05)


def main(token: str) -> None:
    bring_up_loopback()
    threading.Thread(target=serve, daemon=True).start()
    print("ready", flush=True)
    wait_for(lambda: status_of("/") == 401)
    with contextlib.ExitStack() as strangers:
        for _ in range(STRANGERS):
            strangers.enter_context(socket.create_connection(("127.0.0.1", PAGE_PORT)))
        wait_for(lambda: len(connections) >= CONNECTIONS)
        seen = {"with the token": status_of(f"/?token={token}"), "without": status_of("/"), "bytes": connections}
    print(json.dumps(seen), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
