"""How much exactness for how much budget? A few offers between the least and the most allowed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Decimal

from disclosure_control.policy import DpRules
from queries.language import Query
from queries.values import number_from
from tre import request as this
from tre.errors import Incomplete
from tre.journey import previewed, shelved
from tre.journey.previewed import Preview
from tre.journey.priced import WITHIN
from tre.web import words
from tre.web.desks import Desk
from tre.web.visitor import me

PRICE = re.compile(r"[0-9]{1,15}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Offer:
    rho_nano: int
    usual: bool
    preview: Preview

    @property
    def exactness(self) -> str:
        """What the price buys, said of the first column that has one number for it.

        Of a table that the project holds, how much it tells of the first column.
        """
        column = next((one for one in self.preview.columns if one.half_width is not None), None)
        if column is None or self.rho_nano == shelved.COST:
            return self.preview.columns[0].words if self.preview.columns else ""
        return f"{column.title}: ± {words.number(column.half_width)}"

    @property
    def affordable(self) -> bool:
        return all(line.after is None or line.enough for line in self.preview.budgets)


def offers(desk: Desk, query: Query, *, also: int | None = None) -> tuple[Offer, ...]:
    """Cheapest first, with ``also`` among them. One without a price where answers are exact.

    At no cost where a table that the project holds tells the answer.
    """
    rules = desk.view.policy_version.policy.dp
    if rules is None:
        return (Offer(0, usual=True, preview=_preview(desk, query, None)),)
    every = sorted({shelved.COST, *amounts(rules), *_allowed(also, rules)})
    found = [offer for rho in every if (offer := _offer(desk, query, rho, rules))]
    if not any(offer.rho_nano for offer in found):
        raise Incomplete("rho_nano", "No cost that the policy allows buys so much at once.")
    return tuple(found)


def _offer(desk: Desk, query: Query, rho: int, rules: DpRules) -> Offer | None:
    """None for a price at which there would be more noise than can be drawn, or no answer."""
    try:
        preview = _preview(desk, query, rho)
    except Incomplete:
        return None
    return Offer(rho, usual=rho == rules.rho_nano_default, preview=preview)


def _allowed(rho: int | None, rules: DpRules) -> set[int]:
    return {rho} if rho and rules.rho_nano_min <= rho <= rules.rho_nano_max else set()


def within(desk: Desk, query: Query, text: str) -> int:
    """The least price at which the first number is so exact. Raises Incomplete."""
    number = number_from(text)
    if number is None or number <= 0:
        raise Incomplete(WITHIN, "Enter a number above 0, such as 20")
    return _preview(desk, query, None, within=number).rho_nano


def amounts(rules: DpRules) -> tuple[int, ...]:
    """The least, the usual and the most of the policy, and a round step between each two."""
    low, usual, high = rules.rho_nano_min, rules.rho_nano_default, rules.rho_nano_max
    between = (_middle(low, usual), _middle(usual, high))
    return tuple(sorted({low, usual, high, *(rho for rho in between if low < rho < high)}))


def _middle(low: int, high: int) -> int:
    """The geometric mean in one significant digit."""
    mean = (Decimal(low) * high).sqrt()
    step = Decimal(1).scaleb(mean.adjusted())
    return int((mean / step).quantize(Decimal(1), ROUND_HALF_EVEN) * step)


def chosen(found: tuple[Offer, ...], text: str | None) -> Offer:
    rho = read(text)
    usual = next((offer for offer in found if offer.usual), found[0])
    return next((offer for offer in found if offer.rho_nano == rho), usual)


def read(text: str | None) -> int | None:
    """A whole number of 1e-9 rho, or None for anything else."""
    return int(text) if text and PRICE.fullmatch(text) else None


def _preview(
    desk: Desk, query: Query, rho_nano: int | None, *, within: Decimal | None = None
) -> Preview:
    return previewed.preview(
        this.session(),
        person=me(),
        project_id=desk.project.id,
        query=query,
        rho_nano=rho_nano,
        within=within,
        track=desk.track,
        now=this.now(),
    )
