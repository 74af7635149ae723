"""A page that is shown once more is the page that would be made anew, whatever happened between."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session

from tests import factories
from tests.factories import NOW, checked_by
from tests.web import service as web
from tests.web.service import Service, Visitor
from tests.web.steps import decide
from tre import audit, people
from tre.database import writing
from tre.journey import appointed, assigned, cancelled
from tre.outputs import Output
from tre.people import Role, SignedIn
from tre.sign_in import browser
from tre.submissions import Submission
from tre.web import as_shown
from tre.web.as_shown import AsShown

TOKENS = re.compile(r'name="csrf_token"[^>]*value="[^"]+"')
OK, SEE_OTHER = 200, 303


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return web.make(tmp_path, policy=checked_by(2))


@pytest.fixture
def made(monkeypatch) -> list[str]:
    """Each page that was made and not only shown once more."""
    found: list[str] = []
    make = AsShown._made

    def counted(self, name, environ, start_response):
        found.append(environ["PATH_INFO"])
        return make(self, name, environ, start_response)

    monkeypatch.setattr(AsShown, "_made", counted)
    return found


def queue(visitor: Visitor) -> str:
    answer = visitor.get("/checks")
    assert answer.status_code == OK
    return TOKENS.sub("", answer.text)


def anew(visitor: Visitor, monkeypatch) -> str:
    with monkeypatch.context() as without:
        without.setattr(as_shown, "PATHS", frozenset())
        return queue(visitor)


def settled(visitor: Visitor) -> str:
    """Kept from the third time on: the first has to learn whose it is."""
    return [queue(visitor) for _ in range(3)][-1]


def test_it_is_kept_once_nothing_happens(service, made):
    cleo = service.visitor("cleo")
    service.ask(40)
    service.work()
    first = settled(cleo)
    made.clear()
    assert queue(cleo) == first
    assert made == []
    assert cleo.get("/checks?after=none").status_code == OK
    assert made == ["/checks"], "another address"


def answers_another(service: Service, _: str) -> None:
    service.ask(55)
    service.work()


def another_decides(service: Service, output: str) -> None:
    decide(service.visitor("dan"), output, "approve")


def decides(service: Service, output: str) -> None:
    decide(service.visitor("cleo"), output, "approve")


def cancels(service: Service, output: str) -> None:
    with service.sessions() as session:
        submission = session.get_one(Output, output).submission_id
        ada = service.person(session, "ada")
        cancelled.cancel(session, person=ada, submission_id=submission, now=service.clock())


def hands_over(service: Service, output: str) -> None:
    with service.sessions() as session:
        people.add(session, email="uma@example.org", name="Uma", roles=(Role.CHECKER,), now=NOW)
        session.commit()
        uma = people.by_email(session, "uma@example.org")
        cleo = service.person(session, "cleo")
        assigned.hand_over(
            session, checker=cleo, output_id=output, to_id=uma.id, now=service.clock()
        )


def closes_an_account(service: Service, _: str) -> None:
    with service.sessions() as session:
        appointed.change(
            session,
            administrator=service.person(session, "fay"),
            person_id=service.world.people["dan"],
            roles=(Role.CHECKER,),
            active=False,
            now=service.clock(),
        )


def grows_late(service: Service, _: str) -> None:
    service.clock.pass_by(minutes=2)
    with service.sessions() as session, writing(session):
        for one in session.scalars(select(Submission)):
            assert one.moved_at < service.clock()
        for visit in session.scalars(select(SignedIn)):
            visit.last_seen_at = service.clock()


ACTS = (
    answers_another,
    another_decides,
    decides,
    cancels,
    hands_over,
    closes_an_account,
    grows_late,
)


@pytest.mark.parametrize("act", ACTS)
def test_whatever_happens_it_is_the_page_that_would_be_made_anew(service, monkeypatch, act):
    cleo = service.visitor("cleo")
    asked = service.ask(40)
    service.work()
    before = settled(cleo)
    if act is grows_late:
        monkeypatch.setitem(service.app.config, "CHECK_HOURS", 1 / 60)
    act(service, service.output_of(asked))
    after = queue(cleo)
    assert after == anew(cleo, monkeypatch)
    assert (after == before) is (act is another_decides), "what another decided is not seen"


def signs_out(service: Service, visitor: Visitor) -> None:
    with service.sessions() as session:
        browser.end_all(session, person_id=service.world.people["cleo"], now=service.clock())
        session.commit()


def is_closed(service: Service, visitor: Visitor) -> None:
    with service.sessions() as session, writing(session):
        service.person(session, "cleo").active = False


def stays_away(service: Service, visitor: Visitor) -> None:
    service.clock.pass_by(hours=2)


@pytest.mark.parametrize("end", [signs_out, is_closed, stays_away])
def test_it_is_shown_to_nobody_whose_session_has_ended(service, end):
    cleo = service.visitor("cleo")
    settled(cleo)
    end(service, cleo)
    assert cleo.get("/checks").status_code == SEE_OTHER


def test_it_is_nobody_elses(service, made):
    service.ask(40)
    service.work()
    cleo, dan, gus = (service.visitor(name) for name in ("cleo", "dan", "gus"))
    assert "Signed in as Cleo" in settled(cleo)
    assert "Signed in as Dan" in settled(dan)
    assert gus.get("/checks").status_code == 404
    assert service.visitor().get("/checks").status_code == SEE_OTHER
    forged = service.visitor()
    forged.client.set_cookie("tre", "x")
    assert forged.get("/checks").status_code == SEE_OTHER
    assert "Signed in as Cleo" in queue(cleo)


def test_what_is_told_once_is_told_once(service):
    cleo = service.visitor("cleo")
    asked = service.ask(40)
    service.work()
    settled(cleo)
    decide(cleo, service.output_of(asked), "approve")
    assert "Your decision is recorded" in queue(cleo)
    assert "Your decision is recorded" not in settled(cleo)


def test_a_visit_is_still_written_down_once_a_minute(service, made):
    cleo = service.visitor("cleo")
    settled(cleo)
    service.clock.pass_by(minutes=1)
    queue(cleo)
    with service.sessions() as session:
        assert {one.last_seen_at for one in session.scalars(select(SignedIn))} == {service.clock()}


def test_only_so_many_pages_are_kept(service, monkeypatch):
    monkeypatch.setattr(as_shown, "MOST", 2)
    cleo = service.visitor("cleo")
    for number in range(5):
        cleo.get(f"/checks?after={number}")
    (keeper,) = (one for one in _layers(service) if isinstance(one, AsShown))
    assert len(keeper._shown) == 2


def _layers(service: Service):
    layer = service.app.wsgi_app
    while layer is not None:
        yield layer
        layer = getattr(layer, "app", None)


def state(session: Session) -> str | None:
    found = session.scalar(select(as_shown.state_of(session.get_bind().dialect)))
    session.rollback()
    return found


def test_the_state_of_the_database_is_another_once_something_was_committed(engine: Engine):
    with Session(engine) as reader, Session(engine) as writer:
        factories.furnish(writer)
        before = state(reader)
        assert state(reader) == before
        with writing(writer):
            audit.write(writer, "signed_in", now=NOW)
            writer.flush()
            # Another's transaction may be counted as begun, but nothing of it is read.
            during = state(reader)
        assert state(reader) not in {before, during} or during != before
        assert state(reader) != before


@pytest.mark.postgres
def test_what_commits_late_is_another_state_too(postgresql: Engine):
    with Session(postgresql) as reader, Session(postgresql) as slow, Session(postgresql) as fast:
        factories.furnish(fast)
        slow.connection()
        audit.write(slow, "signed_in", now=NOW)
        slow.flush()
        audit.write(fast, "signed_in", now=NOW)
        fast.commit()
        before = state(reader)
        slow.commit()
        assert state(reader) != before
