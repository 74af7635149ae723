"""What people say about an output: to whom, when others read it, and what is never said."""

from __future__ import annotations

import pytest

from tests import factories
from tests.catalogues import sdc_policy
from tests.factories import NOW, checked_by, later
from tests.made_up_engines import SteadyEngine, SteadyRegistrar
from tests.on_the_way import ask, decide, events, leave, work
from tre.comments import Audience
from tre.errors import EdgeNotAllowed, Incomplete, MayNotLeave, NotFound, NotPermitted
from tre.journey import answered, discussed
from tre.reviews import Decision

CHECKERS, EVERYBODY = Audience


@pytest.fixture
def asked(session):
    """A world, and a question of which two checkers look at the table."""
    world = factories.furnish(session, policy=checked_by(2))
    submission = ask(session, world)
    work(session, SteadyEngine())
    return world, submission


def say(session, world, submission, *said):
    """``said``: by whom, what, and to whom if not to everybody."""
    who, words, audience = (*said, EVERYBODY)[:3]
    return discussed.say(
        session,
        person=world.person(session, who),
        submission_id=submission.id,
        audience=audience,
        words=words,
        now=NOW,
    )


def read(session, world, submission, who) -> list[str]:
    found = discussed.read(session, person=world.person(session, who), submission_id=submission.id)
    return [one.words for one in found]


def test_what_a_checker_says_alone_is_read_once_all_have_decided(session, asked):
    world, submission = asked
    say(session, world, submission, "cleo", "Too fine?", CHECKERS)
    say(session, world, submission, "cleo", "What is it for?")
    everybody = ("ada", "ben", "dan", "pat")
    assert [read(session, world, submission, who) for who in everybody] == [[]] * 4
    assert len(read(session, world, submission, "cleo")) == 2
    decide(session, world, submission, "cleo")
    assert [read(session, world, submission, who) for who in everybody] == [[]] * 4
    decide(session, world, submission, "dan", Decision.REJECT)
    for who in ("dan", "pat"):
        assert sorted(read(session, world, submission, who)) == ["Too fine?", "What is it for?"]
    assert read(session, world, submission, "ada") == ["What is it for?"]


def test_what_the_project_says_everybody_reads(session, asked):
    world, submission = asked
    say(session, world, submission, "ben", "It is for our annex.")
    for who in ("ada", "ben", "cleo", "dan", "pat"):
        assert read(session, world, submission, who) == ["It is for our annex."]
    assert events(session, submission)[-1] == "commented"
    with pytest.raises(NotPermitted):
        say(session, world, submission, "ada", "Between us.", CHECKERS)


def test_in_a_new_round_they_are_alone_again(session, asked):
    world, submission = asked
    for who in ("cleo", "dan"):
        say(session, world, submission, who, f"From {who}.", CHECKERS)
        decide(session, world, submission, who, Decision.RETURN)
    assert len(read(session, world, submission, "dan")) == 2
    ada = world.person(session, "ada")
    answered.answer(session, person=ada, submission_id=submission.id, answer="So.", now=NOW)
    discussed.say(
        session,
        person=world.person(session, "cleo"),
        submission_id=submission.id,
        audience=CHECKERS,
        words="Still?",
        now=later(seconds=1),
    )
    assert len(read(session, world, submission, "dan")) == 2, "what was said before stays"
    assert len(read(session, world, submission, "cleo")) == 3


@pytest.mark.parametrize("who", ["gus", "eve", "fay", "hal", "ira"])
def test_for_whoever_has_no_part_in_it_there_is_nothing(session, asked, who):
    world, submission = asked
    with pytest.raises(NotFound):
        say(session, world, submission, who, "Hello.")
    with pytest.raises(NotFound):
        read(session, world, submission, who)


def test_of_a_table_that_may_not_leave_nobody_tells_its_author_anything(session):
    world = factories.furnish(session, policy=sdc_policy())
    submission = ask(session, world)
    work(session, SteadyEngine(), registrar=SteadyRegistrar("pairs"))
    with pytest.raises(MayNotLeave):
        say(session, world, submission, "cleo", "There are three in Hill.")
    assert say(session, world, submission, "cleo", "There are three in Hill.", CHECKERS)
    for who in ("cleo", "dan"):
        decide(session, world, submission, who, Decision.REJECT)
    assert read(session, world, submission, "ada") == []


@pytest.mark.parametrize("words", ["", "  ", "x" * 2001])
def test_a_comment_says_something(session, asked, words):
    with pytest.raises(Incomplete):
        say(session, *asked, "ada", words)


def test_what_has_ended_is_not_discussed(session, asked):
    world, submission = asked
    leave(session, world, submission)
    for who in ("ada", "cleo", "pat"):
        with pytest.raises((EdgeNotAllowed, NotFound)):
            say(session, world, submission, who, "One more thing.")
