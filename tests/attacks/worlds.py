"""Two services that hold the same data but for one unit, and what a person sees in each.

Identifiers and tokens come from a counter and time from a clock, so that answers of the two can be
compared byte by byte. Where noisy numbers have to agree, the seam replaces what the sampler drew
(after all its checks) by numbers that know nothing of the data.
"""

from __future__ import annotations

import atexit
import csv
import random
import re
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from jinja2 import FileSystemBytecodeCache
from werkzeug.test import TestResponse

from disclosure_control import policy as policies
from disclosure_control.dp import mechanisms
from disclosure_control.dp.mechanisms import Draw
from disclosure_control.policy import Policy
from disclosure_control.tables import Unprotected
from queries.engines.locked import on_grid
from queries.engines.statement import statement
from queries.plan import Plan
from queries.store import Store, attach_read_only, connect
from tests.catalogues import CLINIC, clinic
from tests.made_up_engines import SteadyRegistrar
from tests.web import service as web
from tests.web.service import TOKEN, Service, Visitor
from tre import database, datasets, people
from tre.ingest.ingested import ingest
from tre.scopes import EVERY
from tre.submissions import Submission
from tre.worker.carry import Carrier

KEY = bytes(range(32))
LASTS = web.datetime.timedelta(days=300)

UNITS = {
    "alone in its cell": "alone",
    "at the bounds": "extreme",
    "with most rows": "busy",
    "the only one with that test": "tested",
    "without a row of its own": "unlisted",
}
"""Units whose presence somebody might notice, and their names in the source."""

_folder = tempfile.mkdtemp(prefix="templates-")
atexit.register(shutil.rmtree, _folder, ignore_errors=True)
COMPILED = FileSystemBytecodeCache(_folder)
"""Templates are compiled once, not once a world."""

Rows = dict[str, list[dict[str, str]]]


def rows(*, without: str | None = None) -> Rows:
    """Everything that the source holds, or all of it but one unit."""
    made = _crowd()
    for name, sex, age, area in (
        ("alone", "f", "50", "o'hara"),
        ("extreme", "m", "110", "hill"),
        ("busy", "f", "61", "river"),
        ("tested", "m", "47", "shore"),
    ):
        made["persons"].append(_person(name, sex=sex, age=age, area=area))
    made["persons"][-3] |= {"bmi": "80.0", "income": "250000.00", "smoker": "1"}
    made["labs"] += [_lab(name, "sbp", day=n + 1) for name in ("busy",) for n in range(6)]
    made["labs"] += [_lab("tested", "hdl", day=1), _lab("unlisted", "sbp", day=2)]
    made["events"] += [_event("busy", kind) for kind in ("dm", "ht", "mi", "st")]
    made["events"].append(_event("unlisted", "st"))
    return {
        name: [row for row in table if without is None or row.get("person") != without]
        for name, table in made.items()
    }


def _crowd() -> Rows:
    """Forty people like others: no test "hdl", nobody in the area "o'hara"."""
    dice = random.Random(7)
    made: Rows = {"persons": [], "labs": [], "events": []}
    for number in range(40):
        name = f"p{number}"
        area = dice.choice(["hill", "river", "shore", ""])
        age = str(dice.randrange(20, 90))
        made["persons"].append(_person(name, sex=dice.choice("fm"), age=age, area=area))
        made["labs"] += [_lab(name, "sbp", day=n + 1) for n in range(dice.randrange(3))]
        made["events"] += [_event(name, dice.choice(["dm", "ht"])) for _ in range(number % 2)]
    made["areas"] = [
        {"area": area, "region": "n", "deprivation": "20.5"}
        for area in ("hill", "river", "shore", "o'hara")
    ]
    made["regions"] = [
        {"region": "n", "climate": "mild"},
        {"region": "s", "climate": "harsh"},
    ]
    return made


def _person(name: str, *, sex: str, age: str, area: str) -> dict[str, str]:
    return {
        "person": name,
        "sex": sex,
        "age": age,
        "bmi": "25.5",
        "income": "1000.00",
        "smoker": "0",
        "seen": "2001-02-03",
        "area": area,
    }


def _lab(name: str, test: str, *, day: int) -> dict[str, str]:
    return {"person": name, "test": test, "value": f"{10 + day}.25", "day": f"2001-01-{day:02d}"}


def _event(name: str, kind: str) -> dict[str, str]:
    return {"person": name, "kind": kind, "day": "2002-03-04", "severity": "2"}


@dataclass(frozen=True)
class Sealed:
    """One ingested version of the data."""

    store: Store
    version: str


