"""What is never refunded?"""

from __future__ import annotations

from tre.guard_rules.written import Guard, changed, kept, stays

PERIOD = ("period_days", "period_rho", "period_from", "period_spent")

_GRANTED = """
    SELECT 1 FROM "top_up" t WHERE t.account_id = NEW.id AND t.granted
    AND t.rho_after = NEW.rho_total AND t.rho_after - t.rho_more = OLD.rho_total
    AND t.delta_after = NEW.delta_total AND t.delta_after - t.delta_more = OLD.delta_total"""
"""What adds exactly this to the account."""

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
    Guard(
        "account_lifetime",
        "account",
        "INSERT",
        "NEW.rho_lifetime < NEW.rho_total OR NEW.delta_lifetime < NEW.delta_total",
        "a pool holds no more than it may ever hold",
    ),
    Guard(
        "account_period",
        "account",
        "INSERT",
        "NOT ("
        + " AND ".join(f"NEW.{one} IS NULL" for one in PERIOD)
        + ") AND (NEW.level <> 'pool' OR NEW.period_spent <> 0 OR "
        + " OR ".join(f"NEW.{one} IS NULL" for one in PERIOD)
        + " OR NEW.period_days < 1 OR NEW.period_rho < 0)",
        "a pool opens by periods, or all of it is open",
    ),
    Guard(
        "account_in_period",
        "account",
        "UPDATE",
        changed("period_days", "period_rho") + " OR (NEW.period_days IS NOT NULL"
        " AND (NEW.period_from IS NULL OR NEW.period_spent IS NULL))"
        " OR NEW.period_from < OLD.period_from OR NEW.period_spent - CASE WHEN NEW.period_from ="
        " OLD.period_from THEN OLD.period_spent ELSE 0 END <> NEW.rho_spent - OLD.rho_spent",
        "what is spent is spent in a period",
    ),
    Guard(
        "charge_in_period",
        "charge",
        "INSERT",
        'EXISTS (SELECT 1 FROM "account" a WHERE a.id = NEW.account_id AND'
        " a.period_spent > a.period_rho AND NEW.rho_nano > 0)",
        "no question takes more than a period opens",
    ),
    Guard(
        "account_totals",
        "account",
        "UPDATE",
        changed("rho_lifetime", "delta_lifetime")
        + " OR NEW.rho_total < OLD.rho_total OR NEW.delta_total < OLD.delta_total"
        + " OR (NEW.level = 'pool' AND ("
        "NEW.rho_total > coalesce(OLD.rho_lifetime, OLD.rho_total)"
        " OR NEW.delta_total > coalesce(OLD.delta_lifetime, OLD.delta_total)))"
        + f" OR ((NEW.rho_total <> OLD.rho_total OR NEW.delta_total <> OLD.delta_total)"
        f" AND NOT EXISTS ({_GRANTED}))",
        "a total grows by a top-up that was granted",
    ),
    stays("account"),
    Guard(
        "top_up_begins",
        "top_up",
        "INSERT",
        "NEW.decided_by_id IS NOT NULL OR NEW.decided_at IS NOT NULL OR NEW.granted IS NOT NULL"
        " OR NEW.rho_after IS NOT NULL OR NEW.delta_after IS NOT NULL",
        "a top-up begins undecided",
    ),
    Guard(
        "top_up_two_people",
        "top_up",
        "UPDATE",
        "NEW.decided_by_id = NEW.raised_by_id",
        "who asks for more never decides",
    ),
    Guard(
        "top_up_decided",
        "top_up",
        "UPDATE",
        changed(
            *("id", "dataset_id", "account_id", "rho_more", "delta_more"),
            *("reason", "raised_by_id", "raised_at"),
        )
        + " OR (OLD.decided_at IS NOT NULL AND ("
        + changed("decided_by_id", "decided_at", "granted", "answer", "rho_after", "delta_after")
        + ")) OR (NEW.decided_at IS NULL) <> (NEW.decided_by_id IS NULL)"
        " OR (NEW.decided_at IS NULL) <> (NEW.granted IS NULL)"
        " OR (NEW.rho_after IS NULL) = coalesce(NEW.granted, FALSE)"
        " OR (NEW.delta_after IS NULL) = coalesce(NEW.granted, FALSE)",
        "a top-up is decided once",
    ),
    stays("top_up"),
)
