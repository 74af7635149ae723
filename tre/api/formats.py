"""In which format does a caller want a release? By suffix, else by Accept, else JSON."""

from __future__ import annotations

from werkzeug.datastructures import MIMEAccept

from tre.api.problems import Problem
from tre.outputs import MEDIA, Format

OFFERED: dict[str, Format] = {
    "application/json": Format.JSON,
    "text/csv": Format.CSV,
    "text/csv; charset=utf-8": Format.CSV,
    MEDIA[Format.CSVW]: Format.CSVW,
    MEDIA[Format.JSONSTAT]: Format.JSONSTAT,  # which has no type of its own: a profile (RFC 6906)
    "application/vnd.sdmx.data+csv": Format.SDMX,
    "application/vnd.sdmx.data+csv; version=2.0.0": Format.SDMX,
    MEDIA[Format.SDMX]: Format.SDMX,
    MEDIA[Format.PARQUET]: Format.PARQUET,
    MEDIA[Format.XLSX]: Format.XLSX,
}
"""A media type with parameters does not match the bare one, so both spellings are offered."""


def chosen(accept: MIMEAccept) -> Format:
    """JSON where the caller does not say. Raises Problem("not-acceptable")."""
    if not accept:
        return Format.JSON
    best = accept.best_match(list(OFFERED))
    if best is None:
        raise Problem("not-acceptable")
    return OFFERED[best]
