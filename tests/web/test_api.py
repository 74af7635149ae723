"""What does the API promise a program, and what does it keep from it?"""

from __future__ import annotations

import base64
import datetime
import hashlib
import re
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import func, select

from queries import json_form, sql
from tests import catalogues
from tests.web import api_world
from tests.web.api_world import COUNT_BY_SEX, FILES, NOW, World
from tre import people
from tre.api import problems
from tre.audit import AuditEntry
from tre.budgets import Account
from tre.database import writing
from tre.outputs import Format
from tre.scopes import EVERY, Scope
from tre.submissions import Submission

ROOT = Path(__file__).parents[2]
QUESTION = {"dataset": "clinic", "query": COUNT_BY_SEX, "purpose": "To see how many there are."}
PREVIEW = {"dataset": "clinic", "query": COUNT_BY_SEX}
HEAVY = ("pandas", "numpy", "opendp", "duckdb", "altair", "pyarrow")


OPEN_TO_ALL = ("/api/v1/releases/", "/api/v1/series/")
"""Where anybody reads what is public, and everything else does not exist."""


@pytest.fixture
def world(tmp_path: Path) -> World:
    return api_world.make(tmp_path)


def ask(world: World, **changed: object) -> dict:
    answer = world.post("/projects/liver/submissions", json={**QUESTION, **changed})
    assert answer.status_code == 201, answer.text
    return answer.json


def released(world: World, **changed: object) -> str:
    return api_world.release(world, ask(world)["id"], **changed)


# Who may call


def test_no_token_a_wrong_an_expired_and_a_revoked_one_get_the_same_answer(world):
    email = "liver-researcher@example.org"
    expired = world.token_for(email, *EVERY, lasts=datetime.timedelta(seconds=-1))
    revoked = world.token_for(email, *EVERY)
    with world.sessions() as session, writing(session):
        people.by_token(session, revoked, now=NOW).revoked_at = NOW
    answers = [world.client().get("/api/v1/projects")]
    answers += [world.get("/projects", token=one) for one in ("tre_x", "é", expired, revoked)]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.data for answer in answers}) == 1
    assert all(answer.headers["WWW-Authenticate"].startswith("Bearer") for answer in answers)


def test_a_token_ends_with_its_time(world):
    world.clock.now = NOW + api_world.YEAR
    assert world.get("/projects").status_code == 401


def test_the_token_of_a_closed_account_is_worth_nothing(world):
    with world.sessions() as session, writing(session):
        people.by_email(session, "liver-researcher@example.org").active = False
    assert world.get("/projects").status_code == 401


def test_a_token_does_only_what_its_scopes_name(world):
    token = world.token_for("liver-researcher@example.org", Scope.PREVIEW.value)
    assert world.post("/projects/liver/previews", token=token, json=PREVIEW).status_code == 200
    for path in ("/projects", "/datasets", "/releases", "/projects/liver/submissions"):
        assert world.get(path, token=token).json["code"] == "scope-missing"
    refused = world.post("/projects/liver/submissions", token=token, json=QUESTION)
    assert refused.json["code"] == "scope-missing"


def test_every_operation_needs_a_token_but_those_that_say_nothing_of_anybody(world):
    public = {f"/api/v1/log/{name}" for name in ("checkpoint", "inclusion", "consistency")}
    public |= {"/api/v1/problems/<code>", "/api/v1/corrections"}
    public |= {"/api/v1/register", "/api/v1/catalog", "/api/v1/changes", "/api/v1/releases"}
    for rule in world.app.url_map.iter_rules():
        if not rule.endpoint.startswith("api.") or rule.rule in public:
            continue
        path = rule.rule.replace("<string(length=24):release>", "0" * 24)
        path = re.sub(r"<any.*:name>", "table.csv", path)
        path = path.replace("<string(length=24):webhook>", "0" * 24)
        path = path.replace("<string(length=24):series>", "0" * 24)
        path = path.replace("<project>", "liver").replace("<submission>", "0" * 24)
        path = path.replace("<dataset>", "clinic")
        for method in rule.methods - {"HEAD", "OPTIONS"}:
            options = {"json": {}} if method == "POST" else {}
            answer = world.client().open(path, method=method, **options)
            nothing = 404 if path.startswith(OPEN_TO_ALL) else 401
            assert answer.status_code == nothing, rule.rule


