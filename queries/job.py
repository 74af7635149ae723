"""What is handed to a sandbox? First the key and limits; then one statement and its outline.

A job holds integers and declared names. All of it goes by pipe: nothing is on a command line,
in the environment or in a file.
"""

from __future__ import annotations

import json
import struct
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any, BinaryIO

from disclosure_control.tables import Axis, Counting, Shape, Vector
from queries.engines.locked import Resources
from queries.store import KEY_BYTES

if TYPE_CHECKING:
    from queries.plan import Plan

READY = b"R"
"""The byte by which a child says that it has opened its file and waits for a job."""

_LENGTH = struct.Struct("<I")
LONGEST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Job:
    """``vectors`` are names, magnitudes and bins, in order.

    ``searched`` counts the same in a file in which first rows are not marked; "" where it is
    ``sql`` itself.
    ``texts`` is the statement that reads the texts of an axis with ``labels``, of which so many
    stand for ``known`` keys; "" without such an axis.
    """

    sql: str
    cells: int
    vectors: tuple[tuple[str, int, int], ...]
    texts: str = ""
    labels: int = 1
    known: int = 0
    searched: str = ""

    @classmethod
    def of(cls, plan: Plan) -> Job:
        from queries.engines.statement import statement, texts_of  # needs more than a child has

        vectors = tuple((one.name, one.magnitude, one.bins) for one in plan.shape.vectors)
        shape, read, other = plan.shape, statement(plan), statement(plan, marked=False)
        made = cls(read, shape.cells, vectors, searched=other if other != read else "")
        if plan.texts is None or shape.unknown is None:
            return made
        axis = shape.axes[shape.unknown]
        labels = len(axis.labels)
        known = labels - axis.texts
        return replace(made, texts=texts_of(plan.texts), labels=labels, known=known)

    def outline(self) -> Shape:
        """A shape without titles and sensitivities: enough to check and encode an answer."""
        return Shape(
            unit="",
            axes=self._axes(),
            vectors=tuple(
                Vector(name, Counting.ROWS, 1, magnitude, None, bins=bins)
                for name, magnitude, bins in self.vectors
            ),
            published=(),
        )

    def _axes(self) -> tuple[Axis, ...]:
        if not self.texts:
            return (Axis("cell", ("",) * self.cells),)
        keys = Axis("key", ("",) * self.labels, missing=self.known > 0, unknown=True)
        return (keys, Axis("cell", ("",) * (self.cells // self.labels)))


def opening(key: bytes, *, resources: Resources) -> bytes:
    """The first message: the key of the file, and what the child may use."""
    return key + _framed(asdict(resources))


def asked(job: Job) -> bytes:
    """The second message."""
    return _framed(asdict(job))


def receive_opening(pipe: BinaryIO) -> tuple[bytes, Resources]:
    """Raises ValueError for a message that is not whole."""
    key = _whole(pipe, KEY_BYTES)
    return key, Resources(**_received(pipe))


def receive_job(pipe: BinaryIO) -> Job:
    """Raises ValueError for a message that is not whole."""
    fields = _received(pipe)
    vectors = tuple((name, magnitude, bins) for name, magnitude, bins in fields["vectors"])
    return Job(**{**fields, "vectors": vectors})


def framed(text: bytes) -> bytes:
    """A text with its length before it."""
    return _LENGTH.pack(len(text)) + text


def received_text(pipe: BinaryIO, *, longest: int = LONGEST) -> bytes:
    """Raises ValueError for a text that is not whole, or too long."""
    (length,) = _LENGTH.unpack(_whole(pipe, _LENGTH.size))
    if length > longest:
        raise ValueError
    return _whole(pipe, length)


def _framed(fields: dict[str, object]) -> bytes:
    return framed(json.dumps(fields, separators=(",", ":")).encode())


def _received(pipe: BinaryIO) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(received_text(pipe))
    return fields


def _whole(pipe: BinaryIO, length: int) -> bytes:
    found = pipe.read(length)
    if len(found) != length:
        raise ValueError
    return found
