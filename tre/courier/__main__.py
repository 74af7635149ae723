"""The courier's entry: ``python -m tre.courier``. Runs until it is asked to stop."""

from __future__ import annotations

import datetime
import logging
import signal
import sys
import threading
from pathlib import Path

from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session, sessionmaker

import config
from config import CourierConfig
from tre import database
from tre.courier.mail import Post
from tre.courier.round import Courier
from tre.errors import ConfigurationError
from tre.journey import started

log = logging.getLogger("tre.courier")

POLL = 1.0  # seconds between looks at what is due


def main() -> int:
    logging.basicConfig(level=logging.INFO, format="courier: %(message)s", stream=sys.stderr)
    try:
        settings = config.courier()
        engine = database.connect(settings.database_url)
        with Session(engine) as session:
            started.check(session, production=settings.production)
        post = _post(settings)
    except (ConfigurationError, OSError) as error:
        log.error("%s", error)  # noqa: TRY400 - the sentence says what to do
        return 2
    courier = Courier(
        sessions=sessionmaker(engine),
        post=post,
        public_url=settings.public_url,
        local=not settings.production,
        clock=lambda: datetime.datetime.now(datetime.UTC),
    )
    _run(courier, _stop_on_signals())
    return 0


def _post(settings: CourierConfig) -> Post | None:
    if not settings.smtp_host:
        log.info("mail waits: TRE_SMTP_HOST is not set")
        return None
    secret = settings.smtp_password_file
    return Post(
        host=settings.smtp_host,
        port=settings.smtp_port,
        tls=settings.smtp_tls,
        sender=settings.smtp_from,
        user=settings.smtp_user,
        password=Path(secret).read_text(encoding="utf-8").strip() if secret else "",
    )


def _run(courier: Courier, stop: threading.Event) -> None:
    log.info("ready")
    while not stop.is_set():
        try:
            busy = courier.deliver_next()
        except OperationalError as error:
            log.warning("the database does not answer: %s", type(error.orig).__name__)
            busy = False
        if not busy:
            stop.wait(POLL)
    log.info("stopped")


def _stop_on_signals() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


if __name__ == "__main__":
    sys.exit(main())
