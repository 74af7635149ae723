"""Areas are declared in the catalogue; who is in which is read where the data lie."""

from __future__ import annotations

from dataclasses import replace

import pytest

from queries.catalogue import Catalogue
from queries.catalogue_faults import faults_of
from queries.read_catalogue import catalogue_hash, from_json, to_json
from queries.register.areas import areas_of
from queries.store import SCHEMA, attach_read_only, connect
from tests.catalogues import clinic, sdc_policy
from tests.stores import PERSONS, VERSION, seal, tables_of


def with_areas(*names: str) -> Catalogue:
    """``names``: columns by table and name."""
    catalogue = clinic()
    return replace(
        catalogue,
        tables=tuple(
            replace(
                table,
                columns=tuple(
                    replace(column, area=f"{table.name}.{column.name}" in names)
                    for column in table.columns
                ),
            )
            for table in catalogue.tables
        ),
    )


def test_without_areas_there_is_no_meter():
    assert areas_of(clinic(), policy=sdc_policy()) == ()


def test_everybody_is_in_an_area_of_each_division(tmp_path):
    catalogue = with_areas("persons.area", "areas.region")
    store = seal(tmp_path, catalogue)
    con = connect()
    attach_read_only(con, store.path(catalogue.dataset, VERSION), key=store.key)
    own, look_up = areas_of(catalogue, policy=sdc_policy())
    persons = tables_of(catalogue)["persons"]
    found = dict(con.execute(own).fetchall())
    assert len(found) == PERSONS
    missing = len(catalogue.table("persons").column("area").codes)
    for row in persons:
        expected = missing if row["area"] is None else row["area"]
        assert found[row["person"]] == expected
    regions = dict(con.execute(look_up).fetchall())
    assert len(regions) == PERSONS
    assert len(set(regions.values())) > 1
    assert SCHEMA in look_up


def test_a_declared_area_is_kept_and_others_leave_the_hash_as_it_was():
    declared = with_areas("persons.area")
    assert from_json(to_json(declared)) == declared
    assert catalogue_hash(declared) != catalogue_hash(clinic())
    assert "area" not in to_json(clinic())["tables"][0]["columns"][1]


@pytest.mark.parametrize(
    ("name", "fault"),
    [
        ("persons.age", "only attributes with codes"),
        ("persons.person", "only attributes with codes"),
        ("labs.test", "several rows here"),
        ("regions.climate", "no link leads here"),
    ],
)
def test_what_cannot_be_an_area_is_refused(name, fault):
    assert any(fault in one for one in faults_of(with_areas(name)))


def test_areas_of_people_and_of_look_ups_are_fine():
    assert faults_of(with_areas("persons.area", "areas.region")) == ()
