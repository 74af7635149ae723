"""Under which rules may a table leave? One frozen, versioned, hashed value per dataset.

A policy file is YAML with the fields of ``Policy``; ``dp`` or ``sdc`` holds the rules of the one
track that it opens::

    version: 1
    track: dp
    max_cells: 2000
    checkers: 2
    routes:                           # fewer checkers by risk, on the noisy track; none unless said
      low: 0
      middle: 1
      audit_share: 0.1                # of what nobody would look at, for one checker
    dp:
      threshold: 10
      rho_nano_default: 20000000      # zCDP charge of a question, in 1e-9
      rho_nano_min: 1000000
      rho_nano_max: 200000000
      mechanisms: [discrete_gaussian, discrete_laplace]
      max_rows_per_unit: 20
      max_groups_per_unit: 5
      max_rows_per_group_per_unit: 4  # none unless said; used where it needs less noise

    sdc:                               # instead of dp, with track: sdc and checkers: 2
      threshold: 10
      dominance_n: 2
      dominance_k: 0.90
      p_ratio: 0.10
      costs: units                     # of hiding a cell beside others; or rounded, or equal
      counts:                          # if no count may be shown as it is; only counts can be asked
        method: cell_key               # or nearest, random, midpoint, controlled, with a base
        table: perturbation.csv        # a file beside this one
        hides_small: false             # counts below the threshold are altered like others
        fewest: 3                      # true counts that a shown one must be able to stand for
      fallback: {method: controlled, base: 5}   # of counts with totals that are not protected in
                                       # time; refused unless said
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from enum import StrEnum
from typing import Any

import yaml

from disclosure_control import alterations
from disclosure_control.alterations import KEYED, Alteration
from disclosure_control.errors import PolicyInvalid
from disclosure_control.perturbation import Noise, NotAPerturbationTable, from_csv, to_csv
from disclosure_control.plain import Faults, canonical_text, from_plain, to_plain


class Track(StrEnum):
    DP = "dp"
    SDC = "sdc"


class Mechanism(StrEnum):
    """Where the errors of two are equal, the first is taken: it also has a pure epsilon."""

    LAPLACE = "discrete_laplace"
    GAUSSIAN = "discrete_gaussian"


@dataclass(frozen=True, slots=True)
class DpRules:
    """Rules of the noisy track. Budgets are integers: rho in 1e-9, delta in 1e-15."""

    threshold: int  # a noisy count below it is hidden
    rho_nano_default: int  # what a question costs unless its author asks otherwise
    rho_nano_min: int
    rho_nano_max: int
    mechanisms: tuple[str, ...]  # "discrete_gaussian", "discrete_laplace"
    max_rows_per_unit: int  # K of row weights
    max_groups_per_unit: int  # G of distinct-unit weights
    key_delta_femto: int = 0  # delta of a question by unknown keys; 0: none is answered
    max_rows_per_group_per_unit: int = 0  # M of cell weights, where they need less noise; 0: none


class Costs(StrEnum):
    """What hiding one cell more costs, when a choice is made which.

    Costs follow from the data, so the choice may tell something of it: less if they are rounded,
    nothing if all are equal.
    """

    UNITS = "units"  # the units in it, and one
    ROUNDED = "rounded"  # that, to the next power of two
    EQUAL = "equal"


@dataclass(frozen=True, slots=True)
class SdcRules:
    """Rules of the exact track, with usual UK defaults in the policy files."""

    threshold: int  # distinct contributing units
    dominance_n: int
    dominance_k: Decimal
    p_ratio: Decimal
    structural_zeros: bool = False  # a cell without units is known to be empty: show its zero
    degrees_of_freedom: int = 10  # residual ones, of models
    costs: Costs = Costs.UNITS
    counts: Alteration | None = None  # how every count is changed; only counts can be asked then
    fallback: Alteration | None = None  # how counts are changed where hiding takes too long
    amber: Decimal = Decimal("0.03")  # of rank over people: checkers are warned
    closed: Decimal = Decimal("0.05")  # and there exact answers end
    project_share: Decimal = Decimal(1)  # of the declared cells, for one project
    weekly: int = 50  # exact questions of one project in seven days

    @property
    def alterations(self) -> dict[str, Alteration]:
        """By the rule that asks for it."""
        return {
            name: one
            for name, one in (("counts", self.counts), ("fallback", self.fallback))
            if one is not None
        }

    @property
    def keyed(self) -> bool:
        """May counts be drawn by the keys of their units?"""
        return any(one.method in KEYED for one in self.alterations.values())


class Risk(StrEnum):
    """Of what a question asks for, by public facts alone."""

    LOW = "low"
    MIDDLE = "middle"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class Routes:
    """Fewer checkers for outputs of less risk. Of high risk are those that ``checkers`` is for."""

    low: int
    middle: int
    audit_share: Decimal  # of outputs that nobody would look at: drawn at random for one checker


@dataclass(frozen=True, slots=True)
class Policy:
    """A dataset's rules. Its hash (of the canonical JSON) is what releases are bound to."""

    version: int
    track: Track
    dp: DpRules | None
    sdc: SdcRules | None
    max_cells: int
    checkers: int  # independent approvals before release, at most: 0, 1 or 2; 2 on SDC
    both_tracks: bool = False  # the dataset's other track is or was open: records say so
    routes: Routes | None = None  # by risk; without them every output needs ``checkers``

    def checkers_for(self, risk: Risk) -> int:
        """Independent approvals that an output of this risk needs."""
        if self.routes is None or risk is Risk.HIGH:
            return self.checkers
        return self.routes.low if risk is Risk.LOW else self.routes.middle

    @property
    def fewest_checkers(self) -> int:
        return self.checkers_for(Risk.LOW)


