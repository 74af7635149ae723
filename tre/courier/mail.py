"""How is a person told? By a plain mail over SMTP."""

from __future__ import annotations

import smtplib
import ssl
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime, make_msgid

from tre.notices import Notice

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


def written(notice: Notice, *, sender: str, public_url: str) -> EmailMessage:
    """Nothing of the table is in it, and the question is not: mail passes many hands."""
    recall = notice.recall
    lines = [
        f"Release {recall.release_id} was recalled. Do not use its numbers.",
        "",
        f"Why: {recall.reason}",
    ]
    if recall.successor_id:
        lines.append(f"Release {recall.successor_id} takes its place.")
    lines += ["", f"All corrections: {public_url}/corrections"]
    lines += ["", "You get this because you fetched or asked for this release."]
    mail = EmailMessage()
    mail["Subject"] = f"Recalled: release {recall.release_id}"
    mail["From"] = sender
    mail["To"] = notice.person.email
    mail["Date"] = format_datetime(recall.at)
    mail["Message-ID"] = make_msgid(notice.id, domain=sender.rpartition("@")[2].rstrip(">"))
    mail["Auto-Submitted"] = "auto-generated"
    mail.set_content("\n".join(lines) + "\n")
    return mail


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
