"""What was drawn, and which exact bytes are an output made of?

A *draw* is one protected table, made once for one fingerprint. An *output* is a question's own
copy of it, in every format that may ever leave, each hashed before anybody looks at it.
"""

from __future__ import annotations

import datetime
import hashlib
from dataclasses import dataclass
from enum import StrEnum

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, UniqueConstraint, select
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from tre.database import Base, new_id
from tre.errors import ArtefactsChanged
from tre.submissions import Submission


class DrawState(StrEnum):
    RESERVED = "reserved"  # paid for; a worker is at it
    DRAWN = "drawn"
    VOID = "void"  # its question failed or was cancelled; nothing was seen


class Draw(Base):
    """``live_fingerprint`` is unique and empty once void: one live draw per fingerprint."""

    __tablename__ = "draw"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("dataset.id"))
    fingerprint: Mapped[str] = mapped_column(index=True)
    live_fingerprint: Mapped[str | None] = mapped_column(unique=True)
    leader_id: Mapped[str] = mapped_column(ForeignKey("submission.id"))
    state: Mapped[str]
    protected_json: Mapped[str | None]
    rho_nano: Mapped[int] = mapped_column(BigInteger)
    reserved_at: Mapped[datetime.datetime]
    drawn_at: Mapped[datetime.datetime | None]


class Format(StrEnum):
    CSV = "csv"
    JSON = "json"
    CHART = "svg"
    RECORD = "record"
    CSVW = "csvw"
    JSONSTAT = "jsonstat"
    SDMX = "sdmx"
    PARQUET = "parquet"
    XLSX = "xlsx"
    FINDINGS = "findings"  # what only checkers may read; never part of a release


MEDIA: dict[Format, str] = {
    Format.CSV: "text/csv; charset=utf-8",
    Format.JSON: "application/json",
    Format.CHART: "image/svg+xml",
    Format.RECORD: "application/json",
    Format.CSVW: "application/csvm+json",
    Format.JSONSTAT: 'application/json; profile="https://json-stat.org/full/"',
    Format.SDMX: "application/vnd.sdmx.data+csv; version=2.0.0; labels=both",
    Format.PARQUET: "application/vnd.apache.parquet",
    Format.XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    Format.FINDINGS: "application/json",
}

NAMES: dict[Format, str] = {
    Format.CSV: "table.csv",
    Format.JSON: "table.json",
    Format.CHART: "chart.svg",
    Format.RECORD: "record.json",
    Format.CSVW: "table.csv-metadata.json",
    Format.JSONSTAT: "table.jsonstat.json",
    Format.SDMX: "table.sdmx.csv",
    Format.PARQUET: "table.parquet",
    Format.XLSX: "table.xlsx",
}
"""What the files of a release are called, wherever they are together."""

MOST_SHOWN = 1000
"""Rows of a table on a page; its files hold every row."""

FOR_CHECKERS: frozenset[Format] = frozenset({Format.FINDINGS})


class Output(Base):
    __tablename__ = "output"

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    submission_id: Mapped[str] = mapped_column(ForeignKey("submission.id"), unique=True)
    draw_id: Mapped[str] = mapped_column(ForeignKey("draw.id"))
    track: Mapped[str]
    manifest_hash: Mapped[str]  # of every artefact's format and hash; what an approval names
    created_at: Mapped[datetime.datetime]

    submission: Mapped[Submission] = relationship(back_populates="output")
    artefacts: Mapped[list[Artefact]] = relationship(order_by="Artefact.format")

    def artefact(self, format: Format) -> Artefact | None:  # noqa: A002 - the domain's word
        return next((one for one in self.artefacts if one.format == format.value), None)


class Artefact(Base):
    __tablename__ = "artefact"
    __table_args__ = (UniqueConstraint("output_id", "format"),)

    id: Mapped[str] = mapped_column(primary_key=True, default=new_id)
    output_id: Mapped[str] = mapped_column(ForeignKey("output.id"))
    format: Mapped[str]
    media_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    sha256: Mapped[str]


@dataclass(frozen=True, slots=True)
class Rendered:
    """One format of an output, before it is stored."""

    format: Format
    content: bytes

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.content).hexdigest()


def manifest_hash(parts: list[tuple[str, str]]) -> str:
    """One hash over (format, sha256) of every artefact, whatever their order."""
    lines = "".join(f"{name} {digest}\n" for name, digest in sorted(parts))
    return hashlib.sha256(lines.encode()).hexdigest()


def files(output: Output) -> dict[str, Artefact]:
    """What leaves, by name."""
    return {NAMES[Format(one.format)]: one for one in output.artefacts if one.format in NAMES}


def files_hash(output: Output) -> str:
    """Over names and hashes of what leaves, so that whoever holds the files can make it again.

    An approval's ``manifest_hash`` also covers what only checkers read, of which there are few
    possible texts: told outside, a guess of that text could be tried against it.
    """
    return manifest_hash([(name, one.sha256) for name, one in files(output).items()])


def store(
    session: Session,
    *,
    submission: Submission,
    draw: Draw,
    rendered: tuple[Rendered, ...],
    now: datetime.datetime,
) -> Output:
    output = Output(
        id=new_id(),
        submission_id=submission.id,
        draw_id=draw.id,
        track=submission.track,
        manifest_hash=manifest_hash([(one.format.value, one.sha256) for one in rendered]),
        created_at=now,
    )
    output.artefacts = [
        Artefact(
            id=new_id(),
            format=one.format.value,
            media_type=MEDIA[one.format],
            content=one.content,
            sha256=one.sha256,
        )
        for one in rendered
    ]
    session.add(output)
    session.flush()
    return output


def check_bytes(output: Output) -> None:
    """Hashes every stored byte again; raises ArtefactsChanged if anything differs."""
    parts = [(one.format, hashlib.sha256(one.content).hexdigest()) for one in output.artefacts]
    if manifest_hash(parts) != output.manifest_hash:
        raise ArtefactsChanged(output.id)


def live_draw(session: Session, fingerprint: str) -> Draw | None:
    return session.scalar(select(Draw).where(Draw.live_fingerprint == fingerprint))
