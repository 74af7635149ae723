"""Rows that weigh by their cell, on the whole way: priced, counted in a sandbox, told, shown."""

from __future__ import annotations

import datetime
from dataclasses import replace

import pytest
from sqlalchemy.orm import sessionmaker

from disclosure_control import present
from disclosure_control.dp.accounting import noise_plan
from queries import sql
from queries.plan import plan
from queries.plan_vectors import Contribution
from queries.rolled_up import roll_up
from queries.run import Sandboxes
from tests import factories
from tests.catalogues import cell_policy, clinic, dp_policy
from tests.on_the_way import ask
from tests.stores import seal
from tests.web import service as web
from tests.web.steps import ask_page
from tre.lifecycle import State
from tre.outputs import Format
from tre.worker.carry import Carrier

CLINIC = clinic()
BY_TEST = "SELECT test, count(*), avg(value) FROM labs GROUP BY test"
COUNTS = "SELECT test, count(*) FROM labs GROUP BY test"
SUMS = "SELECT test, sum(value), count(*) FROM labs GROUP BY test"
BY_TEST_AND_YEAR = (
    "SELECT test, band(day, DATE '2000-01-01'), count(*) FROM labs "
    "GROUP BY test, band(day, DATE '2000-01-01')"
)
RHO = 200_000_000


@pytest.mark.parametrize("policy", [dp_policy(), cell_policy()], ids=["by rows", "by cells"])
def test_a_table_travels_through_the_worker_and_says_what_bounds_it(session, tmp_path, policy):
    world = factories.furnish(session, policy=policy, catalogue=CLINIC)
    asked = ask(session, world, query=sql.admit(BY_TEST, CLINIC, policy), rho_nano=RHO)
    session.rollback()
    hour = datetime.timedelta(hours=1)
    with Sandboxes(seal(tmp_path, CLINIC, version=factories.VERSION)) as sandboxes:
        carrier = Carrier(
            sessionmaker(session.get_bind()),
            sandboxes,
            "real",
            slot_scale=0,
            clock=lambda: factories.NOW + hour,
        )
        assert carrier.next_job()
    session.expire_all()
    assert asked.state == State.PROTECTED
    table = present.from_json(asked.output.artefact(Format.JSON).content.decode())
    by_cell = "Records of a person with more than 1 of them in a cell weigh less"
    assert any(by_cell in one for one in table.record.bounds) == (policy == cell_policy())
    assert all(cell.value is not None for cell in table.columns[0])


@pytest.mark.parametrize("text", [COUNTS, SUMS], ids=["counts", "sums"])
@pytest.mark.parametrize(
    ("mechanism", "totals"),
    [("discrete_gaussian", False), ("discrete_laplace", False), ("discrete_gaussian", True)],
)
def test_the_same_charge_buys_less_noise(mechanism, totals, text):
    query = replace(sql.admit(text, CLINIC, dp_policy()), margins=totals)
    rows, cells = (
        noise_plan(plan(query, CLINIC, one).shape, one.dp, rho_nano=RHO, mechanism=mechanism)
        .vectors[0]
        .half_width
        for one in (dp_policy(), cell_policy())
    )
    assert cells < 0.7 * float(rows)


def test_a_table_by_cells_tells_itself_and_no_coarser_one():
    """There a row would weigh otherwise."""
    held = sql.admit(BY_TEST_AND_YEAR, CLINIC, cell_policy())
    coarse = sql.admit(COUNTS, CLINIC, cell_policy())
    for policy, told in ((dp_policy(), True), (cell_policy(), False)):
        found = roll_up(coarse, held, catalogue=CLINIC, policy=policy)
        assert (found is not None) == told
        assert roll_up(held, held, catalogue=CLINIC, policy=policy) is not None


def test_a_preview_says_how_many_rows_of_a_cell_count(tmp_path):
    service = web.make(tmp_path, policy=cell_policy())
    ada, page = service.visitor("ada"), f"{ask_page(service)}/sql"
    first = ada.post(page, {"sql": BY_TEST, "act": "preview"}).location
    shown = " ".join(ada.get(first).text.split())
    assert "At most 1 row of Laboratory results count for a person in a cell, in 2 cells" in shown
    beside = ada.post(first, {"act": "left_out"}).location
    asked = " ".join(ada.get(beside).text.split())
    assert "left_out(*)" in asked
    assert "GROUP BY labs.test" in asked, "of each cell, since rows are bounded there"


def test_where_all_rows_of_a_person_count_none_is_left_out_for_less_noise():
    rules = {"max_rows_per_unit": 6, "max_rows_per_group_per_unit": 1}
    found = plan(sql.admit(COUNTS, CLINIC, dp_policy()), CLINIC, dp_policy(**rules))
    assert found.how is Contribution.ROW_WEIGHTS
