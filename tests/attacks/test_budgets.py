"""Attacks on the ledger: averaging, spelling, failing, crowding and looking at the cache."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import Engine, select
from sqlalchemy.orm import Session, sessionmaker

from disclosure_control import present
from queries import sql
from queries.language import Query
from tests import factories
from tests.catalogues import clinic, dp_policy
from tests.factories import NOW, World, a_query
from tests.made_up_engines import BrokenEngine, SteadyEngine
from tre import budgets, errors
from tre.budgets import Account, Charge
from tre.errors import GatesClosed, ServiceError
from tre.journey import cancelled, looked, previewed, submitted
from tre.lifecycle import State
from tre.outputs import Draw, Format
from tre.people import Person
from tre.submissions import Submission
from tre.worker.carry import Carrier

TICK = itertools.count(1)
COST = 100_000_000

SPELLINGS = (
    """WITH f AS (SELECT person, max(value) AS high FROM labs WHERE test = 'sbp' GROUP BY person)
       SELECT sex, band(f.high, 140), count(*), avg(age) FROM persons
       LEFT JOIN f ON f.person = persons.person
       WHERE age >= 18 GROUP BY sex, band(f.high, 140)""",
    """WITH secretname AS (SELECT person, max(value) AS hidden_word FROM labs
                           WHERE test IN ('sbp') GROUP BY person)
       SELECT band(secretname.hidden_word, 140), sex, avg(age), count(*) FROM persons
       LEFT JOIN secretname ON secretname.person = persons.person
       WHERE NOT (NOT (age >= 18)) GROUP BY band(secretname.hidden_word, 140), sex""",
    """WITH g AS (SELECT person, max(value) AS x FROM labs WHERE test = 'sbp' GROUP BY person),
            unused AS (SELECT person, count(*) AS n FROM labs GROUP BY person)
       SELECT band(g.x, 140), sex, count(*), avg(age) FROM persons
       LEFT JOIN g ON g.person = persons.person
       LEFT JOIN unused ON unused.person = persons.person
       WHERE age >= 18 AND age >= 18 GROUP BY band(g.x, 140), sex""",
)


@pytest.fixture
def furnished(session: Session) -> World:
    return factories.furnish(session)


def ask(session, world, query: Query, *, who="ada", project=None, rho_nano=None) -> Submission:
    return submitted.submit(
        session,
        person=world.person(session, who),
        project_id=project or world.project,
        query=query,
        purpose="To learn.",
        rho_nano=rho_nano,
        now=factories.later(seconds=next(TICK)),
    )


def work(session: Session, engine, *, jobs: int = 1) -> None:
    session.rollback()
    carrier = Carrier(sessionmaker(session.get_bind()), engine, "test", slot_scale=0)
    for _ in range(jobs):
        assert carrier.next_job()
    session.rollback()


def spent(session: Session) -> list[int]:
    session.rollback()
    return sorted(session.scalars(select(Account.rho_spent)))


def by_key(submission: Submission) -> dict[tuple[frozenset[str], str], object]:
    """Every published cell under its labels and its column's kind, whatever the order."""
    table = present.from_json(submission.output.artefact(Format.JSON).content.decode())
    keys = list(itertools.product(*(axis.labels for axis in table.axes)))
    return {
        (frozenset(key), column.kind): cell
        for column, cells in zip(table.published, table.columns, strict=True)
        for key, cell in zip(keys, cells, strict=True)
    }


def test_a_question_in_other_words_gives_the_same_noise_and_cannot_be_averaged(session, furnished):
    world, engine = furnished, SteadyEngine()
    asked = [ask(session, world, sql.parse(text, clinic())) for text in SPELLINGS]
    asked.append(
        ask(
            session,
            world,
            sql.parse(SPELLINGS[0], clinic()),
            who="gus",
            project=world.other_project,
        )
    )
    work(session, engine, jobs=len(asked))
    assert len(engine.runs) == 1
    tables = [by_key(submission) for submission in asked]
    assert all(table == tables[0] for table in tables)
    assert session.query(Charge).filter(Charge.rho_nano > 0).count() == 3


def test_nobody_reads_the_words_of_another_project_in_a_stored_draw(session, furnished):
    world, engine = furnished, SteadyEngine()
    ask(session, world, sql.parse(SPELLINGS[1], clinic()))
    mine = ask(
        session, world, sql.parse(SPELLINGS[0], clinic()), who="gus", project=world.other_project
    )
    work(session, engine, jobs=2)
    told = b"".join(one.content for one in mine.output.artefacts) + mine.words.encode()
    for word in (b"hidden_word", b"secretname", b"frailty", b"Ada"):
        assert word not in told
    assert b"high" in told, "the asker's own word is there"


def test_a_table_in_ones_own_order_is_the_order_that_was_asked(session, furnished):
    first, second = (ask(session, furnished, sql.parse(text, clinic())) for text in SPELLINGS[:2])
    work(session, SteadyEngine(), jobs=2)
    tables = [
        present.from_json(one.output.artefact(Format.JSON).content.decode())
        for one in (first, second)
    ]
    assert [[column.kind for column in table.published] for table in tables] == [
        ["count", "mean"],
        ["mean", "count"],
    ]
    assert [len(table.axes[0].labels) for table in tables] == [2, 3]
    names = [noise.vector for noise in tables[1].record.noise]
    read = {part for one in tables[1].published for part in (one.count, one.total) if part}
    assert set(names) == read


