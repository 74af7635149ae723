"""True numbers of exact tables are sealed at once, opened for one page, and on record."""

from __future__ import annotations

import datetime
import json
import re
from dataclasses import dataclass, replace

import pytest
import yaml
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from sqlalchemy import select
from sqlalchemy.orm import sessionmaker

from disclosure_control import policy as policies
from disclosure_control.alterations import Alteration, Method
from disclosure_control.tables import Counting, Unprotected
from queries.language import Dimension
from tests import factories
from tests.catalogues import sdc_policy
from tests.factories import NOW, a_query
from tests.made_up_engines import SteadyEngine, SteadyRegistrar, made_up
from tests.on_the_way import SAFE, ask, decide, events, work
from tre import guards
from tre.database import writing
from tre.errors import EdgeNotAllowed, Incomplete, NotFound, NotPermitted
from tre.evidence import Evidence, EvidenceAsked
from tre.journey import cancelled, evidenced, supposed
from tre.lifecycle import State
from tre.outputs import Draw, Format
from tre.people import Person
from tre.worker.reading import Reading
from tre.worker.safe import NONCE, Safe

FEW = 7  # in the first cell, below every threshold here
MANY = 481


@dataclass
class UnevenEngine(SteadyEngine):
    """Few in the first cell, so many in the others."""

    def run(self, plan, **given):
        super().run(plan, **given)
        shape = plan.shape
        vectors = made_up(shape, units=MANY).reveal()
        counts = {one.name for one in shape.vectors if one.counts is not Counting.KEYS}
        for name in counts:
            cells = vectors[name]
            vectors[name] = (FEW if cells[0] else 0, *cells[1:])
        return Unprotected(shape, vectors)


@dataclass
class Page:
    """A browser's page: it alone has the private half of its key."""

    private: ec.EllipticCurvePrivateKey

    @property
    def key(self) -> str:
        point = self.private.public_key()
        return point.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint).hex()

    def read(self, sealed: bytes, about: str):
        theirs = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), sealed[:65])
        bound = b"tre.exact-values/1/" + about.encode()
        shared = self.private.exchange(ec.ECDH(), theirs)
        key = HKDF(SHA256(), length=32, salt=None, info=bound).derive(shared)
        nonce, rest = sealed[65 : 65 + NONCE], sealed[65 + NONCE :]
        return json.loads(AESGCM(key).decrypt(nonce, rest, bound))


