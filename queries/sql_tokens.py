"""Which words and symbols may stand in a question at all?

The first wall of the front end: only an allow-list of tokens reaches the parser, so that none of
its other grammar is ever entered, nesting is bounded before anything recurses, and each refusal
has the exact place of the word that caused it. The second wall is the allow-list of ``sql_tree``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot.dialects.duckdb import DuckDB
from sqlglot.tokenizer_core import Token, TokenType

from queries.errors import Problem, QueryRefused, at, problem
from queries.sql_order import Place, follows, misplaced
from queries.sql_words import GRAMMAR, HALF_WORDS, REASON_OF

LONGEST_TEXT = 20_000
MOST_TOKENS = 4_000
DEEPEST_BRACKETS = 24
LONGEST_RUN = 16  # of NOT NOT NOT …

_T = TokenType
_CONTROL = re.compile(r"[^\S \t\r\n]|[\x00-\x08\x0e-\x1f\x7f-\x9f]")  # and odd spaces
_WORD = re.compile(r"\w[\w ]*")


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
    return [token.token_type for token in tokens] == [_T.VAR] and name not in HALF_WORDS


def _as_name(token: Token, after: Token | None, names: frozenset[str]) -> Token:
    after_kind = after.token_type if after else None
    keyword = {_T.DATE: _T.STRING, _T.LEFT: _T.JOIN, _T.OUTER: _T.JOIN}
    needed = keyword.get(token.token_type)
    if needed is None and token.token_type in GRAMMAR:
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
        code = REASON_OF.get(tokens[0].token_type)
        code = code if code == "statement" else "not_a_question"
        return (_placed(code, tokens[0], text),)
    found = [*_nesting(tokens, text=text), *_hints(tokens, text=text)]
    for number, token in enumerate(tokens):
        code = _reason(tokens, number, text)
        if code:
            found.append(_placed(code, token, text))
        if code == "several_statements":
            break
    return tuple(sorted(found or _disorder(tokens, text=text), key=lambda fault: fault.start or 0))


def _disorder(tokens: list[Token], *, text: str) -> Iterator[Problem]:
    """The first token that may not follow the one before it."""
    for number in range(len(tokens)):
        if not follows(Place(tokens, number, text)):
            yield _placed("syntax", tokens[min(number + 1, len(tokens) - 1)], text)
            return


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
    opened: list[Token] = []
    run = 0
    for token in tokens:
        run = run + 1 if token.token_type is _T.NOT else 0
        if token.token_type is _T.L_PAREN:
            opened.append(token)
        elif token.token_type is _T.R_PAREN and not opened:
            yield _placed("brackets", token, text)
        elif token.token_type is _T.R_PAREN:
            opened.pop()
        if len(opened) > DEEPEST_BRACKETS or run > LONGEST_RUN:
            yield _placed("too_deep", token, text)
            return
    yield from (_placed("brackets", token, text) for token in opened)


def _hints(tokens: list[Token], *, text: str) -> Iterator[Problem]:
    for token in tokens:
        if any(comment.startswith("+") for comment in token.comments or ()):
            yield _placed("hint", token, text)


def _reason(tokens: list[Token], number: int, text: str) -> str | None:
    """The code for which the token at this position is refused, or None."""
    token = tokens[number]
    if token.token_type not in GRAMMAR:
        return REASON_OF.get(token.token_type) or _unknown(token)
    return misplaced(Place(tokens, number, text))


def _unknown(token: Token) -> str:
    return "word_not_allowed" if _WORD.fullmatch(token.text) else "symbol_not_allowed"
