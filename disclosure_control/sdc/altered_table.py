"""What leaves where no count is shown as it is? A table that is attacked before, like any other.

Totals narrow what a shown number can stand for. A cell below the threshold that they pin down to
fewer true counts than promised is hidden as well; where that does not help, nothing leaves.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, replace

from disclosure_control import record as records
from disclosure_control.alterations import Alteration, behind, fewest_behind, in_words
from disclosure_control.errors import NotProtected
from disclosure_control.policy import Policy, SdcRules, Track, policy_hash
from disclosure_control.present import draft_csv
from disclosure_control.record import DisclosureRecord
from disclosure_control.sdc import publish
from disclosure_control.sdc.altered import Altered, altered, findings
from disclosure_control.sdc.evidence import Exact
from disclosure_control.sdc.series import Series
from disclosure_control.tables import Counting, Draft, Published, Shape


@dataclass(frozen=True, slots=True)
class _Job:
    shape: Shape
    policy: Policy
    rules: SdcRules
    alteration: Alteration
    end: float


def altered_table(
    shape: Shape,
    exact: Exact,
    *,
    policy: Policy,
    sdc: SdcRules,
    alteration: Alteration,
    seconds: float,
) -> Draft:
    """Half of the time is for the numbers, the rest for the attack. Raises NotProtected."""
    job = _Job(shape, policy, sdc, alteration, end=time.monotonic() + seconds)
    made = altered(shape, exact, alteration=alteration, rules=sdc, seconds=seconds / 2)
    while shape.has_totals and any((pinned := _pinned(made, job)).values()):
        if all(cells <= made.hidden[name] for name, cells in pinned.items()):
            raise NotProtected
        more = {name: cells | pinned[name] for name, cells in made.hidden.items()}
        made = replace(made, hidden=more)
    return _draft(made, job)


def _draft(made: Altered, job: _Job) -> Draft:
    """Titles say how numbers were altered, wherever a table is shown."""
    how = in_words(job.alteration)
    return Draft(
        job.shape.axes,
        published=tuple(
            replace(column, title=f"{column.title}, {how}") for column in job.shape.published
        ),
        columns=tuple(
            publish.publish(job.shape, column, made.shown, hidden=made.hidden[column.name])
            for column in job.shape.published
        ),
        record=_record(made, job),
    )


def _record(made: Altered, job: _Job) -> DisclosureRecord:
    shape, rules, alteration = job.shape, job.rules, job.alteration
    return DisclosureRecord(
        track=Track.SDC,
        policy_hash=policy_hash(job.policy),
        unit=shape.unit,
        claim=records.altered_claim(
            shape.unit,
            how=in_words(alteration),
            fewest=fewest_behind(alteration, threshold=rules.threshold)[1],
            threshold=rules.threshold,
            hides_small=alteration.hides_small,
        ),
        leaves_out=records.left_out(
            records.altered_leaves_out(totals=shape.has_totals),
            track=Track.SDC,
            both_tracks=job.policy.both_tracks,
        ),
        bounds=shape.bounds,
        noise=(),
        findings=tuple(findings(made, shape, alteration=alteration, rules=rules)),
        rho_nano=0,
        delta_femto=0,
        versions=records.versions(),
    )


def _pinned(made: Altered, job: _Job) -> dict[str, frozenset[int]]:
    """Cells of each column that totals give away, by the text as it would be released."""
    text = draft_csv(_draft(made, job), job.shape.axes)
    return {column.name: _pinned_in(text, column, made, job) for column in job.shape.published}


def _pinned_in(text: str, column: Published, made: Altered, job: _Job) -> frozenset[int]:
    from disclosure_control.sdc.audit import altered as audit

    series = made.series[column.count]
    hidden = 0, _most_hidden(column, made.hidden[column.name], series, job)

    def bounds(number: int | None) -> tuple[float, float]:
        return hidden if number is None else behind(job.alteration, number)

    try:
        return frozenset(
            audit.pinned(
                text,
                shape=job.shape,
                column=column.name,
                adds_up=series.adds_up,
                protected=[cell for cell in series.unsafe if series.values[cell]],
                rule=audit.Rule(bounds, job.alteration.fewest),
                seconds=job.end - time.monotonic(),
            )
        )
    except audit.NoVerdict:
        raise NotProtected from None


def _most_hidden(column: Published, hidden: frozenset[int], series: Series, job: _Job) -> float:
    """A hidden number of units is below the threshold, unless another rule hid one of them."""
    units = job.shape.vector(column.count).counts is Counting.UNITS
    few = all(series.values[cell] < job.rules.threshold for cell in hidden)
    return job.rules.threshold - 1 if units and few else math.inf
