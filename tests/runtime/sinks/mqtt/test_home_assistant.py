"""The discovery message for Home Assistant follows its schema, and its entities find their values in the state."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from jinja2 import Environment, StrictUndefined
from tests.runtime import fake_model
from tests.runtime.sinks.made_answers import CARD, make_answer, stream_info
from tests.runtime.sinks.mqtt.broker import Broker, retained

from har_runtime.answers.answer import UNKNOWN, Totals
from har_runtime.sinks.fan_out import FanOut
from har_runtime.sinks.mqtt.home_assistant import discovery_payload, discovery_topic
from har_runtime.sinks.mqtt.sink import STATE_S

TOPIC = "home/left wrist"
ENTITY_KEYS = {
    "platform", "unique_id", "name", "icon", "device_class", "options", "unit_of_measurement", "state_class",
    "suggested_display_precision", "value_template", "expire_after", "availability_template",
}  # fmt: skip
DEVICE_ID = "haredge_home_left_wrist"


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as broker:
        yield broker


@pytest.fixture
def payload() -> dict:
    return json.loads(discovery_payload(TOPIC, CARD, "1.2.3"))


def test_the_topic_has_only_characters_that_home_assistant_allows() -> None:
    assert discovery_topic(TOPIC) == f"homeassistant/device/{DEVICE_ID}/config"
    assert re.fullmatch(r"homeassistant/device/[a-zA-Z0-9_-]+/config", discovery_topic("wrist/ä b/#1"))


def test_the_message_has_the_keys_that_the_schema_of_a_device_requires(payload: dict) -> None:
    # homeassistant/components/mqtt/schemas.py: device with an identifier, origin with a name, components by platform.
    assert set(payload) == {
        "device", "origin", "components", "state_topic", "availability_topic", "payload_available",
        "payload_not_available", "availability_template", "qos",
    }  # fmt: skip
    assert payload["device"]["identifiers"] == [DEVICE_ID]
    assert payload["device"]["model"].startswith("waist")
    assert payload["origin"] == {"name": "haredge", "sw_version": "1.2.3"}
    assert payload["state_topic"] == f"{TOPIC}/state"
    assert payload["availability_topic"] == f"{TOPIC}/status"
    assert (payload["payload_available"], payload["payload_not_available"]) == ("online", "offline")
    for component in payload["components"].values():
        assert component["platform"] == "sensor"
        assert set(component) <= ENTITY_KEYS


def test_ids_are_unique_and_stable(payload: dict) -> None:
    ids = [component["unique_id"] for component in payload["components"].values()]
    assert len(set(ids)) == len(ids) == 2 + len(CARD.labels) + 1 + 2 + 5
    assert all(unique.startswith(f"{DEVICE_ID}_") for unique in ids)
    assert payload == json.loads(discovery_payload(TOPIC, CARD, "1.2.3"))


def test_an_entity_has_options_or_a_unit_as_its_device_class_requires(payload: dict) -> None:
    for component in payload["components"].values():
        kind = component.get("device_class")
        assert ("options" in component) == (kind == "enum")
        if kind == "enum":  # Home Assistant refuses them in combination.
            assert "state_class" not in component and "unit_of_measurement" not in component
        if kind == "duration":
            assert component["unit_of_measurement"] == "min"
            assert component["state_class"] == "total_increasing"


def values_of(broker: Broker) -> dict[str, str]:
    """What Home Assistant shows of each entity."""
    (state,) = map(json.loads, retained(broker.port, f"{TOPIC}/state"))
    (payload,) = map(json.loads, retained(broker.port, discovery_topic(TOPIC)))
    environment = Environment(undefined=StrictUndefined)
    return {
        key.removeprefix(f"{DEVICE_ID}_"): environment.from_string(component["value_template"]).render(value_json=state)
        for key, component in payload["components"].items()
    }


def test_every_entity_finds_its_value_in_the_state_that_is_published(broker: Broker) -> None:
    sinks = FanOut(stream_info())
    sinks.open(f"mqtt://127.0.0.1:{broker.port}/home/left%20wrist")
    totals = Totals(1_700_000_000.0, {"walking": 90.0, UNKNOWN: 6.0}, 30.0, 4, 1234, {"moderate": 75.0})
    sinks.write(make_answer(0, activity=UNKNOWN, reason="unsure", confidence=0.42, totals=totals, cadence=112.34))
    sinks.close()
    values = values_of(broker)
    assert values.pop("activity") == UNKNOWN
    assert values.pop("confidence") == "42.0"
    assert values.pop("minutes_walking") == "1.5"
    assert values.pop("minutes_unknown") == "0.1"
    assert values.pop("not_worn") == "0.5"
    assert values.pop("transitions") == "4"
    assert (values.pop("steps"), values.pop("cadence")) == ("1234", "112.3")
    assert [values.pop(f"effort_{name}") for name in ("light", "moderate", "vigorous")] == ["0.0", "1.25", "0.0"]
    assert set(values) == {f"minutes_{label}" for label in CARD.labels if label != "walking"}
    assert set(values.values()) == {"0.0"}


def shown(template: str, **values: object) -> str:
    """What Home Assistant makes of a template."""
    return Environment(undefined=StrictUndefined).from_string(template).render(**values)


def test_what_is_now_is_unavailable_without_answers_and_the_day_stays(payload: dict) -> None:
    available = {
        key.removeprefix(f"{DEVICE_ID}_"): [
            shown(component.get("availability_template", payload["availability_template"]), value=status)
            for status in ("online", "unavailable", "offline")
        ]
        for key, component in payload["components"].items()
    }
    now = [available.pop(name) for name in ("activity", "confidence", "cadence")]
    assert now == 3 * [["online", "offline", "offline"]]
    assert set(map(tuple, available.values())) == {("online", "online", "offline")}


def test_what_is_now_expires_if_nothing_comes_at_all(payload: dict) -> None:
    expiring = {key: component.get("expire_after") for key, component in payload["components"].items()}
    assert {key.removeprefix(f"{DEVICE_ID}_") for key, after in expiring.items() if after} == {
        "activity", "confidence", "cadence"
    }  # fmt: skip
    assert set(filter(None, expiring.values())) == {3 * STATE_S}  # Two states may be lost.


def test_no_template_fails_before_the_first_answer_or_in_a_silence(broker: Broker) -> None:
    sinks = FanOut(replace(stream_info(), card=fake_model.CARD))
    sinks.open(f"mqtt://127.0.0.1:{broker.port}/home/left%20wrist")
    assert set(values_of(broker).values()) == {"None"}
    sinks.write(fake_model.answered(("gait", "thigh", 20))[-1])
    sinks.close()
    sinks = FanOut(stream_info())
    sinks.open(f"mqtt://127.0.0.1:{broker.port}/home/left%20wrist")
    sinks.write(make_answer(0, totals=Totals(0.0, {"walking": 90.0})))
    sinks.silence(1_700_000_000.0)
    sinks.close()
    values = values_of(broker)
    assert (values["activity"], values["confidence"], values["minutes_walking"]) == ("None", "None", "1.5")


def options_of(payload: dict, entity: str) -> list[str]:
    return payload["components"][f"{DEVICE_ID}_{entity}"]["options"]


def test_the_activity_has_each_label_as_an_option(payload: dict) -> None:
    assert options_of(payload, "activity") == [*CARD.labels, UNKNOWN]
    assert f"{DEVICE_ID}_place" not in payload["components"]


def test_families_are_options_with_their_minutes_and_a_label_unknown_is_none_of_its_own() -> None:
    payload = json.loads(discovery_payload(TOPIC, fake_model.CARD, "1.2.3"))
    activities = ["walking", "stairs_up", "sitting", "standing", "lying", "resting", "still", "on_foot", UNKNOWN]
    assert options_of(payload, "activity") == activities
    assert [key for key in payload["components"] if "minutes_" in key] == [
        f"{DEVICE_ID}_minutes_{activity}" for activity in activities
    ]
    assert options_of(payload, "place") == ["torso", "thigh", "wrist", UNKNOWN]


def test_the_place_is_shown_and_unknown_until_it_is_known(broker: Broker) -> None:
    answers = fake_model.answered(("gait", "thigh", 20))
    for answer, place in ((answers[0], UNKNOWN), (answers[-1], "thigh")):
        sinks = FanOut(replace(stream_info(), card=fake_model.CARD))
        sinks.open(f"mqtt://127.0.0.1:{broker.port}/home/left%20wrist")
        sinks.write(answer)
        sinks.close()
        values = values_of(broker)
        assert (values["activity"], values["place"]) == ("on_foot", place)
        assert float(values["minutes_on_foot"]) == round(answer.totals.seconds["on_foot"] / 60, 2)
