"""Whose turn it is to check: the furthest from the question, then who has least to do."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from tests import factories
from tests.factories import NOW, a_query, checked_by
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, decide, events, work
from tre import assignments, people, projects
from tre.assignments import Assignment
from tre.audit import AuditEntry
from tre.database import new_id, writing
from tre.errors import EdgeNotAllowed, NotFound, NotPermitted
from tre.journey import appointed, assigned, waiting
from tre.people import Person, Role
from tre.projects import Position, Project

BANDS = itertools.count(30)


@pytest.fixture
def world(session):
    return factories.furnish(session, policy=checked_by(1))


def protected(session, world, **given):
    submission = ask(session, world, query=a_query(next(BANDS)), **given)
    work(session, SteadyEngine())
    return submission


def holders(session, submission) -> list[str]:
    session.rollback()
    return [one.checker.name for one in assignments.of_output(session, submission.output.id)]


def person(session, name: str, *roles: Role, organisation: str = "") -> Person:
    with writing(session):
        return people.add(
            session,
            email=f"{name}@example.org",
            name=name.title(),
            roles=roles,
            organisation=organisation,
            now=NOW,
        )


def works_for(session, world, **organisations: str) -> None:
    with writing(session):
        for name, organisation in organisations.items():
            world.person(session, name).organisation = organisation


def test_as_many_as_an_output_needs_get_it_and_load_is_shared(session, world):
    found = [holders(session, protected(session, world)) for _ in range(4)]
    assert sorted(itertools.chain(*found)) == ["Cleo", "Cleo", "Dan", "Dan"]
    assert assignments.load(session) == {
        world.people["cleo"]: 2,
        world.people["dan"]: 2,
    }


def test_it_is_on_record_for_every_output_that_a_checker_sees(session, world):
    submission = protected(session, world)
    assert events(session, submission)[-2:] == ["protected", "assigned"]
    entry = session.scalars(select(AuditEntry).where(AuditEntry.event == "assigned")).one()
    assert entry.detail == {"checker": entry.detail["checker"], "how": "assigned"}
    assert entry.actor_id is None


def test_nobody_gets_what_no_checker_has_to_see(session):
    world = factories.furnish(session, policy=checked_by(0))
    submission = protected(session, world)
    assert holders(session, submission) == []


def nearness(session, world, submission, who: str) -> tuple[str, ...]:
    return assigned.nearness(session, person=world.person(session, who), submission=submission)


def test_a_colleague_of_the_author_comes_last_and_is_told(session, world):
    works_for(session, world, ada="Institute of  Health", cleo="institute of health", dan="")
    submissions = [protected(session, world) for _ in range(3)]
    assert [holders(session, one) for one in submissions] == [["Dan"]] * 3
    assert nearness(session, world, submissions[0], "cleo") == (assigned.COLLEAGUE,)
    assert nearness(session, world, submissions[0], "dan") == ()
    decide(session, world, submissions[0], "cleo")  # it forbids nobody
    with writing(session):
        world.person(session, "dan").active = False
    assert holders(session, protected(session, world)) == ["Cleo"], "rather than nobody"


def test_who_shares_another_project_and_who_pays_come_last(session, world):
    works_for(session, world, dan="A fund")
    with writing(session):
        session.get_one(Project, world.project).funder = "a fund"
    assert holders(session, protected(session, world)) == ["Cleo"]
    with writing(session):
        projects.create(
            session,
            slug="together",
            title="Together",
            purpose="To write.",
            starts_on=NOW.date(),
            ends_on=NOW.date(),
            members=(
                (world.person(session, "ada"), Position.LEAD),
                (world.person(session, "cleo"), Position.RESEARCHER),
            ),
            datasets=(),
            now=NOW,
        )
    works_for(session, world, dan="")
    submission = protected(session, world)
    assert holders(session, submission) == ["Dan"]
    assert nearness(session, world, submission, "cleo") == (assigned.CO_AUTHOR,)
    works_for(session, world, dan="A fund")
    assert nearness(session, world, submission, "dan") == (assigned.FUNDER,)


def test_a_checker_claims_and_hands_over(session, world):
    submission = protected(session, world)
    (first,) = holders(session, submission)
    one, other = (first.lower(), {"Cleo": "dan", "Dan": "cleo"}[first])
    given = {"output_id": submission.output.id, "now": NOW}
    with pytest.raises(EdgeNotAllowed):
        assigned.claim(session, checker=world.person(session, one), **given)
    assigned.claim(session, checker=world.person(session, other), **given)
    assert len(holders(session, submission)) == 2
    with pytest.raises(NotPermitted, match="has this output already"):
        assigned.hand_over(
            session, checker=world.person(session, one), to_id=world.people[other], **given
        )
    third = person(session, "zoe", Role.CHECKER)
    assert assigned.colleagues(
        session, checker=world.person(session, one), output_id=submission.output.id
    ) == [third]
    assigned.hand_over(session, checker=world.person(session, one), to_id=third.id, **given)
    assert set(holders(session, submission)) == {other.title(), "Zoe"}
    with pytest.raises(EdgeNotAllowed):
        assigned.hand_over(
            session, checker=world.person(session, one), to_id=world.people[other], **given
        )


@pytest.mark.parametrize("who", ["ada", "ben", "gus", "eve", "pat"])
def test_it_is_never_given_to_who_may_not_check_it(session, world, who):
    submission = protected(session, world)
    (holder,) = holders(session, submission)
    given = {"output_id": submission.output.id, "now": NOW}
    with pytest.raises(NotPermitted):
        assigned.hand_over(
            session,
            checker=world.person(session, holder.lower()),
            to_id=world.people[who],
            **given,
        )
    with pytest.raises((NotFound, NotPermitted)):
        assigned.claim(session, checker=world.person(session, who), **given)
    assert holders(session, submission) == [holder]


def test_what_has_ended_is_nobodys_turn(session, world):
    submission = protected(session, world)
    (holder,) = holders(session, submission)
    checker = world.person(session, holder.lower())
    assert [one.id for one in waiting.own_of_checker(session, checker=checker)] == [
        submission.output.id
    ]
    decide(session, world, submission, holder.lower())
    assert waiting.own_of_checker(session, checker=checker) == []
    assert assignments.load(session) == {}
    with pytest.raises(EdgeNotAllowed):
        assigned.claim(
            session,
            checker=world.person(session, "dan" if holder == "Cleo" else "cleo"),
            output_id=submission.output.id,
            now=NOW,
        )


def test_others_get_what_somebody_had_whose_account_is_closed(session, world):
    submission = protected(session, world)
    (holder,) = holders(session, submission)
    appointed.change(
        session,
        administrator=world.person(session, "fay"),
        person_id=world.people[holder.lower()],
        roles=(Role.CHECKER,),
        active=False,
        now=NOW,
    )
    assert holders(session, submission) == [{"Cleo": "Dan", "Dan": "Cleo"}[holder]]


def test_the_database_keeps_assignments_outside_the_project_and_whole(session, world):
    submission = protected(session, world)
    row = {
        "output_id": submission.output.id,
        "how": "claimed",
        "by_id": None,
        "at": NOW,
        "ended_at": None,
    }
    for who in ("ada", "ben"):
        inside = insert(Assignment).values(id=new_id(), checker_id=world.people[who], **row)
        with pytest.raises(IntegrityError, match="outside"), session.begin_nested():
            session.execute(inside)
    for change in ({"checker_id": world.people["hal"]}, {"how": "handed"}):
        with pytest.raises(IntegrityError, match="only ends"), session.begin_nested():
            session.execute(update(Assignment).values(change))
    session.execute(update(Assignment).values(ended_at=NOW))
    with pytest.raises(IntegrityError, match="only ends"), session.begin_nested():
        session.execute(update(Assignment).values(ended_at=None))


def test_an_organisation_is_changed_on_record_and_by_an_administrator(session, world):
    given = {"roles": (Role.CHECKER,), "active": True, "now": NOW}
    fay = world.person(session, "fay")
    changed = appointed.change(
        session,
        administrator=fay,
        person_id=world.people["cleo"],
        organisation=" Office ",
        **given,
    )
    assert changed.organisation == "Office"
    appointed.change(session, administrator=fay, person_id=changed.id, **given)
    assert changed.organisation == "Office"
    told = session.scalars(select(AuditEntry).where(AuditEntry.event == "organisation_changed"))
    assert [one.detail["after"] for one in told] == ["Office"]
