"""How are rules inherited? Service, dataset, project: each may be stricter than the one above it.

Stricter rules are a part of a policy: the fields that change, in the form of a policy file. For
each field there is an order; of two values the stricter one holds, whatever level it comes from. So
nothing that a lower level says can loosen a higher one, also if the higher one changes later. ::

    max_cells: 200
    sdc:
      threshold: 20
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from operator import ge, le
from typing import Any, get_type_hints

from disclosure_control.errors import PolicyInvalid
from disclosure_control.plain import Faults, Plain, from_plain, to_plain
from disclosure_control.policy import Costs, DpRules, Policy, SdcRules, document_of

Rules = Mapping[str, Any]
"""Names of fields to values; those of a track under its name."""

Stricter = Callable[[Any, Any], bool]
"""Is the first value at least as strict as the second?"""


def _costs(own: Costs, inherited: Costs) -> bool:
    order = list(Costs)
    return order.index(own) >= order.index(inherited)


def _fewer_rows(own: int, inherited: int) -> bool:
    """None stays none: where cells are not bounded, rows are."""
    return min(1, inherited) <= own <= inherited


OF_POLICY: Mapping[str, Stricter] = {"max_cells": le, "checkers": ge}
OF_TRACK: Mapping[str, Mapping[str, Stricter]] = {
    "dp": {
        "threshold": ge,
        "rho_nano_default": le,
        "rho_nano_max": le,
        "max_rows_per_unit": le,
        "max_groups_per_unit": le,
        "max_rows_per_group_per_unit": _fewer_rows,
        "key_delta_femto": le,
    },
    "sdc": {
        "threshold": ge,
        "dominance_n": ge,
        "dominance_k": le,
        "p_ratio": ge,
        "structural_zeros": le,
        "degrees_of_freedom": ge,
        "costs": _costs,
        "counts": lambda _, inherited: inherited is None,
        "fallback": lambda own, inherited: own is None or own == inherited,
        "amber": le,
        "closed": le,
        "project_share": le,
        "weekly": le,
    },
}
KINDS: Mapping[str, type] = {"dp": DpRules, "sdc": SdcRules}


def from_yaml(text: str) -> Rules:
    """Raises PolicyInvalid with every fault: unknown fields, and values of another kind."""
    document = document_of(text)
    if not isinstance(document, Mapping):
        raise PolicyInvalid(("stricter rules are names with values, such as max_cells: 200",))
    return checked(document)


def checked(document: Mapping[Any, Any]) -> Rules:
    """The rules in their plain form. Raises PolicyInvalid with every fault."""
    faults: Faults = []
    read: dict[str, Any] = {}
    for name, value in document.items():
        if name in OF_TRACK and isinstance(value, Mapping):
            read[name] = _read(value, OF_TRACK[name], KINDS[name], name, faults)
        else:
            read |= _read({name: value}, OF_POLICY, Policy, "", faults)
    if faults:
        raise PolicyInvalid(tuple(faults))
    if all(value == {} for value in read.values()):
        raise PolicyInvalid(("no rule is given",))
    return read


def _read(
    given: Mapping[Any, Any],
    order: Mapping[str, Stricter],
    kind: type,
    place: str,
    faults: Faults,
) -> dict[str, Plain]:
    hints, read = get_type_hints(kind), {}
    for name, value in given.items():
        where = f"{place}.{name}".strip(".")
        if name not in order:
            faults.append(f"{where} is no rule that can be stricter")
            continue
        before = len(faults)
        own = from_plain(hints[name], value, faults=faults, place=where)
        if len(faults) == before:
            read[name] = to_plain(own)
    return read


def tightened(policy: Policy, rules: Rules) -> Policy:
    """The policy under these rules too: of each field the stricter value.

    It may be too weak or contradict itself nevertheless: ``validate_policy`` says so.
    """
    changed: Policy = _at_least(_strictest(policy, rules, OF_POLICY), rules)
    dp = policy.dp and _strictest(policy.dp, rules.get("dp", {}), OF_TRACK["dp"])
    sdc = policy.sdc and _strictest(policy.sdc, rules.get("sdc", {}), OF_TRACK["sdc"])
    if dp is not None:
        dp = replace(dp, rho_nano_default=min(dp.rho_nano_default, dp.rho_nano_max))
    return replace(changed, dp=dp, sdc=sdc)


def _at_least(policy: Policy, rules: Rules) -> Policy:
    """So many checkers as the rules ask for, whatever the risk."""
    fewest, routes = rules.get("checkers", 0), policy.routes
    if routes is None:
        return policy
    low, middle = max(routes.low, fewest), max(routes.middle, fewest)
    return replace(policy, routes=replace(routes, low=low, middle=middle))


def _strictest(inherited: Any, rules: Rules, order: Mapping[str, Stricter]) -> Any:
    own = _values(type(inherited), {name: rules[name] for name in rules if name in order})
    stricter = {
        name: value for name, value in own.items() if order[name](value, getattr(inherited, name))
    }
    return replace(inherited, **stricter)


def _values(kind: type, rules: Rules) -> dict[str, Any]:
    hints, faults = get_type_hints(kind), list[str]()
    found = {
        name: from_plain(hints[name], value, faults=faults, place=name)
        for name, value in rules.items()
    }
    if faults:
        raise PolicyInvalid(tuple(faults))
    return found


def looser(policy: Policy, rules: Rules) -> Iterator[str]:
    """Every rule that would be weaker than what is inherited, as a sentence for its author."""
    parts: list[tuple[Any, Rules, Mapping[str, Stricter], str]] = [(policy, rules, OF_POLICY, "")]
    parts += [
        (inherited, rules[track], OF_TRACK[track], f"{track}.")
        for track, inherited in (("dp", policy.dp), ("sdc", policy.sdc))
        if inherited is not None and track in rules
    ]
    for inherited, given, order, place in parts:
        own = _values(type(inherited), {name: given[name] for name in given if name in order})
        for name, value in own.items():
            above = getattr(inherited, name)
            if not order[name](value, above):
                yield f"{place}{name}: {_said(value)} is weaker than {_said(above)}, which holds"


def weaker(before: Rules, after: Rules) -> Iterator[str]:
    """The same of two sets of rules that no policy joins: where the second is not as strict."""
    parts: list[tuple[str, Mapping[str, Stricter], type, Rules, Rules]]
    parts = [("", OF_POLICY, Policy, before, after)]
    parts += [
        (f"{track}.", order, KINDS[track], before.get(track, {}), after.get(track, {}))
        for track, order in OF_TRACK.items()
    ]
    for place, order, kind, earlier, later in parts:
        then = _values(kind, {name: earlier[name] for name in earlier if name in order})
        now = _values(kind, {name: later[name] for name in later if name in order})
        for name, value in then.items():
            if name not in now or (now[name] != value and not order[name](now[name], value)):
                yield f"{place}{name}: {_said(now.get(name))} is weaker than {_said(value)}"


def both(first: Rules, second: Rules) -> Rules:
    """One set of rules for two, of which the second is at least as strict where it speaks."""
    joined = {**first, **second}
    for track in OF_TRACK:
        if track in first and track in second:
            joined[track] = {**first[track], **second[track]}
    return joined


def _said(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return str(value) if isinstance(value, int | str) else "another rule"