def test_one_feature_under_two_names_is_not_two_dimensions(session, furnished):
    from queries.errors import QueryRefused

    text = """WITH f AS (SELECT person, max(value) AS a, max(value) AS b FROM labs GROUP BY person)
        SELECT band(f.a, 9), band(f.b, 9), count(*) FROM persons
        LEFT JOIN f ON f.person = persons.person GROUP BY band(f.a, 9), band(f.b, 9)"""
    with pytest.raises(QueryRefused):
        ask(session, furnished, sql.parse(text, clinic()))


def test_a_history_does_not_tell_whether_a_draw_was_stored(session, furnished):
    world, engine = furnished, SteadyEngine()
    first = ask(session, world, a_query())
    second = ask(session, world, a_query(), who="gus", project=world.other_project)
    work(session, engine, jobs=2)
    told = [
        [
            line.event
            for line in looked.history(
                session, person=world.person(session, who), submission_id=one.id
            )
        ]
        for who, one in (("ada", first), ("gus", second))
    ]
    assert told[0] == told[1]


def test_failing_and_cancelling_again_and_again_earns_nothing(session, furnished):
    world = furnished
    ada = world.person(session, "ada")
    for _ in range(3):
        ask(session, world, a_query())
        work(session, BrokenEngine())
    assert max(spent(session)) == 3 * COST

    class Cancelling(SteadyEngine):
        def run(self, plan, **where):
            with Session(session.get_bind()) as other:
                cancelled.cancel(
                    other,
                    person=other.get_one(Person, ada_id),
                    submission_id=submission_id,
                    now=NOW,
                )
            return super().run(plan, **where)

    ada_id = ada.id
    submission_id = ask(session, world, a_query()).id
    work(session, Cancelling())
    assert max(spent(session)) == 4 * COST
    assert [draw.state for draw in session.scalars(select(Draw))] == ["void"] * 4


@pytest.mark.parametrize("rho_nano", [0, -COST, 1, Decimal("0.5"), 10**30])
def test_no_strange_price_is_accepted(session, furnished, rho_nano):
    with pytest.raises(errors.Incomplete):
        ask(session, furnished, a_query(), rho_nano=rho_nano)
    assert session.query(Submission).count() == 0


def test_a_crowd_of_researchers_shares_one_pool(session):
    world = factories.furnish(session, policy=dp_policy(rho_nano_default=1_000_000_000))
    for account in session.scalars(select(Account).where(Account.level == "pool")):
        account.rho_spent = account.rho_total - 3_000_000_000
    session.commit()
    plan = [("ada", world.project), ("ben", world.project), ("gus", world.other_project)] * 2
    for bands, (who, project) in enumerate(plan):
        ask(session, world, a_query(20 + bands), who=who, project=project)
    work(session, SteadyEngine(), jobs=len(plan))
    states = list(session.scalars(select(Submission.state)))
    assert sorted(states) == [State.PROTECTED] * 3 + [State.REFUSED] * 3
    assert budgets.account(session, dataset_id=world.dataset).rho_left == 0
    with pytest.raises(GatesClosed):
        ask(session, world, a_query(50))


def test_a_preview_does_not_move_with_what_other_projects_do(session, furnished):
    """Budgets aside, which are numbers of one's own accounts and of the shared pool."""
    world, engine = furnished, SteadyEngine()

    def told() -> object:
        found = previewed.preview(
            session,
            person=world.person(session, "gus"),
            project_id=world.other_project,
            query=a_query(),
            now=NOW,
        )
        return replace(found, budgets=())

    before = told()
    ask(session, world, a_query())
    in_flight = told()
    work(session, engine)
    assert before == in_flight == told()


def test_a_key_of_somebody_else_opens_nothing(session, furnished):
    world = furnished
    sent = {
        who: submitted.submit(
            session,
            person=world.person(session, who),
            project_id=project,
            query=a_query(),
            purpose="To learn.",
            idempotency_key="the same",
            now=NOW,
        ).id
        for who, project in (("ada", world.project), ("gus", world.other_project))
    }
    assert sent["ada"] != sent["gus"]
    with pytest.raises(errors.NotFound):
        looked.submission(session, person=world.person(session, "gus"), submission_id=sent["ada"])


def test_the_audit_log_holds_no_number_that_was_counted(session, furnished):
    from tre.audit import AuditEntry

    ask(session, furnished, a_query())
    work(session, SteadyEngine(units=87_654))
    details = json.dumps([entry.detail for entry in session.scalars(select(AuditEntry))])
    assert "8765" not in details


def all_errors(kind: type[ServiceError] = ServiceError) -> list[type[ServiceError]]:
    return [kind, *(deeper for one in kind.__subclasses__() for deeper in all_errors(one))]


@pytest.mark.parametrize("kind", all_errors(), ids=lambda kind: kind.__name__)
def test_every_error_has_one_fixed_sentence_and_a_code(kind):
    assert kind.public.endswith(".")
    assert kind.code == kind.code.lower()
    assert "%" not in kind.public
    assert "{" not in kind.public


def test_errors_of_the_database_repeat_no_stored_value(sqlite: Engine):
    with Session(sqlite) as session:
        world = factories.furnish(session)
        submission = factories.a_submission(session, world)
        draw = Draw(
            id="x",
            dataset_id=world.dataset,
            fingerprint="f",
            live_fingerprint="f",
            leader_id=submission.id,
            state=None,
            protected_json="the count was 87654",
            rho_nano=1,
            reserved_at=NOW,
        )
        session.add(draw)
        with pytest.raises(Exception) as caught:  # noqa: PT011 - whatever the driver raises
            session.flush()
    assert "87654" not in str(caught.value)
