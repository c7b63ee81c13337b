"""What a data set is: its names, its activities, its terms, where it comes from and how it is read."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from har_runtime.recording import Recording


@dataclass(frozen=True)
class Download:
    """One file at its official address."""

    url: str
    file: str
    """Name it is kept under, one of `DataSet.files`."""
    sha256: str | None = None
    """None where none is known; the file must then at least be an intact zip."""


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """What a data set is called, where it may be found in a folder, and under which terms."""

    name: str
    title: str
    files: tuple[str, ...]
    """Names under which the official archive or its folder may lie in `--data`."""
    load: Callable[[Path], list[Recording]]
    activities: tuple[str, ...]
    """All labels it has, in the official order; empty where only the files know."""
    placements: tuple[str, ...]
    """Where its sensors were worn: "waist", "hip", "pocket", "wrist"; empty where only the files know."""
    page: str
    """Official web page."""
    downloads: tuple[Download, ...]
    citation: str
    licence: str
    registration: str | None = None
    """What a person must do by hand before the data can be had."""
    official_test: tuple[str, ...] = ()
    """Users of the test part that its authors published."""
    recorded_as: str | None = None
    """Another data set that holds the same people; None where there is none."""

    @property
    def people(self) -> str:
        """Whose recordings these are: the same word in two data sets means the same people."""
        return self.recorded_as or self.name
