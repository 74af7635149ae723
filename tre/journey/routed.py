"""How many people look at an answer before it leaves? As many as its risk asks for.

Risk follows from the question, the catalogue and the policy: public facts, so that a preview tells
it and nobody learns anything of the data from it. Some answers that nobody would look at are drawn
for a checker all the same.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from sqlalchemy import select
from sqlalchemy.orm import Session

from disclosure_control.policy import Risk
from queries.language import COUNTING, FeatureRef, Statistic
from tre.journey.priced import Quote
from tre.submissions import Submission

MANY_CELLS, VERY_MANY_CELLS = 50, 500
MANY_DIMENSIONS, VERY_MANY_DIMENSIONS = 3, 5
MIDDLES_MAKE_HIGH = 3
PARTS = 10**6  # a share is drawn in millionths


@dataclass(frozen=True, slots=True)
class Factor:
    """Something about a question that makes its answer riskier, as a sentence for everybody."""

    id: str
    risk: Risk
    sentence: str
    holds: Callable[[Quote], bool]


FACTORS: tuple[Factor, ...] = (
    Factor(
        "very_many_cells",
        Risk.HIGH,
        f"The table has more than {VERY_MANY_CELLS} cells.",
        lambda quote: quote.shape.cells_asked > VERY_MANY_CELLS,
    ),
    Factor(
        "very_many_dimensions",
        Risk.HIGH,
        f"The table has {VERY_MANY_DIMENSIONS} or more dimensions.",
        lambda quote: len(quote.query.dimensions) >= VERY_MANY_DIMENSIONS,
    ),
    Factor(
        "very_dear",
        Risk.HIGH,
        "The question is asked at more than half of the largest cost, and above the usual one.",
        lambda quote: _costs_more_than_usual(quote) and 2 * quote.rho_nano > _largest(quote),
    ),
    Factor(
        "many_cells",
        Risk.MIDDLE,
        f"The table has more than {MANY_CELLS} cells.",
        lambda quote: MANY_CELLS < quote.shape.cells_asked <= VERY_MANY_CELLS,
    ),
    Factor(
        "many_dimensions",
        Risk.MIDDLE,
        f"The table has {MANY_DIMENSIONS} or more dimensions.",
        lambda quote: MANY_DIMENSIONS <= len(quote.query.dimensions) < VERY_MANY_DIMENSIONS,
    ),
    Factor(
        "dear",
        Risk.MIDDLE,
        "The question is asked at more than the usual cost.",
        lambda quote: _costs_more_than_usual(quote) and 2 * quote.rho_nano <= _largest(quote),
    ),
    Factor(
        "some_people",
        Risk.MIDDLE,
        "Only some people are counted, by a condition.",
        lambda quote: quote.query.where is not None,
    ),
    Factor(
        "linked",
        Risk.MIDDLE,
        "Data of linked tables are used.",
        lambda quote: bool(quote.query.joins) or _uses_features(quote),
    ),
    Factor(
        "amounts",
        Risk.MIDDLE,
        "Amounts are added up, not only people counted.",
        lambda quote: any(one.statistic in AMOUNTS for one in quote.query.measures),
    ),
)

AMOUNTS = frozenset(Statistic) - COUNTING


@dataclass(frozen=True, slots=True)
class Route:
    """``audit_share``: of such outputs that are drawn for a checker; 0 where one looks anyway."""

    risk: Risk
    factors: tuple[Factor, ...]
    checkers: int
    audit_share: Decimal

    @property
    def checkers_at_most(self) -> int:
        """Whether or not it is drawn, so that a gate does not tell the two apart."""
        return max(self.checkers, 1 if self.audit_share else 0)

    @property
    def sentences(self) -> tuple[str, ...]:
        return tuple(one.sentence for one in self.factors)


def route(quote: Quote) -> Route:
    factors = tuple(one for one in FACTORS if one.holds(quote))
    risk = _risk(factors)
    checkers = quote.policy.checkers_for(risk)
    routes = quote.policy.routes
    share = routes.audit_share if routes is not None and checkers == 0 else Decimal(0)
    return Route(risk, factors, checkers, share)


def sentences_of(factors: list[str]) -> tuple[str, ...]:
    """What was riskier about a question that is on record."""
    return tuple(one.sentence for one in FACTORS if one.id in factors)


def drawn_for_audit(session: Session, found: Route, *, project_id: str, fingerprint: str) -> bool:
    """A fresh draw that depends on nothing; once drawn, asking again does not undo it."""
    before = select(Submission.id).where(
        Submission.project_id == project_id,
        Submission.fingerprint == fingerprint,
        Submission.for_audit.is_(True),
    )
    if found.audit_share and session.scalar(before.limit(1)) is not None:
        return True
    return secrets.randbelow(PARTS) < found.audit_share * PARTS


def _risk(factors: tuple[Factor, ...]) -> Risk:
    """Several things that are a little risky are very risky together."""
    if any(one.risk is Risk.HIGH for one in factors) or len(factors) >= MIDDLES_MAKE_HIGH:
        return Risk.HIGH
    return Risk.MIDDLE if factors else Risk.LOW


def _largest(quote: Quote) -> int:
    return 0 if quote.policy.dp is None else quote.policy.dp.rho_nano_max


def _costs_more_than_usual(quote: Quote) -> bool:
    return quote.policy.dp is not None and quote.rho_nano > quote.policy.dp.rho_nano_default


def _uses_features(quote: Quote) -> bool:
    named = [one.ref for one in quote.query.dimensions]
    named += [ref for one in quote.query.measures for ref in one.refs]
    return bool(quote.query.features) or any(isinstance(one, FeatureRef) for one in named)
