"""What loggers, terminals and brokers put before a line, and Python around its numbers."""

import re

_COLOUR = re.compile(r"\x1b\[[\d;]*m")
_LOG_PREFIX = re.compile(
    r"\s*(?:"
    r"[EWIDV] \([\d:.]+\) [^:]{1,40}: "  # ESP-IDF: "I (1234) imu: ".
    r"|\[ *\d+\]\[[EWIDV]\]\[[^\]]{1,60}\] [^:]{1,40}: "  # Arduino on an ESP32: "[  1234][I][main.cpp:30] loop(): ".
    r"|\[[\d:., ]+\] <\w+> [^:]{1,40}: "  # Zephyr: "[00:00:01.234,000] <inf> main: ".
    r"|\d\d:\d\d:\d\d\.\d+ -> "  # The Arduino IDE, if it shows times.
    r"|[VDIWEF]/[^(]{1,40}\( *\d+\): "  # Android's logcat, "D/IMU     ( 4321): "; with times:
    r"|\d\d-\d\d (?P<clock>\d\d:\d\d:\d\d\.\d+) +\d+ +\d+ [VDIWEF] [^:]{1,40}: "
    r"|(?:[\w$.-]+/)+(?P<topic>[\w$.-]+) \{(?=[^}]))"  # An MQTT topic, whose end may name the sensor.
)
_NUMPY = re.compile(r"\bnp\.(?:float|int)\d+\(([^()]*)\)")
"""A number of NumPy in a list or dictionary that Python prints."""


def without_colours(text: str) -> str:
    """A line without the marks by which a logger colours it."""
    return _COLOUR.sub("", text) if "\x1b" in text else text


def without_log_prefix(text: str) -> str:
    """A line without what a logger or a terminal puts before the message.

    >>> without_log_prefix("I (1234) imu: ax=1.0"), without_log_prefix("10-02 10:15:00.123  43  43 D IMU: 1,2,3")
    ('ax=1.0', '10:15:00.123 1,2,3')
    >>> without_log_prefix('home/gyro {"x": 1}')
    '{"sensor": "gyro", "x": 1}'
    """
    text = without_colours(text)
    if "np." in text:
        text = _NUMPY.sub(r"\1", text)
    match = _LOG_PREFIX.match(text)
    if match is None:
        return text
    rest = text[match.end() :]
    if match["topic"]:
        return f'{{"sensor": "{match["topic"]}", {rest}'
    return f"{match['clock']} {rest}" if match["clock"] else rest
