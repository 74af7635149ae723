"""How is a record said to a program? One function for each kind of record."""

from __future__ import annotations

import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from disclosure_control import policy as policies
from tre import budgets
from tre.api import contract as said
from tre.budgets import Account, Level
from tre.comments import Comment
from tre.datasets import Dataset
from tre.gates import Gate
from tre.journey import looked
from tre.journey.changed import Change
from tre.journey.looked import DatasetView
from tre.journey.planned import Part, Planned
from tre.journey.precision import ColumnPrecision
from tre.journey.previewed import BudgetLine, Preview
from tre.journey.requested import RequestView
from tre.journey.shown import Head
from tre.journey.spent import Losses, Spent
from tre.lifecycle import MEANING, TERMINAL, State
from tre.outputs import FOR_CHECKERS, NAMES, Artefact, Format
from tre.people import Person
from tre.projects import Project
from tre.publications import PublicationAsked
from tre.recalls import Recall
from tre.releases import Release
from tre.second_tracks import SecondTrack
from tre.submissions import Submission
from tre.twins import Pair

FILES: dict[str, str] = {
    **{form.value: f"/files/{name}" for form, name in NAMES.items()},
    Format.JSON.value: ".json",
    Format.CSV.value: ".csv",
    Format.CHART.value: "/chart",
    Format.RECORD.value: "/record",
}
"""Where each file of a release is, after the address of the release."""


def project(
    session: Session, row: Project, *, person: Person, now: datetime.datetime
) -> said.ProjectAnswer:
    return said.ProjectAnswer(
        id=row.id,
        slug=row.slug,
        title=row.title,
        purpose=row.purpose,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        datasets=[_dataset_of(session, one, row, person, now) for one in row.datasets],
    )


def _dataset_of(
    session: Session, row: Dataset, project: Project, person: Person, now: datetime.datetime
) -> said.DatasetOfProject:
    accounts = budgets.accounts_of(
        session, dataset_id=row.id, project_id=project.id, person_id=person.id
    )
    return said.DatasetOfProject(
        name=row.name,
        title=row.title,
        open=row.stopped_at is None,
        budgets=[_left(level, account, now) for level, account in accounts.items()],
    )


def _left(level: Level, account: Account | None, now: datetime.datetime) -> said.BudgetLeft:
    period = None if account is None else account.in_period(now)
    return said.BudgetLeft(
        level=level.value,
        total=None if account is None else account.rho_total,
        left=None if account is None else account.rho_left,
        period_left=None if period is None else period.left,
        period_ends=None if period is None else period.next,
    )


def second_track(found: SecondTrack | None) -> said.SecondTrackAnswer | None:
    if found is None:
        return None
    return said.SecondTrackAnswer(
        track=found.policy_version.policy.track.value,
        ends_on=found.ends_on,
        policy=policies.for_everybody(found.policy_version.policy_json),
        policy_hash=found.policy_version.policy_hash,
    )


def dataset(view: DatasetView, second: SecondTrack | None, pair: Pair) -> said.DatasetAnswer:
    """Without the version of the store: it is a function of the data."""
    policy = view.policy_version
    return said.DatasetAnswer(
        name=view.dataset.name,
        title=view.dataset.title,
        open=view.dataset.stopped_at is None,
        made_up=view.dataset.made_up,
        twin=pair.twin,
        twin_of=pair.of,
        track=policy.policy.track.value,
        catalogue=view.version.catalogue_json,
        policy=policies.for_everybody(policy.policy_json),
        policy_hash=policy.policy_hash,
        second_track=second_track(second),
    )


def gate(found: Gate) -> said.GateAnswer:
    return said.GateAnswer(
        id=found.id,
        passed=found.passed,
        title=found.title,
        reason=found.reason,
        authority=found.authority,
        remedy=found.remedy,
    )


def preview(found: Preview) -> said.PreviewAnswer:
    return said.PreviewAnswer(
        words=found.words,
        track=found.track,
        rho_nano=found.rho_nano,
        epsilon=_exact(found.epsilon),
        cells=found.cells,
        threshold=found.threshold,
        columns=[_column(column) for column in found.columns],
        one_by_one_rho_nano=found.one_by_one,
        keys_from=None if found.keys_from is None else f"{found.keys_from:f}",
        delta_femto=found.delta_femto,
        slot_seconds=found.slot_seconds,
        checkers=found.checkers,
        risk=found.route.risk.value,
        risk_reasons=list(found.route.sentences),
        audit_share=format(found.route.audit_share, "f"),
        open=not found.failing,
        gates=[gate(one) for one in found.gates],
        budgets=[_after(line) for line in found.budgets],
        existing_release=None if found.existing is None else found.existing.id,
        implied_by=None if found.implied_by is None else found.implied_by.id,
    )


def plan(found: Planned) -> said.PlanAnswer:
    together = found.cheapest == (found.together,)
    return said.PlanAnswer(
        apart=[_planned(one) for one in found.apart],
        apart_rho_nano=found.rho_nano,
        together=None if found.together is None else _planned(found.together),
        cheapest="together" if together else "apart",
        budgets=[_after(line) for line in found.budgets],
    )


def _planned(part: Part) -> said.PlannedPart:
    return said.PlannedPart(query=part.query_json, words=part.words, rho_nano=part.rho_nano)


