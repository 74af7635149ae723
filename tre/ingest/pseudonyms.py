"""Which number does a unit get in the store? Its rank in an order that only the key knows.

And a record key, by which noise is drawn, and an identity, by which the register of exact tables
knows the same unit in every version of the data: both depend on the unit alone.

A rank is dense, says nothing about the source's identifier or its order, and stays the same when
the same data is ingested again under the same key. It is never shown to anybody.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping, Sequence

import numpy as np

from queries.plan_vectors import KEY_BITS
from tre.ingest.checks import Kept
from tre.ingest.columns import Integers

IDENTITY_BITS = 63


def ranks(units: Mapping[str, int], *, kept: Sequence[Kept], secret: bytes) -> Integers:
    """By provisional number: the final one; -1 for a unit of which no row was kept.

    Units are ranked over all tables together, so that one unit has one number everywhere.
    """
    used = _used(kept, of=len(units))
    ordered = sorted(
        (name for name, number in units.items() if used[number]),
        key=lambda name: hmac.digest(secret, name.encode(), hashlib.sha256),
    )
    final = np.full(len(units), -1, dtype=np.int64)
    final[[units[name] for name in ordered]] = np.arange(len(ordered))
    return final


def record_keys(units: Mapping[str, int], *, secret: bytes) -> Integers:
    """By provisional number: KEY_BITS bits of a keyed hash of the unit's name."""
    return _hashed(units, secret=secret, bits=KEY_BITS)


def identities(units: Mapping[str, int], *, final: Integers, secret: bytes) -> Integers:
    """By final number: bits of a keyed hash of the unit's name, enough to tell all units apart."""
    hashed = _hashed(units, secret=secret, bits=IDENTITY_BITS)
    found = np.empty(int((final >= 0).sum()), dtype=np.int64)
    found[final[final >= 0]] = hashed[final >= 0]
    return found


def _hashed(units: Mapping[str, int], *, secret: bytes, bits: int) -> Integers:
    found = np.empty(len(units), dtype=np.int64)
    for name, number in units.items():
        digest = hmac.digest(secret, name.encode(), hashlib.sha256)
        found[number] = int.from_bytes(digest[:8], "big") >> (64 - bits)
    return found


def _used(kept: Sequence[Kept], *, of: int) -> np.ndarray:
    used = np.zeros(of, dtype=bool)
    for rows in kept:
        if rows.table.unit_column:
            used[rows.stored[rows.table.unit_column]] = True
    return used
