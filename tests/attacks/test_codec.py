"""What crosses from the sandbox: one form of bytes, for one declared shape, or nothing at all."""

from __future__ import annotations

from dataclasses import replace

import pytest

from disclosure_control import codec
from disclosure_control.errors import Leak
from disclosure_control.tables import Unprotected
from queries import sql
from queries.plan import Plan, plan
from tests.catalogues import clinic, dp_policy

CLINIC = clinic()
QUESTION = sql.parse("SELECT test, count(*), avg(value) FROM labs GROUP BY test", CLINIC)


@pytest.fixture(scope="module")
def planned() -> Plan:
    return plan(QUESTION, CLINIC, dp_policy())


def counted(planned: Plan) -> Unprotected:
    cells = planned.shape.cells
    numbers = {one.name: tuple(range(cells)) for one in planned.shape.vectors}
    return Unprotected(planned.shape, numbers)


def test_an_answer_survives_the_codec_and_nothing_else_does(planned):
    answer = counted(planned)
    blob = codec.encode(answer)
    other = plan(replace(QUESTION, measures=QUESTION.measures[:1]), CLINIC, dp_policy())

    assert codec.decode(blob, planned.shape).reveal() == answer.reveal()
    spoilt = [blob[:-1], blob + b"\0", b"", b"\0" * len(blob), b"x" + blob[1:]]
    for bad in spoilt:
        with pytest.raises(Leak):
            codec.decode(bad, planned.shape)
    with pytest.raises(Leak):
        codec.decode(blob, other.shape)


def test_the_codec_refuses_numbers_beyond_the_declared_magnitude(planned):
    blob = codec.encode(counted(planned))
    cells = 8 * planned.shape.cells * len(planned.shape.vectors)
    header = blob[: codec.encoded_length(planned.shape) - cells]
    zeros = b"\0" * (cells - 8)

    within = codec.decode(header + b"\x01" + b"\0" * 7 + zeros, planned.shape).reveal()
    assert max(max(numbers) for numbers in within.values()) == 1
    with pytest.raises(Leak):
        codec.decode(header + b"\xff" * 7 + b"\x7f" + zeros, planned.shape)
