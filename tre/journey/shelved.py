"""Which released table tells an answer already? By its plan and its numbers alone.

Only tables of the same data under the same policy are looked at, of the project or public ones.
What one tells of the question is worked out from its released numbers, so that showing how much
that is tells its project nothing new.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy.orm import Session

from disclosure_control import implied, present
from disclosure_control.errors import DisclosureError
from disclosure_control.implied import Source
from disclosure_control.tables import Protected, Shape, Status
from queries import rolled_up, validate
from queries.errors import QueryError
from queries.language import Query
from queries.rolled_up import RollUp
from tre import worked_out
from tre.datasets import DatasetVersion, PolicyVersion
from tre.gates import Gate
from tre.journey.asked import Grounds
from tre.outputs import Draw
from tre.releases import Release

COST = 0  # in rho: what to ask for where a released table is to answer
MOST = 50  # of the newest tables of a dataset that are compared
MOST_IMPLYING = 5  # of those that tell the answer: the best of them is taken


LOST_ITS_SOURCE = Gate(
    id="source_stands",
    passed=False,
    title="The release that it was worked out from stands",
    reason="The release from which this table was worked out has been recalled.",
    authority="researcher",
    remedy="Its author takes it back and asks again.",
)


@dataclass(frozen=True, slots=True)
class Held:
    """A released table that tells an answer, and how."""

    release_id: str
    source: Source
    found: RollUp

    def table(self, shape: Shape) -> Protected:
        """``shape`` is the question's, in canonical spelling. Raises Refused."""
        return implied.implied(
            self.source, axes=shape, cells=self.found.cells, columns=self.found.columns
        )


def best(session: Session, found: Grounds, query: Query) -> Held | None:
    """The table that tells most cells; of several the most exact, and then the newest.

    None for what may not be asked: whoever prices it says why.
    """
    catalogue, policy = found.version.catalogue, found.policy_version.policy
    if policy.dp is None or validate.validate(query, catalogue, policy):
        return None
    sources = worked_out.sources(
        session, project_id=found.project.id, dataset_id=found.dataset.id, limit=MOST
    )
    told: list[tuple[int, Decimal, int, Held]] = []
    for release in sources:
        held = of_release(
            session,
            release,
            query=query,
            version=found.version,
            policy_version=found.policy_version,
        )
        if held is not None:
            table = held.table(held.found.asked)
            told.append((_hidden(table), _widest(table), len(told), held))
        if len(told) == MOST_IMPLYING:
            break
    return min(told, key=lambda one: one[:3])[-1] if told else None


def of_release(
    session: Session,
    release: Release,
    *,
    query: Query,
    version: DatasetVersion,
    policy_version: PolicyVersion,
) -> Held | None:
    """None where it does not tell the answer, or was asked of other data or under other rules.

    None too where what is stored of it cannot be read, or does not say what its noise was.
    """
    asked = release.output.submission
    same_rules = asked.policy_version.policy_hash == policy_version.policy_hash
    drawn = session.get_one(Draw, release.output.draw_id).protected_json
    if asked.version_id != version.id or not same_rules or drawn is None:
        return None
    try:
        found = rolled_up.roll_up(
            query, asked.query, catalogue=version.catalogue, policy=policy_version.policy
        )
        if found is None:
            return None
        held = Held(release.id, Source(release.id, present.from_json(drawn), found.held), found)
        held.table(found.asked)
    except (QueryError, DisclosureError):
        return None
    return held


def told(table: Protected) -> Iterator[tuple[str, int, Decimal | None]]:
    """Of each column: its title, how many cells are told, and the widest half-width of them."""
    for column, cells in zip(table.published, table.columns, strict=True):
        widths = [one.half_width for one in cells if one.half_width is not None]
        shown = sum(one.status is Status.SHOWN for one in cells)
        yield column.title, shown, max(widths, default=None)


def _hidden(table: Protected) -> int:
    return sum(one.status is Status.SUPPRESSED for cells in table.columns for one in cells)


def _widest(table: Protected) -> Decimal:
    return next((width for _, _, width in told(table) if width is not None), Decimal(0))