LATER_RULES: Mapping[str, object] = {
    "degrees_of_freedom": 10,
    "costs": "units",
    "counts": None,
    "fallback": None,
    "amber": "0.03",
    "closed": "0.05",
    "project_share": "1",
    "weekly": 50,
}
"""Rules that came later, and what they were before: a policy that leaves them so keeps its hash."""

EXACT_CHECKERS = 2
SMALLEST_THRESHOLD = 3  # two contributors know each other's value
LARGEST_RHO_NANO = 10**9  # one question: rho = 1, pure epsilon 1.41
LARGEST_TABLE = 100_000  # cells
LARGEST_KEY_DELTA_FEMTO = 10**9  # one question: delta = 0.000001
LARGEST_CONTRIBUTION = 10_000  # rows or groups of one unit
LARGEST_HEADROOM = Decimal("0.10")  # of rank over people: beyond it a file can be rebuilt
WEAKEST_DOMINANCE_K = Decimal("0.95")
WEAKEST_P_RATIO = Decimal("0.05")

Rule = tuple[str, Callable[[Any], bool]]
File = Callable[[str], str]

POLICY_RULES: tuple[Rule, ...] = (
    ("version must be 1 or more", lambda p: p.version >= 1),
    (f"max_cells must be 1 to {LARGEST_TABLE}", lambda p: 1 <= p.max_cells <= LARGEST_TABLE),
    ("checkers must be 0, 1 or 2", lambda p: p.checkers in (0, 1, 2)),
    (
        f"the exact track needs {EXACT_CHECKERS} checkers",
        lambda p: p.track != Track.SDC or p.checkers == EXACT_CHECKERS,
    ),
    ("track dp needs the rules dp", lambda p: p.track != Track.DP or p.dp is not None),
    ("track sdc needs the rules sdc", lambda p: p.track != Track.SDC or p.sdc is not None),
    ("only one track may have rules", lambda p: p.dp is None or p.sdc is None),
    ("routes are for the noisy track", lambda p: p.routes is None or p.track == Track.DP),
    (
        "routes must satisfy 0 <= low <= middle <= checkers",
        lambda p: p.routes is None or 0 <= p.routes.low <= p.routes.middle <= p.checkers,
    ),
    (
        "routes.audit_share must be 0 to 1",
        lambda p: p.routes is None or 0 <= p.routes.audit_share <= 1,
    ),
)
DP_RULES: tuple[Rule, ...] = (
    (
        f"dp.threshold must be {SMALLEST_THRESHOLD} or more",
        lambda r: r.threshold >= SMALLEST_THRESHOLD,
    ),
    (
        "dp: rho_nano must satisfy 1 <= min <= default <= max",
        lambda r: 1 <= r.rho_nano_min <= r.rho_nano_default <= r.rho_nano_max,
    ),
    (
        f"dp.rho_nano_max must be at most {LARGEST_RHO_NANO}",
        lambda r: r.rho_nano_max <= LARGEST_RHO_NANO,
    ),
    (
        "dp.mechanisms must name one or more of " + ", ".join(Mechanism) + ", each once",
        lambda r: (
            0 < len(r.mechanisms) == len(set(r.mechanisms)) and set(r.mechanisms) <= set(Mechanism)
        ),
    ),
    (
        f"dp.max_rows_per_unit must be 1 to {LARGEST_CONTRIBUTION}",
        lambda r: 1 <= r.max_rows_per_unit <= LARGEST_CONTRIBUTION,
    ),
    (
        f"dp.max_groups_per_unit must be 1 to {LARGEST_CONTRIBUTION}",
        lambda r: 1 <= r.max_groups_per_unit <= LARGEST_CONTRIBUTION,
    ),
    (
        f"dp.max_rows_per_group_per_unit must be 0 to {LARGEST_CONTRIBUTION}",
        lambda r: 0 <= r.max_rows_per_group_per_unit <= LARGEST_CONTRIBUTION,
    ),
    (
        f"dp.key_delta_femto must be 0 to {LARGEST_KEY_DELTA_FEMTO}",
        lambda r: 0 <= r.key_delta_femto <= LARGEST_KEY_DELTA_FEMTO,
    ),
)
SDC_RULES: tuple[Rule, ...] = (
    (
        f"sdc.threshold must be {SMALLEST_THRESHOLD} or more",
        lambda r: r.threshold >= SMALLEST_THRESHOLD,
    ),
    ("sdc.dominance_n must be 1 or 2", lambda r: r.dominance_n in (1, 2)),
    (
        f"sdc.dominance_k must be above 0 and at most {WEAKEST_DOMINANCE_K}",
        lambda r: 0 < r.dominance_k <= WEAKEST_DOMINANCE_K,
    ),
    (
        f"sdc.p_ratio must be {WEAKEST_P_RATIO} to 1",
        lambda r: WEAKEST_P_RATIO <= r.p_ratio <= 1,
    ),
    (
        f"sdc.degrees_of_freedom must be {SMALLEST_THRESHOLD} or more",
        lambda r: r.degrees_of_freedom >= SMALLEST_THRESHOLD,
    ),
    (
        f"sdc.closed must be above 0 and at most {LARGEST_HEADROOM}",
        lambda r: 0 < r.closed <= LARGEST_HEADROOM,
    ),
    ("sdc.amber must be above 0 and at most sdc.closed", lambda r: 0 < r.amber <= r.closed),
    ("sdc.project_share must be above 0 and at most 1", lambda r: 0 < r.project_share <= 1),
    ("sdc.weekly must be 1 or more", lambda r: r.weekly >= 1),
    (
        "sdc.fallback has nothing to replace where sdc.counts alters every count",
        lambda r: r.counts is None or r.fallback is None,
    ),
)


