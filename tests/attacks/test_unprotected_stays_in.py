"""Can a counted value get out other than through the door? Every ordinary way is tried."""

from __future__ import annotations

import ast
import copy
import dataclasses
import io
import json
import logging
import marshal
import pickle
import pprint
import sys
from pathlib import Path

import jinja2
import pytest
import yaml

from disclosure_control.errors import DisclosureError, Leak
from disclosure_control.plain import canonical_json, to_plain
from disclosure_control.tables import Axis, Unprotected
from tests.small_tables import counts_shape

SECRET = 424_242
ROOT = Path(__file__).parents[2]
# Where counted values may be read: the door, the pipe from the engine's process, and tests.
MAY_REVEAL = {"disclosure_control/protect.py", "disclosure_control/codec.py"}


def logged(table: Unprotected) -> str:
    stream = io.StringIO()
    logger = logging.Logger("attack")  # noqa: LOG001 - no handlers of others
    logger.addHandler(logging.StreamHandler(stream))
    logger.warning("%s %r", table, table)
    return stream.getvalue()


def traceback_with_locals(table: Unprotected) -> str:
    held = {"table": table}
    return pprint.pformat(held)


def template(text: str, *, autoescape: bool):
    environment = jinja2.Environment(autoescape=autoescape)  # noqa: S701 - the attack needs both
    return lambda table: environment.from_string(text).render(t=table)


WAYS = {
    "str": str,
    "repr": repr,
    "f-string": lambda t: f"{t}",
    "f-string with repr": lambda t: f"{t!r}",
    "format": lambda t: format(t, "x"),
    "percent": lambda t: "%s" % t,  # noqa: UP031
    "bytes": bytes,
    "int": int,
    "float": float,
    "bool": bool,
    "len": len,
    "list": list,
    "dict": dict,
    "in": lambda t: SECRET in t,
    "index": lambda t: t["rows"],
    "unpacked": lambda t: [*t],
    "equal": lambda t: t == counts_shape(1),
    "unequal": lambda t: t != counts_shape(1),
    "hash": hash,
    "vars": vars,
    "dict attribute": lambda t: t.__dict__,
    "reversed": reversed,
    "sorted": sorted,
    "sum": sum,
    "json": json.dumps,
    "json by default": lambda t: json.dumps({"t": t}, default=str),
    "canonical json": canonical_json,
    "plain": to_plain,
    "pickle": pickle.dumps,
    "old pickle": lambda t: pickle.dumps(t, protocol=0),
    "marshal": marshal.dumps,
    "yaml": yaml.dump,
    "copy": copy.copy,
    "deepcopy": copy.deepcopy,
    "asdict": dataclasses.asdict,
    "replace": dataclasses.replace,
    "pprint": pprint.pformat,
    "log": logged,
    "locals": traceback_with_locals,
    "size": sys.getsizeof,
    "template": template("{{ t }}", autoescape=False),
    "escaped template": template("{{ t }}", autoescape=True),
    "template with filters": template("{{ t|tojson }}", autoescape=True),
    "template loop": template("{% for x in t %}{{ x }}{% endfor %}", autoescape=True),
    "template attribute": template("{{ t.rows }}{{ t['rows'] }}", autoescape=True),
    "template test": template("{% if t %}yes{% endif %}", autoescape=True),
    "exception": lambda t: str(ValueError(t)),
}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_no_ordinary_way_shows_a_value(way):
    outcomes = [outcome(way, (SECRET, 0)), outcome(way, (7, 3))]
    assert str(SECRET) not in outcomes[0]
    assert outcomes[0] == outcomes[1]


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS.keys())
def test_no_ordinary_way_shows_a_text(way):
    def told(text: str) -> str:
        keys = (Axis("Drug", ("1", "2"), unknown=True),)
        table = Unprotected(
            dataclasses.replace(counts_shape(2), axes=keys), {"rows": (7, 3)}, (text, None)
        )
        try:
            return str(way(table))
        except Exception as error:  # noqa: BLE001 - whatever is raised must say nothing
            return f"{type(error).__name__}: {error} {error.args}"

    assert "a secret herb" not in told("a secret herb")
    assert told("a secret herb") == told("aspirin")


def outcome(way, values: tuple[int, ...]) -> str:
    """The text of the result, or the kind and text of the refusal."""
    try:
        return str(way(Unprotected(counts_shape(2), {"rows": values})))
    except Exception as error:  # noqa: BLE001 - whatever is raised must say nothing
        return f"{type(error).__name__}: {error} {error.args}"


def test_ways_that_would_copy_values_are_refused_by_name():
    table = Unprotected(counts_shape(1), {"rows": (SECRET,)})
    for way in ("f-string", "pickle", "copy", "deepcopy", "list", "equal", "escaped template"):
        with pytest.raises(Leak):
            WAYS[way](table)


def test_a_shape_that_does_not_match_says_nothing_of_the_values():
    for vectors in ({"rows": (SECRET, 2)}, {"other": (SECRET,)}, {"rows": (10**12 + SECRET,)}):
        with pytest.raises(Leak) as refused:
            Unprotected(counts_shape(1), vectors)
        assert str(SECRET) not in str(refused.value) + refused.value.detail


def test_numbers_that_are_not_whole_are_not_taken():
    for value in (1.0, True, None, "1", float("nan")):
        with pytest.raises(Leak):
            Unprotected(counts_shape(1), {"rows": (value,)})


def test_public_sentences_hold_no_value():
    for kind in (DisclosureError, *DisclosureError.__subclasses__()):
        assert "{" not in kind.public
        assert "%" not in kind.public


def sources() -> list[Path]:
    folders = ("disclosure_control", "queries", "tre")
    return [*ROOT.glob("*.py"), *(path for one in folders for path in (ROOT / one).rglob("*.py"))]


def uses_of(name: str) -> set[str]:
    """Files that call or even name the attribute, also as text for getattr."""
    found = set()
    for path in sources():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            by_attribute = isinstance(node, ast.Attribute) and name in node.attr
            by_text = isinstance(node, ast.Constant) and node.value == name
            if by_attribute or by_text:
                found.add(path.relative_to(ROOT).as_posix())
    return found


def test_values_are_revealed_at_the_door_and_in_the_pipe_only():
    assert uses_of("reveal") <= MAY_REVEAL
    assert "disclosure_control/protect.py" in uses_of("reveal")
    assert uses_of("reveal_texts") <= MAY_REVEAL
    for inner in ("_Unprotected__vectors", "_Unprotected__texts"):
        assert uses_of(inner) == set()


def test_only_the_door_and_what_reads_its_tables_alone_make_protected_tables():
    made = {
        path.relative_to(ROOT).as_posix()
        for path in sources()
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call)
        and getattr(node.func, "id", getattr(node.func, "attr", "")) == "Protected"
    }
    assert made == {
        "disclosure_control/protect.py",
        "disclosure_control/arranged.py",
        "disclosure_control/implied.py",
    }
