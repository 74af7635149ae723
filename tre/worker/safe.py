"""With what does a worker seal? Evidence with a key of its own; answers for the page that asked.

The key follows from the store's and is nowhere else. What is sealed is bound to what it is about:
moved to another row it does not open. Keys of pages are used once, over a fresh key of ours (ECDH
on P-256, HKDF-SHA256, AES-256-GCM), which is what every browser can undo by itself.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import partial

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from disclosure_control.before import Seal
from tre.journey.evidenced import CURVE

NONCE = 12  # bytes
KEY = 32
OWN = b"tre.evidence/1/"
PAGES = b"tre.exact-values/1/"


class NotOpened(Exception):
    """Sealed with another key, for another row, or not as it was."""


@dataclass(frozen=True, slots=True)
class Safe:
    """``key``: 32 bytes that only workers have."""

    key: bytes = field(repr=False)

    def seal(self, about: str) -> Seal:
        return partial(_sealed, self.key, OWN + about.encode())

    def unseal(self, about: str) -> Seal:
        """What it returns raises NotOpened."""
        return partial(_opened, self.key, OWN + about.encode())


def for_page(reader_key: bytes, about: str) -> Seal:
    """Seals so that the holder of this public key opens it: our point, a nonce, the sealed rest."""
    theirs = ec.EllipticCurvePublicKey.from_encoded_point(CURVE, reader_key)

    def seal(content: bytes) -> bytes:
        once = ec.generate_private_key(CURVE)
        shared = once.exchange(ec.ECDH(), theirs)
        bound = PAGES + about.encode()
        key = HKDF(SHA256(), length=KEY, salt=None, info=bound).derive(shared)
        point = once.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return point + _sealed(key, bound, content)

    return seal


def _sealed(key: bytes, about: bytes, content: bytes) -> bytes:
    nonce = os.urandom(NONCE)
    return nonce + AESGCM(key).encrypt(nonce, content, about)


def _opened(key: bytes, about: bytes, sealed: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE], sealed[NONCE:], about)
    except (InvalidTag, ValueError) as error:
        raise NotOpened from error
