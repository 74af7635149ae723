"""Is this what was released? Checks a downloaded release offline, with nothing of the service.

    python -m tre.verify FOLDER-OR-ZIP --key KEY

KEY is the log's public key, as its service tells it: name, key id and key, joined by "+". This
file needs Python 3.11 and ``cryptography`` only, and can be kept by itself. Exits with 0 where
everything fits. Formats: in-toto Statement v1 in DSSE, C2SP tlog-checkpoint, RFC 6962.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey as Key

STATEMENT, PROOF = "release.dsse.json", "log.json"
PAYLOAD = "application/vnd.in-toto+json"
KINDS = ("https://in-toto.io/Statement/v1", "urn:x-tre:release:v1")
LARGEST = 64 * 1024 * 1024  # bytes of one file


def sha(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


class Wrong(Exception): ...


def read(place: Path) -> dict[str, bytes]:
    """By name: of a folder, or of a ZIP with one folder."""
    if place.is_dir():
        return {one.name: one.read_bytes() for one in sorted(place.iterdir())}
    with zipfile.ZipFile(place) as archive:
        members = [one for one in archive.infolist() if not one.is_dir()]
        names = [one.filename.rpartition("/")[2] for one in members]
        if len(set(names)) != len(names) or any(one.file_size > LARGEST for one in members):
            raise Wrong("the ZIP holds a name twice, or a file that is too large")
        return {name: archive.read(one) for name, one in zip(names, members, strict=True)}


def key_from(text: str) -> tuple[str, Key]:
    name, _, rest = text.strip().partition("+")
    named, _, public = rest.partition("+")
    raw = base64.b64decode(public, validate=True)
    if raw[:1] != b"\x01" or sha(name.encode() + b"\n" + raw).hex()[:8] != named:
        raise Wrong("this is not a key of a log")
    return name, Key.from_public_bytes(raw[1:])


def statement(text: bytes, key: Key) -> dict[str, Any]:
    """Nothing of it is read before its signature."""
    envelope = json.loads(text)
    payload = base64.b64decode(envelope["payload"], validate=True)
    signed = b"DSSEv1 %d %s %d %s" % (len(PAYLOAD), PAYLOAD.encode(), len(payload), payload)
    (signature,) = envelope["signatures"]
    key.verify(base64.b64decode(signature["sig"], validate=True), signed)
    told: dict[str, Any] = json.loads(payload)
    if (told["_type"], told["predicateType"]) != KINDS:
        raise Wrong("the statement is not of a release")
    return told


def check_files(files: dict[str, bytes], told: dict[str, Any]) -> None:
    said = {(one["name"], one["digest"]["sha256"]) for one in told["subject"]}
    held = {name: sha(files[name]).hex() for name in files.keys() - {STATEMENT, PROOF}}
    if other := sorted({name for name, _ in said ^ set(held.items())}):
        raise Wrong(f"not as released: {other}")
    about = told["predicate"]
    whole = "".join(f"{name} {held[name]}\n" for name in sorted(about["files"]))
    if sha(whole.encode()).hex() != about["filesHash"]:
        raise Wrong("the files together are not as they were released")


def check_log(text: bytes, about: dict[str, Any], name: str, key: Key) -> int:
    """How long the log was that holds the release."""
    proof = json.loads(text)
    size, root = _checkpoint(proof["checkpoint"], name, key)
    way = [bytes.fromhex(one) for one in proof["proof"]]
    if _root(sha(b"\x00" + proof["entry"].encode()), proof["leaf"], size, way) != root:
        raise Wrong("the log does not hold this release")
    entry = json.loads(proof["entry"])
    detail = {"release": about["release"], "files_hash": about["filesHash"]}
    if (entry["event"], entry["detail"], about["log"]) != ("released", detail, name):
        raise Wrong("the log holds something else in this place")
    return size


def _checkpoint(note: str, name: str, key: Key) -> tuple[int, bytes]:
    text, _, signatures = note.rpartition("\n\n")
    (own,) = (line for line in signatures.splitlines() if line.startswith(f"\u2014 {name} "))
    key.verify(base64.b64decode(own.split(" ")[2], validate=True)[4:], f"{text}\n".encode())
    origin, size, root = text.split("\n")[:3]
    if origin != name:
        raise Wrong("the checkpoint is of another log")
    return int(size), base64.b64decode(root, validate=True)


def _root(leaf: bytes, at: int, size: int, way: list[bytes]) -> bytes:
    """Of the tree that holds this leaf in this place (RFC 6962, section 2.1.1)."""
    if not 0 <= at < size or (size == 1) != (not way):
        raise Wrong("the proof has another length than its log")
    if size == 1:
        return leaf
    half = 1 << (size - 1).bit_length() - 1
    if at < half:
        return sha(b"\x01" + _root(leaf, at, half, way[:-1]) + way[-1])
    return sha(b"\x01" + way[-1] + _root(leaf, at - half, size - half, way[:-1]))


def verified(place: Path, key: str) -> Iterator[str]:
    """Lines of what fits. Raises Wrong, InvalidSignature; others where a file has no form."""
    files = read(place)
    name, public = key_from(key)
    told = statement(files[STATEMENT], public)
    about = told["predicate"]
    yield f"Release {about['release']} of {about['releasedAt']}, by {name}"
    yield f"Question: {about['question']} (dataset {about['dataset']}, {about['track']})"
    check_files(files, told)
    yield f"Files: {len(told['subject'])}, each as it was released"
    yield f"Log: holds it among its first {check_log(files[PROOF], about, name, public)} entries"


def main() -> None:
    parser = argparse.ArgumentParser(prog="verify", description="Is this what was released?")
    parser.add_argument("place", type=Path, help="the folder, or the ZIP as it was downloaded")
    parser.add_argument("--key", required=True, help="the public key of the log")
    given = parser.parse_args()
    try:
        sys.stdout.writelines(f"{line}\n" for line in verified(given.place, given.key))
    except InvalidSignature:
        sys.exit("NOT what was released: not signed with this key")
    except (Wrong, OSError) as error:
        sys.exit(f"NOT what was released: {error}")
    except Exception:  # noqa: BLE001 - whatever a file holds instead
        sys.exit("NOT what was released: a file is missing or malformed")
    sys.stdout.write("Everything fits.\n")


if __name__ == "__main__":
    main()
