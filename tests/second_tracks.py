"""Exceptions that open a second track, for tests: asked for by eve, decided by somebody else."""

from __future__ import annotations

import datetime

from sqlalchemy.orm import Session

from tests.factories import NOW, World
from tre.database import writing
from tre.journey import excepted
from tre.people import Person, Role

LAST_DAY = NOW.date() + datetime.timedelta(days=30)
EXACT = """
version: 1
track: sdc
max_cells: 2000
checkers: 2
sdc: {threshold: 10, dominance_n: 2, dominance_k: 0.9, p_ratio: 0.1}
"""
NOISY = """
version: 1
track: dp
max_cells: 2000
checkers: 1
dp: {threshold: 10, rho_nano_default: 20000000, rho_nano_min: 1000000, rho_nano_max: 200000000,
     mechanisms: [discrete_gaussian], max_rows_per_unit: 3, max_groups_per_unit: 2}
"""


def second_owner(session: Session, world: World) -> Person:
    """gus, who belongs to no project of ada's, comes to own data too."""
    gus = world.person(session, "gus")
    with writing(session):
        gus.roles = [Role.OWNER.value]
    return gus


def asked_for(session: Session, world: World, *, rules: str = EXACT) -> str:
    made = excepted.ask(
        session,
        owner=world.person(session, "eve"),
        dataset_id=world.dataset,
        reason="A linkage study needs both",
        ends_on=LAST_DAY,
        policy_text=rules,
        now=NOW,
    )
    return made.id


def granted(session: Session, world: World, *, rules: str = EXACT) -> str:
    exception = excepted.opened(
        session,
        person=second_owner(session, world),
        exception_id=asked_for(session, world, rules=rules),
    )
    excepted.decide(
        session,
        person=world.person(session, "gus"),
        exception_id=exception.id,
        policy_hash=exception.policy_version.policy_hash,
        granted=True,
        reason="Needed, for a month",
        now=NOW,
    )
    return exception.id
