"""What people do in the pages, for tests that begin later on the way."""

from __future__ import annotations

import datetime
import re

from werkzeug.test import TestResponse

from tests.web.service import PASSWORD, Service, Visitor
from tre import people
from tre.database import writing
from tre.scopes import EVERY

HASH = re.compile(r'name="artefact_hash"[^>]*value="([0-9a-f]{64})"')


def shown_hash(page: str) -> str:
    """The hash of the files that a checker looks at."""
    found = HASH.search(page)
    assert found, "no output to decide on"
    return found[1]


def decide(checker: Visitor, output_id: str, decision: str, reason: str = "") -> TestResponse:
    page = f"/checks/{output_id}"
    seen = shown_hash(checker.get(page).text)
    entries = {"decision": decision, "reason": reason, "artefact_hash": seen}
    return checker.post(page, entries)


def approve(service: Service, submission_id: str, *, by: str) -> None:
    done = decide(service.visitor(by), service.output_of(submission_id), "approve")
    assert done.status_code == 303, done.text


def release(service: Service, submission_id: str, *, by: str = "pat") -> None:
    publisher, page = service.visitor(by), f"/publishing/{service.output_of(submission_id)}"
    seen = shown_hash(publisher.get(page).text)
    entries = {"act": "release", "password": PASSWORD, "artefact_hash": seen}
    done = publisher.post(page, entries)
    assert done.status_code == 303, done.text


def leave(service: Service, submission_id: str, *checkers: str) -> None:
    """Approved by these checkers, and released."""
    for who in checkers or ("cleo",):
        approve(service, submission_id, by=who)
    release(service, submission_id)


def ask_page(service: Service) -> str:
    return f"/projects/{service.world.project}/datasets/clinic/ask"


def draft_of(service: Service, name: str, **entries: str) -> str:
    """The id of a new draft of the form."""
    page = ask_page(service)
    made = service.visitor(name).post(page, {"source": "persons", "act": "save", **entries})
    assert made.status_code == 303, made.text
    return made.location.partition("#")[0].rsplit("/", 1)[1]


def token_of(service: Service, name: str, scopes: tuple[str, ...] = EVERY) -> str:
    """A token of one of the made-up people."""
    with service.sessions() as session, writing(session):
        _, secret = people.issue_token(
            session,
            person=service.person(session, name),
            name="test",
            scopes=scopes,
            lasts=datetime.timedelta(days=1),
            now=service.clock(),
        )
    return secret
