"""Can a table leave on anything but the approvals that its policy asks for, of its exact bytes?"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import replace

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session, sessionmaker

from tests import factories, on_the_way
from tests.catalogues import dp_policy, sdc_policy
from tests.factories import NOW, World, a_query
from tests.made_up_engines import SteadyEngine, SteadyRegistrar
from tre import database, gates, guards
from tre.errors import ArtefactsChanged, EdgeNotAllowed, MayNotLeave, NotFound, NotPermitted
from tre.gates import Stage
from tre.journey import automatic, cancelled, looked, reviewed, submitted, waiting
from tre.lifecycle import State
from tre.outputs import Artefact, Format, Output
from tre.people import Role
from tre.releases import Release
from tre.reviews import Decision
from tre.submissions import Submission
from tre.worker.carry import Carrier
from tre.worker.loop import Loop

TWO = replace(dp_policy(), checkers=2)


def answered(
    session: Session, *, policy=TWO, by: str = "ada", registrar: SteadyRegistrar | None = None
) -> tuple[World, Submission]:
    """A question whose table waits for its checkers."""
    world = factories.furnish(session, policy=policy)
    return world, ask(session, world, by=by, registrar=registrar)


def ask(
    session: Session, world: World, *, by: str = "ada", registrar: SteadyRegistrar | None = None
) -> Submission:
    submission = submitted.submit(
        session,
        person=world.person(session, by),
        project_id=world.other_project if by == "gus" else world.project,
        query=a_query(),
        purpose="To learn.",
        now=NOW,
    )
    session.rollback()
    carrier(session, registrar).next_job()
    session.expire_all()
    return submission


def carrier(session: Session, registrar: SteadyRegistrar | None = None) -> Carrier:
    made = sessionmaker(session.get_bind())
    return Carrier(
        made,
        SteadyEngine(),
        "worker",
        slot_scale=0,
        registrar=registrar,
        clock=lambda: NOW,
    )


def decide(
    session: Session,
    world: World,
    submission: Submission,
    who: str,
    decision: Decision = Decision.APPROVE,
    *,
    digest: str | None = None,
) -> Submission:
    output = submission.output
    assert output is not None
    return reviewed.review(
        session,
        checker=world.person(session, who),
        output_id=output.id,
        artefact_hash=digest or output.manifest_hash,
        decision=decision,
        reason="Because.",
        now=NOW,
    )


def make_checker(session: Session, world: World, who: str) -> None:
    with database.writing(session):
        world.person(session, who).roles = [Role.CHECKER.value, Role.RESEARCHER.value]


@pytest.mark.parametrize("who", ["ada", "ben"])
def test_an_author_or_member_who_is_also_a_checker_never_checks_here(session, who):
    world, submission = answered(session)
    make_checker(session, world, who)

    with pytest.raises(NotPermitted):
        reviewed.opened(session, checker=world.person(session, who), output_id=submission.output.id)
    with pytest.raises(NotPermitted):
        decide(session, world, submission, who)
    assert waiting.for_checker(session, checker=world.person(session, who)) == []


def test_who_asked_the_same_elsewhere_does_not_check_it_here(session):
    """The table is one draw: a checker's look at it would be a project's look before release."""
    world, submission = answered(session, policy=sdc_policy())
    ask(session, world, by="gus")
    make_checker(session, world, "gus")

    with pytest.raises(NotPermitted):
        reviewed.opened(
            session, checker=world.person(session, "gus"), output_id=submission.output.id
        )
    with pytest.raises(NotPermitted):
        decide(session, world, submission, "gus")


def test_one_checker_counts_once(session):
    world, submission = answered(session)
    decide(session, world, submission, "cleo")

    for decision in Decision:
        with pytest.raises(EdgeNotAllowed):
            decide(session, world, submission, "cleo", decision)
    assert submission.state == State.PROTECTED
    assert session.query(Release).count() == 0


def test_a_returned_table_begins_its_approvals_anew(session):
    from tre.journey import answered as answers

    world, submission = answered(session)
    for who in ("cleo", "dan"):
        decide(session, world, submission, who, Decision.RETURN)
    author = world.person(session, "ada")
    answers.answer(session, person=author, submission_id=submission.id, answer="Because.", now=NOW)
    decide(session, world, submission, "dan")

    assert submission.state == State.PROTECTED, "what the first round decided is gone"
    decide(session, world, submission, "cleo")
    assert submission.state == State.REVIEWED


@pytest.mark.parametrize("who", ["ada", "gus", "eve", "fay"])
def test_nobody_without_the_role_checks(session, who):
    world, submission = answered(session)
    with pytest.raises((NotFound, NotPermitted)):
        decide(session, world, submission, who)


def test_a_checker_whose_role_was_taken_away_decides_no_more(session):
    world, submission = answered(session)
    with database.writing(session):
        world.person(session, "cleo").roles = []
    with pytest.raises(NotFound):
        decide(session, world, submission, "cleo")


def test_an_approval_of_other_bytes_is_none(session):
    world, submission = answered(session)
    for digest in ("0" * 64, submission.output.manifest_hash.upper(), "", " "):
        with pytest.raises(ArtefactsChanged):
            decide(session, world, submission, "cleo", digest=digest or "-")


def test_a_cancelled_table_stays_inside(session):
    world, submission = answered(session)
    decide(session, world, submission, "cleo")
    author = world.person(session, "ada")
    cancelled.cancel(session, person=author, submission_id=submission.id, now=NOW)

    with pytest.raises(EdgeNotAllowed):
        decide(session, world, submission, "dan")
    with pytest.raises(EdgeNotAllowed):
        publish(session, world, submission)
    automatic.release_waiting(session, now=NOW)
    assert session.query(Release).count() == 0


@pytest.mark.parametrize("registrar", [None, SteadyRegistrar("pairs")])
def test_an_exact_table_that_was_not_admitted_leaves_by_no_way(session, registrar):
    world, submission = answered(session, policy=sdc_policy(), registrar=registrar)
    for who in ("cleo", "dan"):
        with pytest.raises(MayNotLeave):
            decide(session, world, submission, who)
    assert submission.state == State.PROTECTED
    with pytest.raises(EdgeNotAllowed):
        publish(session, world, submission)
    assert automatic.release_waiting(session, now=NOW) == 0
    assert automatic.release_now(session, output=submission.output, now=NOW) is None
    assert session.query(Release).count() == 0


# Rows changed in the database behind the service's back, on both databases.


@pytest.fixture
def behind(engine: Engine):
    with Session(engine) as session:
        yield session


TAMPERING: dict[str, str] = {
    "bytes of an output": "UPDATE artefact SET content = 'x'",
    "hash of a file": "UPDATE artefact SET sha256 = 'x'",
    "hash of all files": "UPDATE output SET manifest_hash = 'x'",
    "an output of another question": "UPDATE output SET draw_id = submission_id",
    "one more file": "INSERT INTO artefact (id, output_id, format, media_type, content, sha256)"
    " SELECT 'forged', id, 'other', 'text/plain', 'x', 'x' FROM output",
    "a file less": "DELETE FROM artefact WHERE format = 'csv'",
    "reviewed by nobody": "UPDATE submission SET state = 'reviewed'",
    "released by nobody": "UPDATE submission SET state = 'released'",
    "back to the start": "UPDATE submission SET state = 'submitted'",
    "no checkers needed": "UPDATE submission SET checkers_required = 0",
    "another track": "UPDATE submission SET track = 'sdc'",
    "another author": "UPDATE submission SET author_id = '{ben}'",
    "a release without a decision": "INSERT INTO release (id, output_id, project_id, dataset_id,"
    " fingerprint, manifest_hash, released_at) SELECT 'forged', o.id, s.project_id, s.dataset_id,"
    " s.fingerprint, o.manifest_hash, s.moved_at FROM output o JOIN submission s"
    " ON s.id = o.submission_id",
    "a review by its author": "INSERT INTO review (id, output_id, checker_id, round, decision,"
    " reason, artefact_hash, created_at) SELECT 'forged', o.id, s.author_id, 1, 'approve', '',"
    " o.manifest_hash, s.moved_at FROM output o JOIN submission s ON s.id = o.submission_id",
    "a second review by the same": "INSERT INTO review (id, output_id, checker_id, round,"
    " decision, reason, artefact_hash, created_at) SELECT 'forged', output_id, checker_id, round,"
    " decision, reason, artefact_hash, created_at FROM review",
    "the same in another turn": "INSERT INTO review (id, output_id, checker_id, round, turn,"
    " decision, reason, artefact_hash, created_at) SELECT 'forged', output_id, checker_id, round,"
    " 2, decision, reason, artefact_hash, created_at FROM review",
    "an output sent back by nobody": "INSERT INTO sent_back (id, output_id, publisher_id, round,"
    " reason, at) SELECT 'forged', output_id, '{pat}', round, '', created_at FROM review",
    "another's approval": "UPDATE review SET checker_id = '{dan}'",
    "no objection": "DELETE FROM review",
    "another draw": "UPDATE draw SET protected_json = '{{}}'",
    "an audit entry": "UPDATE audit_entry SET detail = '{{}}'",
    "no audit": "DELETE FROM audit_entry",
    "a refund": "UPDATE account SET rho_spent = 0 WHERE rho_spent > 0",
    "more than there is": "UPDATE account SET rho_spent = rho_total + 1",
    "a smaller charge": "UPDATE charge SET rho_nano = 0",
    "no charge": "DELETE FROM charge",
    "a weaker policy": "UPDATE policy_version SET policy_json = '{{}}'",
}


def test_the_database_refuses_what_the_service_would_never_write(behind):
    world, submission = answered(behind)
    decide(behind, world, submission, "cleo")

    assert [what for what in TAMPERING if passes(behind, world, what)] == []


def passes(session: Session, world: World, what: str) -> bool:
    point = session.begin_nested()
    try:
        session.execute(text(TAMPERING[what].format(**world.people)))
    except DBAPIError:
        point.rollback()
        return False
    point.rollback()
    return True


def test_without_guards_tampering_would_pass(behind):
    """So it is the guards that refuse, and the statements are sound."""
    world, submission = answered(behind)
    decide(behind, world, submission, "cleo")
    guards.lift(behind.connection())

    refused_anyway = {what for what in TAMPERING if not passes(behind, world, what)}
    behind.rollback()
    by_constraints = {
        "a second review by the same",
        "an output of another question",
        "more than there is",
    }
    assert refused_anyway == by_constraints


def without_guards(session: Session, change: Callable[[], None]) -> None:
    """Somebody who owns the database itself."""
    with database.writing(session):
        guards.lift(session.connection())
        change()
        session.flush()
        guards.lay(session.connection())
    session.expire_all()


@contextmanager
def closed_to_releases():
    """As if a gate closed between the run and the release."""
    gate = replace(gates.RULES[0], open_when=lambda _: False, stages=frozenset({Stage.RELEASE}))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gates, "RULES", (*gates.RULES, replace(gate, id="shut")))
        yield


def publish(session: Session, world: World, submission: Submission, who: str = "pat") -> Release:
    return on_the_way.publish(session, world, submission, who)


def swap_bytes(session: Session) -> None:
    csv = session.query(Artefact).filter_by(format=Format.CSV.value).one()
    csv.content = b"everything"


def test_bytes_swapped_after_the_approval_do_not_leave(session):
    world, submission = answered(session)
    decide(session, world, submission, "cleo")
    decide(session, world, submission, "dan")
    assert submission.state == State.REVIEWED
    without_guards(session, lambda: swap_bytes(session))

    with pytest.raises(ArtefactsChanged):
        publish(session, world, submission)
    session.expire_all()
    assert submission.state == State.REVIEWED
    assert session.query(Release).count() == 0


def test_bytes_swapped_before_the_last_approval_are_not_approved(session):
    world, submission = answered(session)
    decide(session, world, submission, "cleo")
    without_guards(session, lambda: swap_bytes(session))

    with pytest.raises(ArtefactsChanged):
        decide(session, world, submission, "dan")
    assert session.query(Output).one().submission.state == State.PROTECTED


def test_a_poisoned_output_does_not_hold_up_others(session):
    """The sweep goes on to what may leave."""
    world = factories.furnish(session, policy=replace(dp_policy(), checkers=0))
    with closed_to_releases():
        submission, other = ask(session, world), ask(session, world, by="gus")
    first = min(submission.output, other.output, key=lambda one: one.id)

    def swap() -> None:
        session.query(Artefact).filter_by(output_id=first.id, format="csv").one().content = b"x"

    without_guards(session, swap)

    Loop(carrier(session), 0.1)._sweep()

    session.expire_all()
    assert [one.output_id for one in session.query(Release)] == [
        max(submission.output.id, other.output.id)
    ]
    assert looked.my_releases(session, person=world.person(session, "fay")) == []
