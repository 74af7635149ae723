"""Is a question put together as its author means it, and is no input ever lost?"""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from queries.fingerprint import canonical
from queries.language import (
    Aggregate,
    And,
    ColumnRef,
    Compare,
    Dimension,
    Feature,
    FeatureRef,
    In,
    Join,
    Measure,
    Operator,
    Query,
    Statistic,
)
from tests.catalogues import clinic, dp_policy
from tests.web import service as web
from tests.web.service import Service, Visitor
from tests.web.steps import ask_page
from tre.drafts import Draft
from tre.submissions import Submission
from tre.web import answers

ENTRIES = {
    "source": "persons",
    "title": "Blood pressure",
    "features-0-name": "top_sbp",
    "features-0-table": "labs",
    "features-0-aggregate": "max",
    "features-0-column": "value",
    "features-0-conditions-0-ref": "labs.test",
    "features-0-conditions-0-operator": "in",
    "features-0-conditions-0-codes": "sbp",
    "measures-0-statistic": "count",
    "measures-1-statistic": "mean",
    "measures-1-ref": "persons.bmi",
    "dimensions-0-ref": "persons.smoker",
    "dimensions-1-ref": "@top_sbp",
    "dimensions-1-bands": "120, 140",
    "dimensions-2-ref": "areas.region",
    "match": "all",
    "conditions-0-ref": "persons.age",
    "conditions-0-operator": ">=",
    "conditions-0-value": "18",
    "conditions-1-ref": "@top_sbp",
    "conditions-1-operator": "<",
    "conditions-1-value": "250",
}
MEANT = Query(
    dataset="clinic",
    source="persons",
    measures=(
        Measure(Statistic.COUNT),
        Measure(Statistic.MEAN, ColumnRef("persons", "bmi")),
    ),
    dimensions=(
        Dimension(ColumnRef("persons", "smoker")),
        Dimension(FeatureRef("top_sbp"), bands=(Decimal(120), Decimal(140))),
        Dimension(ColumnRef("areas", "region")),
    ),
    where=And(
        (
            Compare(ColumnRef("persons", "age"), Operator.GE, Decimal(18)),
            Compare(FeatureRef("top_sbp"), Operator.LT, Decimal(250)),
        )
    ),
    joins=(Join("home"),),
    features=(
        Feature(
            "top_sbp",
            "labs",
            Aggregate.MAX,
            column="value",
            where=In(ColumnRef("labs", "test"), ("sbp",)),
        ),
    ),
)
SQL = "SELECT sex, count(*) FROM persons GROUP BY sex"


@pytest.fixture
def ada(service: Service) -> Visitor:
    return service.visitor("ada")


def draft(visitor: Visitor, service: Service, entries: dict[str, Any], act: str = "save") -> str:
    made = visitor.post(ask_page(service), {**entries, "act": act})
    assert made.status_code == 303, made.text
    return made.location.partition("#")[0]


def asked(service: Service) -> Query:
    with service.sessions() as session:
        return session.query(Submission).one().query


def test_the_form_asks_exactly_the_question_that_was_meant(service: Service, ada: Visitor):
    page = draft(ada, service, ENTRIES)
    preview = ada.post(page, {**ENTRIES, "act": "preview"}).location
    assert ada.post(preview, {"purpose": "To learn"}).status_code == 303
    assert asked(service) == MEANT


@pytest.mark.parametrize(
    ("totals", "sets", "words"),
    [
        ("all", (), "with all totals"),
        ("1", ((0,), (1,), (2,)), "the tables by Smoker, "),
        ("2", ((0,), (1,), (2,), (0, 1), (0, 2), (1, 2)), "the tables by Smoker, "),
    ],
)
def test_the_form_asks_for_every_total_or_for_tables_by_fewer_dimensions(
    service: Service, ada: Visitor, totals, sets, words
):
    page = draft(ada, service, {**ENTRIES, "margins": totals})
    assert re.search(f'<option value="{totals}" selected', ada.get(page).text)
    preview = ada.post(page, {**ENTRIES, "margins": totals, "act": "preview"}).location
    assert words in ada.get(preview).text
    assert ada.post(preview, {"purpose": "To learn"}).status_code == 303
    assert asked(service) == replace(MEANT, margins=True, grouping_sets=sets)


