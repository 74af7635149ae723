"""How does an Unprotected cross from the process that counted it? One strict binary form.

A header (magic, number of vectors, number of cells, digest of the layout), then every vector of
the shape in its order, each number a little-endian 64-bit integer; last, of an axis with unknown
keys, one text for each of its places: a byte for the length, and so many bytes as the longest has.
Nothing else is read or made: no pickle, no names, no optional parts. Any fault is a Leak, so
nothing leaves.
"""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterator

from disclosure_control.errors import Leak
from disclosure_control.tables import LONGEST_TEXT, Shape, Unprotected, Vector

MAGIC = b"unprot01"
_HEADER = struct.Struct("<8sII32s")
_TEXT = struct.Struct(f"<B{LONGEST_TEXT}s")


def encode(unprotected: Unprotected) -> bytes:
    """For a pipe between two processes of one machine; never for a file, a log or a page."""
    shape, vectors = unprotected.shape, unprotected.reveal()
    header = _HEADER.pack(MAGIC, len(shape.vectors), shape.cells, _layout(shape))
    integers = (_integers(shape, one).pack(*vectors[one.name]) for one in shape.vectors)
    texts = ((text or "").encode() for text in unprotected.reveal_texts())
    return header + b"".join((*integers, *(_TEXT.pack(len(own), own) for own in texts)))


def decode(blob: bytes, shape: Shape) -> Unprotected:
    """The same table, under the shape that was asked for. Raises Leak for anything else."""
    expected = _HEADER.pack(MAGIC, len(shape.vectors), shape.cells, _layout(shape))
    if len(blob) != encoded_length(shape) or blob[: _HEADER.size] != expected:
        raise Leak("an answer does not have the form that was asked for")
    found: dict[str, tuple[int, ...]] = {}
    start = _HEADER.size
    for vector in shape.vectors:
        integers = _integers(shape, vector)
        found[vector.name] = integers.unpack_from(blob, start)
        start += integers.size
    return Unprotected(shape, found, tuple(_texts(blob[start:])))


def encoded_length(shape: Shape) -> int:
    """Bytes; it depends on the public shape alone."""
    return _HEADER.size + 8 * sum(map(shape.length, shape.vectors)) + _TEXT.size * shape.texts


def _texts(blob: bytes) -> Iterator[str | None]:
    for length, own in _TEXT.iter_unpack(blob):
        if length > LONGEST_TEXT or own[length:].strip(b"\0"):
            raise Leak("a text is longer than it may be")
        try:
            yield own[:length].decode() or None
        except UnicodeDecodeError:
            raise Leak("a text is none") from None


def _integers(shape: Shape, vector: Vector) -> struct.Struct:
    return struct.Struct(f"<{shape.length(vector)}q")


def _layout(shape: Shape) -> bytes:
    """Binds an answer to its vectors: names, order, lengths and magnitudes."""
    vectors = (f"{one.name}:{shape.length(one)}:{one.magnitude}" for one in shape.vectors)
    parts = [str(shape.cells), *vectors, *([f"texts:{shape.texts}"] if shape.texts else [])]
    return hashlib.sha256("\n".join(parts).encode()).digest()
