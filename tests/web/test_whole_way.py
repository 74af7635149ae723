"""One table on its whole way: asked, argued about, released, verified offline, recalled, told."""

from __future__ import annotations

import datetime
import shutil
import subprocess
import sys
from pathlib import Path

from standardwebhooks.webhooks import Webhook as Reader

from tests.factories import NOW, checked_by
from tests.receivers import mail_server, receiver
from tests.sealing import KEY, seal
from tests.web import service as web
from tests.web.steps import decide
from tests.web.steps import release as let_out
from tre import people, verify
from tre.courier.mail import Post
from tre.courier.round import Courier
from tre.database import writing
from tre.downloads import Download
from tre.scopes import EVERY

DAY = datetime.timedelta(days=1)
REASON = "The codes of one hospital were wrong."


def argue(service: web.Service, output: str) -> None:
    """Two checkers disagree, and agree in the end."""
    cleo, dan = service.visitor("cleo"), service.visitor("dan")
    decide(cleo, output, "approve")
    decide(dan, output, "reject", "The bands are too fine.")
    assert "The bands are too fine." in cleo.get(f"/checks/{output}").text
    decide(cleo, output, "approve", "They are those of the report before.")
    assert "They are those of" in dan.get(f"/checks/{output}").text
    decide(dan, output, "approve", "So they are.")


def test_from_a_question_to_a_recall_that_reaches_its_reader(tmp_path: Path):
    service = web.make(tmp_path, policy=checked_by(2))
    with service.sessions() as session, writing(session):
        _, secret = people.issue_token(
            session,
            person=service.person(session, "ben"),
            name="notebook",
            scopes=EVERY,
            lasts=DAY,
            now=NOW,
        )

    def api(method: str, path: str, **options):
        bearer = {"Authorization": f"Bearer {secret}", **options.pop("headers", {})}
        client = service.app.test_client()
        return client.open(f"/api/v1{path}", method=method, headers=bearer, **options)

    asked = service.ask(40)
    service.work()
    argue(service, service.output_of(asked))
    assert api("GET", "/releases").json["items"] == []
    let_out(service, asked)
    assert api("GET", "/releases").json["items"] != [], "nobody signs the log yet"
    with service.sessions() as session:
        assert seal(session) == 1
    (release,) = (one["id"] for one in api("GET", "/releases").json["items"])

    kept = tmp_path / "reader"
    kept.mkdir()
    (kept / "release.zip").write_bytes(api("GET", f"/releases/{release}/bundle").data)
    program = shutil.copy(verify.__file__, kept / "verify.py")
    command = [sys.executable, "-I", str(program), str(kept / "release.zip"), "--key", KEY]
    told = subprocess.run(command, capture_output=True, text=True, check=True)
    assert told.stdout.endswith("Everything fits.\n")

    first = api("GET", f"/releases/{release}.csv")
    held = {"headers": {"If-None-Match": first.headers["ETag"]}}
    again = api("GET", f"/releases/{release}.csv", **held)
    assert (again.status_code, again.data) == (304, b"")
    with service.sessions() as session:
        assert sorted(one.file for one in session.query(Download)) == ["release.zip", "table.csv"]
        assert all(one.token_id for one in session.query(Download))

    with receiver() as hook, mail_server() as (box, port):
        made = api("POST", "/webhooks", json={"url": hook.url})
        assert made.status_code == 201
        assert "secret" not in api("GET", "/webhooks").text
        done = service.visitor("eve").post(f"/recalls/{release}", {"reason": REASON})
        assert done.status_code == 303
        gone = api("GET", f"/releases/{release}.csv", **held)
        assert (gone.status_code, gone.json["reason"]) == (410, REASON)
        courier = Courier(
            sessions=service.sessions,
            post=Post("127.0.0.1", port, "none", "tre@example.org"),
            public_url="https://tre.example.org",
            local=True,
            clock=lambda: datetime.datetime.now(datetime.UTC),
        )
        while courier.deliver_next():
            pass
    ((headers, body),) = hook.requests
    assert Reader(made.json["secret"]).verify(body, headers)["data"]["release"] == release
    assert {one["To"] for one in box.mails} == {"ada@example.org", "ben@example.org"}
    assert release in service.visitor().get("/corrections").text
    ended = api("DELETE", f"/webhooks/{made.json['id']}")
    assert (ended.status_code, api("GET", "/webhooks").json["items"]) == (204, [])
