"""What checkers decide, about which bytes, and what they never may."""

from __future__ import annotations

import pytest

from tests import factories
from tests.catalogues import sdc_policy
from tests.factories import NOW, World, a_query, checked_by
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, decide, events, publish, work
from tre import datasets, reviews
from tre.database import writing
from tre.errors import (
    ArtefactsChanged,
    EdgeNotAllowed,
    GatesClosed,
    Incomplete,
    NotPermitted,
)
from tre.journey import answered, appointed, cancelled, looked, released, reviewed, waiting
from tre.lifecycle import State
from tre.outputs import Artefact, Format
from tre.people import Role
from tre.reviews import Decision


@pytest.fixture
def engine() -> SteadyEngine:
    return SteadyEngine()


@pytest.fixture
def furnish(session):
    def with_policy(policy=None) -> World:
        return factories.furnish(session, policy=policy)

    return with_policy


def test_two_checkers_are_two_people(session, furnish, engine):
    world = furnish(checked_by(2))
    submission = ask(session, world)
    work(session, engine)
    decide(session, world, submission, "cleo")
    with pytest.raises(EdgeNotAllowed):
        decide(session, world, submission, "cleo")
    assert submission.state == State.PROTECTED
    decide(session, world, submission, "dan")
    assert submission.state == State.REVIEWED


def test_findings_are_kept_for_checkers_alone(session, furnish, engine):
    world = furnish(sdc_policy())
    submission = ask(session, world)
    work(session, engine)
    formats = {artefact.format for artefact in submission.output.artefacts}
    assert Format.FINDINGS in formats
    findings = submission.output.artefact(Format.FINDINGS).content
    assert findings != submission.output.artefact(Format.JSON).content


def test_what_was_reviewed_under_other_rules_waits_and_its_author_may_take_it_back(
    session, furnish, engine
):
    world = furnish(checked_by(2))
    submission = ask(session, world)
    work(session, engine)
    dataset = submission.dataset
    decide(session, world, submission, "cleo")
    with writing(session):
        datasets.publish_policy(session, dataset=dataset, policy=checked_by(1), now=NOW)
    decide(session, world, submission, "dan")
    waits = looked.gates_to_release(session, submission=submission, now=NOW)

    assert (submission.state, [gate.id for gate in waits]) == ("reviewed", ["policy_current"])
    with pytest.raises(GatesClosed):
        publish(session, world, submission)

    author = world.person(session, "ada")
    cancelled.cancel(session, person=author, submission_id=submission.id, now=NOW)
    with writing(session):
        datasets.publish_policy(session, dataset=dataset, policy=checked_by(2), now=NOW)
    with pytest.raises(EdgeNotAllowed):
        publish(session, world, submission)
    assert submission.state == State.CANCELLED


@pytest.mark.parametrize(
    ("decision", "state"),
    [(Decision.REJECT, State.REJECTED), (Decision.RETURN, State.RETURNED)],
)
def test_one_checker_decides_where_one_is_asked_for(session, furnish, engine, decision, state):
    world = furnish(checked_by(1))
    submission = ask(session, world)
    work(session, engine)
    decide(session, world, submission, "cleo", decision)
    assert submission.state == state
    with pytest.raises(EdgeNotAllowed):
        decide(session, world, submission, "dan")


@pytest.mark.parametrize("first", Decision)
@pytest.mark.parametrize("second", Decision)
def test_what_two_decide_happens_once_they_agree(session, furnish, engine, first, second):
    world = furnish(checked_by(2))
    submission = ask(session, world)
    work(session, engine)
    decide(session, world, submission, "cleo", first)
    assert submission.state == State.PROTECTED, "one alone decides nothing"
    decide(session, world, submission, "dan", second)
    if first is second:
        assert submission.state == reviewed.TARGETS[first]
        return
    assert submission.state == State.PROTECTED, "neither outvotes the other"
    decide(session, world, submission, "cleo", first)  # stays with it, and says why
    assert submission.state == State.PROTECTED
    decide(session, world, submission, "dan", first)
    assert submission.state == reviewed.TARGETS[first]
    found = reviews.of_output(session, submission.output.id)
    kept = sorted((one.turn, one.checker.name, one.decision) for one in found)
    assert kept == [(1, "Cleo", first), (1, "Dan", second), (2, "Cleo", first), (2, "Dan", first)]


def test_nobody_joins_two_who_disagree(session, furnish, engine):
    world = furnish(checked_by(2))
    with writing(session):
        world.person(session, "hal").roles = [Role.CHECKER.value]
    submission = ask(session, world)
    work(session, engine)
    decide(session, world, submission, "cleo")
    decide(session, world, submission, "dan", Decision.REJECT)
    with pytest.raises(EdgeNotAllowed):
        decide(session, world, submission, "hal")
    assert waiting.for_checker(session, checker=world.person(session, "hal")) == []
    for who in ("cleo", "dan"):
        assert waiting.for_checker(session, checker=world.person(session, who))


