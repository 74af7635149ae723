"""Under which rules may a dataset be asked, and what of them and of accounts is kept?"""

from __future__ import annotations

from tre.guard_rules.written import Guard, changed, kept, stays
from tre.lifecycle import State

_UNSETTLED = """
    SELECT 1 FROM "restoration" x JOIN "dataset" d ON d.id = NEW.dataset_id
    WHERE x.found_at > d.created_at AND NOT EXISTS (
        SELECT 1 FROM "settlement" y WHERE y.restoration_id = x.id AND y.dataset_id = d.id)"""

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

_MADE_UP = 'SELECT 1 FROM "dataset" d WHERE d.id = NEW.dataset_id AND d.made_up'

_OF_MADE_UP = 'SELECT 1 FROM "dataset" d WHERE d.id = NEW.of_id AND d.made_up'

OTHERS = (
    Guard(
        "dataset_made_up_stays",
        "dataset",
        "UPDATE",
        changed("made_up"),
        "made-up data never become real, nor the other way round",
    ),
    Guard(
        "twin_of_data",
        "twin",
        "INSERT",
        f"NOT EXISTS ({_MADE_UP}) OR EXISTS ({_OF_MADE_UP})",
        "a twin is made up, and of data that are not",
    ),
    *kept("twin"),
    *kept("audit_entry"),
    *kept("idempotency_key"),
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
        changed("id", "dataset_id", "version", "catalogue_json", "catalogue_hash"),
        "a version never changes",
    ),
    stays("dataset_version"),
    Guard(
        "policy_version_sealed",
        "policy_version",
        "UPDATE",
        changed("id", "dataset_id", "policy_json", "policy_hash"),
        "a policy never changes",
    ),
    stays("policy_version"),
    Guard(
        "tightening_sealed",
        "tightening",
        "UPDATE",
        changed("id", "scope", "project_id", "dataset_id", "rules", "reason", "set_by_id", "set_at")
        + " OR (OLD.superseded_at IS NOT NULL AND "
        + changed("superseded_at")
        + ")",
        "stricter rules never change",
    ),
    stays("tightening"),
    *kept("tightened_policy"),
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
    *kept("restoration"),
    *kept("settlement"),
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
        changed("id", "dataset_id", "policy_id", "reason", "ends_on", "raised_by_id", "raised_at")
        + " OR (OLD.decided_at IS NOT NULL AND ("
        + changed("decided_by_id", "decided_at", "granted", "answer")
        + ")) OR (OLD.ended_at IS NOT NULL AND "
        + changed("ended_at")
        + ") OR (NEW.ended_at IS NOT NULL AND NOT coalesce(NEW.granted, FALSE))"
        " OR (NEW.decided_at IS NULL) <> (NEW.decided_by_id IS NULL)"
        " OR (NEW.decided_at IS NULL) <> (NEW.granted IS NULL)",
        "an exception is decided once and ended once",
    ),
    stays("second_track"),
    Guard(
        "dataset_both_tracks",
        "dataset",
        "UPDATE",
        "OLD.both_tracks_since IS NOT NULL AND " + changed("both_tracks_since"),
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
