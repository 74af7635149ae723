"""How many requests a second, beside a bare Flask page on the same gunicorn in the same run?

A released table that its reader holds already (ETag, bar 70 %), and the queue of a checker with
10,000 outputs that wait (bar 40 %). In turns, so that a noisy machine hits all alike.
"""

from __future__ import annotations

import itertools
import os
import secrets
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import insert
from sqlalchemy.orm import Session

from benchmarks._web_world import BARE, DATABASE
from tests import factories
from tests.factories import NOW, checked_by
from tests.sealing import seal
from tests.web import service as web
from tests.web.service import Service
from tests.web.steps import leave
from tre import database, guards, people
from tre.assignments import Assignment
from tre.database import new_id
from tre.lifecycle import State
from tre.outputs import Draw, Output
from tre.releases import Release
from tre.scopes import EVERY
from tre.submissions import Submission

BARS = {"released table, held already": 0.7, "queue of 10,000 outputs": 0.4}
OUTPUTS = 10_000
TURNS = 7
SECONDS = 2.0  # of one measurement
CONNECTIONS = 4
ANEW = "the queue, made anew"  # as after each act of anybody; without a bar
EACH = b"EACH"  # of a request: another text each time


def fill(service: Service) -> None:
    """So many outputs that wait for a checker, without the work of answering them."""
    with service.sessions() as session:
        guards.lift(session.connection())
        template = factories.a_submission(session, service.world)
        columns = {
            column.key: getattr(template, column.key) for column in Submission.__table__.columns
        }
        draw = session.query(Draw).one()
        questions = [
            {
                **columns,
                "id": new_id(),
                "fingerprint": f"{number:064x}",
                "state": State.PROTECTED.value,
                "words": f"Number of persons, by sex and age ({number})",
            }
            for number in range(OUTPUTS)
        ]
        session.execute(insert(Submission), questions)
        outputs = [
            {
                "id": new_id(),
                "submission_id": one["id"],
                "draw_id": draw.id,
                "track": "dp",
                "manifest_hash": "0" * 64,
                "created_at": NOW,
            }
            for one in questions
        ]
        session.execute(insert(Output), outputs)
        session.execute(insert(Assignment), list(_turns(service, outputs)))
        guards.lay(session.connection())
        session.commit()


def _turns(service: Service, outputs: list[dict[str, object]]) -> Iterator[dict[str, object]]:
    """Each output is one of two checkers' turn."""
    checkers = itertools.cycle(service.world.people[name] for name in ("cleo", "dan"))
    for output, checker in zip(outputs, checkers, strict=False):
        yield {
            "id": new_id(),
            "output_id": output["id"],
            "checker_id": checker,
            "how": "assigned",
            "by_id": None,
            "at": NOW,
            "ended_at": None,
        }


def requests_of(service: Service) -> dict[str, bytes]:
    """What is sent for each measurement."""
    with service.sessions() as session:
        release = session.query(Release).one()
        address = f"/api/v1/releases/{release.id}.csv"
        sha256 = next(one.sha256 for one in release.output.artefacts if one.format == "csv")
        with database.writing(session):
            _, token = people.issue_token(
                session,
                person=service.person(session, "ben"),
                name="benchmark",
                scopes=EVERY,
                lasts=factories.later(days=300) - NOW,
                now=NOW,
            )
    browser = service.visitor("cleo")
    browser.get("/checks")  # a browser keeps the cookie that its first page sets
    cookie = browser.client.get_cookie("tre")
    signed_in = "" if cookie is None else f"tre={cookie.value}"
    table = {"Authorization": f"Bearer {token}", "If-None-Match": f'"{sha256}"'}
    return {
        "bare": _request(BARE, {}),
        "released table, held already": _request(address, table),
        "queue of 10,000 outputs": _request("/checks", {"Cookie": signed_in}),
        ANEW: _request(f"/checks?{EACH.decode()}", {"Cookie": signed_in}),
    }


def _request(path: str, headers: dict[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: localhost\r\n{lines}\r\n".encode()


@contextmanager
def served(url: str) -> Iterator[int]:
    """The port of a gunicorn with both applications."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "benchmarks._web_world:made()"]
    command += ["--worker-class", "gthread", "--workers", "1", "--threads", str(CONNECTIONS)]
    command += ["--bind", f"127.0.0.1:{port}", "--keep-alive", "30", "--log-level", "error"]
    process = subprocess.Popen(command, env={**os.environ, DATABASE: url})
    try:
        _await(port)
        yield port
    finally:
        process.terminate()
        process.wait()


def _await(port: int) -> None:
    for _ in range(200):
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except ConnectionRefusedError:
            time.sleep(0.1)
        else:
            return
    raise TimeoutError("gunicorn did not start")


def per_second(port: int, request: bytes, *, status: bytes) -> float:
    answered = [0] * CONNECTIONS
    end = time.perf_counter() + SECONDS

    def ask(number: int) -> None:
        with socket.create_connection(("127.0.0.1", port)) as line, line.makefile("rb") as read:
            while time.perf_counter() < end:
                line.sendall(request.replace(EACH, secrets.token_hex(4).encode()))
                _answer(read, status)
                answered[number] += 1

    crowd = [threading.Thread(target=ask, args=(number,)) for number in range(CONNECTIONS)]
    for one in crowd:
        one.start()
    for one in crowd:
        one.join()
    return sum(answered) / SECONDS


def _answer(read, status: bytes) -> None:  # noqa: ANN001 - a file of a socket
    first, length = read.readline(), 0
    if status not in first:
        raise RuntimeError(f"{first!r} instead of {status!r}")
    while (line := read.readline()) != b"\r\n":
        name, _, value = line.partition(b":")
        if name.lower() == b"content-length":
            length = int(value)
        if name.lower() == b"connection" and b"close" in value.lower():
            raise RuntimeError("the connection was closed")
    if length and b"304" not in first:
        read.read(length)


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        service = web.make(Path(folder), policy=checked_by(1))
        asked = service.ask(40)
        service.work()
        leave(service, asked)
        with service.sessions() as session:
            seal(session)
        fill(service)
        sent = requests_of(service)
        with Session(service.sessions.kw["bind"]) as session:
            url = str(session.get_bind().url)
        with served(url) as port:
            found = measured(port, sent)
    missed = [name for name in (*BARS, ANEW) if _told(name, found)]
    return int(bool(missed))


def measured(port: int, sent: dict[str, bytes]) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {name: [] for name in sent}
    for turn in range(TURNS + 1):
        for name, request in sent.items():
            status = b" 304 " if "held" in name else b" 200 "
            rate = per_second(port, request, status=status)
            if turn:  # the first is to warm up
                found[name].append(rate)
    return found


def _told(name: str, found: dict[str, list[float]]) -> bool:
    ratios = sorted(own / bare for own, bare in zip(found[name], found["bare"], strict=True))
    ratio, bar = statistics.median(ratios), BARS.get(name, 0.0)
    print(
        f"{name:<29} {statistics.median(found[name]):6.0f} a second, bare page"
        f" {statistics.median(found['bare']):6.0f}: {ratio:.2f} ({ratios[0]:.2f} to"
        f" {ratios[-1]:.2f}), bar {bar}: {'holds' if ratio >= bar else 'MISSED'}"
    )
    return ratio < bar


if __name__ == "__main__":
    sys.exit(main())