# What belongs to others


def test_what_belongs_to_others_looks_like_what_does_not_exist(world):
    submission = ask(world)["id"]
    release = released(world)
    nothing = "0" * 24
    for theirs, missing in (
        ("/projects/liver", "/projects/nothing"),
        (f"/submissions/{submission}", f"/submissions/{nothing}"),
        (f"/releases/{release}", f"/releases/{nothing}"),
        (f"/releases/{release}.csv", f"/releases/{nothing}.csv"),
        (f"/releases/{release}/record", f"/releases/{nothing}/record"),
        ("/projects/liver/submissions", "/projects/nothing/submissions"),
    ):
        seen = world.get(theirs, token=world.stranger)
        absent = world.get(missing, token=world.stranger)
        assert (
            (seen.status_code, seen.data)
            == (absent.status_code, absent.data)
            == (
                404,
                absent.data,
            )
        )
    assert world.get("/releases", token=world.stranger).json["items"] == []
    cancelled = world.post(f"/submissions/{submission}/cancellation", token=world.stranger)
    assert cancelled.status_code == 404


def test_nobody_previews_or_submits_in_a_project_of_others(world):
    for what, body in (("previews", PREVIEW), ("submissions", QUESTION)):
        answer = world.post(f"/projects/liver/{what}", token=world.stranger, json=body)
        assert answer.status_code == 404


def test_hashes_of_the_data_are_in_no_answer(world):
    """The version of the store and the fingerprint are functions of every row."""
    submission, release = ask(world), released(world)
    with world.sessions() as session:
        fingerprint = session.get_one(Submission, submission["id"]).fingerprint
    for path in (
        "/projects",
        "/datasets",
        "/datasets/clinic",
        f"/submissions/{submission['id']}",
        "/projects/liver/submissions",
        "/releases",
        f"/releases/{release}",
    ):
        text = world.get(path).text
        assert "a-content-hash" not in text, path
        assert fingerprint not in text, path


# Errors


@pytest.mark.parametrize(
    ("method", "path", "options", "status"),
    [
        ("get", "/nowhere", {}, 404),
        ("get", "/problems/no-such-problem", {}, 404),
        ("post", "/projects", {}, 405),
        ("post", "/projects/liver/previews", {"data": "x", "content_type": "text/plain"}, 415),
        (
            "post",
            "/projects/liver/previews",
            {"data": "{", "content_type": "application/json"},
            400,
        ),
        ("post", "/projects/liver/previews", {"json": {"dataset": "clinic"}}, 422),
        ("post", "/projects/liver/previews", {"json": {**PREVIEW, "extra": 1}}, 422),
        ("post", "/projects/liver/previews", {"json": {**PREVIEW, "rho_nano": "1"}}, 422),
        ("post", "/projects/liver/previews", {"json": {**PREVIEW, "query": "\0"}}, 422),
        ("post", "/projects/liver/submissions", {"json": {**QUESTION, "purpose": "  "}}, 422),
        ("get", "/releases?limit=1000", {}, 422),
        ("get", "/releases?page=2", {}, 422),
        ("get", "/releases?cursor=AAAA", {}, 404),
    ],
)
def test_every_error_is_a_problem_of_the_table(world, method, path, options, status):
    answer = getattr(world, method)(path, **options)
    assert answer.status_code == status
    assert answer.mimetype == problems.MEDIA_TYPE
    kind = problems.KINDS[answer.json["code"]]
    assert (answer.json["status"], answer.json["type"]) == (kind.status, kind.type)
    assert kind.status == status


