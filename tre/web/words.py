"""How are numbers, moments and states written for people?"""

from __future__ import annotations

import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from disclosure_control.record import Finding
from tre.lifecycle import MEANING, State

NANO = Decimal(10) ** 9

TAGS: dict[State, tuple[str, str]] = {
    State.SUBMITTED: ("Waiting", "blue"),
    State.VALIDATED: ("Running", "blue"),
    State.EXECUTED: ("Running", "blue"),
    State.PROTECTED: ("With checkers", "yellow"),
    State.REVIEWED: ("Approved", "teal"),
    State.RELEASED: ("Released", "green"),
    State.RETURNED: ("Question for you", "orange"),
    State.REFUSED: ("Not allowed", "red"),
    State.FAILED: ("Could not be answered", "red"),
    State.CANCELLED: ("Cancelled", "grey"),
    State.REJECTED: ("Rejected", "red"),
}
"""The word and the colour of a state. Running has one word: progress is coarse on purpose."""

"""What is said of an exact table that both checkers approved, instead of the usual words."""


RULES: dict[str, str] = {
    "minimum threshold": "Enough units in a cell",
    "nk dominance": "No few units dominate: (n, k) rule",
    "p ratio": "The largest unit cannot be estimated: p-ratio rule",
    "all values are same": "Contributions differ",
    "class disclosure": "No row or column has everybody in one category",
    "missing category": "Missing values",
    "negative values": "Negative contributions",
    "complementary suppression": "Totals do not give hidden cells back",
    "history": "What has left does not give hidden cells back",
    "nearest": "Counts rounded",
    "random": "Counts rounded at random",
    "midpoint": "Counts rounded to midpoints",
    "controlled": "Counts rounded so that they add up",
    "cell key": "Counts perturbed",
    "track": "The other track",
    "max cells": "Too many cells",
    "checkers": "Too few checkers",
    "rho nano max": "It cost more than the policy allows",
    "key delta femto": "It cost more δ than the policy allows",
    "noisy count threshold": "The noisy count is large enough",
    "bounded interval": "The interval has an end",
    "unknown key threshold": "Values that nobody declared have enough units",
}
"""What a rule asks for, by its name in the record."""

OUTCOMES: dict[str, tuple[str, str]] = {
    "fail": ("Not met", "red"),
    "warn": ("Look closely", "yellow"),
    "info": ("Applied", "grey"),
}
MET = ("Met everywhere", "green")
APPLIED = ("Applied everywhere", "grey")
DONE: dict[str, str] = {
    "suppressed": "These cells are hidden",
    "altered": "Counts are altered",
    "left out": "Other values are left out",
    "none": "\N{EN DASH}",
}


def rule(name: str) -> str:
    plain_name = name.replace("_", " ").replace("-", " ")
    return RULES.get(plain_name, sentence(plain_name).rstrip("."))


def outcome(finding: Finding) -> tuple[str, str]:
    """The word and the colour of what a rule found."""
    if not finding.cells:
        return APPLIED if finding.mitigation in {"altered", "left out"} else MET
    return OUTCOMES.get(finding.severity, OUTCOMES["info"])


def done(mitigation: str) -> str:
    return DONE.get(mitigation, sentence(mitigation))


def tag(state: str) -> tuple[str, str]:
    return TAGS[State(state)]


def meaning(state: State) -> str:
    return MEANING[state]


def rho(nano: int) -> str:
    """A privacy budget in ρ, in as few digits as it takes, without losing any."""
    text = f"{Decimal(nano) / NANO:.9f}".rstrip("0").rstrip(".")
    return text or "0"


def delta(femto: int) -> str:
    """In as few digits as it takes: 0.000000001."""
    text = f"{Decimal(femto).scaleb(-15):.15f}".rstrip("0").rstrip(".")
    return text or "0"


def share(part: int, whole: int) -> int:
    """Per cent, rounded down: what is left is never overstated."""
    return part * 100 // whole if whole > 0 else 0


def many(count: int, one: str, more: str = "") -> str:
    """A number of things, in words that fit it."""
    return f"{count} {one if count == 1 else more or one + 's'}"


def percent(part: float) -> str:
    """A share between 0 and 1."""
    return f"{100 * part:.1f} %"


def number(value: Decimal | float | str | None) -> str:
    """Thousands in groups; a real minus sign."""
    if value is None:
        return ""
    text = f"{Decimal(str(value)):,f}"
    return text.replace("-", "\N{MINUS SIGN}")


def plain(value: Decimal) -> str:
    """Without zeros at the end: 90, not 90.00."""
    return number(value.quantize(Decimal(1)) if value == value.to_integral() else value.normalize())


def about(value: Decimal | float | str) -> str:
    """Three significant digits, for estimates."""
    exact = Decimal(str(value))
    if exact == 0:
        return "0"
    digits = max(0, 2 - exact.adjusted())
    return number(exact.quantize(Decimal(1).scaleb(-digits), rounding=ROUND_HALF_EVEN))


def moment(at: datetime.datetime | None) -> str:
    if at is None:
        return ""
    return f"{at.day} {at:%B %Y} at {at:%H:%M} UTC"


def day(at: datetime.date | None) -> str:
    return f"{at.day} {at:%B %Y}" if at is not None else ""


def month(at: datetime.date) -> str:
    return f"{at:%B %Y}"


def seconds(milliseconds: int) -> str:
    exact = Decimal(milliseconds) / 1000
    text = f"{exact:f}".rstrip("0").rstrip(".") if exact % 1 else f"{int(exact)}"
    return f"{text} second{'' if exact == 1 else 's'}"


def sentence(text: str) -> str:
    """First letter in upper case, a full stop at the end."""
    text = text.strip()
    if not text:
        return text
    return text[0].upper() + text[1:] + ("" if text[-1] in ".?!" else ".")
