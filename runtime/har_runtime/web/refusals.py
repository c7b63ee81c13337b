"""What a server does about clients that it refuses: it answers ever more slowly, and logs them once a minute."""

import logging
import threading
import time
from collections import Counter, OrderedDict
from collections.abc import Callable
from ipaddress import IPv6Address, ip_address, ip_network

LOG_EVERY_S = 60.0
"""Refusals are logged at most this often."""
FREE_ATTEMPTS = 3
"""Wrong tokens from an address that are answered at once: typing mistakes."""
FIRST_DELAY_S = 0.25
LAST_DELAY_S = 2.0
"""Of the answer to a further wrong token; it doubles each time from the first to the last."""
FORGIVEN_S = 60.0
"""After so long without a wrong token, an address has its free attempts again."""
MAX_ADDRESSES = 256
"""Addresses whose wrong tokens are remembered."""

_LOG = logging.getLogger(__name__)


def network_of(address: str) -> str:
    """What counts as one client: an IPv4 address, or a /64 network of IPv6, all of whose addresses one client may have.

    >>> network_of("192.168.1.20"), network_of("2001:db8::1:2:3:4"), network_of("::ffff:192.168.1.20")
    ('192.168.1.20', '2001:db8::/64', '192.168.1.20')
    """
    ip = ip_address(address)
    if not isinstance(ip, IPv6Address):
        return str(ip)
    return str(ip.ipv4_mapped or ip_network((int(ip), 64), strict=False))


class RefusalLog:
    """Logs refused requests at once, and then at most once a minute with their number, however many there are; and
    counts them for the thread of the source.

    Args:
        name: of the server, for the lines.
        clock: seconds.
    """

    def __init__(self, name: str, clock: Callable[[], float] = time.monotonic):
        self._name, self._clock = name, clock
        self._counts: Counter[str] = Counter()
        self._due_s = clock()
        self._lock = threading.Lock()
        self._untaken: Counter[str] = Counter()

    def count(self, reason: str) -> None:
        """Count a refused request or connection. Called in the server's thread."""
        with self._lock:
            self._untaken[reason] += 1
        self._counts[reason] += 1
        self.say()

    def take(self) -> Counter[str]:
        """Those since the last call, by reason. Called in any thread."""
        with self._lock:
            taken, self._untaken = self._untaken, Counter()
        return taken

    def say(self, now: bool = False) -> None:
        """Log what has been counted, if a minute has passed since the last line.

        Args:
            now: whether even if less has passed.
        """
        if not self._counts or not (now or self._clock() >= self._due_s):
            return
        counts = ", ".join(f"{count} x {reason}" for reason, count in self._counts.most_common())
        _LOG.warning("%s: refused: %s", self._name, counts)
        self._counts.clear()
        self._due_s = self._clock() + LOG_EVERY_S


class Slowdown:
    """How long the answer to a wrong token is delayed: longer with each one from the same address.

    Args:
        clock: seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        self._clock = clock
        self._wrong: OrderedDict[str, tuple[int, float]] = OrderedDict()
        """By address: how many wrong tokens, and when the last one came."""

    def delay_s(self, address: str) -> float:
        """Count a wrong token from an IP address; returns how long to delay the answer, s."""
        client, now = network_of(address), self._clock()
        count, last_s = self._wrong.pop(client, (0, now))
        count = 1 if now - last_s > FORGIVEN_S else count + 1
        self._wrong[client] = count, now
        if len(self._wrong) > MAX_ADDRESSES:
            self._wrong.popitem(last=False)
        if count <= FREE_ATTEMPTS:
            return 0.0
        return min(LAST_DELAY_S, FIRST_DELAY_S * 2.0 ** min(count - FREE_ATTEMPTS - 1, 10))
