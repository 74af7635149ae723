"""What does every answer promise to a browser, and what is refused before a page is reached?"""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.web import service as web
from tests.web.service import SECRET, Service
from tests.web.steps import ask_page, leave
from tre.web import security

SECURE = {"base_url": "https://tre.example.org"}


@pytest.fixture
def production(tmp_path: Path) -> Service:
    settings = {"environment": "production", "public_url": "https://tre.example.org"}
    return web.make(tmp_path, **settings)


@pytest.mark.parametrize("path", ["/sign-in", "/privacy", "/nothing-here", "/projects"])
def test_every_answer_carries_the_headers(service: Service, path: str):
    headers = service.visitor().get(path).headers
    for name, value in security.HEADERS.items():
        assert headers[name] == value
    assert headers["Cache-Control"] == "no-store"


def test_the_content_policy_lets_nothing_inline_and_nothing_foreign_run(service: Service):
    policy = service.visitor().get("/sign-in").headers["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy


def test_pages_need_nothing_that_the_content_policy_forbids(service: Service):
    ada, project = service.visitor("ada"), service.world.project
    released = service.ask()
    service.work()
    leave(service, released)
    for path in (
        "/sign-in",
        "/projects",
        f"/projects/{project}/datasets/clinic",
        ask_page(service),
        f"/questions/{released}",
    ):
        page = ada.get(path, follow_redirects=True).text
        assert not re.search(r"<script(?![^>]*\bsrc=)", page)
        assert not re.search(r"\s(style|on[a-z]+)\s*=\s*[\"']", page)
        assert "<style" not in page


def test_a_chart_opened_by_itself_is_sandboxed_and_holds_no_style_attribute(service: Service):
    ada, released = service.visitor("ada"), service.ask()
    service.work()
    leave(service, released)
    found = re.search(r'src="(/releases/[^"]+chart.svg)"', ada.get(f"/questions/{released}").text)
    assert found
    chart = ada.get(found[1])
    assert chart.content_type.startswith("image/svg+xml")
    assert "sandbox" in chart.headers["Content-Security-Policy"]
    assert "style=" not in chart.text
    assert "<script" not in chart.text


def test_production_cookies_are_host_bound_secure_and_hidden_from_scripts(production: Service):
    answer = production.visitor().get("/sign-in", **SECURE)
    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-tre=")
    for flag in ("Secure", "HttpOnly", "Path=/", "SameSite=Lax"):
        assert flag in cookie
    assert "Domain" not in cookie
    assert "max-age=63072000" in answer.headers["Strict-Transport-Security"]


def test_the_cookie_of_a_signed_in_person_is_not_kept_beyond_the_browser(service: Service):
    visitor = service.visitor()
    cookie = visitor.sign_in("ada@example.org").headers["Set-Cookie"]
    assert "Expires" not in cookie
    assert "Max-Age" not in cookie
    assert "HttpOnly" in cookie


@pytest.mark.parametrize("host", ["evil.example", "tre.example.org.evil.example", "localhost"])
def test_production_answers_under_its_own_name_only(production: Service, host: str):
    answer = production.visitor().get("/sign-in", base_url=f"https://{host}")
    assert answer.status_code == 400
    assert host not in answer.text


@pytest.mark.parametrize("token", [None, "", "wrong", "IjAwIg.aaaa.bbbb"])
def test_a_form_without_the_sessions_token_is_never_obeyed(service: Service, token: str | None):
    ada, asked = service.visitor("ada"), service.ask()
    data = {} if token is None else {"csrf_token": token}
    refused = ada.client.post(f"/questions/{asked}/cancel", data=data)
    assert refused.status_code == 400
    assert "expired" in refused.text
    assert "Waiting" in ada.get(f"/questions/{asked}").text


def test_a_token_of_another_session_is_never_obeyed(service: Service):
    ada, asked = service.visitor("ada"), service.ask()
    foreign = service.visitor("ben").token("/projects")
    refused = ada.client.post(f"/questions/{asked}/cancel", data={"csrf_token": foreign})
    assert refused.status_code == 400


def test_too_large_a_request_is_refused(service: Service):
    ada = service.visitor("ada")
    data = {"csrf_token": ada.token("/projects"), "sql": "x" * (security.LARGEST_REQUEST + 1)}
    assert ada.client.post(f"{ask_page(service)}/sql", data=data).status_code == 413


def test_a_fault_of_ours_shows_nothing_of_itself(service: Service, monkeypatch: pytest.MonkeyPatch):
    from tre.journey import looked

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("a secret detail")

    ada = service.visitor("ada")
    monkeypatch.setattr(looked, "my_projects", broken)
    page = ada.get("/projects")
    assert page.status_code == 500
    assert "secret detail" not in page.text
    assert "Something went wrong on our side" in page.text


def test_static_files_may_be_kept_since_their_addresses_carry_their_hash(service: Service):
    page = service.visitor().get("/sign-in").text
    found = re.search(r'href="(/static/service.css\?v=[0-9a-f]{12})"', page)
    assert found
    with service.visitor().get(found[1]) as sheet:
        assert "max-age=31536000" in sheet.headers["Cache-Control"]
        text = sheet.text
    assert "crown" not in text
    assert "GDS Transport" not in text
    assert "url(" not in text


def test_the_web_process_cannot_reach_the_data_and_does_not_load_heavy_libraries():
    import subprocess
    import sys

    heavy = {"duckdb", "opendp", "pandas", "numpy", "pyarrow", "altair", "scipy"}
    code = f"import sys, app; print(sorted({heavy!r} & set(sys.modules)))"
    found = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert found.stdout.strip() == "[]"


def test_the_secret_key_never_appears_in_a_page(service: Service):
    assert SECRET not in service.visitor("ada").get("/projects").text
