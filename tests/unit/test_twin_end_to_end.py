"""A synthetic twin on its whole way: asked, measured, released, made, asked itself, recalled."""

from __future__ import annotations

import datetime
import io
import itertools
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import sessionmaker

from disclosure_control import present
from queries import sql
from queries.run import Sandboxes
from queries.store import Store
from tests import factories
from tests.catalogues import clinic, dp_policy, sdc_policy
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import decide, leave
from tests.second_tracks import NOISY, granted
from tests.stores import seal
from tests.twins import evenly
from tre import audit, budgets, datasets, people, projects, twins
from tre.database import writing
from tre.datasets import Dataset, DatasetVersion
from tre.errors import GatesClosed, NotFound, NotPermitted, NoTwin
from tre.ingest import keys
from tre.ingest.command import Place
from tre.journey import budgeted, recalled, shown, stopped, submitted, twinned
from tre.lifecycle import State
from tre.outputs import Format
from tre.people import Person, Role
from tre.projects import Position, ProjectDataset
from tre.releases import Release
from tre.reviews import Decision
from tre.submissions import Submission
from tre.synthetic import __main__ as command
from tre.synthetic import made
from tre.synthetic.__main__ import synthetic
from tre.twins import Twin
from tre.worker.carry import Carrier

CLINIC = clinic()
POLICY = dp_policy()
RHO = 600_000_000  # in 1e-9, of all tables together
OF_ROWS = "SELECT p.sex, count(*) FROM labs l JOIN persons p ON l.person = p.person GROUP BY p.sex"
BY_HOW_MANY = (
    "WITH n AS (SELECT person, count(*) AS many FROM labs GROUP BY person) "
    "SELECT band(n.many, 1, 2, 4), count(*) FROM persons "
    "LEFT JOIN n ON n.person = persons.person GROUP BY band(n.many, 1, 2, 4)"
)
BY_LOOK_UP = (
    "SELECT a.region, count(*) FROM persons p JOIN areas a ON p.area = a.area GROUP BY a.region"
)
HOUR = datetime.timedelta(hours=1)
TICK = itertools.count(1)


class Owner:
    """Of the clinic, with a store of its data and another for what she makes."""

    def __init__(self, session, world, folder: Path, engine) -> None:
        self.session, self.world, self.engine = session, world, engine
        self.place = Place(folder / "made", folder / "keys" / "key")
        keys.load_or_create(self.place.key_file, store_root=self.place.store_root)

    @property
    def person(self) -> Person:
        return self.world.person(self.session, "eve")

    def asked(self, rho_total: int = RHO) -> list[Submission]:
        return made.ask(
            self.session,
            owner=self.person,
            name="clinic",
            rho_total=rho_total,
            now=factories.later(seconds=next(TICK)),
        )

    def worked(self, engine=None) -> None:
        self.session.rollback()
        carrier = Carrier(
            sessionmaker(self.session.get_bind()),
            engine or self.engine,
            "real",
            slot_scale=0,
            clock=lambda: factories.NOW + HOUR,
        )
        while carrier.next_job():
            pass
        self.session.expire_all()

    def released(self, asked: list[Submission]) -> list[Release]:
        self.worked()
        return [leave(self.session, self.world, one) for one in asked]

    def made(self) -> Dataset:
        return made.make(
            self.session,
            owner=self.person,
            name="clinic",
            place=self.place,
            stream=io.StringIO(),
            now=factories.NOW,
        )

    def try_(self, text: str, *, who: str = "ada", project: str | None = None) -> Submission:
        twin = datasets.by_name(self.session, "clinic_twin")
        version = datasets.current_version(self.session, twin)
        submission = submitted.submit(
            self.session,
            person=self.world.person(self.session, who),
            project_id=project or self.world.project,
            query=sql.parse(text, version.catalogue),
            purpose="To try.",
            rho_nano=2 * 10**8,
            now=factories.later(seconds=next(TICK)),
        )
        store = Store(self.place.store_root, keys.load(self.place.key_file))
        with Sandboxes(store) as engine:
            self.worked(engine)
        return submission


@pytest.fixture
def owner(session, tmp_path, monkeypatch):
    """Counts and a model that are made up: what they are is not the point."""
    monkeypatch.setattr(made, "modelled", evenly)
    world = factories.furnish(session, policy=POLICY, catalogue=CLINIC)
    return Owner(session, world, tmp_path, SteadyEngine())


