"""Which outputs does a project need, and what is said about each on its way?"""

from __future__ import annotations

from tre import request as this
from tre.api import contract as said
from tre.api import spoken
from tre.api.blueprint import blueprint
from tre.api.catalogue import project_called
from tre.api.tokens import caller, needs
from tre.comments import Audience
from tre.journey import answered, discussed, looked, requested
from tre.scopes import Scope


@blueprint.get("/projects/<project>/requests")
@needs(Scope.READ_SUBMISSIONS)
@blueprint.output(said.RequestList)
def requests(project: str) -> said.RequestList:
    """The release requests of a project, newest first."""
    session, person = this.session(), caller()
    project_id = project_called(session, person=person, name=project).id
    found = requested.listed(session, person=person, project_id=project_id)
    return said.RequestList(items=[spoken.release_request(one) for one in found])


@blueprint.post("/projects/<project>/requests")
@needs(Scope.SUBMIT)
@blueprint.input(said.RequestAsked, arg_name="asked")
@blueprint.output(said.RequestAnswer, status_code=201)
def begin_request(project: str, asked: said.RequestAsked) -> said.RequestAnswer:
    """Name the outputs that you need, before any is asked.

    Each is then asked by a submission that names it as its output.
    """
    session, person = this.session(), caller()
    made = requested.begin(
        session,
        person=person,
        project_id=project_called(session, person=person, name=project).id,
        title=asked.title,
        context=asked.context,
        outputs=tuple(asked.outputs),
        now=this.now(),
    )
    view = requested.opened(session, person=person, request_id=made.id)
    return spoken.release_request(view)


@blueprint.get("/requests/<release_request>")
@needs(Scope.READ_SUBMISSIONS)
@blueprint.output(said.RequestAnswer)
def release_request(release_request: str) -> said.RequestAnswer:
    """What became of each output of a request."""
    view = requested.opened(this.session(), person=caller(), request_id=release_request)
    return spoken.release_request(view)


@blueprint.get("/submissions/<submission>/comments")
@needs(Scope.READ_SUBMISSIONS)
@blueprint.output(said.CommentList)
def comments(submission: str) -> said.CommentList:
    """What was said about your question's output, to everybody; oldest first."""
    session, person = this.session(), caller()
    looked.own_submission(session, person=person, submission_id=submission)
    found = discussed.read(session, person=person, submission_id=submission)
    return said.CommentList(items=[spoken.comment(one) for one in found])


@blueprint.post("/submissions/<submission>/comments")
@needs(Scope.SUBMIT)
@blueprint.input(said.Said, arg_name="comment")
@blueprint.output(said.CommentAnswer, status_code=201)
def comment(submission: str, comment: said.Said) -> said.CommentAnswer:
    """Say something to whoever checks or publishes. It is kept for good."""
    session, person = this.session(), caller()
    looked.own_submission(session, person=person, submission_id=submission)
    made = discussed.say(
        session,
        person=person,
        submission_id=submission,
        audience=Audience.EVERYBODY,
        words=comment.words,
        now=this.now(),
    )
    return spoken.comment(made)


@blueprint.post("/submissions/<submission>/answer")
@needs(Scope.SUBMIT)
@blueprint.input(said.Said, arg_name="answer")
@blueprint.output(said.SubmissionAnswer)
def answer(submission: str, answer: said.Said) -> said.SubmissionAnswer:
    """Answer what checkers asked: the same table goes to them again."""
    session, person = this.session(), caller()
    row = answered.answer(
        session,
        person=person,
        submission_id=submission,
        answer=answer.words,
        now=this.now(),
    )
    return spoken.submission(session, row, person=person)
