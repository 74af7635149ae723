"""What a checker finds beside an output: what was like it, what changed, what rules suggest."""

from __future__ import annotations

from dataclasses import replace

import pytest

from queries.language import ColumnRef, Dimension, Measure, Statistic
from tests import factories
from tests.catalogues import sdc_policy
from tests.factories import NOW, a_query, checked_by
from tests.made_up_engines import SteadyEngine, SteadyRegistrar
from tests.on_the_way import ask, decide, leave, work
from tre.errors import NotFound, NotPermitted
from tre.journey import dossier, recalled, requested
from tre.lifecycle import State
from tre.people import Role
from tre.reviews import Decision

OTHER = replace(
    a_query(40),
    measures=(Measure(Statistic.MEAN, ColumnRef("persons", "bmi")),),
    dimensions=(Dimension(ColumnRef("persons", "smoker")),),
)


@pytest.fixture
def world(session):
    return factories.furnish(session, policy=checked_by(1))


def answered(session, world, query=None, **given):
    submission = ask(session, world, query=query or a_query(40), **given)
    work(session, SteadyEngine())
    return submission


def found(session, world, submission, who="cleo"):
    return dossier.dossier(
        session, checker=world.person(session, who), output_id=submission.output.id
    )


def test_what_was_like_it_and_what_became_of_it(session, world):
    released = answered(session, world, a_query(40))
    release = leave(session, world, released)
    rejected = answered(session, world, a_query(50))
    decide(session, world, rejected, decision=Decision.REJECT)
    open_still = answered(session, world, a_query(55))
    recalled.recall(
        session,
        person=world.person(session, "eve"),
        release_id=release.id,
        reason="Wrong.",
        successor_id=None,
        now=NOW,
    )
    similar = found(session, world, answered(session, world, a_query(60))).similar
    assert {one.words: (one.decided, one.recalled) for one in similar} == {
        released.words: (State.RELEASED, True),
        rejected.words: (State.REJECTED, False),
    }
    assert open_still.words not in {one.words for one in similar}
    assert all(one.alike == 1 for one in similar)


def test_what_names_other_things_is_not_like_it(session, world):
    leave(session, world, answered(session, world, a_query(40)))
    by_sex = replace(a_query(40), dimensions=a_query(40).dimensions[:1])
    (similar,) = found(session, world, answered(session, world, by_sex)).similar
    assert similar.alike == pytest.approx(3 / 4)
    assert found(session, world, answered(session, world, OTHER)).similar == ()


def test_what_a_checker_could_not_have_checked_is_not_told(session, world):
    theirs = answered(session, world, who="gus", project=world.other_project)
    leave(session, world, theirs)
    mine = answered(session, world, a_query(50))
    assert len(found(session, world, mine).similar) == 1
    gus = world.person(session, "gus")
    gus.roles = [Role.CHECKER.value]
    session.commit()
    assert found(session, world, mine, "gus").similar == ()


def test_what_has_changed_since_the_version_before(session, world):
    request = requested.begin(
        session,
        person=world.person(session, "ada"),
        project_id=world.project,
        title="Annex",
        context="Of the report.",
        outputs=("Persons by age",),
        now=NOW,
    )
    chosen = request.intended[0].id
    first = answered(session, world, a_query(40), intended_id=chosen)
    assert found(session, world, first).changed == ()
    decide(session, world, first, decision=Decision.RETURN)
    second = answered(session, world, a_query(40, 60), intended_id=chosen, purpose="To learn more.")
    changed = {one.what: (one.before, one.now) for one in found(session, world, second).changed}
    assert changed.keys() == {"Question", "Purpose", "Cells"}
    assert changed["Purpose"] == ("To learn.", "To learn more.")


def test_what_the_rules_suggest(session):
    world = factories.furnish(session, policy=sdc_policy())
    safe = ask(session, world)
    work(session, SteadyEngine(), registrar=SteadyRegistrar())
    clash = ask(session, world, query=a_query(50))
    work(session, SteadyEngine(), registrar=SteadyRegistrar("pairs"))
    small = ask(session, world, query=a_query(55))
    work(session, SteadyEngine(units=3), registrar=SteadyRegistrar())
    suggested = [found(session, world, one).suggestion for one in (safe, clash, small)]
    assert [one.decision for one in suggested] == [
        Decision.APPROVE,
        Decision.REJECT,
        Decision.RETURN,
    ]
    assert "Together with what has left it tells of nobody." in suggested[0].reasons
    assert "4 of 4 cells are hidden" in suggested[2].reasons[0]


@pytest.mark.parametrize("who", ["ada", "eve", "fay", "pat"])
def test_it_is_for_checkers_alone(session, world, who):
    with pytest.raises((NotFound, NotPermitted)):
        found(session, world, answered(session, world), who)