@pytest.fixture
def real(session, tmp_path):
    """Counts of a sealed store by the real engine, and the real model."""
    world = factories.furnish(session, policy=POLICY, catalogue=CLINIC)
    with Sandboxes(seal(tmp_path / "data", CLINIC, version=factories.VERSION)) as sandboxes:
        yield Owner(session, world, tmp_path, sandboxes)


def spent(session, level: str) -> list[int]:
    session.expire_all()
    found = select(budgets.Account.rho_spent).join(
        Dataset, Dataset.id == budgets.Account.dataset_id
    )
    return sorted(
        session.scalars(found.where(budgets.Account.level == level, Dataset.name == "clinic"))
    )


def table_of(submission: Submission):
    return present.from_json(submission.output.artefact(Format.JSON).content.decode())


def test_a_twin_is_made_from_released_tables_alone_and_answers_at_no_cost(real):
    owner = real
    session = owner.session
    asked = owner.asked()
    owner.released(asked)
    assert RHO - len(asked) <= sum(spent(session, "pool")) <= RHO

    twin = owner.made()

    assert not (owner.place.store_root / "clinic").exists(), "the data are not even there"
    before = spent(session, "pool")
    submission = owner.try_("SELECT sex, count(*) FROM persons GROUP BY sex")
    assert submission.state == State.RELEASED, "nobody has to look"
    assert submission.dataset_id == twin.id
    assert spent(session, "pool") == before
    told = [float(cell.value) for cell in table_of(submission).columns[0]]
    assert sum(told) == pytest.approx(CLINIC.declared_units, abs=20)
    for text in (OF_ROWS, BY_HOW_MANY, BY_LOOK_UP):
        cells = table_of(owner.try_(text)).columns[0]
        assert sum(one.value is not None for one in cells) >= 2, text


def test_the_same_releases_make_the_same_twin(owner):
    owner.released(owner.asked())
    first = datasets.current_version(owner.session, owner.made()).version
    again = owner.made()
    assert datasets.current_version(owner.session, again).version == first
    assert owner.session.query(Twin).count() == 1
    assert owner.session.query(DatasetVersion).count() == 2, "of the clinic and of its twin"


def test_what_was_asked_is_not_asked_again(owner):
    asked = owner.asked()
    assert {one.id for one in owner.asked()} == {one.id for one in asked}
    owner.released(asked)
    assert owner.asked() == []
    assert RHO - len(asked) <= sum(spent(owner.session, "pool")) <= RHO


def test_one_that_was_rejected_is_asked_again(owner):
    asked = owner.asked(RHO)
    owner.worked()
    decide(owner.session, owner.world, asked[0], decision=Decision.REJECT)
    before = spent(owner.session, "pool")
    again = [one for one in owner.asked() if one not in asked]
    owner.worked()
    assert [one.query_json for one in again] == [asked[0].query_json]
    assert spent(owner.session, "pool") == before, "the same draw, for a new look at it"


def test_a_twin_waits_for_all_of_its_tables(owner):
    with pytest.raises(NoTwin, match="ask for its tables first"):
        owner.made()
    asked = owner.asked()
    owner.worked()
    for one in asked[:-1]:
        leave(owner.session, owner.world, one)
    with pytest.raises(NoTwin, match=f"{len(asked) - 1} of {len(asked)} tables"):
        owner.made()
    assert twins.of(owner.session, owner.world.dataset) is None


def test_who_may_ask_the_dataset_may_ask_its_twin_and_nobody_else(owner):
    session, world = owner.session, owner.world
    owner.released(owner.asked())
    twin = owner.made()
    of_twin = set(
        session.scalars(
            select(ProjectDataset.project_id).where(ProjectDataset.dataset_id == twin.id)
        )
    )
    assert of_twin == {world.project, world.other_project}, "but not who measured"
    text = "SELECT count(*) FROM persons"
    assert owner.try_(text, who="gus", project=world.other_project).state == State.RELEASED
    with writing(session):
        stranger = people.add(
            session,
            email="kim@example.org",
            name="Kim",
            roles=(Role.RESEARCHER,),
            now=factories.NOW,
        )
        empty = projects.create(
            session,
            slug="empty",
            title="Empty",
            purpose="None.",
            starts_on=datetime.date(2026, 1, 1),
            ends_on=datetime.date(2126, 1, 1),
            members=((stranger, Position.LEAD),),
            datasets=(),
            now=factories.NOW,
        )
    world.people["kim"] = stranger.id
    with pytest.raises(NotFound):
        owner.try_(text, who="kim", project=empty.id)


