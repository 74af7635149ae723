"""The log's key is made, the worker signs and puts checkpoints outside, who likes checks."""

from __future__ import annotations

import pytest
from click.testing import CliRunner
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy.orm import Session, sessionmaker

import config
from tests import factories
from tests.factories import NOW
from tre import audit, cli, guards
from tre.audit import AuditEntry
from tre.database import writing
from tre.errors import ConfigurationError
from tre.ingest import keys
from tre.transparency import checkpoint, outside
from tre.transparency.log import Signer
from tre.worker.sequencer import Sequencer

NAME = "tre.example.org/log"


@pytest.fixture
def place(tmp_path):
    """An address, the public key, and the thread of a worker that signs."""
    engine = factories.migrated(f"sqlite:///{tmp_path / 'service.db'}")
    (tmp_path / "outside").mkdir()
    made = command("log", "key", str(tmp_path / "log.key"), NAME, store=tmp_path / "store")
    assert made.exit_code == 0
    seed = keys.load(tmp_path / "log.key")
    signer = Signer(NAME, Ed25519PrivateKey.from_private_bytes(seed))
    with Session(engine) as session, writing(session):
        for name in ("one", "two"):
            audit.write(session, "project_created", now=NOW, slug=name)
    yield (
        engine,
        made.output.strip(),
        Sequencer(sessionmaker(engine), signer, (tmp_path / "outside",)),
    )
    engine.dispose()


def command(*arguments, store=None):
    settings = {} if store is None else {"TRE_STORE_ROOT": str(store)}
    return CliRunner().invoke(cli.tre, arguments, env=settings)


def verify(engine, key, *outside):
    address = ("--database-url", str(engine.url))
    return command("log", "verify", *map(str, outside), "--key", key, *address)


def test_a_key_is_made_once_and_printed_again(tmp_path):
    first, second = (
        command("log", "key", str(tmp_path / "log.key"), NAME, store=tmp_path / "store")
        for _ in range(2)
    )
    assert first.output == second.output
    assert checkpoint.key_from(first.output)[0] == NAME
    inside = command("log", "key", str(tmp_path / "s" / "k"), NAME, store=tmp_path / "s")
    assert "outside the store" in inside.output
    assert command("log", "key", str(tmp_path / "k"), "a b", store=tmp_path / "s").exit_code


def test_the_worker_signs_and_anybody_checks(place, tmp_path):
    engine, key, sequencer = place
    sequencer.turn()
    (file,) = (tmp_path / "outside").iterdir()
    assert file.name == "000000000002.checkpoint"
    for given in ((), (file,), (tmp_path / "outside",)):
        found = verify(engine, key, *given)
        assert found.output.startswith("Entries in the log: 2; ")
        assert found.output.endswith(f"{len(given)}. All agree.\n")
    with Session(engine) as session:
        guards.lift(session.connection())
        session.query(AuditEntry).filter_by(id=1).update({"detail": {"slug": "other"}})
        session.commit()
    found = verify(engine, key, file)
    assert found.exit_code == 1
    assert "entry 1 is not what leaf 0 says" in found.output
    assert "are not those of a checkpoint from outside" in found.output


def test_a_folder_that_is_away_is_tried_again_at_the_next_look(place, tmp_path):
    _, _, sequencer = place
    (tmp_path / "outside").rmdir()
    sequencer.turn()
    (tmp_path / "outside").mkdir()
    sequencer.turn()
    assert [one.name for one in (tmp_path / "outside").iterdir()] == ["000000000002.checkpoint"]


def test_each_checkpoint_goes_to_every_place_and_one_that_is_away_holds_up_no_other(
    place, tmp_path
):
    _, _, sequencer = place
    folders = outside.places(f"{tmp_path / 'away'}:{tmp_path / 'one'}:{tmp_path / 'two'}")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    sequencer.outside = folders
    sequencer.turn()
    for name in ("one", "two"):
        assert [one.name for one in (tmp_path / name).iterdir()] == ["000000000002.checkpoint"]
    assert outside.places("") == ()


def test_what_is_no_checkpoint_of_this_log_is_refused(place, tmp_path):
    engine, key, _ = place
    (tmp_path / "other").write_text("tre.example.org/log\n2\n")
    assert "not a checkpoint" in verify(engine, key, tmp_path / "other").output
    (tmp_path / "empty").mkdir()
    assert "without a checkpoint" in verify(engine, key, tmp_path / "empty").output
    assert "not a key" in verify(engine, "nothing").output


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"TRE_LOG_KEY_FILE": "k"}, "given together"),
        ({"TRE_LOG_NAME": NAME}, "given together"),
        ({"TRE_LOG_OUTSIDE": "o"}, "of no use"),
        ({"TRE_LOG_KEY_FILE": "k", "TRE_LOG_NAME": "a b"}, "neither spaces"),
        ({"TRE_LOG_KEY_FILE": "/k", "TRE_LOG_NAME": NAME}, "a key of its own"),
    ],
)
def test_settings_that_do_not_fit_are_refused(given, words):
    own = {"TRE_DATABASE_URL": "sqlite://", "TRE_STORE_ROOT": "/s", "TRE_KEY_FILE": "/k"}
    with pytest.raises(ConfigurationError, match=words):
        config.worker({**own, **given})
