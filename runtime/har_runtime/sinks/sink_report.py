"""What became of the answers that one sink was given."""

from dataclasses import dataclass


@dataclass
class SinkReport:
    """Counts of one sink; they go on while it runs."""

    name: str
    """Its URI without the options."""
    written: int = 0
    """Answers that have got through."""
    waiting: int = 0
    """Answers that still may."""
    dropped: int = 0
    """Answers it will never have."""
    trouble: str | None = None
    """Why nothing gets through at the moment."""

    def __str__(self) -> str:
        counts = {"written": self.written, "waiting": self.waiting, "dropped": self.dropped}
        text = ", ".join(f"{count} {what}" for what, count in counts.items() if count or what == "written")
        return f"{self.name.rstrip(':')}: {text}" + (f" ({self.trouble})" if self.trouble else "")
