"""Are the examples of the manual read, and refused, as the manual says?"""

from __future__ import annotations

from pathlib import Path

import pytest

from queries import sql
from queries.errors import QueryRefused
from queries.fingerprint import canonical
from tests.catalogues import clinic, dp_policy, sdc_policy

HERE = Path(__file__).parent
CLINIC, POLICY = clinic(), dp_policy()


def examples(name: str) -> list[tuple[str, str]]:
    """Pairs of what is asked and what is said, from a text of blocks."""
    pairs = []
    for block in (HERE / name).read_text(encoding="utf-8").split("\n\n"):
        lines = [line for line in block.strip().splitlines() if not line.startswith("#")]
        asked = "\n".join(line for line in lines if not line.startswith("> "))
        said = "\n".join(line[2:] for line in lines if line.startswith("> "))
        pairs += [(asked, said)] if lines else []
    return pairs


@pytest.mark.parametrize(("asked", "said"), examples("accepted.txt"))
def test_a_question_is_read_as_its_canonical_form(asked, said):
    query = sql.admit(asked, CLINIC, POLICY)

    assert sql.render(canonical(query, CLINIC), CLINIC) == said


@pytest.mark.parametrize("policy", [POLICY, sdc_policy()], ids=["dp", "sdc"])
@pytest.mark.parametrize(("asked", "said"), examples("totals.txt"))
def test_a_question_for_a_table_with_totals_is_read_as_its_canonical_form(asked, said, policy):
    query = sql.admit(asked, CLINIC, policy)

    assert sql.render(canonical(query, CLINIC), CLINIC) == said


@pytest.mark.parametrize(("asked", "said"), examples("noisy.txt"))
def test_a_question_for_a_noisy_table_is_read_as_its_canonical_form(asked, said):
    query = sql.admit(asked, CLINIC, POLICY)

    assert sql.render(canonical(query, CLINIC), CLINIC) == said
    with pytest.raises(QueryRefused) as refused:
        sql.admit(asked, CLINIC, sdc_policy())
    assert {problem.code for problem in refused.value.problems} <= {
        "noisy_only",
        "exact_proportion",
        "sets_exact",
    }


@pytest.mark.parametrize(("asked", "said"), examples("refused.txt"))
def test_a_question_is_refused_by_code_at_its_place(asked, said):
    with pytest.raises(QueryRefused) as refused:
        sql.admit(asked, CLINIC, POLICY)

    assert said.splitlines() == [
        f"{problem.code}: {asked[problem.start : problem.end]}"
        for problem in refused.value.problems
    ]
    assert all(problem.where.startswith("line ") for problem in refused.value.problems)
