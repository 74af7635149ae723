# ruff: noqa: S608 - SQL of our own tables, from this table of guards alone
"""What does the database itself refuse, whatever the code above it does? A table of rules.

From the lifecycle and from this list: undeclared edges, exits from terminal states, an author who
checks, a release without its approvals, an exact table that was not admitted, and every change to
what must only grow.
"""

from __future__ import annotations

from dataclasses import dataclass

from tre.lifecycle import EDGES, INITIAL, TERMINAL, State


@dataclass(frozen=True, slots=True)
class Guard:
    """Refuses ``event`` on ``table`` where ``condition`` (over OLD and NEW) is true."""

    name: str
    table: str
    event: str  # "INSERT" | "UPDATE" | "DELETE"
    condition: str
    message: str


def _texts(values: list[str]) -> str:
    return ", ".join(f"'{value}'" for value in sorted(values))


def _changed(*columns: str) -> str:
    """JSON columns have no equality of their own in PostgreSQL, texts do."""
    return " OR ".join(
        f"CAST(NEW.{column} AS TEXT) IS DISTINCT FROM CAST(OLD.{column} AS TEXT)"
        for column in columns
    )


def _kept(table: str) -> tuple[Guard, ...]:
    """Rows that are never changed and never removed."""
    return (
        Guard(f"{table}_unchanged", table, "UPDATE", "1 = 1", f"{table} rows never change"),
        _stays(table),
    )


def _stays(table: str) -> Guard:
    return Guard(f"{table}_stays", table, "DELETE", "1 = 1", f"{table} rows are never removed")


_EDGE_LIST = _texts([f"{edge.source.value}>{edge.target.value}" for edge in EDGES])
_TERMINAL_LIST = _texts([state.value for state in TERMINAL])

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


def _of_output(column: str) -> str:
    """A column of the submission that NEW's output belongs to."""
    return (
        f'(SELECT s.{column} FROM "submission" s JOIN "output" o ON o.submission_id = s.id'  # nosec B608 - our own names
        " WHERE o.id = NEW.output_id)"
    )


_OF_ROUND = 'FROM "review" r WHERE r.output_id = NEW.output_id AND r.round = NEW.round'

_CHECKERS = f"(SELECT count(DISTINCT r.checker_id) {_OF_ROUND})"  # nosec B608 - our own names

_INVOLVED = f"""(
    NEW.publisher_id = {_of_output("author_id")}
    OR EXISTS (SELECT 1 FROM "membership" m WHERE m.person_id = NEW.publisher_id
        AND m.project_id = {_of_output("project_id")})
    OR EXISTS (SELECT 1 FROM "review" r WHERE r.output_id = NEW.output_id
        AND r.checker_id = NEW.publisher_id))"""  # nosec B608 - our own names
"""Did NEW's publisher ask or check the output, or do they belong to its project?"""

_MANIFEST = '(SELECT o.manifest_hash FROM "output" o WHERE o.id = NEW.output_id)'

_TABLE = """SELECT 1 FROM "release_table" t WHERE t.submission_id = NEW.id AND t.state = """

_COVERED = """
    SELECT 1 FROM "release" r JOIN "output" o ON o.id = r.output_id
    JOIN "audit_entry" a ON a.submission_id = o.submission_id AND a.event = 'released'
    JOIN "log_leaf" l ON l.audit_id = a.id
    WHERE r.id = NEW.release_id
    AND l.place < (SELECT coalesce(max(c.size), 0) FROM "log_checkpoint" c)"""

