"""What does a project see of its question before it is released? Never a number."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import pytest

from disclosure_control import present
from queries.register.judged import Between
from tests.catalogues import sdc_policy
from tests.factories import NOW, checked_by
from tests.web import service as web
from tests.web.service import PASSWORD, Service, Visitor
from tests.web.steps import approve, decide, leave, release, shown_hash
from tre import assignments, people
from tre.database import writing
from tre.datasets import publish_policy
from tre.journey.looked import MAY_NOT_LEAVE
from tre.lifecycle import MEANING, Mover, State
from tre.outputs import Format
from tre.people import Role
from tre.submissions import Submission, move
from tre.web.questions import STEPS, steps


@pytest.fixture
def twice_checked(tmp_path: Path) -> Service:
    return web.make(tmp_path, policy=checked_by(2))


@pytest.fixture
def exact(tmp_path: Path) -> Service:
    return web.make(tmp_path, policy=replace(sdc_policy(), max_cells=2000))


def numbers_of(service: Service, submission_id: str) -> set[str]:
    """Every published number of an output that is large enough to be told from others."""
    with service.sessions() as session:
        output = session.get_one(Submission, submission_id).output
        assert output is not None
        kept = output.artefact(Format.JSON)
        assert kept is not None
        table = present.from_json(kept.content.decode())
    values = [cell.value for column in table.columns for cell in column if cell.value is not None]
    return {f">{value}<" for value in values}


def everywhere(visitor: Visitor, service: Service, asked: str) -> str:
    pages = (
        f"/questions/{asked}",
        f"/projects/{service.world.project}",
        f"/projects/{service.world.project}/datasets/clinic",
        "/releases",
        "/projects",
    )
    return "".join(visitor.get(page).text for page in pages)


@pytest.mark.parametrize("author", ["ada", "ben"])
def test_no_member_sees_a_number_before_both_checkers_have_approved(
    twice_checked: Service, author: str
):
    asked = twice_checked.ask()
    twice_checked.work()
    numbers = numbers_of(twice_checked, asked)
    assert numbers
    member = twice_checked.visitor(author)
    assert "With checkers" in member.get(f"/questions/{asked}").text
    assert not any(number in everywhere(member, twice_checked, asked) for number in numbers)
    approve(twice_checked, asked, by="cleo")
    assert not any(number in everywhere(member, twice_checked, asked) for number in numbers)
    approve(twice_checked, asked, by="dan")
    assert not any(number in everywhere(member, twice_checked, asked) for number in numbers)
    release(twice_checked, asked)
    shown = member.get(f"/questions/{asked}").text
    assert all(number in shown for number in numbers)


def test_exact_numbers_leave_once_both_checkers_have_approved(exact: Service):
    asked = exact.ask()
    exact.work()
    numbers = numbers_of(exact, asked)
    assert numbers
    ada, output = exact.visitor("ada"), exact.output_of(asked)
    checker = exact.visitor("cleo").get(f"/checks/{output}").text
    assert all(number in checker for number in numbers)
    page = ada.get(f"/questions/{asked}").text
    assert "together with every exact table" in page
    assert "/privacy#exact" in page
    approve(exact, asked, by="cleo")
    assert not any(number in everywhere(ada, exact, asked) for number in numbers)
    approve(exact, asked, by="dan")
    assert not any(number in everywhere(ada, exact, asked) for number in numbers)
    release(exact, asked)
    assert all(number in ada.get(f"/questions/{asked}").text for number in numbers)


def test_checkers_see_that_a_table_was_compared_with_what_has_left(exact: Service):
    asked = exact.ask()
    exact.work()
    shown = exact.visitor("cleo").get(f"/checks/{exact.output_of(asked)}").text
    assert "Compared with 0 exact tables" in shown
    assert "1.0 % before, 1.2 % with this table, of 5.0 % at most" in shown
    assert 'id="exact"' in exact.visitor().get("/privacy").text


def test_a_clash_is_shown_to_checkers_and_told_to_its_author_in_one_sentence(exact: Service):
    exact.ask()
    exact.work()
    asked = exact.ask(30, 50)
    exact.work(clash="pairs")
    ada, output = exact.visitor("ada"), exact.output_of(asked)
    checker = exact.visitor("cleo")
    shown = checker.get(f"/checks/{output}").text
    assert "It can only be rejected" in shown
    assert "3 persons" in shown
    assert "new 1 - earlier 1" in shown
    assert 'value="approve"' not in shown
    assert 'value="return"' not in shown
    before = ada.get(f"/questions/{asked}").text
    assert "With checkers" in before
    assert MAY_NOT_LEAVE not in before
    refused = checker.post(
        f"/checks/{output}",
        {"decision": "approve", "reason": "", "artefact_hash": shown_hash(shown)},
    )
    assert refused.status_code == 409
    for name in ("cleo", "dan"):
        decide(exact.visitor(name), output, "reject", reason="The three of Hill.")
    after = ada.get(f"/questions/{asked}").text
    assert MAY_NOT_LEAVE in after
    assert "The three of Hill" not in after


def test_cells_that_are_hidden_for_what_left_are_named_to_checkers_alone(exact: Service):
    exact.ask()
    exact.work()
    asked = exact.ask(30, 50)
    possible = (Between(1, 0, 9), Between(0, 2, None), Between(2, 4, 4))
    exact.work(clash="pairs", hidden=(0,), narrowed=possible)
    checker, output = exact.visitor("cleo"), exact.output_of(asked)
    shown = " ".join(checker.get(f"/checks/{output}").text.split())
    assert "So 1 cell is hidden too, beside those that rules hide" in shown
    assert "<li>below 30, Female</li>" in shown
    assert "As it is now compared with 1 exact table" in shown
    assert "<li>below 30, Male: 0 to 9 persons</li>" in shown
    assert "<li>below 30, Female: 2 persons or more</li>" in shown
    assert "<li>30 to 49, Female: 4 persons and no other number</li>" in shown
    assert 'value="approve"' in shown
    for name in ("cleo", "dan"):
        decide(exact.visitor(name), output, "approve")
    release(exact, asked)
    ada = exact.visitor("ada").get(f"/questions/{asked}").text
    assert "[c]" in ada
    assert "beside those that rules hide" not in ada
    assert "and no other number" not in ada
    assert "give hidden cells back" not in ada


def test_cells_that_are_hidden_for_totals_to_come_are_named_to_checkers_alone(exact: Service):
    asked = exact.ask(30, 50)
    exact.work(hidden=(0,))
    checker, output = exact.visitor("cleo"), exact.output_of(asked)
    shown = " ".join(checker.get(f"/checks/{output}").text.split())
    assert "So that totals of this table may leave later" in shown
    assert "give hidden cells back" in shown.lower()
    assert "1 cell is hidden too:" in shown
    assert "<li>below 30, Female</li>" in shown
    assert "What these cells would have told" not in shown
    for name in ("cleo", "dan"):
        decide(exact.visitor(name), output, "approve")
    release(exact, asked)
    ada = exact.visitor("ada").get(f"/questions/{asked}").text
    assert "[c]" in ada
    assert "may leave later" not in ada
    assert "give hidden cells back" not in ada


def test_cells_that_would_help_are_named_to_checkers_alone(exact: Service):
    asked = exact.ask(30, 50)
    exact.work(clash="pairs", would_help=(0, 1))
    output = exact.output_of(asked)
    shown = exact.visitor("cleo").get(f"/checks/{output}").text
    assert "Without these cells there would be no clash" in shown
    assert "<li>below 30, Male</li>" in shown
    assert "<li>below 30" not in exact.visitor("ada").get(f"/questions/{asked}").text


def test_an_exact_dataset_is_never_shown_as_one_without_budget_left(exact: Service):
    ada, project = exact.visitor("ada"), f"/projects/{exact.world.project}"
    for page in ("/projects", project, f"{project}/datasets/clinic"):
        shown = ada.get(page).text
        assert "ρ left" not in " ".join(shown.split())
        assert "tre-budget" not in shown
    assert "no privacy budget is needed" in ada.get("/projects").text


def test_a_long_table_does_not_push_its_picture_away_and_checkers_see_it_whole(service: Service):
    for cuts, long in (((40,), False), (tuple(range(20, 80, 2)), True)):
        asked = service.ask(*cuts)
        service.work()
        checker = service.visitor("cleo").get(f"/checks/{service.output_of(asked)}").text
        assert "tre-scroll--long" not in checker
        leave(service, asked)
        page = service.visitor("ada").get(f"/questions/{asked}").text
        assert ("tre-scroll--long" in page) == long
        assert 0 < page.index("Table as CSV") < page.index("tre-number") < page.index("tre-chart")


def test_the_findings_of_exact_tables_are_for_checkers(exact: Service):
    asked = exact.ask()
    exact.work()
    page = exact.visitor("cleo").get(f"/checks/{exact.output_of(asked)}").text
    assert "Enough units in a cell" in page
    assert "Threshold" in page


def test_a_second_checker_decides_blind(twice_checked: Service):
    asked = twice_checked.ask()
    twice_checked.work()
    output = twice_checked.output_of(asked)
    decide(twice_checked.visitor("cleo"), output, "approve", "Looks well to me")
    cleo, dan = twice_checked.visitor("cleo"), twice_checked.visitor("dan")
    assert "Your decision is on record" in cleo.get(f"/checks/{output}").text
    assert output not in cleo.get("/checks").text
    assert "Looks well to me" not in dan.get(f"/checks/{output}").text
    assert "You decide alone" in dan.get(f"/checks/{output}").text
    decide(dan, output, "reject", "Too fine")
    assert "Looks well to me" in dan.get(f"/checks/{output}").text
    shown = cleo.get(f"/checks/{output}").text
    assert "Too fine" in shown
    assert "You and the other checker disagree" in shown
    assert output in cleo.get("/checks").text
    ada = twice_checked.visitor("ada").get(f"/questions/{asked}").text
    assert "With checkers" in ada
    assert "Too fine" not in ada
    decide(dan, output, "approve", "It is coarse enough")
    assert output in twice_checked.visitor("pat").get("/publishing").text
    release(twice_checked, asked)
    released = twice_checked.visitor("ada").get(f"/questions/{asked}").text
    assert "Too fine" not in released, "what was dropped is between checkers"


def test_a_publisher_proves_who_they_are_at_the_act(service: Service):
    asked = service.ask()
    service.work()
    approve(service, asked, by="cleo")
    pat, page = service.visitor("pat"), f"/publishing/{service.output_of(asked)}"
    shown = pat.get(page)
    assert "Cleo" in shown.text
    entries = {"act": "release", "artefact_hash": shown_hash(shown.text)}
    for wrong in ("", "not it"):
        refused = pat.post(page, {**entries, "password": wrong})
        assert refused.status_code == 422
        assert "The password is not right" in refused.text
    other = pat.post(page, {**entries, "password": PASSWORD, "artefact_hash": "0" * 64})
    assert other.status_code == 409
    for _ in range(4):
        last = pat.post(page, {**entries, "password": "guess"})
    assert last.status_code == 429
    assert pat.post(page, {**entries, "password": PASSWORD}).status_code == 429
    assert "Approved" in service.visitor("ada").get(f"/questions/{asked}").text


def test_people_talk_about_an_output_and_checkers_not_before_both_have_decided(
    twice_checked: Service,
):
    asked = twice_checked.ask()
    twice_checked.work()
    output = twice_checked.output_of(asked)
    ada, cleo, dan = (twice_checked.visitor(name) for name in ("ada", "cleo", "dan"))
    comments, check = f"/comments/{asked}", f"/checks/{output}"
    said = {"comment-words": "It is for <our> annex.", "comment-audience": "everybody"}
    done = ada.post(comments, said, page=f"/questions/{asked}")
    assert done.location.endswith(f"/questions/{asked}#comments")
    assert "It is for &lt;our&gt; annex." in cleo.get(check).text
    done = cleo.post(
        comments, {"comment-words": "Fine bands", "comment-audience": "checkers"}, page=check
    )
    assert done.location.endswith(f"{check}#comments")
    assert "Fine bands" in cleo.get(check).text
    assert "Fine bands" not in dan.get(check).text
    decide(cleo, output, "approve")
    decide(dan, output, "reject", "No.")
    assert "Fine bands" in dan.get(check).text
    assert "Fine bands" not in ada.get(f"/questions/{asked}").text
    nobody_named = cleo.post(comments, {"comment-words": "Typed and kept"}, page=check)
    assert nobody_named.status_code == 422
    assert "Choose who may read it" in nobody_named.text
    assert "Typed and kept" in nobody_named.text
    members_only = ada.post(
        comments, {"comment-words": "Psst", "comment-audience": "checkers"}, page="/projects"
    )
    assert members_only.status_code == 422
    assert "Psst" in members_only.text


def test_a_publisher_sends_an_output_back_and_its_checkers_look_again(service: Service):
    asked = service.ask()
    service.work()
    approve(service, asked, by="cleo")
    pat, output = service.visitor("pat"), service.output_of(asked)
    entries = {
        "act": "send_back",
        "artefact_hash": shown_hash(pat.get(f"/publishing/{output}").text),
    }
    again = pat.post(f"/publishing/{output}", entries)
    assert again.status_code == 422
    assert "Give a reason" in again.text
    done = pat.post(f"/publishing/{output}", {**entries, "reason": "Which year is this?"})
    assert done.status_code == 303
    assert "Which year is this?" in service.visitor("dan").get(f"/checks/{output}").text
    assert "Which year is this?" not in service.visitor("ada").get(f"/questions/{asked}").text
    assert output in service.visitor("cleo").get("/checks").text, "it is another round"
    leave(service, asked, "dan")


def test_once_it_has_left_a_publisher_has_no_way_to_it(service: Service):
    """Its files are fetched as releases, with a line in the ledger, or were recalled."""
    asked = service.ask()
    service.work()
    pat, page = service.visitor("pat"), f"/publishing/{service.output_of(asked)}"
    assert pat.get(page).status_code == 409, "nor before it was approved"
    leave(service, asked)
    for address in (page, f"{page}/chart.svg"):
        assert pat.get(address).status_code == 409
    late = pat.post(page, {"act": "release", "password": PASSWORD}, page="/publishing")
    assert late.status_code == 409


@pytest.mark.parametrize("name", ["cleo", "ada"])
def test_who_checked_or_asked_never_releases_it(service: Service, name: str):
    with service.sessions() as session, writing(session):
        person = service.person(session, name)
        person.roles = [*person.roles, "publisher"]
    asked = service.ask()
    service.work()
    approve(service, asked, by="cleo")
    visitor, output = service.visitor(name), service.output_of(asked)
    assert output not in visitor.get("/publishing").text
    assert visitor.get(f"/publishing/{output}").status_code == 403
    assert visitor.get(f"/publishing/{output}/chart.svg").status_code == 403


def test_a_decision_about_other_bytes_than_those_on_record_is_refused(service: Service):
    asked = service.ask()
    service.work()
    cleo, page = service.visitor("cleo"), f"/checks/{service.output_of(asked)}"
    refused = cleo.post(page, {"decision": "approve", "artefact_hash": "0" * 64})
    assert refused.status_code == 409
    assert "not the one that you looked at" in refused.text
    assert "With checkers" in service.visitor("ada").get(f"/questions/{asked}").text


@pytest.mark.parametrize("decision", ["reject", "return"])
def test_to_reject_or_return_needs_a_reason_and_keeps_the_choice(service: Service, decision: str):
    asked = service.ask()
    service.work()
    again = decide(service.visitor("cleo"), service.output_of(asked), decision)
    assert again.status_code == 422
    assert "Give a reason" in again.text
    assert re.search(rf'value="{decision}"[^>]*checked', again.text)


def test_a_reason_that_is_often_given_is_chosen(service: Service):
    asked = service.ask()
    service.work()
    cleo, page = service.visitor("cleo"), f"/checks/{service.output_of(asked)}"
    entries = {"decision": "return", "artefact_hash": shown_hash(cleo.get(page).text)}
    unknown = cleo.post(page, {**entries, "often": "nonsense"})
    assert unknown.status_code == 422
    done = cleo.post(page, {**entries, "often": ["categories", "purpose"], "reason": "And bands?"})
    assert done.status_code == 303, done.text
    told = service.visitor("ada").get(f"/questions/{asked}").text
    for sentence in ("Broader categories would", "how this table serves", "And bands?"):
        assert sentence in told


def test_a_returned_question_is_answered_by_its_author_and_checked_again(service: Service):
    asked = service.ask()
    service.work()
    output = service.output_of(asked)
    decide(service.visitor("cleo"), output, "return", "Why by age?")
    ada, ben = service.visitor("ada"), service.visitor("ben")
    assert "Why by age?" in ada.get(f"/questions/{asked}").text
    refused = ben.post(f"/questions/{asked}/answer", {"answer": "Because"}, page="/projects")
    assert refused.status_code == 403
    sent = ada.post(
        f"/questions/{asked}/answer", {"answer": "Age matters"}, page=f"/questions/{asked}"
    )
    assert sent.status_code == 303, sent.text
    assert output in service.visitor("dan").get("/checks").text


def test_an_author_who_is_a_checker_too_cannot_check_the_own_project(service: Service):
    with service.sessions() as session, writing(session):
        service.person(session, "ada").roles = ["checker", "researcher"]
    asked = service.ask()
    service.work()
    ada, output = service.visitor("ada"), service.output_of(asked)
    assert output not in ada.get("/checks").text
    refused = ada.get(f"/checks/{output}")
    assert refused.status_code == 403
    assert "cannot check its output" in refused.text


def test_a_question_can_be_cancelled_once(service: Service):
    asked, ada = service.ask(), service.visitor("ada")
    page = f"/questions/{asked}"
    assert ada.post(f"{page}/cancel", page="/projects").status_code == 303
    assert "Cancelled" in ada.get(page).text
    assert ada.post(f"{page}/cancel", page="/projects").status_code == 409


def test_an_approved_output_says_why_it_waits_and_can_be_cancelled(twice_checked: Service):
    service = twice_checked
    asked, ada = service.ask(), service.visitor("ada")
    service.work()
    approve(service, asked, by="cleo")
    with service.sessions() as session, writing(session):
        dataset = session.get_one(Submission, asked).dataset
        publish_policy(session, dataset=dataset, policy=checked_by(1), now=service.clock())
    approve(service, asked, by="dan")
    page = ada.get(f"/questions/{asked}").text

    assert "Why it is not released" in page
    assert "has changed" in page
    assert "ask anew under the rules of today" in page
    assert ada.post(f"/questions/{asked}/cancel", page="/projects").status_code == 303
    assert "Why it is not released" not in ada.get(f"/questions/{asked}").text


def test_every_failure_looks_the_same(service: Service):
    """Whatever went wrong inside, the page of a failed question has one text."""
    pages = set()
    for kind in ("deadline", "memory"):
        asked = service.ask(40 if kind == "deadline" else 50)
        with service.sessions() as session, writing(session):
            submission = session.get_one(Submission, asked)
            move(
                session,
                submission,
                to=State.FAILED,
                mover=Mover.WORKER,
                now=service.clock(),
                reasons=(kind,),
            )
        page = service.visitor("ada").get(f"/questions/{asked}").text
        assert "Could not be answered" in page
        assert kind not in page
        pages.add(re.sub(r"below \d+.*?over|value=\"[^\"]*\"|/questions/\w+", "", page))
    assert len(pages) == 1


def test_a_page_that_waits_refreshes_without_scripts_and_no_other_does(service: Service):
    asked, ada = service.ask(), service.visitor("ada")
    refresh = '<noscript><meta http-equiv="refresh"'
    assert refresh in ada.get(f"/questions/{asked}").text
    service.work()
    assert refresh not in ada.get(f"/questions/{asked}").text


def test_steps_are_total_and_tell_no_more_than_the_state():
    on_the_way = {state for _, states in STEPS for state in states}
    ended = {State.REFUSED, State.FAILED, State.CANCELLED, State.REJECTED}
    assert on_the_way | ended == set(State)
    assert not on_the_way & ended
    assert steps(State.VALIDATED) == steps(State.EXECUTED)
    for state in ended:
        assert [step.place for step in steps(state)] == ["done", "ended"]
        assert steps(state)[1].title == MEANING[state]


def test_a_refused_question_says_which_gate_was_closed(service: Service):
    asked = service.ask()
    service.visitor("eve").post(
        f"/owner/{service.world.dataset}", {"reason": "An incident", "act": "stop"}
    )
    service.work()
    page = service.visitor("ada").get(f"/questions/{asked}").text
    assert "Not allowed" in page
    assert "has stopped queries and releases" in page


# Whose turn it is


def holders(service: Service, output: str) -> list[str]:
    with service.sessions() as session:
        return [one.checker.name for one in assignments.of_output(session, output)]


def test_a_checker_takes_an_output_and_hands_it_over(twice_checked: Service):
    service = twice_checked
    with service.sessions() as session, writing(session):
        people.add(
            session,
            email="zoe@example.org",
            name="Zoe",
            roles=(Role.CHECKER,),
            password=PASSWORD,
            now=NOW,
        )
    asked = service.ask(40)
    service.work()
    output = service.output_of(asked)
    first, second = holders(service, output)
    (third,) = {"Cleo", "Dan", "Zoe"} - {first, second}
    visitor = service.visitor(third.lower())
    page = f"/checks/{output}"
    assert "Yours to check" not in visitor.get("/checks").text
    assert "I check this" in visitor.get(page).text
    assert visitor.post(page + "/claim", page=page).status_code == 303
    assert third in holders(service, output)
    assert "Yours to check" in visitor.get("/checks").text
    assert "Hand over" not in visitor.get(page).text, "everybody has it"
    own = service.visitor(first.lower())
    with service.sessions() as session, writing(session):
        uma = people.add(
            session, email="uma@example.org", name="Uma", roles=(Role.CHECKER,), now=NOW
        ).id
    assert own.post(page + "/hand-over", {"to": uma}, page=page).status_code == 303
    assert set(holders(service, output)) == {second, third, "Uma"}
    for to in ("", "0" * 24, service.world.people["ada"], uma):
        assert visitor.post(page + "/hand-over", {"to": to}, page=page).status_code == 403
    assert visitor.post(page + "/claim", page=page).status_code == 409


def test_what_waits_too_long_is_marked_and_a_decision_leads_to_the_next(tmp_path):
    service = web.make(tmp_path, policy=checked_by(1), check_hours=5)
    outputs = []
    for band in (40, 50, 60):
        outputs.append(service.ask(band))
        service.work()
        service.clock.pass_by(hours=2)
    outputs = [service.output_of(one) for one in outputs]
    cleo = service.visitor("cleo")
    shown = cleo.get("/checks").text
    assert shown.count("govuk-tag--red") == 1, "the oldest alone"
    own = [one for one in outputs if "Cleo" in holders(service, one)]
    page = f"/checks/{own[0]}"
    entries = {"decision": "approve", "artefact_hash": shown_hash(cleo.get(page).text)}
    done = cleo.post(page, {**entries, "then": "next"})
    assert done.status_code == 303
    rest = own[1:] or [one for one in outputs if one not in own[:1]]
    assert done.location == f"/checks/{rest[0]}"


def test_after_the_last_the_next_is_the_queue_and_a_near_checker_is_told(tmp_path):
    service = web.make(tmp_path, policy=checked_by(1))
    with service.sessions() as session, writing(session):
        for name in ("ada", "cleo"):
            service.person(session, name).organisation = "Office"
    asked = service.ask(40)
    service.work()
    output = service.output_of(asked)
    assert holders(service, output) == ["Dan"]
    cleo = service.visitor("cleo")
    page = f"/checks/{output}"
    shown = cleo.get(page).text
    assert "You work for the same organisation" in shown
    entries = {"decision": "approve", "artefact_hash": shown_hash(shown), "then": "next"}
    assert cleo.post(page, entries).location == "/checks"


def test_each_step_of_a_decision_has_a_key_of_its_own(twice_checked: Service):
    asked = twice_checked.ask(40)
    twice_checked.work()
    shown = twice_checked.visitor("cleo").get(f"/checks/{twice_checked.output_of(asked)}").text
    for value, key in (("approve", "a"), ("return", "r"), ("reject", "x")):
        (found,) = re.findall(rf'<input[^>]*value="{value}"[^>]*>', shown)
        assert f'accesskey="{key}"' in found
    assert sorted(re.findall(r'accesskey="(.)"', shown)) == sorted("adrsx")
    assert all(f"<kbd>{key}</kbd>" in shown for key in "ADRSX")
