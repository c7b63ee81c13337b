"""URIs of sources and sinks: what they name, and one clear line for what they do not."""

import pytest

from har_runtime.errors import SourceError
from har_runtime.sources import open_source
from har_runtime.uri import parse_uri, speed_option


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


def test_what_has_no_kind_is_refused_with_an_example_of_what_is_wanted() -> None:
    with pytest.raises(SourceError, match=r"^'walk\.csv' does not say .* such as replay:walk.csv or simulated:$"):
        parse_uri("walk.csv?token=secret")
    with pytest.raises(SourceError, match=r"such as jsonl:day\.jsonl$"):
        parse_uri("walk.jsonl", "jsonl:day.jsonl")


@pytest.mark.parametrize("value", ["nan", "inf", "-inf", "1e400", "-1", "1e12", "x", ""])
@pytest.mark.parametrize(
    "uri",
    [
        "simulated:?seconds={}",
        "simulated:?speed={}",
        "simulated:?seed={}",
        "replay:absent.csv?speed={}",
        "serial:/dev/absent?baud={}",
        "serial:/dev/absent?rate={}",
        "iio:?rate={}",
    ],
)
def test_a_number_that_is_infinite_or_out_of_range_is_refused(uri: str, value: str) -> None:
    with pytest.raises(SourceError, match=f"option [a-z]+={value} is not valid") as caught:
        open_source(uri.format(value))
    assert "\n" not in str(caught.value)


def test_a_speed_may_be_as_fast_as_possible() -> None:
    assert speed_option("max") == float("inf")
    with pytest.raises(ValueError, match=r"must be 0\.001 to 1000000, or max"):
        speed_option("inf")


def test_a_target_that_means_nothing_is_refused() -> None:
    with pytest.raises(SourceError, match=r"simulated: takes no target, not 'x'; its options follow a \?"):
        open_source("simulated:x")


@pytest.mark.parametrize("text", ["jsonl:a\x00b", "live:127.0.0.1:80?token-file=%00", "replay:\ud800.csv"])
def test_a_character_that_no_file_name_has_is_refused(text: str) -> None:
    with pytest.raises(SourceError, match="holds a character that no name can have"):
        parse_uri(text)
