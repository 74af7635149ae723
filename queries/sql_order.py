"""Which word may stand where? The neighbours of each token, before any parser sees them.

The parser forgives much that the language does not: a comma too many, a missing AND, x NOT NULL,
a string as a name. What follows what is therefore a table of its own.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from sqlglot.tokenizer_core import Token, TokenType

from queries.sql_words import FUNCTION_REASONS, FUNCTIONS, HALF_WORDS

_T = TokenType
_GLUED = re.compile(r"\w")
_PLAIN = re.compile(r"[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)

_NAMES = frozenset({_T.VAR, _T.IDENTIFIER})
_VALUES = frozenset({_T.NUMBER, _T.STRING, _T.NULL, _T.TRUE, _T.FALSE})
_CONSTANTS = _VALUES | {_T.DASH, _T.DATE}
_OPERANDS = _NAMES | _CONSTANTS | {_T.L_PAREN}
_COMPARISONS = frozenset({_T.EQ, _T.NEQ, _T.LT, _T.LTE, _T.GT, _T.GTE})
_BEFORE_NEGATIVE = _COMPARISONS | {_T.L_PAREN, _T.COMMA, _T.BETWEEN, _T.AND}

_END = None  # of the text
_AFTER_VALUE = (
    _COMPARISONS
    | {_T.AND, _T.OR, _T.NOT, _T.IN, _T.BETWEEN, _T.IS, _T.R_PAREN, _T.COMMA}
    | {_T.FROM, _T.GROUP_BY, _T.ALIAS, _END}
)
_AFTER_TERM = _AFTER_VALUE | _NAMES | {_T.JOIN, _T.LEFT, _T.INNER, _T.WHERE}

_FOLLOWS: dict[TokenType, frozenset[TokenType | None]] = {
    _T.WITH: _NAMES,
    _T.SELECT: _OPERANDS,
    _T.FROM: _NAMES,
    _T.ALIAS: _NAMES | {_T.L_PAREN},
    _T.JOIN: _NAMES,
    _T.LEFT: frozenset({_T.JOIN, _T.OUTER}),
    _T.OUTER: frozenset({_T.JOIN}),
    _T.INNER: frozenset({_T.JOIN}),
    _T.ON: _NAMES | {_T.L_PAREN},
    _T.USING: frozenset({_T.L_PAREN}),
    _T.WHERE: _OPERANDS | {_T.NOT},
    _T.GROUP_BY: _OPERANDS | {_T.CUBE, _T.GROUPING_SETS},
    _T.CUBE: frozenset({_T.L_PAREN}),
    _T.GROUPING_SETS: frozenset({_T.L_PAREN}),
    _T.AND: _OPERANDS | {_T.NOT},
    _T.OR: _OPERANDS | {_T.NOT},
    _T.NOT: _OPERANDS | {_T.NOT, _T.IN, _T.BETWEEN},
    _T.IN: frozenset({_T.L_PAREN}),
    _T.BETWEEN: _NAMES | _CONSTANTS,
    _T.IS: _VALUES | {_T.NOT},
    _T.DASH: frozenset({_T.NUMBER}),
    _T.DATE: frozenset({_T.STRING}),
    _T.DOT: _NAMES,
    _T.COMMA: _OPERANDS,
    _T.DISTINCT: _NAMES | {_T.L_PAREN},
    _T.STAR: frozenset({_T.R_PAREN}),
    _T.L_PAREN: _OPERANDS | {_T.SELECT, _T.STAR, _T.DISTINCT, _T.NOT},
    _T.R_PAREN: _AFTER_TERM | {_T.SELECT},
    **dict.fromkeys(_COMPARISONS, _OPERANDS),
    **dict.fromkeys(_VALUES, _AFTER_VALUE),
    **dict.fromkeys(_NAMES, _AFTER_TERM | {_T.L_PAREN, _T.DOT, _T.ON, _T.USING}),
}
"""Token -> what may come next. Where nothing else was refused, a breach of it is a syntax fault."""


class Place:
    """A token with what stands around it."""

    __slots__ = ("number", "text", "tokens")

    def __init__(self, tokens: list[Token], number: int, text: str) -> None:
        self.tokens, self.number, self.text = tokens, number, text

    def kind(self, offset: int) -> TokenType | None:
        position = self.number + offset
        return self.tokens[position].token_type if 0 <= position < len(self.tokens) else None

    def word(self, offset: int = 0) -> str:
        position = self.number + offset
        return self.tokens[position].text.lower() if 0 <= position < len(self.tokens) else ""

    @property
    def written(self) -> str:
        token = self.tokens[self.number]
        return self.text[token.start : token.end + 1]


def misplaced(place: Place) -> str | None:
    """The code for which a word of the language is refused at its place, or None."""
    rule = _PLACES.get(place.tokens[place.number].token_type)
    return rule(place) if rule else None


def follows(place: Place) -> bool:
    """Whether the next token may come next. Nothing in parentheses is one of several sets only."""
    if (place.kind(0), place.kind(1)) == (_T.L_PAREN, _T.R_PAREN):
        return _is_set(place)
    return place.kind(1) in _FOLLOWS[place.tokens[place.number].token_type]


def _star(place: Place) -> str | None:
    if (place.kind(-1), place.kind(1)) == (_T.L_PAREN, _T.R_PAREN):
        return None
    before = place.kind(-1)
    return "select_star" if before in {_T.SELECT, _T.COMMA, _T.DOT} else "arithmetic"


def _dash(place: Place) -> str | None:
    negative = place.kind(1) is _T.NUMBER and place.kind(-1) in _BEFORE_NEGATIVE
    return None if negative else "arithmetic"


def _select(place: Place) -> str | None:
    before = place.kind(-1)
    in_feature = (before, place.kind(-2)) == (_T.L_PAREN, _T.ALIAS)
    after_features = before is _T.R_PAREN and place.kind(-place.number) is _T.WITH
    return None if before is None or in_feature or after_features else "subquery"


def _with(place: Place) -> str | None:
    return "clause" if place.number else None


def _distinct(place: Place) -> str | None:
    counted = place.kind(-1) is _T.L_PAREN and place.word(-2) in {"count", "left_out"}
    return None if counted else "select_distinct"


def _number(place: Place) -> str | None:
    token = place.tokens[place.number]
    glued = _GLUED.match(place.text, token.end + 1)  # as in 18OR
    return None if _PLAIN.fullmatch(place.written) and not glued else "number_format"


def _dot(place: Place) -> str | None:
    if place.kind(-1) in _NAMES and place.kind(1) in {*_NAMES, _T.STAR}:
        return None
    return "number_format" if place.kind(1) is _T.NUMBER else "qualified_name"


def _name(place: Place) -> str | None:
    word = place.word()
    if place.kind(0) is _T.VAR and word in HALF_WORDS:
        return "word_not_allowed"
    if place.kind(1) is not _T.L_PAREN:
        return None
    if place.kind(0) is _T.VAR and word in FUNCTIONS:
        return "syntax" if word == "quantile" and _commas(place) != 1 else None
    return FUNCTION_REASONS.get(word, "function")


def _commas(place: Place) -> int:
    """Between the arguments of a function: of this one, the parser drops all after the second."""
    found = depth = 0
    ahead = 1
    while place.kind(ahead) is not None:
        kind = place.kind(ahead)
        depth += (kind is _T.L_PAREN) - (kind is _T.R_PAREN)
        if depth == 0:
            break
        found += kind is _T.COMMA and depth == 1
        ahead += 1
    return found


def _string(place: Place) -> str | None:
    return "literal_not_allowed" if place.kind(1) is _T.STRING else None


def _null(place: Place) -> str | None:
    bare = place.kind(-1) is _T.NOT and place.kind(-2) is not _T.IS
    return "syntax" if bare else None  # x NOT NULL


def _between(place: Place) -> str | None:
    """BETWEEN needs its AND right behind the first constant."""
    ahead = 1
    while place.kind(ahead) in {_T.DASH, _T.DATE}:
        ahead += 1
    missing = place.kind(ahead) in _VALUES and place.kind(ahead + 1) is not _T.AND
    return "syntax" if missing else None


def _cube(place: Place) -> str | None:
    return None if place.kind(-1) is _T.GROUP_BY else "grouping_sets"


def _is_set(place: Place) -> bool:
    """Does this parenthesis open one of the sets of GROUPING SETS, and the first without anything?

    At most one of them is. So the way back ends at another one, and long rows of them cost little.
    """
    behind, depth = -1, 0
    while place.kind(behind) is not None:
        kind = place.kind(behind)
        if kind is _T.L_PAREN and depth == 0:
            return place.kind(behind - 1) is _T.GROUPING_SETS
        if kind is _T.R_PAREN and depth == 0 and place.kind(behind - 1) is _T.L_PAREN:
            return False
        depth += (kind is _T.R_PAREN) - (kind is _T.L_PAREN)
        behind -= 1
    return False


def _semicolon(_: Place) -> str:
    return "several_statements"  # a closing one is no longer there


_PLACES: dict[TokenType, Callable[[Place], str | None]] = {
    _T.STAR: _star,
    _T.DASH: _dash,
    _T.SELECT: _select,
    _T.WITH: _with,
    _T.DISTINCT: _distinct,
    _T.NUMBER: _number,
    _T.DOT: _dot,
    _T.VAR: _name,
    _T.IDENTIFIER: _name,
    _T.STRING: _string,
    _T.NULL: _null,
    _T.BETWEEN: _between,
    _T.CUBE: _cube,
    _T.GROUPING_SETS: _cube,
    _T.SEMICOLON: _semicolon,
}
