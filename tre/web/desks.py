"""What lies on the desk while a question is written? Project, dataset, draft; all is kept."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from flask import url_for

from disclosure_control.policy import Policy
from queries import sql as sql_language
from queries import validate
from queries.catalogue import Catalogue
from queries.errors import Problem, QueryRefused
from queries.language import Query
from tre import request as this
from tre.drafts import Draft
from tre.errors import NotFound, TrackClosed
from tre.journey import drafted, looked
from tre.journey.looked import DatasetView
from tre.permissions import check_ask
from tre.projects import Project
from tre.second_tracks import SecondTrack
from tre.web import answers, asking, choices
from tre.web.answers import Nest
from tre.web.asking import Fault
from tre.web.visitor import me

FORM, SQL = "form", "sql"
ADDRESSES = {
    FORM: ("drafting.new", "drafting.edit"),
    SQL: ("drafting_sql.new", "drafting_sql.edit"),
}


@dataclass(frozen=True, slots=True)
class Desk:
    project: Project
    view: DatasetView
    draft: Draft | None = None
    second: SecondTrack | None = None  # while the dataset opens its other track too

    @property
    def tracks(self) -> tuple[str, ...]:
        """Open today; the dataset's own first. With one of them there is nothing to choose."""
        if self.second is None:
            return ()
        other = self.second.policy_version.policy.track.value
        return ("sdc" if other == "dp" else "dp", other)

    @property
    def track(self) -> str | None:
        """What was chosen; None stands for the dataset's own."""
        return str(self.kept.get("track") or "") or None

    @property
    def track_closed(self) -> bool:
        """Was a track chosen that is not open (any more)?"""
        return self.track not in (None, self.view.policy_version.policy.track.value)

    @property
    def catalogue(self) -> Catalogue:
        return self.view.version.catalogue

    @property
    def policy(self) -> Policy:
        return self.view.policy_version.policy

    @property
    def kept(self) -> dict[str, Any]:
        return self.draft.form if self.draft is not None else {}

    @property
    def way(self) -> str:
        """How the question was written last."""
        return SQL if self.kept.get("way") == SQL else FORM

    @property
    def title(self) -> str:
        return self.draft.title if self.draft is not None else ""

    def address(self, way: str) -> str:
        fresh, again = ADDRESSES[way]
        if self.draft is not None:
            return url_for(again, draft_id=self.draft.id)
        return url_for(fresh, project_id=self.project.id, name=self.view.dataset.name)


def fresh(project_id: str, name: str) -> Desk:
    """Raises NotFound, NotPermitted."""
    session, person = this.session(), me()
    check_ask(session, person=person, project_id=project_id)
    project = looked.project(session, person=person, project_id=project_id)
    if name not in {dataset.name for dataset in project.datasets}:
        raise NotFound(name)
    return _desk(project, name, None)


def of_draft(draft_id: str) -> Desk:
    """Raises NotFound for somebody else's draft, and once its project may no longer ask."""
    draft = drafted.opened(this.session(), person=me(), draft_id=draft_id)
    project = looked.project(this.session(), person=me(), project_id=draft.project_id)
    names = [dataset.name for dataset in project.datasets if dataset.id == draft.dataset_id]
    if not names:
        raise NotFound(draft_id)
    return _desk(project, names[0], draft)


def _desk(project: Project, name: str, draft: Draft | None) -> Desk:
    """Under the rules of the chosen track; of the dataset's own where that is not open."""
    session, person, now = this.session(), me(), this.now()
    second = looked.second_track(session, person=person, name=name, now=now)
    view = looked.dataset(session, person=person, name=name, now=now, project_id=project.id)
    desk = Desk(project, view, draft, second)
    if desk.track in desk.tracks:
        view = looked.dataset_on(
            session,
            person=person,
            name=name,
            track=desk.track,
            now=now,
            project_id=project.id,
        )
    return replace(desk, view=view)


def at(*, draft_id: str = "", project_id: str = "", name: str = "") -> Desk:
    """The desk at an address, whichever kind of address it is."""
    return of_draft(draft_id) if draft_id else fresh(project_id, name)


def save(
    desk: Desk,
    *,
    title: str,
    nest: Nest | None = None,
    sql: str | None = None,
    track: str | None = None,
) -> Desk:
    """Keeps both ways of writing; the one written last is the question."""
    form = {**desk.kept, "way": FORM if sql is None else SQL}
    form |= {"track": track} if track in {"", *desk.tracks} else {}
    form |= {"nest": nest} if nest is not None else {}
    form |= {"sql": sql} if sql is not None else {}
    draft = drafted.save(
        this.session(),
        person=me(),
        project_id=desk.project.id,
        dataset_id=desk.view.dataset.id,
        title=title.strip()[:200] or desk.title or f"Question to {desk.view.dataset.title}"[:200],
        form=form,
        source_text=sql,
        draft_id=desk.draft.id if desk.draft is not None else None,
        now=this.now(),
    )
    return of_draft(draft.id)


def nest_of(desk: Desk) -> Nest:
    """What the form holds: what was kept, or a beginning."""
    kept = answers.complete(desk.kept.get("nest", {}))
    tables = choices.sources(desk.catalogue)
    return {
        **kept,
        "title": desk.title,
        "source": kept["source"] or (tables[0].name if tables else ""),
    }


def sql_of(desk: Desk) -> str:
    """What was written in SQL; else the form's question, so that one can go on from there."""
    kept = str(desk.kept.get("sql", ""))
    if desk.way == SQL or "nest" not in desk.kept:
        return kept
    query, _ = asking.question(nest_of(desk), catalogue=desk.catalogue)
    if query is None or problems(desk, query):
        return kept
    return sql_language.render(query, desk.catalogue)


def problems(desk: Desk, query: Query) -> tuple[Problem, ...]:
    """Why the dataset does not answer this question; from public metadata only."""
    return validate.validate(query, desk.catalogue, desk.view.policy_version.policy)


def form_question(desk: Desk, nest: Nest) -> tuple[Query | None, tuple[Fault, ...]]:
    if desk.track_closed:
        return None, (Fault("track", TrackClosed.public),)
    query, faults = asking.question(nest, catalogue=desk.catalogue)
    if query is None:
        return None, faults
    refused = tuple(
        Fault(asking.place_of(problem), problem.message) for problem in problems(desk, query)
    )
    return (None, refused) if refused else (query, ())


def sql_question(desk: Desk, text: str) -> tuple[Query | None, tuple[Problem, ...]]:
    """Every refusal has its place in the text."""
    if desk.track_closed:
        return None, (Problem("track_closed", TrackClosed.public),)
    policy = desk.view.policy_version.policy
    try:
        return sql_language.admit(text, desk.catalogue, policy), ()
    except QueryRefused as refused:
        return None, refused.problems


def question(desk: Desk) -> Query | None:
    """The draft's question, if it may be asked as it stands."""
    if desk.way == SQL:
        return sql_question(desk, str(desk.kept.get("sql", "")))[0]
    return form_question(desk, nest_of(desk))[0]
