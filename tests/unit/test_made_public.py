"""A release becomes public by a second clearance, of exact words, by who had no part in it."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import factories
from tests.factories import NOW, a_query, checked_by
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import DAY, ask, decide, events, leave, publish, work
from tests.sealing import seal
from tre import guards, publications, recalls
from tre.audit import OF_RELEASES, AuditEntry
from tre.database import new_id, writing
from tre.datasets import Dataset
from tre.downloads import Download
from tre.errors import (
    ArtefactsChanged,
    EdgeNotAllowed,
    GatesClosed,
    Incomplete,
    NotFound,
    NotPermitted,
    Recalled,
)
from tre.journey import changed, fetched, looked, made_public, recalled, shown
from tre.outputs import Format
from tre.people import Role
from tre.publications import PublicationAsked, PublicationDecided
from tre.releases import Release
from tre.sign_in.stepped_up import SteppedUp

TITLE, SUMMARY = "Persons by age", "Most persons are old. Small groups are not shown."
CSV = Format.CSV


@pytest.fixture
def world(session):
    return factories.furnish(session, policy=checked_by(1))


@pytest.fixture
def release(session, world) -> Release:
    made = a_release(session, world)
    assert seal(session) == 1
    return made


def a_release(session: Session, world, *bands: int) -> Release:
    submission = ask(session, world, query=a_query(*bands))
    work(session, SteadyEngine())
    return leave(session, world, submission)


def propose(session, world, release, who="ada", **given) -> PublicationAsked:
    text = {"title": TITLE, "summary": SUMMARY} | given
    person = world.person(session, who)
    return made_public.ask(session, person=person, release_id=release.id, now=NOW, **text)


def allow(session, world, asked, *, who="pat", hashed=None, now=NOW) -> PublicationDecided:
    person = world.person(session, who)
    return made_public.allow(
        session,
        publisher=person,
        stepped_up=SteppedUp(person.id, now),
        asked_id=asked.id,
        hashed=hashed or made_public.text_hash(asked),
        now=now,
    )


def decline(session, world, asked, reason="Too sure of itself.", who="pat"):
    return made_public.decline(
        session,
        publisher=world.person(session, who),
        asked_id=asked.id,
        hashed=made_public.text_hash(asked),
        reason=reason,
        now=NOW,
    )


def read(session, release, person=None) -> bytes:
    return fetched.fetch(session, person=person, release_id=release.id, format=CSV, now=NOW).content


def test_a_release_is_of_its_project_until_a_publisher_makes_it_public(session, world, release):
    gus = world.person(session, "gus")
    asked = propose(session, world, release)
    for who in (None, gus):
        with pytest.raises(NotFound):
            read(session, release, who)
        assert looked.readable_releases(session, person=who) == []
    with pytest.raises(NotFound):
        shown.release(session, release.id)
    allow(session, world, asked)
    own = read(session, release, world.person(session, "ben"))
    for who in (None, gus):
        assert read(session, release, who) == own
        assert looked.readable_releases(session, person=who) == [release]
    assert looked.my_releases(session, person=gus) == []
    assert shown.release(session, release.id).title == TITLE
    assert events(session, release.output.submission)[-2:] == ["publication_asked", "made_public"]


def test_of_anybody_no_line_is_kept_and_of_a_known_reader_one_is(session, world, release):
    allow(session, world, propose(session, world, release))
    read(session, release)
    assert session.scalars(select(Download)).all() == []
    read(session, release, world.person(session, "gus"))
    assert [one.person_id for one in session.scalars(select(Download))] == [world.people["gus"]]


def test_a_declined_text_is_answered_with_a_reason_and_another_may_follow(session, world, release):
    first = propose(session, world, release)
    with pytest.raises(EdgeNotAllowed):
        propose(session, world, release)
    with pytest.raises(Incomplete):
        decline(session, world, first, reason=" ")
    decline(session, world, first)
    with pytest.raises(EdgeNotAllowed):
        allow(session, world, first)
    second = propose(session, world, release, who="ben", summary="Some persons are old.")
    allow(session, world, second)
    with pytest.raises(EdgeNotAllowed):
        propose(session, world, release)
    texts = made_public.proposed(
        session, person=world.person(session, "ada"), release_id=release.id
    )
    assert [(one.number, one.decision.allowed, one.decision.reason) for one in texts] == [
        (1, False, "Too sure of itself."),
        (2, True, ""),
    ]
    assert shown.release(session, release.id).summary == "Some persons are old."


@pytest.mark.parametrize("given", [{"title": " "}, {"summary": ""}, {"title": "x" * 151}])
def test_a_text_without_words_or_too_long_is_refused(session, world, release, given):
    with pytest.raises(Incomplete):
        propose(session, world, release, **given)
    assert publications.of_release(session, release.id) == []


@pytest.mark.parametrize("who", ["gus", "cleo", "eve", "pat"])
def test_nobody_else_asks_for_a_projects_release(session, world, release, who):
    with pytest.raises(NotFound):
        propose(session, world, release, who=who)
    with pytest.raises(NotFound):
        made_public.proposed(session, person=world.person(session, who), release_id=release.id)


@pytest.mark.parametrize("role", [Role.PUBLISHER, Role.CHECKER])
@pytest.mark.parametrize("who", ["ada", "ben", "cleo"])
def test_who_asked_checked_or_belongs_never_makes_it_public(session, world, release, who, role):
    person = world.person(session, who)
    with writing(session):
        person.roles = sorted({*person.roles, role.value, Role.PUBLISHER.value})
    asked = propose(session, world, release, who="ben")
    with pytest.raises(NotPermitted):
        allow(session, world, asked, who=who)
    with pytest.raises(NotPermitted):
        decline(session, world, asked, who=who)
    assert made_public.queue(session, publisher=person) == []
    decided = insert(PublicationDecided).values(
        asked_id=asked.id, publisher_id=person.id, allowed=True, reason="", at=NOW
    )
    with pytest.raises(IntegrityError, match="never makes it public"):
        session.execute(decided)


def test_who_proposed_a_text_never_allows_it_after_leaving_the_project(session, world, release):
    asked = propose(session, world, release, who="ben")
    ben = world.person(session, "ben")
    with writing(session):
        guards.lift(session.connection())
        ben.roles = [Role.PUBLISHER.value]
        session.delete(next(one for one in release.project.memberships if one.person is ben))
        guards.lay(session.connection())
    with pytest.raises(NotPermitted, match="proposed"):
        allow(session, world, asked, who="ben")
    assert made_public.queue(session, publisher=ben) == []


def test_an_approval_is_of_exact_words_and_fresh(session, world, release):
    asked = propose(session, world, release)
    with pytest.raises(ArtefactsChanged):
        allow(session, world, asked, hashed="0" * 64)
    pat = world.person(session, "pat")
    with pytest.raises(NotPermitted):
        made_public.allow(
            session,
            publisher=pat,
            stepped_up=SteppedUp(pat.id, NOW - DAY),
            asked_id=asked.id,
            hashed=made_public.text_hash(asked),
            now=NOW,
        )
    entry = session.scalar(select(AuditEntry).where(AuditEntry.event == "publication_asked"))
    assert entry.detail["text_hash"] == made_public.text_hash(asked)
    for column, value in (("title", "Another"), ("summary", "Another"), ("by_id", None)):
        changed_text = update(PublicationAsked).values({column: value})
        with pytest.raises(IntegrityError, match="never change"), session.begin_nested():
            session.execute(changed_text)


def test_an_owners_stop_keeps_a_release_from_the_public_but_an_ended_project_does_not(
    session, world, release
):
    asked = propose(session, world, release)
    with writing(session):
        session.get_one(Dataset, world.dataset).stopped_at = NOW
    with pytest.raises(GatesClosed):
        allow(session, world, asked)
    with writing(session):
        session.get_one(Dataset, world.dataset).stopped_at = None
    much_later = NOW.replace(year=NOW.year + 5)
    assert allow(session, world, asked, now=much_later).allowed


def take_back(session, world, release):
    return recalled.recall(
        session,
        person=world.person(session, "eve"),
        release_id=release.id,
        reason="Wrong.",
        successor_id=None,
        now=NOW,
    )


def test_what_was_recalled_is_gone_for_everybody_and_never_becomes_public(session, world, release):
    other = a_release(session, world, 40)
    seal(session)
    allow(session, world, propose(session, world, release))
    waiting = propose(session, world, other)
    take_back(session, world, release)
    take_back(session, world, other)
    for who in (None, world.person(session, "gus")):
        with pytest.raises(Recalled):
            read(session, release, who)
        with pytest.raises(NotFound):
            read(session, other, who)
    assert shown.releases(session, limit=5) == []
    assert made_public.queue(session, publisher=world.person(session, "pat")) == []
    with pytest.raises(EdgeNotAllowed):
        allow(session, world, waiting)
    with pytest.raises(Recalled):
        propose(session, world, other)
    by_force = insert(PublicationDecided).values(
        asked_id=waiting.id, publisher_id=world.people["pat"], allowed=True, reason="", at=NOW
    )
    with pytest.raises(IntegrityError, match="not made public"):
        session.execute(by_force)
    assert recalls.of_release(session, other.id) is not None


def test_the_database_keeps_texts_to_their_projects_and_one_at_a_time(session, world, release):
    text = {"release_id": release.id, "title": "T", "summary": "S", "at": NOW}
    for values, said in (
        ({"by_id": world.people["gus"], "number": 1}, "own releases"),
        ({"by_id": world.people["ada"], "number": 1, "summary": ""}, "one text"),
    ):
        with pytest.raises(IntegrityError, match=said), session.begin_nested():
            session.execute(insert(PublicationAsked).values(id=new_id(), **(text | values)))
    asked = propose(session, world, release)
    second = insert(PublicationAsked).values(
        id=new_id(), **text, by_id=world.people["ada"], number=2
    )
    with pytest.raises(IntegrityError, match="one text"), session.begin_nested():
        session.execute(second)
    without_reason = insert(PublicationDecided).values(
        asked_id=asked.id, publisher_id=world.people["pat"], allowed=False, reason="", at=NOW
    )
    with pytest.raises(IntegrityError, match="reason"), session.begin_nested():
        session.execute(without_reason)


# Series and changes


def test_the_same_question_again_is_in_one_series_and_latest_is_the_newest_that_stands(
    session, world, release
):
    ada = world.person(session, "ada")
    other = a_release(session, world, 40)
    seal(session)
    again = ask(session, world, query=a_query(), rho_nano=2_000_000)
    work(session, SteadyEngine())
    decide(session, world, again)
    second = publish(session, world, again, now=NOW + DAY)
    seal(session)
    assert release.series == second.series != other.series
    assert looked.latest(session, person=ada, series=release.series) == second
    take_back(session, world, second)
    assert looked.latest(session, person=ada, series=release.series) == release
    for who in (None, world.person(session, "gus")):
        with pytest.raises(NotFound):
            looked.latest(session, person=who, series=release.series)


def told(session, person, after=-1, limit=50):
    found, place = changed.since(session, person=person, after=after, limit=limit)
    return [(one.kind, one.release.id) for one in found], place


def test_changes_come_once_in_the_order_of_the_log_however_they_are_read(session, world, release):
    ada = world.person(session, "ada")
    other = a_release(session, world, 40)
    seal(session)
    allow(session, world, propose(session, world, release))
    take_back(session, world, other)
    before, place = told(session, ada)
    assert before == [("released", release.id), ("released", other.id)], "not in the log yet"
    seal(session)
    after, end = told(session, ada, place)
    assert after == [("published", release.id), ("recalled", other.id)]
    assert told(session, ada, end) == ([], end)
    slowly, place = [], -1
    while (step := told(session, ada, place, limit=1))[0]:
        slowly, place = slowly + step[0], step[1]
    assert slowly == before + after


def test_others_are_told_of_public_releases_only(session, world, release):
    other = a_release(session, world, 40)
    seal(session)
    gus = world.person(session, "gus")
    assert told(session, gus)[0] == told(session, None)[0] == []
    allow(session, world, propose(session, world, release))
    seal(session)
    for who in (gus, None):
        assert told(session, who)[0] == [("released", release.id), ("published", release.id)]
    take_back(session, world, other)
    seal(session)
    assert len(told(session, None)[0]) == 2


def test_the_index_of_changes_holds_exactly_what_is_told():
    assert set(re.findall("'([a-z_]+)'", str(OF_RELEASES))) == changed.KINDS.keys()