def test_where_one_who_disagrees_can_decide_no_more_others_begin_anew(session, furnish, engine):
    world = furnish(checked_by(2))
    submission, alone = ask(session, world), ask(session, world, query=a_query(50))
    work(session, engine, jobs=2)
    decide(session, world, submission, "cleo")
    decide(session, world, submission, "dan", Decision.REJECT)
    decide(session, world, alone, "dan")
    appointed.change(
        session,
        administrator=world.person(session, "fay"),
        person_id=world.people["dan"],
        roles=(Role.CHECKER,),
        active=False,
        now=NOW,
    )
    assert (submission.round, alone.round) == (2, 1), "what was decided alone still counts"
    assert events(session, submission)[-1] == "checks_begun_anew"
    with writing(session):
        world.person(session, "hal").roles = [Role.CHECKER.value]
    decide(session, world, submission, "hal")
    decide(session, world, submission, "cleo")
    decide(session, world, alone, "cleo")
    assert {submission.state, alone.state} == {State.REVIEWED}


def test_who_was_gone_before_they_disagreed_leaves_it_to_others(session, furnish, engine):
    world = furnish(checked_by(2))
    submission = ask(session, world)
    work(session, engine)
    decide(session, world, submission, "dan", Decision.REJECT)
    with writing(session):
        world.person(session, "dan").active = False
        world.person(session, "hal").roles = [Role.CHECKER.value]
    decide(session, world, submission, "cleo")
    assert (submission.state, submission.round) == (State.PROTECTED, 2)
    for who in ("hal", "cleo"):
        assert waiting.for_checker(session, checker=world.person(session, who))
        decide(session, world, submission, who)
    assert submission.state == State.REVIEWED


@pytest.mark.parametrize("decided", [(), ("cleo",)])
def test_a_publisher_sees_nothing_before_all_agree(session, furnish, engine, decided):
    """Nor does a checker who is a publisher too."""
    world = furnish(checked_by(2))
    submission = ask(session, world)
    work(session, engine)
    for who in decided:
        decide(session, world, submission, who)
    with writing(session):
        world.person(session, "dan").roles = [Role.CHECKER.value, Role.PUBLISHER.value]
    for who in ("pat", "dan"):
        with pytest.raises(EdgeNotAllowed):
            released.decisions(
                session,
                publisher=world.person(session, who),
                output_id=submission.output.id,
            )


def test_an_answer_begins_a_new_round_in_which_old_approvals_do_not_count(session, furnish, engine):
    world = furnish(checked_by(2))
    submission = ask(session, world)
    work(session, engine)
    for who in ("cleo", "dan"):
        decide(session, world, submission, who, Decision.RETURN)
    ada = world.person(session, "ada")
    answered.answer(session, person=ada, submission_id=submission.id, answer="So.", now=NOW)
    decide(session, world, submission, "dan")
    assert submission.state == State.PROTECTED
    decide(session, world, submission, "cleo")
    assert submission.state == State.REVIEWED


def test_an_objection_needs_a_reason(session, furnish, engine):
    world = furnish()
    submission = ask(session, world)
    work(session, engine)
    with pytest.raises(Incomplete):
        decide(session, world, submission, decision=Decision.REJECT, reason=" ")


@pytest.mark.parametrize("who", ["ada", "ben"])
def test_nobody_of_the_project_checks_its_output(session, furnish, engine, who):
    world = furnish()
    submission = ask(session, world)
    work(session, engine)
    person = world.person(session, who)
    person.roles = [Role.RESEARCHER, Role.CHECKER]
    session.commit()
    with pytest.raises(NotPermitted):
        decide(session, world, submission, who)
    found = waiting.for_checker(session, checker=person)
    assert submission.output.id not in {one.id for one in found}


def test_an_approval_of_other_bytes_counts_for_nothing(session, furnish, engine):
    world = furnish()
    submission = ask(session, world)
    work(session, engine)
    with pytest.raises(ArtefactsChanged):
        decide(session, world, submission, artefact_hash="0" * 64)
    assert submission.state == State.PROTECTED


def test_bytes_that_changed_behind_the_service_are_never_released(session, furnish, engine):
    from tre import guards

    world = furnish()
    submission = ask(session, world)
    work(session, engine)
    guards.lift(session.connection())
    session.query(Artefact).filter_by(format="csv").update({"content": b"other"})
    guards.lay(session.connection())
    session.commit()
    with pytest.raises(ArtefactsChanged):
        decide(session, world, submission)
    assert submission.state == State.PROTECTED


def test_other_checkers_decisions_show_only_after_ones_own(session, furnish, engine):
    world = furnish(checked_by(2))
    submission = ask(session, world)
    work(session, engine)
    decide(session, world, submission, "cleo")
    seen = {
        who: reviewed.seen_reviews(
            session, checker=world.person(session, who), output_id=submission.output.id
        )
        for who in ("cleo", "dan")
    }
    assert [one.checker.name for one in seen["cleo"]] == ["Cleo"]
    assert seen["dan"] == []
    decide(session, world, submission, "dan", Decision.REJECT)
    assert all(
        len(
            reviewed.seen_reviews(
                session, checker=world.person(session, who), output_id=submission.output.id
            )
        )
        == 2
        for who in ("cleo", "dan")
    )
