"""What does an exact table show? True values where they may be shown; then it is attacked."""

from __future__ import annotations

import time
from dataclasses import replace

from disclosure_control import record as records
from disclosure_control.errors import Refused
from disclosure_control.policy import Policy, SdcRules, Track, policy_hash
from disclosure_control.present import draft_csv
from disclosure_control.record import DisclosureRecord, Feasible
from disclosure_control.sdc import publish
from disclosure_control.sdc.evidence import Exact
from disclosure_control.sdc.pattern import Pattern, pattern
from disclosure_control.tables import Draft, Shape

GIVEN_AWAY = "the attack on a table with totals did not fail in its time"


def suppressed(
    shape: Shape, exact: Exact, *, policy: Policy, sdc: SdcRules, seconds: float
) -> Draft:
    """Half of the time is for the search, half for the attack.

    Raises NotProtected where no pattern is found; Refused where the attack succeeds.
    """
    totals = shape.has_totals
    found = pattern(shape, exact, rules=sdc, seconds=seconds / 2)
    record = DisclosureRecord(
        track=Track.SDC,
        policy_hash=policy_hash(policy),
        unit=shape.unit,
        claim=records.sdc_claim(shape.unit, threshold=sdc.threshold, totals=totals),
        leaves_out=records.left_out(
            records.sdc_leaves_out(totals=totals), track=Track.SDC, both_tracks=policy.both_tracks
        ),
        bounds=shape.bounds,
        noise=(),
        findings=found.findings,
        rho_nano=0,
        delta_femto=0,
        versions=records.versions(),
    )
    columns = tuple(
        publish.publish(shape, column, exact, hidden=found.hidden[column.name])
        for column in shape.published
    )
    draft = Draft(shape.axes, shape.published, columns, record)
    if not totals:
        return draft
    intervals = _attacked(draft, shape, found, seconds=seconds / 2)
    return replace(draft, record=replace(record, intervals=intervals))


def _attacked(
    draft: Draft, shape: Shape, found: Pattern, *, seconds: float
) -> tuple[Feasible, ...]:
    """A second opinion, on the text as it would be released. Raises Refused."""
    from disclosure_control.sdc.audit import table

    text, end = draft_csv(draft, shape.axes), time.monotonic() + seconds
    try:
        violations = table.attacked(text, shape=shape, series=found.series, seconds=seconds)
    except table.UnreadableTable:
        raise Refused(GIVEN_AWAY) from None
    if violations:
        raise Refused(GIVEN_AWAY)
    left = end - time.monotonic()
    found_out = table.intervals(text, shape=shape, series=found.series, seconds=left)
    return tuple(Feasible(*one) for one in found_out)
