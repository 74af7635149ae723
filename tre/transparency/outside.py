"""Where is a checkpoint kept that whoever holds the database cannot change? In folders elsewhere.

A mounted share, a checked-out repository, a drop box that is only written to: each checkpoint is a
file of its own, named by how many entries it is of.
"""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterable, Iterator
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from tre.transparency.checkpoint import Checkpoint, NotACheckpoint, opened

ENDING = ".checkpoint"


def put(note: str, *, size: int, folder: Path) -> bool:
    """False where it is there already. Raises OSError. Complete, or not there at all."""
    place = folder / f"{size:012d}{ENDING}"
    if place.exists():
        return False
    aside = folder / f".{place.name}.{secrets.token_hex(8)}"
    try:
        with aside.open("x", encoding="utf-8", newline="") as file:
            file.write(note)
            file.flush()
            os.fsync(file.fileno())
        aside.rename(place)
    finally:
        aside.unlink(missing_ok=True)
    return True


def places(text: str) -> tuple[Path, ...]:
    """Of a setting: folders, with ``:`` between them."""
    return tuple(Path(one) for one in text.split(os.pathsep) if one)


def latest(folder: Path, *, origin: str, key: Ed25519PublicKey) -> Checkpoint | None:
    """The longest that was put there. Raises OSError, NotACheckpoint for one of another log."""
    if not folder.is_dir():
        raise NotACheckpoint("the folder of checkpoints is not there")
    files = sorted(folder.glob(f"*{ENDING}"))
    if not files:
        return None
    return opened(files[-1].read_bytes().decode("utf-8", "replace"), origin=origin, key=key)


def kept(places: Iterable[Path], *, origin: str, key: Ed25519PublicKey) -> Iterator[Checkpoint]:
    """Of files, and of all checkpoints in folders.

    Raises OSError, and NotACheckpoint for any file that is none and for a folder without any.
    """
    for place in places:
        files = sorted(place.glob(f"*{ENDING}")) if place.is_dir() else [place]
        if not files:
            raise NotACheckpoint("a folder without a checkpoint")
        for one in files:
            yield opened(one.read_bytes().decode("utf-8", "replace"), origin=origin, key=key)
