"""Anybody checks a release with one file and a key, and every change to what was downloaded shows.

The verifier runs as a reader has it: copied out of the project, isolated from it.
"""

from __future__ import annotations

import ast
import base64
import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from rocrate.rocrate import ROCrate

from tests import factories
from tests.catalogues import sdc_policy
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, leave, work
from tests.sealing import KEY, SIGNER, seal
from tre import verify
from tre.journey import bundled, looked
from tre.outputs import Format
from tre.rendering import described
from tre.transparency.checkpoint import Checkpoint, signed, verifier_key
from tre.transparency.statement import enveloped

OTHER = Ed25519PrivateKey.from_private_bytes(bytes(32))
LINES = 150


@pytest.fixture
def released(session):
    """Files by name of a noisy release, and of an exact one after it."""

    def of(world, submission) -> dict[str, bytes]:
        leave(session, world, submission)
        seal(session)
        ada = world.person(session, "ada")
        release = looked.release_of(session, person=ada, submission_id=submission.id)
        return bundled.bundle(session, person=ada, release_id=release.id)

    world = factories.furnish(session, policy=sdc_policy())
    submission = ask(session, world)
    work(session, SteadyEngine())
    files = of(world, submission)
    findings = submission.output.artefact(Format.FINDINGS)
    return files, findings


@pytest.fixture
def files(released) -> dict[str, bytes]:
    return released[0]


