"""Can anybody but a checker learn anything of a table before it was released?

Two services answer the same question with different counts. Until the release every answer to
everybody else is byte for byte the same in both, whichever address is tried with whichever
number; afterwards only the project sees a difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from disclosure_control.policy import Policy
from tests import on_the_way
from tests.attacks.worlds import COMPILED, Seen, Witness, counted_names, seen, tokens
from tests.catalogues import dp_policy, sdc_policy
from tests.factories import NOW
from tests.made_up_engines import SteadyEngine, SteadyRegistrar
from tests.web import service as web
from tre.audit import AuditEntry
from tre.errors import NotFound
from tre.journey import cancelled, fetched, reviewed
from tre.lifecycle import State
from tre.outputs import Output
from tre.releases import Release
from tre.reviews import Decision
from tre.submissions import Submission

EVERYBODY_ELSE = ("ada", "ben", "gus", "eve", "fay", "nobody")
COUNTS = (40, 90)
FILES = ("", ".json", ".csv", "/record", "/chart", "/table.csv", "/table.json", "/chart.svg")


def world(folder: Path, *, policy: Policy, units: int) -> Witness:
    folder.mkdir()
    service = web.make(folder, policy=policy, api_per_minute=0)  # counts by the real time
    service.app.jinja_env.bytecode_cache = COMPILED
    return Witness(service, SteadyEngine(units), tokens(service))


def numbers(w: Witness) -> list[str]:
    """Every id that the path of the question has made: an attacker may have seen them all."""
    with w.service.sessions() as session:
        question = session.query(Submission).one()
        output = question.output
        found = [question.id]
        if output is not None:
            found += [output.id, output.draw_id]
        return found + [one.id for one in session.query(Release)]


def addresses(w: Witness) -> Iterator[str]:
    """Every address that is read, with every number in each place; no static files."""
    places = {"project_id": [w.service.world.project], "name": ["clinic", "table.csv"]}
    for rule in w.service.app.url_map.iter_rules():
        if "GET" not in rule.methods or rule.endpoint == "static":
            continue
        for number in numbers(w) if rule.arguments else [""]:
            found = re.sub(
                r"<(?:[^:>]*(?:\([^)]*\))?:)?(\w+)>",
                lambda place, number=number: places.get(place[1], [number])[0],
                rule.rule,
            )
            yield found.replace("clinic", "table.csv") if "/releases/" in found else found


def look_everywhere(w: Witness, names: tuple[str, ...] = EVERYBODY_ELSE) -> list[Seen]:
    return [
        seen(f"{name} {path}", answer)
        for path in sorted(set(addresses(w)))
        for name in names
        for answer in _answers(w, name, path)
    ]


def _answers(w: Witness, name: str, path: str):
    if not path.startswith("/api/"):
        yield w.visitor(name).get(path)
        return
    given = {"Authorization": f"Bearer {w.tokens[name]}"} if name in w.tokens else {}
    client = w.service.app.test_client(use_cookies=False)
    for accept in ("application/json", "text/csv"):
        yield client.get(path, headers={**given, "Accept": accept})


def decide(w: Witness, decision: Decision, *, by: str = "cleo") -> None:
    with w.service.sessions() as session:
        output = session.query(Output).one()
        reviewed.review(
            session,
            checker=w.service.person(session, by),
            output_id=output.id,
            artefact_hash=output.manifest_hash,
            decision=decision,
            reason="Because.",
            now=w.service.clock(),
        )


def decided_by_both(decision: Decision):
    return lambda w: [decide(w, decision, by=name) for name in ("cleo", "dan")]


def publish(w: Witness) -> None:
    with w.service.sessions() as session:
        submission = session.query(Submission).one()
        on_the_way.publish(session, w.service.world, submission, now=w.service.clock())


STATES = {
    "waiting for checkers": (lambda _w: None, State.PROTECTED),
    "approved by one of two": (lambda w: decide(w, Decision.APPROVE), State.PROTECTED),
    "checkers disagree": (
        lambda w: [decide(w, Decision.REJECT), decide(w, Decision.APPROVE, by="dan")],
        State.PROTECTED,
    ),
    "returned": (decided_by_both(Decision.RETURN), State.RETURNED),
    "rejected": (decided_by_both(Decision.REJECT), State.REJECTED),
    "reviewed": (decided_by_both(Decision.APPROVE), State.REVIEWED),
}
POLICIES = {"exact": sdc_policy(), "noisy": replace(dp_policy(), checkers=2)}


def brought_to(
    folder: Path, state: str, *, policy: Policy, units: int, clash: str | None = None
) -> Witness:
    with counted_names():
        w = world(folder, policy=policy, units=units)
    with counted_names():
        w.service.ask(40)
        w.work(registrar=SteadyRegistrar(clash))
        STATES[state][0](w)
        with w.service.sessions() as session:
            assert session.query(Submission).one().state == STATES[state][1]
    return w


LOOKING = {("exact", "waiting for checkers"): EVERYBODY_ELSE, ("exact", "reviewed"): EVERYBODY_ELSE}
"""Who looks at which state; the author everywhere."""


WHERE = [
    *(("exact", state) for state in STATES),
    ("noisy", "waiting for checkers"),
    ("noisy", "reviewed"),
]


@pytest.mark.parametrize(("track", "state"), WHERE)
def test_before_the_release_nobody_else_sees_a_difference(tmp_path, track, state):
    who = LOOKING.get((track, state), ("ada",))
    accounts = []
    for number, units in enumerate(COUNTS):
        w = brought_to(tmp_path / str(number), state, policy=POLICIES[track], units=units)
        with counted_names():
            accounts.append(look_everywhere(w, who))
    assert [a.what for a, b in zip(*accounts, strict=True) if a != b] == []
    assert sum(one.status == 200 for one in accounts[0]) > 15


@pytest.mark.parametrize("state", ["waiting for checkers", "rejected"])
def test_nobody_but_checkers_sees_which_layer_a_table_clashed_in(tmp_path, state):
    """And until they have decided, nobody sees that it did."""
    accounts = []
    for number, clash in enumerate((None, "pairs") if state != "rejected" else ("own", "pairs")):
        w = brought_to(tmp_path / str(number), state, policy=sdc_policy(), units=500, clash=clash)
        with counted_names():
            accounts.append(look_everywhere(w, EVERYBODY_ELSE))
    assert [a.what for a, b in zip(*accounts, strict=True) if a != b] == []
    assert sum(one.status == 200 for one in accounts[0]) > 15


@pytest.mark.parametrize("end", ["rejected", "cancelled"])
def test_the_length_of_the_log_does_not_say_whether_a_table_could_have_left(tmp_path, end):
    """Checkpoints say how long it is, to whoever reads them."""
    told = []
    for clash in (None, "pairs"):
        state = "rejected" if end == "rejected" else "waiting for checkers"
        folder = tmp_path / str(clash)
        w = brought_to(folder, state, policy=sdc_policy(), units=500, clash=clash)
        with w.service.sessions() as session:
            asked = session.query(Submission).one()
            if end == "cancelled":
                ada = w.service.person(session, "ada")
                cancelled.cancel(session, person=ada, submission_id=asked.id, now=NOW)
            told.append([one.event for one in session.query(AuditEntry).order_by(AuditEntry.id)])
    assert told[0] == told[1]
    assert told[0].count("withdrawn") == 1


def test_checkers_see_the_difference(tmp_path):
    """So the counts do show where they may: the comparison above is not blind."""
    accounts = []
    for number, units in enumerate(COUNTS):
        w = brought_to(
            tmp_path / str(number), "waiting for checkers", policy=sdc_policy(), units=units
        )
        with counted_names():
            accounts.append(look_everywhere(w, ("cleo",)))
    assert any("/checks/" in a.what for a, b in zip(*accounts, strict=True) if a != b)


def test_after_the_release_only_its_project_sees_a_difference(tmp_path):
    accounts = []
    for number, units in enumerate(COUNTS):
        w = brought_to(
            tmp_path / str(number), "waiting for checkers", policy=POLICIES["noisy"], units=units
        )
        with counted_names():
            decided_by_both(Decision.APPROVE)(w)
            publish(w)
            accounts.append(look_everywhere(w, ("ada", "ben", "gus", "nobody")))
    seen_by = {a.what.split()[0] for a, b in zip(*accounts, strict=True) if a != b}
    assert seen_by == {"ada", "ben"}


def any_artefact(session, *, release_id, format, **_):  # noqa: A002
    output = session.get(Output, release_id)
    if output is None:
        raise NotFound(release_id)
    return output.artefact(format)


def no_checker_needed(session, *, person, output):
    """A review page for everybody."""


PLANTED = {
    "files by the number of an output": (fetched, "fetch", any_artefact),
    "checks for everybody": (reviewed, "check_review", no_checker_needed),
}


@pytest.mark.parametrize("fault", PLANTED)
def test_a_planted_way_out_is_found(tmp_path, monkeypatch, fault):
    monkeypatch.setattr(*PLANTED[fault])
    monkeypatch.setattr("tre.web.checking._checker", lambda: None)
    monkeypatch.setattr("tre.web.checking.me", lambda: None)
    monkeypatch.setattr(reviewed, "seen_reviews", lambda *_, **__: [])
    accounts = []
    for number, units in enumerate(COUNTS):
        w = brought_to(
            tmp_path / str(number), "waiting for checkers", policy=sdc_policy(), units=units
        )
        with counted_names():
            accounts.append(look_everywhere(w, ("ada",)))
    assert [a.what for a, b in zip(*accounts, strict=True) if a != b]
