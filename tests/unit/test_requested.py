"""Outputs that are named before they are asked: their versions, and who sees what of them."""

from __future__ import annotations

import pytest

from tests import factories
from tests.factories import NOW, a_query, checked_by
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, decide, events, leave, work
from tre.errors import Incomplete, NotFound, NotPermitted
from tre.journey import requested
from tre.lifecycle import State
from tre.people import Role
from tre.reviews import Decision

NAMED = ("Persons by age", "Persons by sex and age")


@pytest.fixture
def world(session):
    return factories.furnish(session, policy=checked_by(1))


def begin(session, world, who="ada", **given):
    told = {"title": "Annual report", "context": "Its annex.", "outputs": NAMED, **given}
    return requested.begin(
        session, person=world.person(session, who), project_id=world.project, **told, now=NOW
    )


def asked_for(session, world, request, number, *bands, who="ada"):
    chosen = request.intended[number - 1].id
    return ask(session, world, who=who, query=a_query(*bands), intended_id=chosen)


def place(session, world, submission, who="cleo"):
    person = world.person(session, who)
    return requested.place_of(session, person=person, submission=submission)


def test_checkers_see_what_was_asked_beside_what_was_said(session, world):
    request = begin(session, world, outputs=(*NAMED, " ", "A third"))
    first = asked_for(session, world, request, 2, 40)
    alone = ask(session, world, query=a_query(50))
    work(session, SteadyEngine(), jobs=2)
    found = place(session, world, first)
    assert (found.number, found.version) == (2, 1)
    assert [line.intended.title for line in found.view.lines] == [*NAMED, "A third"]
    assert [len(line.versions) for line in found.view.lines] == [0, 1, 0]
    assert place(session, world, alone) is None
    assert place(session, world, first, "pat").number == 2


def test_each_output_leaves_by_itself(session, world):
    request = begin(session, world)
    both = [asked_for(session, world, request, n, 40 + n) for n in (1, 2)]
    work(session, SteadyEngine(), jobs=2)
    leave(session, world, both[0])
    decide(session, world, both[1], decision=Decision.REJECT)
    view = requested.opened(session, person=world.person(session, "ben"), request_id=request.id)
    assert view.released == 1
    assert [line.versions[-1].state for line in view.lines] == [State.RELEASED, State.REJECTED]


def test_a_new_version_takes_the_place_of_one_that_was_returned(session, world):
    request = begin(session, world)
    first = asked_for(session, world, request, 1, 40)
    with pytest.raises(Incomplete, match="on its way"):
        asked_for(session, world, request, 1, 50)
    work(session, SteadyEngine())
    with pytest.raises(Incomplete, match="on its way"):
        asked_for(session, world, request, 1, 50)
    decide(session, world, first, decision=Decision.RETURN)
    with pytest.raises(Incomplete, match="on its way"):
        asked_for(session, world, request, 1, 50, who="ben")
    second = asked_for(session, world, request, 1, 50)
    assert first.state == State.CANCELLED
    assert events(session, first)[-1] == "cancelled"
    work(session, SteadyEngine())
    found = place(session, world, second)
    assert (found.number, found.version) == (1, 2)


def test_after_the_end_of_one_version_anybody_of_the_project_asks_the_next(session, world):
    request = begin(session, world)
    first = asked_for(session, world, request, 1, 40)
    work(session, SteadyEngine())
    decide(session, world, first, decision=Decision.REJECT)
    assert asked_for(session, world, request, 1, 50, who="ben").state == State.SUBMITTED


def test_an_output_of_another_project_is_not_to_be_chosen(session, world):
    request = begin(session, world)
    for chosen in (request.intended[0].id, "nothing"):
        with pytest.raises(Incomplete, match="of this project"):
            ask(session, world, who="gus", project=world.other_project, intended_id=chosen)


@pytest.mark.parametrize("who", ["gus", "cleo", "eve", "fay"])
def test_for_others_there_are_no_requests(session, world, who):
    request = begin(session, world)
    submission = asked_for(session, world, request, 1, 40)
    person = world.person(session, who)
    for way in (
        lambda: begin(session, world, who),
        lambda: requested.listed(session, person=person, project_id=world.project),
        lambda: requested.opened(session, person=person, request_id=request.id),
        lambda: requested.place_of(session, person=person, submission=submission),
    ):
        with pytest.raises(NotFound):
            way()


def test_a_member_who_may_not_ask_begins_none(session, world):
    world.person(session, "ben").roles = [Role.CHECKER.value]
    session.commit()
    with pytest.raises(NotPermitted):
        begin(session, world, "ben")


@pytest.mark.parametrize(
    "given",
    [
        {"title": " "},
        {"title": "x" * 201},
        {"context": ""},
        {"context": "x" * 4001},
        {"outputs": ()},
        {"outputs": (" ",)},
        {"outputs": ("one",) * 51},
        {"outputs": ("x" * 201,)},
    ],
    ids=str,
)
def test_a_request_says_what_and_why(session, world, given):
    with pytest.raises(Incomplete):
        begin(session, world, **given)


def test_the_same_key_for_another_output_is_another_request(session, world):
    from tre.errors import IdempotencyConflict

    request = begin(session, world)
    one, two = (intended.id for intended in request.intended)
    first = ask(session, world, idempotency_key="k", intended_id=one)
    assert ask(session, world, idempotency_key="k", intended_id=one).id == first.id
    for other in (two, None):
        with pytest.raises(IdempotencyConflict):
            ask(session, world, idempotency_key="k", intended_id=other)
