"""The command line of complementary suppression: what it prints, and what it refuses."""

from __future__ import annotations

import copy
import json
import subprocess
import sys

import pytest

from disclosure_control.__main__ import main
from tests import suppression_instances as made


@pytest.fixture
def instance(tmp_path):
    def write(entry):
        path = tmp_path / "instance.json"
        path.write_text(entry if isinstance(entry, str) else json.dumps(entry), encoding="utf-8")
        return str(path)

    return write


def answer_of(capsys, *arguments):
    status = main(arguments)
    out, err = capsys.readouterr()
    return status, json.loads(out or err)


@pytest.mark.parametrize("method", ["heuristic", "exact"])
def test_the_published_table_comes_out_as_published(instance, capsys, method):
    path = instance({**made.textbook(), "cost": "value"})
    status, answer = answer_of(capsys, "suppress", path, "--method", method)
    assert status == 0
    assert (len(answer["secondary"]), answer["secondary_cost"]) == (3, 37.0)
    assert answer["intervals"]["II|C"] == [5.0, 30.0]
    assert answer["violations"] == 0
    assert answer["proven_optimal"] is True
    assert answer["seconds"] >= 0


def test_standard_output_is_one_json_object_and_nothing_else(instance):
    """The solver's own messages would break every script that reads it."""
    path = instance(made.textbook())
    done = subprocess.run(
        [sys.executable, "-m", "disclosure_control", "suppress", path],
        capture_output=True,
        check=True,
        text=True,
    )
    assert json.loads(done.stdout)["violations"] == 0
    assert done.stderr == ""


def test_primaries_alone_are_recomputed_by_the_audit(instance, capsys):
    status, answer = answer_of(capsys, "audit", instance(made.textbook()))
    assert (status, answer["violations"]) == (1, 1)
    assert answer["intervals"] == {"II|C": [22.0, 22.0]}


def test_the_audit_takes_a_list_of_hidden_cells_or_what_suppress_printed(
    instance, capsys, tmp_path
):
    path = instance(made.textbook())
    _, printed = answer_of(capsys, "suppress", path)
    for hidden in (printed, ["II|C", *printed["secondary"]]):
        file = tmp_path / "hidden.json"
        file.write_text(json.dumps(hidden), encoding="utf-8")
        status, answer = answer_of(capsys, "audit", path, "--hidden", str(file))
        assert (status, answer["violations"]) == (0, 0)
        assert answer["intervals"] == printed["intervals"]


def test_a_bound_that_does_not_exist_is_null(instance, capsys):
    entry = made.table([made.flat(("a", "b"))], made.counts((2,), mean=5, spread=9, seed=1))
    entry["primary"], entry["lpl"], entry["upl"] = ["a", "b", "Total"], [0] * 3, [1] * 3
    _, answer = answer_of(capsys, "audit", instance(entry))
    assert answer["intervals"]["Total"] == [0.0, None]


def test_what_cannot_be_protected_is_said_and_nothing_is_offered(instance, capsys):
    entry = made.table([made.flat(("a", "b"))], made.counts((2,), mean=5, spread=9, seed=1))
    entry |= {"primary": ["a"], "lpl": [1], "upl": [99], "lb": entry["cells"], "ub": entry["cells"]}
    status, answer = answer_of(capsys, "suppress", instance(entry))
    assert status == 1
    assert answer == {"secondary": None, "why": "unprotectable", "cell": "a"}


def broken(change):
    entry = copy.deepcopy(made.textbook())
    change(entry)
    return entry


FAULTS = {
    "a wrong total": lambda e: e["cells"].update({"Total|Total": 1.0}),
    "a missing total": lambda e: e["cells"].pop("I|Total"),
    "an unknown primary": lambda e: e.update(primary=["nowhere"]),
    "a primary twice": lambda e: e.update(primary=["II|C"] * 2, lpl=[1] * 2, upl=[1] * 2),
    "too few levels": lambda e: e.update(lpl=[]),
    "a primary that asks for nothing": lambda e: e.update(lpl=[0], upl=[0]),
    "a negative level": lambda e: e.update(upl=[-1]),
    "a level that is no number": lambda e: e.update(upl=[float("nan")]),
    "a value that is no number": lambda e: e["cells"].update({"I|A": float("nan")}),
    "a value that is a text": lambda e: e["cells"].update({"I|A": "many"}),
    "an unknown field": lambda e: e.update(colour="red"),
    "a missing field": lambda e: e.pop("primary"),
    "a cost of nothing": lambda e: e.update(cost={"I|A": 0}),
    "an unknown kind of cost": lambda e: e.update(cost="love"),
    "a value outside its bounds": lambda e: e.update(ub={"I|A": 1}),
    "an equation of unknown cells": lambda e: e.update(equations=[[["x", 1]]]),
    "an equation that does not hold": lambda e: e.update(equations=[[["I|A", 1], ["I|B", -1]]]),
    "an equation of one cell twice": lambda e: e.update(equations=[[["I|A", 1], ["I|A", -1]]]),
    "a node with two parents": lambda e: e["hierarchies"][0]["children"].update(I=["II"]),
    "a node under itself": lambda e: e["hierarchies"][0].update(
        children={"Total": ["I"], "II": ["III"], "III": ["II"]}
    ),
    "a node under nothing": lambda e: e["hierarchies"][0].update(children={"Total": ["I", "II"]}),
    "an unknown child": lambda e: e["hierarchies"][0].update(children={"Total": ["IV"]}),
    "no nodes": lambda e: e["hierarchies"][0].update(nodes=[]),
    "a list": lambda e: e.update(cells=[1, 2]),
    "an unknown singleton": lambda e: e.update(singletons=["nowhere"]),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_a_malformed_instance_is_refused_with_its_fault(instance, capsys, fault):
    status, answer = answer_of(capsys, "suppress", instance(broken(FAULTS[fault])))
    assert status == 2
    assert answer["faults"]
    assert all(answer["faults"])


@pytest.mark.parametrize("text", ["", "[]", "null", "{", "3", '"cells"', "\x00"])
def test_what_is_no_instance_is_refused(instance, capsys, text):
    for act in ("suppress", "audit"):
        status, answer = answer_of(capsys, act, instance(text))
        assert (status, bool(answer["faults"])) == (2, True)


def test_unknown_hidden_cells_are_refused(instance, capsys, tmp_path):
    file = tmp_path / "hidden.json"
    file.write_text('["nowhere"]', encoding="utf-8")
    status, answer = answer_of(capsys, "audit", instance(made.textbook()), "--hidden", str(file))
    assert (status, answer["faults"]) == (2, ["no such cells: nowhere"])
