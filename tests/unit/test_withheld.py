"""Further hidden cells: the same table shows less, and nothing else of it changes."""

from __future__ import annotations

from dataclasses import replace

import pytest

from disclosure_control import present
from disclosure_control.errors import Refused
from disclosure_control.protect import NoiseGrant, protect
from disclosure_control.record import for_release
from disclosure_control.tables import Status
from disclosure_control.withheld import HISTORY, patterns_with, withheld
from queries.plan import plan
from queries.register.entered import entry_of
from tests.catalogues import clinic, dp_policy, sdc_policy
from tests.factories import a_query
from tests.web.service import counted


def plan_of(policy):
    return plan(a_query(30, 50), clinic(), policy)


@pytest.fixture
def table():
    return protect(counted(plan_of(sdc_policy()).shape), policy=sdc_policy(), grant=None)


def test_hidden_cells_show_nothing_and_others_what_they_showed(table):
    less = withheld(table, {1})
    for before, after in zip(table.columns, less.columns, strict=True):
        assert after[1].status is Status.SUPPRESSED
        assert (after[1].value, after[0], after[2:]) == (None, before[0], before[2:])
    assert less.axes == table.axes
    assert present.from_json(present.to_json(less, for_checkers=True)) == less


def test_why_is_for_checkers(table):
    less = withheld(table, {1})
    (found,) = (one for one in less.record.findings if one.rule == HISTORY)
    assert found.cells == (1,)
    assert for_release(less.record) == for_release(table.record)
    warned = replace(found, rule="class-disclosure", after=(0, 1))
    record = replace(table.record, findings=(warned,))
    assert withheld(replace(table, record=record), {1}).record.findings[0].after == (0,)


def test_nothing_to_hide_changes_nothing(table):
    assert withheld(table, ()) is table


def test_its_entry_is_the_entry_with_these_hidden(table):
    own = plan_of(sdc_policy())
    whole = entry_of(own, table, version="v1")
    assert entry_of(own, withheld(table, (0, 1)), version="v1") == whole.hiding((0, 1))
    assert whole.hiding(()) == whole


def test_patterns_become_one_where_they_no_longer_differ():
    assert patterns_with([(), (2,), (1, 3)], (2, 1)) == ((1, 2), (1, 2, 3))


def test_noise_is_left_alone():
    policy = dp_policy()
    noisy = protect(
        counted(plan_of(policy).shape), policy=policy, grant=NoiseGrant(rho_nano=10_000_000)
    )
    with pytest.raises(Refused):
        withheld(noisy, {0})
