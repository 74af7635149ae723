"""What do several tables cost at one exactness, and what is the cheapest way to ask for them?

From catalogue, policy and budgets alone, as a preview. Tables that differ in nothing but their
dimensions may be cheaper as one table with totals, which has each of them, and more.
"""

from __future__ import annotations

import datetime
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import combinations
from typing import Any

from sqlalchemy.orm import Session

from queries import json_form
from queries.errors import QueryRefused
from queries.language import Query
from tre.errors import Incomplete
from tre.journey import previewed
from tre.journey.previewed import BudgetLine, Preview
from tre.people import Person


@dataclass(frozen=True, slots=True)
class Part:
    """A question that would be asked, and what it would cost."""

    query: Query
    words: str
    rho_nano: int

    @property
    def query_json(self) -> dict[str, Any]:
        return json_form.to_json(self.query)


@dataclass(frozen=True, slots=True)
class Planned:
    """``together`` answers all of them at once; None where no single question can.

    ``budgets`` are as the cheapest way would leave them.
    """

    apart: tuple[Part, ...]
    together: Part | None
    budgets: tuple[BudgetLine, ...]

    @property
    def rho_nano(self) -> int:
        """Of all of them one by one."""
        return sum(one.rho_nano for one in self.apart)

    @property
    def cheapest(self) -> tuple[Part, ...]:
        if self.together is not None and self.together.rho_nano < self.rho_nano:
            return (self.together,)
        return self.apart


def plan(
    session: Session,
    *,
    person: Person,
    project_id: str,
    queries: Sequence[Query],
    within: Decimal,
    now: datetime.datetime,
    track: str | None = None,
) -> Planned:
    """Raises NotFound, NotPermitted, QueryRefused, Incomplete. Reads; changes nothing."""

    def looked(query: Query) -> Preview:
        return previewed.preview(
            session,
            person=person,
            project_id=project_id,
            query=query,
            within=within,
            track=track,
            now=now,
        )

    previews = [(query, looked(query)) for query in queries]
    whole = _whole(queries)
    together = None
    if whole is not None:
        try:
            together = _part(whole, looked(whole))
        except (QueryRefused, Incomplete):  # such as too many cells: then they are asked apart
            together = None
    apart = tuple(_part(query, preview) for query, preview in previews)
    found = Planned(apart, together, ())
    cost = sum(one.rho_nano for one in found.cheapest)
    budgets = tuple(line.at(cost) for line in previews[0][1].budgets) if previews else ()
    return replace(found, budgets=budgets)


def _part(query: Query, preview: Preview) -> Part:
    return Part(query, preview.words, preview.rho_nano)


def _whole(queries: Sequence[Query]) -> Query | None:
    """One question that has them all, if they differ in their dimensions alone."""
    plain = {replace(query, dimensions=(), margins=False, grouping_sets=()) for query in queries}
    dimensions = tuple(dict.fromkeys(one for query in queries for one in query.dimensions))
    if len(plain) != 1 or len(queries) < 2 or not dimensions:  # noqa: PLR2004 - several
        return None
    sets = {
        tuple(sorted(dimensions.index(query.dimensions[at]) for at in own))
        for query in queries
        for own in _tables(query)
    }
    all_of_them = len(sets) == 2 ** len(dimensions)
    return replace(
        plain.pop(),
        dimensions=dimensions,
        margins=True,
        grouping_sets=() if all_of_them else tuple(sorted(sets)),
    )


def _tables(query: Query) -> Iterator[tuple[int, ...]]:
    """What a question asks for, each by the positions of its dimensions."""
    every = tuple(range(len(query.dimensions)))
    if not query.margins:
        yield every
    elif query.grouping_sets:
        yield from query.grouping_sets
    else:
        for size in range(len(every) + 1):
            yield from combinations(every, size)