def test_tables_by_fewer_dimensions_are_offered_where_there_are_more(
    service: Service, ada: Visitor
):
    def offered(*without: str) -> list[str]:
        entries = {name: own for name, own in ENTRIES.items() if not name.startswith(without)}
        shown = ada.get(draft(ada, service, entries)).text
        return re.findall(r'<option value="(all|1|2)"', shown)

    assert offered("nothing") == ["all", "1", "2"]
    assert offered("dimensions-2") == ["all", "1"]
    assert offered("dimensions-1", "dimensions-2") == ["all"]


def test_tables_by_as_many_dimensions_as_there_are_alone_are_refused_in_place(
    service: Service, ada: Visitor
):
    one = {name: own for name, own in ENTRIES.items() if not name.startswith("dimensions-")}
    one |= {"dimensions-0-ref": "persons.smoker", "margins": "1"}
    said = ada.post(draft(ada, service, one), {**one, "act": "preview"})
    assert said.status_code == 422
    assert "Ask for it without sets" in said.text
    assert 'href="#margins"' in said.text


NOISY = {
    "measures-2-statistic": "quantile 0.9",
    "measures-2-ref": "persons.bmi",
    "measures-3-statistic": "stddev",
    "measures-3-ref": "@top_sbp",
    "measures-4-statistic": "ratio",
    "measures-4-ref": "persons.bmi",
    "measures-4-per": "@top_sbp",
    "measures-5-statistic": "nonnegative_sum",
    "measures-5-ref": "persons.bmi",
}


def test_the_form_asks_for_quantiles_spreads_and_ratios(service: Service, ada: Visitor):
    page = draft(ada, service, {**ENTRIES, **NOISY})
    shown = ada.get(page).text
    for words in (
        "90 % quantile of Body mass index",
        "Sum, not below zero, of Body mass index",
        "Standard deviation of top_sbp",
        "Body mass index per ...",
        '<option value="@top_sbp" selected>',
    ):
        assert words in shown, words
    preview = ada.post(page, {**ENTRIES, **NOISY, "act": "preview"}).location
    assert ada.post(preview, {"purpose": "To learn"}).status_code == 303
    bmi, top = ColumnRef("persons", "bmi"), FeatureRef("top_sbp")
    assert asked(service).measures == (
        *MEANT.measures,
        Measure(Statistic.QUANTILE, bmi, Decimal("0.9")),
        Measure(Statistic.STDDEV, top),
        Measure(Statistic.RATIO, bmi, per=top),
        Measure(Statistic.NONNEGATIVE_SUM, bmi),
    )


def test_what_divides_follows_the_new_name_of_a_feature(service: Service, ada: Visitor):
    page = draft(ada, service, {**ENTRIES, **NOISY, "features-0-was": "top_sbp"})
    renamed = {**ENTRIES, **NOISY, "features-0-was": "top_sbp", "features-0-name": "highest"}
    assert ada.post(page, {**renamed, "act": "save"}).status_code == 303
    assert '<option value="@highest" selected>' in ada.get(page).text


SLOPE = {
    "measures-2-statistic": "slope",
    "measures-2-ref": "persons.bmi",
    "measures-2-per": "persons.age",
    "measures-2-adjusted": ["@top_sbp", "persons.age"],
}


def test_the_form_asks_for_log_odds_of_a_yes_or_no(service: Service, ada: Visitor):
    entries = {
        **ENTRIES,
        "features-1-name": "ill",
        "features-1-table": "events",
        "features-1-aggregate": "exists",
        "measures-2-statistic": "log_odds",
        "measures-2-ref": "@ill",
        "measures-2-per": "persons.age",
        "measures-2-adjusted": ["persons.bmi"],
    }
    page = draft(ada, service, entries)
    shown = ada.get(page).text
    assert "Log odds ratio of ill (feature) by ..." in shown
    assert '<option value="log_odds:@ill">' in shown
    preview = ada.post(page, {**entries, "act": "preview"}).location
    assert ada.post(preview, {"purpose": "To learn"}).status_code == 303
    age, bmi = (ColumnRef("persons", name) for name in ("age", "bmi"))
    meant = Measure(Statistic.LOG_ODDS, FeatureRef("ill"), per=age, adjusted=(bmi,))
    assert asked(service).measures[-1] == meant


