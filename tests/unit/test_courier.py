"""Who fetched a release is told of its recall, by mail and by webhook, once it can be reached."""

from __future__ import annotations

import datetime
import socket
from dataclasses import dataclass, replace

import pytest
from sqlalchemy.orm import sessionmaker
from standardwebhooks.webhooks import Webhook as Reader

import config
from tests import factories
from tests.factories import NOW, a_query, checked_by
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, decide, leave, publish, work
from tests.receivers import mail_server, receiver
from tre.courier import hooks
from tre.courier.hooks import NotDelivered
from tre.courier.mail import Post
from tre.courier.round import Courier
from tre.downloads import Download
from tre.errors import ConfigurationError, Incomplete, LimitReached, NotFound, Recalled
from tre.journey import fetched, made_public, notified, recalled
from tre.notices import LATER, Notice, NoticeState
from tre.outputs import Format
from tre.releases import Release
from tre.reviews import Decision
from tre.sign_in.stepped_up import SteppedUp

REASON = "The codes of one hospital were wrong."
SENDER = "tre@example.org"


@pytest.fixture
def world(session):
    return factories.furnish(session, policy=checked_by(1))


@pytest.fixture
def release(session, world) -> Release:
    submission = ask(session, world, query=a_query(40))
    work(session, SteadyEngine())
    leave(session, world, submission)
    news(session)
    return session.query(Release).one()


def news(session) -> list[str]:
    """What is to be mailed of decisions; then nothing is."""
    told = session.query(Notice).filter_by(state="waiting").all()
    for one in told:
        one.state = NoticeState.SENT.value
    session.commit()
    return [one.kind for one in told]


def fetch(session, world, release, who="ben", **given):
    return fetched.fetch(
        session,
        person=world.person(session, who),
        release_id=release.id,
        format=Format.CSV,
        now=NOW,
        **given,
    )


def take_back(session, world, release) -> None:
    recalled.recall(
        session,
        person=world.person(session, "eve"),
        release_id=release.id,
        reason=REASON,
        successor_id=None,
        now=NOW,
    )


def hook(session, world, url: str, who="ben"):
    return notified.register(
        session, person=world.person(session, who), url=url, local=True, now=NOW
    )


@dataclass
class Clock:
    """Notices are due from NOW on; signatures are checked against the real time."""

    now: datetime.datetime

    def __call__(self) -> datetime.datetime:
        return self.now


def courier(session, *, port: int | None = None, clock: Clock | None = None) -> Courier:
    post = None if port is None else Post("127.0.0.1", port, "none", SENDER)
    return Courier(
        sessions=sessionmaker(session.get_bind()),
        post=post,
        public_url="https://tre.example.org",
        local=True,
        clock=clock or Clock(datetime.datetime.now(datetime.UTC)),
    )


def deliver(one: Courier) -> int:
    delivered = 0
    while one.deliver_next():
        delivered += 1
    return delivered


def states(session) -> list[tuple[str, int]]:
    session.rollback()
    session.expire_all()
    recalls = session.query(Notice).filter_by(kind="recalled")
    return sorted((one.state, one.attempts) for one in recalls)


def test_what_is_fetched_goes_into_the_ledger_and_nothing_else_does(session, world, release):
    found = fetch(session, world, release)
    assert found.sha256 == release.output.artefact(Format.CSV).sha256
    with pytest.raises(NotFound):
        fetch(session, world, release, who="gus")
    with pytest.raises(NotFound):
        fetched.fetch(
            session,
            person=world.person(session, "ben"),
            release_id=release.id,
            format=Format.FINDINGS,
            now=NOW,
        )
    (line,) = session.query(Download)
    assert (line.person_id, line.file, line.token_id) == (world.people["ben"], "table.csv", None)


def test_who_reads_it_on_a_page_is_in_the_ledger_once_and_hears_of_its_recall(
    session, world, release
):
    ben = world.person(session, "ben")
    for _ in range(2):
        fetched.seen(session, person=ben, release_id=release.id, now=NOW)
    (line,) = session.query(Download)
    assert (line.person_id, line.file, line.token_id) == (ben.id, "page", None)
    take_back(session, world, release)
    with mail_server() as (box, port):
        deliver(courier(session, port=port))
    assert ben.email in {one["To"] for one in box.mails}
    ada = world.person(session, "ada")
    with pytest.raises(Recalled):
        fetched.seen(session, person=ada, release_id=release.id, now=NOW)


