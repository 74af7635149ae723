"""Nobody sends more requests than the rest can bear, and everybody is told what is left."""

from __future__ import annotations

import pytest

import config
from tests.web import service as web
from tests.web.service import Service
from tests.web.steps import token_of
from tre.errors import ConfigurationError

MOST = 3


@pytest.fixture
def service(tmp_path) -> Service:
    return web.make(tmp_path, api_per_minute=MOST)


def get(service: Service, token: str | None = None, *, address: str = "192.0.2.1"):
    bearer = {"Authorization": f"Bearer {token}"} if token else {}
    return service.app.test_client().get(
        "/api/v1/releases", headers=bearer, environ_base={"REMOTE_ADDR": address}
    )


def test_who_sends_too_many_is_told_when_to_come_back_and_others_are_not(service):
    ada, ben = token_of(service, "ada"), token_of(service, "ben")
    left = [get(service, ada).headers["RateLimit"] for _ in range(MOST)]
    assert [one.split(";")[1] for one in left] == ["r=2", "r=1", "r=0"]
    refused = get(service, ada)
    assert (refused.status_code, refused.json["code"]) == (429, "too-many-requests")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Policy"] == f'"caller";q={MOST};w=60'
    assert get(service, ben).status_code == 200, "from the same address"
    assert get(service).status_code == 200
    assert get(service, ada, address="192.0.2.9").status_code == 429, "wherever it calls from"


def test_whoever_has_no_valid_token_counts_by_address_whatever_is_sent(service):
    answers = [get(service, f"tre_{guess}").status_code for guess in range(MOST)]
    assert answers == [401] * MOST
    assert get(service, "tre_another").status_code == 429
    assert get(service).status_code == 429
    assert get(service, address="192.0.2.9").status_code == 200
    assert get(service, token_of(service, "ada")).status_code == 200


def test_pages_are_not_counted_and_an_installation_may_have_no_limit(service, tmp_path):
    visitor = service.visitor()
    assert {visitor.get("/published").status_code for _ in range(MOST + 2)} == {200}
    folder = tmp_path / "other"
    folder.mkdir()
    open_to_all = web.make(folder, api_per_minute=0)
    answers = [get(open_to_all) for _ in range(MOST + 2)]
    assert {one.status_code for one in answers} == {200}
    assert "RateLimit" not in answers[0].headers


def test_a_limit_below_nothing_is_refused():
    given = {"TRE_DATABASE_URL": "sqlite://", "TRE_API_PER_MINUTE": "-1"}
    with pytest.raises(ConfigurationError, match="TRE_API_PER_MINUTE"):
        config.web({**given, "TRE_ENVIRONMENT": "test"})
