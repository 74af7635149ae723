"""How is a file checked from the command line? Through the same door as every other table."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import Any

from disclosure_control import policy as policies
from disclosure_control import present
from disclosure_control.check.finished import of_counts
from disclosure_control.check.reading import NotATable, Wanted, read, require
from disclosure_control.check.records import of_records
from disclosure_control.errors import DisclosureError, Malformed, PolicyInvalid
from disclosure_control.plain import Faults, from_plain, to_plain
from disclosure_control.policy import Policy
from disclosure_control.protect import protect
from disclosure_control.record import DisclosureRecord, Finding, for_release
from disclosure_control.sdc.statbarns import Statbarn, Statistic, judge
from disclosure_control.tables import Unprotected

NOT_SAFE = 1


def add_to(acts: Any) -> None:
    """The command ``check`` among the others."""
    one = acts.add_parser(
        "check",
        help="judge and protect records, a table of counts, or other statistics",
        description="DATA is CSV or Parquet with one record a row; with --counted a finished table "
        "of counts; or JSON with statistics that are no tables.",
    )
    one.add_argument("file", metavar="DATA")
    one.add_argument("--policy", required=True, help="YAML with the rules of the exact track")
    for name, what in (
        ("by", "a dimension"),
        ("sum", "a number to add up"),
        ("mean", "a number to average"),
    ):
        one.add_argument(f"--{name}", action="append", default=[], metavar="COLUMN", help=what)
    one.add_argument("--unit", metavar="COLUMN", help="whose records they are; else one each")
    one.add_argument("--weight", metavar="COLUMN", help="what each value of a sum is worth")
    one.add_argument("--counted", metavar="COLUMN", help="the counts of a finished table")
    one.add_argument("--total-label", metavar="LABEL", help="of rows of it that are totals")
    one.add_argument("--totals", action="store_true", help="show every total")
    one.add_argument(
        "--keys", metavar="FILE", help="a secret in hexadecimal, from which record keys are made"
    )
    one.add_argument("--csv", metavar="FILE", help="where the protected table goes")
    one.add_argument("--seconds", type=float, default=60.0, help="for a table with totals")
    one.set_defaults(act=check)


def check(given: argparse.Namespace) -> tuple[dict[str, Any], int]:
    """Raises NotATable, PolicyInvalid, OSError. The second value is the exit status."""
    file = Path(given.policy)
    policy = policies.from_yaml(
        file.read_text(encoding="utf-8"),
        file=lambda name: (file.parent / Path(name).name).read_text(encoding="utf-8"),
    )
    if policy.sdc is None:
        raise PolicyInvalid(("check needs a policy of the exact track",))
    if Path(given.file).suffix.lower() == ".json":
        return _statistics(Path(given.file), policy)
    wanted = Wanted(
        by=tuple(given.by),
        unit=given.unit,
        sums=tuple(given.sum),
        means=tuple(given.mean),
        weight=given.weight,
        counted=given.counted,
        totals=given.totals,
        total_label=given.total_label,
        unit_word=given.unit or "record",
    )
    frame = read(Path(given.file))
    require(frame, wanted)
    secret = bytes.fromhex(Path(given.keys).read_text(encoding="ascii")) if given.keys else None
    table = of_counts(frame, wanted) if wanted.counted else of_records(frame, wanted, secret=secret)
    return _protected(table, policy, given)


def _protected(
    table: Unprotected, policy: Policy, given: argparse.Namespace
) -> tuple[dict[str, Any], int]:
    try:
        protected = protect(table, policy=policy, grant=None, seconds=given.seconds)
    except DisclosureError as refused:
        return {"table": None, "why": refused.public, "detail": refused.detail}, NOT_SAFE
    text = present.to_csv(protected)
    if given.csv:
        Path(given.csv).write_text(text, encoding="utf-8", newline="")
    keys = tuple(product(*(axis.labels for axis in protected.axes)))
    return {
        "findings": [_spelt(one, keys) for one in protected.record.findings],
        "intervals": _intervals(protected.record, keys),
        "record": to_plain(for_release(protected.record)),
        "table": json.loads(present.to_json(protected))["table"],
    }, 0


def _spelt(finding: Finding, keys: Sequence[tuple[str, ...]]) -> dict[str, Any]:
    """``before``: cells that broke the rule; ``after``: how many of them are shown nevertheless."""
    values = finding.values or ("",) * len(finding.cells)
    return {
        "rule": finding.rule,
        "statbarn": finding.statbarn,
        "column": finding.column,
        "severity": finding.severity,
        "threshold": finding.threshold,
        "mitigation": finding.mitigation,
        "before": [
            {"cell": list(keys[cell]), "value": value}
            for cell, value in zip(finding.cells, values, strict=True)
        ],
        "after": len(finding.after),
    }


def _intervals(record: DisclosureRecord, keys: Sequence[tuple[str, ...]]) -> list[dict[str, Any]]:
    return [
        {
            "column": one.column,
            "cell": list(keys[one.cell]),
            "low": to_plain(one.low),
            "high": to_plain(one.high),
        }
        for one in record.intervals
    ]


def _statistics(path: Path, policy: Policy) -> tuple[dict[str, Any], int]:
    rules = policy.sdc
    if rules is None:
        raise PolicyInvalid(("check needs a policy of the exact track",))
    found: list[Finding] = []
    try:
        for statistic in _read_statistics(path):
            found += judge(statistic, rules)
    except Malformed as wrong:
        raise NotATable(wrong.detail) from None
    fails = [one for one in found if one.severity == "fail"]
    return {
        "findings": [_spelt(one, ((one.column,),)) for one in found],
        "policy_hash": policies.policy_hash(policy),
        "safe": not fails,
    }, NOT_SAFE if fails else 0


def _read_statistics(path: Path) -> list[Statistic]:
    """``{"statistics": [{"name": "median age", "statbarn": "position", "evidence": {...}}]}``."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))["statistics"]
        found = []
        for entry in entries:
            if set(entry) != {"name", "statbarn", "evidence"}:
                raise NotATable("a statistic has a name, a statbarn and evidence")
            faults: Faults = []
            statbarn = from_plain(Statbarn, entry["statbarn"], faults=faults, place="statbarn")
            if faults:
                raise NotATable(*faults)
            found.append(Statistic(str(entry["name"]), statbarn, dict(entry["evidence"])))
    except (ValueError, KeyError, TypeError) as wrong:
        raise NotATable(f"{path.name} holds no statistics: {type(wrong).__name__}") from None
    return found
