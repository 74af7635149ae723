"""What can go wrong while a dataset is ingested?

    IngestError
    ├── EntryInvalid      the owner's entry (catalogue, hints, policy) does not hold together
    ├── SourceUnreadable  a source is absent or cannot be read
    ├── DataRefused       the data does not keep what the entry declares; carries the report
    ├── KeyRefused        the key file is malformed, open to others, or inside the store
    └── StoreBusy         another ingest of this dataset is running

An ingest is run by a dataset's owner, who holds the source; ``faults`` and reports are for them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tre.ingest.report import Report


class IngestError(Exception):
    """Base class. ``faults`` says to the owner what to change; nothing was published."""

    public = "This dataset could not be ingested."

    def __init__(self, *faults: str) -> None:
        super().__init__(self.public)
        self.faults = faults

    def __str__(self) -> str:
        return "\n".join((self.public, *(f"- {fault}" for fault in self.faults)))


class EntryInvalid(IngestError):
    public = "The dataset's entry is not valid."


class SourceUnreadable(IngestError):
    public = "A source of this dataset cannot be read."


class DataRefused(IngestError):
    public = "The data does not keep what its entry declares, so no version was published."

    def __init__(self, report: Report) -> None:
        super().__init__(*report.faults)
        self.report = report


class KeyRefused(IngestError):
    public = "The key of the store cannot be used."


class StoreBusy(IngestError):
    public = "Another ingest of this dataset is running. Try again when it has ended."