def test_a_deeply_nested_body_is_refused_and_nothing_breaks(world):
    deep = b'{"dataset":"clinic","query":' + b"[" * 50_000 + b"]" * 50_000 + b"}"
    answer = world.post("/projects/liver/previews", data=deep, content_type="application/json")
    assert answer.status_code == 400
    assert answer.json["code"] == "bad-request"


def test_a_body_that_is_too_large_is_refused(world):
    answer = world.post("/projects/liver/previews", json={**PREVIEW, "query": "x" * 300_000})
    assert answer.status_code == 413
    assert answer.mimetype == problems.MEDIA_TYPE


def test_a_wrong_method_says_the_right_ones(world):
    assert "GET" in world.post("/projects").headers["Allow"]


def test_errors_outside_the_api_are_left_to_the_pages(world):
    assert world.client().get("/nowhere").mimetype == "text/html"


def test_a_fault_says_nothing_of_itself(world):
    world.app.view_functions["api.projects"] = lambda: 1 / 0
    world.app.testing = False
    answer = world.get("/projects")
    assert answer.status_code == 500
    assert answer.mimetype == problems.MEDIA_TYPE
    assert "division" not in answer.text


def test_every_type_of_problem_describes_itself(world):
    for kind in problems.KINDS.values():
        said = world.client().get(kind.type)
        assert (said.status_code, said.json["code"]) == (200, kind.code)


# Questions


def test_a_refused_question_has_a_stable_code_and_a_place_in_the_text(world):
    sql = "SELECT sex, count(*)\nFROM persons GROUP BY sex ORDER BY sex"
    for what, body in (("previews", PREVIEW), ("submissions", QUESTION)):
        answer = world.post(f"/projects/liver/{what}", json={**body, "query": sql})
        assert (answer.status_code, answer.json["code"]) == (409, "query-refused")
        (first, *_) = answer.json["problems"]
        assert first["code"] == "order_by"
        assert sql[first["position"]["start"] :].startswith("ORDER")
        assert first["where"].startswith("line 2,")


@pytest.mark.parametrize(
    ("measure", "code", "there"),
    [
        ("avg(sex)", "needs_number", "sex)"),
        ("count(*), count(*)", "duplicate_measure", ""),
    ],
)
def test_what_the_dataset_cannot_answer_has_a_place_in_the_text_too(world, measure, code, there):
    sql = f"SELECT sex, {measure} FROM persons GROUP BY sex"
    for what, body in (("previews", PREVIEW), ("submissions", QUESTION)):
        answer = world.post(f"/projects/liver/{what}", json={**body, "query": sql})
        first = next(one for one in answer.json["problems"] if one["code"] == code)
        assert there in sql[first["position"]["start"] :]
        assert first["where"].startswith("line 1,")


def test_a_refused_form_has_a_path(world):
    query = {"dataset": "clinic", "source": "nowhere", "measures": [{"statistic": "count"}]}
    answer = world.post("/projects/liver/previews", json={**PREVIEW, "query": query})
    assert (answer.status_code, answer.json["code"]) == (409, "query-refused")
    assert answer.json["problems"][0]["where"] == "source"


def test_text_and_form_of_a_question_cost_and_give_the_same(world):
    form = json_form.to_json(sql.parse(COUNT_BY_SEX, catalogues.clinic()))
    as_text = world.post("/projects/liver/previews", json=PREVIEW)
    as_form = world.post("/projects/liver/previews", json={**PREVIEW, "query": form})
    assert as_text.status_code == as_form.status_code == 200
    assert as_text.json == as_form.json


