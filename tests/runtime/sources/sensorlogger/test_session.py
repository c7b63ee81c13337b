"""Sensor Logger's messages after their arrival: ordered, completed with gravity, and bounded in memory."""

import json
from collections import Counter
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.runtime.sources.sensorlogger.sensor_logger_app import START_NS, Phones, S, android, message

from har_runtime.samples import SampleChunk
from har_runtime.signal.resample import Resampler
from har_runtime.sources.base import SourceReport
from har_runtime.sources.sensorlogger.message import SENSORS, Message, Readings, parse_message
from har_runtime.sources.sensorlogger.recordings import SILENCE_NS
from har_runtime.sources.sensorlogger.session import HOLD_NS, MAX_HELD, MAX_ROWS, GravityAdder, MessageOrder, Session


def message_of(number: int | None, device: str = "phone", session: str = "one") -> Message:
    return Message(device=device, session=session, number=number)


def numbers(messages: list[Message] | None) -> list[int | None]:
    assert messages is not None
    return [message.number for message in messages]


def test_a_missing_message_is_waited_for_two_seconds_at_most() -> None:
    lost: Counter[str] = Counter()
    order = MessageOrder(lost)
    assert numbers(order.push(message_of(0), 0)) == [0]
    assert order.due_ns is None
    assert numbers(order.push(message_of(2), 1 * S)) == []
    assert numbers(order.push(message_of(3), 2 * S)) == []
    assert order.due_ns == 1 * S + HOLD_NS
    assert numbers(order.overdue(3 * S - 1)) == []
    assert numbers(order.overdue(3 * S)) == [2, 3]
    assert order.push(message_of(1), 3 * S) is None
    assert numbers(order.push(message_of(4), 4 * S)) == [4]
    assert lost == {"missing message": 1}


def test_a_message_in_time_releases_those_that_waited_for_it() -> None:
    order = MessageOrder(Counter())
    assert [numbers(order.push(message_of(number), 0)) for number in (0, 3, 2, 1)] == [[0], [], [], [1, 2, 3]]


def test_a_recording_that_began_earlier_is_joined_after_the_wait_without_a_loss() -> None:
    lost: Counter[str] = Counter()
    order = MessageOrder(lost)
    assert numbers(order.push(message_of(46), 0)) == []
    assert numbers(order.overdue(HOLD_NS)) == [46]
    assert numbers(order.push(message_of(47), HOLD_NS)) == [47]
    assert not lost


def test_the_number_of_waiting_messages_is_bounded() -> None:
    order = MessageOrder(Counter())
    order.push(message_of(0), 0)
    returned = [number for n in range(2, 40) for number in numbers(order.push(message_of(n), 0))]
    assert returned == list(range(2, 40))
    assert numbers(order.push(message_of(41), 0)) == []
    assert MAX_HELD < 40


def test_an_invalid_number_does_not_block_later_messages() -> None:
    lost: Counter[str] = Counter()
    order = MessageOrder(lost)
    for number in (0, 1, 10**15):
        order.push(message_of(number), 0)
    assert numbers(order.overdue(HOLD_NS)) == [10**15]
    assert order.push(message_of(2), HOLD_NS) is order.push(message_of(3), HOLD_NS) is None
    assert [numbers(order.push(message_of(number), HOLD_NS)) for number in (4, 5)] == [[4], [5]]
    assert lost == {"missing message": 1}


def test_messages_without_a_number_keep_their_order() -> None:
    assert parse_message(json.dumps({**android(0), "messageId": "first"}).encode()).number is None
    order = MessageOrder(Counter())
    assert [numbers(order.push(message_of(None), 0)) for _ in range(2)] == [[None], [None]]


def test_one_phone_at_a_time_is_accepted_until_it_falls_silent() -> None:
    phones = Phones()
    assert len(phones.push(android(0), 0)) == 2
    assert len(phones.push(message(0, android(0)["payload"], device="stranger"), 1)) == 0
    assert len(phones.push(message(0, android(1)["payload"], session="second"), 2)) == 2
    assert len(phones.push(android(1), 3)) == 0
    assert len(phones.push(message(0, android(9)["payload"], device="stranger"), 4 + SILENCE_NS / S)) == 2
    assert phones.refused == ["message of another phone", "message of an earlier recording"]
    assert phones.report.reconnections == 2
    assert not phones.report.lost


XYZ = st.fixed_dictionaries({axis: st.floats(-20, 20) | st.none() | st.text(max_size=3) for axis in "xyz"})
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
    max_leaves=8,
)
READING = st.fixed_dictionaries(
    {
        "name": st.sampled_from(SENSORS) | JUNK,
        "time": st.integers(START_NS, START_NS + 10 * S) | st.integers(1, 4 * 10**18) | JUNK,
        "values": XYZ | JUNK,
    },
    optional={"accuracy": JUNK},
)
MESSAGE = st.fixed_dictionaries(
    {"payload": st.lists(READING | JUNK, max_size=12)},
    optional={"messageId": st.integers(0, 20) | JUNK, "sessionId": JUNK, "deviceId": JUNK},
)


@settings(max_examples=60, deadline=None)
@given((MESSAGE | JUNK).map(lambda value: json.dumps(value).encode()) | st.binary())
def test_any_body_is_parsed_into_valid_readings(body: bytes) -> None:
    parsed = parse_message(body)
    for name, each in parsed.readings.items():
        assert name in SENSORS
        assert each.values.shape == (len(each.times_ns), 3)
        assert np.isfinite(each.values).all()
        assert (np.diff(each.times_ns) >= 0).all()
    assert sum(len(each.times_ns) for each in parsed.readings.values()) + parsed.lost.total() <= len(body)
    assert len(parsed.session) <= 100 and len(parsed.device) <= 100


@settings(max_examples=20, deadline=None)
@given(st.lists(MESSAGE, max_size=8), st.sampled_from(["auto", "ios", "android"]))
def test_any_sequence_of_messages_gives_valid_samples(messages: list[Any], platform: str) -> None:
    phones, resampler = Phones(platform), Resampler()
    chunks: list[SampleChunk] = []
    for second, each in enumerate(messages):
        chunks += phones.push(each, second)
    chunks += phones.finish()
    for chunk in chunks:
        assert (chunk.acc is None) != (chunk.gyro is None)
        resampler.push(chunk.times_ns, chunk.acc, chunk.gyro)
    assert all(count > 0 for count in phones.report.lost.values())


def test_the_readings_that_wait_for_gravity_are_bounded() -> None:
    adder = GravityAdder(lost := Counter())
    many = Readings(np.full(6000, START_NS), np.ones((6000, 3)))
    different = Readings(START_NS + np.arange(6000), np.ones((6000, 3)))
    for each in (many, different, many, different):
        adder.push(each, None)
        adder.push(None, each)
    assert len(adder._times) <= MAX_ROWS
    assert len(adder._gravity_times) <= MAX_ROWS
    assert lost["acceleration without gravity at its time"] == 4 * 6000 - MAX_ROWS


def test_a_session_keeps_nothing_of_what_it_has_returned() -> None:
    session = Session("android", SourceReport())
    for number in range(20):
        list(session.samples(parse_message(json.dumps(android(number, total=False)).encode())))
    assert len(session._adder._times) <= 1
    assert len(session._adder._gravity_times) <= 100 * (HOLD_NS // S + 1)