def test_the_form_asks_for_slopes_of_what_it_offers(service: Service, ada: Visitor):
    """What explains already is not adjusted for as well."""
    page = draft(ada, service, {**ENTRIES, **SLOPE})
    shown = ada.get(page).text
    for words in ("Slope of Body mass index on ...", "Adjusted for", 'value="@top_sbp" checked'):
        assert words in shown, words
    preview = ada.post(page, {**ENTRIES, **SLOPE, "act": "preview"}).location
    assert ada.post(preview, {"purpose": "To learn"}).status_code == 303
    bmi, age = (ColumnRef("persons", name) for name in ("bmi", "age"))
    top = FeatureRef("top_sbp")
    assert asked(service).measures[-1] == Measure(Statistic.SLOPE, bmi, per=age, adjusted=(top,))


@pytest.mark.parametrize("per", ["", "persons.bmi", "persons.income", "nowhere.x"])
def test_a_ratio_without_a_divisor_is_refused_beside_its_row(
    service: Service, ada: Visitor, per: str
):
    entries = {**ENTRIES, **NOISY, "measures-4-per": per}
    page = draft(ada, service, entries)
    answer = ada.post(page, {**entries, "act": "preview"})
    assert answer.status_code in {200, 400, 422}
    assert 'href="#measures-4"' in answer.text


def test_form_and_sql_ask_the_same_question(service: Service, ada: Visitor):
    page = draft(ada, service, ENTRIES)
    text = re.search(r"<textarea[^>]*>\n(.*?)</textarea>", ada.get(f"{page}/sql").text, re.DOTALL)
    assert text
    sql = text[1].replace("&#39;", "'").replace("&gt;", ">").replace("&lt;", "<")
    preview = ada.post(f"{page}/sql", {"sql": sql, "act": "preview"})
    assert preview.status_code == 303, preview.text
    ada.post(preview.location, {"purpose": "To learn"})
    assert canonical(asked(service), clinic()) == canonical(MEANT, clinic())


@pytest.mark.parametrize("act", ["save", "source", "add:dimensions", "remove:dimensions-9", "?"])
def test_every_button_keeps_everything_that_was_typed(service: Service, ada: Visitor, act: str):
    page = draft(ada, service, ENTRIES)
    changed = {**ENTRIES, "conditions-0-value": "not a number", "dimensions-1-bands": "high, low"}
    assert ada.post(page, {**changed, "act": act}).status_code == 303
    shown = ada.get(page).text
    assert 'value="not a number"' in shown
    assert 'value="high, low"' in shown
    assert 'value="Blood pressure"' in shown


def test_a_faulty_form_is_shown_again_with_every_fault_and_every_entry(
    service: Service, ada: Visitor
):
    page = draft(ada, service, ENTRIES)
    faulty = {
        **ENTRIES,
        "conditions-0-value": "many",
        "dimensions-1-bands": "140, 120, x",
        "features-0-name": "",
        "act": "preview",
    }
    again = ada.post(page, faulty)
    assert again.status_code == 422
    assert "<title>Error:" in again.text
    summary = re.findall(r'<a href="#([a-z0-9_-]+)">', again.text)
    assert {"conditions-0", "dimensions-1", "features-0"} <= set(summary)
    for place in summary:
        assert f'id="{place}"' in again.text
    assert 'value="many"' in again.text
    assert 'value="140, 120, x"' in again.text


def test_a_refusal_of_the_validator_stands_beside_its_row(service: Service, ada: Visitor):
    page = draft(ada, service, ENTRIES)
    again = ada.post(page, {**ENTRIES, "dimensions-1-bands": "", "act": "preview"})
    assert again.status_code == 422
    assert 'href="#dimensions-1"' in again.text
    assert "band" in again.text


def test_rows_are_added_and_removed_by_buttons_alone(service: Service, ada: Visitor):
    page = draft(ada, service, {"source": "persons"})
    added = ada.post(
        page, {"source": "persons", "act": "add:dimensions", "new-dimensions": "persons.age"}
    )
    assert added.location.endswith("#dimensions-0")
    assert 'name="dimensions-0-bands"' in ada.get(page).text
    removed = ada.post(
        page,
        {"source": "persons", "dimensions-0-ref": "persons.age", "act": "remove:dimensions-0"},
    )
    assert removed.location.endswith("#dimensions")
    assert 'name="dimensions-0-bands"' not in ada.get(page).text


def test_what_refers_to_a_feature_follows_its_new_name(service: Service, ada: Visitor):
    entries = {**ENTRIES, "features-0-was": "top_sbp", "features-0-name": "pressure"}
    page = draft(ada, service, entries)
    shown = ada.get(page).text
    assert 'value="@pressure"' in shown
    assert 'value="@top_sbp"' not in shown
    assert 'value="120, 140"' in shown


