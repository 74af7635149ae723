"""A real browser, and a real service for it: web process, worker, sealed store, real data."""

from __future__ import annotations

import datetime
import os
import shutil
import socket
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Error, Playwright, sync_playwright
from werkzeug.serving import make_server

from tests.web import service as web
from tests.web.service import Service
from tre.database import writing
from tre.demo import cast, places, prepare, serve
from tre.demo.places import Places

DEBIAN = ("chromium", "chromium-browser", "google-chrome")
SLOT_SCALE = 8.0  # other tests keep this machine busy
NONE_HERE = "The journeys did not run: no Chromium here (apt-get install chromium)."


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium where it is, else Playwright's own, else one line that says so."""
    with sync_playwright() as playwright:
        launched = _launched(playwright)
        if launched is None:
            pytest.skip(NONE_HERE)
        yield launched
        launched.close()


def _launched(playwright: Playwright) -> Browser | None:
    named = next((path for name in DEBIAN if (path := shutil.which(name))), None)
    try:
        return playwright.chromium.launch(executable_path=named, args=["--no-sandbox"])
    except Error:
        return None


@dataclass(frozen=True)
class Stage:
    """The whole service on this machine, as ``make run`` starts it, in a folder of its own."""

    address: str
    folder: Path


@pytest.fixture(scope="session")
def stage(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    here = Places(tmp_path_factory.mktemp("journey"), free_port(), SLOT_SCALE)
    places.make(here)
    _prepare(here)
    with ExitStack() as running:
        worker, pages = serve.worker(here.of_worker()), serve.web(here.of_web(), port=here.port)
        for program in (worker, pages):
            running.enter_context(serve.running(program, root=places.ROOT))
        assert serve.await_port(here.port), "the pages did not start"
        yield Stage(here.address, here.folder)


def _prepare(here: Places) -> None:
    now = datetime.datetime.now(datetime.UTC)
    sessions = prepare.database(here)
    with sessions() as session:
        playing = cast.people_of_the_demo(session, now=now)
        for name in prepare.NAMES:
            prepare.dataset(session, name, places=here, owner=playing[cast.OWNER], now=now)
        cast.projects_of_the_demo(session, playing=playing, now=now)
    prepare.log_key(here)
    sessions.kw["bind"].dispose()


@contextmanager
def served(service: Service) -> Iterator[str]:
    """The address of its pages, with the people of the tests as buttons."""
    with service.sessions() as session, writing(session):
        for name in service.world.people:
            service.person(session, name).demo = True
    server = make_server("127.0.0.1", 0, service.app, threaded=True)
    serving = threading.Thread(target=server.serve_forever)
    serving.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        serving.join()
        server.server_close()


@pytest.fixture
def made_up(browser: Browser, tmp_path: Path) -> Iterator[tuple[Service, str]]:
    """Pages over made-up numbers, and their address."""
    service = web.make(tmp_path, environment="demo", demo=True)
    with served(service) as address:
        yield service, address


@pytest.fixture
def screenshots() -> Path | None:
    """Where pictures for the documents go; None unless they were asked for."""
    if not os.environ.get("TRE_SCREENSHOTS"):
        return None
    folder = places.ROOT / "docs" / "screenshots"
    folder.mkdir(parents=True, exist_ok=True)
    return folder
