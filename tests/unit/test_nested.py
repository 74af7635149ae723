"""Groups of codes that lie within each other: subtotals, their parts, and what is no tree."""

from __future__ import annotations

import pytest

from queries import nested
from queries.read_catalogue import from_json, to_json
from tests.catalogues import nested_clinic

REGIONS = (("North", ("a", "b", "c")), ("South", ("d", "e")))
TOWNS = (("Aby", ("a", "b")), ("Cen", ("c",)), ("South", ("d", "e")))
CODES = tuple((code.upper(), (code,)) for code in "abcde")


def labels(groups):
    return [label for label, _ in groups]


def test_levels_become_one_list_in_which_each_group_stands_before_its_parts():
    groups, wrong = nested.by_levels([REGIONS, TOWNS, CODES])
    assert not wrong
    assert labels(groups) == ["North", "Aby", "A", "B", "Cen", "C", "South", "D", "E"]
    assert nested.below(groups) == {0: (1, 4), 1: (2, 3), 4: (5,), 6: (7, 8)}
    assert nested.chains(groups)["a"] == (0, 1, 2)
    assert nested.depth(groups) == 2
    assert not list(nested.faults(groups))


def test_disjoint_groups_have_no_subtotals():
    assert nested.below(REGIONS) == {}
    assert nested.depth(REGIONS) == 0
    assert not list(nested.faults(REGIONS))


def test_of_two_groups_with_the_same_codes_the_first_holds_the_other():
    assert nested.below((("City", ("a",)), ("Ward", ("a",)))) == {0: (1,)}


@pytest.mark.parametrize(
    ("groups", "fault"),
    [
        ((("x", ("a", "b")), ("y", ("b", "c"))), "'x' and 'y' share codes"),
        ((("x", ("a", "b")), ("y", ("a",))), "the code b of 'x' is in none"),
        ((("x", ("a", "b", "c")), ("y", ("a", "b")), ("z", ("b", "c"))), "share codes"),
    ],
)
def test_groups_that_are_no_tree_of_sums_are_named(groups, fault):
    assert any(fault in one for one in nested.faults(groups))


def test_a_level_that_does_not_lie_within_the_one_above_is_named():
    across = (("Bcd", ("b", "c", "d")),)
    groups, wrong = nested.by_levels([REGIONS, across])
    assert groups == ()
    assert wrong == ("'Bcd' is not within one group of the level above it",)
    _, outside = nested.by_levels([REGIONS[:1], CODES])
    assert len(outside) == 2


def test_recodes_by_levels_are_kept_as_the_groups_that_they_make():
    catalogue = nested_clinic()
    assert from_json(to_json(catalogue)) == catalogue
    recode = catalogue.recode("by_disease")
    assert labels(recode.groups)[:2] == ["Metabolic", "Diabetes"]