def test_a_project_that_comes_later_has_the_twin_and_its_accounts(owner):
    session, world = owner.session, owner.world
    owner.released(owner.asked())
    twin = owner.made()
    with writing(session):
        ada = world.person(session, "ada")
        clinic_ = session.get_one(Dataset, world.dataset)
        late = projects.create(
            session,
            slug="late",
            title="Late",
            purpose="To learn.",
            starts_on=datetime.date(2026, 1, 1),
            ends_on=datetime.date(2126, 1, 1),
            members=((ada, Position.LEAD),),
            datasets=(clinic_,),
            now=factories.NOW,
        )
        for holder in ({"project_id": late.id}, {"project_id": late.id, "person_id": ada.id}):
            budgeted.open_account(session, clinic_, rho_total=5, now=factories.NOW, **holder)
    assert [one.name for one in late.datasets] == ["clinic", "clinic_twin"]
    assert owner.try_("SELECT count(*) FROM persons", project=late.id).state == State.RELEASED
    assert budgets.account(session, dataset_id=twin.id, project_id=late.id) is not None


def test_the_register_shows_what_was_measured_and_no_twin(owner):
    owner.released(owner.asked())
    owner.made()
    session = owner.session
    told = {one.slug: one for one in shown.projects(session)}
    assert any(slug.startswith("twin-") for slug in told), "a project that has spent of the budget"
    assert {"frailty", "smoking"} <= told.keys()
    assert all(not one.made_up for row in told.values() for one in row.real_datasets)
    assert [one.name for one in shown.datasets(session)] == ["clinic"]


def test_who_owns_the_data_checks_none_of_its_tables(owner):
    session, world = owner.session, owner.world
    with writing(session):
        eve = world.person(session, "eve")
        eve.roles = [*eve.roles, Role.CHECKER.value]
    asked = owner.asked()
    owner.worked()
    with pytest.raises(NotPermitted, match="belong to this project"):
        decide(session, world, asked[0], who="eve")


def test_a_recall_of_what_it_was_made_from_stops_a_twin(owner):
    session, world = owner.session, owner.world
    releases = owner.released(owner.asked())
    twin = owner.made()
    recalled.recall(
        session,
        person=owner.person,
        release_id=releases[3].id,
        reason="Wrong.",
        successor_id=None,
        now=factories.NOW,
    )
    session.refresh(twin)
    assert twin.stopped_at is not None
    assert twin.stop_reason == twinned.RECALLED
    ada = world.person(session, "ada")
    found = session.get_one(Dataset, world.dataset)
    assert twinned.twin_for(session, person=ada, project_id=world.project, dataset=found) is None
    with pytest.raises(NoTwin, match="tables were released"):
        owner.made()
    stops = [one for one in session.query(audit.AuditEntry) if one.event == "stopped"]
    assert [one.dataset_id for one in stops] == [twin.id]
    stopped.resume(
        session, owner=owner.person, dataset_id=twin.id, reason="Made anew.", now=factories.NOW
    )


def test_only_its_owner_asks_or_makes_and_only_of_noisy_real_data(owner):
    session, world = owner.session, owner.world
    for who in ("ada", "cleo", "ira"):
        with pytest.raises(NotFound):
            twinned.subject(
                session, owner=world.person(session, who), name="clinic", now=factories.NOW
            )
    owner.released(owner.asked())
    owner.made()
    with pytest.raises(NoTwin):
        twinned.subject(session, owner=owner.person, name="clinic_twin", now=factories.NOW)
    with writing(session):
        exact = datasets.register(
            session, name="exact", title="Exact", owner=owner.person, now=factories.NOW
        )
        datasets.publish_version(
            session, dataset=exact, version="v", catalogue=CLINIC, report={}, now=factories.NOW
        )
        datasets.publish_policy(session, dataset=exact, policy=sdc_policy(), now=factories.NOW)
    with pytest.raises(NoTwin, match="answers exactly"):
        twinned.subject(session, owner=owner.person, name="exact", now=factories.NOW)


def test_exact_data_have_a_twin_by_a_two_person_exception(session, tmp_path, monkeypatch):
    """Measured and answered with noise, by the rules of the exception."""
    monkeypatch.setattr(made, "modelled", evenly)
    world = factories.furnish(session, policy=sdc_policy(), catalogue=CLINIC)
    owner = Owner(session, world, tmp_path, SteadyEngine())
    with pytest.raises(NoTwin, match="two of its owners"):
        owner.asked()
    granted(session, world, rules=NOISY)
    asked = owner.asked()
    assert {one.track for one in asked} == {"dp"}
    owner.released(asked)
    twin = owner.made()
    assert datasets.current_policy(session, twin).policy.track == "dp"
    assert owner.try_("SELECT sex, count(*) FROM persons GROUP BY sex").state == State.RELEASED


