# ruff: noqa: S608 - SQL of our own tables, from these guards alone
"""Who lets everybody read a release? Never who wants it, and nobody takes a text back."""

from __future__ import annotations

from tre.guard_rules.written import Guard, kept

_ASKED = """
    FROM "publication_asked" a JOIN "release" r ON r.id = a.release_id
    JOIN "output" o ON o.id = r.output_id JOIN "submission" s ON s.id = o.submission_id
    WHERE a.id = NEW.asked_id"""

_INVOLVED = f"""EXISTS (SELECT 1 {_ASKED} AND (
    a.by_id = NEW.publisher_id OR s.author_id = NEW.publisher_id
    OR EXISTS (SELECT 1 FROM "membership" m
        WHERE m.person_id = NEW.publisher_id AND m.project_id = r.project_id)
    OR EXISTS (SELECT 1 FROM "review" v
        WHERE v.output_id = o.id AND v.checker_id = NEW.publisher_id)))"""  # nosec B608 - our own names

PUBLICATION = (
    Guard(
        "publication_asked_by_project",
        "publication_asked",
        "INSERT",
        'NOT EXISTS (SELECT 1 FROM "membership" m JOIN "release" r'
        " ON r.project_id = m.project_id"
        " WHERE r.id = NEW.release_id AND m.person_id = NEW.by_id)",
        "a project asks for its own releases",
    ),
    Guard(
        "publication_asked_once",
        "publication_asked",
        "INSERT",
        "NEW.title = '' OR NEW.summary = '' OR EXISTS ("
        'SELECT 1 FROM "publication_asked" a LEFT JOIN "publication_decided" d'
        " ON d.asked_id = a.id WHERE a.release_id = NEW.release_id"
        " AND (d.asked_id IS NULL OR d.allowed))",
        "one text at a time, until one is allowed",
    ),
    Guard(
        "publication_of_real_data",
        "publication_asked",
        "INSERT",
        'EXISTS (SELECT 1 FROM "release" r JOIN "dataset" d ON d.id = r.dataset_id'
        " WHERE r.id = NEW.release_id AND d.made_up)",
        "nothing of made-up data becomes public",
    ),
    *kept("publication_asked"),
    Guard(
        "publication_decided_by_others",
        "publication_decided",
        "INSERT",
        _INVOLVED,
        "who asked for a release or checked it never makes it public",
    ),
    Guard(
        "publication_decided_for_a_reason",
        "publication_decided",
        "INSERT",
        "NOT NEW.allowed AND NEW.reason = ''",
        "a text is declined for a reason",
    ),
    Guard(
        "publication_of_what_stands",
        "publication_decided",
        "INSERT",
        'NEW.allowed AND EXISTS (SELECT 1 FROM "recall" c JOIN "publication_asked" a'
        " ON a.release_id = c.release_id WHERE a.id = NEW.asked_id)",
        "what was recalled is not made public",
    ),
    *kept("publication_decided"),
)