def test_a_preview_tells_cost_precision_gates_and_budgets_and_changes_nothing(world):
    def everything() -> list:
        with world.sessions() as session:
            counts = [
                session.scalar(select(func.count()).select_from(t))
                for t in (AuditEntry, Submission)
            ]
            return [*counts, *session.execute(select(Account.rho_spent).order_by(Account.id)).all()]

    before = everything()
    said = world.post("/projects/liver/previews", json=PREVIEW).json
    assert everything() == before
    assert said["rho_nano"] == 100_000_000
    assert said["open"] is True
    assert all(gate["passed"] for gate in said["gates"])
    assert said["columns"][0]["half_width"]
    assert [line["level"] for line in said["budgets"]] == ["pool", "project", "researcher"]
    assert all(line["after"] == line["left"] - said["rho_nano"] for line in said["budgets"])


def test_an_exactness_is_priced(world):
    said = world.post("/projects/liver/previews", json={**PREVIEW, "half_width": "20"}).json
    assert said["rho_nano"] < 100_000_000
    assert said["columns"][0]["half_width"] in {"19", "20"}


@pytest.mark.parametrize(
    ("text", "status"), [("0.001", 422), ("-1", 422), ("NaN", 422), (20, 422), ("1e3", 422)]
)
def test_an_exactness_without_a_price_is_named(world, text, status):
    answer = world.post("/projects/liver/previews", json={**PREVIEW, "half_width": text})
    assert answer.status_code == status


LOUD = (
    "SELECT kind, band(age, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100) AS a, stddev(income) "
    "FROM events JOIN persons USING (person) GROUP BY CUBE (kind, a)"
)


def test_a_question_at_a_cost_that_the_door_would_refuse_is_not_charged(world):
    question = {**QUESTION, "query": LOUD, "rho_nano": 1_000_000}
    answer = world.post("/projects/liver/submissions", json=question)
    assert answer.status_code == 409
    assert "more noise than can be drawn" in answer.json["errors"][0]["message"]
    with world.sessions() as session:
        assert session.scalar(select(func.count()).select_from(Submission)) == 0
        assert session.scalar(select(func.sum(Account.rho_spent))) == 0


BY = "SELECT {0}, count(*) FROM persons GROUP BY {0}"


def planned(world, *queries: str | dict, **changed: object):
    wanted = {"dataset": "clinic", "queries": queries, "half_width": "20", **changed}
    return world.post("/projects/liver/plans", json=wanted)


def test_several_tables_of_the_same_are_cheaper_together(world):
    """By each of two dimensions, by both, and by none."""
    texts = [BY.format(by) for by in ("sex", "smoker", "sex, smoker")]
    answer = planned(world, *texts, "SELECT count(*) FROM persons").json
    assert answer["cheapest"] == "together"
    assert answer["together"]["rho_nano"] < answer["apart_rho_nano"]
    assert answer["apart_rho_nano"] == sum(one["rho_nano"] for one in answer["apart"])
    assert len(answer["apart"]) == 4
    whole = {**PREVIEW, "query": answer["together"]["query"], "half_width": "20"}
    preview = world.post("/projects/liver/previews", json=whole).json
    assert preview["rho_nano"] == answer["together"]["rho_nano"]
    assert "with all totals" in answer["together"]["words"]
    left = {line["level"]: line["after"] for line in answer["budgets"]}
    assert left == {line["level"]: line["after"] for line in preview["budgets"]}


def test_margins_that_are_asked_for_are_cheaper_together_without_the_cells(world):
    pairs = ("sex", "smoker", "sex, smoker", "age", "sex, age", "smoker, age")
    texts = [BY.format(by).replace("age", "band(age, 40, 60)") for by in pairs]
    answer = planned(world, *texts).json
    assert answer["cheapest"] == "together"
    assert answer["together"]["rho_nano"] <= 0.6 * answer["apart_rho_nano"]
    query = answer["together"]["query"]
    assert query["grouping_sets"] == [[0], [0, 1], [0, 2], [1], [1, 2], [2]]
    assert "with all totals" not in answer["together"]["words"]
    assert "the tables by Sex, Sex × Smoker" in answer["together"]["words"]
    cells = planned(
        world, *texts, BY.format("sex, smoker, age").replace("age", "band(age, 40, 60)")
    )
    assert cells.json["together"]["rho_nano"] > answer["together"]["rho_nano"]
    asked = {**QUESTION, "query": query, "rho_nano": answer["together"]["rho_nano"]}
    assert world.post("/projects/liver/submissions", json=asked).status_code == 201