def a_page() -> Page:
    return Page(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture
def world(session):
    return factories.furnish(session, policy=sdc_policy())


@pytest.fixture
def submission(session, world):
    found = ask(session, world)
    work(session, UnevenEngine())
    return found


def asked(session, world, submission, page, *, who="cleo", now=NOW) -> str:
    return evidenced.ask(
        session,
        checker=world.person(session, who),
        output_id=submission.output.id,
        reader_key=page.key,
        now=now,
    )


def answered(session, safe: Safe = SAFE) -> None:
    session.rollback()
    Reading(sessionmaker(session.get_bind()), safe).turn()
    session.expire_all()


def answer(session, world, submission, asked_id, *, who="cleo", now=None) -> bytes | None:
    if now is None:
        found = session.get_one(EvidenceAsked, asked_id).answered_at
        now = NOW if found is None else found
    return evidenced.answer_to(
        session,
        checker=world.person(session, who),
        output_id=submission.output.id,
        asked_id=asked_id,
        now=now,
    )


def test_a_checker_reads_true_numbers_in_the_page_that_asked_and_nowhere_else(
    session, world, submission
):
    page, other = a_page(), a_page()
    about = asked(session, world, submission, page)
    assert answer(session, world, submission, about) is None
    answered(session)
    sealed = answer(session, world, submission, about)
    view = page.read(sealed, about)
    assert view["columns"] == [[str(FEW), *[str(MANY)] * (submission.cells - 1)]]
    assert [one["measured"] for one in view["rules"] if one["measured"]] == [[str(FEW)]]
    for wrong, named in ((other, about), (page, "another look")):
        with pytest.raises(InvalidTag):
            wrong.read(sealed, named)
    assert events(session, submission).count("exact_values_seen") == 1
    with pytest.raises(NotFound):
        answer(session, world, submission, about, who="dan")


def test_no_true_number_of_a_hidden_cell_lies_open_in_the_database(session, world, submission):
    draw = session.scalars(select(Draw)).one()
    output = submission.output
    findings = json.loads(output.artefact(Format.FINDINGS).content)["table"]["record"]["findings"]
    stored = json.loads(draw.protected_json)["table"]["record"]["findings"]
    unsafe = [one for one in findings if one["cells"]]
    assert unsafe, "the rule fired"
    for one in (*findings, *stored):
        assert one["values"] == []
        assert one["closest"] != str(FEW), "of cells that are shown"
    kept = session.get_one(Evidence, draw.id).sealed
    assert str(FEW).encode() * 3 not in kept
    assert len(kept) == 4096 + NONCE + 16, "a size that tells nothing"


def test_an_owner_still_learns_what_another_policy_would_have_stopped(session, world, submission):
    """From records: of hidden cells nothing is told, of shown ones how near they came."""
    for who in ("cleo", "dan"):
        decide(session, world, submission, who)
    rules = yaml.safe_dump(json.loads(policies.to_json(sdc_policy())))

    def stopped(text: str) -> list[str]:
        found = supposed.suppose(
            session,
            owner=world.person(session, "eve"),
            dataset_id=world.dataset,
            policy_text=text,
        )
        return [reason.rule for one in found.stopped for reason in one.reasons]

    assert stopped(rules) == [], "the rules that it passed"
    changed = re.sub(r"threshold: .*", f"threshold: {MANY + 1}", rules)
    assert stopped(changed) == ["minimum-threshold"]


def test_the_same_question_asked_again_shows_the_numbers_of_its_own_order(
    session, world, submission
):
    query = a_query()
    sex, age = query.dimensions
    turned = replace(query, dimensions=(Dimension(age.ref, bands=age.bands), sex))
    again = ask(session, world, who="gus", project=world.other_project, query=turned)
    work(session, SteadyEngine())
    assert again.state == State.PROTECTED, again.state
    page = a_page()
    about = asked(session, world, again, page)
    answered(session)
    (column,) = page.read(answer(session, world, again, about), about)["columns"]
    assert column.count(str(FEW)) == 1
    assert column[0] == str(FEW)
    assert session.scalars(select(Evidence)).all()[1:] == []


def test_of_altered_counts_the_true_ones_are_shown_too(session):
    policy = sdc_policy()
    rounded = replace(policy, sdc=replace(policy.sdc, counts=Alteration(Method.NEAREST, base=5)))
    world = factories.furnish(session, policy=rounded)
    submission = ask(session, world)
    work(session, UnevenEngine())
    page = a_page()
    about = asked(session, world, submission, page)
    answered(session)
    (column,) = page.read(answer(session, world, submission, about), about)["columns"]
    assert column[1] == str(MANY)
    assert str(MANY) not in submission.output.artefact(Format.CSV).content.decode()


def test_of_a_noisy_table_nothing_is_kept_and_nothing_can_be_asked(session):
    world = factories.furnish(session)
    submission = ask(session, world)
    work(session, SteadyEngine())
    assert session.scalars(select(Evidence)).all() == []
    with pytest.raises(EdgeNotAllowed):
        asked(session, world, submission, a_page())


@pytest.mark.parametrize(("who", "refusal"), [("ada", NotFound), ("ben", NotFound)])
def test_nobody_of_the_project_asks(session, world, submission, who, refusal):
    with pytest.raises(refusal):
        asked(session, world, submission, a_page(), who=who)
    assert events(session, submission).count("exact_values_seen") == 0


def test_a_checker_with_a_conflict_does_not_ask(session, world, submission):
    ask(session, world, who="gus", project=world.other_project)
    gus = world.person(session, "gus")
    gus.roles = [*gus.roles, "checker"]
    session.commit()
    with pytest.raises(NotPermitted):
        asked(session, world, submission, a_page(), who="gus")


@pytest.mark.parametrize("key", ["", "zz", "04" * 65, "02" + "11" * 32])
def test_what_is_no_key_is_refused_and_not_on_record(session, world, submission, key):
    with pytest.raises(Incomplete):
        evidenced.ask(
            session,
            checker=world.person(session, "cleo"),
            output_id=submission.output.id,
            reader_key=key,
            now=NOW,
        )
    assert events(session, submission).count("exact_values_seen") == 0


def rejected(session, world, submission) -> None:
    for who in ("cleo", "dan"):
        decide(session, world, submission, who, "reject")


def closed(session, world, _submission) -> None:
    with writing(session):
        session.get_one(Person, world.people["cleo"]).active = False


def cancel(session, world, submission) -> None:
    ada = world.person(session, "ada")
    cancelled.cancel(session, person=ada, submission_id=submission.id, now=NOW)


@pytest.mark.parametrize("meanwhile", [closed, cancel])
def test_what_changed_meanwhile_is_looked_at_again_before_anything_is_opened(
    session, world, submission, meanwhile
):
    about = asked(session, world, submission, a_page())
    meanwhile(session, world, submission)
    answered(session)
    row = session.get_one(EvidenceAsked, about)
    assert row.answered_at is not None
    assert row.answer is None


def test_an_answer_is_gone_after_a_while(session, world, submission):
    page = a_page()
    about = asked(session, world, submission, page)
    answered(session)
    row = session.get_one(EvidenceAsked, about)
    too_late = row.answered_at + evidenced.LASTS
    later_still = too_late + datetime.timedelta(seconds=1)
    with pytest.raises(NotFound):
        answer(session, world, submission, about, now=too_late)
    assert evidenced.answer_next(session, made=lambda _: None, now=too_late) is False
    assert session.get_one(EvidenceAsked, about).answer is not None, "not before its time"
    evidenced.answer_next(session, made=lambda _: None, now=later_still)
    session.expire_all()
    assert session.get_one(EvidenceAsked, about).answer is None


@pytest.mark.parametrize("what", ["another key", "another draw", "changed"])
def test_evidence_opens_only_with_its_key_in_its_row_as_it_was(
    session, world, submission, what, caplog
):
    safe = Safe(bytes(32)) if what == "another key" else SAFE
    kept = session.scalars(select(Evidence)).one()
    guards.lift(session.connection())
    if what == "another draw":
        kept.sealed = SAFE.seal("f" * 64)(SAFE.unseal(submission.fingerprint)(kept.sealed))
    if what == "changed":
        kept.sealed = kept.sealed[:-1] + bytes([kept.sealed[-1] ^ 1])
    session.flush()
    guards.lay(session.connection())
    session.commit()
    about = asked(session, world, submission, a_page())
    answered(session, safe)
    assert session.get_one(EvidenceAsked, about).answer is None
    assert "true numbers could not be opened: NotOpened" in caplog.text
    assert str(FEW) not in caplog.text.replace("could not be opened", "")


def test_a_table_from_before_evidence_was_kept_says_nothing_of_it(session, world):
    submission = ask(session, world)
    work(session, SteadyEngine(), registrar=SteadyRegistrar())
    guards.lift(session.connection())
    session.delete(session.scalars(select(Evidence)).one())
    session.flush()
    guards.lay(session.connection())
    session.commit()
    checker = world.person(session, "cleo")
    assert not evidenced.may_ask(session, checker=checker, output_id=submission.output.id)
