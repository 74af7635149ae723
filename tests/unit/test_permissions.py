"""Who may do what: every person of a small world against every act."""

from __future__ import annotations

import itertools

import pytest
from sqlalchemy.orm import Session

from tests import factories
from tests.factories import PEOPLE, World
from tre import permissions
from tre.errors import NotFound, NotPermitted
from tre.people import Role

MAY_ASK = {"ada", "ben"}
MAY_REVIEW = {"cleo", "dan"}
MAY_OWN = {"eve"}
MAY_ADMINISTER = {"fay"}


@pytest.fixture
def world(session: Session) -> World:
    return factories.furnish(session)


@pytest.fixture
def output(session: Session, world: World):
    return factories.an_output(session, factories.a_submission(session, world))


@pytest.mark.parametrize("name", PEOPLE)
def test_each_person_may_do_what_their_role_and_place_allow(session, world, output, name):
    from tre.datasets import Dataset

    person = world.person(session, name)
    dataset = session.get_one(Dataset, world.dataset)
    assert permissions.can_ask(session, person=person, project_id=world.project) == (
        name in MAY_ASK
    )
    assert permissions.can_review(session, person=person, output=output) == (name in MAY_REVIEW)
    assert permissions.can_own(person=person, dataset=dataset) == (name in MAY_OWN)
    assert permissions.can_administer(person=person) == (name in MAY_ADMINISTER)


@pytest.mark.parametrize("name", PEOPLE)
def test_nobody_whose_account_is_not_active_may_do_anything(session, world, output, name):
    from tre.datasets import Dataset

    person = world.person(session, name)
    person.active = False
    dataset = session.get_one(Dataset, world.dataset)
    assert not permissions.can_ask(session, person=person, project_id=world.project)
    assert not permissions.can_review(session, person=person, output=output)
    assert not permissions.can_own(person=person, dataset=dataset)
    assert not permissions.can_administer(person=person)


def test_the_role_of_an_owner_without_the_dataset_opens_nothing(session, world):
    from tre.datasets import Dataset

    fay = world.person(session, "gus")
    fay.roles = [Role.OWNER]
    dataset = session.get_one(Dataset, world.dataset)
    with pytest.raises(NotFound):
        permissions.check_own(person=fay, dataset=dataset)


def test_a_member_without_the_researchers_role_may_look_but_not_ask(session, world):
    ben = world.person(session, "ben")
    ben.roles = []
    permissions.check_in_project(session, person=ben, project_id=world.project)
    with pytest.raises(NotPermitted):
        permissions.check_ask(session, person=ben, project_id=world.project)


def test_a_conflict_is_named(session, world, output):
    for name in ("ada", "ben"):
        person = world.person(session, name)
        person.roles = [Role.RESEARCHER, Role.CHECKER]
        with pytest.raises(NotPermitted, match="cannot check"):
            permissions.check_review(session, person=person, output=output)


@pytest.mark.parametrize("roles", [*itertools.combinations(Role, 2)], ids="+".join)
def test_roles_that_separation_of_duties_keeps_apart(roles):
    apart = frozenset(roles) in permissions.NEVER_ONE_PERSON
    operates = Role.ADMINISTRATOR in roles and Role.RESEARCHER not in roles
    assert apart == (operates or Role.AUDITOR in roles)
    if apart:
        with pytest.raises(NotPermitted):
            permissions.check_roles(roles)
    else:
        permissions.check_roles(roles)
