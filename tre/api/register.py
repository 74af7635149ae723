"""What is this service used for, and what happened since I last asked? For anybody."""

from __future__ import annotations

import json

from flask import Response, request, url_for

from tre import request as this
from tre.api import contract as said
from tre.api import dcat, pages, spoken
from tre.api.blueprint import blueprint
from tre.api.tokens import needs, reader
from tre.journey import changed, shown, spent
from tre.scopes import Scope

JSON_LD = "application/ld+json"
CATALOGUE = {JSON_LD: {"schema": {"type": "object"}}}


@blueprint.get("/register")
@blueprint.output(said.RegisterAnswer)
@blueprint.doc(security=[{}])
def register() -> said.RegisterAnswer:
    """The approved projects, the datasets, and the newest signed state of the log."""
    session = this.session()
    found = spent.of_everybody(session)
    return said.RegisterAnswer(
        projects=[spoken.public_project(one) for one in shown.projects(session)],
        datasets=[spoken.public_dataset(one, found) for one in shown.datasets(session)],
        losses=spoken.losses(found.together),
        log=spoken.head(shown.head(session)),
    )


@blueprint.get("/catalog")
@blueprint.input(said.Paging, location="query", arg_name="paging")
@blueprint.doc(
    security=[{}], responses={200: {"description": "A DCAT catalogue", "content": CATALOGUE}}
)
def catalog(paging: said.Paging) -> Response:
    """The public releases as a DCAT 3 catalogue in JSON-LD, for portals that collect them.

    A page at a time: ``next`` leads to the one that follows.
    """
    rows = shown.releases(this.session(), limit=paging.limit + 1, after=pages.key_of(paging.cursor))
    found, cursor = pages.page(rows, limit=paging.limit, key=dcat.key)
    following = None if cursor is None else url_for(".catalog", cursor=cursor, limit=paging.limit)
    document = dcat.catalogue(
        found,
        datasets=shown.datasets(this.session()),
        base=request.url_root.rstrip("/"),
        following=following,
    )
    return Response(json.dumps(document, ensure_ascii=False), content_type=JSON_LD)


@blueprint.get("/changes")
@needs(Scope.READ_RELEASES, or_nothing=True)
@blueprint.input(said.ChangeSearch, location="query", arg_name="asked")
@blueprint.output(said.ChangePage)
def changes(asked: said.ChangeSearch) -> said.ChangePage:
    """What was released, made public or recalled since a cursor, oldest first.

    Keep the cursor and ask again later: nothing is left out and nothing comes twice.
    """
    found, place = changed.since(
        this.session(),
        person=reader(),
        after=pages.place_of(asked.cursor),
        limit=asked.limit,
    )
    return said.ChangePage(
        items=[spoken.change(one) for one in found], cursor=pages.cursor_at(place)
    )