def test_what_refers_to_a_removed_feature_is_kept_and_refused(service: Service, ada: Visitor):
    page = draft(ada, service, ENTRIES)
    ada.post(page, {**ENTRIES, "act": "remove:features-0"})
    shown = ada.get(page).text
    assert 'name="dimensions-1-bands" value="120, 140"' in shown
    rest = {name: text for name, text in ENTRIES.items() if not name.startswith("features")}
    again = ada.post(page, {**rest, "act": "preview"})
    assert again.status_code == 422
    assert "top_sbp" in again.text


def test_a_condition_of_a_feature_offers_the_codes_of_its_own_table(service: Service, ada: Visitor):
    page = draft(
        ada,
        service,
        {
            "source": "persons",
            "features-0-name": "ill",
            "features-0-table": "events",
            "features-0-aggregate": "exists",
            "new-features-0-conditions": "events.kind",
        },
        act="add:features-0-conditions",
    )
    shown = ada.get(page).text
    assert 'name="features-0-conditions-0-codes"' in shown
    assert "Heart attack" in shown


def test_enter_in_a_text_field_saves_and_does_not_remove_a_row(service: Service, ada: Visitor):
    page = ada.get(draft(ada, service, ENTRIES)).text
    form = page[page.index("novalidate") :]
    first = re.search(r'<button[^>]*name="act"[^>]*value="([^"]+)"', form)
    assert first
    assert first[1] == "save"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("SELECT * FROM persons", "SELECT * is not part of the language"),
        ("SELECT sex, count(*) FROM nobody GROUP BY sex", "There is no table nobody"),
        ("", "There is no question here"),
        ("DROP TABLE persons", "Only questions may be asked"),
    ],
)
def test_refused_sql_is_kept_with_a_sentence_that_helps(
    service: Service, ada: Visitor, text: str, says: str
):
    again = ada.post(f"{ask_page(service)}/sql", {"sql": text, "act": "preview"})
    assert again.status_code == 422
    assert says in again.text.replace("&#39;", "'")
    assert text in again.text


def test_a_refusal_of_sql_says_where_and_shows_the_place(service: Service, ada: Visitor):
    text = "SELECT sex, count(*)\nFROM persons\nGROUP BY sex\nHAVING count(*) > 5"
    again = ada.post(f"{ask_page(service)}/sql", {"sql": text, "act": "preview"}).text
    assert "Line 4, column 1" in again
    assert "<mark>" in again


def test_a_refusal_by_the_dataset_has_its_place_in_the_text_too(service: Service, ada: Visitor):
    text = "SELECT age, count(*)\nFROM persons\nGROUP BY age"
    again = ada.post(f"{ask_page(service)}/sql", {"sql": text, "act": "preview"})
    assert again.status_code == 422
    assert "Line 1, column 8" in again.text
    assert "<mark>age</mark>" in again.text


def test_text_in_sql_is_never_markup(service: Service, ada: Visitor):
    text = "</textarea><script>alert(1)</script>"
    again = ada.post(f"{ask_page(service)}/sql", {"sql": text, "title": text, "act": "preview"})
    assert "<script>alert" not in again.text


def test_a_draft_written_in_sql_opens_in_sql_and_goes_on_to_its_price(
    service: Service, ada: Visitor
):
    saved = ada.post(f"{ask_page(service)}/sql", {"sql": SQL, "act": "save"})
    assert SQL in ada.get(saved.location).text
    preview = ada.post(saved.location, {"sql": SQL, "act": "preview"}).location
    assert "by Sex" in ada.get(preview).text
    assert ada.post(preview, {"purpose": "To learn"}).status_code == 303
    with service.sessions() as session:
        assert session.query(Submission).one().source_text == SQL


def test_looking_at_the_price_spends_nothing_and_asks_nothing(service: Service, ada: Visitor):
    page = draft(ada, service, ENTRIES)
    preview = ada.post(page, {**ENTRIES, "act": "preview"}).location
    shown = ada.get(preview).text
    for words in ("Cells in the table", "±", "Left after", "0.5 seconds", "SELECT"):
        assert words in shown
    with service.sessions() as session:
        assert session.query(Submission).count() == 0


def test_an_empty_purpose_keeps_price_and_page(service: Service, ada: Visitor):
    page = draft(ada, service, ENTRIES)
    preview = ada.post(page, {**ENTRIES, "act": "preview"}).location
    again = ada.post(preview, {"purpose": " ", "rho_nano": "10000000"})
    assert again.status_code == 422
    assert "Say what the query is for" in again.text
    assert re.search(r'value="10000000"[^>]*checked', again.text)


