# ruff: noqa: S608 - SQL of our own tables, from these guards alone
"""Of what are true numbers kept, and who asks to read them? Of exact tables; their checkers."""

from __future__ import annotations

from tre.guard_rules.written import Guard, changed, kept, of_output, stays
from tre.lifecycle import State

_TRACK = (
    '(SELECT s.track FROM "draw" d JOIN "submission" s ON s.id = d.leader_id'
    " WHERE d.id = NEW.draw_id)"
)

EVIDENCE = (
    Guard(
        "evidence_exact",
        "evidence",
        "INSERT",
        f"{_TRACK} <> 'sdc'",
        "of a noisy table no true numbers are kept",
    ),
    *kept("evidence"),
    Guard(
        "evidence_asked_outside",
        "evidence_asked",
        "INSERT",
        f"NEW.checker_id = {of_output('author_id')} OR EXISTS ("
        'SELECT 1 FROM "membership" m WHERE m.person_id = NEW.checker_id'  # nosec B608
        f" AND m.project_id = {of_output('project_id')})",
        "true numbers are for people outside the project",
    ),
    Guard(
        "evidence_asked_open",
        "evidence_asked",
        "INSERT",
        f"{of_output('state')} <> '{State.PROTECTED.value}' OR NEW.answer IS NOT NULL"
        " OR NEW.answered_at IS NOT NULL",
        "true numbers are asked for while an output is checked",
    ),
    Guard(
        "evidence_answered",
        "evidence_asked",
        "UPDATE",
        changed("id", "output_id", "checker_id", "reader_key", "at")
        + " OR (OLD.answered_at IS NOT NULL AND (NEW.answer IS NOT NULL OR "
        + changed("answered_at")
        + "))",
        "true numbers are answered once, and then only wiped",
    ),
    stays("evidence_asked"),
)
