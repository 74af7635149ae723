"""A Merkle tree over a log that only grows, as RFC 6962 (section 2.1) defines it, with SHA-256.

Whoever keeps one root can be shown that an entry is in the log (inclusion), and that a later log
begins with the earlier one (consistency), by a few hashes. Of the log only *peaks* have to be kept:
the roots of its full subtrees, the largest first, from which the next root follows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

EMPTY = hashlib.sha256(b"").digest()

Hash = bytes
HashOf = Callable[[int, int], Hash]
"""The root of the leaves from start to end, a full subtree: whose size is a power of two."""


def leaf_hash(entry: bytes) -> Hash:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: Hash, right: Hash) -> Hash:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root(hash_of: HashOf, size: int) -> Hash:
    """Of the first ``size`` leaves."""
    return _root(hash_of, 0, size) if size else EMPTY


def root_of_peaks(peaks: Sequence[Hash]) -> Hash:
    """``peaks``: the roots of the full subtrees of a tree, the largest first."""
    if not peaks:
        return EMPTY
    found = peaks[-1]
    for one in reversed(peaks[:-1]):
        found = node_hash(one, found)
    return found


def subtrees(size: int) -> Iterator[tuple[int, int]]:
    """Start and end of the full subtrees of a tree, the largest first."""
    start = 0
    for bit in reversed(range(size.bit_length())):
        if size >> bit & 1:
            yield start, start + (1 << bit)
            start += 1 << bit


def inclusion(hash_of: HashOf, *, leaf: int, size: int) -> list[Hash]:
    """The proof that the leaf at this place is in the tree of so many. Raises ValueError."""
    if not 0 <= leaf < size:
        raise ValueError(f"no leaf {leaf} of {size}")
    return list(_inclusion(hash_of, leaf, 0, size))


def consistency(hash_of: HashOf, *, before: int, size: int) -> list[Hash]:
    """The proof that the tree of ``size`` leaves begins with that of ``before``.

    Raises ValueError.
    """
    if not 0 < before <= size:
        raise ValueError(f"no proof from {before} to {size}")
    return list(_consistency(hash_of, before, 0, size, known=True))


def verify_inclusion(
    entry: Hash, *, leaf: int, size: int, proof: Sequence[Hash], top: Hash
) -> bool:
    """``entry`` is its leaf hash. RFC 9162, section 2.1.3.2."""
    if not 0 <= leaf < size:
        return False
    at, last, found = leaf, size - 1, entry
    for one in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(one, found)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, one)
        at, last = at >> 1, last >> 1
    return last == 0 and found == top


def verify_consistency(
    *, before: int, size: int, proof: Sequence[Hash], old_top: Hash, top: Hash
) -> bool:
    """RFC 9162, section 2.1.4.2."""
    if not 0 < before <= size:
        return False
    if before == size:
        return not proof and old_top == top
    path = list(proof)
    if before & (before - 1) == 0:
        path.insert(0, old_top)
    if not path:
        return False
    at, last = before - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = path[0]
    for one in path[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(one, old), node_hash(one, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, one)
        at, last = at >> 1, last >> 1
    return last == 0 and old == old_top and new == top


def _split(size: int) -> int:
    """The largest power of two below the size."""
    return 1 << (size - 1).bit_length() - 1


def _root(hash_of: HashOf, start: int, end: int) -> Hash:
    size = end - start
    if size & (size - 1) == 0:
        return hash_of(start, end)
    middle = start + _split(size)
    return node_hash(_root(hash_of, start, middle), _root(hash_of, middle, end))


def _inclusion(hash_of: HashOf, leaf: int, start: int, end: int) -> Iterator[Hash]:
    if end - start == 1:
        return
    middle = start + _split(end - start)
    if leaf < middle:
        yield from _inclusion(hash_of, leaf, start, middle)
        yield _root(hash_of, middle, end)
    else:
        yield from _inclusion(hash_of, leaf, middle, end)
        yield _root(hash_of, start, middle)


def _consistency(
    hash_of: HashOf, before: int, start: int, end: int, *, known: bool
) -> Iterator[Hash]:
    """``known``: the subtree is the whole of the earlier tree, whose root needs no proof."""
    if before == end:
        if not known:
            yield _root(hash_of, start, end)
        return
    middle = start + _split(end - start)
    if before <= middle:
        yield from _consistency(hash_of, before, start, middle, known=known)
        yield _root(hash_of, middle, end)
    else:
        yield from _consistency(hash_of, before, middle, end, known=False)
        yield _root(hash_of, start, middle)
