"""How does an exact table come to leave, and what is never forgotten of it?"""

from __future__ import annotations

from tre.guard_rules.written import Guard, changed, stays

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
        changed(
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
    stays("release_table"),
    Guard(
        "register_head_grows",
        "dataset",
        "UPDATE",
        "NEW.register_head NOT IN (OLD.register_head, OLD.register_head + 1)",
        "the head of a register moves on by one",
    ),
)
