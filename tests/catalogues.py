"""A small linked dataset that tests of the front end, the plan and the engines share.

clinic: unit = person
  persons   one row per person: sex, age, bmi (nullable, 1 decimal), income (negative too),
            smoker (nullable), seen (date), area (nullable code)
  labs      up to 6 rows a person: test, value (nullable, 2 decimals), day
  events    up to 4 rows a person: kind, day (nullable), severity (nullable)
  areas     public look-up by area: region, deprivation
  regions   public look-up by region: climate
"""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

from disclosure_control.alterations import Alteration, Method
from disclosure_control.policy import DpRules, Policy, SdcRules, Track
from queries.catalogue import Catalogue
from queries.read_catalogue import from_yaml

CLINIC = """
dataset: clinic
title: A made-up clinic
description: Nobody in it exists.
unit: {one: person, many: persons, declared: 1000}
notes: ["Ages are at entry."]
code_lists:
  areas: [hill, river, shore, "o'hara"]
  regions: {n: North, s: South}
tables:
  persons:
    title: Persons
    rows: 1000
    unit: person
    rows_per_unit: 1
    columns:
      person: {title: Person, role: unit}
      sex: {title: Sex, type: code, codes: {f: Female, m: Male}}
      age: {title: Age, type: number, lower: 0, upper: 110}
      bmi: {title: Body mass index, type: number, decimals: 1, lower: 10, upper: 80, nullable: true}
      income: {title: Income, type: number, decimals: 2, lower: -1000, upper: 250000}
      smoker: {title: Smoker, type: code, codes: {"0": "No", "1": "Yes"}, nullable: true,
               sensitive: true}
      seen: {title: First seen, type: date, lower: 1990-01-01, upper: 2019-12-31}
      area: {title: Area, type: code, codes: areas, nullable: true}
  labs:
    title: Laboratory results
    rows: 4000
    unit: person
    rows_per_unit: 6
    columns:
      person: {title: Person, role: unit}
      test: {title: Test, type: code, codes: {hdl: HDL cholesterol, sbp: Systolic blood pressure}}
      value: {title: Result, type: number, decimals: 2, lower: 0, upper: 300, nullable: true}
      day: {title: Day, type: date, lower: 1990-01-01, upper: 2020-12-31}
  events:
    title: Disease events
    rows: 1500
    unit: person
    rows_per_unit: 4
    columns:
      person: {title: Person, role: unit}
      kind: {title: Kind, type: code, codes: {dm: Diabetes, ht: Hypertension, mi: Heart attack,
             st: Stroke}}
      day: {title: Day, type: date, lower: 1990-01-01, upper: 2020-12-31, nullable: true}
      severity: {title: Severity, type: number, lower: -3, upper: 9, nullable: true}
  areas:
    title: Areas
    rows: 4
    columns:
      area: {title: Area, type: code, role: key, codes: areas}
      region: {title: Region, type: code, codes: regions, nullable: true}
      deprivation: {title: Deprivation score, type: number, decimals: 1, lower: 0, upper: 100}
  regions:
    title: Regions
    rows: 2
    columns:
      region: {title: Region, type: code, role: key, codes: regions}
      climate: {title: Climate, type: code, codes: [mild, harsh]}
links:
  lab_person: {kind: unit, from: labs.person, to: persons.person}
  event_person: {kind: unit, from: events.person, to: persons.person}
  home: {kind: lookup, from: persons.area, to: areas.area}
  in_region: {kind: lookup, from: areas.region, to: regions.region}
recodes:
  disease: {title: Disease group, column: events.kind,
            groups: {Metabolic: [dm], Circulation: [ht, mi, st]}}
  heart: {title: Heart disease, column: events.kind, groups: {Heart: [ht, mi]}}
  coast: {title: Coast, column: persons.area, groups: {Coast: [shore], Inland: [hill, river]}}
"""


def clinic() -> Catalogue:
    """The catalogue of the module's docstring."""
    return from_yaml(CLINIC)


NESTED = """
recodes:
  by_disease: {title: Diagnosis by group, column: events.kind, levels: [disease, kind]}
  ragged: {title: Diagnosis, column: events.kind,
           groups: {Any: [dm, ht, mi, st], Diabetes: [dm], Circulation: [ht, mi, st],
                    Pressure: [ht], Heart or brain: [mi, st]}}
  inland: {title: Area, column: persons.area,
           groups: {Hill: [hill], River: [river], Inland: [hill, river], Coast: [shore]}}
"""


def nested_clinic() -> Catalogue:
    """The same, with recodes that have subtotals."""
    return from_yaml(CLINIC + NESTED.removeprefix("\nrecodes:\n"))


def worded_clinic() -> Catalogue:
    """The same, with two texts whose values nobody declared: one of persons, one of rows."""
    job = "      job: {title: Occupation, type: text, most_values: 5, nullable: true}\n"
    drug = "      drug: {title: Drug, type: text, most_values: 4}\n"
    text = CLINIC
    for before, column in (("      sex: ", job), ("      kind: ", drug)):
        text = text.replace(before, column + before, 1)
    return from_yaml(text)


def worded_policy(**changed: object) -> Policy:
    """Noise, and keys that nobody declared at a delta of 1e-9 a question."""
    return dp_policy(**{"key_delta_femto": 10**6, **changed})


def dp_policy(**changed: object) -> Policy:
    """Noise, threshold 10; ``changed`` replaces rules of the noisy track."""
    rules: dict[str, object] = {
        "threshold": 10,
        "rho_nano_default": 100_000_000,
        "rho_nano_min": 1_000_000,
        "rho_nano_max": 1_000_000_000,
        "mechanisms": ("discrete_gaussian", "discrete_laplace"),
        "max_rows_per_unit": 3,
        "max_groups_per_unit": 2,
    }
    dp = DpRules(**{**rules, **changed})  # type: ignore[arg-type]
    return Policy(version=1, track=Track.DP, dp=dp, sdc=None, max_cells=2000, checkers=1)


def cell_policy() -> Policy:
    """Rows weigh by the cell that they are in, which needs less noise than by all of their unit."""
    return dp_policy(max_rows_per_group_per_unit=1)


def keyed_policy() -> Policy:
    """Exact tables whose counts are rounded at random where they are not protected in time."""
    exact = sdc_policy()
    assert exact.sdc
    fallback = Alteration(Method.RANDOM, base=5)
    return replace(exact, sdc=replace(exact.sdc, fallback=fallback))


def sdc_policy() -> Policy:
    """Exact tables under the usual UK rules."""
    sdc = SdcRules(threshold=10, dominance_n=2, dominance_k=Decimal("0.9"), p_ratio=Decimal("0.1"))
    return Policy(version=1, track=Track.SDC, dp=None, sdc=sdc, max_cells=2000, checkers=2)
