"""What of the log only grows?"""

from __future__ import annotations

from tre.guard_rules.written import Guard, kept

LOG = (
    Guard(
        "log_leaf_next",
        "log_leaf",
        "INSERT",
        'NEW.place <> (SELECT coalesce(max(l.place), -1) + 1 FROM "log_leaf" l)',
        "a leaf follows the last",
    ),
    *kept("log_leaf"),
    *kept("log_node"),
    *kept("log_checkpoint"),
)