def _column(column: ColumnPrecision) -> said.ColumnAnswer:
    return said.ColumnAnswer(
        title=column.title,
        kind=column.kind,
        mechanism=column.mechanism,
        half_width=_exact(column.half_width),
        at_sizes=[
            said.HalfWidthAtSize(rows=rows, half_width=_exact(half))
            for rows, half in column.at_sizes
        ],
        shown_from=column.shown_from,
        words=column.words,
    )


def _after(line: BudgetLine) -> said.BudgetAfter:
    return said.BudgetAfter(
        level=line.level.value,
        total=line.total,
        left=line.left,
        after=line.after,
        period_left=line.period_left,
        period_after=line.period_after,
        period_ends=line.period_ends,
        delta_left=line.delta_left,
        delta_after=line.delta_after,
    )


def submission(session: Session, row: Submission, *, person: Person) -> said.SubmissionAnswer:
    state = State(row.state)
    release = looked.release_of(session, person=person, submission_id=row.id)
    source = looked.source_of(session, person=person, submission_id=row.id)
    return said.SubmissionAnswer(
        id=row.id,
        project=row.project_id,
        dataset=row.dataset.name,
        words=row.words,
        purpose=row.purpose,
        state=state.value,
        meaning=MEANING[state],
        ended=state in TERMINAL,
        reasons=list(row.reasons) if state is State.REFUSED else [],
        track=row.track,
        rho_nano=row.rho_nano,
        cells=row.cells,
        slot_seconds=row.slot_ms / 1000,
        checkers=row.checkers_required,
        submitted_at=row.created_at,
        release=None if release is None else release.id,
        worked_out_from=None if source is None else source.id,
    )


def release_request(view: RequestView) -> said.RequestAnswer:
    request = view.request
    return said.RequestAnswer(
        id=request.id,
        project=request.project_id,
        title=request.title,
        context=request.context,
        created_at=request.created_at,
        released=view.released,
        outputs=[
            said.IntendedAnswer(
                id=line.intended.id,
                number=line.intended.number,
                title=line.intended.title,
                submissions=[one.id for one in line.versions],
                state=line.versions[-1].state if line.versions else None,
            )
            for line in view.lines
        ],
    )


def comment(row: Comment) -> said.CommentAnswer:
    """Without a name: who checks is not told to programs."""
    return said.CommentAnswer(id=row.id, side=row.side, words=row.words, at=row.at)


def correction(row: Recall) -> said.CorrectionAnswer:
    return said.CorrectionAnswer(
        release=row.release_id,
        dataset=row.release.dataset.name,
        released_at=row.release.released_at,
        reason=row.reason,
        recalled_at=row.at,
        successor=row.successor_id,
    )


def _recall(row: Recall | None) -> said.RecallAnswer | None:
    if row is None:
        return None
    return said.RecallAnswer(reason=row.reason, recalled_at=row.at, successor=row.successor_id)


def _public(row: PublicationAsked | None) -> said.PublicText | None:
    if row is None or row.decision is None:
        return None
    return said.PublicText(title=row.title, summary=row.summary, published_at=row.decision.at)


def change(row: Change) -> said.ChangeAnswer:
    return said.ChangeAnswer(
        kind=row.kind,
        at=row.at,
        release=row.release.id,
        series=row.release.series,
        dataset=row.release.dataset.name,
    )


def public_project(row: Project) -> said.PublicProject:
    return said.PublicProject(
        id=row.id,
        title=row.title,
        purpose=row.purpose,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        datasets=[one.name for one in row.real_datasets],
    )


def public_dataset(row: Dataset, found: Spent) -> said.PublicDataset:
    own = next((one for one in found.each if one.dataset.id == row.id), None)
    told = None
    if own is not None:
        told = said.DatasetLosses(
            unit=own.unit,
            since=own.since,
            period_days=None if own.period is None else own.period.days,
            period_rho=None if own.period is None else own.period.rho_nano,
            **losses(own.losses).model_dump(),
        )
    return said.PublicDataset(
        name=row.name, title=row.title, open=row.stopped_at is None, losses=told
    )


def losses(found: Losses) -> said.Losses:
    return said.Losses(
        rho_spent=found.spent.rho_nano,
        rho_most=found.most.rho_nano,
        delta_spent=found.delta_spent,
        delta_most=found.delta_most,
    )


def head(found: Head | None) -> said.LogHead | None:
    if found is None:
        return None
    return said.LogHead(origin=found.origin, size=found.size, root=found.root, signed_at=found.at)


def release(
    row: Release, recall: Recall | None, public: PublicationAsked | None, *, address: str
) -> said.ReleaseAnswer:
    """``address`` is where the release is; its files are below it."""
    asked = row.output.submission
    return said.ReleaseAnswer(
        id=row.id,
        project=row.project_id,
        dataset=row.dataset.name,
        words=asked.words,
        track=asked.track,
        series=row.series,
        released_at=row.released_at,
        public=_public(public),
        recalled=_recall(recall),
        files=[
            _file(one, address)
            for one in row.output.artefacts
            if Format(one.format) not in FOR_CHECKERS
        ],
    )


def _file(artefact: Artefact, address: str) -> said.FileAnswer:
    return said.FileAnswer(
        format=artefact.format,
        media_type=artefact.media_type,
        href=address + FILES[artefact.format],
        sha256=artefact.sha256,
    )


def _exact(value: Decimal | None) -> str | None:
    return None if value is None else format(value, "f")
