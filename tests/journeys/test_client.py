"""Does the Python client carry a question to a DataFrame, and does the README's example run?"""

from __future__ import annotations

import contextlib
import io
import re
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pandas as pd
import pytest
from werkzeug.serving import make_server

import app as web_process
import config
from tests import factories
from tests.factories import NOW, World
from tests.web import service as web
from tests.web.service import SECRET, Clock, Service
from tre import database, people
from tre.client import (
    Client,
    NotFound,
    NotPermitted,
    Problem,
    Refused,
    Tampered,
    TimedOut,
    Unreachable,
)
from tre.demo import cast, story
from tre.demo.places import ENTRIES
from tre.ingest.entry import read_entry
from tre.journey import published, released, reviewed
from tre.outputs import Artefact
from tre.people import Person
from tre.reviews import Decision
from tre.scopes import EVERY, Scope
from tre.sign_in.stepped_up import SteppedUp
from tre.submissions import Submission

ROOT = Path(__file__).parents[2]
QUESTION = (
    "SELECT sex, band(age, 40, 60), count(*), avg(age) FROM persons GROUP BY sex, band(age, 40, 60)"
)
PURPOSE = "To see how the client does."


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return web.make(tmp_path)


def token(service: Service, person: Person | None = None, *scopes: str) -> str:
    with service.sessions() as session, database.writing(session):
        holder = service.person(session, "ada") if person is None else session.merge(person)
        _, secret = people.issue_token(
            session, person=holder, name="test", scopes=scopes or EVERY, lasts=cast.YEAR, now=NOW
        )
    return secret


def client_of(service: Service, *scopes: str) -> Client:
    transport = httpx.WSGITransport(app=service.app)
    return Client("http://localhost", token(service, None, *scopes), transport=transport)


def project_of(client: Client) -> str:
    (project,) = client.projects()
    return str(project["slug"])


def ask(client: Client, **changed: str) -> Submission:
    options = {"project": project_of(client), "dataset": "clinic", "purpose": PURPOSE, **changed}
    return client.submit(QUESTION, **options)


def approved(service: Service, submission: str, *checkers: Person) -> None:
    """By as many as the policy asks for."""
    for name in ("cleo", "dan"):
        with service.sessions() as session:
            row = session.get_one(Submission, submission)
            checker = service.person(session, name)
            if row.state == "protected":
                _approve(session, checker, row)
    with service.sessions() as session:
        _publish(session, service.person(session, "pat"), session.get_one(Submission, submission))


def _publish(session, publisher: Person, row: Submission) -> None:
    released.release(
        session,
        publisher=publisher,
        stepped_up=SteppedUp(publisher.id, NOW),
        output_id=row.output.id,
        artefact_hash=row.output.manifest_hash,
        now=NOW,
    )


def _approve(session, checker: Person, row: Submission) -> None:
    reviewed.review(
        session,
        checker=checker,
        output_id=row.output.id,
        artefact_hash=row.output.manifest_hash,
        decision=Decision.APPROVE,
        reason="",
        now=NOW,
    )


def test_a_question_becomes_a_data_frame(service):
    with client_of(service) as client:
        assert [one["name"] for one in client.datasets()] == ["clinic"]
        preview = client.preview(QUESTION, project=project_of(client), dataset="clinic")
        assert preview.open
        assert preview.half_widths
        priced = client.preview(
            QUESTION, project=project_of(client), dataset="clinic", half_width="20"
        )
        assert priced.rho_nano < preview.rho_nano
        plan = client.plan(
            [QUESTION], project=project_of(client), dataset="clinic", half_width="20"
        )
        assert plan["apart_rho_nano"] == priced.rho_nano
        assert "Number of persons" in str(preview)
        submission = ask(client)
        service.work()
        approved(service, submission.id)
        submission = client.wait(submission, patience=0)
        assert (submission.state, submission.ended) == ("released", True)
        (release,) = client.releases()
        assert release.id == submission.release == client.release(release.id).id
        table = release.table()
    assert isinstance(table, pd.DataFrame)
    assert len(table) == 6
    hidden = table["count_status"] == "suppressed"
    assert hidden.any()
    assert not hidden.all()
    assert table.loc[hidden, "count"].isna().all()
    assert (table.loc[~hidden, "count"] > 0).all()
    assert (table.loc[~hidden, "count_low"] <= table.loc[~hidden, "count"]).all()


def test_the_files_of_a_release_are_text_record_and_table_of_the_same(service):
    client = client_of(service)
    submission = ask(client)
    service.work()
    approved(service, submission.id)
    (release,) = client.releases()
    assert "[c]" in release.csv()
    assert release.record["track"] == "dp"
    assert release.words.startswith("Number of persons")


def test_a_file_that_is_not_what_was_approved_is_not_believed(service, monkeypatch):
    client = client_of(service)
    submission = ask(client)
    service.work()
    approved(service, submission.id)
    (release,) = client.releases()
    (csv,) = (one for one in release.document["files"] if one["format"] == "csv")
    csv["sha256"] = "0" * 64
    with pytest.raises(Tampered):
        release.csv()


def test_waiting_ends_with_the_patience_and_says_where_the_question_is(service):
    client = client_of(service)
    submission = ask(client)
    with pytest.raises(TimedOut, match="submitted"):
        client.wait(submission, patience=0)
    assert client.cancel(submission).state == "cancelled"
    assert [one.id for one in client.submissions(project_of(client))] == [submission.id]


