"""What is never refunded?"""

from __future__ import annotations

from tre.guard_rules.written import Guard, changed, kept, stays

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
        changed("id", "account_id", "submission_id", "rho_nano", "delta_femto", "reserved_at")
        + " OR OLD.state = 'settled' OR NEW.state <> 'settled'",
        "a charge only settles",
    ),
    stays("charge"),
    *kept("exact_charge"),
    Guard(
        "account_grows",
        "account",
        "UPDATE",
        "NEW.rho_spent < OLD.rho_spent OR NEW.delta_spent < OLD.delta_spent OR "
        + changed("holder", "level", "dataset_id", "project_id", "person_id"),
        "nothing is refunded",
    ),
    stays("account"),
)
