"""What happens to those who are refused: ever slower answers, and one line a minute in the log."""

import logging

import pytest

pytest.importorskip("tornado", reason="needs pip install 'haredge[web]'")
from har_runtime.web.refusals import FORGIVEN_S, LAST_DELAY_S, MAX_ADDRESSES, RefusalLog, Slowdown


class Clock:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_the_first_refusal_is_logged_at_once_and_the_others_once_a_minute_with_their_number(caplog) -> None:
    clock = Clock()
    refusals = RefusalLog("live", clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(100_000):
            refusals.count("wrong token")
            clock.now_s += 1 / 1024
        refusals.count("too many connections")
        clock.now_s += 19
        refusals.say()
        clock.now_s += 60
        refusals.say()
    assert caplog.messages == [
        "live: refused: 1 x wrong token",
        "live: refused: 61440 x wrong token",
        "live: refused: 38559 x wrong token, 1 x too many connections",
    ]


def test_what_was_not_logged_yet_is_logged_at_the_end(caplog) -> None:
    refusals = RefusalLog("live", Clock())
    with caplog.at_level(logging.WARNING):
        for _ in range(3):
            refusals.count("wrong token")
        refusals.say(now=True)
        refusals.say(now=True)
    assert caplog.messages == ["live: refused: 1 x wrong token", "live: refused: 2 x wrong token"]


def test_each_wrong_token_is_answered_more_slowly_than_the_one_before() -> None:
    clock = Clock()
    slowdown = Slowdown(clock)
    delays = [slowdown.delay_s("192.168.1.20") for _ in range(1000)]
    assert delays[:6] == [0, 0, 0, 0.25, 0.5, 1.0]
    assert delays[-1] == LAST_DELAY_S
    assert slowdown.delay_s("192.168.1.21") == 0  # Somebody else.
    clock.now_s += FORGIVEN_S + 1
    assert slowdown.delay_s("192.168.1.20") == 0


def test_changing_the_address_within_a_network_of_ipv6_does_not_help() -> None:
    slowdown = Slowdown(Clock())
    assert [slowdown.delay_s(f"2001:db8::{number:x}") for number in range(4)] == [0, 0, 0, 0.25]


def test_only_so_many_addresses_are_remembered() -> None:
    slowdown = Slowdown(Clock())
    for _ in range(4):
        slowdown.delay_s("192.168.1.20")
    for number in range(MAX_ADDRESSES):
        slowdown.delay_s(f"10.0.{number // 256}.{number % 256}")
    assert slowdown.delay_s("192.168.1.20") == 0
