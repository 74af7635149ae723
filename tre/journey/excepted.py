"""How does a dataset come to open both tracks? Its owner asks, somebody else decides, it ends."""

from __future__ import annotations

import datetime
from dataclasses import replace

from sqlalchemy.orm import Session

from disclosure_control import policy as policies
from disclosure_control.errors import PolicyInvalid
from tre import audit, datasets, second_tracks
from tre.database import new_id, writing
from tre.datasets import Dataset
from tre.errors import EdgeNotAllowed, Incomplete, NotFound
from tre.people import Person
from tre.permissions import check_decide_exception, check_own, check_owner
from tre.second_tracks import SecondTrack

LONGEST_REASON = 2000
LONGEST_POLICY = 20_000
LONGEST = datetime.timedelta(days=366)


def waiting(session: Session, *, person: Person) -> list[SecondTrack]:
    """Exceptions on which this person may decide. Raises NotFound for who owns no data."""
    check_owner(person=person)
    return [one for one in second_tracks.undecided(session) if one.raised_by_id != person.id]


def of_own(session: Session, *, owner: Person, dataset_id: str) -> list[SecondTrack]:
    """Every exception of one's own dataset, newest first. Raises NotFound."""
    _owned(session, owner, dataset_id)
    return second_tracks.of_dataset(session, dataset_id)


def opened(session: Session, *, person: Person, exception_id: str) -> SecondTrack:
    """An exception to look at and decide. Raises NotFound, NotPermitted."""
    found = session.get(SecondTrack, exception_id)
    if found is None:
        raise NotFound(exception_id)
    check_decide_exception(person=person, exception=found)
    return found


def ask(
    session: Session,
    *,
    owner: Person,
    dataset_id: str,
    reason: str,
    ends_on: datetime.date | None,
    policy_text: str,
    now: datetime.datetime,
) -> SecondTrack:
    """Raises NotFound, Incomplete with what to correct, EdgeNotAllowed where one waits or runs."""
    _check_reason(reason)
    last = _last_day(ends_on, today=now.date())
    with writing(session):
        dataset = _owned(session, owner, dataset_id, lock=True)
        _check_free(session, dataset, today=now.date())
        policy = _second_policy(session, dataset, policy_text)
        kept = datasets.keep_policy(session, dataset=dataset, policy=policy, now=now)
        made = SecondTrack(
            id=new_id(),
            dataset_id=dataset.id,
            policy_id=kept.id,
            reason=reason.strip(),
            ends_on=last,
            raised_by_id=owner.id,
            raised_at=now,
        )
        session.add(made)
        session.flush()
        audit.write(
            session,
            "exception_asked",
            now=now,
            actor_id=owner.id,
            dataset_id=dataset.id,
            exception=made.id,
            policy_hash=kept.policy_hash,
            ends_on=last.isoformat(),
        )
    return made


def decide(
    session: Session,
    *,
    person: Person,
    exception_id: str,
    policy_hash: str,
    granted: bool,
    reason: str,
    now: datetime.datetime,
) -> SecondTrack:
    """Once. Raises NotFound, NotPermitted, Incomplete, EdgeNotAllowed.

    ``policy_hash`` is of the rules that were looked at. To grant lays the dataset's own policy
    anew, so that from now on the records of both tracks say that both were open.
    """
    _check_reason(reason)
    with writing(session):
        found = opened(session, person=person, exception_id=exception_id)
        dataset = _locked(session, found.dataset_id)
        session.refresh(found)
        expired = granted and found.ends_on < now.date()
        if (
            found.decided_at is not None
            or expired
            or found.policy_version.policy_hash != policy_hash
        ):
            raise EdgeNotAllowed(found.id)
        found.decided_by_id, found.decided_at = person.id, now
        found.granted, found.answer = granted, reason.strip()
        session.flush()
        if granted:
            _open_both(session, dataset, now)
        audit.write(
            session,
            "exception_decided",
            now=now,
            actor_id=person.id,
            dataset_id=dataset.id,
            exception=found.id,
            policy_hash=policy_hash,
            granted=granted,
        )
    return found


def end(session: Session, *, owner: Person, dataset_id: str, now: datetime.datetime) -> SecondTrack:
    """Closes the second track before its last day. Raises NotFound, EdgeNotAllowed."""
    with writing(session):
        dataset = _owned(session, owner, dataset_id, lock=True)
        found = second_tracks.in_force(session, dataset, today=now.date())
        if found is None:
            raise EdgeNotAllowed("no second track is open")
        found.ended_at = now
        audit.write(
            session,
            "exception_ended",
            now=now,
            actor_id=owner.id,
            dataset_id=dataset.id,
            exception=found.id,
        )
    return found


def _owned(session: Session, owner: Person, dataset_id: str, *, lock: bool = False) -> Dataset:
    found = _locked(session, dataset_id) if lock else session.get(Dataset, dataset_id)
    if found is None:
        raise NotFound(dataset_id)
    check_own(person=owner, dataset=found)
    return found


def _locked(session: Session, dataset_id: str) -> Dataset:
    """Its row is held, so that no question begins between the look and the change."""
    found = session.get(
        Dataset, dataset_id, with_for_update={"key_share": True}, populate_existing=True
    )
    if found is None:
        raise NotFound(dataset_id)
    return found


def _check_free(session: Session, dataset: Dataset, *, today: datetime.date) -> None:
    earlier = second_tracks.of_dataset(session, dataset.id)
    if any(one.decided_at is None or one.in_force(today) for one in earlier):
        raise EdgeNotAllowed("one exception waits or is in force")


def _second_policy(session: Session, dataset: Dataset, text: str) -> policies.Policy:
    if not text.strip() or len(text) > LONGEST_POLICY:
        raise Incomplete("policy", "Give the rules of the second track.")
    try:
        second = policies.from_yaml(text)
    except PolicyInvalid as invalid:
        raise Incomplete("policy", f"Correct the rules: {'; '.join(invalid.faults)}.") from invalid
    own = datasets.current_policy(session, dataset)
    if own is None or second.track == own.policy.track:
        raise Incomplete("policy", "The rules must be of the track that is not open yet.")
    return replace(second, both_tracks=True)


def _open_both(session: Session, dataset: Dataset, now: datetime.datetime) -> None:
    dataset.both_tracks_since = dataset.both_tracks_since or now
    own = datasets.current_policy(session, dataset)
    if own is None:
        raise EdgeNotAllowed("the dataset has no policy")
    datasets.publish_policy(session, dataset=dataset, policy=own.policy, now=now)


def _check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > LONGEST_REASON:
        raise Incomplete("reason", f"Give a reason of at most {LONGEST_REASON} characters.")


def _last_day(ends_on: datetime.date | None, *, today: datetime.date) -> datetime.date:
    if ends_on is None or not today <= ends_on <= today + LONGEST:
        raise Incomplete("ends_on", "Give a last day from today to at most a year ahead.")
    return ends_on
