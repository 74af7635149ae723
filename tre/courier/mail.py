"""How is a person told? By a plain mail over SMTP."""

from __future__ import annotations

import datetime
import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from tre.notices import Kind, Notice

PATIENCE = 20.0  # seconds


@dataclass(frozen=True, slots=True)
class Post:
    """``tls``: "starttls", "tls", or "none" for a server on this machine."""

    host: str
    port: int
    tls: str
    sender: str
    user: str = ""
    password: str = ""


NEWS: dict[Kind, tuple[str, str]] = {
    Kind.RELEASED: ("Released", "The table of your question has left and can be fetched."),
    Kind.RETURNED: ("A question to you", "The checkers of your question ask you something."),
    Kind.REJECTED: ("Not released", "The checkers of your question did not approve its table."),
    Kind.MADE_PUBLIC: ("Public", "Everybody can read the release of your question now."),
    Kind.DECLINED: ("Not made public", "A publisher declined the text that you proposed."),
}
"""Subject and sentence of each decision. They are fixed: the page says the rest."""


def written(
    notice: Notice, *, sender: str, public_url: str, now: datetime.datetime
) -> EmailMessage:
    """Nothing of the table is in it, and the question is not: mail passes many hands."""
    told = _of_decision if notice.recall is None else _of_recall
    subject, lines = told(notice, public_url)
    mail = EmailMessage()
    mail["Subject"] = subject
    mail["From"] = sender
    mail["To"] = notice.person.email
    mail["Date"] = format_datetime(now)
    mail["Message-ID"] = make_msgid(notice.id, domain=sender.rpartition("@")[2].rstrip(">"))
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n".join(lines) + "\n")
    return mail


def _of_recall(notice: Notice, public_url: str) -> tuple[str, list[str]]:
    recall = notice.recall
    assert recall is not None  # noqa: S101 - as its caller found
    lines = [
        f"Release {recall.release_id} was recalled. Do not use its numbers.",
        "",
        f"Why: {recall.reason}",
    ]
    if recall.successor_id:
        lines.append(f"Release {recall.successor_id} takes its place.")
    lines += ["", f"All corrections: {public_url}/corrections"]
    lines += ["", "You get this because you fetched or asked for this release."]
    return f"Recalled: release {recall.release_id}", lines


def _of_decision(notice: Notice, public_url: str) -> tuple[str, list[str]]:
    subject, sentence = NEWS[Kind(notice.kind)]
    lines = [sentence, "", f"Read more: {public_url}/questions/{notice.submission_id}"]
    lines += ["", "You get this because you asked this question, or proposed its text."]
    return f"{subject}: question {notice.submission_id}", lines


def send(mail: EmailMessage, post: Post) -> None:
    """Raises OSError (smtplib's errors are such)."""
    context = ssl.create_default_context()
    if post.tls == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            post.host, post.port, timeout=PATIENCE, context=context
        )
    else:
        server = smtplib.SMTP(post.host, post.port, timeout=PATIENCE)
    with server:
        if post.tls == "starttls":
            server.starttls(context=context)
        if post.user:
            server.login(post.user, post.password)
        server.send_message(mail)
