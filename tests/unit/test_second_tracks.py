"""Both tracks of a dataset open by two people's decisions, until a day, and records say so."""

from __future__ import annotations

import datetime
import json
from dataclasses import replace
from functools import partial

import pytest

from disclosure_control.errors import PolicyInvalid
from tests import factories
from tests.catalogues import sdc_policy
from tests.factories import NOW, World, checked_by
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import decide, publish, work
from tests.second_tracks import EXACT, LAST_DAY, NOISY, asked_for, granted, second_owner
from tre import datasets, second_tracks
from tre.audit import AuditEntry
from tre.database import writing
from tre.datasets import Dataset
from tre.errors import EdgeNotAllowed, GatesClosed, Incomplete, NotFound, NotPermitted, TrackClosed
from tre.journey import excepted, previewed, submitted
from tre.lifecycle import State
from tre.outputs import Format
from tre.submissions import Submission

AFTER = NOW + datetime.timedelta(days=31)


@pytest.fixture
def world(session) -> World:
    return factories.furnish(session, policy=checked_by(2))


def ask_on(session, world: World, track: str | None, *, now=NOW, bands=(40,)) -> Submission:
    return submitted.submit(
        session,
        person=world.person(session, "ada"),
        project_id=world.project,
        query=factories.a_query(*bands),
        purpose="To learn",
        track=track,
        now=now,
    )


def own_track(session, world: World) -> str:
    dataset = session.get_one(Dataset, world.dataset)
    return datasets.current_policy(session, dataset).policy.track


def record_of(submission: Submission) -> dict:
    return json.loads(submission.output.artefact(Format.RECORD).content)


def test_without_an_exception_the_other_track_is_closed(session, world):
    with pytest.raises(TrackClosed):
        ask_on(session, world, "sdc")
    with pytest.raises(TrackClosed):
        previewed.preview(
            session,
            person=world.person(session, "ada"),
            project_id=world.project,
            query=factories.a_query(40),
            track="sdc",
            now=NOW,
        )


@pytest.mark.parametrize("track", ["both", "DP", "", "none"])
def test_an_unknown_track_is_refused(session, world, track):
    granted(session, world)
    with pytest.raises(TrackClosed):
        ask_on(session, world, track)


def test_asking_alone_opens_nothing(session, world):
    asked_for(session, world)
    with pytest.raises(TrackClosed):
        ask_on(session, world, "sdc")


def test_a_granted_exception_opens_the_other_track_and_leaves_the_own_one(session, world):
    granted(session, world)
    exact, noisy = ask_on(session, world, "sdc"), ask_on(session, world, None)

    assert (exact.track, exact.rho_nano, exact.checkers_required) == ("sdc", 0, 2)
    assert (noisy.track, own_track(session, world)) == ("dp", "dp")
    work(session, SteadyEngine(), jobs=2, now=NOW)
    assert {exact.state, noisy.state} == {State.PROTECTED}


def test_an_exact_dataset_may_open_noise_which_pays_from_its_pool(session):
    world = factories.furnish(session, policy=sdc_policy())
    granted(session, world, rules=NOISY)
    noisy = ask_on(session, world, "dp")
    work(session, SteadyEngine(), now=NOW)

    assert (noisy.track, noisy.state) == ("dp", State.PROTECTED)
    assert noisy.rho_nano > 0


@pytest.mark.parametrize("track", ["dp", "sdc"])
def test_records_of_both_tracks_say_that_both_were_open(session, world, track):
    before = ask_on(session, world, "dp", bands=(30,))
    work(session, SteadyEngine(), now=NOW)
    granted(session, world)
    after = ask_on(session, world, track)
    work(session, SteadyEngine(), now=NOW)

    assert not any("Both tracks" in text for text in record_of(before)["leaves_out"])
    assert any("Both tracks" in text for text in record_of(after)["leaves_out"])


def test_that_both_were_open_is_said_for_ever(session, world):
    granted(session, world)
    excepted.end(session, owner=world.person(session, "eve"), dataset_id=world.dataset, now=NOW)
    later = ask_on(session, world, "dp")
    with writing(session):
        dataset = session.get_one(Dataset, world.dataset)
        datasets.publish_policy(session, dataset=dataset, policy=checked_by(1), now=NOW)
    latest = ask_on(session, world, "dp", bands=(50,))
    work(session, SteadyEngine(), jobs=2, now=NOW)

    assert "Both tracks" in str(record_of(latest)["leaves_out"])
    assert later.state == State.REFUSED, "its rules were replaced before its turn"


def test_a_policy_file_cannot_say_of_itself_that_both_were_open(session, world):
    policy = checked_by(1)
    with writing(session):
        dataset = session.get_one(Dataset, world.dataset)
        row = datasets.publish_policy(
            session, dataset=dataset, policy=replace(policy, both_tracks=True), now=NOW
        )

    assert row.policy.both_tracks is False


