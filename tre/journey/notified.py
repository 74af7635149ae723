"""Where do programs want to be told, and who is told of a recall or of a decision?"""

from __future__ import annotations

import base64
import datetime
import secrets
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from tre import audit, downloads, notices
from tre.database import new_id, writing
from tre.errors import Incomplete, LimitReached, NotFound
from tre.notices import Kind, Webhook
from tre.people import Person
from tre.permissions import check_active
from tre.recalls import Recall
from tre.submissions import Submission

LONGEST_URL = 500
MOST = 5  # webhooks of one person
SECRET = 24  # bytes
NOT_A_URL = "Give an https address of at most 500 characters, without a name or password in it."


def tell(session: Session, recall: Recall, *, now: datetime.datetime) -> None:
    """Everybody who fetched the release, and who asked for it. In the recall's transaction."""
    readers = {one.id: one for one in downloads.readers(session, recall.release_id)}
    author = recall.release.output.submission.author
    for person in {**readers, author.id: author}.values():
        if person.active:
            notices.write(session, recall, person, now=now)


def tell_of_decision(
    session: Session, submission: Submission, kind: Kind, *, now: datetime.datetime
) -> None:
    """Who asked it, by mail. In the transaction of the decision."""
    if submission.author.active:
        notices.write_to(session, submission.author, kind, submission_id=submission.id, now=now)


def webhooks(session: Session, *, person: Person) -> list[Webhook]:
    check_active(person)
    return notices.webhooks_of(session, person.id)


def register(
    session: Session, *, person: Person, url: str, local: bool, now: datetime.datetime
) -> Webhook:
    """A new webhook with its secret. ``local``: http is allowed too, outside production.

    Raises Incomplete, LimitReached.
    """
    check_active(person)
    if not _is_fit(url, local=local):
        raise Incomplete("url", NOT_A_URL)
    with writing(session):
        if len(notices.webhooks_of(session, person.id)) >= MOST:
            raise LimitReached(person.id)
        webhook = Webhook(
            id=new_id(),
            person_id=person.id,
            url=url,
            secret="whsec_" + base64.b64encode(secrets.token_bytes(SECRET)).decode(),
            created_at=now,
            ended_at=None,
        )
        session.add(webhook)
        session.flush()
        audit.write(session, "webhook_made", now=now, actor_id=person.id, webhook=webhook.id)
    return webhook


def end(session: Session, *, person: Person, webhook_id: str, now: datetime.datetime) -> None:
    """Raises NotFound."""
    check_active(person)
    with writing(session):
        webhook = session.get(Webhook, webhook_id)
        if webhook is None or webhook.person_id != person.id or webhook.ended_at is not None:
            raise NotFound(webhook_id)
        webhook.ended_at = now
        audit.write(session, "webhook_ended", now=now, actor_id=person.id, webhook=webhook.id)


def _is_fit(url: str, *, local: bool) -> bool:
    try:
        parts = urlsplit(url)
        named = parts.hostname and not parts.username and not parts.password and parts.port != 0
    except ValueError:
        return False
    schemes = {"https", "http"} if local else {"https"}
    plain = url.isascii() and url.isprintable() and " " not in url
    return bool(named and plain and len(url) <= LONGEST_URL and parts.scheme in schemes)
