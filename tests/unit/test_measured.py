"""What the head of checking sees of how checkers agree: counted from decisions made alone."""

from __future__ import annotations

import datetime

import pytest

from tests import factories
from tests.factories import NOW, a_query, checked_by
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, decide, publish, work
from tre.errors import NotFound
from tre.journey import measured, recalled, released
from tre.journey.measured import kappa
from tre.outputs import Output
from tre.reviews import Decision, Review

DAY = datetime.timedelta(days=1)
A, R = Decision.APPROVE, Decision.REJECT

FLEISS = """
0 0 0 0 14
0 2 6 4 2
0 0 3 5 6
0 3 9 2 0
2 2 8 1 1
7 7 0 0 0
3 2 6 3 0
2 5 3 2 2
6 5 2 1 0
0 2 2 3 7
"""
"""Ten subjects, fourteen raters, five categories: a published example, kappa 0.210."""


def test_kappa_is_that_of_the_published_example():
    ratings = [
        [str(category) for category, n in enumerate(map(int, line.split())) for _ in range(n)]
        for line in FLEISS.strip().splitlines()
    ]
    assert kappa(ratings) == pytest.approx(0.210, abs=0.0005)


def test_kappa_of_always_never_and_nothing():
    assert kappa([["a", "a"], ["b", "b"]]) == 1
    assert kappa([["a", "b"], ["b", "a"]]) == -1
    assert kappa([]) is None
    assert kappa([["a", "a"]] * 9) is None, "where one decision is made always, chance agrees too"


@pytest.fixture
def world(session):
    return factories.furnish(session, policy=checked_by(2))


def looked_at(session, world, count: int):
    asked = [ask(session, world, query=a_query(40 + n)) for n in range(count)]
    work(session, SteadyEngine(), jobs=count)
    return asked


def found(session, world, who="hal"):
    now = NOW + datetime.timedelta(days=300)
    return measured.measures(
        session, head=world.person(session, who), now=now, service_level=366 * DAY
    )


def test_it_counts_what_was_decided_alone_and_what_became_of_it(session, world):
    agreed, apart, back = looked_at(session, world, 3)
    for who in ("cleo", "dan"):
        decide(session, world, agreed, who, A)
        decide(session, world, back, who, A)
    decide(session, world, apart, "cleo", A)
    decide(session, world, apart, "dan", R)
    decide(session, world, apart, "dan", A)
    release = publish(session, world, agreed)
    recalled.recall(
        session,
        person=world.person(session, "eve"),
        release_id=release.id,
        reason="Wrong.",
        successor_id=None,
        now=NOW,
    )
    released.send_back(
        session,
        publisher=world.person(session, "pat"),
        output_id=back.output.id,
        artefact_hash=back.output.manifest_hash,
        reason="Look again.",
        now=NOW,
    )
    told = found(session, world)
    cleo, dan = told.checkers
    assert (cleo.name, dan.name) == ("Cleo", "Dan")
    assert [cleo.decisions[one] for one in Decision] == [3, 0, 0]
    assert [dan.decisions[one] for one in Decision] == [2, 0, 1]
    assert [(one.alone, one.disagreed, one.changed) for one in (cleo, dan)] == [
        (3, 1, 0),
        (3, 1, 1),
    ]
    assert [(one.sent_back, one.recalled) for one in (cleo, dan)] == [(1, 1)] * 2
    assert (told.compared, told.agreed) == (3, 2)
    assert told.kappa == pytest.approx(kappa([[A, A], [A, A], [A, R]]))


def test_the_time_is_from_waiting_to_the_decision_made_alone(session, world):
    (asked,) = looked_at(session, world, 1)
    for who in ("cleo", "dan"):
        decide(session, world, asked, who, A)
    decided = session.query(Review.created_at).first()[0]
    waiting = session.query(Output.created_at).scalar()
    cleo, _ = found(session, world).checkers
    assert cleo.hours == pytest.approx((decided - waiting).total_seconds() / 3600)


def test_what_was_decided_long_ago_and_nothing_at_all(session, world):
    nothing = measured.Waiting(outputs=0, late=0, oldest=None, load=())
    assert found(session, world) == measured.Measures(
        NOW - datetime.timedelta(days=65), nothing, (), compared=0, agreed=0, kappa=None
    )
    (asked,) = looked_at(session, world, 1)
    for who in ("cleo", "dan"):
        decide(session, world, asked, who, A)
    late = NOW + datetime.timedelta(days=366)
    hal = world.person(session, "hal")
    assert measured.measures(session, head=hal, now=late, service_level=DAY).checkers == ()


def test_what_is_still_open_is_in_no_count(session, world):
    """Whoever answers for the checking may check it too, or have asked it."""
    (asked,) = looked_at(session, world, 1)
    nothing = found(session, world)
    decide(session, world, asked, "cleo", R)
    assert found(session, world) == nothing
    decide(session, world, asked, "dan", A)
    assert found(session, world) == nothing, "they disagree, and decide together"
    decide(session, world, asked, "dan", R)
    assert [one.alone for one in found(session, world).checkers] == [1, 1]


@pytest.mark.parametrize("who", ["ada", "cleo", "eve", "fay", "ira", "pat"])
def test_nobody_else_sees_it(session, world, who):
    with pytest.raises(NotFound):
        found(session, world, who)


def test_what_waits_is_counted_by_age_and_by_whose_turn_it_is(session, world):
    first = ask(session, world, query=a_query(40))
    work(session, SteadyEngine())
    second = ask(session, world, query=a_query(50))
    work(session, SteadyEngine())
    told = found(session, world).waiting
    assert (told.outputs, told.late) == (2, 0)
    assert dict(told.load) == {"Cleo": 2, "Dan": 2}
    later = measured.measures(
        session,
        head=world.person(session, "hal"),
        now=second.moved_at + 2 * DAY,
        service_level=DAY,
    ).waiting
    assert (later.outputs, later.late, later.oldest) == (2, 2, first.moved_at)
    decide(session, world, first, "cleo")
    assert dict(found(session, world).waiting.load) == {"Cleo": 2, "Dan": 2}, "alone is alone"
    decide(session, world, first, "dan")
    told = found(session, world).waiting
    assert (told.outputs, dict(told.load)) == (1, {"Cleo": 1, "Dan": 1})
