"""Where does a program want to be told of recalls? Addresses of its own, each with a secret."""

from __future__ import annotations

from flask import Response, current_app

from tre import request as this
from tre.api import contract as said
from tre.api.blueprint import blueprint
from tre.api.tokens import caller, needs
from tre.journey import notified
from tre.notices import Webhook
from tre.scopes import Scope


@blueprint.get("/webhooks")
@needs(Scope.WEBHOOKS)
@blueprint.output(said.WebhookPage)
def webhooks() -> said.WebhookPage:
    """Your webhooks. Their secrets were shown once."""
    found = notified.webhooks(this.session(), person=caller())
    return said.WebhookPage(items=[_webhook(one) for one in found], next_cursor=None)


@blueprint.post("/webhooks")
@needs(Scope.WEBHOOKS)
@blueprint.input(said.WebhookAddress, location="json", arg_name="asked")
@blueprint.output(said.WebhookMade, status_code=201)
def make_webhook(asked: said.WebhookAddress) -> said.WebhookMade:
    """An address that is told when a release that you fetched is recalled.

    Requests are signed as Standard Webhooks defines it; the secret is shown this once.
    """
    made = notified.register(
        this.session(),
        person=caller(),
        url=asked.url,
        local=not current_app.config["SESSION_COOKIE_SECURE"],
        now=this.now(),
    )
    return said.WebhookMade(**_webhook(made).model_dump(), secret=made.secret)


@blueprint.delete("/webhooks/<string(length=24):webhook>")
@needs(Scope.WEBHOOKS)
@blueprint.doc(responses={204: {"description": "It is told nothing any more"}})
def end_webhook(webhook: str) -> Response:
    """Ends a webhook."""
    notified.end(this.session(), person=caller(), webhook_id=webhook, now=this.now())
    return Response(status=204)


def _webhook(row: Webhook) -> said.WebhookAnswer:
    return said.WebhookAnswer(id=row.id, url=row.url, created_at=row.created_at)
