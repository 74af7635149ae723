# ruff: noqa: S608 - SQL of our own tables, from these guards alone
"""What may be told without a cost? What a release of the project or a public one tells."""

from __future__ import annotations

from tre.guard_rules.written import Guard, kept
from tre.lifecycle import INITIAL, State

_QUESTION = f"""
    SELECT 1 FROM "submission" s JOIN "release" r ON r.dataset_id = s.dataset_id
    AND (r.project_id = s.project_id OR EXISTS (
        SELECT 1 FROM "publication_asked" a JOIN "publication_decided" d ON d.asked_id = a.id
        WHERE a.release_id = r.id AND d.allowed))
    WHERE s.id = NEW.submission_id AND r.id = NEW.release_id
    AND s.state = '{INITIAL.value}' AND s.track = 'dp' AND s.rho_nano = 0"""  # nosec B608

_OF_DATA = """
    SELECT 1 FROM "release" r JOIN "output" o ON o.id = r.output_id
    JOIN "submission" s ON s.id = o.submission_id
    WHERE r.id = NEW.release_id AND s.track = 'dp'
    AND NOT EXISTS (SELECT 1 FROM "worked_out" w WHERE w.submission_id = s.id)"""

_SOURCE = """SELECT 1 FROM "worked_out" w WHERE w.submission_id = NEW.id"""

_LOST = """
    SELECT 1 FROM "worked_out" w JOIN "recall" c ON c.release_id = w.release_id
    WHERE w.submission_id = NEW.id"""

_GOES_ON = (
    f"OLD.state <> NEW.state AND NEW.state IN ('{State.VALIDATED.value}', '{State.RELEASED.value}')"
)

WORKED_OUT = (
    Guard(
        "worked_out_of_release",
        "worked_out",
        "INSERT",
        f"NOT EXISTS ({_QUESTION}) OR NOT EXISTS ({_OF_DATA})"  # nosec B608 - our own names
        ' OR EXISTS (SELECT 1 FROM "recall" c WHERE c.release_id = NEW.release_id)',
        "a table is worked out from a noisy release of its project or a public one, which stands",
    ),
    Guard(
        "submission_unpaid",
        "submission",
        "UPDATE",
        f"{_GOES_ON} AND NEW.track = 'dp' AND NEW.rho_nano = 0 AND NOT EXISTS ({_SOURCE})",
        "noise is paid for",
    ),
    Guard(
        "submission_lost_its_source",
        "submission",
        "UPDATE",
        f"{_GOES_ON} AND EXISTS ({_LOST})",
        "what it is worked out from was recalled",
    ),
    *kept("worked_out"),
)