def test_pressing_send_twice_asks_once(service: Service, ada: Visitor):
    page = draft(ada, service, ENTRIES)
    preview = ada.post(page, {**ENTRIES, "act": "preview"}).location
    entries = {"purpose": "To learn", "key": "one-press"}
    first, second = ada.post(preview, entries), ada.post(preview, entries)
    assert first.location == second.location
    with service.sessions() as session:
        assert session.query(Submission).count() == 1


def test_the_price_that_was_chosen_is_the_price_that_is_paid(service: Service, ada: Visitor):
    page = draft(ada, service, ENTRIES)
    preview = ada.post(page, {**ENTRIES, "act": "preview"}).location
    ada.post(preview, {"purpose": "To learn", "rho_nano": "10000000"})
    with service.sessions() as session:
        assert session.query(Submission).one().rho_nano == 10_000_000


@pytest.mark.parametrize("price", ["1", "999999999999", "-5", "NaN", "²"])
def test_a_price_outside_the_policy_is_never_paid(service: Service, ada: Visitor, price: str):
    page = draft(ada, service, ENTRIES)
    preview = ada.post(page, {**ENTRIES, "act": "preview"}).location
    ada.post(preview, {"purpose": "To learn", "rho_nano": price})
    with service.sessions() as session:
        paid = {row.rho_nano for row in session.query(Submission)}
    assert paid <= {100_000_000}


def test_an_exactness_has_a_price_that_can_be_paid(service: Service, ada: Visitor):
    """Nothing is asked by looking, and nothing that was entered is lost."""
    page = draft(ada, service, ENTRIES)
    preview = ada.post(page, {**ENTRIES, "act": "preview"}).location
    wanted = {"purpose": "To learn all", "half_width": "20", "key": "k", "act": "within"}
    shown = ada.post(preview, wanted)
    assert shown.status_code == 200
    assert "To learn all" in shown.text
    found = re.search(r'value="([0-9]+)"[^>]*checked', shown.text)
    assert found
    rho = int(found[1])
    assert 1_000_000 < rho < 100_000_000
    assert re.search(r"Number of persons: ± (20|19)<", shown.text)
    with service.sessions() as session:
        assert session.query(Submission).count() == 0
    ada.post(preview, {"purpose": "To learn all", "rho_nano": str(rho)})
    with service.sessions() as session:
        assert session.query(Submission).one().rho_nano == rho


def test_a_price_that_buys_too_much_noise_is_not_offered(service: Service, ada: Visitor):
    text = (
        "SELECT kind, band(age, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100) AS a, stddev(income) "
        "FROM events JOIN persons USING (person) GROUP BY CUBE (kind, a)"
    )
    made = ada.post(f"{ask_page(service)}/sql", {"title": "Loud", "sql": text, "act": "preview"})
    shown = ada.get(made.location).text
    offered = re.findall(r'name="rho_nano" type="radio" value="([0-9]+)"', shown)
    assert offered
    assert "1000000" not in offered


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "Enter a number above 0"),
        ("-3", "Enter a number above 0"),
        ("many", "Enter a number above 0"),
        ("0.01", "No cost that the policy"),
    ],
)
def test_an_exactness_without_a_price_is_said(service: Service, ada: Visitor, text, words):
    page = draft(ada, service, ENTRIES)
    preview = ada.post(page, {**ENTRIES, "act": "preview"}).location
    said = ada.post(preview, {"purpose": "To learn", "half_width": text, "act": "within"})
    assert said.status_code == 422
    assert words in said.text
    assert "To learn" in said.text


def test_a_closed_gate_is_said_and_nothing_is_asked(service: Service, ada: Visitor):
    page = draft(ada, service, ENTRIES)
    preview = ada.post(page, {**ENTRIES, "act": "preview"}).location
    eve = service.visitor("eve")
    eve.post(f"/owner/{service.world.dataset}", {"reason": "An incident", "act": "stop"})
    refused = ada.post(preview, {"purpose": "To learn"})
    assert refused.status_code == 409
    assert "has stopped queries and releases" in refused.text
    assert "To learn" in refused.text
    with service.sessions() as session:
        assert session.query(Submission).count() == 0


