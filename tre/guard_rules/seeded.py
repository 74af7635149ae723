"""How are outputs that are known to be unsafe kept in? They are of nobody, and end inside."""

from __future__ import annotations

from tre.guard_rules.written import Guard, kept, texts
from tre.lifecycle import State

_LEAVING = texts([State.REVIEWED.value, State.RELEASED.value, State.RETURNED.value])

IS_SEEDED = (
    'EXISTS (SELECT 1 FROM "seeded" d WHERE d.fingerprint = NEW.fingerprint'
    " AND d.dataset_id = NEW.dataset_id)"
)
"""Of a question, or of a release."""

SEEDED = (
    Guard(
        "seeded_of_nobody",
        "seeded",
        "INSERT",
        'NOT EXISTS (SELECT 1 FROM "dataset" d WHERE d.id = NEW.dataset_id AND d.made_up)'  # nosec B608
        ' OR EXISTS (SELECT 1 FROM "submission" s WHERE s.fingerprint = NEW.fingerprint)',
        "only a new question to made-up people is seeded",
    ),
    *kept("seeded"),
    Guard(
        "seeded_ends_inside",
        "submission",
        "UPDATE",
        f"OLD.state <> NEW.state AND NEW.state IN ({_LEAVING}) AND {IS_SEEDED}",
        "what is known to be unsafe is never approved",
    ),
    Guard(
        "seeded_never_leaves",
        "release",
        "INSERT",
        IS_SEEDED,
        "what is known to be unsafe never leaves",
    ),
)
