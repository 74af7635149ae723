"""More budget, for tests: asked for by eve."""

from __future__ import annotations

from sqlalchemy.orm import Session

from tests.factories import NOW, World
from tre import budgets
from tre.budgets import Cost
from tre.journey import topped_up


def more_asked_for(session: Session, world: World) -> str:
    """By eve, for the pool."""
    pool = budgets.account(session, dataset_id=world.dataset)
    made = topped_up.ask(
        session,
        owner=world.person(session, "eve"),
        dataset_id=world.dataset,
        account_id=pool.id,
        more=Cost(1_000_000_000),
        reason="More questions",
        now=NOW,
    )
    return made.id
