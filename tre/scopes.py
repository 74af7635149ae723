"""What may a token be used for? A token does only what its scopes name, whoever holds it."""

from __future__ import annotations

from enum import StrEnum


class Scope(StrEnum):
    READ_CATALOGUE = "read:catalogue"  # projects, budgets, datasets
    PREVIEW = "preview"
    SUBMIT = "submit"  # send and cancel
    READ_SUBMISSIONS = "read:submissions"
    READ_RELEASES = "read:releases"
    WEBHOOKS = "webhooks"  # be told of recalls


EVERY: tuple[str, ...] = tuple(scope.value for scope in Scope)