@pytest.mark.parametrize(
    "texts",
    [
        [BY.format("sex")],
        [BY.format("sex"), "SELECT smoker, avg(bmi), count(*) FROM persons GROUP BY smoker"],
        [BY.format("sex"), BY.format("sex").replace("GROUP", "WHERE age > 40 GROUP")],
        ["SELECT kind, count(distinct person) FROM events GROUP BY kind"] * 2,
    ],
)
def test_tables_that_no_single_question_has_are_asked_apart(world, texts):
    answer = planned(world, *texts).json
    assert (answer["cheapest"], answer["together"]) == ("apart", None)
    assert len(answer["apart"]) == len(texts)


@pytest.mark.parametrize(
    ("queries", "status"),
    [([], 422), ([BY.format("nothing")], 409), ([BY.format("sex")] * 13, 422), ([3], 422)],
)
def test_what_cannot_be_planned_is_refused(world, queries, status):
    assert planned(world, *queries).status_code == status


def test_a_plan_changes_nothing_and_is_nobody_elses(world):
    with world.sessions() as session:
        before = session.scalar(select(func.count()).select_from(AuditEntry))
    assert planned(world, BY.format("sex")).status_code == 200
    wanted = {"dataset": "clinic", "queries": [BY.format("sex")], "half_width": "20"}
    other = world.post("/projects/liver/plans", json=wanted, token=world.stranger)
    assert other.status_code in {403, 404}
    with world.sessions() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == before


def test_a_cost_outside_the_policy_is_named(world):
    answer = world.post("/projects/liver/previews", json={**PREVIEW, "rho_nano": 1})
    assert (answer.status_code, answer.json["code"]) == (409, "cost-outside-policy")


def test_the_same_key_is_one_submission(world):
    first, again = (
        world.post(
            "/projects/liver/submissions", json=QUESTION, headers={"Idempotency-Key": "once"}
        )
        for _ in range(2)
    )
    assert first.status_code == again.status_code == 201
    assert first.json["id"] == again.json["id"]
    other = world.post(
        "/projects/liver/submissions",
        json={**QUESTION, "purpose": "Another."},
        headers={"Idempotency-Key": "once"},
    )
    assert (other.status_code, other.json["code"]) == (409, "idempotency-conflict")


def test_without_a_key_each_sending_is_a_submission(world):
    assert ask(world)["id"] != ask(world)["id"]


def test_a_closed_gate_is_named_with_its_remedy(world):
    with world.sessions() as session, writing(session):
        for account in session.scalars(select(Account)):
            account.rho_spent = account.rho_total
    answer = world.post("/projects/liver/submissions", json=QUESTION)
    assert (answer.status_code, answer.json["code"]) == (409, "gates-closed")
    assert {gate["id"] for gate in answer.json["gates"]} >= {"budget_pool"}
    assert all(gate["remedy"] for gate in answer.json["gates"])


def test_a_cancelled_question_cannot_be_cancelled_again(world):
    path = f"/submissions/{ask(world)['id']}/cancellation"
    assert world.post(path).json["state"] == "cancelled"
    again = world.post(path)
    assert (again.status_code, again.json["code"]) == (409, "state-moved")


