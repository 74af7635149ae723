"""The log's key in tests, and what a worker's thread does to seal what was released."""

from __future__ import annotations

import datetime

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session

from tests.factories import NOW
from tre.journey import sealed
from tre.transparency import log
from tre.transparency.checkpoint import verifier_key
from tre.transparency.log import Signer

SIGNER = Signer("tre.example.org/log", Ed25519PrivateKey.from_private_bytes(bytes(range(32))))
KEY = verifier_key(SIGNER.origin, SIGNER.key.public_key())


def sign(session: Session, *, now: datetime.datetime = NOW) -> None:
    """Everything that happened is in a signed log."""
    session.rollback()
    log.take_up(session, signer=SIGNER, now=now, whole=True)


def seal(session: Session, *, now: datetime.datetime = NOW) -> int:
    sign(session, now=now)
    return sealed.seal_waiting(session, signer=SIGNER, now=now)
