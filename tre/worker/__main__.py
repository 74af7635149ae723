"""The worker's entry: ``python -m tre.worker``. Runs until it is asked to stop."""

from __future__ import annotations

import datetime
import logging
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

import config
from config import WorkerConfig
from disclosure_control import protect
from queries import sandbox
from queries.register.registrar import Registrar
from queries.run import Sandboxes
from queries.store import Store
from tre import database
from tre.datasets import DatasetVersion
from tre.errors import ConfigurationError
from tre.ingest import keys
from tre.ingest.errors import KeyRefused
from tre.journey import restored, started
from tre.rendering import artefacts
from tre.transparency.checkpoint import NotACheckpoint
from tre.transparency.log import Signer
from tre.transparency.outside import latest, places
from tre.worker.beside import Beside, Turn
from tre.worker.carry import Carrier
from tre.worker.loop import Loop
from tre.worker.nightly import Nightly
from tre.worker.reading import Reading
from tre.worker.safe import Safe
from tre.worker.sequencer import Sequencer

log = logging.getLogger("tre.worker")


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="worker: %(message)s", stream=sys.stderr)
    try:
        settings = config.worker()
        engine = database.connect(settings.database_url)
        _check(engine, settings)
        store = Store(Path(settings.store_root).resolve(), keys.load(Path(settings.key_file)))
        signer = _signer_of_a_whole_log(engine, settings)
    except (ConfigurationError, KeyRefused, NotACheckpoint, OSError) as error:
        log.error("%s", error)  # noqa: TRY400 - the sentence says what to do
        return 2
    _work(engine, store, settings, signer=signer, stop=_stop_on_signals())
    return 0


def _check(engine: Engine, settings: WorkerConfig) -> None:
    with Session(engine) as session:
        started.check(session, production=settings.production)


def _signer(settings: WorkerConfig) -> Signer | None:
    if not settings.log_key_file:
        log.info("the log is not signed: TRE_LOG_KEY_FILE is not set")
        return None
    seed = keys.load(Path(settings.log_key_file))
    return Signer(settings.log_name, Ed25519PrivateKey.from_private_bytes(seed))


def _signer_of_a_whole_log(engine: Engine, settings: WorkerConfig) -> Signer | None:
    """Nobody signs on where the log does not begin with what was signed outside."""
    signer = _signer(settings)
    if signer is None:
        return signer
    origin, key = signer.origin, signer.key.public_key()
    newest = [latest(one, origin=origin, key=key) for one in places(settings.log_outside)]
    with Session(engine) as session:
        told = [restored.find(session, one, now=_now()) for one in newest if one is not None]
        if all(one is None for one in told):
            return signer
    log.error("the database was put back to an earlier day: see Backups in docs/how-to/operate.md")
    return None


def _now() -> datetime.datetime:
    return datetime.datetime.now(datetime.UTC)


def _work(
    engine: Engine,
    store: Store,
    settings: WorkerConfig,
    *,
    signer: Signer | None,
    stop: threading.Event,
) -> None:
    registrar = Registrar(store)
    safe = Safe(keys.derived(store.key, purpose="evidence"))
    with Sandboxes(store) as sandboxes:
        _warm_up(engine, sandboxes)
        log.info("ready; %s", sandbox.describe())
        carrier = Carrier(
            sessions=sessionmaker(engine),
            engine=sandboxes,
            name=f"{socket.gethostname()}:{os.getpid()}",
            slot_scale=settings.slot_scale,
            registrar=registrar,
            safe=safe,
            register_seconds=settings.register_seconds,
        )
        with ExitStack() as beside:
            for name, turn in _beside(engine, settings, signer, safe, registrar):
                beside.enter_context(Beside(name, turn, settings.poll_seconds))
            Loop(carrier, settings.poll_seconds).run(stop)
    log.info("stopped")


def _beside(
    engine: Engine,
    settings: WorkerConfig,
    signer: Signer | None,
    safe: Safe,
    registrar: Registrar,
) -> Iterator[tuple[str, Turn]]:
    """What goes on while a question is answered."""
    outside = places(settings.log_outside)
    yield "log keeper", Sequencer(sessionmaker(engine), signer, outside).turn
    yield "reading", Reading(sessionmaker(engine), safe).turn
    if settings.production:
        yield "nightly", Nightly(sessionmaker(engine), registrar).turn


def _warm_up(engine: Engine, sandboxes: Sandboxes) -> None:
    """The first question of the day is answered as fast as the next."""
    protect.prepare()
    artefacts.prepare()
    with Session(engine) as session:
        current = select(DatasetVersion).where(DatasetVersion.superseded_at.is_(None))
        for version in session.scalars(current):
            sandboxes.prepare(dataset=version.dataset.name, version=version.version)


def _stop_on_signals() -> threading.Event:
    """Asked to stop, a worker finishes the question that it holds."""
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


if __name__ == "__main__":
    sys.exit(main())