def test_readers_and_author_get_a_mail_without_a_word_of_the_question(session, world, release):
    for _ in range(2):
        fetch(session, world, release)
    session.rollback()
    take_back(session, world, release)
    with mail_server() as (box, port):
        assert deliver(courier(session, port=port)) == 2
        assert deliver(courier(session, port=port)) == 0
    assert {one["To"] for one in box.mails} == {"ada@example.org", "ben@example.org"}
    for mail in box.mails:
        text = mail.get_payload()
        assert REASON in text
        assert "https://tre.example.org/corrections" in text
        assert "person" not in text.lower()
        assert mail["Subject"] == f"Recalled: release {release.id}"
    assert states(session) == [(NoticeState.SENT, 1)] * 2


def test_a_webhook_gets_a_request_that_others_verify(session, world, release):
    with receiver() as held:
        made = hook(session, world, held.url)
        fetch(session, world, release)
        take_back(session, world, release)
        assert deliver(courier(session)) == 1, "mail waits where there is no server for it"
    ((headers, body),) = held.requests
    told = Reader(made.secret).verify(body, headers)
    assert told["type"] == "release.recalled"
    assert told["data"]["release"] == release.id
    assert told["data"]["reason"] == REASON
    with pytest.raises(Exception, match="signature"):
        Reader(made.secret).verify(body.replace(b"wrong", b"right"), headers)
    assert sorted(states(session)) == [("sent", 1), ("waiting", 0), ("waiting", 0)]


def test_who_did_not_fetch_it_is_not_told(session, world, release):
    with receiver() as held:
        hook(session, world, held.url, who="gus")
        take_back(session, world, release)
        assert deliver(courier(session)) == 0
    told = session.query(Notice).filter_by(kind="recalled")
    assert [one.person_id for one in told] == [world.people["ada"]]


@pytest.mark.parametrize("status", [301, 307, 400, 500])
def test_who_does_not_say_yes_is_asked_again_with_the_same_id_and_then_given_up(
    session, world, release, status
):
    clock = Clock(datetime.datetime.now(datetime.UTC))
    with receiver() as held:
        held.status = status
        hook(session, world, held.url)
        fetch(session, world, release)
        take_back(session, world, release)
        for pause in LATER:
            assert deliver(courier(session, clock=clock)) == 1
            clock.now += pause - datetime.timedelta(seconds=1)
            assert deliver(courier(session, clock=clock)) == 0
            clock.now += datetime.timedelta(seconds=1)
        assert deliver(courier(session, clock=clock)) == 1
        clock.now += datetime.timedelta(days=9)
        assert deliver(courier(session, clock=clock)) == 0
    assert len({headers["webhook-id"] for headers, _ in held.requests}) == 1
    assert len(held.requests) == len(LATER) + 1
    assert ("given_up", len(LATER) + 1) in states(session)


def test_a_courier_that_dies_on_the_way_leaves_the_notice_to_another(session, world, release):
    clock = Clock(datetime.datetime.now(datetime.UTC))
    with receiver() as held:
        hook(session, world, held.url)
        fetch(session, world, release)
        take_back(session, world, release)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(Courier, "_deliver", lambda *_: 1 / 0)
            with pytest.raises(ZeroDivisionError):
                courier(session, clock=clock).deliver_next()
        assert deliver(courier(session, clock=clock)) == 0
        clock.now += datetime.timedelta(minutes=2)
        assert deliver(courier(session, clock=clock)) == 1
    assert len(held.requests) == 1


@pytest.mark.parametrize(
    "address", ["127.0.0.1", "10.0.0.7", "169.254.169.254", "::1", "192.168.1.1", "224.0.0.1"]
)
def test_a_name_that_leads_inside_is_not_asked(session, world, release, monkeypatch, address):
    """Also where one of its addresses is outside: a name may lead to several."""
    made = hook(session, world, "https://hooks.example.org/x")
    fetch(session, world, release)
    take_back(session, world, release)
    notice = session.query(Notice).filter_by(webhook_id=made.id).one()
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    for found in ([address], ["93.184.216.34", address]):
        answers = [(family, socket.SOCK_STREAM, 6, "", (one, 443)) for one in found]
        monkeypatch.setattr(hooks.socket, "getaddrinfo", lambda *_, to=answers, **__: to)
        with pytest.raises(NotDelivered, match="leads inside"):
            hooks.send(notice, local=False, now=NOW)


@pytest.mark.parametrize(
    "url",
    [
        "http://hooks.example.org/",
        "ftp://hooks.example.org/",
        "https://",
        "https://me:secret@hooks.example.org/",
        "https://hooks.example.org:99999/",
        "https://hooks.example.org/\r\nx",
        "https://hooks.example.org/ x",
        "https://hooks.example.org/" + "x" * 500,
        "https://[::1",
        "",
    ],
)
def test_an_address_that_is_none_is_refused(session, world, url):
    ada = world.person(session, "ada")
    with pytest.raises(Incomplete):
        notified.register(session, person=ada, url=url, local=False, now=NOW)


