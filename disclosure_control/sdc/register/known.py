"""What left a dataset, and what must not be told of it? The state of a register, in one value."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from disclosure_control.sdc.register import twins
from disclosure_control.sdc.register.nulls import Nulls
from disclosure_control.sdc.register.pairs import Bools
from disclosure_control.sdc.register.span import Span


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """Everything that ever left a dataset, over everybody who was ever in it."""

    secrets: twins.Secrets
    span: Span
    nulls: Nulls
    sketches: twins.Sketches = field(default_factory=twins.Sketches.none)
    populations: tuple[Bools, ...] = ()  # of every filter ever used
    watched: tuple[Bools, ...] = ()  # groups that must not be told: every hidden cell ever

    @classmethod
    def nothing(cls, people: int, *, seed: int | None = None) -> Known:
        """``seed`` is for tests."""
        return cls(
            twins.Secrets.drawn(people, seed=seed), Span(people), Nulls.drawn(people, seed=seed)
        )

    def grown(self, by: int, *, seed: int | None = None) -> Known:
        """With so many people more, who come after the others: a new version of the data.

        Nobody leaves: whoever is no longer in the data is in no block of the tables to come.
        """
        more = Known.nothing(by, seed=seed)
        nobody = np.zeros(by, dtype=bool)
        return replace(
            self,
            secrets=self.secrets.with_more(more.secrets),
            span=self.span.grown(by),
            nulls=self.nulls.with_more(more.nulls),
            populations=tuple(np.concatenate([one, nobody]) for one in self.populations),
            watched=tuple(np.concatenate([one, nobody]) for one in self.watched),
        )
