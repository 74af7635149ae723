"""Check a table, suppress it and attack it, from the command line, without the service.

    python -m disclosure_control check DATA --policy FILE --by COLUMN ... [--sum COLUMN] [--totals]
    python -m disclosure_control suppress INSTANCE.json [--method quick|heuristic|exact]
    python -m disclosure_control audit INSTANCE.json [--hidden FILE]
    python -m disclosure_control audit-dp [--mechanism NAME]
    python -m disclosure_control perturbation --most N --variance V [--hidden N] > TABLE.csv

Each but the last prints one JSON object; the last a perturbation table for cell keys. Exit status:
0 safe, 1 not safe or no pattern, 2 input cannot be read.

``audit-dp`` draws the noise of this installation some 100,000 times for each mechanism, and judges
from what comes out whether it is the noise that is claimed.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from disclosure_control.check import command
from disclosure_control.check.reading import NotATable
from disclosure_control.dp.selection import NOISY_MAX
from disclosure_control.entropy import perturbation
from disclosure_control.errors import PolicyInvalid
from disclosure_control.perturbation import to_csv
from disclosure_control.policy import Mechanism
from disclosure_control.sdc.audit import read as audited
from disclosure_control.sdc.audit.attacker import (
    Attacker,
    AuditOutOfTime,
    Contradiction,
    intervals,
)
from disclosure_control.sdc.audit.verdict import judge
from disclosure_control.sdc.suppression.instance import InstanceInvalid
from disclosure_control.sdc.suppression.read import from_json
from disclosure_control.sdc.suppression.solve import Method, NoPattern, suppress

NOT_SAFE, UNREADABLE = 1, 2
UNREAD = (InstanceInvalid, audited.Unreadable, NotATable, PolicyInvalid)
TOTALS = "cells with totals"
KEYS = "unknown keys"
PARTS = "sums with their counts"
LOGARITHMS = "logarithms"


def main(arguments: Sequence[str] | None = None) -> int:
    given = _parser().parse_args(arguments)
    try:
        answer, status = given.act(given)
    except (OSError, ValueError, *UNREAD) as wrong:
        _print({"faults": list(getattr(wrong, "faults", (str(wrong),)))}, to=sys.stderr)
        return UNREADABLE
    _print(answer, to=sys.stdout)
    return int(status)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m disclosure_control", description=__doc__)
    acts = parser.add_subparsers(required=True)
    one = acts.add_parser("suppress", help="find the cells to hide beside the primaries")
    one.add_argument("--method", choices=[*Method], default=Method.HEURISTIC.value)
    one.set_defaults(act=_suppress)
    two = acts.add_parser("audit", help="intervals of the hidden cells, as an attacker finds them")
    two.add_argument("--hidden", help="JSON list of hidden cells; the primaries unless given")
    two.set_defaults(act=_audit)
    for each in (one, two):
        each.add_argument("instance", help="a JSON file")
        each.add_argument("--seconds", type=float, default=600.0, help="at most, for each part")
    command.add_to(acts)
    noise = acts.add_parser("audit-dp", help="is the noise of this installation as claimed?")
    noise.add_argument("--mechanism", choices=[*Mechanism], help="one alone")
    noise.set_defaults(act=_audit_dp)
    three = acts.add_parser("perturbation", help="make a perturbation table, a secret of its owner")
    three.add_argument("--most", type=int, required=True, help="largest noise, 1 to 8")
    three.add_argument("--variance", type=float, required=True, help="of the noise")
    three.add_argument("--hidden", type=int, default=0, help="never show 1 to this")
    three.set_defaults(act=_perturbation)
    return parser


def _audit_dp(given: argparse.Namespace) -> tuple[dict[str, Any], int]:
    """A sound installation is accused with a probability of less than 1 in 50,000."""
    from disclosure_control.dp import mechanisms
    from disclosure_control.dp.audit.choices import audit_choices
    from disclosure_control.dp.audit.door import audit
    from disclosure_control.dp.audit.keys import audit_keys
    from disclosure_control.dp.audit.logarithms import audit_logarithms
    from disclosure_control.dp.audit.parts import audit_parts
    from disclosure_control.dp.audit.together import audit_together
    from disclosure_control.protect import protect

    chosen = list(Mechanism) if given.mechanism is None else [Mechanism(given.mechanism)]
    faults = {LOGARITHMS: list(audit_logarithms())}
    faults |= {one.value: list(audit(protect, mechanism=one)) for one in chosen}
    faults |= {f"{KEYS}, {one.value}": list(audit_keys(protect, mechanism=one)) for one in chosen}
    faults |= {f"{PARTS}, {one.value}": list(audit_parts(protect, mechanism=one)) for one in chosen}
    if given.mechanism is None:
        faults |= {NOISY_MAX: list(audit_choices(protect)), TOTALS: list(audit_together(protect))}
    answer = {"faults": faults, "opendp": mechanisms.library_version()}
    return answer, NOT_SAFE if any(faults.values()) else 0


def _perturbation(given: argparse.Namespace) -> tuple[str, int]:
    table = perturbation(most=given.most, variance=given.variance, hidden=given.hidden)
    return to_csv(table), 0


def _entry(given: argparse.Namespace) -> Any:
    return json.loads(Path(given.instance).read_text(encoding="utf-8"))


def _suppress(given: argparse.Namespace) -> tuple[dict[str, Any], int]:
    entry = _entry(given)
    instance = from_json(entry)
    try:
        found = suppress(instance, method=Method(given.method), seconds=given.seconds)
    except NoPattern as none:
        cell = None if none.cell is None else instance.cells[none.cell]
        return {"secondary": None, "why": none.why, "cell": cell}, NOT_SAFE
    secondary = [instance.cells[cell] for cell in found.secondary]
    audit, status = _attacked(entry, [*entry["primary"], *secondary], seconds=given.seconds)
    return {
        "secondary": secondary,
        "secondary_cost": found.cost,
        **audit,
        "seconds": round(found.seconds, 3),
        "proven_optimal": found.proven_optimal,
    }, status


def _audit(given: argparse.Namespace) -> tuple[dict[str, Any], int]:
    entry = _entry(given)
    if given.hidden is None:
        instance = from_json(entry)
        hidden = [instance.cells[cell] for cell in instance.primary]
    else:
        hidden = json.loads(Path(given.hidden).read_text(encoding="utf-8"))
        if isinstance(hidden, dict):
            hidden = [*entry["primary"], *hidden["secondary"]]
    return _attacked(entry, hidden, seconds=given.seconds)


def _attacked(entry: Any, hidden: Sequence[str], *, seconds: float) -> tuple[dict[str, Any], int]:
    """The intervals of every hidden cell and the number of violations, insiders included."""
    released = audited.released(entry, hidden)
    violations = judge(
        released,
        audited.requirements(entry),
        insiders=audited.insiders(entry),
        seconds=seconds,
    )
    try:
        found = intervals(Attacker(released, seconds=seconds), released.hidden)
    except (AuditOutOfTime, Contradiction):
        found = {}
    shown = {cell: [_finite(low), _finite(high)] for cell, (low, high) in found.items()}
    return {"intervals": shown, "violations": len(violations)}, NOT_SAFE if violations else 0


def _finite(value: float) -> float | None:
    """JSON has no infinity: null says that there is no bound."""
    return round(value, 6) if math.isfinite(value) else None


def _print(answer: dict[str, Any] | str, *, to: Any) -> None:
    if isinstance(answer, str):
        to.write(answer)
        return
    json.dump(answer, to, indent=2, ensure_ascii=False)
    to.write("\n")


if __name__ == "__main__":
    sys.exit(main())
