"""A checkpoint says what it says to everybody who has the log's key, and nothing if changed."""

from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tre.transparency.checkpoint import (
    Checkpoint,
    NotACheckpoint,
    key_from,
    opened,
    signed,
    verifier_key,
)

ORIGIN = "tre.example.org/log"
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
HEAD = Checkpoint(ORIGIN, 1024, hashlib.sha256(b"root").digest())


def test_what_is_signed_is_read_by_who_has_the_key():
    name, key = key_from(verifier_key(ORIGIN, KEY.public_key()))
    assert opened(signed(HEAD, KEY), origin=name, key=key) == HEAD


def test_it_is_a_note_as_others_write_it():
    note = signed(HEAD, KEY)
    lines = note.split("\n")
    assert lines[:2] == [ORIGIN, "1024"]
    assert lines[3] == ""
    assert lines[4].startswith(f"\u2014 {ORIGIN} ")
    assert lines[5:] == [""]


def test_any_other_letter_is_not_signed():
    note = signed(HEAD, KEY)
    for at, letter in enumerate(note):
        other = note[:at] + ("A" if letter != "A" else "B") + note[at + 1 :]
        with pytest.raises(NotACheckpoint):
            opened(other, origin=ORIGIN, key=KEY.public_key())


def test_signatures_of_others_are_passed_over():
    witness = Ed25519PrivateKey.from_private_bytes(bytes(32))
    text, _, own = signed(HEAD, KEY).rpartition("\n\n")
    other = signed(Checkpoint("witness", 1, HEAD.root), witness).rpartition("\n\n")[2]
    assert opened(f"{text}\n\n{other}{own}", origin=ORIGIN, key=KEY.public_key()) == HEAD
    with pytest.raises(NotACheckpoint, match="not signed"):
        opened(f"{text}\n\n{other}", origin=ORIGIN, key=KEY.public_key())
    with pytest.raises(NotACheckpoint, match="not signed"):
        opened(signed(HEAD, witness), origin=ORIGIN, key=KEY.public_key())


@pytest.mark.parametrize(
    "text",
    ["", "x", f"{ORIGIN}\n1\n", f"{ORIGIN}\n1\n\n", "other\n1\nAAAA\n\n\u2014 other AAAA\n"],
)
def test_other_texts_are_no_checkpoints(text):
    with pytest.raises(NotACheckpoint):
        opened(text, origin=ORIGIN, key=KEY.public_key())


@pytest.mark.parametrize("size", ["-1", "01", "1.0", "", "x", "1" * 20])
def test_sizes_are_plain_numbers(size):
    text = HEAD.text().replace("1024", size)
    own = signed(HEAD, KEY).rpartition("\n\n")[2]
    with pytest.raises(NotACheckpoint):
        opened(f"{text}\n{own}", origin=ORIGIN, key=KEY.public_key())


@pytest.mark.parametrize("text", ["", "a+b+c", f"{ORIGIN}+00000000+AAAA", "no spaces+00+AQ=="])
def test_other_texts_are_no_keys(text):
    with pytest.raises(NotACheckpoint):
        key_from(text)


def test_a_key_under_another_name_has_another_id():
    own = verifier_key(ORIGIN, KEY.public_key())
    with pytest.raises(NotACheckpoint, match="another id"):
        key_from(own.replace(ORIGIN, "other.example.org"))
