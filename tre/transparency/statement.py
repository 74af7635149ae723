"""A signed statement of what a release holds: in-toto Statement v1 in a DSSE envelope, Ed25519.

Whoever has the files, the envelope and the public key can tell, offline, that these bytes are what
was released, under which rules, and by which service. ``tre.verify`` does it without this code.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

STATEMENT = "https://in-toto.io/Statement/v1"
PAYLOAD = "application/vnd.in-toto+json"


class NotSigned(ValueError):
    """Not an envelope, or not signed by this key."""


def statement(
    files: Mapping[str, bytes], *, predicate_type: str, predicate: Mapping[str, Any]
) -> bytes:
    """Of files by their names. Canonical JSON: one statement has one text. Raises ValueError."""
    if not files or any("/" in name or "\\" in name or name.startswith(".") for name in files):
        raise ValueError("a release has files, with plain names")
    subject = [
        {"name": name, "digest": {"sha256": hashlib.sha256(content).hexdigest()}}
        for name, content in sorted(files.items())
    ]
    return json.dumps(
        {
            "_type": STATEMENT,
            "subject": subject,
            "predicateType": predicate_type,
            "predicate": dict(predicate),
        },
        sort_keys=True,
        separators=(",", ":"),
        ensure_ascii=False,
        allow_nan=False,
    ).encode()


def enveloped(payload: bytes, key: Ed25519PrivateKey) -> str:
    """The DSSE envelope, as JSON. The signature is over type and payload with their lengths."""
    signature = {"keyid": key_id(key.public_key()), "sig": _base64(key.sign(signed_over(payload)))}
    envelope = {"payload": _base64(payload), "payloadType": PAYLOAD, "signatures": [signature]}
    return json.dumps(envelope, sort_keys=True, indent=1) + "\n"


def opened(envelope: str, key: Ed25519PublicKey) -> dict[str, Any]:
    """The statement. Raises NotSigned; nothing of an envelope is read before its signature."""
    try:
        outer = json.loads(envelope)
        payload = base64.b64decode(outer["payload"], validate=True)
        signatures = [base64.b64decode(one["sig"], validate=True) for one in outer["signatures"]]
        kind = outer["payloadType"]
    except (ValueError, KeyError, TypeError, RecursionError, binascii.Error):
        raise NotSigned("not an envelope") from None
    if kind != PAYLOAD or not any(_fits(one, payload, key) for one in signatures):
        raise NotSigned("not signed by this key")
    told = json.loads(payload)
    if told.get("_type") != STATEMENT:
        raise NotSigned("not a statement")
    return dict(told)


def signed_over(payload: bytes) -> bytes:
    """DSSE's pre-authentication encoding."""
    kind = PAYLOAD.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def key_id(key: Ed25519PublicKey) -> str:
    return hashlib.sha256(key.public_bytes_raw()).hexdigest()


def _fits(signature: bytes, payload: bytes, key: Ed25519PublicKey) -> bool:
    try:
        key.verify(signature, signed_over(payload))
    except InvalidSignature:
        return False
    return True


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
