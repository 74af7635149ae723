"""Exact tables are judged before anybody looks, and count from then on, until they end inside."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from itertools import product

import pytest
from sqlalchemy import select

from disclosure_control import present
from disclosure_control.policy import SdcRules
from disclosure_control.withheld import HISTORY
from queries.errors import EngineFailed, Fault
from tests import factories
from tests.catalogues import sdc_policy
from tests.factories import NOW, a_query
from tests.made_up_engines import SteadyEngine, SteadyRegistrar
from tests.on_the_way import ask, decide, events, leave, publish, work
from tre import register
from tre.errors import MayNotLeave, NotFound, RegisterMoved
from tre.journey import cancelled, compared, looked, registered
from tre.lifecycle import State
from tre.outputs import Format
from tre.register import ReleaseTable, TableState
from tre.releases import Release
from tre.reviews import Decision
from tre.submissions import Submission
from tre.worker.carry import IN_TIME, Carrier


@pytest.fixture
def world(session):
    return factories.furnish(session, policy=sdc_policy())


def table(session, submission) -> ReleaseTable:
    session.expire_all()
    return register.of_submission(session, submission.id)


def judged(session, world, layer=None, **given) -> Submission:
    submission = ask(session, world, **given)
    work(session, SteadyEngine(), registrar=SteadyRegistrar(layer))
    return submission


def test_a_safe_table_counts_while_it_waits_and_for_ever_once_it_left(session, world):
    submission = judged(session, world)
    assert table(session, submission).state == TableState.PENDING
    assert registered.before(session, world.dataset).head == 1
    leave(session, world, submission)
    assert submission.state == State.RELEASED
    assert table(session, submission).state == TableState.RELEASED
    assert len(registered.before(session, world.dataset).entries) == 1
    assert events(session, submission)[-7:] == [
        "judged",
        "assigned",
        "assigned",
        "reviewed",
        "reviewed",
        "approved",
        "released",
    ]


@pytest.mark.parametrize("layer", ["pairs", "headroom", "time", "unjudged"])
def test_a_clash_can_only_be_rejected_and_its_author_reads_one_sentence(session, world, layer):
    submission = judged(session, world, layer)
    ada = world.person(session, "ada")
    assert submission.state == State.PROTECTED
    assert looked.may_not_leave(session, person=ada, submission_id=submission.id) is None
    for decision in (Decision.APPROVE, Decision.RETURN):
        with pytest.raises(MayNotLeave):
            decide(session, world, submission, "cleo", decision)
    for who in ("cleo", "dan"):
        decide(session, world, submission, who, Decision.REJECT, reason="Three people in Hill.")
    told = looked.may_not_leave(session, person=ada, submission_id=submission.id)
    assert told == looked.MAY_NOT_LEAVE
    assert looked.reviews_for_author(session, person=ada, submission_id=submission.id) == []
    assert session.scalar(select(Release)) is None
    assert registered.before(session, world.dataset).entries == ()


def test_a_rejection_of_a_safe_table_has_its_reason(session, world):
    submission = judged(session, world)
    for who in ("cleo", "dan"):
        decide(session, world, submission, who, Decision.REJECT, reason="Not its purpose.")
    ada = world.person(session, "ada")
    assert looked.may_not_leave(session, person=ada, submission_id=submission.id) is None
    told = looked.reviews_for_author(session, person=ada, submission_id=submission.id)
    assert [one.reason for one in told] == ["Not its purpose."] * 2


@pytest.mark.parametrize("how", ["rejected", "cancelled"])
def test_what_nobody_outside_has_seen_counts_no_longer(session, world, how):
    submission = judged(session, world)
    if how == "rejected":
        for who in ("cleo", "dan"):
            decide(session, world, submission, who, Decision.REJECT)
    else:
        ada = world.person(session, "ada")
        cancelled.cancel(session, person=ada, submission_id=submission.id, now=NOW)
    assert table(session, submission).state == TableState.WITHDRAWN
    assert registered.before(session, world.dataset).entries == ()
    assert events(session, submission).count("withdrawn") == 1


def test_without_a_verdict_nothing_leaves(session, world):
    class Broken:
        def judge(self, **_):
            raise EngineFailed(Fault.CHILD)

    submission = ask(session, world)
    work(session, SteadyEngine(), registrar=Broken())
    assert [one.layer for one in table(session, submission).judged.clashes] == ["time"]
    with pytest.raises(MayNotLeave):
        decide(session, world, submission, "cleo")


def test_a_table_is_judged_with_all_that_count_and_again_if_another_came_first(session, world):
    """The second is admitted while the first is being judged."""

    @dataclass
    class Overtaken(SteadyRegistrar):
        heads: list[int] = field(default_factory=list)

        def judge(self, **given):
            self.heads.append(len(given["history"]))
            if len(self.heads) == 1:
                somebody_else_is_admitted(session, world)
            return super().judge(**given)

    judged(session, world)
    own = ask(session, world, query=a_query(30, 50))
    registrar = Overtaken()
    work(session, SteadyEngine(), registrar=registrar)
    assert registrar.heads == [1, 1], "it is judged anew"
    assert table(session, own).number == 3
    assert registrar.admitted == 1


def somebody_else_is_admitted(session, world) -> None:
    with session.get_bind().connect() as other:
        other.exec_driver_sql("UPDATE dataset SET register_head = register_head + 1")
        other.commit()


def test_a_verdict_takes_the_same_time_whether_it_is_found_or_not(session, world):
    """Ended before its time is up, so that it does not run into another."""
    asked = []

    class Timed(SteadyRegistrar):
        def judge(self, **given):
            asked.append(given["deadline"] - time.monotonic())
            assert given["limits"].seconds < asked[-1]
            return super().judge(**given)

    submission = ask(session, world)
    work(session, SteadyEngine(), registrar=Timed())
    assert submission.id
    seconds = Carrier.__dataclass_fields__["register_seconds"].default
    assert asked[0] < IN_TIME * seconds < seconds


def test_the_head_admits_one(session, world):
    submission = judged(session, world)
    row = table(session, submission)
    with pytest.raises(RegisterMoved):
        register._taken(session, world.dataset, at=0)
    session.rollback()
    assert row.number == 1


def test_the_same_table_for_another_project_counts_once(session, world):
    judged(session, world)
    second = judged(session, world, who="gus", project=world.other_project)
    assert table(session, second).state == TableState.PENDING
    before = registered.before(session, world.dataset)
    assert before.head == 2
    assert len(before.entries) == 1


def test_an_entry_holds_no_words_of_the_question_and_no_number_of_the_table(session, world):
    submission = judged(session, world)
    entry = json.loads(table(session, submission).entry)
    assert set(entry) == {"version", "grid", "counted"}
    assert submission.purpose not in table(session, submission).entry


def test_limits_come_from_the_rules(session, world):
    found = registered.limits(sdc_policy(), seconds=3)
    rules = sdc_policy().sdc
    assert isinstance(rules, SdcRules)
    assert (found.threshold, found.told) == (rules.threshold, 3 * rules.threshold)


def test_checkers_see_which_tables_clash_and_nobody_else_does(session, world):
    first = judged(session, world)
    second = judged(session, world, "pairs", query=a_query(30, 50))
    cleo = world.person(session, "cleo")
    (clash,) = compared.compared(session, checker=cleo, output_id=second.output.id).clashes
    (earlier,) = clash.with_tables
    assert (earlier.question, earlier.left) == (first.words, False)
    assert clash.people == 3
    with pytest.raises(NotFound):
        compared.compared(session, checker=world.person(session, "ada"), output_id=second.output.id)


def test_further_cells_stay_inside_and_the_table_leaves(session, world):
    whole = judged(session, world)
    submission = ask(session, world, query=a_query(30, 50))
    work(session, SteadyEngine(), registrar=SteadyRegistrar("pairs", hidden=(1,)))
    row = table(session, submission)
    assert row.state == TableState.PENDING
    assert all(1 in hidden for one in json.loads(row.entry)["counted"] for hidden in one["hidden"])
    shown = present.from_json(submission.output.artefact(Format.JSON).content.decode())
    labels = list(product(*(axis.labels for axis in shown.axes)))
    inside = [own for own, cell in zip(labels, shown.columns[0], strict=True) if cell.value is None]
    assert inside == [("Male", "below 30")], "in the order in which it was asked"
    assert "[c]" in submission.output.artefact(Format.CSV).content.decode()
    assert HISTORY not in submission.output.artefact(Format.JSON).content.decode()
    assert HISTORY in submission.output.artefact(Format.FINDINGS).content.decode()

    cleo = world.person(session, "cleo")
    seen = compared.compared(session, checker=cleo, output_id=submission.output.id)
    assert seen.safe
    assert seen.hidden == ("below 30, Male",)
    assert [one.people for one in seen.clashed] == [3]
    assert seen.clashed[0].with_tables[0].question == whole.words
    for checker in ("cleo", "dan"):
        decide(session, world, submission, checker)
    publish(session, world, submission)
    assert submission.state == State.RELEASED


def test_a_table_that_was_drawn_before_shows_less_too(session, world):
    first = judged(session, world, query=a_query(30, 50))
    again = ask(session, world, who="gus", project=world.other_project, query=a_query(30, 50))
    work(session, SteadyEngine(), registrar=SteadyRegistrar("pairs", hidden=(0,)))
    one, other = (
        present.from_json(asked.output.artefact(Format.JSON).content.decode()).columns[0]
        for asked in (first, again)
    )
    assert [cell.value for cell in one][1:] == [cell.value for cell in other][1:]
    assert other[0].value is None
    assert one[0].value is not None


def test_cells_that_would_help_are_for_checkers(session, world):
    submission = ask(session, world, query=a_query(30, 50))
    work(session, SteadyEngine(), registrar=SteadyRegistrar("pairs", would_help=(1,)))
    cleo = world.person(session, "cleo")
    seen = compared.compared(session, checker=cleo, output_id=submission.output.id)
    assert (seen.hidden, seen.would_help) == ((), ("below 30, Male",))
    assert table(session, submission).state == TableState.REFUSED
