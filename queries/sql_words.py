"""Which words and symbols are part of the language, and why are the others not?"""

from __future__ import annotations

from sqlglot.tokenizer_core import TokenType

_T = TokenType

FUNCTIONS = frozenset(
    {"count", "sum", "avg", "variance", "var_samp", "stddev", "stddev_samp"}
    | {"median", "quantile", "ratio", "slope", "log_odds", "left_out", "nonnegative_sum"}
    | {"min", "max", "arg_min", "arg_max", "band", "recode"}
)

GRAMMAR = frozenset(
    {_T.VAR, _T.IDENTIFIER, _T.STRING, _T.NUMBER, _T.L_PAREN, _T.R_PAREN, _T.COMMA, _T.DOT}
    | {_T.STAR, _T.DASH, _T.EQ, _T.NEQ, _T.LT, _T.LTE, _T.GT, _T.GTE}
    | {_T.SELECT, _T.FROM, _T.WITH, _T.ALIAS, _T.JOIN, _T.LEFT, _T.INNER, _T.OUTER, _T.ON}
    | {_T.USING, _T.WHERE, _T.GROUP_BY, _T.AND, _T.OR, _T.NOT, _T.IN, _T.BETWEEN, _T.IS}
    | {_T.NULL, _T.TRUE, _T.FALSE, _T.DISTINCT, _T.DATE, _T.SEMICOLON, _T.CUBE}
    | {_T.GROUPING_SETS}
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
    "grouping_sets": (_T.ROLLUP, _T.ALL),
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
REASON_OF = {kind: code for code, kinds in _REASONS.items() for kind in kinds}
HALF_WORDS = frozenset({"group", "by", "order"})  # no keywords to the tokenizer, unless paired
FUNCTION_REASONS = {"cast": "cast", "try_cast": "cast", "if": "case_when"}
