"""The one exception family of haredge.

Each message is a single line that says what was wrong, where, and what to do: the command lines print it as it is and
exit with code 2.
"""


class HarError(Exception):
    """Something a user can correct: a file, an option, a device."""


class ConfigError(HarError):
    """A configuration file that cannot be used: damaged, an unknown key, a value of the wrong type."""


class DataError(HarError):
    """A recording or data set that cannot be used: damaged, wrong columns, wrong units."""


class ModelError(HarError):
    """A model, card or checkpoint that cannot be used: damaged, of another program, or made for another input."""


class SourceError(HarError):
    """A source or sink that cannot be opened or has failed."""