def test_a_part_that_the_policy_does_not_allow_is_refused_with_the_sums_that_are(owner):
    count = len(
        made.counted_for(
            twinned.subject(owner.session, owner=owner.person, name="clinic", now=factories.NOW)
        )
    )
    with pytest.raises(NoTwin, match=f"from {count * 1_000_000:,} to") as refused:
        owner.asked(count * 1_000_000 - 1)
    assert str(count) in refused.value.public
    assert owner.session.query(Submission).count() == 0


@pytest.mark.parametrize("made_up", [True, False])
def test_what_stands_under_its_name_is_taken_over_only_if_it_holds_nobody(owner, made_up):
    """A try that stopped between the dataset and its record leaves such a one."""
    session = owner.session
    owner.released(owner.asked())
    with writing(session):
        left = datasets.register(
            session,
            name="clinic_twin",
            title="Left",
            owner=owner.person,
            now=factories.NOW,
            made_up=made_up,
        )
    if made_up:
        assert owner.made() == left
        assert twins.of(session, owner.world.dataset) == left
    else:
        with pytest.raises(NotPermitted, match="other people"):
            owner.made()


def test_the_twin_of_another_dataset_is_not_taken_for_its_own(owner):
    session, world = owner.session, owner.world
    owner.released(owner.asked())
    with writing(session):
        other, taken = (
            datasets.register(
                session,
                name=name,
                title=name,
                owner=owner.person,
                now=factories.NOW,
                made_up=nobody,
            )
            for name, nobody in (("clinic_of_another", False), ("clinic_twin", True))
        )
        session.add(Twin(dataset_id=taken.id, of_id=other.id, project_id=world.project))
    with pytest.raises(NoTwin, match="is taken"):
        owner.made()


def test_the_database_keeps_a_twin_made_up_and_of_real_data(owner):
    session, world = owner.session, owner.world
    owner.released(owner.asked())
    twin = owner.made()
    project_id = session.query(Twin).one().project_id
    for dataset_id, of_id in ((world.dataset, twin.id), (world.dataset, world.dataset)):
        row = insert(Twin).values(dataset_id=dataset_id, of_id=of_id, project_id=project_id)
        with pytest.raises(DBAPIError, match="a twin is made up"), session.begin_nested():
            session.execute(row)


def test_after_a_new_version_of_the_data_a_twin_is_measured_anew(owner):
    session = owner.session
    owner.released(owner.asked())
    owner.made()
    found = twinned.subject(session, owner=owner.person, name="clinic", now=factories.NOW)
    with writing(session):
        datasets.publish_version(
            session,
            dataset=found.dataset,
            version="another",
            catalogue=CLINIC,
            report={},
            now=factories.NOW,
        )
    with pytest.raises(NoTwin, match="0 of "):
        owner.made()
    with pytest.raises(GatesClosed):
        owner.asked()  # the first total is all that is spent, unless two people add to it


def test_the_commands_ask_and_make(owner, monkeypatch):
    url = owner.session.get_bind().url.render_as_string(hide_password=False)
    settings = {
        "TRE_DATABASE_URL": url,
        "TRE_STORE_ROOT": str(owner.place.store_root),
        "TRE_KEY_FILE": str(owner.place.key_file),
    }

    monkeypatch.setattr(command, "now", lambda: factories.NOW)

    def run(*words: str):
        owner.session.rollback()
        return CliRunner().invoke(synthetic, words, env=settings)

    early = run("make", "clinic", "--owner", "eve@example.org")
    assert (early.exit_code, "ask for its tables first" in early.output) == (1, True)
    told = run("ask", "clinic", "--owner", "eve@example.org", "--rho-nano", str(RHO))
    assert told.exit_code == 0, told.output
    asked = list(owner.session.scalars(select(Submission).order_by(Submission.created_at)))
    assert f"{len(asked)} questions are on their way" in told.output
    owner.released(asked)
    done = run("make", "clinic", "--owner", "eve@example.org")
    assert done.exit_code == 0, done.output
    assert "(clinic_twin) can be asked" in done.output
    wrong = run("ask", "clinic", "--owner", "ada@example.org", "--rho-nano", str(RHO))
    assert wrong.exit_code == 1
