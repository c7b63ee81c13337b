"""What apps and boards write without saying it in their headers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Profile:
    """What an app or a board writes without saying it in its header."""

    name: str
    source: str
    """Where that is documented."""
    marks: tuple[str, ...]
    """Names, in lower case letters and digits and without their units, that a header has all of."""
    acc_unit: str | None = None
    gyro_unit: str | None = None
    time_unit: str | None = None
    """Of the first of `marks`, if it is a time."""
    apple_sign: bool = False
    """Whether acceleration has Apple's sign: a phone that lies face up reads -1 g on z."""
    timed: bool = True
    """Whether the first of `marks`, if it is a time, is in a unit that is read."""
    labelled: bool = True
    """Whether a column named as a label is the truth; False if it is the app's own guess."""


PROFILES: tuple[Profile, ...] = (
    Profile(
        "Sensor Logger",
        "https://github.com/tszheichoi/awesome-sensor-logger, UNITS.md",
        ("time", "secondselapsed"),
        gyro_unit="rad/s",
    ),
    Profile("OpenLog Artemis", "its firmware, Sensors.ino, getData", ("imudegc",), "mg", "deg/s"),
    *(
        Profile(
            "Xsens MT Manager",
            "MT Manager User Manual (MT0216P), ASCII export: SampleTimeFine in 0.1 ms",
            ("sampletimefine", "packetcounter", mark),
            "m/s2",
            "rad/s",
            timed=False,
        )
        for mark in ("utcnano", "freeacce", "mat11")
    ),
    Profile(
        "Movella DOT",
        "Xsens DOT User Manual (XD0502P), Data export; Movella DOT Data Exporter User Manual",
        ("sampletimefine", "packetcounter"),
        "m/s2",
        "deg/s",
        time_unit="us",
    ),
    Profile(
        "Physics Toolbox",
        "https://www.vieyrasoftware.net, g-Force Meter and Gyroscope",
        ("gfx", "gfy", "gfz"),
        "g",
        "rad/s",
    ),
    Profile(
        "SensorLog",
        "http://sensorlog.berndthomas.net; Apple, CMAccelerometerData and CMGyroData",
        ("accelerometeraccelerationx", "loggingtime"),
        "g",
        "rad/s",
        apple_sign=True,
        labelled=False,
    ),
    Profile(
        "SensorLog",
        "http://sensorlog.berndthomas.net; Apple, CMDeviceMotion",
        ("motionuseraccelerationx", "motiongravityx"),
        "g",
        "rad/s",
        apple_sign=True,
        labelled=False,
    ),
    Profile(
        "a browser's devicemotion",
        "https://www.w3.org/TR/orientation-event/, DeviceMotionEventRotationRate: degrees per second",
        ("rotationratealpha", "rotationratebeta", "rotationrategamma"),
        gyro_unit="deg/s",
    ),
    Profile(
        "Apple's CMDeviceMotion",
        "Apple, CMDeviceMotion: gravity, userAcceleration, rotationRate",
        ("useraccelerationx", "gravityx", "rotationratex"),
        "g",
        "rad/s",
        apple_sign=True,
    ),
)  # fmt: skip
