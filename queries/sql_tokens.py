"""Which words and symbols may stand in a question at all?

The first wall of the front end: only an allow-list of tokens reaches the parser, so that none of
its other grammar is ever entered, nesting is bounded before anything recurses, and each refusal
has the exact place of the word that caused it. The second wall is the allow-list of ``sql_tree``.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.tokenizer_core import Token, TokenType

from queries.errors import Problem, QueryRefused, at, problem

LONGEST_TEXT = 20_000
MOST_TOKENS = 4_000
DEEPEST_BRACKETS = 24
LONGEST_RUN = 16  # of NOT NOT NOT …

FUNCTIONS = frozenset({"count", "sum", "avg", "min", "max", "arg_min", "arg_max", "band", "recode"})

_T = TokenType
_GLUED = re.compile(r"\w")
_PLAIN = re.compile(r"[0-9]{1,40}(\.[0-9]{1,40})?", re.ASCII)
_CONTROL = re.compile(r"[^\S \t\r\n]|[\x00-\x08\x0e-\x1f\x7f-\x9f]")  # and odd spaces
_WORD = re.compile(r"\w[\w ]*")

_GRAMMAR = frozenset(
    {_T.VAR, _T.IDENTIFIER, _T.STRING, _T.NUMBER, _T.L_PAREN, _T.R_PAREN, _T.COMMA, _T.DOT}
    | {_T.STAR, _T.DASH, _T.EQ, _T.NEQ, _T.LT, _T.LTE, _T.GT, _T.GTE}
    | {_T.SELECT, _T.FROM, _T.WITH, _T.ALIAS, _T.JOIN, _T.LEFT, _T.INNER, _T.OUTER, _T.ON}
    | {_T.USING, _T.WHERE, _T.GROUP_BY, _T.AND, _T.OR, _T.NOT, _T.IN, _T.BETWEEN, _T.IS}
    | {_T.NULL, _T.TRUE, _T.FALSE, _T.DISTINCT, _T.DATE, _T.SEMICOLON}
)

_REASONS: dict[str, tuple[TokenType, ...]] = {
    "order_by": (_T.ORDER_BY, _T.SORT_BY, _T.CLUSTER_BY, _T.DISTRIBUTE_BY),
    "having": (_T.HAVING,),
    "limit": (_T.LIMIT, _T.OFFSET, _T.FETCH),
    "set_operation": (_T.UNION, _T.INTERSECT, _T.EXCEPT),
    "window": (_T.OVER, _T.WINDOW, _T.PARTITION_BY, _T.ROWS, _T.RANGE),
    "qualify": (_T.QUALIFY,),
    "sample": (_T.TABLE_SAMPLE,),
    "values": (_T.VALUES, _T.UNNEST, _T.LATERAL),
    "case_when": (_T.CASE, _T.WHEN, _T.THEN, _T.ELSE, _T.END),
    "cast": (_T.DCOLON,),
    "arithmetic": (
        *(_T.PLUS, _T.SLASH, _T.MOD, _T.DIV, _T.CARET, _T.AMP, _T.PIPE, _T.TILDE),
        *(_T.DPIPE, _T.DSTAR),
    ),
    "like": (_T.LIKE, _T.ILIKE, _T.GLOB, _T.RLIKE, _T.SIMILAR_TO, _T.IRLIKE),
    "parameter": (_T.PARAMETER, _T.PLACEHOLDER, _T.COLON, _T.HASH),
    "pivot": (_T.PIVOT, _T.UNPIVOT),
    "grouping_sets": (_T.ROLLUP, _T.CUBE, _T.GROUPING_SETS, _T.ALL),
    "filter_clause": (_T.FILTER,),
    "recursive": (_T.RECURSIVE,),
    "subquery": (_T.EXISTS, _T.ANY, _T.SOME),
    "join_kind": (*(_T.CROSS, _T.NATURAL, _T.SEMI, _T.ANTI, _T.RIGHT, _T.FULL, _T.ASOF),),
    "hint": (_T.HINT,),
    "statement": (
        *(_T.INSERT, _T.UPDATE, _T.DELETE, _T.CREATE, _T.DROP, _T.ALTER, _T.ATTACH, _T.DETACH),
        *(_T.COPY, _T.PRAGMA, _T.SET, _T.USE, _T.EXECUTE, _T.DESCRIBE, _T.SHOW, _T.MERGE),
        *(_T.TRUNCATE, _T.GRANT, _T.BEGIN, _T.COMMIT, _T.ROLLBACK, _T.COMMAND, _T.LOAD),
        *(_T.INTO, _T.SUMMARIZE, _T.KILL, _T.CACHE, _T.UNCACHE, _T.REFRESH, _T.COMMENT),
    ),
    "literal_not_allowed": (
        *(_T.BYTE_STRING, _T.HEX_STRING, _T.BIT_STRING, _T.HEREDOC_STRING, _T.RAW_STRING),
        *(_T.NATIONAL_STRING, _T.UNICODE_STRING, _T.INTERVAL, _T.TIMESTAMP, _T.TIME),
    ),
}
_REASON_OF = {kind: code for code, kinds in _REASONS.items() for kind in kinds}
_HALF_WORDS = frozenset({"group", "by", "order"})  # no keywords to the tokenizer, unless paired
_FUNCTION_REASONS = {"cast": "cast", "try_cast": "cast", "if": "case_when"}

_BEFORE_NEGATIVE = frozenset(
    {_T.L_PAREN, _T.COMMA, _T.EQ, _T.NEQ, _T.LT, _T.LTE, _T.GT, _T.GTE, _T.BETWEEN, _T.AND}
)
_NAMES = frozenset({_T.VAR, _T.IDENTIFIER})
_CONSTANTS = frozenset({_T.NUMBER, _T.STRING, _T.NULL, _T.TRUE, _T.FALSE})
_ENDS = _NAMES | _CONSTANTS | {_T.R_PAREN}  # what may stand before a comma
_STARTS = _NAMES | _CONSTANTS | {_T.L_PAREN, _T.DASH, _T.DATE}  # what may follow one


def tokens_of(text: str, *, names: frozenset[str]) -> list[Token]:
    """The tokens of a question, without a closing semicolon.

    ``names`` are declared names: a keyword among them is read as the name. Raises QueryRefused.
    """
    if not isinstance(text, str):
        raise QueryRefused((problem("not_text"),))
    if len(text) > LONGEST_TEXT:
        raise _whole("too_long", text, most=LONGEST_TEXT)
    if odd := _CONTROL.search(text):
        fault = problem("symbol_not_allowed", symbol="at this place, which nobody can see,")
        raise QueryRefused((at(fault, text, start=odd.start(), end=odd.end()),))
    tokens = _without_end(_named(_split(text), names=names))
    if not tokens:
        raise _whole("empty", text)
    if len(tokens) > MOST_TOKENS:
        raise _whole("too_complex", text, most=MOST_TOKENS)
    if found := _problems(tokens, text=text):
        raise QueryRefused(found)
    return tokens


def _whole(code: str, text: str, **words: int) -> QueryRefused:
    fault = problem(code, where="", **words)
    return QueryRefused((at(fault, text, start=0, end=len(text)),))


def _split(text: str) -> list[Token]:
    try:
        return list(DuckDB().tokenize(text))
    except Exception:  # noqa: BLE001 - whatever the tokenizer raises, the text is not understood
        raise _whole("syntax", text) from None


def _named(tokens: list[Token], *, names: frozenset[str]) -> list[Token]:
    """Keywords that are declared names become names, where they have no place in the grammar."""
    following = [*tokens[1:], None][: len(tokens)]
    return [_as_name(token, after, names) for token, after in zip(tokens, following, strict=True)]


def is_plain(name: str) -> bool:
    """Whether a name needs no double quotes to be read as a name."""
    tokens = DuckDB().tokenize(name)
    return [token.token_type for token in tokens] == [_T.VAR] and name not in _HALF_WORDS


def _as_name(token: Token, after: Token | None, names: frozenset[str]) -> Token:
    after_kind = after.token_type if after else None
    keyword = {_T.DATE: _T.STRING, _T.LEFT: _T.JOIN, _T.OUTER: _T.JOIN}
    needed = keyword.get(token.token_type)
    if needed is None and token.token_type in _GRAMMAR:
        return token
    if needed is not None and after_kind in {needed, _T.OUTER}:
        return token
    if token.text.lower() not in names and token.token_type is not _T.DATE:
        return token
    return Token(_T.VAR, token.text, token.line, token.col, token.start, token.end)


def _without_end(tokens: list[Token]) -> list[Token]:
    while tokens and tokens[-1].token_type is _T.SEMICOLON:
        tokens = tokens[:-1]
    return tokens


def _problems(tokens: list[Token], *, text: str) -> tuple[Problem, ...]:
    if tokens[0].token_type not in {_T.SELECT, _T.WITH}:
        code = _REASON_OF.get(tokens[0].token_type)
        code = code if code == "statement" else "not_a_question"
        return (_placed(code, tokens[0], text),)
    found = [*_nesting(tokens, text=text), *_hints(tokens, text=text)]
    for number, token in enumerate(tokens):
        code = _reason(tokens, number, text)
        if code:
            found.append(_placed(code, token, text))
        if code == "several_statements":
            break
    return tuple(sorted(found, key=lambda fault: fault.start or 0))


def _placed(code: str, token: Token, text: str) -> Problem:
    written = text[token.start : token.end + 1]
    words = {"word": written, "symbol": written, "name": written, "text": written}
    return at(
        problem(code, **words, most=DEEPEST_BRACKETS, unit="the unit of privacy"),
        text,
        start=token.start,
        end=token.end + 1,
    )


def _nesting(tokens: list[Token], *, text: str) -> Iterator[Problem]:
    depth = run = 0
    for token in tokens:
        depth += {_T.L_PAREN: 1, _T.R_PAREN: -1}.get(token.token_type, 0)
        run = run + 1 if token.token_type is _T.NOT else 0
        if depth > DEEPEST_BRACKETS or run > LONGEST_RUN:
            yield _placed("too_deep", token, text)
            return


def _hints(tokens: list[Token], *, text: str) -> Iterator[Problem]:
    for token in tokens:
        if any(comment.startswith("+") for comment in token.comments or ()):
            yield _placed("hint", token, text)


def _reason(tokens: list[Token], number: int, text: str) -> str | None:
    """The code for which the token at this position is refused, or None."""
    token = tokens[number]
    if token.token_type not in _GRAMMAR:
        return _REASON_OF.get(token.token_type) or _unknown(token)
    place = _Place(tokens, number, text)
    rule = _PLACES.get(token.token_type)
    return rule(place) if rule else None


def _unknown(token: Token) -> str:
    return "word_not_allowed" if _WORD.fullmatch(token.text) else "symbol_not_allowed"


class _Place:
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


def _star(place: _Place) -> str | None:
    if (place.kind(-1), place.kind(1)) == (_T.L_PAREN, _T.R_PAREN):
        return None
    before = place.kind(-1)
    return "select_star" if before in {_T.SELECT, _T.COMMA, _T.DOT} else "arithmetic"


def _dash(place: _Place) -> str | None:
    negative = place.kind(1) is _T.NUMBER and place.kind(-1) in _BEFORE_NEGATIVE
    return None if negative else "arithmetic"


def _select(place: _Place) -> str | None:
    before = place.kind(-1)
    in_feature = (before, place.kind(-2)) == (_T.L_PAREN, _T.ALIAS)
    after_features = before is _T.R_PAREN and place.kind(-place.number) is _T.WITH
    return None if before is None or in_feature or after_features else "subquery"


def _with(place: _Place) -> str | None:
    return "clause" if place.number else None


def _distinct(place: _Place) -> str | None:
    counted = place.kind(-1) is _T.L_PAREN and place.word(-2) == "count"
    return None if counted else "select_distinct"


def _number(place: _Place) -> str | None:
    token = place.tokens[place.number]
    glued = _GLUED.match(place.text, token.end + 1)  # as in 18OR
    return None if _PLAIN.fullmatch(place.written) and not glued else "number_format"


def _null(place: _Place) -> str | None:
    """The parser reads x NOT NULL as x IS NOT NULL; the language has one spelling."""
    bare = place.kind(-1) is _T.NOT and place.kind(-2) is not _T.IS
    return "syntax" if bare else None


def _dot(place: _Place) -> str | None:
    if place.kind(-1) in _NAMES and place.kind(1) in {*_NAMES, _T.STAR}:
        return None
    return "number_format" if place.kind(1) is _T.NUMBER else "qualified_name"


def _name(place: _Place) -> str | None:
    word = place.word()
    if place.kind(0) is _T.VAR and word in _HALF_WORDS:
        return "word_not_allowed"
    if place.kind(1) is not _T.L_PAREN:
        return None
    if place.kind(0) is _T.VAR and word in FUNCTIONS:
        return None
    return _FUNCTION_REASONS.get(word, "function")


def _string(place: _Place) -> str | None:
    return "literal_not_allowed" if place.kind(1) is _T.STRING else None


def _comma(place: _Place) -> str | None:
    """The parser forgives a comma with nothing before or behind it; the language does not."""
    between = place.kind(-1) in _ENDS and place.kind(1) in _STARTS
    return None if between else "syntax"


def _group_by(place: _Place) -> str | None:
    return None if place.kind(1) in _STARTS else "syntax"


def _semicolon(_: _Place) -> str:
    return "several_statements"  # a closing one is no longer there


_PLACES: dict[TokenType, Callable[[_Place], str | None]] = {
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
    _T.COMMA: _comma,
    _T.GROUP_BY: _group_by,
    _T.SEMICOLON: _semicolon,
}
