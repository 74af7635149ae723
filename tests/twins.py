"""A synthetic twin of the made-up clinic, without a model, as if made from a release."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from sqlalchemy.orm import Session

from tests.catalogues import clinic, dp_policy
from tests.factories import NOW, World
from tre.datasets import Dataset
from tre.journey import twinned
from tre.journey.twinned import Made
from tre.releases import Release
from tre.synthetic import entry
from tre.synthetic.modelled import Drawn, Wanted


def a_twin(session: Session, world: World, release: Release) -> Dataset:
    """Open to every project of the clinic but that of the release."""
    owner = world.person(session, "eve")
    made = Made(
        catalogue=entry.catalogue_of(clinic()),
        policy=entry.policy_of(dp_policy()),
        version="t" * 32,
        report={},
        sources=(release,),
    )
    found = twinned.subject(session, owner=owner, name="clinic", now=NOW)
    return twinned.publish(session, owner=owner, found=found, made=made, now=NOW)


def evenly(wanted: Sequence[Wanted]) -> list[Drawn]:
    """In place of the model: every bin of what was measured is as likely."""
    found = []
    for one in wanted:
        dice = np.random.default_rng(one.seed)
        names = {name for told in one.measured for name in told.names}
        found.append({name: dice.integers(0, one.sizes[name], one.rows) for name in sorted(names)})
    return found
