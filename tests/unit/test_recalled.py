"""A release is taken back by who answers for it, for good, and everybody is told."""

from __future__ import annotations

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from tests import factories
from tests.factories import NOW, a_query, checked_by
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, decide, events, leave, publish, work
from tests.sealing import seal
from tre import recalls
from tre.errors import (
    EdgeNotAllowed,
    GatesClosed,
    Incomplete,
    NotFound,
    NotPermitted,
    Recalled,
)
from tre.journey import bundled, looked, recalled
from tre.lifecycle import State
from tre.outputs import Format
from tre.people import Role
from tre.permissions import check_roles
from tre.releases import Release
from tre.reviews import Decision

REASON = "The codes of one hospital were wrong."


@pytest.fixture
def world(session):
    return factories.furnish(session, policy=checked_by(1))


def released_one(session, world, *bands, who="ada", project=None) -> Release:
    submission = ask(session, world, who=who, project=project, query=a_query(*bands))
    work(session, SteadyEngine())
    leave(session, world, submission)
    return session.scalars(
        select(Release).join(Release.output).filter_by(submission=submission)
    ).one()


def take_back(session: Session, world, release: Release, who="eve", **given):
    given = {"reason": REASON, "successor_id": None} | given
    person = world.person(session, who)
    return recalled.recall(session, person=person, release_id=release.id, now=NOW, **given)


@pytest.mark.parametrize("who", ["eve", "hal"])
def test_owner_and_head_of_checking_take_a_release_back(session, world, who):
    release, better = released_one(session, world, 40), released_one(session, world, 50)
    seal(session)
    (recall,) = take_back(session, world, release, who, successor_id=better.id)
    assert (recall.reason, recall.successor_id) == (REASON, better.id)
    assert events(session, release.output.submission)[-1] == "recalled"
    ada = world.person(session, "ada")
    mine = {"person": ada, "release_id": release.id}
    for way in (
        lambda: looked.release(session, **mine),
        lambda: looked.released_artefact(session, **mine, format=Format.CSV),
        lambda: bundled.bundle(session, **mine),
    ):
        with pytest.raises(Recalled) as told:
            way()
        assert (told.value.reason, told.value.successor_id) == (REASON, better.id)
    asked = {"person": ada, "submission_id": release.output.submission_id}
    assert looked.release_of(session, **asked) is None
    assert looked.output_of(session, **asked) is None
    assert looked.recall_of(session, **asked) is recall
    assert {one.id for one in looked.my_releases(session, person=ada)} == {release.id, better.id}
    assert release.output.submission.state == State.RELEASED, "a recall is no exit"
    assert [one.release_id for one in recalls.corrections(session, limit=9)] == [release.id]


@pytest.mark.parametrize("who", ["ada", "ben", "cleo", "dan", "fay", "gus"])
def test_nobody_else_can_and_to_them_it_does_not_exist(session, world, who):
    release = released_one(session, world)
    with pytest.raises(NotFound):
        take_back(session, world, release, who)
    with pytest.raises(NotFound):
        recalled.mine(session, person=world.person(session, who))
    assert not recalls.corrections(session, limit=9)


def test_one_recall_takes_every_release_of_the_same_table_back(session, world):
    first = released_one(session, world, 40)
    same = released_one(session, world, 40, who="gus", project=world.other_project)
    other = released_one(session, world, 50)
    assert first.fingerprint == same.fingerprint
    found = take_back(session, world, same)
    assert {one.release_id for one in found} == {first.id, same.id}
    assert recalls.of_release(session, other.id) is None
    for one in (first, same):
        with pytest.raises(EdgeNotAllowed):
            take_back(session, world, one)


def test_a_table_that_was_recalled_is_never_released_again(session, world):
    """Neither asked anew, nor on its way at that time, nor by policy without a checker."""
    release = released_one(session, world, 40)
    waiting = ask(session, world, query=a_query(40), who="gus", project=world.other_project)
    queued = ask(session, world, query=a_query(40))
    work(session, SteadyEngine())
    take_back(session, world, release)
    with pytest.raises(GatesClosed) as shut:
        ask(session, world, query=a_query(40))
    assert [gate.id for gate in shut.value.gates] == ["not_recalled"]
    work(session, SteadyEngine())
    assert (queued.state, queued.reasons) == (State.REFUSED, ["not_recalled"])
    decide(session, world, waiting)
    assert waiting.state == State.REVIEWED
    with pytest.raises(GatesClosed) as shut:
        publish(session, world, waiting)
    assert [gate.id for gate in shut.value.gates] == ["not_recalled"]
    assert session.query(Release).count() == 1


@pytest.mark.parametrize("reason", ["", "  ", "x" * 501])
def test_a_recall_has_a_reason(session, world, reason):
    release = released_one(session, world)
    with pytest.raises(Incomplete, match="Give a reason"):
        take_back(session, world, release, reason=reason)


def test_a_successor_stands_on_the_same_dataset(session, world):
    first, second = released_one(session, world, 40), released_one(session, world, 50)
    for unfit in ("0" * 24, first.id, "nothing"):
        with pytest.raises(Incomplete, match="release of the same"):
            take_back(session, world, first, successor_id=unfit)
    take_back(session, world, second)
    with pytest.raises(Incomplete, match="release of the same"):
        take_back(session, world, first, successor_id=second.id)


def test_a_rejected_question_of_the_same_table_stays_rejected(session, world):
    release = released_one(session, world, 40)
    waiting = ask(session, world, query=a_query(40), who="gus", project=world.other_project)
    work(session, SteadyEngine())
    take_back(session, world, release)
    decide(session, world, waiting, decision=Decision.REJECT)
    assert waiting.state == State.REJECTED


def test_who_runs_the_service_is_never_head_of_checking(session, world):
    with pytest.raises(NotPermitted):
        check_roles((Role.HEAD_CHECKER, Role.ADMINISTRATOR))