def test_a_draft_is_deleted_only_by_its_author(service: Service, ada: Visitor):
    page = draft(ada, service, ENTRIES)
    ben = service.visitor("ben")
    assert ben.post(f"{page}/discard", page="/projects").status_code == 404
    assert ada.post(f"{page}/discard", page="/projects").status_code == 303
    with service.sessions() as session:
        assert session.query(Draft).count() == 0


class _Sent(dict[str, list[str]]):
    def getlist(self, key: str) -> list[str]:
        return self.get(key, [])


def test_rows_far_apart_are_counted_anew_and_too_many_are_left_out():
    sent = _Sent({f"dimensions-{n}-ref": [f"t.c{n}"] for n in range(0, 200, 2)})
    rows = answers.read(sent)["dimensions"]
    assert [row["ref"] for row in rows[:3]] == ["t.c0", "t.c2", "t.c4"]
    assert len(rows) == answers.MOST_ROWS


@pytest.mark.parametrize(
    "path", ["", "__class__", "dimensions-0-ref", "title", "a-b-c", "features-99-conditions", "-"]
)
def test_a_made_up_path_changes_nothing(path: str):
    nest = answers.complete({"dimensions": [{"ref": "t.c"}], "features": []})
    assert answers.added(nest, path, {"ref": "t.d"}) == nest
    assert answers.removed(nest, path) == nest


def test_a_draft_of_an_earlier_form_is_completed_and_what_it_lost_is_left_out():
    nest = answers.complete({"source": "t", "gone": "x", "dimensions": [{"ref": "t.c", "old": 1}]})
    assert nest["dimensions"] == [{"ref": "t.c", "bands": "", "recode": ""}]
    assert "gone" not in nest
    assert nest["features"] == []


def test_what_bounds_leave_out_is_offered_beside_the_price(service: Service, ada: Visitor):
    """A draft of its own: that of the question stays as it is."""
    page = f"{ask_page(service)}/sql"
    text = "SELECT test, count(*) FROM labs WHERE day > DATE '2001-01-01' GROUP BY test"
    first = ada.post(page, {"sql": text, "act": "preview"}).location
    shown = ada.get(first).text
    assert "At most 3 rows of Laboratory results count for a person, who may have up to 6" in shown
    offered = ada.post(first, {"act": "left_out"})
    assert offered.status_code == 303
    assert offered.location != first
    other = ada.get(offered.location).text
    assert "hare of rows of Laboratory results that bounds leave out" in other
    assert "2001-01-01" in other
    assert "Ask what share" not in other
    assert ada.post(offered.location, {"purpose": "To know the bias."}).status_code == 303
    assert "Ask what share" in ada.get(first).text
    assert "At most" not in ada.get(preview_of(ada, service, "SELECT count(*) FROM persons")).text


def test_what_bounds_leave_out_of_units_in_several_cells_is_offered_too(tmp_path):
    service = web.make(tmp_path, policy=dp_policy(max_groups_per_unit=1))
    ada = service.visitor("ada")
    text = "SELECT test, count(DISTINCT person) FROM labs GROUP BY test"
    first = preview_of(ada, service, text)
    assert "A person counts in at most 1 cell, and may be in up to 2" in ada.get(first).text
    offered = ada.post(first, {"act": "left_out"})
    other = ada.get(offered.location).text
    assert "hare of persons in cells that bounds leave out" in other
    assert "left_out(distinct person)" in other
    assert "Ask what share" not in other
    assert ada.post(offered.location, {"purpose": "To know the bias."}).status_code == 303


def test_how_many_rows_most_units_have_is_offered_where_bounds_matter(
    service: Service, ada: Visitor
):
    """What an owner would ask to choose a bound: a quantile of the rows of a unit."""
    first = preview_of(ada, service, "SELECT test, count(*) FROM labs GROUP BY test")
    assert "nine of ten persons have at most" in ada.get(first).text
    offered = ada.post(first, {"act": "how_many"})
    assert offered.status_code == 303
    other = ada.get(offered.location).text
    assert "quantile(of_labs.rows_of_a_unit, 0.9)" in other
    assert ada.post(offered.location, {"purpose": "To choose a bound."}).status_code == 303
    alone = preview_of(ada, service, "SELECT count(*) FROM persons")
    assert ada.post(alone, {"act": "how_many"}).status_code == 404


def preview_of(visitor: Visitor, service: Service, text: str) -> str:
    return visitor.post(f"{ask_page(service)}/sql", {"sql": text, "act": "preview"}).location
