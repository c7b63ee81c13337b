"""English for the words and units of columns in other scripts, and what damaged degree signs stood for."""

MAX_LATIN = 0x24F
"""The last letter of the Latin script."""
WORDS = {
    "ジャイロスコープ": "gyro", "ジャイロ": "gyro", "角速度": "gyro", "陀螺仪": "gyro",
    "각속도": "gyro", "자이로": "gyro",
    "угловая скорость": "gyro", "угловаяскорость": "gyro", "гироскоп": "gyro",
    "加速度": "acceleration", "가속도": "acceleration", "ускорение": "acceleration", "акселерометр": "acceleration",
    "时间": "time", "時間": "time", "시간": "time", "время": "time",
    "角度": "angle", "磁场": "mag", "温度": "temperature",
}  # fmt: skip
"""As apps and WitMotion's program translate them; a longer one stands before those in it."""
_UNITS = (("град/с", "deg/s"), ("рад/с", "rad/s"), ("м/с", "m/s"), ("(мс)", "(ms)"), ("(с)", "(s)"))  # noqa: RUF001
_GREEK = (("ω", "omega"), ("Ω", "omega"))
_DAMAGED = (("Â", ""), ("\ufffd/s", "deg/s"), ("?/s", "deg/s"))
"""What becomes of a degree sign that is read in a wrong encoding."""


def in_english(name: str) -> str:
    """A name with English for what is known of it in another script; any other as it is, with its degree sign.

    >>> in_english("角速度X(Â°/s)"), in_english("Ускорение Y (м/с²)"), in_english("Gyro Z (?/s)")
    (' gyro x(°/s)', ' acceleration  y (m/s²)', 'Gyro Z (deg/s)')
    """
    for wrong, right in (*_DAMAGED, *_GREEK):
        name = name.replace(wrong, right)
    if not any(ord(letter) > MAX_LATIN for letter in name):
        return name
    name = name.lower()
    for word, english in WORDS.items():
        name = name.replace(word, f" {english} ")
    for unit, ours in _UNITS:
        name = name.replace(unit, ours)
    return name
