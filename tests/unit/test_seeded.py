"""Known-unsafe outputs look like any other, are counted apart, and end inside whatever happens."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from disclosure_control import present
from disclosure_control.tables import Status
from queries.store import Store
from tests.attacks.worlds import SealedEngine
from tests.factories import NOW, checked_by
from tests.made_up_engines import SteadyRegistrar
from tests.on_the_way import SAFE
from tests.web import service as web
from tests.web.service import Service
from tests.web.steps import decide
from tre import people
from tre.database import new_id, writing
from tre.errors import Incomplete, NotFound, NotPermitted
from tre.ingest import keys
from tre.ingest.command import Place
from tre.journey import looked, measured, reviewed, seeding, shown, waiting
from tre.lifecycle import State
from tre.outputs import Draw, Format
from tre.people import Role
from tre.practice import opened
from tre.practice.__main__ import practice
from tre.practice.opened import SeededWords
from tre.releases import Release
from tre.reviews import Decision, Review
from tre.seeded import MEANING, NAME, Fault, Seeded
from tre.submissions import Submission
from tre.worker.carry import Carrier

WORDS = SeededWords("Health of adults", "To plan clinics.", "Noor")


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Place:
    folder = tmp_path_factory.mktemp("seeded")
    return Place(folder / "store", folder / "keys" / "key")


@pytest.fixture
def service(tmp_path: Path, place: Place) -> Service:
    service = web.make(tmp_path, policy=checked_by(1))
    with service.sessions() as session:
        opened.open_seeded(
            session,
            owner=service.person(session, "eve"),
            words=WORDS,
            place=place,
            stream=io.StringIO(),
            now=NOW,
        )
    return service


def put(service: Service, place: Place, fault: Fault, *, head: str = "hal") -> str:
    """Seeded and answered: the id of its submission."""
    with service.sessions() as session:
        found = seeding.seed(
            session,
            head=service.person(session, head),
            fault=fault,
            purpose="To see where clinics are needed.",
            now=service.clock(),
        ).id
    carrier = Carrier(
        service.sessions,
        SealedEngine(Store(place.store_root, keys.load(place.key_file))),
        "worker",
        slot_scale=0,
        registrar=SteadyRegistrar(),
        safe=SAFE,
        clock=service.clock,
    )
    assert carrier.next_job()
    return found


def shown_and_drawn(service: Service, submission_id: str):
    with service.sessions() as session:
        submission = session.get_one(Submission, submission_id)
        assert submission.state == State.PROTECTED
        kept = submission.output.artefact(Format.JSON).content.decode()
        draw = session.get_one(Draw, submission.output.draw_id)
        csv = submission.output.artefact(Format.CSV).content.decode()
        return present.from_json(kept), present.from_json(draw.protected_json), csv


def values(table) -> list[Decimal | None]:
    return [cell.value for cell in table.columns[0]]


def test_a_number_of_few_is_shown_in_every_file_and_in_no_record(service, place):
    shown_table, drawn, csv = shown_and_drawn(service, put(service, place, Fault.SMALL))
    few = [value for value in values(shown_table) if value is not None and value < 10]
    assert few == [Decimal(4)]
    assert ",4\r\n" in csv
    assert all(value is None or value >= 10 for value in values(drawn))


def test_a_hidden_number_follows_from_its_total(service, place):
    shown_table, drawn, _ = shown_and_drawn(service, put(service, place, Fault.GIVEN_BACK))
    *parts, total = values(shown_table)
    assert parts.count(None) == 1
    assert total - sum(value for value in parts if value is not None) == 4
    assert values(drawn).count(None) >= 2


def test_a_purpose_that_is_none_changes_no_number(service, place):
    shown_table, drawn, _ = shown_and_drawn(service, put(service, place, Fault.PURPOSE))
    assert sorted(values(shown_table), key=str) == sorted(values(drawn), key=str)


@pytest.mark.parametrize("decision", list(Decision))
def test_whatever_is_decided_it_ends_inside_and_its_checkers_are_told(service, place, decision):
    asked = put(service, place, Fault.SMALL)
    output = service.output_of(asked)
    for who in ("cleo", "dan"):
        visitor = service.visitor(who)
        page = visitor.get(f"/checks/{output}").text
        assert MEANING[Fault.SMALL] not in page
        assert "to see what is found" not in page
        assert decide(visitor, output, decision.value, "Because.").status_code == 303
    assert MEANING[Fault.SMALL] in visitor.get("/checks").text
    assert MEANING[Fault.SMALL] in service.visitor("cleo").get(f"/checks/{output}").text
    with service.sessions() as session:
        assert session.get_one(Submission, asked).state == State.REJECTED
        publisher = service.person(session, "pat")
        assert waiting.for_publisher(session, publisher=publisher) == []
        assert session.scalars(select(Release)).all() == []


def test_it_is_counted_apart_from_what_is_real(service, place):
    real = service.ask(40)
    service.work()
    decide(service.visitor("cleo"), service.output_of(real), "approve")
    asked = put(service, place, Fault.GIVEN_BACK)
    output = service.output_of(asked)
    decide(service.visitor("cleo"), output, "approve")
    with service.sessions() as session:
        hal = service.person(session, "hal")
        found = measured.measures(session, head=hal, now=NOW, service_level=web.Clock().now - NOW)
        assert [one.seeded for one in found.checkers] == [0], "nothing before all have decided"
        assert found.waiting.outputs == 0
    decide(service.visitor("dan"), output, "reject", "The total gives it back.")
    page = service.visitor("cleo").get(f"/checks/{output}").text
    assert "disagree" in page
    decide(service.visitor("cleo"), output, "reject", "So it does.")
    with service.sessions() as session:
        hal = service.person(session, "hal")
        found = measured.measures(session, head=hal, now=NOW, service_level=web.Clock().now - NOW)
        (line,) = seeding.lines(session, head=hal)
    by_name = {one.name: (one.seeded, one.found, one.alone) for one in found.checkers}
    assert by_name == {"Cleo": (1, 0, 1), "Dan": (1, 1, 0)}
    assert (found.compared, found.kappa) == (0, None)
    assert sorted(line.decided) == [("Cleo", Decision.APPROVE), ("Dan", Decision.REJECT)]
    told = service.visitor("hal").get("/checkers").text
    assert "0 of 1" in told
    assert "1 of 1" in told


def test_sound_ones_are_among_them_and_a_refusal_of_one_is_told_apart(service, place):
    asked = put(service, place, Fault.NONE)
    shown_table, drawn, _ = shown_and_drawn(service, asked)
    assert sorted(values(shown_table), key=str) == sorted(values(drawn), key=str)
    output = service.output_of(asked)
    for who, decision in (("cleo", "approve"), ("dan", "reject"), ("dan", "approve")):
        assert decide(service.visitor(who), output, decision, "Hm.").status_code == 303
    with service.sessions() as session:
        hal = service.person(session, "hal")
        found = measured.measures(session, head=hal, now=NOW, service_level=web.Clock().now - NOW)
        assert session.get_one(Submission, asked).state == State.REJECTED
    by_name = {one.name: (one.seeded, one.sound, one.alarms) for one in found.checkers}
    assert by_name == {"Cleo": (0, 1, 0), "Dan": (0, 1, 1)}


def test_the_head_sees_no_decision_before_all_have_decided(service, place):
    output = service.output_of(put(service, place, Fault.SMALL))
    decide(service.visitor("cleo"), output, "approve")
    page = service.visitor("hal").get("/checkers/seeded").text
    assert "Still with checkers" in page
    assert "Cleo" not in page


def test_who_put_it_there_does_not_check_it(service, place):
    with service.sessions() as session, writing(session):
        service.person(session, "cleo").roles = [Role.CHECKER.value, Role.HEAD_CHECKER.value]
    output = service.output_of(put(service, place, Fault.SMALL, head="cleo"))
    with service.sessions() as session:
        cleo, dan = (service.person(session, name) for name in ("cleo", "dan"))
        with pytest.raises(NotPermitted, match="You put this output"):
            reviewed.opened(session, checker=cleo, output_id=output)
        assert [one.id for one in waiting.for_checker(session, checker=cleo)] == []
        assert [one.id for one in waiting.for_checker(session, checker=dan)] == [output]


@pytest.mark.parametrize("who", ["ada", "cleo", "eve", "pat", "ira", "fay"])
def test_only_their_head_puts_any_there_or_reads_of_them(service, who):
    with service.sessions() as session:
        person = service.person(session, who)
        given = {"fault": Fault.SMALL, "purpose": "To see.", "now": NOW}
        for act in (
            lambda: seeding.seed(session, head=person, **given),
            lambda: seeding.lines(session, head=person),
        ):
            with pytest.raises(NotFound):
                act()


def test_it_is_asked_on_the_page_and_needs_what_is_wrong_and_a_purpose(service):
    hal = service.visitor("hal")
    page = "/checkers/seeded"
    wrong = hal.post(page, {"fault": "", "purpose": "To see."})
    assert (wrong.status_code, "Choose what is wrong" in wrong.text) == (422, True)
    assert "To see." in wrong.text
    blank = hal.post(page, {"fault": "small", "purpose": " "})
    assert blank.status_code == 422
    assert hal.post(page, {"fault": "small", "purpose": "To see."}).status_code == 303
    with service.sessions() as session:
        (line,) = seeding.lines(session, head=service.person(session, "hal"))
        assert line.fault is Fault.SMALL


def test_without_made_up_people_there_is_nothing_to_ask(tmp_path):
    empty = web.make(tmp_path)
    with empty.sessions() as session:
        hal = empty.person(session, "hal")
        given = {"fault": Fault.SMALL, "purpose": "To see.", "now": NOW}
        with pytest.raises(Incomplete):
            seeding.seed(session, head=hal, **given)
    assert "sets them up" in empty.visitor("hal").get("/checkers/seeded").text


def test_the_database_lets_none_of_them_out_and_none_be_made_of_a_real_question(service, place):
    asked = put(service, place, Fault.SMALL)
    real = service.ask(40)
    with service.sessions() as session:
        submission = session.get_one(Submission, asked)
        for who in ("cleo", "dan"):
            session.add(
                Review(
                    id=new_id(),
                    output_id=submission.output.id,
                    checker_id=service.world.people[who],
                    round=1,
                    turn=1,
                    decision="approve",
                    reason="",
                    artefact_hash=submission.output.manifest_hash,
                    created_at=NOW,
                )
            )
        session.flush()
        for state in (State.REVIEWED, State.RETURNED, State.RELEASED):
            change = update(Submission).where(Submission.id == asked).values(state=state.value)
            with pytest.raises(IntegrityError), session.begin_nested():
                session.execute(change)
        row = {"fault": "small", "by_id": service.world.people["hal"], "at": NOW}
        of = session.get_one(Submission, real)
        for dataset_id, fingerprint in (
            (of.dataset_id, of.fingerprint),
            (of.dataset_id, "f" * 64),
            (submission.dataset_id, of.fingerprint),
        ):
            made = insert(Seeded).values(dataset_id=dataset_id, fingerprint=fingerprint, **row)
            with pytest.raises(IntegrityError, match="made-up people"), session.begin_nested():
                session.execute(made)


def test_it_is_no_part_of_the_public_register(service):
    with service.sessions() as session:
        assert NAME not in {one.name for one in shown.datasets(session)}
        assert NAME not in {one.slug for one in shown.projects(session)}
        assert looked.readable_releases(session, person=None) == []


def test_the_command_opens_it_once_under_the_names_it_is_given(tmp_path, place):
    service = web.make(tmp_path)
    settings = {
        "TRE_DATABASE_URL": f"sqlite:///{tmp_path / 'service.db'}",
        "TRE_STORE_ROOT": str(place.store_root),
        "TRE_KEY_FILE": str(place.key_file),
    }
    words = ["seeded", "--owner", "eve@example.org", "--author", "Noor"]
    words += ["--project", "Clinics", "--purpose", "To plan clinics."]
    for _ in range(2):
        told = CliRunner().invoke(practice, words, env=settings)
        assert told.exit_code == 0, told.output
    with service.sessions() as session:
        ground = seeding.ground(session)
        assert (ground.project.title, ground.author.name) == ("Clinics", "Noor")
        assert people.by_email(session, ground.author.email).password_hash is None


def test_a_fault_is_planted_where_nothing_is_hidden_too(service, place):
    from tre.journey.planted import planted

    _, drawn, _ = shown_and_drawn(service, put(service, place, Fault.GIVEN_BACK))
    full = replace(
        drawn,
        columns=tuple(
            tuple(
                replace(cell, status=Status.SHOWN, value=cell.value or Decimal(12)) for cell in one
            )
            for one in drawn.columns
        ),
    )
    for fault in (Fault.SMALL, Fault.GIVEN_BACK):
        assert values(planted(full, fault)).count(Decimal(4)) == 1
    assert planted(full, None) is full
