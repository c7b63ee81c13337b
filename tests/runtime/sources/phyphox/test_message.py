"""phyphox's answers, valid and arbitrary."""

import json

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from har_runtime.errors import SourceError
from har_runtime.sources.phyphox.message import SENSORS, Buffers, Experiment, parse_config, parse_get

EXPERIMENT = Experiment("fuzzed", {sensor: Buffers("t", "x", "y", "z") for sensor in SENSORS})
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=6) | st.dictionaries(st.sampled_from("txyz"), inner, max_size=4),
    max_leaves=6,
)
NUMBERS = st.lists(st.floats(0, 100) | VALUES, max_size=8)
ANSWERS = st.fixed_dictionaries(
    {
        "buffer": st.dictionaries(st.sampled_from("txyz"), st.fixed_dictionaries({"buffer": NUMBERS}) | VALUES),
        "status": st.fixed_dictionaries({"session": VALUES, "measuring": VALUES}),
    }
)
INPUTS = st.lists(
    st.fixed_dictionaries(
        {"source": st.sampled_from([*SENSORS, "light"]) | VALUES, "outputs": st.lists(VALUES, max_size=6)}
    ),
    max_size=4,
)


@settings(max_examples=60, deadline=None)
@given((ANSWERS | VALUES).map(lambda value: json.dumps(value).encode()) | st.binary())
def test_any_answer_is_parsed_into_valid_samples(body: bytes) -> None:
    answer = parse_get(body, EXPERIMENT)
    for samples in answer.samples.values():
        assert samples.values.shape == (len(samples.times_s), 3)
        assert np.isfinite(samples.values).all() and np.isfinite(samples.times_s).all()
        assert len(samples.times_s) <= len(body)
        assert samples.newest_s is None or 0 <= samples.newest_s < 1e9


@settings(max_examples=60, deadline=None)
@given(
    (st.fixed_dictionaries({"title": VALUES, "inputs": INPUTS}) | VALUES).map(lambda value: json.dumps(value).encode())
    | st.binary()
)
def test_any_configuration_is_parsed_or_refused(body: bytes) -> None:
    try:
        assert set(parse_config(body).sensors) in ({"accelerometer"}, set(SENSORS))
    except SourceError as error:
        assert "\n" not in str(error)
