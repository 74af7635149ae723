# ruff: noqa: S608 - SQL of our own tables, from these guards alone
"""Which way may a question go, and what of it never changes? Edges, ends, approvals."""

from __future__ import annotations

from tre.guard_rules.seeded import IS_SEEDED
from tre.guard_rules.written import TERMINAL_LIST, Guard, changed, kept, stays, texts
from tre.lifecycle import EDGES, INITIAL, State

_EDGE_LIST = texts([f"{edge.source.value}>{edge.target.value}" for edge in EDGES])

_LATEST = """
    FROM "review" r JOIN "output" o ON o.id = r.output_id
    WHERE o.submission_id = NEW.id AND r.round = NEW.round AND NOT EXISTS (
        SELECT 1 FROM "review" l WHERE l.output_id = r.output_id
        AND l.checker_id = r.checker_id AND l.round = r.round AND l.turn > r.turn)"""

"""The latest decision of each checker of the current round."""


def _not_decided(decision: str) -> str:
    """Do too few, or not all of them, decide this, about exactly these bytes?"""
    return (
        f"(NEW.checkers_required > (SELECT count(*) {_LATEST} AND r.decision = '{decision}'"
        f" AND r.artefact_hash = o.manifest_hash)"
        f" OR EXISTS (SELECT 1 {_LATEST} AND r.decision <> '{decision}'))"
    )


_TABLE = """SELECT 1 FROM "release_table" t WHERE t.submission_id = NEW.id AND t.state = """

SUBMISSION = (
    Guard(
        "submission_begins",
        "submission",
        "INSERT",
        f"NEW.state <> '{INITIAL.value}'",
        "a question begins as submitted",
    ),
    Guard(
        "submission_edge",
        "submission",
        "UPDATE",
        f"OLD.state <> NEW.state AND OLD.state || '>' || NEW.state NOT IN ({_EDGE_LIST})",
        "undeclared edge",
    ),
    Guard(
        "submission_terminal",
        "submission",
        "UPDATE",
        f"OLD.state IN ({TERMINAL_LIST})",
        "a terminal state has no exit",
    ),
    Guard(
        "submission_asked",
        "submission",
        "UPDATE",
        changed(
            "id",
            "project_id",
            "author_id",
            "dataset_id",
            "version_id",
            "policy_id",
            "query_json",
            "source_text",
            "words",
            "purpose",
            "intended_id",
            "rho_nano",
            "fingerprint",
            "track",
            "checkers_required",
            "risk",
            "risk_factors",
            "for_audit",
            "cells",
            "slot_ms",
            "created_at",
        ),
        "what was asked never changes",
    ),
    Guard(
        "submission_round",
        "submission",
        "UPDATE",
        "NEW.round NOT IN (OLD.round, OLD.round + 1)",
        "rounds follow one another",
    ),
    Guard(
        "submission_approved",
        "submission",
        "UPDATE",
        "OLD.state <> NEW.state"
        f" AND NEW.state IN ('{State.REVIEWED.value}', '{State.RELEASED.value}')"
        f" AND {_not_decided('approve')}",
        "too few approvals of these bytes",
    ),
    Guard(
        "submission_returned",
        "submission",
        "UPDATE",
        f"OLD.state <> NEW.state AND NEW.state = '{State.RETURNED.value}'"
        f" AND {_not_decided('return')}",
        "checkers who disagree decide together",
    ),
    Guard(
        "submission_rejected",
        "submission",
        "UPDATE",
        f"OLD.state <> NEW.state AND NEW.state = '{State.REJECTED.value}'"
        f" AND {_not_decided('reject')} AND NOT {IS_SEEDED}",
        "checkers who disagree decide together",
    ),
    Guard(
        "submission_sent_back",
        "submission",
        "UPDATE",
        f"OLD.state = '{State.REVIEWED.value}' AND NEW.state = '{State.PROTECTED.value}'"  # nosec B608
        " AND NOT EXISTS ("
        'SELECT 1 FROM "sent_back" b JOIN "output" o ON o.id = b.output_id'
        " WHERE o.submission_id = NEW.id AND b.round = OLD.round)",
        "only a publisher sends an output back",
    ),
    Guard(
        "submission_admitted",
        "submission",
        "UPDATE",
        f"NEW.track <> 'dp' AND OLD.state <> NEW.state AND ((NEW.state = '{State.REVIEWED.value}'"
        f" AND NOT EXISTS ({_TABLE} 'pending')) OR (NEW.state = '{State.RELEASED.value}'"
        f" AND NOT EXISTS ({_TABLE} 'released')))",
        "an exact table leaves by the register only",
    ),
    Guard(
        "submission_intended",
        "submission",
        "INSERT",
        "NEW.intended_id IS NOT NULL AND (NOT EXISTS ("  # nosec B608 - our own names
        'SELECT 1 FROM "intended_output" i JOIN "release_request" q ON q.id = i.request_id'
        " WHERE i.id = NEW.intended_id AND q.project_id = NEW.project_id)"
        ' OR EXISTS (SELECT 1 FROM "submission" s WHERE s.intended_id = NEW.intended_id'
        f" AND s.state NOT IN ({TERMINAL_LIST})))",
        "an output of a request is asked by one question of its project at a time",
    ),
    stays("submission"),
    *kept("release_request"),
    *kept("intended_output"),
)
