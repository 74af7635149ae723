"""A statement that is asked without SQLAlchemy's connections answers as through them."""

from __future__ import annotations

import datetime

import pytest
from sqlalchemy import Engine, bindparam, select, text
from sqlalchemy.orm import Session

from tests import factories
from tests.factories import NOW
from tre.api.unchanged import MAY_FETCH
from tre.database import connect
from tre.people import Person
from tre.prepared import Prepared

ROLES = select(Person.roles).where(
    Person.email == bindparam("email"),
    Person.created_at <= bindparam("now"),
    Person.active.is_(True),
    Person.name != "Nobody",
)
EAST = datetime.timezone(datetime.timedelta(hours=9))


@pytest.fixture
def furnished(engine: Engine) -> Engine:
    with Session(engine) as session:
        factories.furnish(session)
    return engine


@pytest.mark.parametrize(
    ("email", "now"),
    [
        ("ada@example.org", NOW),
        ("ada@example.org", NOW.astimezone(EAST)),
        ("ada@example.org", NOW - datetime.timedelta(seconds=1)),
        ("x' OR '1' = '1", NOW),
    ],
)
def test_it_answers_as_through_a_connection_on_both_databases(furnished, email, now):
    given = {"email": email, "now": now}
    with furnished.connect() as connection:
        through = connection.execute(ROLES, given).scalar()
    prepared = Prepared(furnished, ROLES)
    assert [prepared.first(given) for _ in range(3)] == [through] * 3
    assert (through == ["researcher"]) == (email == "ada@example.org" and now >= NOW)


def test_the_statement_of_the_door_finds_nothing_for_nobody_on_both_databases(furnished):
    given = {"token": "t", "now": NOW, "release": "r", "format": "csv", "sha256": "s"}
    assert Prepared(furnished, MAY_FETCH).first(given) is None


def test_a_moment_without_a_time_zone_is_refused_as_ever(furnished):
    with pytest.raises(TypeError):
        Prepared(furnished, ROLES).first({"email": "", "now": NOW.replace(tzinfo=None)})


def test_it_holds_no_transaction_open(furnished):
    prepared = Prepared(furnished, ROLES)
    prepared.first({"email": "ada@example.org", "now": NOW})
    with Session(furnished) as session:
        session.execute(text("DROP TABLE notice"))
        session.commit()


def test_what_the_driver_says_is_known_by_its_kind(tmp_path):
    empty = connect(f"sqlite:///{tmp_path / 'empty.db'}")
    prepared = Prepared(empty, ROLES)
    with pytest.raises(prepared.faults):
        prepared.first({"email": "", "now": NOW})
    empty.dispose()
