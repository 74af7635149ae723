"""What checkers decide, about which bytes, and what they never may."""

from __future__ import annotations

import pytest

from tests import factories
from tests.catalogues import sdc_policy
from tests.factories import NOW, World, checked_by
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, decide, work
from tre import datasets
from tre.database import writing
from tre.errors import ArtefactsChanged, EdgeNotAllowed, Incomplete, NotPermitted
from tre.journey import answered, cancelled, looked, released, reviewed
from tre.lifecycle import State
from tre.outputs import Artefact, Format
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
    assert submission.state == State.RELEASED


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
    assert released.release_waiting(session, now=NOW) == 0

    author = world.person(session, "ada")
    cancelled.cancel(session, person=author, submission_id=submission.id, now=NOW)
    with writing(session):
        datasets.publish_policy(session, dataset=dataset, policy=checked_by(2), now=NOW)
    assert released.release_waiting(session, now=NOW) == 0, "a cancelled output never leaves"
    assert submission.state == State.CANCELLED


@pytest.mark.parametrize(
    ("decision", "state"),
    [(Decision.REJECT, State.REJECTED), (Decision.RETURN, State.RETURNED)],
)
def test_one_objection_is_enough(session, furnish, engine, decision, state):
    world = furnish(checked_by(2))
    submission = ask(session, world)
    work(session, engine)
    decide(session, world, submission, "cleo", decision)
    assert submission.state == state
    with pytest.raises(EdgeNotAllowed):
        decide(session, world, submission, "dan")


def test_an_answer_begins_a_new_round_in_which_old_approvals_do_not_count(session, furnish, engine):
    world = furnish(checked_by(2))
    submission = ask(session, world)
    work(session, engine)
    decide(session, world, submission, "cleo")
    decide(session, world, submission, "dan", Decision.RETURN)
    ada = world.person(session, "ada")
    answered.answer(session, person=ada, submission_id=submission.id, answer="So.", now=NOW)
    decide(session, world, submission, "dan")
    assert submission.state == State.PROTECTED
    decide(session, world, submission, "cleo")
    assert submission.state == State.RELEASED


def test_an_objection_needs_a_reason(session, furnish, engine):
    world = furnish()
    submission = ask(session, world)
    work(session, engine)
    with pytest.raises(Incomplete):
        decide(session, world, submission, decision=Decision.REJECT, reason=" ")


@pytest.mark.parametrize("who", ["ada", "ben"])
def test_nobody_of_the_project_checks_its_output(session, furnish, engine, who):
    from tre.people import Role

    world = furnish()
    submission = ask(session, world)
    work(session, engine)
    person = world.person(session, who)
    person.roles = [Role.RESEARCHER, Role.CHECKER]
    session.commit()
    with pytest.raises(NotPermitted):
        decide(session, world, submission, who)
    assert submission.output not in reviewed.queue(session, checker=person)


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
    assert len(seen["cleo"]) == 1
    assert seen["dan"] == []
