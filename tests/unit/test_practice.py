"""A program is tried on made-up people with real rules, and reaches nothing else."""

from __future__ import annotations

import csv
import datetime
import io
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import insert, update
from sqlalchemy.exc import IntegrityError

from queries.store import Store
from tests.attacks.worlds import SealedEngine
from tests.factories import NOW
from tests.made_up_engines import SteadyRegistrar
from tests.web import service as web
from tests.web.service import Service
from tre import people
from tre.client import Client, NotFound
from tre.database import writing
from tre.datasets import Dataset
from tre.errors import NotFound as ServiceNotFound
from tre.errors import NotPermitted
from tre.ingest import keys
from tre.ingest.command import Place
from tre.journey import looked, made_public, published, shown
from tre.people import Person, Role
from tre.practice import made, opened
from tre.practice.__main__ import practice
from tre.projects import Project
from tre.publications import PublicationAsked
from tre.sign_in import browser
from tre.sign_in.attempts import origin
from tre.sign_in.errors import WrongCredentials
from tre.worker.carry import Carrier

DAY = datetime.timedelta(days=1)
QUESTION = "SELECT sex, band(age, 30, 60), count(*) FROM persons GROUP BY sex, band(age, 30, 60)"


@pytest.fixture(scope="module")
def places(tmp_path_factory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("practice")
    return folder / "store", folder / "keys" / "key"


def open_(service: Service, places: tuple[Path, Path], owner: str = "eve") -> Dataset:
    store, key = places
    with service.sessions() as session:
        return opened.open_(
            session,
            owner=service.person(session, owner),
            place=Place(store, key),
            stream=io.StringIO(),
            now=NOW,
        )


@pytest.fixture
def service(tmp_path: Path, places) -> Service:
    service = web.make(tmp_path)
    open_(service, places)
    return service


def token(service: Service, who: str = "ada") -> str:
    with service.sessions() as session:
        person = service.person(session, who)
        return opened.token(session, person=person, lasts=DAY, now=NOW)


def client(service: Service, secret: str) -> Client:
    return Client("http://localhost", secret, transport=httpx.WSGITransport(app=service.app))


def test_the_people_are_always_the_same_and_fit_the_entry(tmp_path, places):
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
        made.write(tmp_path / name)
    for file in ("persons.csv", "visits.csv"):
        first, second = ((tmp_path / name / file).read_bytes() for name in ("a", "b"))
        assert first == second
    with (tmp_path / "a" / "persons.csv").open(encoding="utf-8") as read:
        assert len(list(csv.DictReader(read))) == made.PEOPLE


def test_to_open_it_again_changes_nothing_and_another_owner_is_refused(service, places):
    with service.sessions() as session:
        before = session.query(Dataset).count()
    open_(service, places)
    with service.sessions() as session, writing(session):
        assert session.query(Dataset).count() == before
        people.add(session, email="olu@example.org", name="Olu", roles=(Role.OWNER,), now=NOW)
        service.world.people["olu"] = people.by_email(session, "olu@example.org").id
    with pytest.raises(ServiceNotFound):
        open_(service, places, owner="olu")


def test_a_question_goes_its_whole_way_by_program_without_anybody(service, places):
    with client(service, token(service)) as practice_client:
        (project,) = practice_client.projects()
        assert [one["name"] for one in project["datasets"]] == ["practice"]
        (dataset,) = practice_client.datasets()
        assert dataset["made_up"] is True
        asked = practice_client.submit(
            QUESTION, project=project["id"], dataset="practice", purpose="To try."
        )
        store, key = places
        carrier = Carrier(
            service.sessions,
            SealedEngine(Store(store, keys.load(key))),
            "worker",
            slot_scale=0,
            registrar=SteadyRegistrar(),
            clock=service.clock,
        )
        assert carrier.next_job()
        assert practice_client.submission(asked.id).state == "released"
        (release,) = practice_client.releases()
        assert len(release.table()) == 2 * 3
        total = release.table().iloc[:, 2].astype(float).sum()
        assert abs(total - made.PEOPLE) < 200, "real people of the file, with noise"
        release_id = release.id
    with service.sessions() as session:
        stand_in = session.query(Person).filter(Person.name == "Practice of Ada").one()
        text = {"release_id": release_id, "title": "T", "summary": "S"}
        with pytest.raises(NotPermitted, match="practice"):
            made_public.ask(session, person=stand_in, now=NOW, **text)
        by_force = insert(PublicationAsked).values(
            id="0" * 24, number=1, by_id=stand_in.id, at=NOW, **text
        )
        with pytest.raises(IntegrityError, match="made-up"):
            session.execute(by_force)


def test_a_practice_token_reaches_no_real_project_and_no_other_practice(service):
    ada, gus = client(service, token(service)), client(service, token(service, "gus"))
    (own,) = ada.projects()
    (other,) = gus.projects()
    assert own["id"] != other["id"]
    for theirs in (other["id"], service.world.project, service.world.other_project):
        with pytest.raises(NotFound):
            ada.submissions(theirs)
        with pytest.raises(NotFound):
            ada.submit(QUESTION, project=theirs, dataset="practice", purpose="To try.")
    with pytest.raises(NotFound):
        ada.preview("SELECT count(*) FROM persons", project=own["id"], dataset="clinic")


def test_two_tokens_of_one_person_share_a_project_and_nobody_signs_in_as_the_stand_in(service):
    first, second = client(service, token(service)), client(service, token(service))
    assert first.projects()[0]["id"] == second.projects()[0]["id"]
    with service.sessions() as session:
        stand_in = session.query(Person).filter(Person.name == "Practice of Ada").one()
        assert stand_in.password_hash is None
        where = origin(email=stand_in.email, address="here", key=b"k")
        for password in ("", "practice"):
            with pytest.raises(WrongCredentials):
                browser.sign_in(
                    session, email=stand_in.email, password=password, where=where, now=NOW
                )


def test_practice_is_no_part_of_the_public_register(service):
    token(service)
    with service.sessions() as session:
        assert session.query(Project).filter(Project.slug.startswith("practice")).count() == 1
        assert "practice" not in {one.name for one in shown.datasets(session)}
        assert all(not one.slug.startswith("practice") for one in shown.projects(session))
        assert looked.readable_releases(session, person=None) == []


def test_real_data_never_become_made_up_nor_the_other_way_round(service):
    with service.sessions() as session:
        for one in session.query(Dataset):
            change = update(Dataset).where(Dataset.id == one.id)
            with pytest.raises(IntegrityError, match="never become"), session.begin_nested():
                session.execute(change.values(made_up=not one.made_up))
        clinic = session.query(Dataset).filter_by(name="clinic").one()
        view = looked.dataset(session, person=clinic.owner, name="clinic", now=NOW)
        with pytest.raises(NotPermitted, match="other people"):
            published.publish(
                session,
                owner=clinic.owner,
                catalogue=view.version.catalogue,
                policy=view.policy_version.policy,
                version="v",
                report={},
                made_up=True,
                now=NOW,
            )


def test_the_commands_open_it_and_show_tokens(service, places, tmp_path):
    store, key = places
    settings = {
        "TRE_DATABASE_URL": f"sqlite:///{tmp_path / 'service.db'}",
        "TRE_STORE_ROOT": str(store),
        "TRE_KEY_FILE": str(key),
    }

    def run(*words: str):
        return CliRunner().invoke(practice, words, env=settings)

    assert run("open", "--owner", "eve@example.org").exit_code == 0
    told = run("token", "ben@example.org", "--days", "2")
    assert told.exit_code == 0
    assert len(client(service, told.output.strip()).projects()) == 1
    assert "nobody with the address" in run("token", "x@example.org").output
    wrong = run("open", "--owner", "ada@example.org")
    assert wrong.exit_code == 1


def test_without_practice_data_there_is_no_token(tmp_path):
    empty = web.make(tmp_path)
    settings = {"TRE_DATABASE_URL": f"sqlite:///{tmp_path / 'service.db'}"}
    told = CliRunner().invoke(practice, ["token", "ada@example.org"], env=settings)
    assert (told.exit_code, "First run `open`." in told.output) == (1, True)
    assert empty.world