_UNSETTLED = """
    SELECT 1 FROM "restoration" x JOIN "dataset" d ON d.id = NEW.dataset_id
    WHERE x.found_at > d.created_at AND NOT EXISTS (
        SELECT 1 FROM "settlement" y WHERE y.restoration_id = x.id AND y.dataset_id = d.id)"""

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
        f"OLD.state IN ({_TERMINAL_LIST})",
        "a terminal state has no exit",
    ),
    Guard(
        "submission_asked",
        "submission",
        "UPDATE",
        _changed(
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
            "rho_nano",
            "fingerprint",
            "track",
            "checkers_required",
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
    *(
        Guard(
            f"submission_{state.value}",
            "submission",
            "UPDATE",
            f"OLD.state <> NEW.state AND NEW.state = '{state.value}' AND {_not_decided(decision)}",
            "checkers who disagree decide together",
        )
        for state, decision in ((State.RETURNED, "return"), (State.REJECTED, "reject"))
    ),
    Guard(
        "submission_sent_back",
        "submission",
        "UPDATE",
        f"OLD.state = '{State.REVIEWED.value}' AND NEW.state = '{State.PROTECTED.value}'"
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
    _stays("submission"),
)

REVIEW = (
    Guard(
        "review_independent",
        "review",
        "INSERT",
        f"NEW.checker_id = {_of_output('author_id')}",
        "an author never checks",
    ),
    Guard(
        "review_outside",
        "review",
        "INSERT",
        'EXISTS (SELECT 1 FROM "membership" m WHERE m.person_id = NEW.checker_id'  # nosec B608
        f" AND m.project_id = {_of_output('project_id')})",
        "a member of the project never checks",
    ),
    Guard(
        "review_bytes",
        "review",
        "INSERT",
        f"NEW.artefact_hash <> {_MANIFEST}",
        "a review names exactly the bytes on record",
    ),
    Guard(
        "review_open",
        "review",
        "INSERT",
        f"{_of_output('state')} <> '{State.PROTECTED.value}' OR NEW.round <> {_of_output('round')}",
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
        f"NEW.turn = 1 AND {_CHECKERS} >= {_of_output('checkers_required')}",
        "nobody joins the checkers of a round",
    ),
    Guard(
        "review_together",
        "review",
        "INSERT",
        f"NEW.turn > 1 AND {_CHECKERS} < {_of_output('checkers_required')}",
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
    *_kept("review"),
)

LEDGER = (
    Guard(
        "charge_begins",
        "charge",
        "INSERT",
        "NEW.state <> 'reserved' OR NEW.settled_at IS NOT NULL",
        "a charge begins as reserved",
    ),
    Guard(
        "charge_amounts",
        "charge",
        "UPDATE",
        _changed("id", "account_id", "submission_id", "rho_nano", "delta_femto", "reserved_at")
        + " OR OLD.state = 'settled' OR NEW.state <> 'settled'",
        "a charge only settles",
    ),
    _stays("charge"),
    *_kept("exact_charge"),
    Guard(
        "account_grows",
        "account",
        "UPDATE",
        "NEW.rho_spent < OLD.rho_spent OR NEW.delta_spent < OLD.delta_spent OR "
        + _changed("holder", "level", "dataset_id", "project_id", "person_id"),
        "nothing is refunded",
    ),
    _stays("account"),
)

OUTPUT = (
    Guard(
        "draw_once",
        "draw",
        "UPDATE",
        "OLD.state <> 'reserved' OR NEW.state = 'reserved' OR "
        + _changed("id", "fingerprint", "leader_id", "dataset_id", "rho_nano", "reserved_at"),
        "a draw is made once",
    ),
    _stays("draw"),
    *_kept("output"),
    *_kept("artefact"),
    Guard(
        "artefact_first",
        "artefact",
        "INSERT",
        f"{_of_output('state')} NOT IN ('{State.VALIDATED.value}', '{State.EXECUTED.value}')",
        "artefacts are complete before anybody looks",
    ),
    Guard(
        "release_follows",
        "release",
        "INSERT",
        f"{_of_output('state')} <> '{State.RELEASED.value}' OR NEW.manifest_hash <> {_MANIFEST}",
        "a release follows its output",
    ),
    Guard(
        "release_published",
        "release",
        "INSERT",
        f"(NEW.publisher_id IS NULL AND {_of_output('checkers_required')} > 0) OR {_INVOLVED}",
        "who asked or checked an output never releases it",
    ),
    Guard(
        "sent_back_follows",
        "sent_back",
        "INSERT",
        f"{_of_output('state')} <> '{State.REVIEWED.value}'"
        f" OR NEW.round <> {_of_output('round')} OR {_INVOLVED}",
        "a publisher who neither asked nor checked sends an approved output back",
    ),
    *_kept("sent_back"),
    *_kept("release"),
    Guard(
        "release_seal_covered",
        "release_seal",
        "INSERT",
        f"NOT EXISTS ({_COVERED})",
        "a release is sealed once a checkpoint covers it",
    ),
    *_kept("release_seal"),
)

OTHERS = (
    *_kept("audit_entry"),
    *_kept("idempotency_key"),
    Guard(
        "job_done",
        "job",
        "UPDATE",
        "(OLD.state = 'done' AND NEW.state <> 'done') OR NEW.token < OLD.token",
        "a job that is done stays done",
    ),
    Guard(
        "dataset_version_sealed",
        "dataset_version",
        "UPDATE",
        _changed("id", "dataset_id", "version", "catalogue_json", "catalogue_hash"),
        "a version never changes",
    ),
    _stays("dataset_version"),
    Guard(
        "policy_version_sealed",
        "policy_version",
        "UPDATE",
        _changed("id", "dataset_id", "policy_json", "policy_hash"),
        "a policy never changes",
    ),
    _stays("policy_version"),
    Guard(
        "tightening_sealed",
        "tightening",
        "UPDATE",
        _changed(
            "id", "scope", "project_id", "dataset_id", "rules", "reason", "set_by_id", "set_at"
        )
        + " OR (OLD.superseded_at IS NOT NULL AND "
        + _changed("superseded_at")
        + ")",
        "stricter rules never change",
    ),
    _stays("tightening"),
    *_kept("tightened_policy"),
)

_IN_FORCE = """
    SELECT 1 FROM "policy_version" b WHERE b.dataset_id = NEW.dataset_id
    AND (b.superseded_at IS NULL OR EXISTS (
        SELECT 1 FROM "second_track" t WHERE t.policy_id = b.id
            AND t.dataset_id = NEW.dataset_id AND t.granted AND t.ended_at IS NULL))
    AND (b.id = NEW.policy_id OR EXISTS (
        SELECT 1 FROM "tightened_policy" k WHERE k.policy_id = NEW.policy_id AND k.base_id = b.id))
    AND NOT EXISTS (
        SELECT 1 FROM "tightening" r WHERE r.superseded_at IS NULL
            AND (r.project_id IS NULL
                OR (r.project_id = NEW.project_id AND r.dataset_id = NEW.dataset_id))
            AND NOT EXISTS (
                SELECT 1 FROM "tightened_policy" l WHERE l.policy_id = NEW.policy_id
                    AND l.base_id = b.id AND l.tightening_id = r.id))"""
"""A base in force from which the question's policy comes, by all that is stricter now."""

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
    *_kept("recall"),
    *_kept("download"),
    Guard(
        "notice_settles",
        "notice",
        "UPDATE",
        "OLD.state <> 'waiting' OR NEW.attempts < OLD.attempts OR "
        + _changed("id", "release_id", "person_id", "webhook_id"),
        "a notice that was settled stays so",
    ),
    _stays("notice"),
    Guard(
        "webhook_ends",
        "webhook",
        "UPDATE",
        _changed("id", "person_id", "url", "secret", "created_at") + " OR OLD.ended_at IS NOT NULL",
        "a webhook only ends",
    ),
    _stays("webhook"),
)

RESTORATION = (
    Guard(
        "submission_settled",
        "submission",
        "UPDATE",
        f"OLD.state <> NEW.state AND NEW.state IN ('{State.VALIDATED.value}',"
        f" '{State.RELEASED.value}') AND EXISTS ({_UNSETTLED})",
        "what a restored database lost is settled first",
    ),
    *_kept("restoration"),
    *_kept("settlement"),
)

EXCEPTION = (
    Guard(
        "second_track_begins",
        "second_track",
        "INSERT",
        "NEW.decided_by_id IS NOT NULL OR NEW.decided_at IS NOT NULL"
        " OR NEW.granted IS NOT NULL OR NEW.ended_at IS NOT NULL",
        "an exception begins undecided",
    ),
    Guard(
        "second_track_two_people",
        "second_track",
        "UPDATE",
        "NEW.decided_by_id = NEW.raised_by_id",
        "who asks for an exception never decides",
    ),
    Guard(
        "second_track_decided",
        "second_track",
        "UPDATE",
        _changed("id", "dataset_id", "policy_id", "reason", "ends_on", "raised_by_id", "raised_at")
        + " OR (OLD.decided_at IS NOT NULL AND ("
        + _changed("decided_by_id", "decided_at", "granted", "answer")
        + ")) OR (OLD.ended_at IS NOT NULL AND "
        + _changed("ended_at")
        + ") OR (NEW.ended_at IS NOT NULL AND NOT coalesce(NEW.granted, FALSE))"
        " OR (NEW.decided_at IS NULL) <> (NEW.decided_by_id IS NULL)"
        " OR (NEW.decided_at IS NULL) <> (NEW.granted IS NULL)",
        "an exception is decided once and ended once",
    ),
    _stays("second_track"),
    Guard(
        "dataset_both_tracks",
        "dataset",
        "UPDATE",
        "OLD.both_tracks_since IS NOT NULL AND " + _changed("both_tracks_since"),
        "that both tracks were open is never forgotten",
    ),
    Guard(
        "submission_policy",
        "submission",
        "INSERT",
        f"NOT EXISTS ({_IN_FORCE})",
        "a question is asked under rules that are in force",
    ),
)

REGISTER = (
    Guard(
        "release_table_begins",
        "release_table",
        "INSERT",
        "NEW.state NOT IN ('pending', 'refused')",
        "a table is admitted or refused",
    ),
    Guard(
        "release_table_moves",
        "release_table",
        "UPDATE",
        _changed(
            "id",
            "dataset_id",
            "submission_id",
            "draw_id",
            "policy_id",
            "number",
            "entry",
            "verdict",
            "against",
            "judged_at",
        )
        + " OR OLD.state <> 'pending' OR NEW.state NOT IN ('released', 'withdrawn')",
        "a table that was admitted leaves or is withdrawn, once",
    ),
    _stays("release_table"),
    Guard(
        "register_head_grows",
        "dataset",
        "UPDATE",
        "NEW.register_head NOT IN (OLD.register_head, OLD.register_head + 1)",
        "the head of a register moves on by one",
    ),
)

LOG = (
    Guard(
        "log_leaf_next",
        "log_leaf",
        "INSERT",
        'NEW.place <> (SELECT coalesce(max(l.place), -1) + 1 FROM "log_leaf" l)',
        "a leaf follows the last",
    ),
    *_kept("log_leaf"),
    *_kept("log_node"),
    *_kept("log_checkpoint"),
)

GUARDS: tuple[Guard, ...] = (
    SUBMISSION
    + REVIEW
    + LEDGER
    + OUTPUT
    + OTHERS
    + EXCEPTION
    + REGISTER
    + LOG
    + RECALL
    + RESTORATION
)