def validate_policy(policy: Policy) -> tuple[str, ...]:
    """Every way in which this rule set is malformed or too weak; empty if it may be used."""
    return tuple(
        sentence
        for subject, rules in (
            (policy, POLICY_RULES),
            (policy.dp, DP_RULES),
            (policy.sdc, SDC_RULES),
        )
        if subject is not None
        for sentence, holds in rules
        if not holds(subject)
    ) + tuple(_altered_too_little(policy.sdc))


def _altered_too_little(rules: SdcRules | None) -> Iterator[str]:
    if rules is None:
        return
    for name, one in rules.alterations.items():
        found = alterations.faults(
            one, threshold=rules.threshold, structural_zeros=rules.structural_zeros
        )
        yield from (f"sdc.{name}: {fault}" for fault in found)


def require_valid(policy: Policy) -> None:
    """Raises PolicyInvalid with every fault."""
    if faults := validate_policy(policy):
        raise PolicyInvalid(faults)


def from_yaml(text: str, *, file: File | None = None) -> Policy:
    """Raises PolicyInvalid with every fault, also for a rule set that is readable but weak.

    ``file`` gives the text of a perturbation table beside the policy by its name, or raises
    OSError or ValueError.
    """
    return _from_document(_with_tables(document_of(text), file=file))


def document_of(text: str) -> object:
    """What a YAML text spells; a key that stands twice is a fault. Raises PolicyInvalid."""
    try:
        return _StrictLoader(text).get_single_data()
    except (yaml.YAMLError, RecursionError, ValueError, TypeError) as error:
        raise PolicyInvalid(("the file is not valid YAML",)) from error


