# ruff: noqa: S608 - SQL of our own tables, from these guards alone
"""Who may check an output, and when? Alone first, then together; nobody their own."""

from __future__ import annotations

from tre.guard_rules.written import MANIFEST, Guard, changed, kept, of_output, stays
from tre.lifecycle import State

_OF_ROUND = 'FROM "review" r WHERE r.output_id = NEW.output_id AND r.round = NEW.round'

_CHECKERS = f"(SELECT count(DISTINCT r.checker_id) {_OF_ROUND})"  # nosec B608 - our own names


REVIEW = (
    Guard(
        "review_independent",
        "review",
        "INSERT",
        f"NEW.checker_id = {of_output('author_id')}",
        "an author never checks",
    ),
    Guard(
        "review_outside",
        "review",
        "INSERT",
        'EXISTS (SELECT 1 FROM "membership" m WHERE m.person_id = NEW.checker_id'  # nosec B608
        f" AND m.project_id = {of_output('project_id')})",
        "a member of the project never checks",
    ),
    Guard(
        "review_bytes",
        "review",
        "INSERT",
        f"NEW.artefact_hash <> {MANIFEST}",
        "a review names exactly the bytes on record",
    ),
    Guard(
        "review_open",
        "review",
        "INSERT",
        f"{of_output('state')} <> '{State.PROTECTED.value}' OR NEW.round <> {of_output('round')}",
        "reviews belong to the current round",
    ),
    Guard(
        "review_turn",
        "review",
        "INSERT",
        f"NEW.turn <> 1 + (SELECT count(*) {_OF_ROUND} AND r.checker_id = NEW.checker_id)",
        "decisions of a checker follow one another",
    ),
    Guard(
        "review_alone",
        "review",
        "INSERT",
        f"NEW.turn = 1 AND {_CHECKERS} >= {of_output('checkers_required')}",
        "nobody joins the checkers of a round",
    ),
    Guard(
        "review_together",
        "review",
        "INSERT",
        f"NEW.turn > 1 AND {_CHECKERS} < {of_output('checkers_required')}",
        "nobody decides again before all have decided",
    ),
    Guard(
        "review_not_publisher",
        "review",
        "INSERT",
        'EXISTS (SELECT 1 FROM "sent_back" b WHERE b.output_id = NEW.output_id'  # nosec B608
        " AND b.publisher_id = NEW.checker_id)",
        "a publisher never checks",
    ),
    *kept("review"),
)

ASSIGNMENT = (
    Guard(
        "assignment_outside",
        "assignment",
        "INSERT",
        f"NEW.checker_id = {of_output('author_id')} OR EXISTS ("
        'SELECT 1 FROM "membership" m WHERE m.person_id = NEW.checker_id'  # nosec B608
        f" AND m.project_id = {of_output('project_id')})",
        "an output is given to people outside its project",
    ),
    Guard(
        "assignment_ends",
        "assignment",
        "UPDATE",
        "OLD.ended_at IS NOT NULL OR "
        + changed("id", "output_id", "checker_id", "how", "by_id", "at"),
        "an assignment only ends",
    ),
    stays("assignment"),
)
