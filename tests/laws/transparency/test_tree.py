"""The tree of RFC 6962: published roots, every proof of small trees, and nothing else passes."""

from __future__ import annotations

import random

import pytest

from tre.transparency.tree import (
    EMPTY,
    consistency,
    inclusion,
    leaf_hash,
    node_hash,
    root,
    root_of_peaks,
    subtrees,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    bytes.fromhex(text)
    for text in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
"""Of the test vectors that implementations of Certificate Transparency share."""


class Log:
    """Leaves in memory; ``asked`` are the subtrees that were looked up."""

    def __init__(self, leaves: list[bytes]) -> None:
        self.leaves = [leaf_hash(one) for one in leaves]

    def __call__(self, start: int, end: int) -> bytes:
        size = end - start
        assert size & (size - 1) == 0
        assert start % size == 0
        if size == 1:
            return self.leaves[start]
        middle = start + size // 2
        return node_hash(self(start, middle), self(middle, end))

    def root(self, size: int) -> bytes:
        return root(self, size)


def log(size: int) -> Log:
    return Log([bytes([at % 256, at // 256]) for at in range(size)])


def test_roots_are_those_that_others_publish():
    own = Log(LEAVES)
    assert [own.root(size).hex() for size in range(1, 9)] == ROOTS
    assert own.root(0) == EMPTY


def test_peaks_give_the_root():
    own = log(70)
    for size in range(70):
        peaks = [own(start, end) for start, end in subtrees(size)]
        assert root_of_peaks(peaks) == own.root(size)


def test_every_entry_is_proved_to_be_in_every_tree():
    own = log(40)
    for size in range(1, 41):
        for leaf in range(size):
            proof = inclusion(own, leaf=leaf, size=size)
            given = {"leaf": leaf, "size": size, "proof": proof, "top": own.root(size)}
            assert verify_inclusion(own.leaves[leaf], **given)
            assert not verify_inclusion(leaf_hash(b"another"), **given)
            if size > 1:
                assert not verify_inclusion(own.leaves[leaf], **given | {"proof": proof[:-1]})
                assert not verify_inclusion(own.leaves[leaf], **given | {"leaf": leaf ^ 1})
            assert not verify_inclusion(own.leaves[leaf], **given | {"proof": [*proof, EMPTY]})


def test_every_tree_is_proved_to_begin_with_every_earlier_one():
    own = log(40)
    for size in range(1, 41):
        for before in range(1, size + 1):
            given = {
                "before": before,
                "size": size,
                "proof": consistency(own, before=before, size=size),
                "old_top": own.root(before),
                "top": own.root(size),
            }
            assert verify_consistency(**given)
            assert not verify_consistency(**given | {"old_top": EMPTY})
            assert not verify_consistency(**given | {"top": EMPTY})
            if before < size:
                assert not verify_consistency(**given | {"proof": given["proof"][:-1]})
                assert not verify_consistency(**given | {"proof": [*given["proof"], EMPTY]})
            else:
                assert not verify_consistency(**given | {"proof": [EMPTY]})


@pytest.mark.parametrize("how", ["edit", "delete", "truncate", "swap", "insert"])
def test_a_log_that_was_changed_does_not_follow_from_its_checkpoint(how):
    dice = random.Random(how)
    for _ in range(200):
        size, more = dice.randint(2, 40), dice.randint(0, 20)
        entries = [bytes([at, dice.randrange(256)]) for at in range(size)]
        kept = Log(entries).root(size)
        at = dice.randrange(size - 1)
        changed = list(entries)
        if how == "edit":
            changed[at] += b"!"
        elif how == "delete":
            del changed[at]
        elif how == "truncate":
            changed = changed[: at + 1]
        elif how == "swap":
            changed[at], changed[at + 1] = changed[at + 1], changed[at]
        else:
            changed.insert(at, b"new")
        later = Log([*changed, *(bytes([200 + one]) for one in range(more))])
        length = len(later.leaves)
        if length < size:
            with pytest.raises(ValueError, match="no proof"):
                consistency(later, before=size, size=length)
            continue
        proof = consistency(later, before=size, size=length)
        top = later.root(length)
        assert not verify_consistency(before=size, size=length, proof=proof, old_top=kept, top=top)


def test_what_is_not_there_has_no_proof():
    own = log(5)
    for leaf, size in ((5, 5), (-1, 5), (0, 0)):
        with pytest.raises(ValueError, match="no leaf"):
            inclusion(own, leaf=leaf, size=size)
        assert not verify_inclusion(EMPTY, leaf=leaf, size=size, proof=[], top=EMPTY)
    for before in (0, 6):
        with pytest.raises(ValueError, match="no proof"):
            consistency(own, before=before, size=5)
        assert not verify_consistency(before=before, size=5, proof=[], old_top=EMPTY, top=EMPTY)