def sealed(folder: Path, *, policy: Policy, without: str | None = None) -> Sealed:
    entry = folder / "entry"
    entry.mkdir(parents=True)
    tree = yaml.safe_load(CLINIC)
    tree["ingest"] = {"from": "files"}
    for name, table in tree["tables"].items():
        table["ingest"] = {"file": f"{name}.csv"}
    (entry / "catalogue.yaml").write_text(yaml.safe_dump(tree, sort_keys=False), "utf-8")
    (entry / "policy.yaml").write_text(policies.to_json(policy), "utf-8")
    for name, table in rows(without=without).items():
        with (entry / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            lines = csv.DictWriter(file, table[0])
            lines.writeheader()
            lines.writerows(table)
    found = ingest(entry, store_root=folder / "store", key=KEY)
    return Sealed(Store(folder / "store", KEY), found.version)


@dataclass
class SealedEngine:
    """Answers from the sealed file in this process: the statement of the sandbox, without it."""

    store: Store

    def await_ready(self, *, dataset: str, version: str) -> None:
        """Always."""

    def prepare(self, *, dataset: str, version: str) -> None:
        """Nothing to start."""

    def run(self, plan: Plan, *, dataset: str, version: str, deadline: float) -> Unprotected:
        con = connect()
        try:
            attach_read_only(con, self.store.path(dataset, version), key=self.store.key)
            found = con.execute(statement(plan)).fetchall()
        finally:
            con.close()
        return Unprotected(plan.shape, on_grid(found, lengths=plan.shape.lengths))

    def cancel(self) -> None:
        """Nothing runs beside the test."""


@contextmanager
def counted_names() -> Iterator[None]:
    """Identifiers and tokens that are the same in every world."""
    people.password_fits(None, "")  # draws once a process; not in the middle of a story
    dice = random.Random(11)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("secrets.token_hex", lambda size=32: dice.randbytes(size).hex())
        patch.setattr("secrets.token_urlsafe", lambda size=32: dice.randbytes(size).hex())
        yield


def agreed(values: tuple[int, ...], **given: Any) -> Draw:
    """What the sampler costs, and numbers that depend on everything but the data."""
    drawn = _drawn(values, **given)
    dice = random.Random(f"{given['mechanism']} {given['scale']} {len(values)}")
    most = given["sensitivity"].linf
    return Draw(tuple(dice.randrange(-20, 120) * most for _ in values), drawn.rho_nano)


_drawn = mechanisms.draw


@dataclass(frozen=True)
class Seen:
    """One answer as a person gets it."""

    what: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes


NOT_COMPARED = {"Date", "Set-Cookie"}  # signed with the real time; what they hold is the server's
FORM_TOKEN = re.compile(rb"(value|content)=\"[A-Za-z0-9_.-]{80,}\"")


def seen(what: str, answer: TestResponse) -> Seen:
    headers = tuple(
        sorted((name, value) for name, value in answer.headers if name not in NOT_COMPARED)
    )
    body = FORM_TOKEN.sub(b"token", TOKEN.sub("token", answer.text).encode())
    sizes = {"Content-Length": str(len(body))}  # of the masked body
    return Seen(what, answer.status_code, tuple((n, sizes.get(n, v)) for n, v in headers), body)


@dataclass
class Witness:
    """Goes through one world and keeps every answer."""

    service: Service
    engine: Any
    tokens: dict[str, str]
    account: list[Seen] = field(default_factory=list)
    visitors: dict[str, Visitor] = field(default_factory=dict)

    def visitor(self, name: str) -> Visitor:
        if name not in self.visitors:
            self.visitors[name] = self.service.visitor(None if name == "nobody" else name)
        return self.visitors[name]

    def get(self, path: str, *, by: str = "ada", **options: Any) -> TestResponse:
        return self._kept(f"{by} GET {path}", self.visitor(by).get(path, **options))

    def post(self, path: str, entries: Any, *, by: str = "ada", page: str | None = None) -> Any:
        return self._kept(f"{by} POST {path}", self.visitor(by).post(path, entries, page=page))

    def call(self, method: str, path: str, *, by: str = "ada", **options: Any) -> TestResponse:
        """Through the API."""
        given = {"Authorization": f"Bearer {self.tokens[by]}", **options.pop("headers", {})}
        client = self.service.app.test_client(use_cookies=False)
        answer = client.open(f"/api/v1{path}", method=method, headers=given, **options)
        return self._kept(f"{by} {method} /api/v1{path}", answer)

    def _kept(self, what: str, answer: TestResponse) -> TestResponse:
        self.account.append(seen(what, answer))
        self.service.clock.pass_by(seconds=1)
        return answer

    def visible_output(self, submission_id: str) -> bool:
        with self.service.sessions() as session:
            return session.get_one(Submission, submission_id).output is not None

    def keep_files(self, submission_id: str) -> None:
        """What checkers see and a release would hold, byte for byte."""
        with self.service.sessions() as session:
            output = session.get_one(Submission, submission_id).output
            files = output.artefacts if output is not None else []
            self.account += [
                Seen(f"{one.format} of a table", 200, (), one.content) for one in files
            ]

    def work(self, **given: Any) -> None:
        """A worker answers all that waits, without waiting for slots."""
        carrier = Carrier(
            self.service.sessions,
            given.pop("engine", self.engine),
            "worker",
            slot_scale=0,
            registrar=given.pop("registrar", SteadyRegistrar()),
            clock=self.service.clock,
            **given,
        )
        while carrier.next_job():
            self.service.clock.pass_by(seconds=1)


def witness(folder: Path, *, data: Sealed, policy: Policy, engine: Any = None) -> Witness:
    """A fresh service over this version of the data."""
    folder.mkdir(parents=True, exist_ok=True)
    service = web.make(folder, policy=policy, api_per_minute=0)  # counts by the real time
    service.app.jinja_env.bytecode_cache = COMPILED
    with service.sessions() as session, database.writing(session):
        dataset = session.get_one(datasets.Dataset, service.world.dataset)
        datasets.publish_version(
            session,
            dataset=dataset,
            version=data.version,
            catalogue=clinic(),
            report={},
            now=service.clock(),
        )
    return Witness(service, engine or SealedEngine(data.store), tokens(service))


def tokens(service: Service) -> dict[str, str]:
    """One with every scope for everybody."""
    return {name: _token(service, name) for name in service.world.people}


def _token(service: Service, name: str) -> str:
    with service.sessions() as session, database.writing(session):
        return people.issue_token(
            session,
            person=service.person(session, name),
            name="a test",
            scopes=EVERY,
            lasts=LASTS,
            now=service.clock(),
        )[1]


def differences(one: list[Seen], other: list[Seen]) -> list[str]:
    """What was seen differently; also where one world answered more often."""
    found = [a.what for a, b in zip(one, other, strict=False) if a != b]
    return found + (["another number of answers"] if len(one) != len(other) else [])
