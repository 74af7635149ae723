"""A question that a released table answers: from it alone, at no cost, as a new output."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal

import pytest
from sqlalchemy import insert, update
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import sessionmaker

from disclosure_control import present
from disclosure_control.errors import Malformed
from disclosure_control.policy import Mechanism
from disclosure_control.tables import Protected, Status
from queries import sql
from queries.errors import QueryRefused
from queries.language import ColumnRef, Compare, Dimension, Measure, Operator, Statistic
from queries.run import Sandboxes
from tests import factories
from tests.catalogues import clinic, dp_policy
from tests.on_the_way import ask, decide, events, leave, publish, spent
from tests.stores import seal
from tre import datasets, submissions, worked_out
from tre.database import new_id
from tre.errors import GatesClosed, Incomplete
from tre.journey import previewed, recalled, shelved
from tre.lifecycle import Mover, State
from tre.outputs import Format
from tre.publications import PublicationAsked, PublicationDecided
from tre.submissions import Submission
from tre.worked_out import WorkedOut
from tre.worker.carry import Carrier, utc_now

CLINIC = clinic()
POLICY = dp_policy(mechanisms=(Mechanism.GAUSSIAN,), threshold=10)
RHO = 400_000_000
HOUR = datetime.timedelta(hours=1)
BY_BOTH = (
    "SELECT sex, band(age, 40, 60), count(*), sum(bmi) FROM persons GROUP BY sex, band(age, 40, 60)"
)
BY_SEX = "SELECT sex, count(*), sum(bmi) FROM persons GROUP BY sex"
OF_ONE = (
    "SELECT band(age, 40, 60), count(*) FROM persons WHERE sex = 'f' GROUP BY band(age, 40, 60)"
)


class NoEngine:
    """Who reads data here breaks a promise."""

    def __init__(self, engine):
        self.engine = engine
        self.may_run = True

    def run(self, *args, **given):
        assert self.may_run, "data were read"
        return self.engine.run(*args, **given)

    def __getattr__(self, name):
        return getattr(self.engine, name)


@pytest.fixture
def service(session, tmp_path):
    """Asks, and works on, questions of a real store."""
    world = factories.furnish(session, policy=POLICY, catalogue=CLINIC)
    with Sandboxes(seal(tmp_path, CLINIC, version=factories.VERSION)) as sandboxes:
        yield Service(session, world, NoEngine(sandboxes))


class Service:
    def __init__(self, session, world, engine):
        self.session, self.world, self.engine = session, world, engine

    def asked(self, text: str, *, rho_nano: int = RHO, **given) -> Submission:
        return ask(self.session, self.world, query=self.query(text), rho_nano=rho_nano, **given)

    def query(self, text: str):
        return sql.admit(text, CLINIC, POLICY)

    def worked(self, submission: Submission, *, state: State = State.PROTECTED) -> Protected | None:
        self.session.rollback()
        carrier = Carrier(sessionmaker(self.session.get_bind()), self.engine, "real", slot_scale=0)
        assert carrier.next_job()
        self.session.expire_all()
        assert submission.state == state
        if submission.output is None:
            return None
        return present.from_json(submission.output.artefact(Format.JSON).content.decode())

    def released(self, text: str = BY_BOTH, **given):
        submission = self.asked(text, **given)
        table = self.worked(submission)
        return table, leave(self.session, self.world, submission)

    def preview(self, text: str, *, rho_nano: int | None = 0, who: str = "ada", project=None):
        return previewed.preview(
            self.session,
            person=self.world.person(self.session, who),
            project_id=project or self.world.project,
            query=self.query(text) if isinstance(text, str) else text,
            rho_nano=rho_nano,
            shelf=True,
            now=factories.NOW,
        )


def test_a_table_is_worked_out_from_a_release_without_data_or_cost(service):
    held, release = service.released()
    before = spent(service.session, service.world)
    service.engine.may_run = False

    submission = service.asked(BY_SEX, rho_nano=0)
    table = service.worked(submission)

    assert spent(service.session, service.world) == before
    assert submission.rho_nano == 0
    assert table.record.rho_nano == table.record.delta_femto == 0
    assert release.id in table.record.claim
    assert held.record.claim in table.record.claim
    for column, own in enumerate(table.columns):
        for sex, cell in enumerate(own):
            parts = held.columns[column][3 * sex : 3 * sex + 3]
            assert cell.value == sum(part.value for part in parts)
            assert cell.half_width > max(part.half_width for part in parts)
            assert cell.half_width < 3 * max(part.half_width for part in parts)
    assert "worked_out" in events(service.session, submission)
    assert worked_out.source_of(service.session, submission.id).id == release.id


def test_what_one_cell_of_the_release_is_has_its_interval(service):
    held, _ = service.released()

    table = service.worked(service.asked(OF_ONE, rho_nano=0))

    assert table.columns[0] == held.columns[0][:3]


def test_a_sum_that_was_cut_at_zero_is_told_again_and_never_added_up(service):
    """At so much noise that some of it is below zero."""
    both = BY_BOTH.replace("sum(bmi)", "nonnegative_sum(bmi)")
    held, _ = service.released(both, rho_nano=1_000_000)
    assert "lean upwards" in " ".join(held.record.leaves_out)
    sums = [cell for cell in held.columns[1] if cell.status is Status.SHOWN]
    assert all(0 <= cell.low <= cell.value <= cell.high for cell in sums)

    of_one = OF_ONE.replace("count(*)", "count(*), nonnegative_sum(bmi)")
    told = service.worked(service.asked(of_one, rho_nano=0))
    assert told.columns[1] == held.columns[1][:3]
    with pytest.raises(Incomplete):
        service.asked(BY_SEX.replace("sum(bmi)", "nonnegative_sum(bmi)"), rho_nano=0)


def test_it_is_checked_and_released_like_any_other(service):
    service.released()
    submission = service.asked(BY_SEX, rho_nano=0)
    service.worked(submission)

    assert submission.checkers_required == 1
    release = leave(service.session, service.world, submission)
    assert service.session.get(WorkedOut, submission.id) is not None
    assert release.fingerprint == submission.fingerprint


def test_the_same_again_is_the_stored_table(service):
    service.released()
    first = service.worked(service.asked(BY_SEX, rho_nano=0))
    again = service.worked(service.asked(BY_SEX, rho_nano=0, who="ben"))

    assert again.columns == first.columns


def test_it_does_not_answer_who_pays(service):
    """A question at a cost gets noise of its own, and the release does not become its draw."""
    service.released()
    told = service.worked(service.asked(BY_SEX, rho_nano=0))
    drawn = service.worked(service.asked(BY_SEX))

    assert drawn.record.rho_nano == RHO
    assert drawn.columns != told.columns


def test_hidden_numbers_hide_what_they_add_up_to(service):
    """A few persons are not 2 years old yet."""
    fine = "SELECT sex, band(age, 2), count(*) FROM persons GROUP BY sex, band(age, 2)"
    held, _ = service.released(fine)
    assert held.columns[0][0].status is Status.SUPPRESSED

    by_sex = service.worked(
        service.asked("SELECT sex, count(*) FROM persons GROUP BY sex", rho_nano=0)
    )
    older = service.worked(service.asked("SELECT count(*) FROM persons WHERE age >= 2", rho_nano=0))

    assert [one.status for one in by_sex.columns[0]] == [Status.SUPPRESSED] * 2
    assert by_sex.record.findings[0].cells == (0, 1)
    assert older.columns[0][0].value == held.columns[0][1].value + held.columns[0][3].value


def test_the_preview_says_what_a_release_tells(service):
    _, release = service.released()
    found = service.preview(BY_SEX)
    dear = service.preview(BY_SEX, rho_nano=RHO)

    assert (found.implied_by.id, found.rho_nano, found.epsilon) == (release.id, 0, None)
    assert [one.words[:22] for one in found.columns] == ["2 of 2 cells are told,"] * 2
    assert dear.implied_by.id == release.id
    assert not found.failing
    table = service.worked(service.asked(BY_SEX, rho_nano=0))
    assert found.columns[0].half_width == table.columns[0][0].half_width


def test_without_such_a_release_nothing_is_free(service):
    with pytest.raises(Incomplete) as refused:
        service.asked(BY_SEX, rho_nano=0)
    assert "No released table that you can see" in refused.value.sentence
    assert service.preview(BY_SEX, rho_nano=None).implied_by is None


def test_of_several_the_most_exact_is_taken(service):
    service.released(BY_BOTH, rho_nano=10_000_000)
    _, exact = service.released(BY_BOTH, rho_nano=1_000_000_000)
    service.released(BY_BOTH, rho_nano=20_000_000)

    assert service.preview(BY_SEX).implied_by.id == exact.id


def test_sent_again_it_is_the_same_question_whatever_left_or_was_recalled_since(service):
    _, release = service.released(BY_BOTH, rho_nano=10_000_000)
    sent = service.asked(BY_SEX, rho_nano=0, idempotency_key="k")
    service.worked(sent)
    service.released(BY_BOTH, rho_nano=1_000_000_000)

    assert service.asked(BY_SEX, rho_nano=0, idempotency_key="k").id == sent.id
    recall(service, release)
    assert service.asked(BY_SEX, rho_nano=0, idempotency_key="k").id == sent.id


@pytest.mark.parametrize(
    "wrong",
    [
        {"dimensions": (Dimension(ColumnRef("persons", "nothing")),)},
        {"dimensions": (Dimension(ColumnRef("persons", "age")),)},
        {"dimensions": (Dimension(ColumnRef("persons", "age"), bands=(Decimal(60), Decimal(40))),)},
        {"where": Compare(ColumnRef("persons", "sex"), Operator.EQ, "neither")},
        {"where": Compare(ColumnRef("persons", "nothing"), Operator.EQ, Decimal(1))},
        {"source": "nowhere"},
        {"measures": ()},
        {"measures": (Measure(Statistic.SUM, ColumnRef("persons", "sex")),)},
    ],
)
def test_what_may_not_be_asked_is_refused_as_at_any_price(service, wrong):
    service.released()
    query = replace(service.query(BY_SEX), **wrong)
    for rho_nano in (0, RHO):
        with pytest.raises(QueryRefused):
            ask(service.session, service.world, query=query, rho_nano=rho_nano)
        with pytest.raises(QueryRefused):
            service.preview(query, rho_nano=rho_nano)


def test_a_release_that_cannot_be_read_stops_no_question(service, monkeypatch):
    service.released()

    def unreadable(text):
        raise Malformed("another form")

    monkeypatch.setattr(present, "from_json", unreadable)
    assert service.preview(BY_SEX, rho_nano=RHO).implied_by is None


def test_another_project_does_not_see_it(service):
    service.released()
    with pytest.raises(Incomplete):
        service.asked(BY_SEX, rho_nano=0, who="gus", project=service.world.other_project)


def test_another_project_sees_it_once_it_is_public(service):
    held, release = service.released()
    make_public(service, release)

    submission = service.asked(BY_SEX, rho_nano=0, who="gus", project=service.world.other_project)
    service.engine.may_run = False
    table = service.worked(submission)

    assert worked_out.source_of(service.session, submission.id).id == release.id
    assert table.columns[0][0].value == sum(one.value for one in held.columns[0][:3])
    before = spent(service.session, service.world, "gus", service.world.other_project)
    assert before[1:] == (0, 0)


def make_public(service, release) -> None:
    people, asked = service.world.people, new_id()
    service.session.add(
        PublicationAsked(
            id=asked,
            release_id=release.id,
            number=1,
            by_id=people["ada"],
            title="By sex and age",
            summary="For all.",
            at=factories.NOW,
        )
    )
    service.session.flush()
    service.session.add(
        PublicationDecided(
            asked_id=asked, publisher_id=people["pat"], allowed=True, reason="", at=factories.NOW
        )
    )
    service.session.commit()


def test_what_was_not_released_tells_nothing(service):
    service.worked(service.asked(BY_BOTH))
    with pytest.raises(Incomplete):
        service.asked(BY_SEX, rho_nano=0)


def test_a_table_of_other_data_or_rules_tells_nothing(service):
    service.released()
    dataset = service.session.get_one(datasets.Dataset, service.world.dataset)
    stricter = replace(POLICY, dp=replace(POLICY.dp, threshold=11))
    datasets.publish_policy(
        service.session, dataset=dataset, policy=stricter, now=factories.later(days=1)
    )
    service.session.commit()

    with pytest.raises(Incomplete):
        service.asked(BY_SEX, rho_nano=0)


def test_what_was_worked_out_is_no_source(service):
    _, release = service.released()
    submission = service.asked(BY_SEX, rho_nano=0)
    service.worked(submission)
    leave(service.session, service.world, submission)

    found = service.preview("SELECT count(*) FROM persons")

    assert found.implied_by.id == release.id


def recall(service, release):
    return recalled.recall(
        service.session,
        person=service.world.person(service.session, "eve"),
        release_id=release.id,
        reason="Wrong.",
        successor_id=None,
        now=factories.NOW,
    )


def test_a_recalled_release_tells_nothing(service):
    _, release = service.released()
    recall(service, release)
    with pytest.raises(Incomplete):
        service.asked(BY_SEX, rho_nano=0)


def test_a_recall_takes_back_what_was_worked_out(service):
    _, release = service.released()
    submission = service.asked(BY_SEX, rho_nano=0)
    service.worked(submission)
    own = leave(service.session, service.world, submission)

    assert {one.release_id for one in recall(service, release)} == {release.id, own.id}


def test_a_recall_on_the_way_stops_it_before_it_is_worked_out(service):
    _, release = service.released()
    submission = service.asked(BY_SEX, rho_nano=0)
    recall(service, release)

    assert service.worked(submission, state=State.REFUSED) is None
    assert submission.reasons == ["source_stands"]


def test_a_recall_between_a_look_and_the_question_is_said(service, monkeypatch):
    _, release = service.released()
    look = shelved.best

    def then_recalled(session, *about):
        found = look(session, *about)
        session.rollback()
        recall(service, release)
        return found

    monkeypatch.setattr(shelved, "best", then_recalled)
    with pytest.raises(Incomplete) as refused:
        service.asked(BY_SEX, rho_nano=0)
    assert "recalled just now" in refused.value.sentence


def test_a_recall_on_the_way_stops_its_release(service):
    _, release = service.released()
    submission = service.asked(BY_SEX, rho_nano=0)
    service.worked(submission)
    recall(service, release)
    decide(service.session, service.world, submission)

    with pytest.raises(GatesClosed) as closed:
        publish(service.session, service.world, submission)
    assert [gate.id for gate in closed.value.gates] == ["source_stands"]
    service.session.rollback()
    by_hand = update(Submission).where(Submission.id == submission.id).values(state="released")
    with pytest.raises(DBAPIError, match="was recalled"):
        service.session.execute(by_hand)


def test_noise_without_a_cost_is_refused_by_the_database(service):
    submission = service.asked(BY_SEX)
    free = factories.a_submission(service.session, service.world, rho_nano=0)
    with pytest.raises(DBAPIError, match="noise is paid for"):
        submissions.move(
            service.session, free, to=State.VALIDATED, mover=Mover.WORKER, now=factories.NOW
        )
    assert submission.rho_nano == RHO


def test_the_database_takes_no_other_source(service):
    _, release = service.released()
    paid = factories.a_submission(service.session, service.world)
    foreign = factories.a_submission(
        service.session, service.world, rho_nano=0, project_id=service.world.other_project
    )
    for one in (paid, foreign):
        row = insert(WorkedOut).values(submission_id=one.id, release_id=release.id)
        with pytest.raises(DBAPIError, match="worked out from a noisy release"):
            service.session.execute(row)
        service.session.rollback()


def test_a_worker_that_is_lost_on_the_way_makes_it_again(service):
    service.released()
    submission = service.asked(BY_SEX, rho_nano=0)
    service.session.rollback()

    class Lost(Exception):
        pass

    def stop(step):
        if step == "rendered":
            raise Lost

    carrier = Carrier(
        sessionmaker(service.session.get_bind()),
        service.engine,
        "lost",
        slot_scale=0,
        at_step=stop,
    )
    with pytest.raises(Lost):
        carrier.next_job()
    service.session.expire_all()
    assert submission.state == State.VALIDATED
    service.session.rollback()
    again = replace(carrier, name="next", at_step=lambda _: None, clock=lambda: utc_now() + HOUR)
    assert again.next_job()
    service.session.expire_all()
    assert submission.state == State.PROTECTED
