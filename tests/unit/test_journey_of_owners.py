"""What owners stop, see and change, and what is known before anything is spent."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace

import pytest

from tests import factories
from tests.catalogues import dp_policy
from tests.factories import NOW, World, a_query
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, decide, leave, publish, spent, work
from tre import audit, budgets
from tre.errors import GatesClosed, NotFound
from tre.journey import accounted, cancelled, drafted, previewed, stopped
from tre.lifecycle import State
from tre.outputs import Format


@pytest.fixture
def engine() -> SteadyEngine:
    return SteadyEngine()


@pytest.fixture
def furnish(session):
    def with_policy(policy=None) -> World:
        return factories.furnish(session, policy=policy)

    return with_policy


def test_the_owner_stops_queries_and_releases_and_opens_them_again(session, furnish, engine):
    world = furnish()
    eve = world.person(session, "eve")
    waiting, queued = ask(session, world), None
    work(session, engine)
    queued = ask(session, world, query=a_query(30))
    stopped.stop(session, owner=eve, dataset_id=world.dataset, reason="Look first.", now=NOW)
    with pytest.raises(GatesClosed):
        ask(session, world, query=a_query(31))
    decide(session, world, waiting)
    assert waiting.state == State.REVIEWED
    work(session, engine)
    assert (queued.state, queued.reasons) == (State.REFUSED, ["dataset_open"])
    with pytest.raises(GatesClosed):
        publish(session, world, waiting)
    stopped.resume(session, owner=eve, dataset_id=world.dataset, reason="Fine.", now=NOW)
    publish(session, world, waiting)
    assert waiting.state == State.RELEASED


@pytest.mark.parametrize("who", ["ada", "cleo", "fay"])
def test_nobody_but_the_owner_stops_reads_or_exports(session, furnish, who):
    world = furnish()
    person = world.person(session, who)
    for act in (
        lambda: stopped.stop(session, owner=person, dataset_id=world.dataset, reason="x", now=NOW),
        lambda: accounted.statement(session, owner=person, dataset_id=world.dataset),
        lambda: accounted.export(session, owner=person, dataset_id=world.dataset, now=NOW),
    ):
        with pytest.raises(NotFound):
            act()


def test_the_owner_sees_who_asked_what_and_what_it_cost(session, furnish, engine):
    world = furnish()
    eve = world.person(session, "eve")
    ask(session, world, purpose="=cmd()")
    work(session, engine)
    statement = accounted.statement(session, owner=eve, dataset_id=world.dataset)
    assert [(line.who, line.rho_nano, line.charge) for line in statement.ledger] == [
        ("Ada", 100_000_000, "settled")
    ]
    assert [line.level for line in statement.accounts][:1] == ["pool"]
    exported = accounted.export(session, owner=eve, dataset_id=world.dataset, now=NOW)
    assert "ada@example.org" in exported
    assert "'=cmd()" in exported, "a spreadsheet would run it"


def test_the_charges_of_an_export_add_up_to_what_the_pool_has_spent(session, furnish, engine):
    world = furnish()
    eve = world.person(session, "eve")
    for _ in range(2):  # the second is answered by the stored draw
        ask(session, world)
        work(session, engine)
    cancelled.cancel(
        session,
        person=world.person(session, "ada"),
        submission_id=ask(session, world, query=a_query(50)).id,
        now=NOW,
    )
    text = accounted.export(session, owner=eve, dataset_id=world.dataset, now=NOW)
    rows = list(csv.DictReader(io.StringIO(text)))
    assert [row["charged_rho_nano"] for row in rows] == ["100000000", "0", "0"]
    pool = budgets.account(session, dataset_id=world.dataset)
    assert sum(int(row["charged_rho_nano"]) for row in rows) == pool.rho_spent


def test_a_new_policy_refuses_what_was_asked_under_the_old_one(session, furnish, engine):
    from tre import datasets
    from tre.database import writing
    from tre.datasets import Dataset

    world = furnish()
    submission = ask(session, world)
    stricter = replace(dp_policy(threshold=20), version=2)
    with writing(session):
        dataset = session.get_one(Dataset, world.dataset)
        datasets.publish_policy(session, dataset=dataset, policy=stricter, now=NOW)
    work(session, engine)
    assert (submission.state, submission.reasons) == (State.REFUSED, ["policy_current"])
    assert spent(session, world) == (0, 0, 0)


def test_a_preview_changes_nothing_and_reads_no_data(session, furnish):
    world = furnish()
    before = session.query(audit.AuditEntry).count()
    preview = previewed.preview(
        session,
        person=world.person(session, "ada"),
        project_id=world.project,
        query=a_query(),
        now=NOW,
    )
    assert preview.failing == ()
    assert [line.after for line in preview.budgets] == [9_900_000_000, 4_900_000_000, 1_900_000_000]
    assert preview.existing is None
    assert session.query(audit.AuditEntry).count() == before


def test_a_preview_tells_the_epsilon_that_the_record_will_claim(session, world, engine):
    ada = world.person(session, "ada")
    told = previewed.preview(
        session, person=ada, project_id=world.project, query=a_query(), now=NOW
    )
    submission = ask(session, world)
    work(session, engine)
    record = submission.output.artefact(Format.RECORD)
    assert f"epsilon = {told.epsilon}" in json.loads(record.content)["claim"]


def test_a_preview_names_a_release_of_this_project_and_of_no_other(session, furnish, engine):
    world = furnish()
    submission = ask(session, world)
    work(session, engine)
    leave(session, world, submission)
    existing = {
        who: previewed.preview(
            session,
            person=world.person(session, who),
            project_id=project,
            query=a_query(),
            now=NOW,
        ).existing
        for who, project in (("ada", world.project), ("gus", world.other_project))
    }
    assert existing["ada"].output_id == submission.output.id
    assert existing["gus"] is None


def test_drafts_are_their_authors_alone(session, furnish):
    world = furnish()
    ada, ben = world.person(session, "ada"), world.person(session, "ben")
    draft = drafted.save(
        session,
        person=ada,
        project_id=world.project,
        dataset_id=world.dataset,
        title="Smoking",
        form={"half": "done"},
        now=NOW,
    )
    again = drafted.save(
        session,
        person=ada,
        project_id=world.project,
        dataset_id=world.dataset,
        title="Smoking 2",
        form={"half": "more"},
        draft_id=draft.id,
        now=NOW,
    )
    assert again.id == draft.id
    assert drafted.listed(session, person=ben, project_id=world.project) == []
    with pytest.raises(NotFound):
        drafted.opened(session, person=ben, draft_id=draft.id)
    drafted.discard(session, person=ada, draft_id=draft.id)
    assert drafted.listed(session, person=ada, project_id=world.project) == []