@pytest.mark.parametrize("before", [lambda *_: None, granted], ids=["alone", "with an exception"])
def test_a_policy_of_the_other_track_does_not_replace_the_own_one(session, world, before):
    before(session, world)
    dataset = session.get_one(Dataset, world.dataset)
    with pytest.raises(PolicyInvalid) as refused, writing(session):
        datasets.publish_policy(session, dataset=dataset, policy=sdc_policy(), now=NOW)

    assert "two-person exception" in str(refused.value.faults)
    assert own_track(session, world) == "dp"


def test_after_its_last_day_the_second_track_is_closed_at_every_stage(session, world):
    granted(session, world)
    waiting, running = ask_on(session, world, "sdc"), ask_on(session, world, "sdc", bands=(50,))
    assert ask_on(session, world, "sdc", now=AFTER - datetime.timedelta(days=1)).track == "sdc"
    with pytest.raises((TrackClosed, GatesClosed)):
        ask_on(session, world, "sdc", now=AFTER)

    work(session, SteadyEngine(), jobs=3, now=AFTER)
    assert {waiting.state, running.state} == {State.REFUSED}


def test_a_noisy_output_of_a_second_track_that_has_ended_waits(session):
    world = factories.furnish(session, policy=sdc_policy())
    granted(session, world, rules=NOISY)
    noisy = ask_on(session, world, "dp")
    work(session, SteadyEngine(), now=NOW)
    excepted.end(session, owner=world.person(session, "eve"), dataset_id=world.dataset, now=NOW)
    decide(session, world, noisy, "cleo")

    assert noisy.state == State.REVIEWED
    with pytest.raises(GatesClosed):
        publish(session, world, noisy)


def test_who_asks_never_decides_and_nobody_else_but_an_owner_does(session, world):
    exception = asked_for(session, world)
    look = partial(excepted.opened, session, exception_id=exception)

    with pytest.raises(NotPermitted):
        look(person=world.person(session, "eve"))
    for name in ("ada", "ben", "cleo", "fay", "gus"):
        with pytest.raises(NotFound):
            look(person=world.person(session, name))
    assert look(person=second_owner(session, world)).id == exception


def test_only_the_datasets_own_owner_asks_and_ends(session, world):
    other = second_owner(session, world)
    with pytest.raises(NotFound):
        excepted.ask(
            session,
            owner=other,
            dataset_id=world.dataset,
            reason="-",
            ends_on=LAST_DAY,
            policy_text=EXACT,
            now=NOW,
        )
    granted(session, world)
    with pytest.raises(NotFound):
        excepted.end(session, owner=other, dataset_id=world.dataset, now=NOW)


def test_an_exception_is_decided_once_about_the_rules_that_were_seen(session, world):
    exception = session.get_one(second_tracks.SecondTrack, asked_for(session, world))
    seen = exception.policy_version.policy_hash
    say = partial(
        excepted.decide,
        session,
        person=second_owner(session, world),
        exception_id=exception.id,
        reason="-",
        now=NOW,
    )

    with pytest.raises(EdgeNotAllowed):
        say(policy_hash="0" * 64, granted=True)
    with pytest.raises(EdgeNotAllowed):
        say(policy_hash=seen, granted=True, now=AFTER)
    assert say(policy_hash=seen, granted=False).granted is False
    with pytest.raises(EdgeNotAllowed):
        say(policy_hash=seen, granted=True)
    with pytest.raises(TrackClosed):
        ask_on(session, world, "sdc")


def test_one_exception_at_a_time(session, world):
    asked_for(session, world)
    with pytest.raises(EdgeNotAllowed):
        asked_for(session, world)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("reason", {"reason": " "}),
        ("reason", {"reason": "x" * 2001}),
        ("ends_on", {"ends_on": None}),
        ("ends_on", {"ends_on": NOW.date() - datetime.timedelta(days=1)}),
        ("ends_on", {"ends_on": NOW.date() + datetime.timedelta(days=400)}),
        ("policy", {"policy_text": ""}),
        ("policy", {"policy_text": "track: both"}),
        ("policy", {"policy_text": EXACT.replace("threshold: 10", "threshold: 1")}),
        ("policy", {"policy_text": NOISY}),
    ],
)
def test_what_is_wrong_with_a_request_is_said_by_its_field(session, world, field, given):
    asked = {"reason": "-", "ends_on": LAST_DAY, "policy_text": EXACT, **given}
    with pytest.raises(Incomplete) as refused:
        excepted.ask(
            session,
            owner=world.person(session, "eve"),
            dataset_id=world.dataset,
            now=NOW,
            **asked,
        )
    assert refused.value.field == field


def test_every_step_is_on_record(session, world):
    granted(session, world)
    excepted.end(session, owner=world.person(session, "eve"), dataset_id=world.dataset, now=NOW)
    entries = session.query(AuditEntry).filter(AuditEntry.event.startswith("exception_"))
    actors = {world.people["eve"]: "eve", world.people["gus"]: "gus"}

    assert [(one.event, actors[one.actor_id]) for one in entries.order_by(AuditEntry.id)] == [
        ("exception_asked", "eve"),
        ("exception_decided", "gus"),
        ("exception_ended", "eve"),
    ]
