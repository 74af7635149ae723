"""One notice at a time: taken, delivered outside of any transaction, settled."""

from __future__ import annotations

import datetime
import logging
from collections.abc import Callable
from dataclasses import dataclass

from sqlalchemy.orm import Session, sessionmaker

from tre import notices
from tre.courier import hooks, mail
from tre.courier.hooks import NotDelivered
from tre.courier.mail import Post
from tre.database import writing
from tre.notices import Notice

log = logging.getLogger("tre.courier")


@dataclass(frozen=True, slots=True)
class Courier:
    """``local``: webhooks on this machine are allowed. Without a post, mail waits."""

    sessions: sessionmaker[Session]
    post: Post | None
    public_url: str
    local: bool
    clock: Callable[[], datetime.datetime]

    def deliver_next(self) -> bool:
        """Whether there was a notice to deliver."""
        with self.sessions() as session:
            with writing(session):
                notice = notices.take(session, mail=self.post is not None, now=self.clock())
            if notice is None:
                return False
            sent = self._deliver(notice)
            session.rollback()
            with writing(session):
                session.refresh(notice)
                notices.settle(session, notice, sent=sent, now=self.clock())
        return True

    def _deliver(self, notice: Notice) -> bool:
        try:
            if notice.webhook_id is not None:
                hooks.send(notice, local=self.local, now=self.clock())
            else:
                self._mail(notice)
        except NotDelivered as error:
            log.warning("a webhook was not reached: %s", error)
            return False
        except OSError as error:
            log.warning("a mail was not sent: %s", type(error).__name__)
            return False
        return True

    def _mail(self, notice: Notice) -> None:
        if self.post is None:  # such notices are not taken
            raise ConnectionError("no mail server is set")
        text = mail.written(
            notice, sender=self.post.sender, public_url=self.public_url, now=self.clock()
        )
        mail.send(text, self.post)