def _with_tables(document: object, *, file: File | None) -> object:
    """With each table in place of the name of its file."""
    sdc = document.get("sdc") if isinstance(document, Mapping) else None
    if not isinstance(document, Mapping) or not isinstance(sdc, Mapping):
        return document
    read = {
        name: {**part, "table": to_plain(_table(part["table"], file=file))}
        for name, part in sdc.items()
        if isinstance(part, Mapping) and isinstance(part.get("table"), str)
    }
    return {**document, "sdc": {**sdc, **read}}


def _table(name: str, *, file: File | None) -> tuple[Noise, ...]:
    if file is None:
        raise PolicyInvalid(("a perturbation table is a file beside a policy file",))
    try:
        return from_csv(file(name))
    except NotAPerturbationTable as error:
        raise PolicyInvalid((f"{name}: {error}",)) from error
    except (OSError, ValueError) as error:
        raise PolicyInvalid((f"{name}: there is no such text file beside the policy",)) from error


def from_json(form: str | Mapping[str, object]) -> Policy:
    """From JSON text or the object that it spells. Raises PolicyInvalid with every fault."""
    try:
        document = json.loads(form) if isinstance(form, str) else form
    except (ValueError, RecursionError) as error:
        raise PolicyInvalid(("the text is not valid JSON",)) from error
    return _from_document(document)


def to_json(policy: Policy) -> str:
    """Canonical: equal policies have equal text (0.9 and 0.90 are the same rule)."""
    sdc = policy.sdc and replace(
        policy.sdc,
        dominance_k=policy.sdc.dominance_k.normalize(),
        p_ratio=policy.sdc.p_ratio.normalize(),
    )
    routes = policy.routes and replace(
        policy.routes, audit_share=policy.routes.audit_share.normalize()
    )
    plain = to_plain(replace(policy, sdc=sdc, routes=routes))
    for name in ("both_tracks", "routes"):
        if isinstance(plain, dict) and not plain[name]:
            del plain[name]  # said only where it is so: other policies keep their hash
    if isinstance(plain, dict) and isinstance(rules := plain["sdc"], dict):
        for name, usual in LATER_RULES.items():
            if rules[name] == usual:
                del rules[name]
    noisy = plain["dp"] if isinstance(plain, dict) else None
    for name in ("key_delta_femto", "max_rows_per_group_per_unit"):
        if isinstance(noisy, dict) and not noisy[name]:
            del noisy[name]
    return canonical_text(plain)


def for_everybody(plain: Mapping[str, Any]) -> dict[str, Any]:
    """The JSON object of a policy with names in place of perturbation tables: those are secret."""
    rules = plain.get("sdc") or {}
    shown = {
        name: {**rules[name], "table": f"{name}.csv"}
        for name in ("counts", "fallback")
        if (rules.get(name) or {}).get("table")
    }
    return {**plain, "sdc": {**rules, **shown}} if shown else dict(plain)


def table_called(name: str, *, of: Policy) -> str:
    """The text behind such a name. Raises ValueError where the policy has no such table."""
    rules = of.sdc.alterations if of.sdc else {}
    alteration = rules.get(name.removesuffix(".csv"))
    if alteration is None or not alteration.table:
        raise ValueError(name)
    return to_csv(alteration.table)


def policy_hash(policy: Policy) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(to_json(policy).encode()).hexdigest()


def _from_document(document: object) -> Policy:
    if isinstance(document, Mapping):
        if document.get("track") == "both":
            raise PolicyInvalid(
                ("a policy opens one track; the other needs a two-person exception",)
            )
        document = {"dp": None, "sdc": None, **document}
    faults: Faults = []
    policy: Policy = from_plain(Policy, document, faults=faults, place="policy")
    if faults:
        raise PolicyInvalid(tuple(faults))
    require_valid(policy)
    return policy


class _StrictLoader(yaml.SafeLoader):
    """YAML without its silent rule that the last of two equal keys wins."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - its signature
        keys = [str(key.value) for key, _ in node.value]
        if repeated := sorted(_repeated(keys)):
            raise yaml.constructor.ConstructorError(None, None, f"repeated: {repeated}", None)
        return dict(super().construct_mapping(node, deep=deep))


def _repeated(keys: list[str]) -> Iterator[str]:
    return (key for key in set(keys) if keys.count(key) > 1)