def test_webhooks_are_few_and_end_for_their_owner_only(session, world):
    made = [hook(session, world, f"https://hooks.example.org/{one}") for one in range(5)]
    with pytest.raises(LimitReached):
        hook(session, world, "https://hooks.example.org/6")
    ben, gus = world.person(session, "ben"), world.person(session, "gus")
    with pytest.raises(NotFound):
        notified.end(session, person=gus, webhook_id=made[0].id, now=NOW)
    notified.end(session, person=ben, webhook_id=made[0].id, now=NOW)
    with pytest.raises(NotFound):
        notified.end(session, person=ben, webhook_id=made[0].id, now=NOW)
    assert len(notified.webhooks(session, person=ben)) == 4
    assert len({one.secret for one in made}) == 5


COURIER = {
    "TRE_DATABASE_URL": "sqlite://",
    "TRE_PUBLIC_URL": "https://tre.example.org",
    "TRE_SMTP_HOST": "mail.example.org",
    "TRE_SMTP_FROM": SENDER,
}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"TRE_SMTP_TLS": "none"}, "this machine only"),
        ({"TRE_SMTP_TLS": "maybe"}, "one of starttls"),
        ({"TRE_SMTP_FROM": "me"}, "address that mails come from"),
        ({"TRE_SMTP_USER": "me"}, "given together"),
        ({"TRE_PUBLIC_URL": ""}, "mails name it"),
    ],
)
def test_settings_that_do_not_fit_are_refused(given, words):
    assert config.courier(COURIER).smtp_port == 587
    with pytest.raises(ConfigurationError, match=words):
        config.courier({**COURIER, **given})


def test_a_server_that_offers_no_encryption_gets_no_mail(session, world, release):
    take_back(session, world, release)
    with mail_server() as (box, port):
        one = courier(session, port=port)
        assert one.post is not None
        assert replace(one, post=replace(one.post, tls="starttls")).deliver_next()
    assert not box.mails
    assert states(session) == [("waiting", 1)]


# Decisions


DECISIONS = {
    Decision.RETURN: ("A question to you", "ask you something"),
    Decision.REJECT: ("Not released", "did not approve"),
    Decision.APPROVE: ("Released", "has left"),
}


@pytest.mark.parametrize("decision", DECISIONS)
def test_an_author_gets_a_mail_of_what_was_decided_and_nothing_more(session, world, decision):
    submission = ask(session, world, query=a_query(40))
    work(session, SteadyEngine())
    decide(session, world, submission, decision=decision, reason="The bands are too fine.")
    if decision is Decision.APPROVE:
        assert session.query(Notice).all() == [], "approved is not released"
        publish(session, world, submission)
    session.rollback()
    with mail_server() as (box, port):
        assert deliver(courier(session, port=port)) == 1
    (mail,) = box.mails
    subject, sentence = DECISIONS[decision]
    assert mail["To"] == "ada@example.org"
    assert mail["Subject"] == f"{subject}: question {submission.id}"
    text = mail.get_payload()
    assert sentence in text
    assert f"https://tre.example.org/questions/{submission.id}" in text
    for word in ("bands", "person", "age", "Cleo", "clinic"):
        assert word not in text


def test_who_is_gone_gets_no_mail_and_webhooks_hear_of_recalls_only(session, world, release):
    with receiver() as held:
        hook(session, world, held.url, who="ada")
        other = ask(session, world, query=a_query(50))
        work(session, SteadyEngine())
        leave(session, world, other)
        assert news(session) == ["released"]
        third = ask(session, world, query=a_query(60))
        work(session, SteadyEngine())
        world.person(session, "ada").active = False
        session.commit()
        decide(session, world, third, decision=Decision.REJECT)
        assert news(session) == []
        assert deliver(courier(session)) == 0
    assert held.requests == []


def test_who_proposed_a_text_gets_a_mail_of_the_answer(session, world, release):
    pat = world.person(session, "pat")
    for answer in ("declined", "made_public"):
        asked = made_public.ask(
            session,
            person=world.person(session, "ben"),
            release_id=release.id,
            title="Persons",
            summary="Most are old.",
            now=NOW,
        )
        given = {"publisher": pat, "asked_id": asked.id, "now": NOW}
        hashed = made_public.text_hash(asked)
        if answer == "declined":
            made_public.decline(session, **given, hashed=hashed, reason="Which year?")
        else:
            made_public.allow(session, **given, hashed=hashed, stepped_up=SteppedUp(pat.id, NOW))
        session.rollback()
        with mail_server() as (box, port):
            assert deliver(courier(session, port=port)) == 1
        (mail,) = box.mails
        assert mail["To"] == "ben@example.org"
        assert "Which year" not in mail.get_payload()
