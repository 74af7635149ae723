"""A signed statement of how long the log is and what its root is, for keeping outside.

The text is that of C2SP tlog-checkpoint, signed as a C2SP signed-note with Ed25519:

    tre.example.org/log
    1024
    CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

    — tre.example.org/log Az3grlgtzPICa5OS8npVmf1Myq/5IZni...
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
KEY_ID = 4  # bytes
HASH = 32
NAME = re.compile(r"[^\s+]+")
SIZE = re.compile(r"0|[1-9][0-9]{0,18}", re.ASCII)
DASH = "\u2014"


class NotACheckpoint(ValueError):
    """Not the text of a checkpoint, or not signed by whom it should be."""


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """``origin`` names the log."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        return f"{self.origin}\n{self.size}\n{_base64(self.root)}\n"


def signed(checkpoint: Checkpoint, key: Ed25519PrivateKey) -> str:
    """The note, under the log's own name."""
    text = checkpoint.text()
    own = _key_id(checkpoint.origin, key.public_key()) + key.sign(text.encode())
    return f"{text}\n{DASH} {checkpoint.origin} {_base64(own)}\n"


def opened(note: str, *, origin: str, key: Ed25519PublicKey) -> Checkpoint:
    """Raises NotACheckpoint. Signatures of others on the note are passed over."""
    text, divided, signatures = note.rpartition("\n\n")
    lines = f"{text}\n".split("\n")[:-1]
    if not divided or len(lines) < 3 or lines[0] != origin:  # noqa: PLR2004 — name, size, root
        raise NotACheckpoint("not a checkpoint of this log")
    for line in signatures.splitlines():
        if _is_signed(line, f"{text}\n".encode(), origin=origin, key=key):
            return _read(lines)
    raise NotACheckpoint("not signed by this log")


def verifier_key(origin: str, key: Ed25519PublicKey) -> str:
    """As others write it down: name, key id, and the key with its type."""
    public = ED25519 + key.public_bytes_raw()
    return f"{origin}+{_key_id(origin, key).hex()}+{_base64(public)}"


def key_from(text: str) -> tuple[str, Ed25519PublicKey]:
    """Raises NotACheckpoint."""
    name, _, rest = text.strip().partition("+")
    named, _, public = rest.partition("+")
    raw = _bytes(public)
    if not NAME.fullmatch(name) or raw[:1] != ED25519 or len(raw) != 1 + HASH:
        raise NotACheckpoint("not a key of a log")
    key = Ed25519PublicKey.from_public_bytes(raw[1:])
    if _key_id(name, key).hex() != named:
        raise NotACheckpoint("the key has another id")
    return name, key


def _read(lines: list[str]) -> Checkpoint:
    origin, size, root = lines[:3]
    if not NAME.fullmatch(origin) or not SIZE.fullmatch(size) or len(_bytes(root)) != HASH:
        raise NotACheckpoint("not a checkpoint")
    return Checkpoint(origin, int(size), _bytes(root))


def _is_signed(line: str, text: bytes, *, origin: str, key: Ed25519PublicKey) -> bool:
    dash, _, rest = line.partition(" ")
    name, _, signature = rest.rpartition(" ")
    if dash != DASH or name != origin:
        return False
    raw = _bytes(signature)
    if raw[:KEY_ID] != _key_id(origin, key):
        return False
    try:
        key.verify(raw[KEY_ID:], text)
    except InvalidSignature:
        return False
    return True


def _key_id(name: str, key: Ed25519PublicKey) -> bytes:
    own = name.encode() + b"\n" + ED25519 + key.public_bytes_raw()
    return hashlib.sha256(own).digest()[:KEY_ID]


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()


def _bytes(text: str) -> bytes:
    """Nothing where it is written otherwise than we would."""
    try:
        raw = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return raw if _base64(raw) == text else b""
