"""Through which door does a table leave? This one: Unprotected + policy -> Protected + record.

What a checker of an exact table may need beside it leaves here too, as sealed bytes. Nothing else
makes a ``Protected`` from data. Every doubt is a refusal: a shape, a grant or a policy that does
not fit raises before a value is looked at.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import NoReturn

from disclosure_control import before
from disclosure_control.before import Seal
from disclosure_control.dp.noisy import noisy
from disclosure_control.errors import NotProtected, Refused
from disclosure_control.policy import Policy, SdcRules, Track, require_valid
from disclosure_control.record import without_measures
from disclosure_control.sdc.altered_table import altered_table
from disclosure_control.sdc.evidence import ADDED_UP, Exact
from disclosure_control.sdc.suppressed import suppressed
from disclosure_control.shapes import require_publishable
from disclosure_control.tables import Draft, Protected, Shape, Unprotected

SECONDS = 60.0  # for a table with totals, where the caller has no slot
HIDING = 0.6  # the share of it for hiding cells, where altered counts may come after


@dataclass(frozen=True, slots=True)
class NoiseGrant:
    """What the ledger reserved for this answer. Mechanism None: the planner's choice."""

    rho_nano: int
    mechanism: str | None = None


def protect(
    unprotected: Unprotected,
    *,
    policy: Policy,
    grant: NoiseGrant | None,
    seconds: float = SECONDS,
) -> Protected:
    """The table as people may see it once they decide so, with its disclosure record.

    A noisy policy needs a grant, an exact one must not have one. Each call on the noisy track is
    a new draw: the caller keeps one per charge. An exact table with totals has so many ``seconds``
    to find which further cells to hide, and to attack the result. Raises PolicyInvalid, Refused, or
    AccountingError if the noise would cost more than was granted; then nothing leaves.
    """
    require_valid(policy)
    shape = unprotected.shape
    require_publishable(shape, policy)
    if (policy.dp is None) is not (grant is None):
        _refuse_grant()
    draft = _draft(unprotected, policy=policy, grant=grant, seconds=seconds)
    return Protected(policy.track, draft.axes, draft.published, draft.columns, draft.record)


def set_aside(
    unprotected: Unprotected, table: Protected, *, seal: Seal | None
) -> tuple[Protected, bytes | None]:
    """The exact table without what was measured in its cells; that and its true numbers, sealed.

    ``table`` is what ``protect`` made of ``unprotected``. Without a seal nothing is kept, nor of a
    noisy table, of which nobody ever sees a true number.
    """
    if table.track != Track.SDC:
        return table, None
    bare = replace(table, record=without_measures(table.record))
    if seal is None:
        return bare, None
    return bare, before.sealed(unprotected.shape, unprotected.reveal(), table, seal=seal)


def prepare() -> None:
    """Loads the libraries of both tracks, so that the first answer comes as fast as the next."""
    from disclosure_control.dp import mechanisms
    from disclosure_control.sdc import complementary  # noqa: F401 — with its solver
    from disclosure_control.sdc.audit import table  # noqa: F401

    mechanisms.prepare()


def _require_empty(shape: Shape, values: Exact) -> None:
    """Raises Refused where a cell that everybody knows to hold nobody holds somebody."""
    empty = shape.empty
    if any(numbers[cell] for numbers in values.values() for cell in empty):
        raise Refused("a cell that is known to hold nobody holds somebody")


def _refuse_grant() -> NoReturn:
    raise Refused("the grant does not belong to the policy's track")


def _draft(
    unprotected: Unprotected, *, policy: Policy, grant: NoiseGrant | None, seconds: float
) -> Draft:
    shape, values = unprotected.shape, unprotected.reveal()
    if policy.dp is not None and grant is not None:
        return noisy(
            shape,
            values,
            texts=unprotected.reveal_texts(),
            policy=policy,
            dp=policy.dp,
            rho_nano=grant.rho_nano,
            mechanism=grant.mechanism,
        )
    if policy.sdc is not None:
        _require_empty(shape, values)
        return _exact(shape, values, policy=policy, sdc=policy.sdc, seconds=seconds)
    return _refuse_grant()


def _exact(shape: Shape, values: Exact, *, policy: Policy, sdc: SdcRules, seconds: float) -> Draft:
    """Values as they are where rules allow; or every count altered, where the policy says so."""
    end = time.monotonic() + seconds
    alteration = sdc.counts
    if alteration is None:
        counts_only = not any(column.kind in ADDED_UP for column in shape.published)
        alteration = sdc.fallback if counts_only else None
        share = 1.0 if alteration is None else HIDING
        try:
            return suppressed(shape, values, policy=policy, sdc=sdc, seconds=share * seconds)
        except NotProtected:
            if alteration is None:
                raise
    return altered_table(
        shape,
        values,
        policy=policy,
        sdc=sdc,
        alteration=alteration,
        seconds=end - time.monotonic(),
    )
