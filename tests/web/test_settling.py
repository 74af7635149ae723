"""An owner settles what a restored database lost, on the page of the dataset."""

from __future__ import annotations

import pytest

from tests.factories import POOL, later
from tests.web.service import Service
from tre.budgets import Account, Level
from tre.database import writing
from tre.restorations import Restoration, Settlement

WORD = {"no_exact_table_left": "y", "reason": "By the mails of that week."}


@pytest.fixture
def put_back(service: Service) -> str:
    """The address of the form, once a restoration was found."""
    with service.sessions() as session, writing(session):
        session.add(
            Restoration(outside_size=9, outside_root="ab", own_size=7, found_at=later(seconds=1))
        )
    return f"/owner/{service.world.dataset}/settlement"


def spent(service: Service) -> int:
    with service.sessions() as session:
        return session.query(Account.rho_spent).filter_by(level=Level.POOL.value).scalar()


@pytest.mark.parametrize(("lost", "charged"), [("0.25", 250_000_000), ("", POOL), ("0", 0)])
def test_what_the_owner_says_was_lost_is_charged(service, put_back, lost, charged):
    eve = service.visitor("eve")
    assert put_back in eve.get(f"/owner/{service.world.dataset}").text
    assert eve.post(put_back, {**WORD, "lost": lost}).status_code == 303
    assert spent(service) == charged
    assert put_back not in eve.get(f"/owner/{service.world.dataset}").text
    assert "nothing to settle" in eve.get(put_back).text
    assert eve.post(put_back, {**WORD, "lost": lost}, page="/recalls").status_code == 409
    assert spent(service) == charged


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"lost": "a lot"}, "Enter a number such as 0.25"),
        ({"lost": "-1"}, "Enter a number such as 0.25"),
        ({"lost": "1e3"}, "Enter a number such as 0.25"),
        ({"lost": "1", "no_exact_table_left": ""}, "confirm that none left"),
        ({"lost": "1", "reason": ""}, "Say how you know"),
    ],
)
def test_a_faulty_answer_is_shown_again_and_nothing_is_charged(service, put_back, given, says):
    eve = service.visitor("eve")
    entries = {name: value for name, value in {**WORD, **given}.items() if value}
    again = eve.post(put_back, entries)
    assert (again.status_code, says in again.text) == (422, True)
    assert spent(service) == 0
    with service.sessions() as session:
        assert session.query(Settlement).count() == 0
