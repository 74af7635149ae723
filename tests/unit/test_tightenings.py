"""Rules are inherited from service to dataset to project, on record, and never loosened."""

from __future__ import annotations

from dataclasses import replace

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from disclosure_control.errors import PolicyInvalid
from disclosure_control.policy import Policy
from queries.errors import QueryRefused
from tests import factories, second_tracks
from tests.catalogues import clinic, dp_policy
from tests.factories import NOW, World, later
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, decide, leave, publish, work
from tre import datasets, tightenings
from tre.audit import AuditEntry
from tre.cli import tre
from tre.database import writing
from tre.datasets import Dataset, PolicyVersion
from tre.errors import GatesClosed, Incomplete, NotFound
from tre.journey import looked, previewed, published, tightened
from tre.lifecycle import State
from tre.submissions import Submission
from tre.tightenings import TightenedPolicy, Tightening


@pytest.fixture
def on_both(engine) -> Session:
    """A session of SQLite and of PostgreSQL."""
    with Session(engine) as session:
        yield session


def tighten(session, world, text="dp: {threshold: 20}", *, who="eve", project=None, **given):
    return tightened.tighten(
        session,
        owner=world.person(session, who),
        dataset_id=world.dataset,
        project_id=project or world.project,
        text=text,
        reason="The partner asks for it.",
        now=given.get("now", NOW),
    )


def with_rules(**rules: object) -> Policy:
    policy = dp_policy()
    return replace(policy, dp=replace(policy.dp, **rules))


def policy_of(session, world, submission=None, *, who="ada", project=None):
    if submission is not None:
        return submission.policy_version.policy
    view = looked.dataset(
        session,
        person=world.person(session, who),
        name="clinic",
        now=NOW,
        project_id=project or world.project,
    )
    return view.policy_version.policy


def test_a_project_asks_under_its_stricter_rules_and_others_do_not(on_both):
    world = factories.furnish(on_both)
    tighten(on_both, world)
    strict = ask(on_both, world)
    usual = ask(on_both, world, who="gus", project=world.other_project)
    assert policy_of(on_both, world, strict).dp.threshold == 20
    assert policy_of(on_both, world, usual) == dp_policy()
    assert strict.fingerprint != usual.fingerprint, "another answer, at its own price"
    assert strict.policy_version.superseded_at is not None, "it is not the dataset's own"
    work(on_both, SteadyEngine(), jobs=2)
    assert strict.state == State.PROTECTED.value
    leave(on_both, world, strict)
    assert strict.state == State.RELEASED.value
    again = ask(on_both, world)
    assert again.policy_id == strict.policy_id


def test_preview_and_pages_show_the_rules_of_the_project(session, world):
    tighten(session, world, "dp: {threshold: 30}\nmax_cells: 4")
    assert policy_of(session, world).dp.threshold == 30
    assert policy_of(session, world, who="gus", project=world.other_project).dp.threshold == 10
    before = session.query(PolicyVersion).count()
    shown = previewed.preview(
        session,
        person=world.person(session, "ada"),
        project_id=world.project,
        query=factories.a_query(40),
        now=NOW,
    )
    assert shown.threshold == 30
    assert session.query(PolicyVersion).count() == before, "a preview writes nothing"
    with pytest.raises(QueryRefused):
        ask(session, world, query=factories.a_query(20, 40, 60, 70, 80))
    with pytest.raises(NotFound):
        policy_of(session, world, who="gus", project=world.project)


def test_rules_only_become_stricter(session, world):
    tighten(session, world)
    for text, said in (
        ("dp: {threshold: 19}", "dp.threshold: 19 is weaker than 20"),
        ("dp: {threshold: 20}", "hold already"),
        ("max_cells: 100000", "max_cells: 100000 is weaker"),
        ("dp: {rho_nano_max: 1}", "rho_nano must satisfy"),
        ("nonsense: 1", "nonsense is no rule"),
        ("", "Give the rules"),
    ):
        with pytest.raises(Incomplete) as wrong:
            tighten(session, world, text)
        assert said in wrong.value.sentence
    tighten(session, world, "max_cells: 100", now=later(hours=1))
    policy = policy_of(session, world)
    assert (policy.dp.threshold, policy.max_cells) == (20, 100), "what held goes on holding"
    kept = tightenings.current(session, project_id=world.project, dataset_id=world.dataset)
    assert kept.rules == {"dp": {"threshold": 20}, "max_cells": 100}
    assert session.query(Tightening).count() == 2


def test_it_is_on_record_who_made_it_stricter_and_why(session, world):
    made = tighten(session, world)
    entry = session.scalars(select(AuditEntry).where(AuditEntry.event == "rules_tightened")).one()
    assert entry.actor_id == world.people["eve"]
    assert entry.detail == {"rules": {"dp": {"threshold": 20}}}
    assert (made.set_by.name, made.reason) == ("Eve", "The partner asks for it.")


@pytest.mark.parametrize("who", ["ada", "cleo", "fay", "gus"])
def test_nobody_but_the_owner_makes_rules_stricter(session, world, who):
    with pytest.raises(NotFound):
        tighten(session, world, who=who)
    with pytest.raises(NotFound):
        tighten(session, world, project="nowhere")