def test_a_long_list_is_read_in_pages_without_gap_or_repeat(world):
    asked = []
    for minute in range(5):
        world.clock.now = NOW + datetime.timedelta(minutes=minute // 2)
        asked.append(ask(world)["id"])
    read, cursor = [], None
    for _ in range(3):
        page = world.get(
            "/projects/liver/submissions?limit=2" + (f"&cursor={cursor}" if cursor else "")
        ).json
        read += [one["id"] for one in page["items"]]
        cursor = page["next_cursor"]
    assert cursor is None
    assert sorted(read) == sorted(asked)


# Releases


def test_a_release_is_json_or_csv_by_accept_and_by_suffix(world):
    path = f"/releases/{released(world)}"
    for accept, form in (
        (None, Format.JSON),
        ("*/*", Format.JSON),
        ("application/json", Format.JSON),
        ("text/csv", Format.CSV),
        ("text/csv; charset=utf-8", Format.CSV),
        ("text/csv, application/json;q=0.5", Format.CSV),
        ('application/json; profile="https://json-stat.org/full/"', Format.JSONSTAT),
        ("application/json", Format.JSON),
        ("application/vnd.sdmx.data+csv", Format.SDMX),
        ("application/vnd.sdmx.data+csv;version=2.0.0", Format.SDMX),
        ("application/vnd.sdmx.data+csv; labels=both; version=2.0.0", Format.SDMX),
    ):
        headers = {} if accept is None else {"Accept": accept}
        assert world.get(path, headers=headers).data == FILES[form], accept
    assert world.get(path + ".json").data == FILES[Format.JSON]
    assert world.get(path + ".csv").data == FILES[Format.CSV]
    assert world.get(path + "/record").data == FILES[Format.RECORD]
    assert world.get(path + "/chart").data == FILES[Format.CHART]


def test_another_format_is_not_acceptable(world):
    answer = world.get(f"/releases/{released(world)}", headers={"Accept": "application/pdf"})
    assert (answer.status_code, answer.json["code"]) == (406, "not-acceptable")


def test_the_bytes_of_a_release_carry_their_hash(world):
    release = released(world)
    answer = world.get(f"/releases/{release}.csv")
    digest = base64.b64encode(hashlib.sha256(answer.data).digest()).decode()
    assert answer.headers["Repr-Digest"] == f"sha-256=:{digest}:"
    (listed,) = world.get("/releases").json["items"]
    (csv,) = [one for one in listed["files"] if one["format"] == "csv"]
    assert csv["sha256"] == hashlib.sha256(answer.data).hexdigest()
    assert (
        world.client().get(csv["href"], headers={"Authorization": f"Bearer {world.token}"}).data
        == answer.data
    )


def test_what_checkers_read_is_not_part_of_a_release(world):
    release = released(world)
    assert "findings" not in world.get("/releases").text
    assert world.get(f"/releases/{release}/findings").status_code == 404


@pytest.mark.parametrize("state", ["protected", "reviewed", "returned", "rejected"])
def test_no_cell_of_an_output_is_shown_before_its_release(world, state):
    submission = ask(world)["id"]
    release = api_world.release(world, submission)
    with world.sessions() as session, writing(session):
        row = session.get_one(Submission, submission)
        row.state = state
        session.delete(session.get_one(api_world.Release, release))
    said = world.get(f"/submissions/{submission}")
    assert said.json["release"] is None
    assert "[c]" not in said.text
    assert world.get("/releases").json["items"] == []
    assert world.get(f"/releases/{release}.csv").status_code == 404


# The process


def test_the_api_loads_nothing_that_reads_data_or_draws_noise():
    code = f"import sys, tre.api; print([m for m in {HEAVY!r} if m in sys.modules])"
    found = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"


def test_the_description_names_its_version_and_every_operation(world):
    spec = world.client().get("/api/v1/openapi.json").json
    assert spec["openapi"].startswith("3.1")
    rules = {r.rule for r in world.app.url_map.iter_rules() if r.endpoint.startswith("api.")}
    assert len(spec["paths"]) == len(rules)


def test_the_description_names_the_scope_of_every_operation(world):
    spec = world.client().get("/api/v1/openapi.json").json
    named = {
        scope
        for operations in spec["paths"].values()
        for operation in operations.values()
        for need in operation["security"]
        for scope in need.get("token", ())
    }
    assert named == set(EVERY)
