"""Some tables of a grid, without its cells: from a question to its files, real store and worker."""

from __future__ import annotations

import csv
import io
import json

import pytest
from sqlalchemy.orm import sessionmaker

from disclosure_control import present
from disclosure_control.policy import Mechanism
from disclosure_control.tables import Protected, Status
from queries import sql
from queries.run import Sandboxes
from tests import factories
from tests.catalogues import clinic, dp_policy
from tests.on_the_way import ask, leave
from tests.stores import seal, tables_of
from tre import budgets
from tre.errors import Incomplete
from tre.journey import previewed
from tre.lifecycle import State
from tre.outputs import Format
from tre.worker.carry import Carrier

CLINIC, POLICY = clinic(), dp_policy(mechanisms=(Mechanism.GAUSSIAN,))
RHO, LITTLE = 900_000_000, 5_000_000
AGES = "band(age, 40, 60)"
SIX = (
    f"SELECT sex, {AGES}, smoker, count(*), sum(bmi) FROM persons GROUP BY GROUPING SETS "
    f"(sex, {AGES}, smoker, (sex, {AGES}), (sex, smoker), ({AGES}, smoker))"
)
TURNED = (
    f"SELECT smoker, sex, {AGES}, sum(bmi), count(*) FROM persons GROUP BY GROUPING SETS "
    f"((smoker, {AGES}), (sex), (smoker), ({AGES}, sex), {AGES}, (smoker, sex))"
)


@pytest.fixture
def work(session, tmp_path):
    """A function that asks and has the question worked on; its submission and its table."""
    world = factories.furnish(session, policy=POLICY, catalogue=CLINIC)
    with Sandboxes(seal(tmp_path, CLINIC, version=factories.VERSION)) as sandboxes:
        carrier = Carrier(sessionmaker(session.get_bind()), sandboxes, "real", slot_scale=0)

        def worked(text: str, *, who: str = "ada", rho_nano: int = RHO) -> tuple[object, Protected]:
            query = sql.admit(text, CLINIC, POLICY)
            submission = ask(session, world, query=query, who=who, rho_nano=rho_nano)
            session.rollback()
            assert carrier.next_job()
            session.expire_all()
            assert submission.state == State.PROTECTED
            content = submission.output.artefact(Format.JSON).content
            return submission, present.from_json(content.decode())

        worked.world = world
        yield worked


def by_key(table: Protected, column: int = 0):
    keys = [()]
    for axis in table.axes:
        keys = [(*key, label) for key in keys for label in axis.labels]
    return dict(zip(keys, table.columns[column], strict=True))


def test_six_margins_come_out_with_their_own_numbers_and_no_others(work):
    _, table = work(SIX)
    found = by_key(table)
    sizes = [len(axis.labels) - 1 for axis in table.axes]
    margins = sum(sizes) + sizes[0] * sizes[1] + sizes[0] * sizes[2] + sizes[1] * sizes[2]
    told = [key for key, cell in found.items() if cell.status is not Status.NOT_ASKED]
    assert len(told) == len(table.asked) == margins
    assert {sum(label == "Total" for label in key) for key in told} == {1, 2}

    persons = tables_of(CLINIC)["persons"]
    for sex, label in enumerate(table.axes[0].labels[:-1]):
        for age, (low, high) in enumerate(((0, 40), (40, 60), (60, 200))):
            true = sum(row["sex"] == sex and low <= row["age"] < high for row in persons)
            cell = found[label, table.axes[1].labels[age], "Total"]
            assert abs(cell.value - true) < 3 * cell.half_width
    ages = [found["Female", label, "Total"].value for label in table.axes[1].labels[:-1]]
    assert found["Female", "Total", "Total"].value == sum(ages)


def test_every_file_has_what_was_asked_for_and_nothing_in_between(work):
    submission, table = work(SIX)
    kept = submission.output.artefacts
    files = {one.format: one.content.decode("utf-8", "replace") for one in kept}
    rows = list(csv.reader(io.StringIO(files[Format.CSV])))[2:]
    assert len(rows) == len(table.asked)
    assert all("Total" in row[:3] for row in rows)
    sdmx = list(csv.reader(io.StringIO(files[Format.SDMX])))[1:]
    per_row = len(sdmx) // len(rows)
    assert len(sdmx) == per_row * len(rows)
    assert per_row > 2
    cube = json.loads(files[Format.JSONSTAT])
    absent = [place for place, why in cube["status"].items() if why == "n"]
    assert len(absent) == per_row * (len(table.columns[0]) - len(table.asked))
    assert cube["extension"]["status"]["n"] == "not asked for"
    assert ">Smoker<" not in files[Format.CHART] or ">Sex<" not in files[Format.CHART]


def test_the_same_tables_in_another_order_are_the_same_draw(session, work):
    _, first = work(SIX)
    _, again = work(TURNED, who="ben")
    before, after = by_key(first), by_key(again, 1)
    assert all(after[smoker, sex, age] == before[sex, age, smoker] for sex, age, smoker in before)
    pool = budgets.account(session, dataset_id=work.world.dataset)
    assert pool.rho_spent == RHO


def test_the_preview_says_what_they_would_cost_one_by_one(session, work):
    def looked(text):
        return previewed.preview(
            session,
            person=work.world.person(session, "ada"),
            project_id=work.world.project,
            query=sql.admit(text, CLINIC, POLICY),
            rho_nano=LITTLE,
            now=factories.NOW,
        )

    six, cube = looked(SIX), looked(SIX.partition("GROUPING")[0] + f"CUBE (sex, {AGES}, smoker)")
    assert six.cells < cube.cells
    assert 0.6 * six.one_by_one > LITTLE
    assert six.columns[0].half_width < cube.columns[0].half_width


def test_what_such_a_table_tells_of_another_question_costs_nothing(session, work):
    submission, table = work(SIX)
    leave(session, work.world, submission)

    _, sexes = work("SELECT sex, count(*) FROM persons GROUP BY sex", rho_nano=0)
    found = by_key(table)
    assert sexes.columns[0] == tuple(
        found[label, "Total", "Total"] for label in table.axes[0].labels[:-1]
    )

    _, counts = work(SIX.replace("count(*), sum(bmi)", "count(*)"), rho_nano=0)
    assert counts.columns == table.columns[:1]
    (finding,) = counts.record.findings
    assert not {*finding.cells} - {*table.asked}

    with pytest.raises(Incomplete):
        work(
            f"SELECT sex, {AGES}, smoker, count(*) FROM persons GROUP BY sex, {AGES}, smoker",
            rho_nano=0,
        )
    with pytest.raises(Incomplete):
        work(SIX.replace("(sex, smoker), ", ""), rho_nano=0)
