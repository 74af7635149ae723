# ruff: noqa: S608 - SQL of our own tables, from these guards alone
"""What is an output made of, and who lets it out? Its bytes never change."""

from __future__ import annotations

from tre.guard_rules.written import MANIFEST, TERMINAL_LIST, Guard, changed, kept, of_output, stays
from tre.lifecycle import State

_INVOLVED = f"""(
    NEW.publisher_id = {of_output("author_id")}
    OR EXISTS (SELECT 1 FROM "membership" m WHERE m.person_id = NEW.publisher_id
        AND m.project_id = {of_output("project_id")})
    OR EXISTS (SELECT 1 FROM "review" r WHERE r.output_id = NEW.output_id
        AND r.checker_id = NEW.publisher_id))"""  # nosec B608 - our own names

"""Did NEW's publisher ask or check the output, or do they belong to its project?"""

_COVERED = """
    SELECT 1 FROM "release" r JOIN "output" o ON o.id = r.output_id
    JOIN "audit_entry" a ON a.submission_id = o.submission_id AND a.event = 'released'
    JOIN "log_leaf" l ON l.audit_id = a.id
    WHERE r.id = NEW.release_id
    AND l.place < (SELECT coalesce(max(c.size), 0) FROM "log_checkpoint" c)"""

OUTPUT = (
    Guard(
        "draw_once",
        "draw",
        "UPDATE",
        "OLD.state <> 'reserved' OR NEW.state = 'reserved' OR "
        + changed("id", "fingerprint", "leader_id", "dataset_id", "rho_nano", "reserved_at"),
        "a draw is made once",
    ),
    stays("draw"),
    *kept("output"),
    *kept("artefact"),
    Guard(
        "artefact_first",
        "artefact",
        "INSERT",
        f"{of_output('state')} NOT IN ('{State.VALIDATED.value}', '{State.EXECUTED.value}')",
        "artefacts are complete before anybody looks",
    ),
    Guard(
        "release_follows",
        "release",
        "INSERT",
        f"{of_output('state')} <> '{State.RELEASED.value}' OR NEW.manifest_hash <> {MANIFEST}",
        "a release follows its output",
    ),
    Guard(
        "release_published",
        "release",
        "INSERT",
        f"(NEW.publisher_id IS NULL AND {of_output('checkers_required')} > 0) OR {_INVOLVED}",
        "who asked or checked an output never releases it",
    ),
    Guard(
        "sent_back_follows",
        "sent_back",
        "INSERT",
        f"{of_output('state')} <> '{State.REVIEWED.value}'"
        f" OR NEW.round <> {of_output('round')} OR {_INVOLVED}",
        "a publisher who neither asked nor checked sends an approved output back",
    ),
    *kept("sent_back"),
    Guard(
        "comment_on_the_way",
        "comment",
        "INSERT",
        f'(SELECT s.state FROM "submission" s WHERE s.id = NEW.submission_id) IN ({TERMINAL_LIST})',  # nosec B608
        "what has ended is not discussed",
    ),
    *kept("comment"),
    *kept("release"),
    Guard(
        "release_seal_covered",
        "release_seal",
        "INSERT",
        f"NOT EXISTS ({_COVERED})",
        "a release is sealed once a checkpoint covers it",
    ),
    *kept("release_seal"),
)

RECALL = (
    Guard(
        "recall_successor",
        "recall",
        "INSERT",
        "NEW.reason = '' OR NEW.successor_id = NEW.release_id OR EXISTS ("
        'SELECT 1 FROM "recall" c WHERE c.release_id = NEW.successor_id)',
        "a recall has a reason, and a successor that stands",
    ),
    Guard(
        "recall_for_good",
        "release",
        "INSERT",
        'EXISTS (SELECT 1 FROM "recall" c JOIN "release" r ON r.id = c.release_id'
        " WHERE r.fingerprint = NEW.fingerprint)",
        "a table that was recalled is never released again",
    ),
    *kept("recall"),
    *kept("download"),
    Guard(
        "notice_settles",
        "notice",
        "UPDATE",
        "OLD.state <> 'waiting' OR NEW.attempts < OLD.attempts OR "
        + changed("id", "release_id", "person_id", "webhook_id"),
        "a notice that was settled stays so",
    ),
    stays("notice"),
    Guard(
        "webhook_ends",
        "webhook",
        "UPDATE",
        changed("id", "person_id", "url", "secret", "created_at") + " OR OLD.ended_at IS NOT NULL",
        "a webhook only ends",
    ),
    stays("webhook"),
)
