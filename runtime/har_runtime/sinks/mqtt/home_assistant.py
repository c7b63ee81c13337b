"""The message from which Home Assistant finds the MQTT topics and shows them without configuration.

It is one retained message for the device and all its entities (device-based MQTT discovery, Home Assistant 2024.11 and
later): https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload
"""

import json
import re
from typing import Any, Final

from har_runtime.answers.answer import UNKNOWN, Totals
from har_runtime.answers.effort import INTENSITIES
from har_runtime.answers.families import activities_of
from har_runtime.model.card import ModelCard
from har_runtime.sinks.base import UNAVAILABLE

EXPIRE_S: Final = 30
"""Home Assistant shows what is now as unavailable after so long without a state, which comes every ten seconds."""
_NOW: Final = {
    "expire_after": EXPIRE_S,
    "availability_template": "{{ 'online' if value == 'online' else 'offline' }}",
}
"""Of entities that show what is now, not the day: while no answers come they are unavailable."""


def discovery_topic(topic: str) -> str:
    """The topic of the discovery message.

    >>> discovery_topic("home/wrist")
    'homeassistant/device/haredge_home_wrist/config'
    """
    return f"homeassistant/device/{_device_id(topic)}/config"


def discovery_payload(topic: str, card: ModelCard, version: str) -> bytes:
    """The discovery message: the entities are activity, confidence, cadence, the totals of the day, and the place if
    the model tells places.

    Args:
        topic: of the sink, without /state or /status.
        card: of the model.
        version: of haredge.
    """
    entities = {
        "activity": {
            "name": "Activity",
            "icon": "mdi:run",
            "device_class": "enum",
            "options": list(activities_of(card)),
            "value_template": _known("value_json.activity"),
            **_NOW,
        },
        **({"place": _place(card)} if card.places else {}),
        "confidence": {
            "name": "Confidence",
            "icon": "mdi:percent",
            "unit_of_measurement": "%",
            "state_class": "measurement",
            "suggested_display_precision": 0,
            "value_template": _known("(100 * value_json.confidence) | round(1)"),
            **_NOW,
        },
        "cadence": {
            "name": "Cadence",
            "icon": "mdi:walk",
            "unit_of_measurement": "steps/min",
            "state_class": "measurement",
            "suggested_display_precision": 0,
            "value_template": _known("value_json.cadence or 0"),
            **_NOW,
        },
        "steps": {
            "name": "Today steps",
            "icon": "mdi:shoe-print",
            "unit_of_measurement": "steps",
            "state_class": "total_increasing",
            "value_template": _of_today("steps"),
        },
        **{
            f"effort_{intensity}": _minutes(f"Today {intensity} steps", f"effort_minutes.{intensity}")
            for intensity in INTENSITIES
        },
        **{
            f"minutes_{_slug(activity)}": _minutes(
                f"Today {activity.replace('_', ' ')}", f"minutes[{json.dumps(activity, allow_nan=False)}]"
            )
            for activity in activities_of(card)
        },
        "not_worn": _minutes("Today not worn", "not_worn_minutes"),
        "transitions": {
            "name": "Today changes",
            "icon": "mdi:swap-horizontal",
            "state_class": "total_increasing",
            "value_template": _of_today("transitions"),
        },
    }
    device_id = _device_id(topic)
    payload = {
        "device": {
            "identifiers": [device_id],
            "name": f"Activity {topic}",
            "manufacturer": "haredge",
            "model": f"{card.name} {card.version}",
            "sw_version": version,
        },
        "origin": {"name": "haredge", "sw_version": version},
        "components": {
            f"{device_id}_{key}": {"platform": "sensor", "unique_id": f"{device_id}_{key}", **entity}
            for key, entity in entities.items()
        },
        "state_topic": f"{topic}/state",
        "availability_topic": f"{topic}/status",
        # The totals stay while no answers come.
        "availability_template": "{{ 'offline' if value == 'offline' else 'online' }}",
        "payload_available": "online",
        "payload_not_available": "offline",
        "qos": 1,
    }
    return json.dumps(payload, allow_nan=False).encode()


def totals_of(totals: Totals, card: ModelCard) -> dict[str, Any]:
    """The day so far, under the keys that the entities read; every activity has its minutes, even if they are 0."""
    return {
        "since_unix_s": round(totals.since_unix_s, 3),
        "minutes": {name: round(totals.seconds.get(name, 0.0) / 60, 2) for name in activities_of(card)},
        "not_worn_minutes": round(totals.not_worn_s / 60, 2),
        "transitions": totals.transitions,
        "steps": totals.steps,
        "effort_minutes": {name: round(totals.effort.get(name, 0.0) / 60, 2) for name in INTENSITIES},
    }


def _place(card: ModelCard) -> dict[str, Any]:
    return {
        "name": "Worn at",
        "icon": "mdi:human",
        "device_class": "enum",
        "options": [*card.places, UNKNOWN],
        "value_template": _known(f"value_json.place or {json.dumps(UNKNOWN, allow_nan=False)}"),
        **_NOW,
    }


def _known(value: str) -> str:
    """The template of what is known while answers come; without it Home Assistant has no value."""
    return f"{{{{ ({value}) if value_json.activity != {json.dumps(UNAVAILABLE, allow_nan=False)} else None }}}}"


def _of_today(path: str) -> str:
    """The template of a total of the day, of which nothing is known before the first answer."""
    return f"{{{{ value_json.today.{path} if value_json.today is defined else None }}}}"


def _minutes(name: str, path: str) -> dict[str, Any]:
    return {
        "name": name,
        "device_class": "duration",
        "unit_of_measurement": "min",
        "state_class": "total_increasing",
        "suggested_display_precision": 0,
        "value_template": _of_today(path),
    }


def _device_id(topic: str) -> str:
    return f"haredge_{_slug(topic)}"


def _slug(text: str) -> str:
    """A text with only characters that Home Assistant allows in an id."""
    return re.sub(r"[^a-zA-Z0-9_-]", "_", text)
