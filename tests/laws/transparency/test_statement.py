"""A statement binds exact bytes, and says nothing to who has another key."""

from __future__ import annotations

import base64
import hashlib
import json

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from tre.transparency.statement import NotSigned, enveloped, opened, signed_over, statement

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
FILES = {"table.csv": b"Sex,Number\r\nFemale,12\r\n", "record.json": b"{}"}
TYPE = "https://example.org/released-table/v1"
PREDICATE = {"track": "sdc", "policy": "ab"}


def made(**changed) -> bytes:
    given = {"predicate_type": TYPE, "predicate": PREDICATE} | changed
    return statement(given.pop("files", FILES), **given)


def test_it_names_every_file_by_its_hash():
    told = opened(enveloped(made(), KEY), KEY.public_key())
    assert told["subject"] == [
        {"name": name, "digest": {"sha256": hashlib.sha256(FILES[name]).hexdigest()}}
        for name in ("record.json", "table.csv")
    ]
    assert (told["predicateType"], told["predicate"]) == (TYPE, PREDICATE)


def test_one_statement_has_one_text():
    assert made() == made(files=dict(reversed(FILES.items())))
    assert enveloped(made(), KEY) == enveloped(made(), KEY)


def test_the_encoding_is_that_of_the_specification():
    """The example of DSSE, with our type."""
    assert signed_over(b"hello world") == (b"DSSEv1 28 application/vnd.in-toto+json 11 hello world")


def test_any_other_payload_type_or_signature_is_refused():
    envelope = json.loads(enveloped(made(), KEY))
    payload = base64.b64decode(envelope["payload"])
    changes = [
        {"payload": base64.b64encode(payload.replace(b"sdc", b"dp ")).decode()},
        {"payloadType": "application/json"},
        {"signatures": []},
        {"signatures": [{"sig": base64.b64encode(bytes(64)).decode()}]},
        {"signatures": [{}]},
        {"payload": "not base64"},
    ]
    for change in changes:
        with pytest.raises(NotSigned):
            opened(json.dumps(envelope | change), KEY.public_key())
    other = Ed25519PrivateKey.from_private_bytes(bytes(32))
    with pytest.raises(NotSigned):
        opened(json.dumps(envelope), other.public_key())
    for text in ("", "[]", "3", "{}", "[" * 100_000):
        with pytest.raises(NotSigned):
            opened(text, KEY.public_key())


def test_a_signed_text_of_another_kind_is_no_statement():
    with pytest.raises(NotSigned, match="not a statement"):
        opened(enveloped(b'{"_type": "other"}', KEY), KEY.public_key())


@pytest.mark.parametrize("name", ["../table.csv", "a/b", ".hidden", "a\\b"])
def test_names_lead_nowhere(name):
    with pytest.raises(ValueError, match="plain names"):
        made(files={name: b""})
    with pytest.raises(ValueError, match="plain names"):
        made(files={})
