"""Where does the key of the store come from? One file of its own, made once, for the owner only.

The file holds 32 random bytes in hexadecimal. It never lies inside the store, so that a copy of
the store is a copy of nothing.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import stat
from contextlib import suppress
from typing import TYPE_CHECKING

from queries.store import KEY_BYTES
from tre.ingest.errors import KeyRefused

if TYPE_CHECKING:
    from pathlib import Path

OTHERS = stat.S_IRWXG | stat.S_IRWXO


def load_or_create(path: Path, *, store_root: Path) -> bytes:
    """The key; made if there is no file yet. Raises KeyRefused."""
    _require_outside(path, store_root=store_root)
    with suppress(FileExistsError):
        _create(path)
    return load(path)


def load(path: Path) -> bytes:
    """Raises KeyRefused for a file that is absent, malformed, or open to other people."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
    except OSError as error:
        raise KeyRefused("the key file cannot be opened") from error
    with os.fdopen(descriptor, "rb") as file:
        if stat.S_IMODE(os.fstat(descriptor).st_mode) & OTHERS:
            raise KeyRefused("the key file is open to others: it must have mode 0600")
        return _parsed(file.read(4 * KEY_BYTES))


def derived(key: bytes, *, purpose: str) -> bytes:
    """A secret for one purpose; it tells nothing about the key or about other purposes."""
    return hmac.digest(key, b"tre.ingest/1/" + purpose.encode(), hashlib.sha256)


def _require_outside(path: Path, *, store_root: Path) -> None:
    if path.resolve().is_relative_to(store_root.resolve()):
        raise KeyRefused("the key file must lie outside the store")


def _create(path: Path) -> None:
    """Complete or not there at all, also after a crash: written aside, then linked."""
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    if path.exists():
        raise FileExistsError(path)
    aside = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(secrets.token_bytes(KEY_BYTES).hex() + "\n")
            file.flush()
            os.fsync(descriptor)
        os.link(aside, path)
    finally:
        aside.unlink()


def _parsed(text: bytes) -> bytes:
    with suppress(ValueError):
        key = bytes.fromhex(text.decode("ascii").strip())
        if len(key) == KEY_BYTES:
            return key
    raise KeyRefused("the key file does not hold 32 bytes in hexadecimal")
