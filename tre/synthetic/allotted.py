"""How is a twin's budget shared among its tables? So that their errors together are least.

The share of all units or rows that noise puts into wrong cells is about ``cells x sensitivity /
(total x root of rho)``, and the sum of its squares is least where each table has a part in
proportion to the factor before the root. All of that is declared, none of it is counted.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from disclosure_control.policy import DpRules, Policy
from queries import plan
from queries.catalogue import Catalogue
from tre.errors import NoTwin
from tre.synthetic.workload import Counted


def allotted(
    counted: Sequence[Counted], catalogue: Catalogue, policy: Policy, *, rules: DpRules, total: int
) -> tuple[int, ...]:
    """In 1e-9 rho, each within what the policy allows, together at most ``total``.

    Raises NoTwin for a total that is too small or too large for that.
    """
    count = len(counted)
    least, most = count * rules.rho_nano_min, count * rules.rho_nano_max
    if not least <= total <= most:
        raise NoTwin(
            f"{count} tables cost from {least:,} to {most:,} billionths of rho together, "
            "by the policy of this dataset."
        )
    factors = [_factor(one, catalogue, policy) for one in counted]
    left, whole = total - least, sum(factors)
    parts = (rules.rho_nano_min + int(left * factor / whole) for factor in factors)
    return tuple(min(part, rules.rho_nano_max) for part in parts)


def declared_total(catalogue: Catalogue, one: Counted) -> int:
    """Units, or rows of a table that has several for a unit."""
    table = catalogue.table(one.of)
    if table is None or table.one_row_per_unit:
        return catalogue.declared_units
    return table.declared_rows


def _factor(one: Counted, catalogue: Catalogue, policy: Policy) -> float:
    shape = plan.plan(one.query, catalogue, policy).shape
    (vector,) = shape.vectors
    moved = math.sqrt(vector.sensitivity.l2_squared) if vector.sensitivity else 1.0
    return shape.cells * moved / vector.scale / declared_total(catalogue, one)
