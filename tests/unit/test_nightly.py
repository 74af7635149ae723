"""Every night a worker makes what the register knows again, one dataset at a time, once."""

from __future__ import annotations

import datetime
from dataclasses import dataclass, field

import pytest
from sqlalchemy.orm import sessionmaker

from queries.errors import EngineFailed, Fault
from tests import factories
from tests.catalogues import sdc_policy
from tests.factories import NOW
from tests.made_up_engines import SteadyEngine
from tests.on_the_way import ask, work
from tre import audit
from tre.audit import AuditEntry
from tre.worker.nightly import Nightly

NIGHT = NOW.replace(hour=2)
HOUR = datetime.timedelta(hours=1)


@dataclass
class Made:
    kept: str | None = "kept"
    agree: bool = True


@dataclass
class Again:
    """A register that is made again, or fails."""

    agree: bool = True
    fails: bool = False
    asked: list[str] = field(default_factory=list)

    def rebuilt(self, *, dataset, **_):
        self.asked.append(dataset)
        if self.fails:
            raise EngineFailed(Fault.CHILD)
        return Made(agree=self.agree)


@pytest.fixture
def world(session):
    world = factories.furnish(session, policy=sdc_policy())
    ask(session, world)
    work(session, SteadyEngine())
    return world


def nights(session, registrar, *moments) -> None:
    session.rollback()
    nightly = Nightly(sessionmaker(session.get_bind()), registrar)
    for moment in moments:
        nightly.clock = lambda moment=moment: moment
        nightly.turn()


def told(session) -> list[bool]:
    found = session.query(AuditEntry).filter_by(event="register_rebuilt").order_by(AuditEntry.id)
    return [one.detail["agree"] for one in found]


def test_it_is_made_again_once_a_night(session, world):
    registrar = Again()
    nights(session, registrar, *(NIGHT + HOUR / 60 * minute for minute in range(60)))
    assert registrar.asked == ["clinic"]
    nights(session, registrar, NIGHT + 23 * HOUR)
    assert told(session) == [True, True]


def test_by_day_nothing_is_begun_and_nothing_at_the_end(session, world):
    registrar = Again()
    nights(session, registrar, NOW, NOW + 10 * HOUR, NIGHT - HOUR - HOUR)
    Nightly(sessionmaker(session.get_bind()), registrar, clock=lambda: NIGHT).turn(last=True)
    assert registrar.asked == []


def test_what_was_kept_and_is_something_else_is_on_record_and_in_the_log(session, world, caplog):
    nights(session, Again(agree=False), NIGHT)
    assert told(session) == [False]
    assert "the register of clinic kept something else" in caplog.text


def test_a_failure_is_tried_again_the_next_night_only(session, world, caplog):
    registrar = Again(fails=True)
    nights(session, registrar, NIGHT, NIGHT + HOUR, NIGHT + 24 * HOUR)
    assert registrar.asked == ["clinic", "clinic"]
    assert told(session) == []
    assert "was not compared" in caplog.text


def test_what_an_operator_made_again_today_is_not_made_again(session, world):
    with session.begin_nested():
        audit.write(
            session,
            "register_rebuilt",
            now=NIGHT - HOUR,
            dataset_id=world.dataset,
            tables=1,
            agree=True,
        )
    session.commit()
    registrar = Again()
    nights(session, registrar, NIGHT)
    assert registrar.asked == []


def test_a_dataset_without_exact_tables_is_left_alone(session):
    factories.furnish(session)
    registrar = Again()
    nights(session, registrar, NIGHT)
    assert registrar.asked == []