def test_the_same_key_is_one_submission(service):
    client = client_of(service)
    assert ask(client, key="once").id == ask(client, key="once").id
    assert ask(client).id != ask(client).id


def test_a_refusal_says_what_and_where(service):
    client = client_of(service)
    with pytest.raises(Refused, match=r"ORDER BY.*\(line 1, column"):
        client.preview(
            "SELECT count(*) FROM persons ORDER BY 1",
            project=project_of(client),
            dataset="clinic",
        )


def test_each_no_has_its_class(service):
    client = client_of(service, Scope.READ_CATALOGUE.value)
    with pytest.raises(NotPermitted, match="preview"):
        client.preview(QUESTION, project=project_of(client), dataset="clinic")
    with pytest.raises(NotPermitted):
        Client(
            "http://localhost", "tre_wrong", transport=httpx.WSGITransport(app=service.app)
        ).projects()
    with pytest.raises(NotFound):
        client_of(service).release("0" * 24)
    with pytest.raises(Problem) as refused:
        client_of(service).submission("x")
    assert refused.value.code == "not-found"


def test_an_address_where_nobody_answers_is_named():
    with pytest.raises(Unreachable, match=r"127\.0\.0\.1"):
        Client("http://127.0.0.1:9", "tre_x").projects()


def test_a_list_of_many_pages_is_read_to_its_end(service, monkeypatch):
    client = client_of(service)
    asked = {ask(client).id for _ in range(3)}
    read = client._json
    monkeypatch.setattr(
        client,
        "_json",
        lambda method, path, **options: (
            read(method, path, **{**options, "params": {"limit": 1, **options.get("params", {})}})
            if method == "GET" and path.endswith("/submissions")
            else read(method, path, **options)
        ),
    )
    assert {one.id for one in client.submissions(project_of(client))} == asked


# The README


def example() -> str:
    """The Python of the README that uses the client."""
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    found = [block for block in blocks if "tre.client" in block]
    assert len(found) == 1, "the README holds one example of the client"
    return found[0]


@pytest.fixture
def cohort(tmp_path: Path) -> Service:
    """The demonstration's people and projects, with its cohort's catalogue and no data."""
    url = f"sqlite:///{tmp_path / 'service.db'}"
    factories.migrated(url).dispose()
    made = database.sessions(database.connect(url))
    with made() as session:
        playing = cast.people_of_the_demo(session, now=NOW)
        for name in cast.PURSES:
            entry = read_entry(ENTRIES / name)
            published.publish(
                session,
                owner=playing[cast.OWNER],
                catalogue=entry.catalogue,
                policy=entry.policy,
                version="a" * 32,
                report={},
                now=NOW,
            )
        cast.projects_of_the_demo(session, playing=playing, now=NOW)
        ids = {part.email: person.id for part, person in playing.items()}
    settings = config.WebConfig(environment="test", database_url=url, secret_key=SECRET)
    clock = Clock()
    return Service(
        web_process.create_app(settings, clock=clock), made, World(ids, "", "", ""), clock
    )


@contextlib.contextmanager
def served(service: Service) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, service.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_the_example_of_the_readme_has_six_lines_and_runs(cohort, tmp_path, monkeypatch):
    text = example()
    assert len([line for line in text.splitlines() if line.strip()]) == 6
    with cohort.sessions() as session:
        researcher = people.by_email(session, cast.RESEARCHER.email)
    secret = token(cohort, researcher)
    (tmp_path / "var" / "demo").mkdir(parents=True)
    (tmp_path / "var" / "demo" / "researcher.token").write_text(secret)
    monkeypatch.chdir(tmp_path)
    _release_something(cohort, secret)
    said = io.StringIO()
    with served(cohort) as address, contextlib.redirect_stdout(said):
        exec(compile(text.replace("http://127.0.0.1:8000", address), "README.md", "exec"), {})  # noqa: S102 - our own README
    assert "Number of persons" in said.getvalue()
    assert "suppressed" in said.getvalue() or "shown" in said.getvalue()


def _release_something(cohort: Service, secret: str) -> None:
    """What ``make run`` has released before it invites anybody."""
    client = Client("http://localhost", secret, transport=httpx.WSGITransport(app=cohort.app))
    submission = client.submit(
        story.QUESTION, project=story.PROJECT, dataset=story.DATASET, purpose=story.PURPOSE
    )
    cohort.work()
    for part in (cast.FIRST, cast.SECOND):
        with cohort.sessions() as session:
            _approve(
                session,
                people.by_email(session, part.email),
                session.get_one(Submission, submission.id),
            )
    with cohort.sessions() as session:
        _publish(
            session,
            people.by_email(session, cast.PUBLISHER.email),
            session.get_one(Submission, submission.id),
        )


def test_the_client_depends_on_nothing_of_the_service():
    folder = ROOT / "tre" / "client"
    for file in folder.glob("*.py"):
        imported = re.findall(r"^\s*(?:from|import) ([\w.]+)", file.read_text(), re.MULTILINE)
        assert all(
            name.startswith("tre.client") or name.split(".")[0] not in {"tre", "queries", "app"}
            for name in imported
        ), file.name


def test_no_artefact_of_an_unreleased_output_reaches_the_client(service):
    client = client_of(service)
    ask(client)
    service.work()
    with service.sessions() as session:
        assert session.query(Artefact).count() > 0
    assert client.releases() == []
