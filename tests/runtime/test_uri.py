"""URIs of sources and sinks: what they name, and one clear line for what they do not."""

import pytest

from har_runtime.errors import SourceError
from har_runtime.uri import parse_uri


@pytest.mark.parametrize(
    ("text", "address"),
    [
        ("phyphox://192.168.1.20:8080", ("192.168.1.20", 8080)),
        ("phyphox://phone.local", ("phone.local", 80)),
        ("phyphox://phone.local/", ("phone.local", 80)),
        ("phyphox://[fe80::1]:8080?x=y", ("fe80::1", 8080)),
        ("phyphox://:9000", ("127.0.0.1", 9000)),
        ("phyphox://127.0.0.1:0", ("127.0.0.1", 0)),
        ("phyphox:", ("127.0.0.1", 80)),
    ],
)
def test_an_address_has_a_host_and_a_port(text: str, address: tuple[str, int]) -> None:
    assert parse_uri(text).address("127.0.0.1", 80) == address


@pytest.mark.parametrize(
    "text",
    ["phyphox:phone", "phyphox:/phone", "phyphox://phone:http", "phyphox://phone:99999", "phyphox://phone/config",
     "phyphox://me@phone", "phyphox://[fe80::1"],
)  # fmt: skip
def test_what_is_no_address_is_refused_with_the_shape_of_one(text: str) -> None:
    with pytest.raises(SourceError, match=r"is not an address.*; write phyphox://HOST:PORT"):
        parse_uri(text).address("127.0.0.1", 80)
