"""How are constants written, and which integer of the store is each one?

Numbers are ``Decimal``, dates ``datetime.date``. In the store a number is value x 10**decimals
and a date the days since 1970-01-01; both must stay below 2**62 so that no sum can overflow.
"""

from __future__ import annotations

import datetime
import re
from decimal import Decimal
from fractions import Fraction

EPOCH = datetime.date(1970, 1, 1)
LARGEST_STORED = 2**62 - 1
PLAIN_NUMBER = re.compile(r"[+-]?[0-9]{1,40}(\.[0-9]{0,40})?", re.ASCII)
ISO_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)


def days_of(date: datetime.date) -> int:
    """Days since 1970-01-01."""
    return (date - EPOCH).days


def date_of_days(days: int) -> datetime.date:
    """Raises OverflowError outside the years 1 to 9999."""
    return EPOCH + datetime.timedelta(days=days)


def number_from(text: str) -> Decimal | None:
    """A plain decimal number, or None. Exponents, NaN and infinities are not plain."""
    return Decimal(text) if PLAIN_NUMBER.fullmatch(text) else None


def date_from(text: str) -> datetime.date | None:
    """An ISO date such as 2020-01-31, or None."""
    if not ISO_DATE.fullmatch(text):
        return None
    try:
        return datetime.date.fromisoformat(text)
    except ValueError:
        return None


def number_text(number: Decimal) -> str:
    """One spelling of a number: no exponent, no trailing zeros, no negative zero."""
    text = format(number, "f")
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in {"-0", ""} else text


def decimals_of(number: Decimal) -> int:
    """How many digits after the point the number needs."""
    return len(number_text(number).partition(".")[2])


def scaled(number: Decimal, *, decimals: int) -> int:
    """The stored integer. The number must have no more decimals than that."""
    return int(Fraction(number) * 10**decimals)  # exact, whatever the decimal context


def unscaled(stored: int, *, decimals: int) -> Decimal:
    """The number that a stored integer stands for."""
    sign, digits, _ = Decimal(stored).as_tuple()
    return Decimal((sign, digits, -decimals))
