"""Is there any way, in any order of acts by anybody, on which an unapproved table leaves?

Six people with whatever roles they are given do whatever they like. A model that shares nothing
with the service remembers what each act that succeeded was, and says what may have left.
"""

from __future__ import annotations

import atexit
import datetime
import shutil
import tempfile
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from sqlalchemy import func, select
from sqlalchemy.orm import Session, sessionmaker

from tests import factories
from tests.catalogues import dp_policy, sdc_policy
from tests.factories import NOW, World, a_query
from tests.made_up_engines import SteadyEngine, SteadyRegistrar
from tests.on_the_way import ask, work
from tre import database, permissions, publications, reviews
from tre.audit import AuditEntry
from tre.budgets import Account
from tre.comments import Audience
from tre.errors import ServiceError
from tre.journey import (
    answered,
    appointed,
    automatic,
    bundled,
    cancelled,
    discussed,
    fetched,
    looked,
    made_public,
    recalled,
    released,
    reviewed,
    stopped,
    submitted,
    waiting,
)
from tre.journey.waiting import Waits
from tre.lifecycle import TERMINAL, State
from tre.outputs import FOR_CHECKERS, Format, Output
from tre.people import Person, Role
from tre.projects import Membership, is_member
from tre.releases import Release
from tre.reviews import Decision
from tre.sign_in.stepped_up import SteppedUp
from tre.submissions import Submission
from tre.worker.carry import Carrier

HOUR = datetime.timedelta(hours=1)
RUNS = 170  # of each policy
SIX = ("ada", "ben", "cleo", "dan", "gus", "pat")
POLICIES = {
    "noisy, one checker": replace(dp_policy(), checkers=1),
    "noisy, two checkers": replace(dp_policy(), checkers=2),
    "exact": sdc_policy(),
}
REACHED = {"released", "sent back", "recalled", "read", "made public", "read by anybody"}
RELEASE, BACK, READ, RECALL, PUBLIC = "release", "back", "read", "recall", "public"
Step = tuple[str, Decision | str]
BOTH: tuple[Step, ...] = ("cleo", Decision.APPROVE), ("dan", Decision.APPROVE)
APART: tuple[Step, ...] = ("cleo", Decision.REJECT), ("dan", Decision.APPROVE)
FAR: tuple[tuple[Step, ...], ...] = (
    (),
    BOTH[:1],
    BOTH,
    APART,
    (("cleo", Decision.RETURN), ("dan", Decision.RETURN)),
    (*APART, ("cleo", Decision.APPROVE)),
    (*APART, ("cleo", Decision.APPROVE), ("pat", RELEASE)),
    (*BOTH, ("pat", BACK)),
    (*BOTH, ("pat", RELEASE), ("ada", READ)),
    (*BOTH, ("pat", RELEASE), ("eve", RECALL)),
    (*BOTH, ("pat", RELEASE), ("pat", PUBLIC)),
    (*BOTH, ("pat", RELEASE), ("pat", PUBLIC), ("eve", RECALL)),
    (*APART, ("dan", Decision.REJECT)),
)
"""How far the first question has come when they begin."""

MOST = 4  # questions in one run
SEEN: Counter[str] = Counter()

person = st.sampled_from(SIX)
nth = st.sampled_from([0, 0, 0, 0, 1, 1, 2, 3])
checker = st.sampled_from(["cleo", "cleo", "dan", "dan", *SIX])
publisher = st.sampled_from(["pat", "pat", "pat", *SIX])
ROLES = [Role.RESEARCHER, Role.CHECKER, Role.PUBLISHER, Role.HEAD_CHECKER, Role.OWNER]


