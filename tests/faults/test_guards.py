"""What the database refuses by itself, on SQLite and on PostgreSQL, with the code bypassed."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy import Engine, delete, select, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from tests import factories, second_tracks
from tests.factories import NOW, World, later
from tre import audit, budgets, datasets, guards, migrations, people
from tre.budgets import Account, Charge
from tre.comments import Comment
from tre.database import Base, new_id
from tre.datasets import Dataset
from tre.errors import NotPermitted
from tre.evidence import Evidence, EvidenceAsked
from tre.lifecycle import ALLOWED, TERMINAL, State
from tre.outputs import Artefact, Draw, Output
from tre.people import Person, Role
from tre.projects import Membership
from tre.publications import PublicationAsked, PublicationDecided
from tre.register import ReleaseTable
from tre.release_requests import IntendedOutput, ReleaseRequest
from tre.releases import Release, SentBack, series_of
from tre.reviews import Review
from tre.second_tracks import SecondTrack
from tre.submissions import Submission
from tre.transparency.log import LogCheckpoint, LogLeaf, LogNode
from tre.twins import Twin
from tre.worked_out import WorkedOut


@pytest.fixture
def open_session(engine: Engine):
    with Session(engine) as session:
        yield session


@pytest.fixture
def furnished(open_session: Session) -> World:
    return factories.furnish(open_session)


def refused(session: Session, statement) -> str | None:
    """What the database says to one statement, which it undoes either way."""
    point = session.begin_nested()
    try:
        session.execute(statement)
    except IntegrityError as error:
        point.rollback()
        return str(error.orig)
    point.rollback()
    return None


def put_into(session: Session, submission: Submission, state: State) -> None:
    """Puts the row into a state with the guards lifted, as nothing in the service can."""
    guards.lift(session.connection())
    session.execute(update(Submission).where(Submission.id == submission.id).values(state=state))
    guards.lay(session.connection())


def test_migrations_lead_to_the_tables_and_guards_of_the_code(engine: Engine):
    migrations.check(engine)
    with engine.connect() as connection:
        laid = [one for one in guards.found(connection) if not one[0].endswith(guards.EMPTIED)]
    assert laid == sorted((guards.PREFIX + guard.name, guard.table) for guard in guards.GUARDS)
    assert len({guard.name for guard in guards.GUARDS}) == len(guards.GUARDS)
    assert {guard.table for guard in guards.GUARDS} <= Base.metadata.tables.keys()


def test_a_second_migration_run_changes_nothing(engine: Engine):
    migrations.upgrade(engine)
    migrations.check(engine)


EXCEPTION = {
    "who asks for an exception never decides": "eve",
    None: "gus",
}


@pytest.mark.parametrize(("said", "who"), EXCEPTION.items())
def test_the_database_refuses_a_decision_on_the_own_exception(open_session, furnished, said, who):
    exception = second_tracks.asked_for(open_session, furnished)
    decision = (
        update(SecondTrack)
        .where(SecondTrack.id == exception)
        .values(decided_by_id=furnished.people[who], decided_at=NOW, granted=True, answer="-")
    )
    found = refused(open_session, decision)
    assert (found is None) == (said is None)
    assert said is None or said in found


@pytest.mark.parametrize(
    "change",
    [
        {"granted": False},
        {"decided_by_id": None},
        {"ends_on": NOW.date()},
        {"policy_id": "x"},
        {"reason": "another"},
        {"answer": "another"},
        {"raised_by_id": None},
    ],
    ids=str,
)
def test_an_exception_that_was_decided_never_changes(open_session, furnished, change):
    exception = second_tracks.granted(open_session, furnished)
    of_it = update(SecondTrack).where(SecondTrack.id == exception)

    assert "decided once" in refused(open_session, of_it.values(**change))
    assert refused(open_session, of_it.values(ended_at=NOW)) is None
    assert refused(open_session, delete(SecondTrack))


def test_that_both_tracks_were_open_is_never_forgotten(open_session, furnished):
    second_tracks.granted(open_session, furnished)
    forget = update(Dataset).values(both_tracks_since=None)
    assert "never forgotten" in refused(open_session, forget)


def test_a_question_under_rules_that_are_not_in_force_is_refused(open_session, furnished):
    exception = open_session.get_one(SecondTrack, second_tracks.asked_for(open_session, furnished))
    with pytest.raises(IntegrityError, match="rules that are in force"):
        factories.a_submission(open_session, furnished, policy_id=exception.policy_id)


BY_REVIEWS = {
    State.REVIEWED: "approvals",
    State.RELEASED: "approvals",
    State.RETURNED: "together",
    State.REJECTED: "together",
}


def test_every_undeclared_edge_is_refused_by_the_database(open_session, furnished):
    submission = factories.a_submission(open_session, furnished)
    for source in State:
        put_into(open_session, submission, source)
        for target in set(State) - {source}:
            move = update(Submission).where(Submission.id == submission.id).values(state=target)
            said = refused(open_session, move)
            if (source, target) not in ALLOWED:
                assert said, f"{source} to {target} passed"
            elif (source, target) == (State.REVIEWED, State.PROTECTED):
                assert "publisher" in said, "sent back by nobody"
            elif target in BY_REVIEWS:
                assert BY_REVIEWS[target] in said, f"{source} to {target} passed without reviews"
            else:
                assert said is None, f"{source} to {target}: {said}"


@pytest.mark.parametrize("state", sorted(TERMINAL))
def test_a_row_in_a_terminal_state_takes_no_change_at_all(open_session, furnished, state):
    submission = factories.a_submission(open_session, furnished)
    put_into(open_session, submission, state)
    change = update(Submission).where(Submission.id == submission.id).values(reasons=["other"])
    assert "terminal" in refused(open_session, change)


def test_a_question_begins_as_submitted(open_session, furnished):
    with pytest.raises(IntegrityError, match="begins as submitted"):
        factories.a_submission(open_session, furnished, state=State.VALIDATED.value)


ASKED = {
    "author_id": "ben",
    "fingerprint": "0" * 64,
    "rho_nano": 1,
    "checkers_required": 0,
    "words": "Something else.",
    "purpose": "Something else.",
    "query_json": {"other": 1},
    "source_text": "SELECT 1",
}


@pytest.mark.parametrize("column", ASKED)
def test_what_was_asked_never_changes(open_session, furnished, column):
    submission = factories.a_submission(open_session, furnished)
    value = furnished.people["ben"] if column == "author_id" else ASKED[column]
    change = update(Submission).where(Submission.id == submission.id).values({column: value})
    assert "never changes" in refused(open_session, change)


def a_review(output: Output, checker: str, **given: object) -> Review:
    columns = {
        "id": new_id(),
        "output_id": output.id,
        "checker_id": checker,
        "round": 1,
        "turn": 1,
        "decision": "approve",
        "reason": "",
        "artefact_hash": output.manifest_hash,
        "created_at": NOW,
    }
    return Review(**{**columns, **given})


def flush_refused(session: Session, row) -> str | None:
    point = session.begin_nested()
    session.add(row)
    try:
        session.flush()
    except IntegrityError as error:
        point.rollback()
        return str(error.orig)
    point.rollback()
    return None


def test_an_author_never_checks_and_neither_does_another_member(open_session, furnished):
    output = factories.an_output(open_session, factories.a_submission(open_session, furnished))
    people = furnished.people
    assert "member" in flush_refused(open_session, a_review(output, people["ben"]))
    open_session.execute(delete(Membership))
    assert "author" in flush_refused(open_session, a_review(output, people["ada"]))
    assert flush_refused(open_session, a_review(output, people["cleo"])) is None


def test_a_review_names_the_bytes_on_record_and_the_current_round(open_session, furnished):
    output = factories.an_output(open_session, factories.a_submission(open_session, furnished))
    cleo = furnished.people["cleo"]
    assert "bytes" in flush_refused(open_session, a_review(output, cleo, artefact_hash="0" * 64))
    assert "round" in flush_refused(open_session, a_review(output, cleo, round=2))


def test_exact_outputs_leave_by_the_register_only(open_session, furnished):
    submission = factories.a_submission(open_session, furnished, track="sdc", checkers_required=2)
    output = factories.an_output(open_session, submission)
    for name in ("cleo", "dan"):
        open_session.add(a_review(output, furnished.people[name]))
    open_session.flush()
    by_hand = update(Submission).where(Submission.id == submission.id)
    assert "register" in refused(open_session, by_hand.values(state=State.REVIEWED.value))
    row = factories.a_table(open_session, output)
    open_session.execute(by_hand.values(state=State.REVIEWED.value))
    assert "register" in refused(open_session, by_hand.values(state=State.RELEASED.value))
    own = update(ReleaseTable).where(ReleaseTable.id == row.id)
    for changed in ({"entry": "{}"}, {"state": "refused"}, {"number": 2}, {"verdict": "{}"}):
        assert refused(open_session, own.values(**changed)), changed
    open_session.execute(own.values(state="released"))
    assert "once" in refused(open_session, own.values(state="withdrawn"))
    open_session.execute(by_hand.values(state=State.RELEASED.value))
    assert "never removed" in refused(open_session, delete(ReleaseTable))


@pytest.mark.parametrize("head", [0, 3])
def test_the_head_of_a_register_moves_on_by_one(open_session, furnished, head):
    by_hand = update(factories.Dataset).where(factories.Dataset.id == furnished.dataset)
    open_session.execute(by_hand.values(register_head=1))
    assert "head" in refused(open_session, by_hand.values(register_head=head))


def test_an_exact_question_with_one_checker_does_not_exist(open_session, furnished):
    with pytest.raises(IntegrityError):
        factories.a_submission(open_session, furnished, track="sdc", checkers_required=1)


def test_one_checker_twice_is_not_two_checkers(open_session, furnished):
    submission = factories.a_submission(open_session, furnished, checkers_required=2)
    output = factories.an_output(open_session, submission)
    open_session.add(a_review(output, furnished.people["cleo"]))
    open_session.flush()
    again = flush_refused(open_session, a_review(output, furnished.people["cleo"]))
    assert again, "the same checker was counted twice"
    forward = update(Submission).where(Submission.id == submission.id)
    assert "approvals" in refused(open_session, forward.values(state=State.REVIEWED.value))


def sent_back(output: Output, publisher: str, *, round: int = 1) -> SentBack:  # noqa: A002
    return SentBack(
        id=new_id(),
        output_id=output.id,
        publisher_id=publisher,
        round=round,
        reason="Look again.",
        at=NOW,
    )


def reviewed_by(
    session: Session, world: World, *checkers: str, decisions: str = "approve"
) -> Output:
    submission = factories.a_submission(session, world, checkers_required=len(checkers))
    output = factories.an_output(session, submission)
    for name, decision in zip(checkers, decisions.split() * len(checkers), strict=False):
        session.add(a_review(output, world.people[name], decision=decision))
        session.flush()
    return output


MOVES = [
    (target, decisions)
    for target in (State.REVIEWED, State.RETURNED, State.REJECTED)
    for decisions in ("approve reject", "return approve", "reject return")
]


@pytest.mark.parametrize(("target", "decisions"), MOVES)
def test_checkers_who_disagree_move_nothing(open_session, furnished, target, decisions):
    output = reviewed_by(open_session, furnished, "cleo", "dan", decisions=decisions)
    move = update(Submission).where(Submission.id == output.submission_id)
    assert BY_REVIEWS[target] in refused(open_session, move.values(state=target.value))
    first = decisions.split()[0]
    again = a_review(output, furnished.people["dan"], turn=2, decision=first)
    open_session.add(again)
    open_session.flush()
    agreed = {"approve": State.REVIEWED, "return": State.RETURNED, "reject": State.REJECTED}[first]
    for state in {State.REVIEWED, State.RETURNED, State.REJECTED} - {agreed}:
        assert refused(open_session, move.values(state=state.value))
    assert refused(open_session, move.values(state=agreed.value)) is None


def test_nobody_decides_again_before_all_have_and_nobody_joins_them(open_session, furnished):
    people = furnished.people
    output = factories.an_output(
        open_session, factories.a_submission(open_session, furnished, checkers_required=2)
    )
    open_session.add(a_review(output, people["cleo"]))
    open_session.flush()
    early = a_review(output, people["cleo"], turn=2)
    assert "before all" in flush_refused(open_session, early)
    open_session.add(a_review(output, people["dan"], decision="reject"))
    open_session.flush()
    skipping = a_review(output, people["dan"], turn=3)
    assert "follow one another" in flush_refused(open_session, skipping)
    assert "joins" in flush_refused(open_session, a_review(output, people["hal"]))
    assert flush_refused(open_session, a_review(output, people["cleo"], turn=2)) is None


def a_release(output: Output, publisher: str | None) -> Release:
    submission = output.submission
    return Release(
        id=new_id(),
        output_id=output.id,
        project_id=submission.project_id,
        dataset_id=submission.dataset_id,
        fingerprint=submission.fingerprint,
        series=series_of(submission),
        manifest_hash=output.manifest_hash,
        publisher_id=publisher,
        released_at=NOW,
    )


def test_who_asked_or_checked_never_publishes_and_never_the_other_way_round(
    open_session, furnished
):
    people = furnished.people
    output = reviewed_by(open_session, furnished, "cleo")
    forward = update(Submission).where(Submission.id == output.submission_id)
    open_session.execute(forward.values(state=State.REVIEWED.value))
    for who in ("ada", "ben", "cleo"):
        assert "sends" in flush_refused(open_session, sent_back(output, people[who])), who
    assert flush_refused(open_session, sent_back(output, people["pat"], round=2))
    open_session.execute(forward.values(state=State.RELEASED.value))
    for who in ("ada", "ben", "cleo"):
        assert "never releases" in flush_refused(open_session, a_release(output, people[who])), who
    assert "never releases" in flush_refused(open_session, a_release(output, None))
    assert flush_refused(open_session, a_release(output, people["pat"])) is None


def test_a_publisher_who_sent_it_back_never_checks_it(open_session, furnished):
    people = furnished.people
    output = reviewed_by(open_session, furnished, "cleo")
    forward = update(Submission).where(Submission.id == output.submission_id)
    open_session.execute(forward.values(state=State.REVIEWED.value))
    open_session.add(sent_back(output, people["pat"]))
    open_session.flush()
    open_session.execute(forward.values(state=State.PROTECTED.value, round=2))
    own = a_review(output, people["pat"], round=2)
    assert "publisher never checks" in flush_refused(open_session, own)
    assert flush_refused(open_session, a_review(output, people["dan"], round=2)) is None


def a_request(session: Session, world: World) -> ReleaseRequest:
    made = ReleaseRequest(
        id=new_id(),
        project_id=world.project,
        author_id=world.people["ada"],
        title="Annex",
        context="Of the report.",
        created_at=NOW,
    )
    made.intended = [IntendedOutput(id=new_id(), number=1, title="Persons by age")]
    session.add(made)
    session.flush()
    return made


def test_an_output_of_a_request_is_asked_by_one_question_at_a_time(open_session, furnished):
    chosen = a_request(open_session, furnished).intended[0].id
    first = factories.a_submission(open_session, furnished, intended_id=chosen)
    for given in ({}, {"project_id": furnished.other_project}):
        point = open_session.begin_nested()
        with pytest.raises(IntegrityError, match="one question of its project"):
            factories.a_submission(open_session, furnished, intended_id=chosen, **given)
        point.rollback()
    put_into(open_session, first, State.CANCELLED)
    assert factories.a_submission(open_session, furnished, intended_id=chosen)


def a_comment(output: Output, author: str) -> Comment:
    return Comment(
        id=new_id(),
        submission_id=output.submission_id,
        author_id=author,
        side="publishers",
        audience="checkers",
        round=1,
        words="Hm.",
        at=NOW,
    )


def test_what_has_ended_is_not_discussed(open_session, furnished):
    output = factories.an_output(open_session, factories.a_submission(open_session, furnished))
    assert flush_refused(open_session, a_comment(output, furnished.people["pat"])) is None
    put_into(open_session, output.submission, State.REJECTED)
    late = a_comment(output, furnished.people["pat"])
    assert "not discussed" in flush_refused(open_session, late)


def an_evidence(output: Output) -> Evidence:
    return Evidence(draw_id=output.draw_id, sealed=b"sealed", kept_at=NOW)


def a_look(output: Output, checker: str) -> EvidenceAsked:
    return EvidenceAsked(
        id=new_id(),
        output_id=output.id,
        checker_id=checker,
        reader_key="04",
        at=NOW,
        answered_at=None,
        answer=None,
    )


@pytest.mark.parametrize(("track", "said"), [("dp", "no true numbers"), ("sdc", None)])
def test_true_numbers_are_kept_of_exact_tables_only(open_session, furnished, track, said):
    rho_nano = 0 if track == "sdc" else 10**8
    submission = factories.a_submission(
        open_session, furnished, track=track, checkers_required=2, rho_nano=rho_nano
    )
    output = factories.an_output(open_session, submission)
    found = flush_refused(open_session, an_evidence(output))
    assert found is None if said is None else said in found


def test_true_numbers_are_asked_for_from_outside_and_answered_once(open_session, furnished):
    submission = factories.a_submission(
        open_session, furnished, track="sdc", checkers_required=2, rho_nano=0
    )
    output = factories.an_output(open_session, submission)
    for who in ("ada", "ben"):
        told = flush_refused(open_session, a_look(output, furnished.people[who]))
        assert "outside the project" in told
    look = a_look(output, furnished.people["cleo"])
    open_session.add(look)
    open_session.flush()
    own = update(EvidenceAsked).where(EvidenceAsked.id == look.id)
    assert "answered once" in refused(open_session, own.values(reader_key="05"))
    open_session.execute(own.values(answer=b"sealed", answered_at=NOW))
    for change in ({"answer": b"other"}, {"answered_at": None}, {"answered_at": later(days=1)}):
        assert "answered once" in refused(open_session, own.values(change))
    assert refused(open_session, own.values(answer=None)) is None, "it may be wiped"
    assert "never removed" in refused(open_session, delete(EvidenceAsked))
    put_into(open_session, output.submission, State.RELEASED)
    late = a_look(output, furnished.people["dan"])
    assert "while an output is checked" in flush_refused(open_session, late)


def a_public_text(session: Session, world: World, output: Output) -> None:
    session.flush()
    release = session.scalars(select(Release).where(Release.output_id == output.id)).one()
    asked = PublicationAsked(
        id=new_id(),
        release_id=release.id,
        number=1,
        by_id=world.people["ada"],
        title="Persons by age",
        summary="Most are old.",
        at=NOW,
    )
    session.add(asked)
    session.flush()
    session.add(
        PublicationDecided(
            asked_id=asked.id,
            publisher_id=world.people["pat"],
            allowed=True,
            reason="",
            at=NOW,
        )
    )
    session.flush()


def a_worked_out_question(session: Session, world: World, output: Output) -> None:
    """Asked at no cost, of a release."""
    session.flush()
    release = session.query(Release).filter(Release.output_id == output.id).one()
    free = factories.a_submission(session, world, rho_nano=0)
    session.add(WorkedOut(submission_id=free.id, release_id=release.id))
    session.flush()


def a_dataset_of_nobody(session: Session, world: World) -> Dataset:
    return datasets.register(
        session,
        name="of_nobody",
        title="Nobody",
        owner=world.person(session, "eve"),
        now=NOW,
        made_up=True,
    )


def a_twin(session: Session, world: World) -> None:
    own = a_dataset_of_nobody(session, world)
    row = Twin(dataset_id=own.id, of_id=world.dataset, project_id=world.other_project)
    session.add(row)
    session.flush()


def rows_that_only_grow(session: Session, world: World) -> dict[type[Base], dict[str, object]]:
    """One row of each kind that never changes, and a change to try on it."""
    submission = factories.a_submission(session, world, checkers_required=1)
    output = factories.an_output(session, submission)
    session.add(a_review(output, world.people["cleo"]))
    session.flush()
    forward = update(Submission).where(Submission.id == submission.id)
    session.execute(forward.values(state=State.REVIEWED.value))
    session.add(sent_back(output, world.people["pat"]))
    session.add(a_comment(output, world.people["pat"]))
    a_request(session, world)
    session.flush()
    session.execute(forward.values(state=State.RELEASED.value))
    session.add(
        Release(
            id=new_id(),
            output_id=output.id,
            project_id=submission.project_id,
            dataset_id=submission.dataset_id,
            fingerprint=submission.fingerprint,
            series=series_of(submission),
            manifest_hash=output.manifest_hash,
            publisher_id=world.people["pat"],
            released_at=NOW,
        )
    )
    a_public_text(session, world, output)
    a_worked_out_question(session, world, output)
    a_twin(session, world)
    audit.write(session, "signed_in", now=NOW, actor_id=world.people["ada"])
    budgets.reserve(
        session,
        accounts=budgets.accounts_of(
            session,
            dataset_id=world.dataset,
            project_id=world.project,
            person_id=world.people["ada"],
        ),
        submission_id=submission.id,
        cost=budgets.Cost(5),
        now=NOW,
    )
    session.flush()
    entry = session.query(audit.AuditEntry.id).first()[0]
    session.add(LogLeaf(place=0, audit_id=entry, salt="", hash=""))
    session.add(LogNode(start=0, end=2, hash=""))
    session.add(LogCheckpoint(size=1, note="", at=NOW))
    session.flush()
    return {
        LogLeaf: {"hash": "other"},
        LogNode: {"hash": "other"},
        LogCheckpoint: {"note": "other"},
        audit.AuditEntry: {"event": "other"},
        Artefact: {"content": b"other"},
        Output: {"manifest_hash": "0" * 64},
        Review: {"decision": "reject"},
        Release: {"project_id": world.other_project},
        SentBack: {"reason": "other"},
        PublicationAsked: {"summary": "other"},
        PublicationDecided: {"allowed": False},
        Comment: {"words": "other"},
        ReleaseRequest: {"title": "other"},
        IntendedOutput: {"title": "other"},
        Draw: {"protected_json": "other"},
        Charge: {"rho_nano": 0},
        Account: {"rho_spent": 0},
        WorkedOut: {"release_id": "other"},
        Twin: {"of_id": "other"},
    }


@pytest.mark.parametrize("twisted", [False, True], ids=["of data", "of nobody"])
def test_a_twin_is_of_nobody_and_stands_for_real_data(open_session, furnished, twisted):
    own = a_dataset_of_nobody(open_session, furnished).id
    dataset_id, of_id = (own, own) if twisted else (furnished.dataset, furnished.dataset)
    row = Twin(dataset_id=dataset_id, of_id=of_id, project_id=furnished.project)
    assert "a twin is made up" in flush_refused(open_session, row)


def test_noise_at_no_cost_is_told_by_a_release_or_not_at_all(open_session, furnished):
    rows_that_only_grow(open_session, furnished)
    told = open_session.query(WorkedOut).one()
    free = factories.a_submission(open_session, furnished, rho_nano=0)
    onwards = update(Submission).values(state=State.VALIDATED.value)
    assert "paid for" in refused(open_session, onwards.where(Submission.id == free.id))
    open_session.execute(onwards.where(Submission.id == told.submission_id))


@pytest.mark.parametrize("of", [{}, {"rho_nano": 0, "track": "sdc", "checkers_required": 2}])
def test_a_table_is_worked_out_for_a_noisy_question_at_no_cost(open_session, furnished, of):
    rows_that_only_grow(open_session, furnished)
    release_id = open_session.query(WorkedOut).one().release_id
    asked = factories.a_submission(open_session, furnished, **of)
    row = WorkedOut(submission_id=asked.id, release_id=release_id)
    assert "noisy release" in flush_refused(open_session, row)


def test_what_only_grows_can_be_neither_changed_nor_removed(open_session, furnished):
    for kind, change in rows_that_only_grow(open_session, furnished).items():
        assert refused(open_session, update(kind).values(change)), f"{kind.__name__} changed"
        assert refused(open_session, delete(kind)), f"{kind.__name__} was removed"


@pytest.mark.postgres
def test_no_table_of_what_only_grows_can_be_emptied(postgresql: Engine):
    kept = {guard.table for guard in guards.GUARDS if guard.event == "DELETE"}
    assert {"audit_entry", "charge", "review", "release", "artefact"} <= kept
    with Session(postgresql) as session:
        for table in sorted(kept):
            assert refused(session, text(f'TRUNCATE "{table}" CASCADE')), table


def test_a_replace_does_not_pass_by_the_guards(sqlite: Engine):
    with Session(sqlite) as session:
        world = factories.furnish(session)
        audit.write(session, "signed_in", now=NOW, actor_id=world.people["ada"])
        session.flush()
        replace = text(
            "REPLACE INTO audit_entry (id, at, event, detail)"
            " SELECT id, at, 'other', detail FROM audit_entry"
        )
        assert "never removed" in refused(session, replace)


def test_a_settled_charge_never_goes_back_and_amounts_never_change(open_session, furnished):
    rows_that_only_grow(open_session, furnished)
    submission_id = open_session.query(Charge).first().submission_id
    budgets.settle(open_session, submission_id=submission_id, now=NOW)
    back = update(Charge).values(state="reserved", settled_at=None)
    assert "only settles" in refused(open_session, back)


def test_spending_beyond_the_total_breaks_a_constraint(open_session, furnished):
    for account, amount in itertools.product(open_session.query(Account), (1, 2**40)):
        beyond = (
            update(Account)
            .where(Account.id == account.id)
            .values(rho_spent=Account.rho_total + amount)
        )
        assert refused(open_session, beyond)


def test_roles_that_never_meet_are_refused_at_the_door(open_session, furnished):
    with pytest.raises(NotPermitted, match="administrator"):
        people.add(
            open_session,
            email="x@example.org",
            name="X",
            roles=(Role.CHECKER, Role.ADMINISTRATOR),
            now=NOW,
        )
    assert open_session.query(Person).filter_by(email="x@example.org").count() == 0
