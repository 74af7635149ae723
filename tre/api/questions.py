"""How does a question enter, how is it priced, and where is it now?"""

from __future__ import annotations

from decimal import Decimal

from sqlalchemy.orm import Session

from disclosure_control.policy import Policy
from queries.catalogue import Catalogue
from queries.language import Query
from tre import request as this
from tre.api import contract as said
from tre.api import pages, spoken
from tre.api.blueprint import blueprint
from tre.api.catalogue import project_called
from tre.api.tokens import caller, needs
from tre.journey import cancelled, looked, planned, previewed, submitted
from tre.people import Person
from tre.scopes import Scope
from tre.submissions import Submission


@blueprint.post("/projects/<project>/previews")
@needs(Scope.PREVIEW)
@blueprint.input(said.PricedQuestion, arg_name="question")
@blueprint.output(said.PreviewAnswer)
def preview(project: str, question: said.PricedQuestion) -> said.PreviewAnswer:
    """What a question would cost and give.

    From public facts only. Spends nothing and leaves nothing behind.
    """
    session, person = this.session(), caller()
    project_id = project_called(session, person=person, name=project).id
    found = previewed.preview(
        session,
        person=person,
        project_id=project_id,
        query=_query(session, question, person=person, project_id=project_id),
        rho_nano=question.rho_nano,
        within=None if question.half_width is None else Decimal(question.half_width),
        track=question.track,
        shelf=True,
        now=this.now(),
    )
    return spoken.preview(found)


@blueprint.post("/projects/<project>/plans")
@needs(Scope.PREVIEW)
@blueprint.input(said.Wanted, arg_name="wanted")
@blueprint.output(said.PlanAnswer)
def plan(project: str, wanted: said.Wanted) -> said.PlanAnswer:
    """What several tables would cost, and the cheapest way to ask for them.

    From public facts only. Spends nothing and leaves nothing behind.
    """
    session, person = this.session(), caller()
    project_id = project_called(session, person=person, name=project).id
    found = planned.plan(
        session,
        person=person,
        project_id=project_id,
        queries=[
            _query(
                session,
                said.Question(dataset=wanted.dataset, query=query, track=wanted.track),
                person=person,
                project_id=project_id,
            )
            for query in wanted.queries
        ],
        within=Decimal(wanted.half_width),
        track=wanted.track,
        now=this.now(),
    )
    return spoken.plan(found)


@blueprint.post("/projects/<project>/submissions")
@needs(Scope.SUBMIT)
@blueprint.input(said.Keys, location="headers", arg_name="keys")
@blueprint.input(said.AskedQuestion, arg_name="question")
@blueprint.output(said.SubmissionAnswer, status_code=201)
def submit(project: str, keys: said.Keys, question: said.AskedQuestion) -> said.SubmissionAnswer:
    """Send a question.

    With the same Idempotency-Key it is one submission, however often it is sent.
    """
    session, person = this.session(), caller()
    project_id = project_called(session, person=person, name=project).id
    row = submitted.submit(
        session,
        person=person,
        project_id=project_id,
        query=_query(session, question, person=person, project_id=project_id),
        purpose=question.purpose,
        rho_nano=question.rho_nano,
        source_text=question.query if isinstance(question.query, str) else None,
        idempotency_key=keys.idempotency_key,
        track=question.track,
        intended_id=question.output,
        now=this.now(),
    )
    return spoken.submission(session, row, person=person)


@blueprint.get("/projects/<project>/submissions")
@needs(Scope.READ_SUBMISSIONS)
@blueprint.input(said.Paging, location="query", arg_name="paging")
@blueprint.output(said.SubmissionPage)
def submissions(project: str, paging: said.Paging) -> said.SubmissionPage:
    """The questions of a project, newest first."""
    session, person = this.session(), caller()
    rows = looked.project_submissions(
        session,
        person=person,
        project_id=project_called(session, person=person, name=project).id,
        limit=paging.limit + 1,
        after=pages.key_of(paging.cursor),
    )
    shown, cursor = pages.page(rows, limit=paging.limit, key=_key)
    return said.SubmissionPage(
        items=[spoken.submission(session, row, person=person) for row in shown],
        next_cursor=cursor,
    )


@blueprint.get("/submissions/<submission>")
@needs(Scope.READ_SUBMISSIONS)
@blueprint.output(said.SubmissionAnswer)
def submission(submission: str) -> said.SubmissionAnswer:
    """Where a question is now."""
    session, person = this.session(), caller()
    row = looked.submission(session, person=person, submission_id=submission)
    return spoken.submission(session, row, person=person)


@blueprint.post("/submissions/<submission>/cancellation")
@needs(Scope.SUBMIT)
@blueprint.output(said.SubmissionAnswer)
def cancel(submission: str) -> said.SubmissionAnswer:
    """Take a question back.

    Until it is released or has ended otherwise. What was reserved for it stays spent.
    """
    session, person = this.session(), caller()
    row = cancelled.cancel(session, person=person, submission_id=submission, now=this.now())
    return spoken.submission(session, row, person=person)


def _query(session: Session, question: said.Question, *, person: Person, project_id: str) -> Query:
    """The typed query of a text or of the JSON form. Raises NotFound, QueryRefused."""
    view = looked.dataset_on(
        session,
        person=person,
        name=question.dataset,
        track=question.track,
        now=this.now(),
        project_id=project_id,
    )
    return _read(
        question.query, catalogue=view.version.catalogue, policy=view.policy_version.policy
    )


def _read(query: str | dict[str, object], *, catalogue: Catalogue, policy: Policy) -> Query:
    """Whole and answerable, so that every problem still has its place in what was sent."""
    from queries import json_form, sql  # noqa: PLC0415 - the parser loads with the first question

    way = sql if isinstance(query, str) else json_form
    return way.admit(query, catalogue, policy)


def _key(row: Submission) -> pages.Key:
    return row.created_at, row.id