@dataclass
class Told:
    """What the model knows of one question."""

    author: str
    project: str
    fingerprint: str
    required: int
    rounds: list[dict[str, Decision]] = field(default_factory=lambda: [{}])
    published: bool = False
    recalled: bool = False
    proposed_by: str | None = None  # a text that waits
    public: bool = False
    disagreed: bool = False

    @property
    def approved(self) -> bool:
        last = self.rounds[-1]
        return len(last) == self.required and set(last.values()) == {Decision.APPROVE}

    def reviewers(self) -> set[str]:
        return {who for one in self.rounds for who in one}


@cache
def template(name: str) -> tuple[Path, World, tuple[tuple[str, Told], ...]]:
    """Two projects have asked the same, and both tables wait for checkers."""
    folder = Path(tempfile.mkdtemp(prefix="tre-ways-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    engine = factories.sqlite_engine(folder)
    with Session(engine) as session:
        world = factories.furnish(session, policy=POLICIES[name])
        mine, theirs = world.project, world.other_project
        asked = [
            ask(session, world, who=one, project=project)
            for one, project in (("ada", mine), ("gus", theirs))
        ]
        work(session, SteadyEngine(), jobs=len(asked), now=NOW + HOUR)
        told = tuple(
            (one.id, _told(one, who)) for one, who in zip(asked, ("ada", "gus"), strict=True)
        )
    engine.dispose()
    return folder / "service.db", world, told


def _ids(found: list[Waits] | None) -> set[str]:
    return {one.id for one in found or ()}


def _told(asked: Submission, who: str) -> Told:
    return Told(who, asked.project_id, asked.fingerprint, asked.checkers_required)


class WaysOut(RuleBasedStateMachine):
    policy: ClassVar[str] = ""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="tre-way-"))
        kept, self.world, told = template(self.policy)
        shutil.copy(kept, self.folder / "service.db")
        self.engine = database.connect(f"sqlite:///{self.folder / 'service.db'}")
        self.session = Session(self.engine)
        self.told = {id_: replace(one, rounds=[{}]) for id_, one in told}
        self.ended: dict[str, str] = {}
        self.entries = 0
        self.spent = 0
        self.clock = NOW + HOUR

    def teardown(self) -> None:
        self.session.close()
        self.engine.dispose()
        shutil.rmtree(self.folder, ignore_errors=True)

    # What the acts have in common

    def now(self) -> datetime.datetime:
        self.clock += datetime.timedelta(seconds=1)
        return self.clock

    def who(self, name: str) -> Person:
        return self.world.person(self.session, name)

    def question(self, n: int) -> Submission | None:
        ids = list(self.told)
        return self.session.get_one(Submission, ids[n % len(ids)]) if ids else None

    def belongs(self, name: str, submission: Submission) -> bool:
        return is_member(
            self.session,
            person_id=self.world.people[name],
            project_id=submission.project_id,
        )

    def try_to(self, act: Callable[[], Any]) -> Any:
        """What it gives; None where the service refuses, and then nothing is half done."""
        try:
            return act()
        except ServiceError:
            self.session.rollback()
            return None
        finally:
            self.session.expire_all()

    # Acts

    @initialize(
        given=st.lists(st.sets(st.sampled_from(ROLES)), min_size=6, max_size=6),
        far=st.sampled_from(FAR),
    )
    def begin(self, given: list[set[Role]], far: tuple[Step, ...]) -> None:
        """Everybody has some roles more, and the first question has come so far."""
        with database.writing(self.session):
            for name, roles in zip(SIX, given, strict=True):
                kept = set(factories.PEOPLE[name]) | roles
                self.who(name).roles = sorted(role.value for role in kept)
        for name, decision in far:
            if decision == READ:
                self.read(name, 0, Format.CSV)
            elif decision == RECALL:
                self.recall(name, 0)
            elif decision == PUBLIC:
                self.propose("ada", 0)
                self.make_public(name, 0, None, decline=False)
                self.read(None, 0, Format.CSV)
            elif not isinstance(decision, Decision):
                self.publish(name, 0, None, back=decision == BACK)
            elif self.told[next(iter(self.told))].required > 1 or name == "cleo":
                self.review(name, 0, decision)

    @rule(
        name=person,
        bands=st.sampled_from([(40,), (50,)]),
        other=st.booleans(),
        clash=st.sampled_from([None, None, "pairs"]),
    )
    def ask(self, name: str, bands: tuple[int, ...], other: bool, clash: str | None) -> None:
        if len(self.told) >= MOST:
            return
        found = self.try_to(
            lambda: submitted.submit(
                self.session,
                person=self.who(name),
                project_id=self.world.other_project if other else self.world.project,
                query=a_query(*bands),
                purpose="To find a way out.",
                now=self.now(),
            )
        )
        if found is not None:
            self.told[found.id] = _told(found, name)
        self.work(clash)

    def work(self, clash: str | None) -> None:
        self.session.rollback()
        carrier = Carrier(
            sessionmaker(self.engine),
            SteadyEngine(),
            "worker",
            slot_scale=0,
            registrar=SteadyRegistrar(clash),
            clock=self.now,
        )
        carrier.next_job()
        self.session.expire_all()

    @rule(name=checker, n=nth, decision=st.sampled_from([*[Decision.APPROVE] * 3, *Decision]))
    def review(self, name: str, n: int, decision: Decision) -> None:
        asked = self.question(n)
        if asked is None or asked.output is None:
            return
        inside = self.belongs(name, asked)
        done = self.try_to(
            lambda: reviewed.review(
                self.session,
                checker=self.who(name),
                output_id=asked.output.id,
                artefact_hash=asked.output.manifest_hash,
                decision=decision,
                reason="Because.",
                now=self.now(),
            )
        )
        if done is None:
            return
        told = self.told[asked.id]
        assert name != told.author, "an author checked"
        assert not inside, "a member checked"
        before = dict(told.rounds[-1])
        told.rounds[-1][name] = decision
        told.disagreed |= len(set(told.rounds[-1].values())) > 1
        SEEN["decided again"] += name in before
        if name in before:
            assert len(before) == told.required, "decided again before all were in"
            assert len(set(before.values())) > 1, "decided again though they agreed"
        assert len(told.rounds[-1]) <= told.required, "somebody joined them"
        if self.session.get_one(Submission, asked.id).round > len(told.rounds):
            told.rounds.append({})  # one of those who disagree can decide no more

    @rule(name=person, n=nth)
    def answer(self, name: str, n: int) -> None:
        asked = self.question(n)
        if asked is None:
            return
        done = self.try_to(
            lambda: answered.answer(
                self.session,
                person=self.who(name),
                submission_id=asked.id,
                answer="So.",
                now=self.now(),
            )
        )
        if done is not None:
            assert name == self.told[asked.id].author
            self.told[asked.id].rounds.append({})

    def cancel(self, name: str, n: int) -> None:
        asked = self.question(n)
        if asked is None:
            return
        done = self.try_to(
            lambda: cancelled.cancel(
                self.session, person=self.who(name), submission_id=asked.id, now=self.now()
            )
        )
        assert done is None or name == self.told[asked.id].author, "cancelled by another"

    @rule(
        name=publisher,
        n=nth,
        proof=st.one_of(st.none(), st.none(), person),
        back=st.sampled_from([False, False, True]),
    )
    def publish(self, name: str, n: int, proof: str | None, back: bool) -> None:
        """With their own proof, or with somebody else's; or back to the checkers."""
        asked = self.question(n)
        if asked is None or asked.output is None:
            return
        told, inside = self.told[asked.id], self.belongs(name, asked)
        given: dict[str, Any] = {
            "publisher": self.who(name),
            "output_id": asked.output.id,
            "artefact_hash": asked.output.manifest_hash,
        }
        at = self.now()
        stepped_up = SteppedUp(self.world.people[proof or name], at)
        done = self.try_to(
            (lambda: released.send_back(self.session, **given, reason="Look again.", now=at))
            if back
            else (lambda: released.release(self.session, **given, stepped_up=stepped_up, now=at))
        )
        if done is None:
            return
        assert name != told.author
        assert not inside
        assert name not in told.reviewers(), "who checked let it out"
        assert told.approved, "it was not approved"
        if back:
            told.rounds.append({})
        else:
            assert proof in {None, name}, "with another's proof"
            told.published = True
        SEEN["sent back" if back else "released"] += 1
        SEEN["disagreed and released"] += not back and told.disagreed

    @rule(name=st.sampled_from(["eve", *SIX]), n=nth)
    def recall(self, name: str, n: int) -> None:
        asked = self.question(n)
        if asked is None or asked.output is None:
            return
        found = select(Release).where(Release.output_id == asked.output.id)
        release = self.session.scalar(found)
        if release is None:
            return
        done = self.try_to(
            lambda: recalled.recall(
                self.session,
                person=self.who(name),
                release_id=release.id,
                reason="Wrong.",
                successor_id=None,
                now=self.now(),
            )
        )
        if done is not None:
            SEEN["recalled"] += 1
            for one in self.told.values():
                one.recalled |= one.published and one.fingerprint == asked.fingerprint

    def _release(self, n: int) -> tuple[Submission, Release] | None:
        asked = self.question(n)
        if asked is None or asked.output is None:
            return None
        found = select(Release).where(Release.output_id == asked.output.id)
        release = self.session.scalar(found)
        return None if release is None else (asked, release)

    def propose(self, name: str, n: int) -> None:
        found = self._release(n)
        if found is None:
            return
        asked, release = found
        told, inside = self.told[asked.id], self.belongs(name, asked)
        done = self.try_to(
            lambda: made_public.ask(
                self.session,
                person=self.who(name),
                release_id=release.id,
                title="A table",
                summary="It shows something.",
                now=self.now(),
            )
        )
        if done is not None:
            assert inside, "a stranger proposed a text"
            assert told.published
            assert not told.recalled
            assert not told.public
            assert told.proposed_by is None, "two texts at once"
            told.proposed_by = name

    @rule(name=publisher, n=nth, proof=st.one_of(st.none(), person), decline=st.booleans())
    def make_public(self, name: str, n: int, proof: str | None, decline: bool) -> None:
        found = self._release(n)
        if found is None:
            return
        asked, release = found
        told, inside = self.told[asked.id], self.belongs(name, asked)
        for text in publications.of_release(self.session, release.id):
            at = self.now()
            given: dict[str, Any] = {
                "publisher": self.who(name),
                "asked_id": text.id,
                "hashed": made_public.text_hash(text),
                "now": at,
            }
            stepped_up = SteppedUp(self.world.people[proof or name], at)
            act = (
                (lambda given=given: made_public.decline(self.session, **given, reason="No."))
                if decline
                else (
                    lambda given=given, proof=stepped_up: made_public.allow(
                        self.session, **given, stepped_up=proof
                    )
                )
            )
            if self.try_to(act) is None:
                continue
            assert name not in {told.author, told.proposed_by}
            assert not inside
            assert name not in told.reviewers(), "who checked it made it public"
            assert told.proposed_by is not None, "nobody asked for it"
            assert decline or (told.published and not told.recalled)
            assert decline or proof in {None, name}, "with another's proof"
            told.proposed_by = None
            told.public |= not decline
            SEEN["made public"] += not decline

    def appoint(self, name: str, roles: set[Role], active: bool) -> None:
        """Checkers who can decide no more leave their disagreements to others."""
        before = {one.id: one.round for one in self.session.scalars(select(Submission))}
        self.try_to(
            lambda: appointed.change(
                self.session,
                administrator=self.who("fay"),
                person_id=self.world.people[name],
                roles=tuple(roles),
                active=active,
                now=self.now(),
            )
        )
        for one in self.session.scalars(select(Submission)):
            if one.round > before[one.id]:
                self.told[one.id].rounds.append({})

    def join(self, name: str, other: bool) -> None:
        project = self.world.other_project if other else self.world.project
        if is_member(self.session, person_id=self.world.people[name], project_id=project):
            return
        with database.writing(self.session):
            self.session.add(
                Membership(
                    person_id=self.world.people[name], project_id=project, position="researcher"
                )
            )

    def say(self, name: str, n: int, *, out: bool) -> None:
        """To everybody, or to checkers alone: which nobody of a project does or reads."""
        asked = self.question(n)
        if asked is None:
            return
        inside = self.belongs(name, asked)
        done = self.try_to(
            lambda: discussed.say(
                self.session,
                person=self.who(name),
                submission_id=asked.id,
                audience=Audience.EVERYBODY if out else Audience.CHECKERS,
                words="Psst." if not out else "Hello.",
                now=self.now(),
            )
        )
        assert done is None or out or not inside, "a project spoke behind its own back"
        for reader in ("ada", "gus"):
            mine = {"person": self.who(reader), "submission_id": asked.id}
            heard = self.try_to(lambda mine=mine: discussed.read(self.session, **mine))
            if self.belongs(reader, asked):
                assert not [
                    one
                    for one in heard or ()
                    if one.words == "Psst." and one.author_id != self.world.people[reader]
                ]

    def stop_or_open(self, stop: bool) -> None:
        act = stopped.stop if stop else stopped.resume
        given = {"dataset_id": self.world.dataset, "reason": "So.", "now": self.now()}
        self.try_to(lambda: act(self.session, owner=self.who("eve"), **given))

    def sweep(self) -> None:
        assert automatic.release_waiting(self.session, now=self.now()) == 0

    @rule(
        what=st.sampled_from(
            ["say", "say", "cancel", "appoint", "join", "stop", "sweep", "propose", "propose"]
        ),
        name=person,
        n=nth,
        roles=st.sets(st.sampled_from(ROLES)),
        yes=st.booleans(),
    )
    def what_happens_less(self, what: str, name: str, n: int, roles: set[Role], yes: bool) -> None:
        {
            "say": lambda: self.say(name, n, out=yes),
            "cancel": lambda: self.cancel(name, n),
            "appoint": lambda: self.appoint(name, roles, active=yes),
            "join": lambda: self.join(name, other=yes),
            "stop": lambda: self.stop_or_open(stop=yes),
            "sweep": self.sweep,
            "propose": lambda: self.propose(name, n),
        }[what]()

    # What everybody tries all the time

    @rule(name=st.one_of(st.none(), person), n=nth, format=st.sampled_from(Format))
    def read(self, name: str | None, n: int, format: Format) -> None:  # noqa: A002
        """``name`` of None: anybody, of whom nothing is known."""
        asked = self.question(n)
        if asked is None:
            return
        told = self.told[asked.id]
        numbers = [asked.id]
        if asked.output is not None:
            numbers += [asked.output.id, asked.output.draw_id]
            own = select(Release.id).where(Release.output_id == asked.output.id)
            numbers += self.session.scalars(own).all()
        reader = None if name is None else self.who(name)
        inside = name is not None and self.belongs(name, asked)
        may = told.published and not told.recalled and (told.public or inside)
        for number in numbers:
            mine: dict[str, Any] = {"person": reader, "release_id": number}
            got = [
                self.try_to(
                    lambda mine=mine: looked.released_artefact(self.session, **mine, format=format)
                ),
                self.try_to(lambda mine=mine: bundled.bundle(self.session, **mine)),
                self.try_to(
                    lambda mine=mine: fetched.fetch(
                        self.session, **mine, format=format, now=self.now()
                    )
                ),
            ]
            if any(one is not None for one in got):
                assert may, "bytes left"
                SEEN["read"] += 1
                SEEN["read by anybody"] += name is None
                assert (got[0] is None and got[2] is None) or format not in FOR_CHECKERS

    @rule(name=person)
    def lists_of_what_waits_are_those_of_the_permissions(self, name: str) -> None:
        """The conditions in SQL and those of one output at a time are the same."""
        who = self.who(name)
        outputs = [
            one.output for one in self.session.scalars(select(Submission)) if one.output is not None
        ]
        checks = self.try_to(lambda: waiting.for_checker(self.session, checker=who))
        assert _ids(checks) == {one.id for one in outputs if self._may_check(who, one)}
        publishes = self.try_to(lambda: waiting.for_publisher(self.session, publisher=who))
        assert _ids(publishes) == {one.id for one in outputs if self._may_publish(who, one)}

    def _may_publish(self, who: Person, output: Output) -> bool:
        return output.submission.state == State.REVIEWED.value and permissions.can_publish(
            self.session, person=who, output=output
        )

    def _may_check(self, who: Person, output: Output) -> bool:
        return (
            output.submission.state == State.PROTECTED.value
            and permissions.can_review(self.session, person=who, output=output)
            and reviews.standing(self.session, output).may_decide(who.id)
        )

    @rule(name=person, n=nth)
    def peek(self, name: str, n: int) -> None:
        """Nobody sees what another decided alone, by whichever role, before all have decided."""
        asked = self.question(n)
        if asked is None or asked.output is None:
            return
        who, output_id = self.who(name), asked.output.id
        seen = [
            *(
                self.try_to(
                    lambda: reviewed.seen_reviews(self.session, checker=who, output_id=output_id)
                )
                or ()
            ),
            *(
                self.try_to(
                    lambda: released.decisions(self.session, publisher=who, output_id=output_id)
                )
                or ()
            ),
        ]
        round_ = self.told[asked.id].rounds
        if len(round_[-1]) < self.told[asked.id].required:
            others = [
                one
                for one in seen
                if one.round == len(round_) and one.checker_id != self.world.people[name]
            ]
            assert not others, "not alone any more"

    # What always holds

    @invariant()
    def only_what_the_model_released_has_left(self) -> None:
        left = self.session.scalars(
            select(Submission.id).where(Submission.state == State.RELEASED.value)
        ).all()
        rows = self.session.scalar(select(func.count()).select_from(Release))
        assert sorted(left) == sorted(id_ for id_, one in self.told.items() if one.published)
        assert rows == len(left)

    @invariant()
    def what_has_ended_stays_ended(self) -> None:
        for id_, state in self.session.execute(select(Submission.id, Submission.state)):
            if State(state) in TERMINAL:
                assert self.ended.setdefault(id_, state) == state
            else:
                assert id_ not in self.ended, "a terminal state had an exit"

    @invariant()
    def the_log_and_the_spending_only_grow(self) -> None:
        entries = self.session.scalar(select(func.count(AuditEntry.id))) or 0
        spent = self.session.scalar(select(func.sum(Account.rho_spent))) or 0
        assert entries >= self.entries
        assert spent >= self.spent
        self.entries, self.spent = entries, spent


@pytest.mark.parametrize("name", POLICIES)
def test_no_order_of_acts_lets_an_unapproved_table_out(name):
    machine = type("Machine", (WaysOut,), {"policy": name})
    case = machine.TestCase
    case.settings = settings(
        max_examples=RUNS,
        stateful_step_count=40,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    SEEN.clear()
    for far in FAR:  # each beginning once for sure; chance goes on from there
        walked = machine()
        walked.begin(given=[set()] * len(SIX), far=far)
        walked.only_what_the_model_released_has_left()
        walked.teardown()
    case("runTest").debug()
    of_two = {"decided again", "disagreed and released"} if POLICIES[name].checkers > 1 else set()
    assert not [what for what in REACHED | of_two if not SEEN[what]], "not looked at"
