"""From a question by values that nobody declared to its output: real store, sandbox and worker."""

from __future__ import annotations

from collections import Counter

import pytest
from sqlalchemy.orm import sessionmaker

from disclosure_control import present
from disclosure_control.tables import Protected, Status
from queries import sql
from queries.run import Sandboxes
from tests import factories
from tests.catalogues import worded_clinic, worded_policy
from tests.on_the_way import ask
from tests.stores import seal, tables_of
from tre import budgets
from tre.lifecycle import State
from tre.outputs import Format
from tre.worker.carry import Carrier

WORDED, POLICY = worded_clinic(), worded_policy()


@pytest.fixture
def work(session, tmp_path):
    """A function that asks and has the question worked on; the table of its output."""
    world = factories.furnish(session, policy=POLICY, catalogue=WORDED)
    store = seal(tmp_path, WORDED, version=factories.VERSION)
    with Sandboxes(store) as sandboxes:
        carrier = Carrier(sessionmaker(session.get_bind()), sandboxes, "real", slot_scale=0)

        def worked(text: str, *, who: str = "ada") -> Protected:
            query = sql.admit(text, WORDED, POLICY)
            submission = ask(session, world, query=query, who=who)
            session.rollback()
            assert carrier.next_job()
            session.expire_all()
            assert submission.state == State.PROTECTED
            content = submission.output.artefact(Format.JSON).content
            return present.from_json(content.decode())

        worked.world = world
        yield worked


def truly(column: str) -> Counter[str]:
    return Counter(f"{column} {row[column]}" for row in tables_of(WORDED)["persons"])


def test_values_come_out_with_their_own_numbers(work):
    table = work("SELECT job, count(*) FROM persons GROUP BY job")
    (axis,) = table.axes
    true = truly("job")
    assert axis.labels == (*sorted(true), "missing")
    assert (axis.name, axis.unknown, table.record.delta_femto) == ("Occupation", True, 10**6)
    *told, missing = table.columns[0]
    for label, cell in zip(sorted(true), told, strict=True):
        assert abs(cell.value - true[label]) < 20
    assert missing.status is Status.SUPPRESSED


def test_the_same_table_in_another_order_is_the_same_draw(session, work):
    first = work("SELECT job, sex, count(*) FROM persons GROUP BY job, sex")
    again = work("SELECT sex, job, count(*) FROM persons GROUP BY sex, job", who="ben")
    assert [axis.name for axis in again.axes] == ["Sex", "Occupation"]
    assert again.axes[1].labels == first.axes[0].labels
    jobs = len(first.axes[0].labels)
    turned = [first.columns[0][job * 2 + sex] for sex in range(2) for job in range(jobs)]
    assert list(again.columns[0]) == turned
    pool = budgets.account(session, dataset_id=work.world.dataset)
    assert (pool.rho_spent, pool.delta_spent) == (POLICY.dp.rho_nano_default, 10**6)


def test_values_of_rows_are_told_by_their_units(work):
    table = work("SELECT drug, count(*), left_out(*) FROM events GROUP BY drug")
    assert table.axes[0].labels == tuple(f"drug {at}" for at in range(4))
    counts, shares = table.columns
    assert all(cell.status is Status.SHOWN for cell in counts)
    assert all(0 <= cell.low <= cell.high <= 1 for cell in shares if cell.value is not None)
