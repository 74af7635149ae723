"""Is a text in the grammar of the manual? A second, independent reading, without any parser.

It knows no catalogue: it says whether the *form* of a text is the one that the docstring of
``queries.sql`` promises. A fuzz test holds the front end against it, in one direction: what the
front end accepts must be in this grammar.
"""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""\s+ | --[^\n]* | /\*.*?\*/
    | (?P<string> '(?:[^']|'')*')
    | (?P<quoted> "(?:[^"]|"")+")
    | (?P<number> [0-9]+(?:\.[0-9]+)?(?![A-Za-z0-9_]))
    | (?P<word> [A-Za-z_][A-Za-z0-9_]*)
    | (?P<symbol> <> | != | <= | >= | == | [<>=(),.*;-])""",
    re.VERBOSE | re.DOTALL,
)
_RESERVED = frozenset(
    {"select", "from", "with", "as", "join", "left", "inner", "outer", "on", "using", "where"}
    | {"group", "by", "order", "and", "or", "not", "in", "between", "is", "null", "true", "false"}
    | {"distinct", "grouping"}
)


_MEASURES = (
    "sum",
    "nonnegative_sum",
    "avg",
    "stddev",
    "stddev_samp",
    "variance",
    "var_samp",
    "median",
)


class NotInGrammar(Exception):
    """The text is not of the promised form."""


def in_grammar(text: str) -> bool:
    try:
        _Recogniser(_tokens(text)).question()
    except NotInGrammar:
        return False
    return True


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens, at = [], 0
    while at < len(text):
        found = _TOKEN.match(text, at)
        if not found:
            raise NotInGrammar(text[at : at + 10])
        at = found.end()
        if found.lastgroup:
            written = found.group()
            tokens.append(
                (found.lastgroup, written.lower() if found.lastgroup == "word" else written)
            )
    return tokens


class _Recogniser:
    def __init__(self, tokens: list[tuple[str, str]]) -> None:
        self.tokens, self.at = tokens, 0

    # Pieces.

    def peek(self, offset: int = 0) -> tuple[str, str]:
        at = self.at + offset
        return self.tokens[at] if at < len(self.tokens) else ("end", "")

    def take(self, written: str) -> bool:
        kind, text = self.peek()
        if kind in {"word", "symbol"} and text == written:
            self.at += 1
            return True
        return False

    def need(self, *words: str) -> None:
        for written in words:
            if not self.take(written):
                raise NotInGrammar(written)

    def is_name(self, offset: int = 0) -> bool:
        kind, text = self.peek(offset)
        return kind == "quoted" or (kind == "word" and text not in _RESERVED)

    def name(self) -> None:
        if not self.is_name():
            raise NotInGrammar("name")
        self.at += 1

    def ref(self) -> None:
        self.name()
        if self.take("."):
            self.name()

    def listed(self, part) -> None:
        part()
        while self.take(","):
            part()

    def alias(self) -> None:
        if self.take("as") or self.is_name():
            self.name()

    def function(self, *names: str) -> bool:
        kind, text = self.peek()
        if kind == "word" and text in names and self.peek(1) == ("symbol", "("):
            self.at += 2
            return True
        return False

    # Sentences.

    def question(self) -> None:
        if self.take("with"):
            self.listed(self.feature)
        self.need("select")
        self.listed(self.item)
        self.need("from")
        self.table()
        while self.join():
            pass
        self.where()
        if self.take("group"):
            self.need("by")
            self.grouped()
        while self.take(";"):
            pass
        if self.peek()[0] != "end":
            raise NotInGrammar("end")

    def grouped(self) -> None:
        if self.peek() == ("word", "cube") and self.peek(1) == ("symbol", "("):
            self.at += 2
            self.listed(self.dimension)
            self.need(")")
        elif self.take("grouping"):
            self.need("sets", "(")
            self.listed(self.set_of_dimensions)
            self.need(")")
        else:
            self.listed(self.dimension)

    def set_of_dimensions(self) -> None:
        start = self.at
        try:
            self.dimension()
        except NotInGrammar:
            self.at = start
            self.need("(")
            if not self.take(")"):
                self.listed(self.dimension)
                self.need(")")

    def feature(self) -> None:
        self.name()
        self.need("as", "(", "select")
        self.listed(self.feature_item)
        self.need("from")
        self.table()
        self.where()
        self.need("group", "by")
        self.ref()
        self.need(")")

    def feature_item(self) -> None:
        if self.function("count"):
            self.need("*", ")")
            if self.take(">") and self.peek() == ("number", "0"):
                self.at += 1
        elif self.function("sum", "avg", "min", "max"):
            self.ref()
            self.need(")")
        elif self.function("arg_min", "arg_max"):
            self.ref()
            self.need(",")
            self.ref()
            self.need(")")
        else:
            self.ref()
            return
        self.alias()

    def item(self) -> None:
        if self.function("count"):
            self.counted()
        elif self.function(*_MEASURES):
            self.ref()
            self.need(")")
        elif self.function("ratio"):
            self.ref()
            self.need(",")
            self.ref()
            self.need(")")
        elif self.function("slope", "log_odds"):
            self.ref()
            self.need(",")
            self.ref()
            while self.take(","):
                self.ref()
            self.need(")")
        elif self.function("left_out"):
            if self.take("*"):
                self.need(")")
            else:
                self.need("distinct")
                self.ref()
                self.need(")")
        elif self.function("quantile"):
            self.ref()
            self.need(",")
            if self.peek()[0] != "number":
                raise NotInGrammar("level")
            self.at += 1
            self.need(")")
        else:
            self.dimension()
        self.alias()

    def counted(self) -> None:
        if not self.take("*"):
            self.need("distinct")
            self.bracketed(self.ref)
        self.need(")")

    def bracketed(self, part) -> None:
        if self.take("("):
            self.bracketed(part)
            self.need(")")
        else:
            part()

    def dimension(self) -> None:
        self.bracketed(self.plain_dimension)

    def plain_dimension(self) -> None:
        if self.function("band"):
            self.bracketed(self.ref)
            self.need(",")
            self.listed(self.constant)
            self.need(")")
        elif self.function("recode"):
            self.bracketed(self.ref)
            self.need(",")
            self.constant()
            self.need(")")
        else:
            self.ref()

    def table(self) -> None:
        self.name()
        self.alias()

    def join(self) -> bool:
        if self.take("left"):
            self.take("outer")
            self.need("join")
        elif self.take("inner"):
            self.need("join")
        elif not self.take("join"):
            return False
        self.table()
        if self.take("using"):
            self.need("(")
            self.name()
            self.need(")")
        else:
            self.need("on")
            self.bracketed(self.equal)
        return True

    def equal(self) -> None:
        self.ref()
        if not self.take("="):
            self.need("==")
        self.ref()

    def where(self) -> None:
        if self.take("where"):
            self.condition()

    def condition(self) -> None:
        self.negated()
        while self.take("and") or self.take("or"):
            self.negated()

    def negated(self) -> None:
        while self.take("not"):
            pass
        start = self.at
        if self.take("("):
            try:
                self.condition()
                self.need(")")
            except NotInGrammar:
                self.at = start  # a bracketed name, as in (age) = 3
            else:
                if not self.compared_next():
                    return
                self.at = start
        self.test()

    def compared_next(self) -> bool:
        kind, text = self.peek()
        return text in {"=", "==", "<>", "!=", "<", "<=", ">", ">=", "in", "between", "is"} or (
            kind == "word" and text == "not"
        )

    def test(self) -> None:
        if not (self.is_name() or self.peek() == ("symbol", "(")) or self.is_date():
            self.constant()
            self.comparison()
            self.bracketed(self.ref)
            return
        self.bracketed(self.ref)
        if self.take("is"):
            self.take("not")
            self.need("null")
            return
        negated = self.take("not")
        if self.take("in"):
            self.need("(")
            self.listed(self.constant)
            self.need(")")
        elif self.take("between"):
            self.constant()
            self.need("and")
            self.constant()
        elif negated:
            raise NotInGrammar("not")
        elif self.peek()[1] in {"=", "==", "<>", "!=", "<", "<=", ">", ">="}:
            self.comparison()
            self.constant()

    def comparison(self) -> None:
        if not any(map(self.take, ("=", "==", "<>", "!=", "<=", ">=", "<", ">"))):
            raise NotInGrammar("comparison")

    def is_date(self) -> bool:
        return self.peek() == ("word", "date") and self.peek(1)[0] == "string"

    def constant(self) -> None:
        if self.take("true") or self.take("false"):
            return
        if self.is_date():
            self.at += 2
            return
        negative = self.take("-")
        kind, _ = self.peek()
        if kind == "number" or (kind == "string" and not negative):
            self.at += 1
            return
        raise NotInGrammar("constant")
