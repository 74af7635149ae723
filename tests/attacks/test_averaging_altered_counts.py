"""Can rounding at random, or noise by cell keys, be averaged away by asking in other forms?

The same people get the same number, however the question is put: also where no canonical form sees
that two questions are one.
"""

from __future__ import annotations

from dataclasses import replace

import pytest

from disclosure_control.alterations import Alteration, Method
from disclosure_control.entropy import perturbation
from disclosure_control.policy import Policy
from disclosure_control.protect import protect
from disclosure_control.tables import Unprotected
from queries import sql
from queries.plan import plan
from tests.attacks.test_averaging import ESCAPES, FIRST, SAME
from tests.catalogues import clinic, sdc_policy
from tests.engines import MemoryStore
from tests.stores import tables_of

CLINIC = clinic()
COUNTS = {name: text for name, text in ESCAPES.items() if "sum(" not in text}
FORMS = {**SAME, **COUNTS}


def altering(method: Method, **rule: object) -> Policy:
    exact = sdc_policy()
    assert exact.sdc
    counts = Alteration(method, hides_small=False, **rule)
    return replace(exact, sdc=replace(exact.sdc, counts=counts))


POLICIES = {
    "random": altering(Method.RANDOM, base=5),
    "cell key": altering(Method.CELL_KEY, table=perturbation(most=5, variance=4.0, hidden=2)),
}


@pytest.fixture(scope="module")
def store() -> MemoryStore:
    made = MemoryStore(CLINIC)
    made.fill(tables_of(CLINIC))
    return made


def answers(store: MemoryStore, text: str, policy: Policy) -> tuple[dict[str, int], dict[str, int]]:
    """What is shown by key, and what is true; keys without a count above zero are left out."""
    planned = plan(sql.admit(text, CLINIC, policy), CLINIC, policy)
    found = store.vectors(planned)
    table = protect(Unprotected(planned.shape, found), policy=policy, grant=None)
    true = found[planned.shape.published[0].count]
    cells = [cell for cell in range(planned.shape.cells) if true[cell]]
    keys = {cell: planned.shape.keys(cell)[0] for cell in cells}
    shown = {keys[cell]: int(table.columns[0][cell].value or 0) for cell in cells}
    return shown, {keys[cell]: true[cell] for cell in cells}


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_other_forms_of_a_question_show_the_same_numbers(store, policy):
    first, true = answers(store, FIRST, policy)
    assert first != true
    for name, text in FORMS.items():
        assert answers(store, text, policy) == (first, true), name


@pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
def test_one_person_more_is_another_draw(store, policy):
    """So that the difference of two answers does not say which way either was altered."""
    moved = set()
    for age in range(30, 90):
        text = FIRST.replace("age >= 40", f"age >= {age}")
        shown, true = answers(store, text, policy)
        moved |= {shown[key] - true[key] for key in true}
    assert len(moved) > 4