def run(place: Path, key: str = KEY, *, program: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", str(program), str(place), "--key", key]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def faults(files: dict[str, bytes], key: str = KEY, *, tmp_path: Path) -> str:
    """What the verifier finds wrong with these files; nothing where they fit."""
    folder = tmp_path / "changed"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    try:
        list(verify.verified(folder, key))
    except Exception as error:  # noqa: BLE001 - as its own entry takes it
        return f"{type(error).__name__}: {error}"
    return ""


def test_one_file_kept_far_from_the_project_checks_what_was_downloaded(files, tmp_path):
    program = shutil.copy(verify.__file__, tmp_path / "kept.py")
    place = tmp_path / "release.zip"
    place.write_bytes(bundled.zipped(files, folder="release"))
    done = run(place, program=program)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.endswith("Everything fits.\n")
    assert "Question: Number of persons" in done.stdout
    for key, why in ((verifier_key(SIGNER.origin, OTHER.public_key()), "key"), ("x", "key")):
        other = run(place, key, program=program)
        assert other.returncode == 1
        assert other.stderr.startswith("NOT what was released: ")
        assert why in other.stderr
    assert run(tmp_path / "absent", program=program).returncode == 1


def test_it_is_short_and_needs_nothing_but_cryptography():
    text = Path(verify.__file__).read_text()
    assert len(text.splitlines()) <= LINES
    imported = {
        name.split(".")[0]
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in (
            [node.module] if isinstance(node, ast.ImportFrom) else [one.name for one in node.names]
        )
    }
    assert imported - set(sys.stdlib_module_names) == {"cryptography"}


def test_any_file_that_is_changed_missing_or_added_is_found(files, tmp_path):
    assert not faults(files, tmp_path=tmp_path)
    for name, content in files.items():
        told = name not in (verify.STATEMENT, verify.PROOF)  # hints and blanks there say nothing
        for place in range(0, len(content) * told, max(1, len(content) // 7)):
            changed = bytearray(content)
            changed[place] ^= 1
            assert faults(files | {name: bytes(changed)}, tmp_path=tmp_path), (name, place)
        fewer = {other: held for other, held in files.items() if other != name}
        assert faults(fewer, tmp_path=tmp_path), name
    more = faults(files | {"more.csv": b""}, tmp_path=tmp_path)
    assert "more.csv" in more


def edited(text: bytes, **changes) -> bytes:
    return json.dumps(json.loads(text) | changes).encode()


def test_a_statement_or_checkpoint_of_somebody_else_is_refused(files, tmp_path):
    envelope = json.loads(files[verify.STATEMENT])
    payload = base64.b64decode(envelope["payload"])
    theirs = enveloped(payload, OTHER).encode()
    assert "InvalidSignature" in faults(files | {verify.STATEMENT: theirs}, tmp_path=tmp_path)
    size, root = verify._checkpoint(
        json.loads(files[verify.PROOF])["checkpoint"], SIGNER.origin, SIGNER.key.public_key()
    )
    for note in (
        signed(Checkpoint(SIGNER.origin, size, root), OTHER),
        signed(Checkpoint("other.example/log", size, root), SIGNER.key),
        signed(Checkpoint(SIGNER.origin, size, root), SIGNER.key).replace(f"\n{size}\n", "\n9\n"),
        signed(Checkpoint(SIGNER.origin, size + 1, root), SIGNER.key),
        signed(Checkpoint(SIGNER.origin, size, bytes(32)), SIGNER.key),
    ):
        proof = edited(files[verify.PROOF], checkpoint=note)
        assert faults(files | {verify.PROOF: proof}, tmp_path=tmp_path), note


def test_a_proof_of_another_leaf_or_entry_is_refused(files, tmp_path):
    proof = json.loads(files[verify.PROOF])
    entry = json.loads(proof["entry"])
    for change in (
        {"leaf": proof["leaf"] - 1},
        {"leaf": -1},
        {"leaf": 10**9},
        {"proof": proof["proof"][1:]},
        {"proof": [*proof["proof"], "00" * 32]},
        {"entry": json.dumps(entry | {"event": "approved"})},
        {"entry": json.dumps(entry | {"at": "2026-01-01T00:00:00+00:00"})},
    ):
        changed = edited(files[verify.PROOF], **change)
        assert faults(files | {verify.PROOF: changed}, tmp_path=tmp_path), change


def test_the_table_of_another_release_does_not_pass_under_this_one(files, tmp_path):
    """Whoever holds the key signs a statement of other bytes: the log still knows better."""
    table = files["table.csv"].replace(b"500", b"501")
    told = json.loads(base64.b64decode(json.loads(files[verify.STATEMENT])["payload"]))
    digest = verify.sha(table).hex()
    for one in told["subject"]:
        if one["name"] == "table.csv":
            one["digest"]["sha256"] = digest
    names = {one["name"]: one["digest"]["sha256"] for one in told["subject"]}
    lines = sorted(f"{name} {names[name]}\n" for name in told["predicate"]["files"])
    told["predicate"]["filesHash"] = verify.sha("".join(lines).encode()).hex()
    forged = enveloped(json.dumps(told).encode(), SIGNER.key).encode()
    changed = files | {"table.csv": table, verify.STATEMENT: forged}
    assert "something else in this place" in faults(changed, tmp_path=tmp_path)


def test_nothing_in_it_can_be_tried_against_what_only_checkers_read(released):
    """Of findings there are few possible texts, so no hash over them leaves."""
    files, findings = released
    whole = b"".join(files.values()).decode("utf-8", "replace")
    assert findings is not None
    assert findings.sha256 not in whole
    proof = json.loads(files[verify.PROOF])
    assert json.loads(proof["entry"])["detail"].keys() == {"release", "files_hash"}
    told = json.loads(base64.b64decode(json.loads(files[verify.STATEMENT])["payload"]))
    assert "findings" not in json.dumps(told)


def test_readers_of_others_read_the_crate(files, tmp_path):
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    crate = ROCrate(tmp_path)
    assert crate.root_dataset["conformsTo"].id == described.FIVE_SAFES
    table = crate.get("table.csv")
    assert (table.type, table["encodingFormat"]) == ("File", "text/csv")
    (check,) = crate.root_dataset["mentions"]
    assert (check.type, check["agent"].id) == ("AssessAction", "#service")


def test_the_crate_names_every_file_and_who_answers_for_the_check(files):
    graph = {one["@id"]: one for one in json.loads(files[described.CRATE])["@graph"]}
    parts = {part["@id"] for part in graph["./"]["hasPart"]}
    assert parts == {*files} - {verify.STATEMENT, verify.PROOF, described.CRATE}
    for name in parts:
        assert graph[name]["sha256"] == verify.sha(files[name]).hex()
    assert graph["#check"]["additionalType"]["@id"] == described.DISCLOSURE_CHECK
    assert graph["./"]["conformsTo"]["@id"] == described.FIVE_SAFES