def test_what_was_asked_before_goes_no_further(session, world):
    waiting, answered = ask(session, world), ask(session, world, query=factories.a_query(50))
    work(session, SteadyEngine(), jobs=1)
    tighten(session, world)
    work(session, SteadyEngine(), jobs=1)
    states = {one.state for one in (waiting, answered)}
    assert states == {State.PROTECTED.value, State.REFUSED.value}
    first = next(one for one in (waiting, answered) if one.state == State.PROTECTED.value)
    decide(session, world, first)
    with pytest.raises(GatesClosed) as shut:
        publish(session, world, first)
    assert [gate.id for gate in shut.value.gates] == ["policy_current"], "rules that hold no more"


def test_a_changed_dataset_policy_is_inherited_and_never_loosens_the_project(session, world):
    tighten(session, world)
    dataset = session.get_one(Dataset, world.dataset)
    for threshold, held in ((15, 20), (40, 40)):
        policy = with_rules(threshold=threshold)
        with writing(session):
            datasets.publish_policy(session, dataset=dataset, policy=policy, now=later(hours=2))
        assert policy_of(session, world).dp.threshold == held
        assert policy_of(session, world, ask(session, world)).dp.threshold == held


def test_a_second_track_is_tightened_too(session, world):
    tighten(session, world, "sdc: {threshold: 25}\ndp: {threshold: 20}")
    second_tracks.granted(session, world)
    exact, noisy = ask(session, world, track="sdc"), ask(session, world)
    assert exact.policy_version.policy.sdc.threshold == 25
    assert noisy.policy_version.policy.dp.threshold == 20


def test_rules_of_the_service_hold_everywhere(session, world):
    tightened.tighten_service(session, text="max_cells: 50", reason="All data.", now=NOW)
    tighten(session, world, "dp: {threshold: 20}")
    mine = ask(session, world)
    other = ask(session, world, who="gus", project=world.other_project)
    assert {policy_of(session, world, one).max_cells for one in (mine, other)} == {50}
    assert policy_of(session, world, mine).dp.threshold == 20
    with pytest.raises(Incomplete) as wrong:
        tightened.tighten_service(session, text="max_cells: 60", reason="Less.", now=NOW)
    assert "max_cells: 60 is weaker than 50" in wrong.value.sentence
    tightened.tighten_service(session, text="checkers: 2", reason="All data.", now=later(hours=1))
    assert ask(session, world).checkers_required == 2


def test_rules_that_would_leave_a_dataset_without_valid_rules_are_refused(session, world):
    with pytest.raises(Incomplete) as wrong:
        tightened.tighten_service(session, text="dp: {rho_nano_max: 1}", reason="Too far.", now=NOW)
    assert wrong.value.sentence.startswith("clinic: under the rules of the service: dp: rho_nano")
    assert tightenings.current(session) is None
    tighten(session, world, "dp: {rho_nano_max: 5000000}")
    dearer = with_rules(rho_nano_min=10_000_000)
    with pytest.raises(PolicyInvalid) as refused:
        published.publish(
            session,
            owner=world.person(session, "eve"),
            catalogue=clinic(),
            policy=dearer,
            version="b" * 64,
            report={},
            now=NOW,
        )
    assert refused.value.faults[0].startswith("under the stricter rules of project frailty")


def test_the_operator_lays_rules_from_a_file(sqlite, tmp_path):
    with Session(sqlite) as session:
        factories.furnish(session)
    file = tmp_path / "rules.yaml"
    file.write_text("max_cells: 70\n")
    url = sqlite.url.render_as_string(hide_password=False)
    command = ["tighten", str(file), "--reason", "All data.", "--database-url", url]
    assert CliRunner().invoke(tre, command).exit_code == 0
    file.write_text("max_cells: 80\n")
    weaker = CliRunner().invoke(tre, command)
    assert weaker.exit_code == 1
    assert "max_cells: 80 is weaker than 70" in weaker.output
    with Session(sqlite) as session:
        assert tightenings.current(session).rules == {"max_cells": 70}


def _entered(session, world: World, submission: Submission, **changed: object) -> None:
    """Puts a copy of a question into the database, past the code."""
    columns = {c.name: getattr(submission, c.name) for c in Submission.__table__.columns}
    columns |= {"id": "copy", "state": State.SUBMITTED.value, **changed}
    session.execute(Submission.__table__.insert().values(**columns))


def test_the_database_refuses_a_question_past_the_stricter_rules(on_both):
    world = factories.furnish(on_both)
    usual = ask(on_both, world, who="gus", project=world.other_project)
    tighten(on_both, world)
    strict = ask(on_both, world)
    point = on_both.begin_nested()
    _entered(on_both, world, strict)
    point.rollback()
    point = on_both.begin_nested()
    with pytest.raises(IntegrityError, match="rules that are in force"):
        _entered(on_both, world, strict, policy_id=usual.policy_id)
    point.rollback()
    tighten(on_both, world, "dp: {threshold: 30}", now=later(hours=1))
    point = on_both.begin_nested()
    with pytest.raises(IntegrityError, match="rules that are in force"):
        _entered(on_both, world, strict)
    point.rollback()


@pytest.mark.parametrize("what", ["rules", "removed", "reopened", "unlinked"])
def test_stricter_rules_never_change_and_never_go(on_both, what):
    world = factories.furnish(on_both)
    tighten(on_both, world)
    ask(on_both, world)
    tighten(on_both, world, "max_cells: 100", now=later(hours=1))
    statement = {
        "rules": update(Tightening).values(rules={"max_cells": 1}),
        "removed": delete(Tightening),
        "reopened": update(Tightening)
        .where(Tightening.superseded_at.is_not(None))
        .values(superseded_at=None),
        "unlinked": delete(TightenedPolicy),
    }[what]
    with pytest.raises(IntegrityError):
        on_both.execute(statement)
