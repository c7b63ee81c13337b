"""The description of a data set: names, activities, terms, source, and the function that reads it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from har_runtime.recording import Recording


@dataclass(frozen=True)
class Download:
    """One file at its official address."""

    url: str
    file: str
    """Name of the local file, one of `DataSet.files`."""
    sha256: str | None = None
    """None if unknown; the file must then at least be an intact zip."""


@dataclass(frozen=True, kw_only=True)
class DataSet:
    """A data set that can be loaded."""

    name: str
    title: str
    files: tuple[str, ...]
    """Names under which the official archive or its folder may lie in `--data`."""
    load: Callable[[Path], list[Recording]]
    activities: tuple[str, ...]
    """All its labels, in the official order; empty if only the files tell."""
    placements: tuple[str, ...]
    """Where its sensors were worn: "waist", "hip", "pocket", "wrist"; empty if only the files tell."""
    page: str
    """Official web page."""
    downloads: tuple[Download, ...]
    citation: str
    licence: str
    registration: str | None = None
    """What the user must do by hand to get the data; None if it can be downloaded."""
    official_test: tuple[str, ...] = ()
    """Users in the test part that its authors published."""
    recorded_as: str | None = None
    """Name of another data set of the same people."""

    @property
    def people(self) -> str:
        """A name for its group of people: two data sets with the same name share their people."""
        return self.recorded_as or self.name


def terms(datasets: Sequence[DataSet], of: Callable[[DataSet], str]) -> str:
    """One of a data set's terms or, if there are several data sets, those of each with its name."""
    if len(datasets) == 1:
        return of(datasets[0])
    return "; ".join(f"{dataset.name}: {of(dataset)}" for dataset in datasets)
